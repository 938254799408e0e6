/**
 * What a text that was read from a running cluster says of that cluster without saying it: a Service that an API server has filled in
 * was admitted there, so its ranges hold the Service's addresses and ports.
 */
import { cidrContains, cidrOf, formatCidr, isIPv6, parseIP } from "../base/ip.ts";
import { isRecord } from "../base/json.ts";
import { DEFAULT_CLUSTER } from "../model/config/cluster-config.ts";
import type { ClusterConfig, ConfigObject } from "../model/config/types.ts";
import type { KubeObject } from "../model/meta/types.ts";
import type { Node } from "../model/node/types.ts";
import type { ServicePort, ServiceSpec } from "../model/service/types.ts";

type Loose = Readonly<Record<string, unknown>>;

/** A Service as an API server answers: with the fields that only the server fills in. */
function specFromServer(object: KubeObject): Partial<ServiceSpec> | null {
  if (object.kind !== "Service") return null;
  const { spec, status } = object as unknown as { readonly spec?: unknown; readonly status?: unknown };
  if (!isRecord(spec) || !isRecord(status) || !isRecord(status["loadBalancer"])) return null;
  const filled = ["clusterIPs", "ipFamilies"].every((field) => Array.isArray(spec[field]));
  return filled && typeof spec["internalTrafficPolicy"] === "string" ? (spec as Partial<ServiceSpec>) : null;
}

const bitsOf = (ip: string): number => (isIPv6(ip) ? 128 : 32);

/** The network of this length around an address. */
function around(ip: string, prefix: number): string | null {
  const cidr = cidrOf(`${ip}/${String(prefix)}`);
  return cidr === null ? null : formatCidr(cidr);
}

const holds = (range: string, ips: readonly string[]): boolean => ips.every((ip) => cidrContains(range, ip));

/**
 * A range that holds all of these addresses of one family. `first`: the Service of the API server, which has the first address of
 * its range. Null when no range that an API server takes (20 bits at most) holds them.
 */
function rangeOf(ips: readonly string[], first: string | undefined): string | null {
  const [some] = ips;
  if (some === undefined) return null;
  const bits = bitsOf(some);
  const lengths = Array.from({ length: bits === 32 ? 13 : 17 }, (_, i) => bits - 20 + i);
  if (first !== undefined) {
    const base = parseIP(first);
    const found = lengths
      .map((length) => around(first, length))
      .find((range) => {
        const cidr = range === null ? null : cidrOf(range);
        return cidr !== null && base !== null && cidr.base + 1n === base.value && holds(range ?? "", ips);
      });
    return found ?? null;
  }
  // Ranges of 16 bits are what installers make; a wider one only where that is too narrow.
  for (let length = bits - 16; length >= bits - 20; length--) {
    const range = around(some, length);
    if (range !== null && holds(range, ips)) return range;
  }
  return null;
}

const isApiServer = ({ metadata }: KubeObject): boolean =>
  metadata.name === "kubernetes" && (metadata.namespace ?? "default") === "default";

const addressesOf = ({ clusterIPs = [] }: Partial<ServiceSpec>): readonly string[] =>
  clusterIPs.filter((ip) => parseIP(ip) !== null);

const ofFamily = (six: boolean) => (ip: string) => isIPv6(ip) === six;

/** Networks of the nodes' pods as the text's Nodes have them. */
function podNetworks(nodes: readonly Node[]): readonly string[] {
  return nodes.flatMap((node) => {
    const spec: Partial<Node["spec"]> | undefined = (node as Partial<Node>).spec;
    return (spec?.podCIDRs ?? (spec?.podCIDR === undefined ? [] : [spec.podCIDR])).flatMap(
      (text) => String(text).split("/")[0] ?? [],
    );
  });
}

/** The IPv6 part of a pod subnet that holds these networks: as long a prefix as an installer would have it. */
function podRange(bases: readonly string[]): string | null {
  for (let length = 56; length >= 16; length -= 8) {
    const range = around(bases[0] ?? "", length);
    if (range !== null && holds(range, bases)) return range;
  }
  return null;
}

/** Is the cluster's first family IPv6? Its own Service tells, else its nodes do. */
function isSixFirst(first: string | undefined, nodes: readonly Node[]): boolean {
  if (first !== undefined) return isIPv6(first);
  const addresses = (nodes as readonly Partial<Node>[]).flatMap(({ status }) => status?.addresses ?? []);
  const internal = addresses.find(({ type }) => type === "InternalIP")?.address;
  return internal !== undefined && isIPv6(internal);
}

export interface Implied {
  readonly cluster: ClusterConfig;
  /** What was concluded, and from which object. */
  readonly notes: readonly { readonly object: KubeObject; readonly path: string; readonly message: string }[];
}

const SAY = "A ClusterConfiguration in the text says it exactly";

function servicesRange(
  cluster: ClusterConfig,
  services: readonly { readonly object: KubeObject; readonly spec: Partial<ServiceSpec> }[],
  nodes: readonly Node[],
): string | null {
  const ips = services.flatMap(({ spec }) => addressesOf(spec));
  const own = services.find(({ object }) => isApiServer(object));
  const firsts = own === undefined ? [] : addressesOf(own.spec);
  const [standard = ""] = cluster.serviceSubnet.split(",");
  const ofOne = (six: boolean): string | null => rangeOf(ips.filter(ofFamily(six)), firsts.find(ofFamily(six)));
  const six = ofOne(true);
  const fits = holds(standard, ips.filter(ofFamily(false)));
  const four = fits ? standard : ofOne(false);
  if (ips.some(isIPv6) && six === null) return null;
  if (!fits && four === null) return null;
  if (six === null) return four;
  const sixFirst = isSixFirst(firsts[0], nodes);
  const hasFour = ips.some((ip) => !isIPv6(ip)) || nodes.length === 0;
  const nodesHaveFour = (nodes as readonly Partial<Node>[]).some(({ status }) =>
    status?.addresses?.some(({ type, address }) => type === "InternalIP" && !isIPv6(address)),
  );
  if (!hasFour && !nodesHaveFour) return six;
  return sixFirst ? `${six},${four ?? ""}` : `${four ?? ""},${six}`;
}

/** The widest span of the node ports that its Services have, and that of the configuration. */
function portsRange(
  { from, to }: ClusterConfig["nodePortRange"],
  services: readonly { readonly spec: Partial<ServiceSpec> }[],
): ClusterConfig["nodePortRange"] {
  const ports = services.flatMap(({ spec }) => [
    ...(Array.isArray(spec.ports) ? spec.ports : []).map((port: Partial<ServicePort>) => port.nodePort ?? 0),
    spec.healthCheckNodePort ?? 0,
  ]);
  const valid = ports.filter((port) => Number.isInteger(port) && port > 0 && port <= 65535);
  return { from: Math.min(from, ...valid), to: Math.max(to, ...valid) };
}

/** Ranges of the cluster that the text was read from, as far as no ClusterConfiguration says them. */
export function impliedCluster(
  configured: ClusterConfig,
  file: ConfigObject | undefined,
  objects: readonly KubeObject[],
): Implied {
  const services = objects.flatMap((object) => {
    const spec = specFromServer(object);
    return spec === null ? [] : [{ object, spec }];
  });
  if (services.length === 0) return { cluster: configured, notes: [] };
  const networking: Loose = isRecord(file?.["networking"]) ? file["networking"] : {};
  const nodes = objects.filter((object): object is Node => object.kind === "Node");
  const notes: Implied["notes"][number][] = [];
  let cluster = configured;

  const range = networking["serviceSubnet"] === undefined ? servicesRange(configured, services, nodes) : null;
  if (range !== null && range !== configured.serviceSubnet) {
    const outside = services.find(({ spec }) => addressesOf(spec).some((ip) => !holds(configured.serviceSubnet, [ip])));
    cluster = { ...cluster, serviceSubnet: range };
    if (outside !== undefined) {
      const message = `Read from a cluster with another range of ClusterIPs: its serviceSubnet is taken to be ${range}. ${SAY}.`;
      notes.push({ object: outside.object, path: "spec.clusterIPs", message });
    }
    const sixes = podNetworks(nodes).filter(ofFamily(true));
    const pods = range.split(",").some(isIPv6) && sixes.length > 0 ? podRange(sixes) : null;
    if (pods !== null && networking["podSubnet"] === undefined && !cluster.podSubnet.includes(":")) {
      const both = isIPv6(range.split(",")[0] ?? "") ? [pods, cluster.podSubnet] : [cluster.podSubnet, pods];
      cluster = { ...cluster, podSubnet: range.includes(",") ? both.join(",") : pods };
    }
  }
  const isDefault = configured.nodePortRange === DEFAULT_CLUSTER.nodePortRange;
  const ports = isDefault ? portsRange(configured.nodePortRange, services) : configured.nodePortRange;
  const { from, to } = configured.nodePortRange;
  if (ports.from !== from || ports.to !== to) {
    const outside = services.find((one) => {
      const own = portsRange(configured.nodePortRange, [one]);
      return own.from !== from || own.to !== to;
    });
    cluster = { ...cluster, nodePortRange: ports };
    if (outside !== undefined) {
      const message = `Read from a cluster with a wider range of node ports: it is taken to be ${String(ports.from)}-${String(ports.to)}. ${SAY}.`;
      notes.push({ object: outside.object, path: "spec", message });
    }
  }
  return { cluster, notes };
}
