/** MetalLB's configuration as its controller and its speakers read it. */
import type { ObjectReader } from "../../apiserver/types.ts";
import { parseIP } from "../../base/ip.ts";
import type { CloudProvider } from "../../model/kubehop/types.ts";
import type { Labels, LabelSelector } from "../../model/meta/types.ts";
import { type AddressRange, parseAddressRange } from "../../model/metallb/ranges.ts";
import type { BGPAdvertisement, IPAddressPool, L2Advertisement } from "../../model/metallb/types.ts";
import type { Namespace } from "../../model/namespace/types.ts";
import { labelSelectorMatches } from "../../model/selectors.ts";
import type { Service } from "../../model/service/types.ts";

/** `--lb-class` of a MetalLB that shares its cluster with a cloud's controller. */
const CLASS = "metallb";

export const METALLB_KINDS: ReadonlySet<string> = new Set([
  "IPAddressPool",
  "L2Advertisement",
  "BGPAdvertisement",
  "BGPPeer",
  "CloudProvider",
]);

/** MetalLB runs where a pool is. */
export function isInstalled(reader: ObjectReader): boolean {
  return reader.list("IPAddressPool").length > 0;
}

/**
 * Is the Service one for MetalLB? Without a cloud it takes all that ask for no class; beside one it has been given a class of its own,
 * so that the two do not fight. Source: filterByLoadBalancerClass in internal/k8s/controllers/service_controller.go.
 */
export function handles(service: Service, cloud: CloudProvider["spec"]): boolean {
  const wanted = cloud.loadBalancer === "none" ? undefined : CLASS;
  return service.spec.type === "LoadBalancer" && service.spec.loadBalancerClass === wanted;
}

export const ingressIPs = (service: Service): readonly string[] =>
  (service.status.loadBalancer.ingress ?? []).flatMap(({ ip }) => (ip === undefined || ip === "" ? [] : [ip]));

/** Ranges of a pool that can be read; the API has refused the others. */
export function rangesOf(pool: IPAddressPool): readonly AddressRange[] {
  return pool.spec.addresses.flatMap((text) => {
    const range = parseAddressRange(text);
    return range.ok ? [range.value] : [];
  });
}

/** IPv4 addresses that end in 0 or 255 and confuse some old customer equipment. Source: ipConfusesBuggyFirmwares. */
export function isBuggy(family: 4 | 6, value: bigint): boolean {
  const last = value & 0xffn;
  return family === 4 && (last === 0n || last === 255n);
}

function contains(pool: IPAddressPool, text: string): boolean {
  const ip = parseIP(text);
  if (ip === null || (pool.spec.avoidBuggyIPs === true && isBuggy(ip.family, ip.value))) return false;
  return rangesOf(pool).some((r) => r.family === ip.family && r.first <= ip.value && ip.value <= r.last);
}

/** The pool that an address belongs to, by name of the pools. */
export function poolOf(reader: ObjectReader, ip: string): IPAddressPool | undefined {
  return reader.list<IPAddressPool>("IPAddressPool").find((pool) => contains(pool, ip));
}

/** May a Service have an address of this pool? Source: isPoolCompatibleWithService; namespaceSelectors are resolved to names before. */
export function isCompatible(pool: IPAddressPool, service: Service, reader: ObjectReader): boolean {
  const wanted = pool.spec.serviceAllocation;
  if (wanted === undefined) return true;
  const { namespaces = [], namespaceSelectors = [], serviceSelectors = [] } = wanted;
  const home = service.metadata.namespace ?? "default";
  if (namespaces.length > 0 || namespaceSelectors.length > 0) {
    const labels = reader.list<Namespace>("Namespace").find(({ metadata }) => metadata.name === home)?.metadata.labels;
    if (!namespaces.includes(home) && !anyMatches(namespaceSelectors, labels)) return false;
  }
  return serviceSelectors.length === 0 || anyMatches(serviceSelectors, service.metadata.labels);
}

const anyMatches = (selectors: readonly LabelSelector[], labels: Labels | undefined): boolean =>
  selectors.some((selector) => labelSelectorMatches(selector, labels));

/** Does the advertisement speak of this pool? One that names none and selects none speaks of all. */
function advertises({ spec }: L2Advertisement | BGPAdvertisement, pool: IPAddressPool): boolean {
  const { ipAddressPools = [], ipAddressPoolSelectors = [] } = spec;
  if (ipAddressPools.length === 0 && ipAddressPoolSelectors.length === 0) return true;
  return ipAddressPools.includes(pool.metadata.name) || anyMatches(ipAddressPoolSelectors, pool.metadata.labels);
}

export function advertisementsOf<T extends L2Advertisement | BGPAdvertisement>(
  kind: T["kind"],
  pool: IPAddressPool,
  reader: ObjectReader,
): readonly T[] {
  return reader.list<T>(kind).filter((advertisement) => advertises(advertisement, pool));
}

/** Is the node one of those that the selectors name? No selectors: all are. */
export function selectsNode(selectors: readonly LabelSelector[] | undefined, labels: Labels | undefined): boolean {
  return selectors === undefined || selectors.length === 0 || anyMatches(selectors, labels);
}

/** Is the Service's load balancer MetalLB's, by its address? */
export function isMetallbs(service: Service, reader: ObjectReader, cloud: CloudProvider["spec"]): boolean {
  const [ip] = ingressIPs(service);
  return ip !== undefined && handles(service, cloud) && isInstalled(reader) && poolOf(reader, ip) !== undefined;
}
