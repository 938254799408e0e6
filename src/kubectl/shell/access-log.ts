/** What servers and relays in pods write to their logs: the requests that walks have brought them, in nginx's own forms. */
import { sha256Hex } from "../../base/hash.ts";
import { type Micros, SECOND, timestamp } from "../../base/time.ts";
import { type IngressController, ingressControllerOf } from "../../model/ingress/controller.ts";
import type { Container, Pod } from "../../model/pod/types.ts";
import type { HttpRequest } from "../../model/trace/message.ts";
import type { Hop, Walk } from "../../model/trace/types.ts";
import { parseURL } from "../../network/names.ts";
import { makeOf } from "../../network/programs/ingress-makes.ts";
import { byteLength, headerNamed } from "../../network/programs/http.ts";
import { upstreamIn } from "../../network/programs/ingress.ts";
import { haproxyConfigOf, isHaproxy, problemText } from "../../network/programs/haproxy-pod.ts";
import { isServiceLoadBalancer, serviceLoadBalancerConfig } from "../../network/programs/service-loadbalancer.ts";
import type { World } from "../../world/types.ts";

export interface LogLine {
  readonly at: Micros;
  readonly text: string;
}

/** A request that a program in the pod has heard. */
interface Visit {
  readonly walk: Walk;
  readonly hop: Hop;
  readonly says: HttpRequest;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;

/** `01/Jan/2026:00:00:01 +0000` */
function nginxTime(at: Micros): string {
  const [, year = "", month = "", day = "", time = ""] = /^(\d+)-(\d+)-(\d+)T([\d:]+)/.exec(timestamp(at)) ?? [];
  return `${day}/${MONTHS[Number(month) - 1] ?? ""}/${year}:${time} +0000`;
}

/** What a URL as target makes the client say. */
function saidBy(to: string): HttpRequest | null {
  const location = parseURL(to);
  return location?.ok === true ? location.value.says : null;
}

/** Walks and their children, wherever the program that a note begins with has heard an HTTP request in this pod. */
function visits(walks: readonly Walk[], name: string, pod: Pod): readonly Visit[] {
  const place = pod.spec.hostNetwork === true ? (pod.spec.nodeName ?? "") : pod.metadata.name;
  return walks.flatMap((walk) => {
    const { to, says = saidBy(to) } = walk.request;
    const hop = walk.hops.find((h) => h.stage === "socket" && h.note.startsWith(`${name} in ${place} sees `));
    const own = hop !== undefined && says?.kind === "http" ? [{ walk, hop, says }] : [];
    return [...own, ...visits(walk.children, name, pod)];
  });
}

/** `$remote_addr - - [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"`. */
function combined({ walk, hop, says }: Visit): string {
  const { response } = walk;
  const version = response?.version === "HTTP/2" ? "HTTP/2.0" : "HTTP/1.1";
  const agent = headerNamed(says, "User-Agent") ?? "-";
  const referer = headerNamed(says, "Referer") ?? "-";
  return `${hop.before.src} - - [${nginxTime(walk.endedAt)}] "${says.method} ${says.path} ${version}" ${response?.status ?? 499} ${byteLength(response?.body ?? "")} "${referer}" "${agent}"`;
}

const seconds = (from: Micros, to: Micros): string => ((to - from) / SECOND).toFixed(3);

/** ingress-nginx's log-format-upstream. */
function upstreaminfo(visit: Visit): string {
  const { walk, hop, says } = visit;
  const { response } = walk;
  const children = walk.children.filter(({ role }) => role === "relay");
  const length =
    byteLength(`${says.method} ${says.path} HTTP/1.1\r\nHost: ${says.host}\r\n\r\n`) +
    says.headers.reduce((sum, { name, value }) => sum + byteLength(`${name}: ${value}\r\n`), 0);
  const name = upstreamIn(hop.note) ?? (response?.status === 404 ? "upstream-default-backend" : "");
  const each = (of: (child: Walk) => string, none: string): string =>
    children.length === 0 ? none : children.map(of).join(", ");
  const failed = (child: Walk): string => (child.outcome === "timeout" ? "504" : "502");
  const own = name === "upstream-default-backend";
  return [
    combined(visit),
    length,
    seconds(hop.at, walk.endedAt),
    `[${name}] []`,
    each((child) => child.request.to, own ? "127.0.0.1:8181" : "-"),
    each(
      (child) => String(byteLength(child.response?.body ?? "")),
      own ? String(byteLength(response?.body ?? "")) : "-",
    ),
    each((child) => seconds(child.startedAt, child.endedAt), own ? "0.000" : "-"),
    each((child) => String(child.response?.status ?? failed(child)), own ? "404" : "-"),
    sha256Hex(`${walk.id} ${walk.startedAt}`).slice(0, 32),
  ].join(" ");
}

function ofController(world: World, pod: Pod, { flavour }: IngressController): readonly LogLine[] {
  // Traefik and HAProxy's controller write no access log unless they are told to.
  if (flavour === "traefik" || flavour === "haproxy") return [];
  const line = flavour === "nginx" ? combined : upstreaminfo;
  return visits(world.walks, makeOf(flavour).name, pod).map((visit) => ({ at: visit.walk.endedAt, text: line(visit) }));
}

/** What a container has written up to now, oldest first; null: nothing is known of its log. */
export function containerLog(world: World, pod: Pod, container: Container): readonly LogLine[] | null {
  const controller = ingressControllerOf(pod);
  if (controller !== null) return ofController(world, pod, controller);
  const inputs = { reader: world.objects };
  if (isHaproxy(pod)) {
    const found = haproxyConfigOf(inputs, pod);
    if ("missing" in found)
      return [{ at: 0, text: `[ALERT]    (1) : Cannot open configuration file : ${found.missing}` }];
    return found.config.problems.map((one) => ({ at: 0, text: `[WARNING]  (1) : config : ${problemText(one)}` }));
  }
  if (isServiceLoadBalancer(pod)) {
    const { problems } = serviceLoadBalancerConfig(inputs, pod);
    return problems.map((one) => ({ at: 0, text: `[WARNING]  (1) : config : ${problemText(one)}` }));
  }
  if (!/(^|\/)nginx(-unprivileged)?([:@]|$)/.test(container.image ?? "")) return null;
  // The image's own format ends with X-Forwarded-For.
  return visits(world.walks, "nginx", pod).map((visit) => ({
    at: visit.walk.endedAt,
    text: `${combined(visit)} "${headerNamed(visit.says, "X-Forwarded-For") ?? "-"}"`,
  }));
}
