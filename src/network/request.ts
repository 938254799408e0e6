import { editDistance } from "../base/edit-distance.ts";
import { joinHostPort, parseIP } from "../base/ip.ts";
import { compareStrings } from "../base/compare.ts";
import { type Result, err, ok } from "../base/result.ts";
import type { Service } from "../model/service/types.ts";
import type { Message } from "../model/trace/message.ts";
import type { HostId, Protocol } from "../model/trace/types.ts";
import { type Family, familyOf, nodeAddresses, podAddresses } from "./addresses.ts";
import { type Location, parseHostPort, parseURL } from "./names.ts";
import { podHost } from "./topology/pod.ts";
import type { ClusterView, Request, RequestError } from "./types.ts";

/** A request with its names looked up: the host that sends and the address it dials. */
export interface ResolvedRequest {
  readonly host: HostId;
  /** The sender as a learner knows it: `pod shop/curl`, `node worker-1`, `client internet`. */
  readonly sender: string;
  /** The pod that sends, for hostNetwork too; null for nodes and clients. */
  readonly pod: { readonly namespace: string; readonly name: string } | null;
  readonly ip: string;
  /** 0 for ICMP. */
  readonly port: number;
  readonly protocol: Protocol;
  readonly family: Family;
  readonly says?: Message;
}

/** A request whose target is a name: its sender has to look it up first. */
export interface NamedRequest extends Omit<ResolvedRequest, "ip" | "family"> {
  readonly name: string;
  /** Addresses of one family only; absent: of both. */
  readonly wanted?: Family;
  /** The sender's own addresses. */
  readonly own: readonly string[];
}

type Field = RequestError["field"];

function refuse(field: Field, message: string): Result<never, RequestError> {
  return err({ field, message });
}

/** " Did you mean pod/shop/web-1?" with up to three nearest names, or a word on there being none at all. */
function nearest(wanted: string, kind: string, names: readonly string[]): string {
  if (names.length === 0) return ` There is no ${kind} at all.`;
  const ranked = [...names]
    .map((name) => ({ name, score: editDistance(wanted, name) }))
    .sort((a, b) => a.score - b.score || compareStrings(a.name, b.name))
    .slice(0, 3)
    .map((r) => `${kind}/${r.name}`);
  const list =
    ranked.length === 1 ? ranked[0] : `${ranked.slice(0, -1).join(", ")} or ${ranked[ranked.length - 1] ?? ""}`;
  return ` Did you mean ${list ?? ""}?`;
}

function podNames(view: ClusterView): readonly string[] {
  return view
    .nodes()
    .flatMap((n) => view.podsOnNode(n.metadata.name))
    .map((p) => `${p.metadata.namespace ?? "default"}/${p.metadata.name}`);
}

function serviceNames(view: ClusterView): readonly string[] {
  return view.services().map((s) => `${s.metadata.namespace ?? "default"}/${s.metadata.name}`);
}

const FROM_FORMS = "pod/NAMESPACE/NAME, deploy/NAMESPACE/NAME, node/NAME or client/NAME";
const TO_FORMS =
  "IP:PORT, NAME:PORT, a URL, service/NAMESPACE/NAME:PORT, lb/NAMESPACE/NAME:PORT, node/NAME:PORT or pod/NAMESPACE/NAME:PORT";

/** A sender or target before the family is settled: its addresses in order of preference. */
interface Sender {
  readonly host: HostId;
  readonly sender: string;
  readonly pod: ResolvedRequest["pod"];
  readonly addresses: readonly string[];
}

function resolveSender(view: ClusterView, from: string): Result<Sender, RequestError> {
  const [kind = "", a = "", b = "", ...rest] = from.split("/");
  const malformed = () => refuse("from", `cannot read the sender "${from}": write ${FROM_FORMS}`);
  if (rest.length > 0 || a === "") return malformed();
  if (kind === "node" || kind === "client") {
    if (b !== "") return malformed();
    if (kind === "node") {
      const node = view.node(a);
      if (node === undefined) {
        return refuse(
          "from",
          `node "${a}" not found.${nearest(
            a,
            "node",
            view.nodes().map((n) => n.metadata.name),
          )}`,
        );
      }
      if (view.isDown?.(a) === true) return refuse("from", `node "${a}" is down, so it cannot send.`);
      return ok({ host: `node/${a}`, sender: `node ${a}`, pod: null, addresses: nodeAddresses(node) });
    }
    const client = view.clients().find((c) => c.name === a);
    if (client === undefined) {
      return refuse(
        "from",
        `client "${a}" not found.${nearest(
          a,
          "client",
          view.clients().map((c) => c.name),
        )}`,
      );
    }
    return ok({ host: `client/${a}`, sender: `client ${a}`, pod: null, addresses: [client.ip] });
  }
  if ((kind !== "pod" && kind !== "deploy" && kind !== "deployment") || b === "") return malformed();
  const first = kind === "pod" ? view.pod(a, b) : view.podsOfDeployment(a, b)[0];
  if (first === undefined) {
    return kind === "pod"
      ? refuse("from", `pod "${a}/${b}" not found.${nearest(`${a}/${b}`, "pod", podNames(view))}`)
      : refuse("from", `deployment "${a}/${b}" has no pods, or does not exist.`);
  }
  const name = `${first.metadata.namespace ?? "default"}/${first.metadata.name}`;
  const addresses = podAddresses(first);
  if (addresses.length === 0 || first.spec.nodeName === undefined) {
    return refuse(
      "from",
      `pod "${name}" has no IP address yet (phase ${first.status.phase ?? "Pending"}), so it cannot send.`,
    );
  }
  if (view.isDown?.(first.spec.nodeName) === true) {
    return refuse("from", `pod "${name}" is on node "${first.spec.nodeName}", which is down, so it cannot send.`);
  }
  if (first.status.phase === "Succeeded" || first.status.phase === "Failed") {
    return refuse("from", `pod "${name}" has ended (phase ${first.status.phase}), so it cannot send.`);
  }
  return ok({
    host: podHost(first),
    sender: `pod ${name}`,
    pod: { namespace: first.metadata.namespace ?? "default", name: first.metadata.name },
    addresses,
  });
}

interface Target {
  readonly addresses: readonly string[];
  readonly port: number;
  readonly says?: Message;
}

interface NamedTarget {
  readonly name: string;
  readonly port: number;
  readonly says?: Message;
}

/** `1.2.3.4:80`, `[fd00::1]:80`, and for ICMP also the bare address. */
function parseLiteral(text: string): { readonly ip: string; readonly port: string | null } | null {
  const bracket = /^\[([^\]]+)\](?::(.+))?$/.exec(text);
  if (bracket !== null) {
    const ip = bracket[1] as string;
    return parseIP(ip) === null ? null : { ip, port: bracket[2] ?? null };
  }
  if (parseIP(text) !== null) return { ip: text, port: null };
  const colon = text.lastIndexOf(":");
  if (colon < 0) return null;
  const ip = text.slice(0, colon);
  return parseIP(ip) === null || ip.includes(":") ? null : { ip, port: text.slice(colon + 1) };
}

function numericPort(text: string): number | null {
  if (!/^\d{1,5}$/.test(text)) return null;
  const port = Number(text);
  return port >= 1 && port <= 65_535 ? port : null;
}

function resolvePort(
  text: string | null,
  protocol: Protocol,
  to: string,
  named: (name: string) => Result<number, RequestError>,
): Result<number, RequestError> {
  if (protocol === "icmp") return ok(0);
  if (text === null || text === "") return named("");
  const port = numericPort(text);
  if (port !== null) return ok(port);
  if (/^\d+$/.test(text)) return refuse("to", `port ${text} of "${to}" is not between 1 and 65535`);
  return named(text);
}

function noPort(to: string): Result<never, RequestError> {
  return refuse("to", `"${to}" names no port: write ${to}:PORT`);
}

/**
 * A Service's port by name; without one, its only port of the protocol. A number is not checked: dialling a port that the
 * Service does not have is a mistake worth watching.
 */
function servicePort(service: Service, name: string, protocol: Protocol, to: string): Result<number, RequestError> {
  const all = service.spec.ports ?? [];
  const fitting = all.filter((p) => p.protocol.toLowerCase() === protocol);
  const label = `${service.metadata.namespace ?? "default"}/${service.metadata.name}`;
  if (name === "") return fitting.length === 1 && fitting[0] !== undefined ? ok(fitting[0].port) : noPort(to);
  const found = fitting.find((p) => p.name === name) ?? all.find((p) => p.name === name);
  if (found !== undefined) return ok(found.port);
  const ports = all.map((p) =>
    p.name === undefined ? `${p.port}/${p.protocol}` : `${p.name} (${p.port}/${p.protocol})`,
  );
  return refuse(
    "to",
    `service "${label}" has no port named "${name}". It has ${ports.length === 0 ? "none" : ports.join(", ")}.`,
  );
}

/** What a URL means: an address, or a name to look up, and what is said there. */
function resolveURL(to: string, location: Location, protocol: Protocol): Result<Target | NamedTarget, RequestError> {
  if (protocol !== "tcp") return refuse("protocol", `"${to}" is asked for over TCP, not ${protocol.toUpperCase()}.`);
  const port = numericPort(location.port ?? "");
  if (port === null) return refuse("to", `port ${location.port ?? ""} of "${to}" is not between 1 and 65535`);
  const said = location.says === null ? {} : { says: location.says };
  const { host } = location;
  return ok(parseIP(host) === null ? { name: host, port, ...said } : { addresses: [host], port, ...said });
}

function resolveTarget(view: ClusterView, to: string, protocol: Protocol): Result<Target | NamedTarget, RequestError> {
  const url = parseURL(to);
  if (url !== null)
    return url.ok ? resolveURL(to, url.value, protocol) : refuse("to", `cannot read "${to}": ${url.error}`);
  const literal = parseLiteral(to);
  if (literal !== null) {
    const port = resolvePort(literal.port, protocol, to, (name) =>
      name === "" ? noPort(to) : refuse("to", `"${name}" is not a port number`),
    );
    return port.ok ? ok({ addresses: [literal.ip], port: port.value }) : port;
  }
  const named = parseHostPort(to);
  if (named !== null) {
    const port = resolvePort(named.port, protocol, to, (text) =>
      text === "" ? noPort(to) : refuse("to", `"${text}" is not a port number`),
    );
    return port.ok ? ok({ name: named.host, port: port.value }) : port;
  }
  const match = /^([a-z]+)\/([^/:]+)(?:\/([^/:]+))?(?::([^/:]*))?$/.exec(to);
  const malformed = () => refuse("to", `cannot read the target "${to}": write ${TO_FORMS}`);
  if (match === null) return malformed();
  const [, kind, a = "", b, portText = null] = match;
  const plain = (addresses: readonly string[]): Result<Target, RequestError> => {
    const port = resolvePort(portText, protocol, to, (name) =>
      name === "" ? noPort(to) : refuse("to", `"${name}" is not a port number`),
    );
    return port.ok ? ok({ addresses, port: port.value }) : port;
  };
  switch (kind) {
    case "node": {
      if (b !== undefined) return malformed();
      const node = view.node(a);
      if (node === undefined) {
        return refuse(
          "to",
          `node "${a}" not found.${nearest(
            a,
            "node",
            view.nodes().map((n) => n.metadata.name),
          )}`,
        );
      }
      const addresses = nodeAddresses(node);
      return addresses.length === 0 ? refuse("to", `node "${a}" has no InternalIP.`) : plain(addresses);
    }
    case "client": {
      const client = view.clients().find((c) => c.name === a);
      if (client === undefined || b !== undefined) return malformed();
      return plain([client.ip]);
    }
    case "pod": {
      if (b === undefined) return malformed();
      const pod = view.pod(a, b);
      if (pod === undefined)
        return refuse("to", `pod "${a}/${b}" not found.${nearest(`${a}/${b}`, "pod", podNames(view))}`);
      const addresses = podAddresses(pod);
      if (addresses.length === 0) {
        return refuse(
          "to",
          `pod "${a}/${b}" has no IP address yet (phase ${pod.status.phase ?? "Pending"}), so nobody can dial it.`,
        );
      }
      const port = resolvePort(portText, protocol, to, (name) => {
        if (name === "") return noPort(to);
        const named = pod.spec.containers.flatMap((c) => c.ports ?? []).find((p) => p.name === name);
        return named === undefined
          ? refuse("to", `pod "${a}/${b}" has no containerPort named "${name}".`)
          : ok(named.containerPort);
      });
      return port.ok ? ok({ addresses, port: port.value }) : port;
    }
    case "service":
    case "svc":
    case "lb": {
      if (b === undefined) return malformed();
      const service = view.service(a, b);
      if (service === undefined) {
        return refuse("to", `service "${a}/${b}" not found.${nearest(`${a}/${b}`, kind, serviceNames(view))}`);
      }
      const addresses = kind === "lb" ? ingressAddresses(view, service) : clusterAddresses(service);
      if (!addresses.ok) return addresses;
      const port = resolvePort(portText, protocol, to, (name) => servicePort(service, name, protocol, to));
      return port.ok ? ok({ addresses: addresses.value, port: port.value }) : port;
    }
    default:
      return malformed();
  }
}

function clusterAddresses(service: Service): Result<readonly string[], RequestError> {
  const label = `${service.metadata.namespace ?? "default"}/${service.metadata.name}`;
  const { type, clusterIP, clusterIPs } = service.spec;
  if (type === "ExternalName")
    return refuse("to", `service "${label}" is of type ExternalName: it is only a DNS name and has no ClusterIP.`);
  const ips = clusterIPs ?? (clusterIP === undefined ? [] : [clusterIP]);
  if (ips[0] === "None") return refuse("to", `service "${label}" is headless (clusterIP: None): dial one of its pods.`);
  if (ips[0] === undefined || ips[0] === "") return refuse("to", `service "${label}" has no ClusterIP yet.`);
  return ok(ips);
}

function ingressAddresses(view: ClusterView, service: Service): Result<readonly string[], RequestError> {
  const label = `${service.metadata.namespace ?? "default"}/${service.metadata.name}`;
  if (service.spec.type !== "LoadBalancer") {
    return refuse(
      "to",
      `service "${label}" is of type ${service.spec.type}, not LoadBalancer: it has no load balancer address.`,
    );
  }
  const stated = (service.status.loadBalancer.ingress ?? []).flatMap((i) => (i.ip === undefined ? [] : [i.ip]));
  const ips = stated.length > 0 ? stated : (view.balancerAddresses?.(service) ?? []);
  return ips.length === 0
    ? refuse("to", `service "${label}" has no load balancer address yet: EXTERNAL-IP is <pending>.`)
    : ok(ips);
}

/**
 * Finds the sender and the target of a request. Refuses, in words for the person who typed it, what cannot be sent at all: an unknown
 * or unready sender, an unknown object as target, a port name that does not exist, families that do not meet. A port number that
 * nobody serves, and a name that no name server knows, are sent like any other.
 */
export function plan(view: ClusterView, request: Request): Result<ResolvedRequest | NamedRequest, RequestError> {
  const sender = resolveSender(view, request.from);
  if (!sender.ok) return sender;
  const target = resolveTarget(view, request.to, request.protocol);
  if (!target.ok) return target;
  const { port } = target.value;
  const { host, pod, addresses: own } = sender.value;
  const says = request.says ?? target.value.says;
  const base = {
    host,
    sender: sender.value.sender,
    pod,
    port,
    protocol: request.protocol,
    ...(says === undefined ? {} : { says }),
  };
  const wanted = request.family;
  if ("name" in target.value) {
    return ok({ ...base, name: target.value.name, own, ...(wanted === undefined ? {} : { wanted }) });
  }
  const { addresses } = target.value;
  const has = (family: Family): boolean => own.some((ip) => familyOf(ip) === family);
  const fitting = wanted === undefined ? addresses : addresses.filter((ip) => familyOf(ip) === wanted);
  if (fitting.length === 0) {
    return refuse("family", `"${request.to}" has no IPv${String(wanted)} address (${addresses.join(", ")}).`);
  }
  const ip = fitting.find((candidate) => has(familyOf(candidate))) ?? fitting[0];
  if (ip === undefined) return refuse("to", `"${request.to}" has no address.`);
  const family = familyOf(ip);
  if (!has(family)) {
    return refuse(
      "family",
      `${sender.value.sender} has no IPv${family} address, so it cannot dial ${port === 0 ? ip : joinHostPort(ip, port)}.`,
    );
  }
  return ok({ ...base, ip, family });
}

/** {@link plan} for those who dial addresses only: a name is refused. */
export function resolve(view: ClusterView, request: Request): Result<ResolvedRequest, RequestError> {
  const planned = plan(view, request);
  if (!planned.ok || !("name" in planned.value)) return planned as Result<ResolvedRequest, RequestError>;
  return refuse("to", `"${request.to}" is a name: dial an address here.`);
}
