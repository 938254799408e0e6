/** Questions that the programs of a terminal ask: each is a request of the history, and takes its time. */
import { joinHostPort, parseIP } from "../../../base/ip.ts";
import type { Micros } from "../../../base/time.ts";
import { absolute } from "../../../dns/names.ts";
import type { Pod } from "../../../model/pod/types.ts";
import type { DnsQuestion, DnsResponse, DnsType } from "../../../model/trace/message.ts";
import type { HostId, Walk } from "../../../model/trace/types.ts";
import { attemptsOf, candidates, type Resolver, timeoutOf } from "../../../network/search-list.ts";
import { nameService, podHosts, resolvConfOf } from "../../../world/names.ts";
import type { World } from "../../../world/types.ts";
import type { Output } from "../../output.ts";

/** Where a program runs. */
export interface Asker {
  readonly world: World;
  /** The sender as a request names it. */
  readonly from: string;
  readonly host: HostId;
  readonly pod: Pod | null;
  /** When `timeout` in front of the command ends it, in virtual time; null: never. */
  readonly deadline: number | null;
  readonly kit: { readonly flavor: "busybox" | "gnu" };
}

/** A program that asks. */
export type DnsTool = (words: readonly string[], asker: Asker) => Output;

/** What came of one question. */
export interface Asked {
  /** null: no answer came. */
  readonly response: DnsResponse | null;
  readonly walk: Walk | null;
  readonly why:
    "answered" | "timed out" | "connection refused" | "host unreachable" | "network unreachable" | "impossible";
  readonly message: string;
  readonly took: Micros;
}

export function resolverOf({ world, host, pod }: Asker): Resolver {
  const own = pod === null ? null : { namespace: pod.metadata.namespace ?? "default", name: pod.metadata.name };
  return resolvConfOf(world.objects, world.config.cluster, { host, pod: own });
}

/** Lets time pass, as far as the command still has any. */
export function wait({ world, deadline }: Asker, micros: Micros): void {
  const rest = deadline === null ? micros : Math.min(micros, deadline - world.now);
  if (rest > 0) world.dispatch({ type: "run", micros: Math.round(rest) });
}

export const isOver = ({ world, deadline }: Asker): boolean => deadline !== null && world.now >= deadline;

export interface Way {
  readonly server: string;
  readonly port: number;
  readonly protocol: "udp" | "tcp";
  /** How long it waits for an answer. */
  readonly patience: Micros;
}

/** Asks once, and waits for as long as the answer takes, or patience lasts. */
export function askOnce(asker: Asker, question: DnsQuestion, { server, port, protocol, patience }: Way): Asked {
  const { world, from } = asker;
  const startedAt = world.now;
  const request = { from, to: joinHostPort(server, port), protocol, says: question } as const;
  const { walk, refusal } = world.dispatch({ type: "send", request });
  if (walk === null) return { response: null, walk, why: "impossible", message: refusal?.message ?? "", took: 0 };
  const response = walk.outcome === "delivered" ? (walk.dns ?? null) : null;
  const spent = world.now - startedAt;
  const base = { walk, response, message: walk.summary, took: walk.endedAt - walk.startedAt };
  if (response !== null) return { ...base, why: "answered" };
  if (walk.outcome === "refused") return { ...base, why: "connection refused" };
  if (walk.outcome === "unreachable") {
    return { ...base, why: /Network is unreachable/.test(walk.symptom) ? "network unreachable" : "host unreachable" };
  }
  wait(asker, patience - spent);
  return { ...base, why: "timed out" };
}

/** A program's usual port. */
export const DNS_PORT = 53;

/** What a C library's resolver makes of a name, families in the order given: addresses, and the name that has them. */
export interface Found {
  readonly addresses: readonly string[];
  readonly name: string;
}

/** getaddrinfo() and its kin: /etc/hosts, then each candidate of the search list. Null: nothing was found. */
export function lookUpName(asker: Asker, name: string, types: readonly ("A" | "AAAA")[]): Found | null {
  const { world, host, pod } = asker;
  if (parseIP(name) !== null) return { addresses: [name], name };
  const bare = name.replace(/\.$/, "").toLowerCase();
  const lines =
    pod === null
      ? nameService(world.objects, world.config.cluster).hostsOf({ host, sender: "", pod: null })
      : podHosts(pod, world.config.cluster);
  const isWanted = (ip: string): boolean => types.includes(ip.includes(":") ? "AAAA" : "A");
  const written = lines.filter((line) => line.names.some((known) => known.toLowerCase() === bare)).map(({ ip }) => ip);
  if (written.some(isWanted)) return { addresses: written.filter(isWanted), name };
  const resolver = resolverOf(asker);
  for (const candidate of candidates(name, resolver)) {
    const said = types.map((type) => askServers(asker, resolver, { kind: "dns", name: candidate, type }));
    const addresses = said.flatMap((response) =>
      (response?.answer ?? []).filter(({ type }) => type === response?.question.type).map(({ data }) => data),
    );
    if (addresses.length > 0) return { addresses, name: candidate.replace(/\.$/, "") };
    if (said.some((response) => response === null) || isOver(asker)) return null;
  }
  return null;
}

/** All name servers, as often as the resolver tries. */
function askServers(asker: Asker, resolver: Resolver, question: DnsQuestion): DnsResponse | null {
  for (let attempt = 0; attempt < attemptsOf(resolver); attempt++) {
    for (const server of resolver.nameservers) {
      if (isOver(asker)) return null;
      const asked = askOnce(asker, question, {
        server,
        port: DNS_PORT,
        protocol: "udp",
        patience: timeoutOf(resolver),
      });
      const rcode = asked.response?.rcode;
      if (rcode === "NOERROR" || rcode === "NXDOMAIN") return asked.response;
    }
  }
  return null;
}

const TYPES: readonly DnsType[] = ["A", "AAAA", "CNAME", "SRV", "PTR", "TXT", "NS", "SOA", "ANY"];

/** A type by name, or null for one that nobody here has records of. */
export function typeNamed(text: string): DnsType | null {
  return TYPES.find((type) => type === text.toUpperCase()) ?? null;
}

export const question = (name: string, type: DnsType): DnsQuestion => ({ kind: "dns", name: absolute(name), type });
