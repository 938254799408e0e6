/** The names that the world outside the cluster knows: what a provider's resolver answers. */
import type { ObjectReader } from "../apiserver/types.ts";
import { isIPv6 } from "../base/ip.ts";
import type { Client } from "../model/kubehop/types.ts";
import type { KubeObject } from "../model/meta/types.ts";
import type { LoadBalancerIngress } from "../model/service/types.ts";
import type { DnsQuestion, DnsRecord, DnsResponse } from "../model/trace/message.ts";
import { absolute } from "./names.ts";
import { UPSTREAM_WORK } from "./server.ts";

/** Where external-dns publishes a name for an object's load balancer. */
const PUBLISHED = "external-dns.alpha.kubernetes.io/hostname";
const TTL = 300;
const ROOT: DnsRecord = {
  name: ".",
  ttl: 86_400,
  type: "SOA",
  data: "a.root-servers.net. nstld.verisign-grs.com. 2026010100 1800 900 604800 86400",
};

/** Services and Ingresses: what has a load balancer's address. */
interface Balanced extends KubeObject {
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly LoadBalancerIngress[] } };
}

/** Names, in lower case with their trailing dot, and the addresses behind them, in the order in which they were found. */
export function outsideNames(reader: Pick<ObjectReader, "list">): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, readonly string[]>();
  const add = (name: string, ips: readonly string[]): void => {
    const key = absolute(name.toLowerCase());
    if (ips.length > 0) names.set(key, [...new Set([...(names.get(key) ?? []), ...ips])]);
  };
  for (const { spec } of reader.list<Client>("Client")) for (const name of spec.names ?? []) add(name, [spec.ip]);
  const balanced = [...reader.list<Balanced>("Service"), ...reader.list<Balanced>("Ingress")];
  for (const object of balanced) {
    const ingress: readonly LoadBalancerIngress[] = object.status?.loadBalancer?.ingress ?? [];
    const ips = ingress.flatMap(({ ip }) => ip ?? []);
    for (const { hostname, ip } of ingress) if (hostname !== undefined) add(hostname, ip === undefined ? ips : [ip]);
    for (const name of (object.metadata.annotations?.[PUBLISHED] ?? "").split(","))
      if (name.trim() !== "") add(name.trim(), ips);
  }
  return names;
}

/** What a resolver of the provider answers; with recursion, and never of the cluster's own names. */
export function answerOutside(names: ReadonlyMap<string, readonly string[]>, question: DnsQuestion): DnsResponse {
  const ips = names.get(question.name.toLowerCase());
  const { name, type } = question;
  const answer = (ips ?? []).flatMap((data): readonly DnsRecord[] => {
    const own = isIPv6(data) ? "AAAA" : "A";
    return own === type || type === "ANY" ? [{ name, ttl: TTL, type: own, data }] : [];
  });
  return {
    question,
    rcode: ips === undefined ? "NXDOMAIN" : "NOERROR",
    flags: ["qr", "rd", "ra"],
    answer,
    authority: answer.length > 0 ? [] : [ROOT],
    additional: [],
    took: UPSTREAM_WORK,
  };
}
