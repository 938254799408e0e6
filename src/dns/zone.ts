/**
 * What CoreDNS' kubernetes plugin answers. Source: coredns/coredns 1.14 plugin/kubernetes (parse.go, kubernetes.go, reverse.go,
 * handler.go, ns.go) and plugin/backend_lookup.go; kubernetes/dns docs/specification.md.
 */
import type { ObjectReader } from "../apiserver/types.ts";
import { isIPv6, parseIP } from "../base/ip.ts";
import type { EndpointSlice } from "../model/endpointslice/types.ts";
import { type KubeObject, objectKey } from "../model/meta/types.ts";
import type { Service } from "../model/service/types.ts";
import type { DnsQuestion, DnsRecord, DnsResponse } from "../model/trace/message.ts";
import type { KubernetesPlugin } from "./corefile.ts";
import { absolute, addressOf, dashed, isWithin, labelsOf, zoneOf } from "./names.ts";

/** Of the cluster, as far as names go. */
export type ZoneReader = Pick<ObjectReader, "get" | "list" | "slicesOf" | "podByIP">;

export interface ZoneContext {
  readonly reader: ZoneReader;
  readonly plugin: KubernetesPlugin;
  /** Seconds since 1970 of the last change that CoreDNS has heard of: the zone's serial number. */
  readonly serial: number;
  /** The server's own addresses: whose Service is the zone's name server. */
  readonly own: readonly string[];
  /** Another question, asked for the sake of this one: where an ExternalName leads. Null: no answer. */
  readonly ask: (question: DnsQuestion) => DnsResponse | null;
}

/** `fallthrough`: there is no such name here, and the next plugin may know it. */
export type ZoneAnswer = Pick<DnsResponse, "rcode" | "answer" | "authority" | "additional"> | "fallthrough";

/** A name that leads somewhere: an address, or another name. */
interface Entry {
  readonly host: string;
  /** -1: the endpoint has no ports. */
  readonly port: number;
  /** What it is called, absolute. */
  readonly name: string;
}

/** `null`: there is no such name. Empty: there is, with nothing to say. */
type Entries = readonly Entry[] | null;

interface Parsed {
  readonly kind: "svc" | "pod" | null;
  readonly namespace: string;
  readonly service: string;
  readonly endpoint: string;
  readonly port: string;
  readonly protocol: string;
}

const EMPTY: Parsed = { kind: null, namespace: "", service: "", endpoint: "", port: "", protocol: "" };
const SCHEMA_VERSION = "1.1.0";
const MAX_SOA_TTL = 300;
const MAX_ALIASES = 7;

/** A name below the zone, from right to left; null: none that the schema knows. */
function parse(name: string, zone: string): Parsed | null {
  const labels = labelsOf(name.toLowerCase());
  const base = labels.slice(0, labels.length - labelsOf(zone).length);
  const kind = base.at(-1);
  if (kind === undefined || (base.length === 1 && (kind === "svc" || kind === "pod"))) return EMPTY;
  if (kind !== "svc" && kind !== "pod") return null;
  const namespace = base.at(-2) ?? "";
  const service = base.at(-3) ?? "";
  const rest = base.slice(0, -3);
  if (rest.length > 2) return null;
  const plain = (label: string | undefined): string => (label ?? "").replace(/^_/, "");
  return {
    kind,
    namespace,
    service,
    endpoint: rest.length === 1 ? (rest[0] ?? "") : "",
    port: rest.length === 2 ? plain(rest[0]) : "",
    protocol: rest.length === 2 ? plain(rest[1]) : "",
  };
}

/** Answers a question about a name under one of the plugin's zones; null when it is under none. */
export function answerZone(context: ZoneContext, question: DnsQuestion): ZoneAnswer | null {
  const { plugin } = context;
  const matched = zoneOf(question.name, plugin.zones);
  if (matched === null) return null;
  // Letter case as asked.
  const zone = matched === "." ? "." : question.name.slice(-matched.length);
  const found = look(context, zone, question);
  if (found === null) {
    if (plugin.fallthrough.some((through) => isWithin(question.name, through))) return "fallthrough";
    return { rcode: "NXDOMAIN", answer: [], authority: [soa(context, zone)], additional: [] };
  }
  if (found.answer.length === 0)
    return { rcode: "NOERROR", answer: [], authority: [soa(context, zone)], additional: [] };
  return { rcode: "NOERROR", answer: found.answer, authority: [], additional: found.additional ?? [] };
}

interface Found {
  readonly answer: readonly DnsRecord[];
  readonly additional?: readonly DnsRecord[];
}

function soa({ plugin, serial }: ZoneContext, zone: string): DnsRecord {
  const under = zone === "." ? "" : zone;
  return {
    name: zone,
    ttl: Math.min(plugin.ttl, MAX_SOA_TTL),
    type: "SOA",
    data: `ns.dns.${under} hostmaster.${under} ${serial} 7200 1800 86400 ${plugin.ttl}`,
  };
}

function look(context: ZoneContext, zone: string, { name, type }: DnsQuestion): Found | null {
  const { ttl } = context.plugin;
  const isApex = labelsOf(name).length === labelsOf(zone).length;
  switch (type) {
    case "A":
    case "AAAA":
      return addresses(context, zone, name, type, []);
    case "SRV":
      return srv(context, zone, name);
    case "PTR":
      return ptr(context, zone, name);
    case "CNAME": {
      const entries = entriesOf(context, zone, name);
      const first = entries?.[0];
      if (entries === null) return null;
      const isAlias = first !== undefined && parseIP(first.host) === null;
      return { answer: isAlias ? [{ name, ttl, type: "CNAME", data: absolute(first.host) }] : [] };
    }
    case "TXT":
      if (labelsOf(name).length === labelsOf(zone).length + 1 && /^dns-version\./i.test(name)) {
        return { answer: [{ name, ttl: 28_800, type: "TXT", data: `"${SCHEMA_VERSION}"` }] };
      }
      return (entriesOf(context, zone, name) ?? []).length > 0 ? { answer: [] } : null;
    case "SOA":
      return isApex ? { answer: [soa(context, zone)] } : addresses(context, zone, name, "A", []);
    case "NS":
      if (isApex) return nameServers(context, zone);
      return emptied(addresses(context, zone, name, "A", []));
    case "ANY":
      return emptied(addresses(context, zone, name, "A", []));
  }
}

/** Whether the name exists, without what it says. */
function emptied(found: Found | null): Found | null {
  return found === null ? null : { answer: [] };
}

function addresses(
  context: ZoneContext,
  zone: string,
  name: string,
  type: "A" | "AAAA",
  before: readonly string[],
): Found | null {
  const entries = entriesOf(context, zone, name);
  if (entries === null) return null;
  const { ttl } = context.plugin;
  const answer: DnsRecord[] = [];
  const seen = new Set<string>();
  for (const { host } of entries) {
    if (parseIP(host) !== null) {
      if (isIPv6(host) !== (type === "AAAA") || seen.has(host)) continue;
      seen.add(host);
      answer.push({ name, ttl, type, data: host });
      continue;
    }
    const target = absolute(host);
    const isLoop = target.toLowerCase() === name.toLowerCase() || before.includes(target.toLowerCase());
    if (isLoop || before.length > MAX_ALIASES) continue;
    const alias: DnsRecord = { name, ttl, type: "CNAME", data: target };
    if (isWithin(target, zone)) {
      const next = addresses(context, zone, target, type, [...before, target.toLowerCase()]);
      if (next !== null && next.answer.length > 0) answer.push(alias, ...next.answer);
      continue;
    }
    const outside = context.ask({ kind: "dns", name: target, type });
    if (outside !== null) answer.push(alias, ...outside.answer);
  }
  return { answer };
}

function srv(context: ZoneContext, zone: string, name: string): Found | null {
  const all = entriesOf(context, zone, name);
  if (all === null) return null;
  const { ttl } = context.plugin;
  // SRV records for names outside are not made.
  const entries = all.filter(({ host }) => parseIP(host) !== null);
  const weight = Math.max(1, Math.floor((100 / (100 * entries.length)) * 100));
  const answer = new Map<string, DnsRecord>();
  const additional = new Map<string, DnsRecord>();
  for (const { host, port, name: target } of entries) {
    if (port === -1) continue;
    const data = `0 ${weight} ${port} ${target}`;
    answer.set(data, { name, ttl, type: "SRV", data });
    additional.set(`${target} ${host}`, { name: target, ttl, type: isIPv6(host) ? "AAAA" : "A", data: host });
  }
  return { answer: [...answer.values()], additional: [...additional.values()] };
}

function nameServers(context: ZoneContext, zone: string): Found {
  const { ttl } = context.plugin;
  const servers = ownServices(context, zone);
  const names = [...new Set(servers.map(({ name }) => name))];
  return {
    answer: names.map((data): DnsRecord => ({ name: zone, ttl, type: "NS", data })),
    additional: servers.map(({ name, host }): DnsRecord => ({
      name,
      ttl,
      type: isIPv6(host) ? "AAAA" : "A",
      data: host,
    })),
  };
}

/** The addresses under which CoreDNS itself is found: of the Services that its own address stands behind. */
function ownServices({ reader, own }: ZoneContext, zone: string): readonly Entry[] {
  const slices = reader.list<EndpointSlice>("EndpointSlice");
  const entries = slices.flatMap((slice): readonly Entry[] => {
    if (!(slice.endpoints ?? []).some((e) => e.addresses.some((ip) => own.includes(ip)))) return [];
    const service = serviceOf(reader, slice);
    if (service === undefined) return [];
    const name = `${service.metadata.name}.${service.metadata.namespace ?? "default"}.svc.${zone}`;
    return clusterIPs(service).map((host) => ({ host, port: 0, name }));
  });
  const known = [...new Map(entries.map((entry) => [entry.host, entry])).values()];
  return known.length > 0 ? known : own.map((host) => ({ host, port: 0, name: `ns.dns.${zone}` }));
}

function serviceOf(reader: ZoneReader, { metadata }: EndpointSlice): Service | undefined {
  const name = metadata.labels?.["kubernetes.io/service-name"];
  return name === undefined ? undefined : reader.get<Service>(objectKey("Service", metadata.namespace, name));
}

function clusterIPs({ spec }: Service): readonly string[] {
  const all = spec.clusterIPs ?? (spec.clusterIP === undefined ? [] : [spec.clusterIP]);
  return all.filter((ip) => ip !== "" && ip !== "None");
}

function isHeadless({ spec }: Service): boolean {
  return spec.clusterIP === "None";
}

/** Where a name under the zone leads. */
function entriesOf(context: ZoneContext, zone: string, name: string): Entries {
  if (name.toLowerCase() === `ns.dns.${zone.toLowerCase()}`) return ownServices(context, zone);
  const parsed = parse(name, zone);
  if (parsed === null) return null;
  if (parsed.kind === null) return [];
  const { reader, plugin } = context;
  const { namespace, service } = parsed;
  const isExposed = plugin.namespaces.length === 0 || plugin.namespaces.includes(namespace);
  if (!isExposed || reader.get<KubeObject>(objectKey("Namespace", undefined, namespace)) === undefined) return null;
  if (parsed.kind === "pod" && plugin.pods === "disabled") return null;
  if (service === "") return [];
  return parsed.kind === "pod" ? podEntries(context, parsed, name) : serviceEntries(context, parsed, zone);
}

function podEntries({ reader, plugin }: ZoneContext, { service, namespace }: Parsed, name: string): Entries {
  const isFour = service.split("-").length === 4 && !service.includes("--");
  const ip = service.replaceAll("-", isFour ? "." : ":");
  if (parseIP(ip) === null) return null;
  const entry: Entry = { host: ip, port: 0, name };
  if (plugin.pods === "insecure") return [entry];
  const pod = reader.podByIP(ip);
  return pod !== undefined && (pod.metadata.namespace ?? "default") === namespace ? [entry] : null;
}

const same = (asked: string, has: string | undefined): boolean =>
  asked === "" || asked.toLowerCase() === (has ?? "").toLowerCase();

function serviceEntries({ reader, plugin }: ZoneContext, parsed: Parsed, zone: string): Entries {
  const { namespace, service: wanted, endpoint, port, protocol } = parsed;
  const service = reader.get<Service>(objectKey("Service", namespace, wanted));
  if (service === undefined) return null;
  const name = `${wanted}.${namespace}.svc.${zone}`;
  const { type, externalName = "", ports = [] } = service.spec;
  if (type === "ExternalName") {
    const isAddress = parseIP(externalName) !== null;
    if (endpoint !== "" || port !== "" || protocol !== "" || isAddress) return null;
    return [{ host: externalName, port: 0, name }];
  }
  const slices = reader.slicesOf(namespace, wanted);
  if (isHeadless(service) || endpoint !== "") {
    const entries = slices.flatMap((slice) => endpointEntries(slice, parsed, name, plugin.endpointPodNames));
    return entries.length === 0 ? null : entries;
  }
  const isEmpty = slices.every((s) => !(s.endpoints ?? []).some((e) => e.conditions?.ready !== false));
  if (plugin.ignoreEmpty && isEmpty) return null;
  const fitting = ports.filter((p) => same(port, p.name) && same(protocol, p.protocol));
  if (fitting.length === 0) return null;
  return fitting.flatMap((p) => clusterIPs(service).map((host) => ({ host, port: p.port, name })));
}

/** Only endpoints that are ready, whatever else there is to say of them; without ports they have one that no SRV record shows. */
function endpointEntries(
  { endpoints, ports }: EndpointSlice,
  { endpoint, port, protocol }: Parsed,
  service: string,
  podNames: boolean,
): readonly Entry[] {
  const declared = ports === null || ports.length === 0 ? [{ port: -1, name: "", protocol: "" }] : ports;
  const fitting = declared.filter((p) => same(port, p.name) && same(protocol, p.protocol ?? "TCP"));
  return (endpoints ?? []).flatMap(({ addresses: ips, conditions, hostname, targetRef }) => {
    if (conditions?.ready === false) return [];
    return ips.flatMap((host) => {
      const pod = podNames && (targetRef?.name?.length ?? 64) < 64 ? targetRef?.name : undefined;
      const own = hostname ?? pod ?? dashed(host);
      if (endpoint !== "" && endpoint !== own.toLowerCase()) return [];
      return fitting.map((p): Entry => ({ host, port: p.port ?? 0, name: `${own}.${service}` }));
    });
  });
}

function ptr(context: ZoneContext, zone: string, name: string): Found | null {
  const ip = addressOf(name);
  // An ordinary name has no PTR record, but may exist.
  if (ip === null) return entriesOf(context, zone, name) === null ? null : { answer: [] };
  const { reader, plugin } = context;
  const primary = plugin.zones.find((own) => !own.endsWith(".arpa.")) ?? zone;
  const record = (data: string): DnsRecord => ({ name, ttl: plugin.ttl, type: "PTR", data });
  const service = reader.list<Service>("Service").find((s) => clusterIPs(s).includes(ip));
  if (service !== undefined) {
    const { name: own, namespace = "default" } = service.metadata;
    return { answer: [record(`${own}.${namespace}.svc.${primary}`)] };
  }
  const names = reader.list<EndpointSlice>("EndpointSlice").flatMap((slice) => {
    const own = slice.metadata.labels?.["kubernetes.io/service-name"];
    if (own === undefined) return [];
    const suffix = `${own}.${slice.metadata.namespace ?? "default"}.svc.${primary}`;
    return endpointEntries(slice, EMPTY, suffix, plugin.endpointPodNames)
      .filter(({ host }) => host === ip)
      .map((entry) => entry.name);
  });
  return names.length === 0 ? null : { answer: [...new Set(names)].map(record) };
}
