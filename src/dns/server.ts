/** CoreDNS as a whole: its plugins in the order in which they are asked. Source: coredns/coredns plugin.cfg, plugin/cache, plugin/loadbalance. */
import { type Micros, MILLISECOND, SECOND } from "../base/time.ts";
import type { DnsQuestion, DnsRecord, DnsResponse } from "../model/trace/message.ts";
import { type CachePlugin, type Corefile, serverFor, type ServerBlock } from "./corefile.ts";
import { isWithin } from "./names.ts";
import { answerZone, type ZoneContext, type ZoneReader } from "./zone.ts";

/** An answer that a cache keeps. */
export interface Cached {
  readonly response: DnsResponse;
  readonly at: Micros;
  /** Seconds that it is good for. */
  readonly ttl: number;
}

/** By name and type. */
export type Cache = Readonly<Record<string, Cached>>;

export interface ServerContext {
  readonly reader: ZoneReader;
  readonly corefile: Corefile;
  readonly now: Micros;
  readonly serial: number;
  readonly own: readonly string[];
  readonly port: number;
  /** What a name server outside answers; null: nobody does. */
  readonly upstream: (question: DnsQuestion, to: readonly string[]) => DnsResponse | null;
  /** Where to begin among n: for the order of addresses. */
  readonly sample: (n: number, purpose: string) => number;
  readonly cache: Cache;
}

export interface Served {
  readonly response: DnsResponse;
  readonly cache: Cache;
  /** Where the answer is from. */
  readonly by: "kubernetes" | "cache" | "forward" | "nobody";
}

const OWN_WORK: Micros = 150;
/** There and back to a name server of the provider's. */
export const UPSTREAM_WORK: Micros = 12 * MILLISECOND;
const MAX_KEPT = 10_000;
/** The least that a cache keeps anything. */
const MIN_TTL = 5;

const keyOf = ({ name, type }: DnsQuestion): string => `${name.toLowerCase()} ${type}`;

function refused(question: DnsQuestion, rcode: DnsResponse["rcode"]): DnsResponse {
  return { question, rcode, flags: ["qr", "rd"], answer: [], authority: [], additional: [], took: OWN_WORK };
}

/** What CoreDNS answers, and what it has in its cache afterwards. */
export function serve(context: ServerContext, question: DnsQuestion): Served {
  const server = serverFor(context.corefile, question.name, context.port);
  if (server === null) return { response: refused(question, "REFUSED"), cache: context.cache, by: "nobody" };
  const served = throughCache(context, server, question);
  return server.loadbalance ? { ...served, response: shuffled(context, served.response) } : served;
}

function throughCache(context: ServerContext, server: ServerBlock, question: DnsQuestion): Served {
  const { cache: plugin } = server;
  if (plugin === null || !plugin.zones.some((zone) => isWithin(question.name, zone))) {
    return { ...asked(context, server, question), cache: context.cache };
  }
  const key = keyOf(question);
  const known = context.cache[key];
  if (known !== undefined && context.now < known.at + known.ttl * SECOND) {
    const left = known.ttl - Math.floor((context.now - known.at) / SECOND);
    const response = { ...withTTL(known.response, left), question, took: OWN_WORK };
    return { response, cache: context.cache, by: "cache" };
  }
  const fresh = asked(context, server, question);
  const ttl = goodFor(plugin, fresh.response);
  if (ttl === null) return { ...fresh, cache: context.cache };
  // The first answer has the TTL that the cache gives it, kept or not.
  const response = withTTL(fresh.response, ttl);
  if (plugin.uncached[kindOf(response)].some((zone) => isWithin(question.name, zone))) {
    return { ...fresh, response, cache: context.cache };
  }
  const others = Object.entries(context.cache).filter(
    ([other, entry]) => other !== key && context.now < entry.at + entry.ttl * SECOND,
  );
  const cache = { ...Object.fromEntries(others.slice(-MAX_KEPT)), [key]: { response, at: context.now, ttl } };
  return { ...fresh, response, cache };
}

function withTTL(response: DnsResponse, ttl: number): DnsResponse {
  const dated = (records: readonly DnsRecord[]): readonly DnsRecord[] => records.map((record) => ({ ...record, ttl }));
  return {
    ...response,
    answer: dated(response.answer),
    authority: dated(response.authority),
    additional: dated(response.additional),
  };
}

function kindOf({ rcode, answer }: DnsResponse): "success" | "denial" {
  return rcode === "NXDOMAIN" || answer.length === 0 ? "denial" : "success";
}

/** Seconds, by the least of its records and the limits of the cache; null: it is not for keeping. */
function goodFor(plugin: CachePlugin, response: DnsResponse): number | null {
  if (response.rcode !== "NOERROR" && response.rcode !== "NXDOMAIN") return null;
  const kind = kindOf(response);
  const records = kind === "success" ? response.answer : response.authority;
  if (records.length === 0) return null;
  const least = Math.min(...records.map(({ ttl }) => ttl));
  return Math.min(plugin[kind], Math.max(MIN_TTL, least));
}

function asked(context: ServerContext, server: ServerBlock, question: DnsQuestion): Omit<Served, "cache"> {
  const { kubernetes } = server;
  let took = OWN_WORK;
  if (kubernetes !== null) {
    const zone: ZoneContext = {
      reader: context.reader,
      plugin: kubernetes,
      serial: context.serial,
      own: context.own,
      ask: (next) => {
        const { response } = asked(context, server, next);
        took = Math.max(took, response.took);
        return response.rcode === "SERVFAIL" ? null : response;
      },
    };
    const found = answerZone(zone, question);
    if (found !== null && found !== "fallthrough") {
      return { response: { question, ...found, flags: ["qr", "aa", "rd"], took }, by: "kubernetes" };
    }
  }
  const forward = server.forward.find(({ from }) => isWithin(question.name, from));
  const outside = forward === undefined ? null : context.upstream(question, forward.to);
  if (outside === null) return { response: refused(question, "SERVFAIL"), by: "nobody" };
  return { response: outside, by: "forward" };
}

/** `loadbalance`: addresses in another order every time, aliases first. */
function shuffled({ sample }: ServerContext, response: DnsResponse): DnsResponse {
  const isAddress = ({ type }: DnsRecord): boolean => type === "A" || type === "AAAA";
  const mix = (records: readonly DnsRecord[], part: string): readonly DnsRecord[] => {
    const order = records.filter(isAddress);
    for (let i = 0; i < order.length - 1; i++) {
      const j = i + sample(order.length - i, `${part} ${i}`);
      [order[i], order[j]] = [order[j] as DnsRecord, order[i] as DnsRecord];
    }
    const aliases = records.filter(({ type }) => type === "CNAME");
    const rest = records.filter((record) => !isAddress(record) && record.type !== "CNAME");
    return [...aliases, ...rest, ...order];
  };
  return { ...response, answer: mix(response.answer, "answer"), additional: mix(response.additional, "additional") };
}
