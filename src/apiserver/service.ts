/** What the API server does to a Service beyond storing it: families, cluster IPs, node ports, and the fields a type drags along. */
import { drawBelow } from "../base/draw.ts";
import { deepEqual } from "../base/json.ts";
import { formatIP, parseIP } from "../base/ip.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { ClusterConfig } from "../model/config/types.ts";
import { keyOf } from "../model/meta/types.ts";
import type { IPFamily, Service, ServicePort, ServiceSpec } from "../model/service/types.ts";
import { externallyAccessible, needsHealthCheckNodePort } from "../model/service/defaults.ts";
import { type Cause, internalError, invalid, invalidStatus, type Status } from "../model/status.ts";
import { claimClusterIP, type ClusterIPRange, clusterIPRanges, nextClusterIP } from "./allocators/clusterip.ts";
import { claimNodePort, nextNodePort } from "./allocators/nodeport.ts";
import { livesBefore } from "./lives.ts";
import type { Store } from "./types.ts";

/** What allocation looks at: who holds what is read from the store's own indexes, so there is no second truth to keep in step. */
export interface Pools {
  readonly store: Store;
  readonly seed: number;
  readonly cluster: ClusterConfig;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };
interface Draft extends Omit<Writable<ServiceSpec>, "ports"> {
  ports?: Writable<ServicePort>[];
}

/** A copy to change. Zero values become absent, as they are on the wire. */
function draftOf(service: Service): Draft {
  const { ports, ...rest } = service.spec;
  const draft: Draft = { ...rest };
  if (draft.clusterIP === "") delete draft.clusterIP;
  if (draft.clusterIPs?.length === 0) delete draft.clusterIPs;
  if (draft.ipFamilies?.length === 0) delete draft.ipFamilies;
  if (!draft.healthCheckNodePort) delete draft.healthCheckNodePort;
  if (ports) {
    draft.ports = ports.map((port) => {
      const copy: Writable<ServicePort> = { ...port };
      if (!copy.nodePort) delete copy.nodePort;
      return copy;
    });
  }
  return draft;
}

const withSpec = (service: Service, spec: Draft): Service => ({ ...service, spec });
const usesNodePorts = (spec: ServiceSpec | Draft): boolean => spec.type === "NodePort" || spec.type === "LoadBalancer";
const wantsNodePorts = (spec: Draft): boolean =>
  spec.type === "NodePort" || (spec.type === "LoadBalancer" && spec.allocateLoadBalancerNodePorts !== false);
const isHeadless = (spec: ServiceSpec | Draft): boolean => spec.clusterIPs?.[0] === "None" || spec.clusterIP === "None";
const hasSelector = (spec: Draft): boolean => Object.keys(spec.selector ?? {}).length > 0;
const otherFamily = (family: IPFamily): IPFamily => (family === "IPv4" ? "IPv6" : "IPv4");
const familyOfRange = (range: ClusterIPRange): IPFamily => (range.cidr.family === 4 ? "IPv4" : "IPv6");

function nodePortsOf(spec: ServiceSpec | Draft): readonly number[] {
  return (spec.ports ?? []).flatMap((port) => (port.nodePort ? [port.nodePort] : []));
}

/** Fields so malformed that allocation cannot make sense of them: validation will say so. */
function isMalformed(spec: Draft): boolean {
  const ips = spec.clusterIPs ?? [];
  if (ips.length > 2 || (spec.ipFamilies?.length ?? 0) > 2) return true;
  if (spec.clusterIP !== undefined && ips.length > 0 && spec.clusterIP !== ips[0]) return true;
  const parsed = ips.filter((ip) => ip !== "None").map(parseIP);
  if (parsed.includes(null) || (parsed.length < ips.length && ips.length > 1)) return true;
  if (parsed.length === 2 && parsed[0]?.family === parsed[1]?.family) return true;
  return parsed.some((ip, i) => {
    const family = spec.ipFamilies?.[i];
    return family !== undefined && family !== (ip?.family === 4 ? "IPv4" : "IPv6");
  });
}

/** clusterIP and clusterIPs say the same thing twice; a client that knows only the old field is helped to say both. */
function syncClusterIPs(spec: Draft, old: ServiceSpec | null): void {
  if (old === null) {
    if (spec.clusterIP !== undefined && spec.clusterIPs === undefined) spec.clusterIPs = [spec.clusterIP];
    return;
  }
  if (spec.clusterIP === old.clusterIP) {
    if (spec.clusterIPs === undefined && old.clusterIPs !== undefined && spec.clusterIP !== undefined) {
      spec.clusterIPs = old.clusterIPs;
    }
  } else if (deepEqual(spec.clusterIPs, old.clusterIPs)) {
    if (spec.clusterIP === undefined) delete spec.clusterIPs;
    else spec.clusterIPs = [spec.clusterIP];
  }
}

/** Carries over what was allocated and not repeated by the client. Node ports go by the port's name. */
function patchAllocated(spec: Draft, old: ServiceSpec): void {
  if (old.type !== "ExternalName" && spec.type !== "ExternalName") {
    if (spec.clusterIP === undefined && old.clusterIP !== undefined) spec.clusterIP = old.clusterIP;
    if (spec.clusterIPs === undefined && old.clusterIPs !== undefined) spec.clusterIPs = old.clusterIPs;
  }
  // A balancer that is to do without node ports keeps those that the client repeats, and no others.
  if (usesNodePorts(old) && wantsNodePorts(spec)) {
    const kept = new Set(nodePortsOf(spec));
    const used = new Set(nodePortsOf(old).filter((port) => kept.has(port)));
    const byName = new Map((old.ports ?? []).map((port) => [port.name ?? "", port.nodePort]));
    for (const port of spec.ports ?? []) {
      const before = byName.get(port.name ?? "");
      if (!port.nodePort && before && !used.has(before)) port.nodePort = before;
    }
  }
  if (
    needsHealthCheckNodePort(old) &&
    needsHealthCheckNodePort(spec) &&
    !spec.healthCheckNodePort &&
    old.healthCheckNodePort
  ) {
    spec.healthCheckNodePort = old.healthCheckNodePort;
  }
}

/** A PreferDualStack Service is not up- or downgraded just because the cluster changed under it. */
function keepsPreferredFamilies(spec: Draft, old: ServiceSpec | null): boolean {
  return (
    old !== null &&
    spec.type === old.type &&
    spec.type !== "ExternalName" &&
    spec.ipFamilyPolicy === "PreferDualStack" &&
    old.ipFamilyPolicy === "PreferDualStack" &&
    deepEqual(spec.clusterIPs, old.clusterIPs) &&
    deepEqual(spec.ipFamilies, old.ipFamilies)
  );
}

/** Settles ipFamilyPolicy and ipFamilies. Source: registry/core/service/storage/alloc.go initIPFamilyFields. */
function initFamilies(spec: Draft, old: ServiceSpec | null, ranges: readonly ClusterIPRange[]): readonly Cause[] {
  if (spec.type === "ExternalName" || keepsPreferredFamilies(spec, old)) return [];
  const configured = ranges.map(familyOfRange);
  const primary = configured[0] ?? "IPv4";
  const free = isHeadless(spec) && !hasSelector(spec);
  spec.ipFamilyPolicy ??= old?.ipFamilyPolicy ?? (free ? "RequireDualStack" : "SingleStack");
  const policy = spec.ipFamilyPolicy;
  const causes: Cause[] = [];
  const policyCause = (detail: string): void => {
    causes.push(invalid("spec.ipFamilyPolicy", policy, detail));
  };
  if (old !== null) {
    const sameIPs = deepEqual(spec.clusterIPs, old.clusterIPs);
    const sameFamilies = deepEqual(spec.ipFamilies, old.ipFamilies);
    const fewer = (now: readonly unknown[] | undefined, then: readonly unknown[] | undefined): boolean =>
      (now?.length ?? 0) > 0 && (now?.length ?? 0) < (then?.length ?? 0);
    if (policy === "SingleStack") {
      if (sameIPs && spec.clusterIPs) spec.clusterIPs = spec.clusterIPs.slice(0, 1);
      if (sameFamilies && spec.ipFamilies) spec.ipFamilies = spec.ipFamilies.slice(0, 1);
    } else {
      if (fewer(spec.clusterIPs, old.clusterIPs)) {
        policyCause("must be 'SingleStack' to release the secondary cluster IP");
      }
      if (fewer(spec.ipFamilies, old.ipFamilies)) {
        policyCause("must be 'SingleStack' to release the secondary IP family");
      }
    }
  }
  if (policy === "SingleStack") {
    const several = (what: string): string =>
      `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`;
    if (spec.clusterIPs?.length === 2) policyCause(several("cluster IPs"));
    if (spec.ipFamilies?.length === 2) policyCause(several("IP families"));
  }
  const families = [...(spec.ipFamilies ?? [])];
  (spec.clusterIPs ?? []).forEach((ip, i) => {
    if (ip === "None" || i < families.length) return;
    const family: IPFamily = parseIP(ip)?.family === 6 ? "IPv6" : "IPv4";
    if (configured.includes(family)) families.push(family);
    else causes.push(invalid(`spec.clusterIPs[${i}]`, spec.clusterIPs, `${family} is not configured on this cluster`));
  });
  if (causes.length > 0) return causes;
  if (free) {
    // Nobody allocates for a headless Service without a selector, so it may name families that the cluster lacks.
    if (families.length === 0) families.push(primary);
    if (families.length < 2 && policy !== "SingleStack") families.push(otherFamily(families[0] as IPFamily));
    spec.ipFamilies = families;
    return [];
  }
  if (policy === "RequireDualStack" && configured.length < 2) {
    policyCause("this cluster is not configured for dual-stack services");
  }
  families.forEach((family, i) => {
    if (!configured.includes(family)) {
      causes.push(invalid(`spec.ipFamilies[${i}]`, family, "not configured on this cluster"));
    }
  });
  if (causes.length > 0) return causes;
  if (families.length === 0) families.push(primary);
  if (policy !== "SingleStack" && families.length === 1 && configured.length === 2) {
    families.push(otherFamily(families[0] as IPFamily));
  }
  spec.ipFamilies = families;
  return [];
}

/**
 * Whom a draw is for. The real allocators draw anew each time, so a Service that is created again has another address and other ports;
 * that others come and go does not change what it has.
 */
function drawnFor(service: Service, { store }: Pools): string {
  const lives = livesBefore(store, keyOf(service));
  return lives === 0 ? keyOf(service) : `${keyOf(service)} again ${lives}`;
}

/** Gives every family from index `from` on its address: the one asked for, or a drawn one. */
function allocateIPs(
  service: Service,
  spec: Draft,
  ranges: readonly ClusterIPRange[],
  from: number,
  pools: Pools,
): Status | null {
  if (spec.type === "ExternalName" || isHeadless(spec)) return null;
  const ips = [...(spec.clusterIPs ?? [])];
  const families = spec.ipFamilies ?? [];
  const taken = (ip: string): boolean => pools.store.serviceByClusterIP(ip) !== undefined;
  for (let i = from; i < families.length; i++) {
    const range = ranges.find((each) => familyOfRange(each) === families[i]);
    if (range === undefined) continue;
    const asked = ips[i];
    if (asked !== undefined && asked !== "") {
      const parsed = parseIP(asked);
      const why = claimClusterIP(range, parsed === null ? asked : formatIP(parsed), taken);
      if (why !== null) {
        const cause = invalid("spec.clusterIPs", spec.clusterIPs, `failed to allocate IP ${asked}: ${why}`);
        return invalidStatus("Service", service.metadata.name, [cause]);
      }
      continue;
    }
    const ip = nextClusterIP(range, taken, (n, band) =>
      drawBelow(pools.seed, `${drawnFor(service, pools)} spec.clusterIPs[${i}] ${band}`, n),
    );
    if (ip === null) {
      return internalError(`failed to allocate a serviceIP for Service "${service.metadata.name}": range is full`);
    }
    ips[i] = ip;
  }
  spec.clusterIPs = ips;
  if (ips[0] !== undefined) spec.clusterIP = ips[0];
  return null;
}

/** One Service's dealings with the pool of node ports; what it has claimed is not in the store yet. */
function portPool(service: Service, pools: Pools) {
  const range = pools.cluster.nodePortRange;
  const claimed = new Set<number>();
  const taken = (port: number): boolean => claimed.has(port) || pools.store.serviceByNodePort(port) !== undefined;
  return {
    /** Null when the port is now ours, else why not. */
    claim(port: number): string | null {
      const why = claimNodePort(range, port, taken);
      if (why === null) claimed.add(port);
      return why;
    },
    next(field: string): number | null {
      const port = nextNodePort(range, taken, (n, band) =>
        drawBelow(pools.seed, `${drawnFor(service, pools)} ${field} ${band}`, n),
      );
      if (port !== null) claimed.add(port);
      return port;
    },
  };
}
type PortPool = ReturnType<typeof portPool>;

function refusedPort(service: Service, index: number, port: number, why: string): Status {
  return invalidStatus("Service", service.metadata.name, [invalid(`spec.ports[${index}].nodePort`, port, why)]);
}

const FULL_PORTS = internalError("failed to allocate a nodePort: range is full");
// Keyed by number, not by place, so that another port of the Service does not shift this one's draw.
const portField = (port: ServicePort): string => `spec.ports[${port.port}].nodePort`;

/** On create, ports with one number (53/TCP and 53/UDP) share a node port. */
function initNodePorts(service: Service, spec: Draft, pool: PortPool): Status | null {
  const ports = spec.ports ?? [];
  const given = new Map<number, number>();
  for (const [i, port] of ports.entries()) {
    if (!port.nodePort && !wantsNodePorts(spec)) continue;
    const sibling = given.get(port.port);
    if (sibling !== undefined) {
      if (!port.nodePort) port.nodePort = sibling;
      else if (port.nodePort !== sibling) {
        const why = pool.claim(port.nodePort);
        if (why !== null) return refusedPort(service, i, port.nodePort, why);
      }
      continue;
    }
    const asked = ports.find((other) => other.port === port.port && other.nodePort)?.nodePort;
    if (asked !== undefined) {
      const why = pool.claim(asked);
      if (why !== null) return refusedPort(service, i, asked, why);
    }
    const nodePort = asked ?? pool.next(portField(port));
    if (nodePort === null) return FULL_PORTS;
    port.nodePort = nodePort;
    given.set(port.port, nodePort);
  }
  return null;
}

/** On update, only numbers that the Service did not hold before are asked for; another protocol may repeat one of its own. */
function updateNodePorts(service: Service, spec: Draft, old: ServiceSpec, pool: PortPool): Status | null {
  const held = new Set(nodePortsOf(old));
  for (const [i, port] of (spec.ports ?? []).entries()) {
    if (!port.nodePort) {
      if (!wantsNodePorts(spec)) continue;
      const nodePort = pool.next(portField(port));
      if (nodePort === null) return FULL_PORTS;
      port.nodePort = nodePort;
    } else if (!held.has(port.nodePort)) {
      const why = pool.claim(port.nodePort);
      if (why !== null) return refusedPort(service, i, port.nodePort, why);
      held.add(port.nodePort);
    }
  }
  return null;
}

function initHealthCheckPort(spec: Draft, pool: PortPool): Status | null {
  if (spec.healthCheckNodePort) {
    const why = pool.claim(spec.healthCheckNodePort);
    return why === null
      ? null
      : internalError(`failed to allocate requested HealthCheck NodePort ${spec.healthCheckNodePort}: ${why}`);
  }
  const port = pool.next("spec.healthCheckNodePort");
  if (port === null) return internalError("failed to allocate a HealthCheck NodePort 0: range is full");
  spec.healthCheckNodePort = port;
  return null;
}

/** A new Service with families, cluster IPs and node ports. Refuses with 422 or 500 as upstream does; nothing is held until it is stored. */
export function allocateForCreate(service: Service, pools: Pools): Result<Service, Status> {
  const spec = draftOf(service);
  const ranges = clusterIPRanges(pools.cluster.serviceSubnet);
  syncClusterIPs(spec, null);
  if (isMalformed(spec)) return ok(withSpec(service, spec));
  const causes = initFamilies(spec, null, ranges);
  if (causes.length > 0) return err(invalidStatus("Service", service.metadata.name, causes));
  const pool = portPool(service, pools);
  const refused =
    allocateIPs(service, spec, ranges, 0, pools) ??
    (usesNodePorts(spec) ? initNodePorts(service, spec, pool) : null) ??
    (needsHealthCheckNodePort(spec) ? initHealthCheckPort(spec, pool) : null);
  return refused === null ? ok(withSpec(service, spec)) : err(refused);
}

/**
 * An updated Service: values that the client did not repeat are carried over, new needs are allocated. What it no longer
 * uses is free once the update is stored, and not before.
 */
export function allocateForUpdate(service: Service, oldService: Service, pools: Pools): Result<Service, Status> {
  const spec = draftOf(service);
  const old = oldService.spec;
  const ranges = clusterIPRanges(pools.cluster.serviceSubnet);
  patchAllocated(spec, old);
  syncClusterIPs(spec, old);
  if (isMalformed(spec)) return ok(withSpec(service, spec));
  const causes = initFamilies(spec, old, ranges);
  if (causes.length > 0) return err(invalidStatus("Service", service.metadata.name, causes));
  const pool = portPool(service, pools);
  const fresh = old.type === "ExternalName";
  const upgraded = (old.ipFamilies?.length ?? 0) === 1 && spec.ipFamilies?.length === 2;
  const refused =
    (fresh || upgraded ? allocateIPs(service, spec, ranges, fresh ? 0 : 1, pools) : null) ??
    (usesNodePorts(spec) ? updateNodePorts(service, spec, old, pool) : null) ??
    (!needsHealthCheckNodePort(old) && needsHealthCheckNodePort(spec) ? initHealthCheckPort(spec, pool) : null);
  return refused === null ? ok(withSpec(service, spec)) : err(refused);
}

/**
 * Wipes fields that a new type has no use for, if the client did not also change them (in which case validation refuses).
 * The balancer's status goes at once, though the balancer itself goes later. Source: strategy.go dropTypeDependentFields.
 */
export function dropTypeDependentFields(service: Service, oldService: Service): Service {
  const spec = draftOf(service);
  const old = oldService.spec;
  if (old.type !== "ExternalName" && spec.type === "ExternalName") {
    if (spec.clusterIP === old.clusterIP && deepEqual(spec.clusterIPs, old.clusterIPs)) {
      delete spec.clusterIP;
      delete spec.clusterIPs;
    }
    if (deepEqual(spec.ipFamilies, old.ipFamilies)) delete spec.ipFamilies;
    if (spec.ipFamilyPolicy === old.ipFamilyPolicy) delete spec.ipFamilyPolicy;
    if (spec.internalTrafficPolicy === old.internalTrafficPolicy) delete spec.internalTrafficPolicy;
  }
  const heldPorts = nodePortsOf(old);
  if (usesNodePorts(old) && !usesNodePorts(spec) && nodePortsOf(spec).every((port) => heldPorts.includes(port))) {
    for (const port of spec.ports ?? []) delete port.nodePort;
  }
  if (
    needsHealthCheckNodePort(old) &&
    !needsHealthCheckNodePort(spec) &&
    spec.healthCheckNodePort === old.healthCheckNodePort
  ) {
    delete spec.healthCheckNodePort;
  }
  if (old.type === "LoadBalancer" && spec.type !== "LoadBalancer") {
    if (spec.allocateLoadBalancerNodePorts === old.allocateLoadBalancerNodePorts) {
      delete spec.allocateLoadBalancerNodePorts;
    }
    if (spec.loadBalancerClass === old.loadBalancerClass) delete spec.loadBalancerClass;
  }
  if (
    externallyAccessible(old) &&
    !externallyAccessible(spec) &&
    spec.externalTrafficPolicy === old.externalTrafficPolicy
  ) {
    delete spec.externalTrafficPolicy;
  }
  const status = spec.type === "LoadBalancer" ? service.status : { ...service.status, loadBalancer: {} };
  return { ...withSpec(service, spec), status };
}
