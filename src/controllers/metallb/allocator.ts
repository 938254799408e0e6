/** Which address a Service gets from MetalLB, or why none. Source: metallb internal/allocator and controller/service.go allocateIPs. */
import type { ObjectReader } from "../../apiserver/types.ts";
import { formatIP, parseIP } from "../../base/ip.ts";
import { type Result, err, ok } from "../../base/result.ts";
import { keyOf } from "../../model/meta/types.ts";
import type { IPAddressPool } from "../../model/metallb/types.ts";
import { formatLabels } from "../../model/selectors.ts";
import type { Service } from "../../model/service/types.ts";
import { ingressIPs, isBuggy, isCompatible, poolOf, rangesOf } from "./pools.ts";

type Family = "ipv4" | "ipv6";

/** How far a pool is searched: more addresses than any cluster uses. */
const MAX_SEARCH = 65_536n;

/** `ns/name`, as MetalLB's messages have it. */
export const serviceName = ({ metadata }: Service): string => `${metadata.namespace ?? "default"}/${metadata.name}`;

/** An annotation of MetalLB, also under the prefix that it had before 0.14. */
function annotation(service: Service, name: string): string {
  const { annotations } = service.metadata;
  return annotations?.[`metallb.io/${name}`] ?? annotations?.[`metallb.universe.tf/${name}`] ?? "";
}

/** A list of addresses as Go prints one with %q. */
export const goList = (ips: readonly string[]): string => `[${ips.map((ip) => JSON.stringify(ip)).join(" ")}]`;

const familyName = (ip: string): Family => (ip.includes(":") ? "ipv6" : "ipv4");

/** Families that the Service has ClusterIPs of. */
export function familiesOf({ spec }: Service): readonly Family[] {
  const ips = spec.clusterIPs ?? (spec.clusterIP === undefined ? [] : [spec.clusterIP]);
  return [...new Set(ips.filter((ip) => parseIP(ip) !== null).map(familyName))];
}

/** What lets two Services have one address: the same key, and with policy Local the same pods. Source: SharingKey, BackendKey. */
function sharingOf(service: Service): { readonly sharing: string; readonly backend: string } {
  const isLocal = service.spec.externalTrafficPolicy === "Local";
  return {
    sharing: annotation(service, "allow-shared-ip"),
    backend: isLocal ? formatLabels(service.spec.selector) : "",
  };
}

/** The addresses that the Service asks for; the error is MetalLB's. Source: getDesiredLbIPs. */
export function desiredIPs(service: Service): Result<readonly string[], string> {
  const asked = annotation(service, "loadBalancerIPs");
  const { loadBalancerIP = "" } = service.spec;
  if (asked !== "" && loadBalancerIP !== "")
    return err("service can not have both metallb.io/loadBalancerIPs and svc.Spec.LoadBalancerIP");
  if (asked === "" && loadBalancerIP === "") return ok([]);
  const texts = asked === "" ? [loadBalancerIP] : asked.split(",").map((text) => text.trim());
  const ips = texts.flatMap((text) => {
    const ip = parseIP(text);
    return ip === null ? [] : [formatIP(ip)];
  });
  if (ips.length === texts.length) return ok(ips);
  return err(
    asked === ""
      ? `invalid spec.loadBalancerIP ${JSON.stringify(loadBalancerIP)}`
      : `invalid metallb.io/loadBalancerIPs: ${JSON.stringify(asked)}`,
  );
}

/** Name of the pool that the Service asks for, or "". */
export const desiredPool = (service: Service): string => annotation(service, "address-pool");

/** Who has which address by now. */
export class Allocations {
  private readonly reader: ObjectReader;
  private readonly byIP = new Map<string, Service[]>();

  constructor(reader: ObjectReader) {
    this.reader = reader;
    for (const service of reader.list<Service>("Service")) {
      if (service.spec.type !== "LoadBalancer") continue;
      for (const ip of ingressIPs(service)) {
        const users = this.byIP.get(ip);
        if (users === undefined) this.byIP.set(ip, [service]);
        else users.push(service);
      }
    }
  }

  /** Why the Service may not have this address together with those who have it; null: it may. Source: checkSharing. */
  private conflict(service: Service, ip: string): string | null {
    const others = (this.byIP.get(ip) ?? []).filter((other) => keyOf(other) !== keyOf(service));
    const mine = sharingOf(service);
    const mayShare = others.every((other) => {
      const theirs = sharingOf(other);
      return mine.sharing !== "" && mine.sharing === theirs.sharing && mine.backend === theirs.backend;
    });
    if (!mayShare) {
      const names = others.map(serviceName).join(",");
      return `can't change sharing key for ${JSON.stringify(serviceName(service))}, address also in use by ${names}`;
    }
    for (const { port, protocol } of service.spec.ports ?? []) {
      if (others.some((o) => o.spec.ports?.some((p) => p.port === port && p.protocol === protocol)))
        return `port ${protocol}/${port} is already in use on ${JSON.stringify(ip)}`;
    }
    return null;
  }

  /** Why the Service may not have just these addresses; null: it may. Source: Allocator.Assign. */
  refusal(service: Service, ips: readonly string[]): string | null {
    for (const ip of ips) {
      const pool = poolOf(this.reader, ip);
      if (pool === undefined) return `${goList(ips)} is not allowed in config`;
      if (!isCompatible(pool, service, this.reader))
        return `pool ${pool.metadata.name} not compatible for ip assignment`;
    }
    for (const ip of ips) {
      const conflict = this.conflict(service, ip);
      if (conflict !== null) return conflict;
    }
    return null;
  }

  private firstFree(service: Service, pool: IPAddressPool, family: Family): string | null {
    for (const range of rangesOf(pool)) {
      if ((family === "ipv6") !== (range.family === 6)) continue;
      const end = range.last - range.first > MAX_SEARCH ? range.first + MAX_SEARCH : range.last;
      for (let value = range.first; value <= end; value++) {
        if (pool.spec.avoidBuggyIPs === true && isBuggy(range.family, value)) continue;
        const ip = formatIP({ family: range.family, value });
        if (this.conflict(service, ip) === null) return ip;
      }
    }
    return null;
  }

  private fromPool(service: Service, name: string): Result<readonly string[], string> {
    const pool = this.reader.list<IPAddressPool>("IPAddressPool").find(({ metadata }) => metadata.name === name);
    if (pool === undefined) return err(`unknown pool ${JSON.stringify(name)}`);
    const families = familiesOf(service);
    const ips = families.map((family) => this.firstFree(service, pool, family));
    if (ips.some((ip) => ip === null)) {
      const family = families.length > 1 ? "dual" : (families[0] ?? "unknown");
      return err(`no available IPs in pool ${JSON.stringify(name)} for ${family} IPFamily`);
    }
    if (!isCompatible(pool, service, this.reader)) return err(`pool ${name} not compatible for ip assignment`);
    return ok(ips.filter((ip) => ip !== null));
  }

  /** Addresses for a Service that has none; the error is the end of MetalLB's event. */
  allocate(service: Service): Result<readonly string[], string> {
    const desired = desiredIPs(service);
    if (!desired.ok) return desired;
    const pool = desiredPool(service);
    if (desired.value.length > 0) {
      const wanted = [...familiesOf(service)].sort().join();
      if ([...new Set(desired.value.map(familyName))].sort().join() !== wanted)
        return err(`requested loadBalancer IP(s) ${goList(desired.value)} does not match the ipFamily of the service`);
      const refusal = this.refusal(service, desired.value);
      if (refusal !== null) return err(refusal);
      const owner = poolOf(this.reader, desired.value[0] ?? "")?.metadata.name;
      return pool === "" || owner === pool
        ? desired
        : err(
            `requested loadBalancer IP(s) ${goList(desired.value)} is not compatible with requested address pool ${pool}`,
          );
    }
    if (pool !== "") return this.fromPool(service, pool);
    const pools = this.reader.list<IPAddressPool>("IPAddressPool").filter(({ spec }) => spec.autoAssign);
    const pinned = pools.filter((p) => p.spec.serviceAllocation !== undefined).sort((a, b) => rank(a) - rank(b));
    const open = pools.filter((p) => p.spec.serviceAllocation === undefined);
    for (const { metadata } of [...pinned, ...open]) {
      const found = this.fromPool(service, metadata.name);
      if (found.ok) return found;
    }
    return err("no available IPs");
  }
}

/** Lower priorities first, those without one last. Source: sortPools. */
function rank(pool: IPAddressPool): number {
  const priority = pool.spec.serviceAllocation?.priority ?? 0;
  return priority === 0 ? Number.MAX_SAFE_INTEGER : priority;
}
