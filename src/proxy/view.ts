import type { ObjectReader } from "../apiserver/types.ts";
import { compareStrings } from "../base/compare.ts";
import { formatCidr, formatIP, joinHostPort, parseCidr, parseIP } from "../base/ip.ts";
import { SERVICE_NAME_LABEL, type Endpoint, type EndpointSlice } from "../model/endpointslice/types.ts";
import { BucketMap } from "../base/bucket-map.ts";
import { keyOf, objectKey, type KubeObject, type ObjectKey } from "../model/meta/types.ts";
import type { Service, ServicePort } from "../model/service/types.ts";

/**
 * kube-proxy's mode-neutral picture of the cluster: one entry per port of each Service it serves, with that port's endpoints. The
 * same for every node; what a node makes of it (local, in my zone) is decided in categorize.ts.
 * Upstream: pkg/proxy/serviceport.go, endpointslicecache.go.
 */
export interface ProxyView {
  readonly family: 4 | 6;
  /** Sorted by name. The real kube-proxy goes through them in Go's random map order. */
  readonly entries: readonly ServiceEntry[];
  /** Endpoints of all entries, ready or not: over 1,000 means large-cluster mode. */
  readonly totalEndpoints: number;
}

/** Keeps its identity from one view to the next as long as the Service and its slices do: compiled rules are cached by it. */
export interface ServiceEntry {
  readonly port: ServicePortView;
  /** Sorted by the string `ip:port`. */
  readonly endpoints: readonly EndpointView[];
}

/** A value with the field of the Service that it came from. */
export interface FromField<T> {
  readonly value: T;
  readonly path: string;
}

export interface ServicePortView {
  /** `ns/name:port`, or `ns/name` when the port has no name: what rules carry as comment and chain names are hashed from. */
  readonly name: string;
  readonly service: ObjectKey;
  readonly namespace: string;
  readonly serviceName: string;
  readonly portName: string;
  /** Field path of the port: `spec.ports[0]`. */
  readonly path: string;
  readonly protocol: "tcp" | "udp" | "sctp";
  readonly clusterIP: string;
  readonly port: number;
  readonly nodePort: number | null;
  readonly externalIPs: readonly FromField<string>[];
  /** Load balancer addresses that nodes answer for: ingress with an IP of this family and ipMode VIP. */
  readonly loadBalancerVIPs: readonly FromField<string>[];
  /** Empty when a range of all addresses cancels them. */
  readonly sourceRanges: readonly FromField<string>[];
  /** Seconds, or null without session affinity. */
  readonly affinitySeconds: number | null;
  readonly externalPolicyLocal: boolean;
  readonly internalPolicyLocal: boolean;
  readonly healthCheckNodePort: number | null;
}

export interface EndpointView {
  /** `ip:port`, `[ip]:port` for IPv6. */
  readonly key: string;
  readonly ip: string;
  readonly port: number;
  readonly nodeName: string | null;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  readonly zoneHints: readonly string[];
  readonly nodeHints: readonly string[];
  /** Where it comes from, nearest first: the slice, then the pod that its targetRef names. */
  readonly because: readonly { readonly object: ObjectKey; readonly path: string; readonly why: string }[];
}

export type ServiceReader = Pick<ObjectReader, "list" | "slicesOf">;

/** A Service port is reachable by something other than its cluster IP. */
export function externallyAccessible(port: ServicePortView): boolean {
  return port.nodePort !== null || port.loadBalancerVIPs.length > 0 || port.externalIPs.length > 0;
}

const DEFAULT_AFFINITY_SECONDS = 10_800;
/** Objects with these labels are left to another proxy, or are headless: kube-proxy's informers do not even list them. */
const PROXY_NAME_LABEL = "service.kubernetes.io/service-proxy-name";
const HEADLESS_LABEL = "service.kubernetes.io/headless";

function watched(object: KubeObject): boolean {
  const labels = object.metadata.labels;
  return labels === undefined || !(PROXY_NAME_LABEL in labels || HEADLESS_LABEL in labels);
}

function familyOf(ip: string): 4 | 6 | null {
  return parseIP(ip)?.family ?? null;
}

function canonical(ip: string): string {
  const parsed = parseIP(ip);
  return parsed === null ? ip : formatIP(parsed);
}

function clusterIPOf(service: Service, family: 4 | 6): string | null {
  const { clusterIP, clusterIPs, type } = service.spec;
  if (type === "ExternalName" || clusterIP === undefined || clusterIP === "" || clusterIP === "None") return null;
  const all = clusterIPs !== undefined && clusterIPs.length > 0 ? clusterIPs : [clusterIP];
  const found = all.find((ip) => familyOf(ip) === family);
  return found === undefined ? null : canonical(found);
}

function externalIPsOf(service: Service, family: 4 | 6): FromField<string>[] {
  return (service.spec.externalIPs ?? []).flatMap((ip, i) =>
    familyOf(ip) === family ? [{ value: canonical(ip), path: `spec.externalIPs[${i}]` }] : [],
  );
}

function vipsOf(service: Service, family: 4 | 6): FromField<string>[] {
  return (service.status?.loadBalancer?.ingress ?? []).flatMap((ingress, i) =>
    ingress.ip !== undefined && ingress.ipMode !== "Proxy" && familyOf(ingress.ip) === family
      ? [{ value: canonical(ingress.ip), path: `status.loadBalancer.ingress[${i}].ip` }]
      : [],
  );
}

function sourceRangesOf(service: Service, family: 4 | 6): FromField<string>[] {
  const ranges: FromField<string>[] = [];
  for (const [i, text] of (service.spec.loadBalancerSourceRanges ?? []).entries()) {
    // Validation lets blanks around a range pass.
    const cidr = parseCidr(text.trim());
    if (cidr === null || cidr.family !== family) continue;
    // A range of everything restricts nothing, whatever stands beside it.
    if (cidr.prefix === 0) return [];
    ranges.push({ value: formatCidr(cidr), path: `spec.loadBalancerSourceRanges[${i}]` });
  }
  return ranges;
}

function portView(
  service: Service,
  port: ServicePort,
  index: number,
  clusterIP: string,
  family: 4 | 6,
): ServicePortView {
  const { spec, metadata } = service;
  const namespace = metadata.namespace ?? "";
  const portName = port.name ?? "";
  const external =
    spec.type === "NodePort" ||
    spec.type === "LoadBalancer" ||
    (spec.type === "ClusterIP" && (spec.externalIPs ?? []).length > 0);
  const externalPolicyLocal = spec.externalTrafficPolicy === "Local" && external;
  return {
    name: portName === "" ? `${namespace}/${metadata.name}` : `${namespace}/${metadata.name}:${portName}`,
    service: keyOf(service),
    namespace,
    serviceName: metadata.name,
    portName,
    path: `spec.ports[${index}]`,
    protocol: port.protocol.toLowerCase() as "tcp" | "udp" | "sctp",
    clusterIP,
    port: port.port,
    nodePort: port.nodePort ? port.nodePort : null,
    externalIPs: externalIPsOf(service, family),
    loadBalancerVIPs: vipsOf(service, family),
    sourceRanges: sourceRangesOf(service, family),
    affinitySeconds:
      spec.sessionAffinity === "ClientIP"
        ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? DEFAULT_AFFINITY_SECONDS)
        : null,
    externalPolicyLocal,
    internalPolicyLocal: spec.internalTrafficPolicy === "Local",
    healthCheckNodePort:
      spec.type === "LoadBalancer" && externalPolicyLocal && spec.healthCheckNodePort ? spec.healthCheckNodePort : null,
  };
}

function endpointView(slice: EndpointSlice, endpoint: Endpoint, index: number, ip: string, port: number): EndpointView {
  const ref = endpoint.targetRef;
  const namespace = ref?.namespace ?? slice.metadata.namespace;
  const terminating = endpoint.conditions?.terminating ?? false;
  const ready = endpoint.conditions?.ready ?? true;
  const state = terminating ? "terminating" : ready ? "ready" : "not ready";
  return {
    key: joinHostPort(ip, port),
    ip,
    port,
    nodeName: endpoint.nodeName ?? null,
    ready,
    // Upstream takes an absent `serving` for true, not for `ready`: endpointslicecache.go.
    serving: endpoint.conditions?.serving ?? true,
    terminating,
    zoneHints: (endpoint.hints?.forZones ?? []).map((zone) => zone.name),
    nodeHints: (endpoint.hints?.forNodes ?? []).map((node) => node.name),
    because: [
      {
        object: keyOf(slice),
        path: `endpoints[${index}].addresses[0]`,
        why: `The slice lists ${ip} as ${state}${endpoint.nodeName ? ` on ${endpoint.nodeName}` : ""}.`,
      },
      ...(ref?.kind === "Pod" && ref.name
        ? [
            {
              object: objectKey("Pod", namespace, ref.name),
              path: "status.podIP",
              why: `Pod ${namespace ?? ""}/${ref.name} has the address ${ip}.`,
            },
          ]
        : []),
    ],
  };
}

/** Endpoints of each port of a Service: `portName/PROTOCOL` → sorted list. Ports are matched by name, not by number. */
function endpointsByPort(
  slices: readonly EndpointSlice[],
  family: 4 | 6,
): ReadonlyMap<string, readonly EndpointView[]> {
  const found = new Map<string, Map<string, EndpointView>>();
  for (const slice of slices) {
    for (const port of slice.ports ?? []) {
      if (!port.port) continue;
      const portKey = `${port.name ?? ""}/${port.protocol ?? "TCP"}`;
      let set = found.get(portKey);
      if (set === undefined) found.set(portKey, (set = new Map()));
      for (const [index, endpoint] of (slice.endpoints ?? []).entries()) {
        // Only the first address counts; a slice of the other family is none of this proxier's business.
        const ip = endpoint.addresses[0];
        if (ip === undefined || familyOf(ip) !== family) continue;
        const view = endpointView(slice, endpoint, index, ip, port.port);
        const known = set.get(view.key);
        if (known === undefined || (known.terminating && !view.terminating)) set.set(view.key, view);
      }
    }
  }
  const sorted = new Map<string, readonly EndpointView[]>();
  for (const [key, set] of found)
    sorted.set(
      key,
      [...set.values()].sort((a, b) => compareStrings(a.key, b.key)),
    );
  return sorted;
}

interface Cached {
  readonly service: Service;
  readonly slices: readonly EndpointSlice[];
  readonly entries: readonly ServiceEntry[];
}

/** By namespace and name; good as long as the objects are the same ones. */
const CACHES: Readonly<Record<4 | 6, Map<string, Cached>>> = { 4: new Map(), 6: new Map() };

function sameSlices(a: readonly EndpointSlice[], b: readonly EndpointSlice[]): boolean {
  return a.length === b.length && a.every((slice, i) => slice === b[i]);
}

const NO_ENDPOINTS: readonly EndpointView[] = [];

/** The entries of one Service: none when it is headless, an ExternalName, of the other family, or another proxy's. */
export function serviceEntries(
  service: Service,
  slices: readonly EndpointSlice[],
  family: 4 | 6,
): readonly ServiceEntry[] {
  const key = `${service.metadata.namespace ?? ""}/${service.metadata.name}`;
  const cached = CACHES[family].get(key);
  if (cached?.service === service && sameSlices(cached.slices, slices)) return cached.entries;
  const clusterIP = clusterIPOf(service, family);
  let entries: readonly ServiceEntry[] = [];
  if (clusterIP !== null && watched(service)) {
    const watchedSlices = slices
      .filter((slice) => watched(slice) && slice.metadata.labels?.[SERVICE_NAME_LABEL] === service.metadata.name)
      .sort((a, b) => compareStrings(a.metadata.name, b.metadata.name));
    const endpoints = endpointsByPort(watchedSlices, family);
    entries = (service.spec.ports ?? []).map((port, index) => ({
      port: portView(service, port, index, clusterIP, family),
      endpoints: endpoints.get(`${port.name ?? ""}/${port.protocol}`) ?? NO_ENDPOINTS,
    }));
  }
  CACHES[family].set(key, { service, slices, entries });
  return entries;
}

/** What kube-proxy sees of the cluster in one IP family. Unchanged Services give the very entries of the view before. */
export function buildView(reader: ServiceReader, family: 4 | 6 = 4): ProxyView {
  return trackView(reader, family).view;
}

/** A view, and the entries of each Service in it by `namespace/name`: what a change of one Service is worked into. */
export interface TrackedView {
  readonly view: ProxyView;
  readonly byService: BucketMap<readonly ServiceEntry[]>;
}

const byName = (a: ServiceEntry, b: ServiceEntry): number => compareStrings(a.port.name, b.port.name);

const countEndpoints = (entries: readonly ServiceEntry[]): number =>
  entries.reduce((sum, { endpoints }) => sum + endpoints.length, 0);

/** The view of all Services, made so that changes can be worked in. */
export function trackView(reader: ServiceReader, family: 4 | 6): TrackedView {
  const entries: ServiceEntry[] = [];
  const byService: [string, readonly ServiceEntry[]][] = [];
  const services = reader.list<Service>("Service");
  // Services that are gone would otherwise be remembered for ever.
  if (CACHES[family].size > 2 * services.length + 100) CACHES[family].clear();
  for (const service of services) {
    const namespace = service.metadata.namespace ?? "";
    const own = serviceEntries(service, reader.slicesOf(namespace, service.metadata.name), family);
    if (own.length === 0) continue;
    byService.push([`${namespace}/${service.metadata.name}`, own]);
    for (const entry of own) entries.push(entry);
  }
  entries.sort(byName);
  return {
    view: { family, entries, totalEndpoints: countEndpoints(entries) },
    byService: BucketMap.of(byService, byService.length),
  };
}

/** Where an entry of this name stands in a sorted list, or would stand. */
function placeOf(entries: readonly ServiceEntry[], name: string): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareStrings((entries[middle] as ServiceEntry).port.name, name) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The view after some Services (`namespace/name`) or their slices changed, as kube-proxy's change trackers keep it: only they are read.
 * The very same view when nothing of it changes.
 */
export function updateView(
  tracked: TrackedView,
  reader: Pick<ObjectReader, "get" | "slicesOf">,
  changed: Iterable<string>,
): TrackedView {
  const { family } = tracked.view;
  let { totalEndpoints } = tracked.view;
  let entries: ServiceEntry[] | null = null;
  const gone: string[] = [];
  const come: [string, readonly ServiceEntry[]][] = [];
  for (const key of changed) {
    const slash = key.indexOf("/");
    const [namespace, name] = [key.slice(0, slash), key.slice(slash + 1)];
    const service = reader.get<Service>(objectKey("Service", namespace, name));
    const before = tracked.byService.get(key) ?? NO_ENTRIES;
    const after =
      service === undefined ? NO_ENTRIES : serviceEntries(service, reader.slicesOf(namespace, name), family);
    if (service === undefined) CACHES[family].delete(key);
    if (before === after || (before.length === 0 && after.length === 0)) continue;
    entries ??= [...tracked.view.entries];
    for (const entry of before) {
      const at = entries.indexOf(entry, placeOf(entries, entry.port.name));
      if (at >= 0) entries.splice(at, 1);
    }
    for (const entry of after) entries.splice(placeOf(entries, entry.port.name), 0, entry);
    totalEndpoints += countEndpoints(after) - countEndpoints(before);
    if (after.length === 0) gone.push(key);
    else come.push([key, after]);
  }
  if (entries === null) return tracked;
  return { view: { family, entries, totalEndpoints }, byService: tracked.byService.with(gone, come) };
}

const NO_ENTRIES: readonly ServiceEntry[] = [];
