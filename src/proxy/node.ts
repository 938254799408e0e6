import { cidrContains, isIPv6, parseCidr } from "../base/ip.ts";
import type { ProxyConfig } from "../model/config/types.ts";
import { type Node, nodeInternalIP } from "../model/node/types.ts";

/** What kube-proxy knows of the node it runs on. */
export interface ProxyNode {
  readonly name: string;
  /** All addresses of the node's interfaces (loopback left out), the primary one of each family first. */
  readonly ips: readonly string[];
  /** Label topology.kubernetes.io/zone, or null. */
  readonly zone: string | null;
  readonly podCIDRs: readonly string[];
}

const ZONE_LABEL = "topology.kubernetes.io/zone";

/** The node as its own kube-proxy sees it, from its object. `extraIPs` are addresses that the object does not list (cni0). */
export function proxyNode(node: Node, extraIPs: readonly string[] = []): ProxyNode {
  const listed = (node.status.addresses ?? [])
    .filter((a) => a.type === "InternalIP" || a.type === "ExternalIP")
    .map((a) => a.address);
  const primary = nodeInternalIP(node);
  return {
    name: node.metadata.name,
    ips: [...new Set([...(primary === undefined ? [] : [primary]), ...listed, ...extraIPs])],
    zone: node.metadata.labels?.[ZONE_LABEL] ?? null,
    podCIDRs: node.spec.podCIDRs ?? (node.spec.podCIDR ? [node.spec.podCIDR] : []),
  };
}

/** The node's primary address of a family, or null. */
export function primaryIP(node: ProxyNode, family: 4 | 6): string | null {
  return node.ips.find((ip) => isIPv6(ip) === (family === 6)) ?? null;
}

/** How rules tell traffic of local pods from other traffic; null: they cannot. Upstream: pkg/proxy/util/localdetector.go. */
export type LocalDetector =
  { readonly kind: "cidr"; readonly cidr: string } | { readonly kind: "iface"; readonly iface: string };

/** The detector that `detectLocalMode` asks for, in one family. */
export function localDetector(config: ProxyConfig, node: ProxyNode, family: 4 | 6): LocalDetector | null {
  switch (config.detectLocalMode) {
    case "ClusterCIDR":
    case "NodeCIDR": {
      const cidrs =
        config.detectLocalMode === "NodeCIDR" && config.detectLocal.length === 0 ? node.podCIDRs : config.detectLocal;
      const cidr = cidrs.find((text) => parseCidr(text)?.family === family);
      return cidr === undefined ? null : { kind: "cidr", cidr };
    }
    case "BridgeInterface":
    case "InterfaceNamePrefix": {
      const name = config.detectLocal[0];
      if (name === undefined || name === "") return null;
      return { kind: "iface", iface: config.detectLocalMode === "BridgeInterface" ? name : `${name}+` };
    }
  }
}

/** Which local addresses answer node ports. Upstream: pkg/proxy/util/nodeport_addresses.go. */
export interface NodePortAddresses {
  readonly all: boolean;
  readonly cidrs: readonly string[];
  /** Is 127.0.0.0/8, or a part of it, among them? */
  readonly loopback4: boolean;
}

/** `nodePortAddresses` read for one family; null and empty mean all, `primary` means the node's primary address. */
export function nodePortAddresses(
  configured: readonly string[] | null,
  node: ProxyNode,
  family: 4 | 6,
): NodePortAddresses {
  let texts = configured ?? [];
  if (texts.length === 1 && texts[0] === "primary") {
    const ip = primaryIP(node, family);
    texts = ip === null ? [] : [`${ip}/${family === 4 ? 32 : 128}`];
  }
  const cidrs = texts.filter((text) => parseCidr(text)?.family === family);
  const all = cidrs.length === 0 || cidrs.some((text) => parseCidr(text)?.prefix === 0);
  const loopback4 =
    family === 4 && (all || cidrs.some((text) => text.startsWith("127.") || cidrContains(text, "127.0.0.1")));
  return { all, cidrs, loopback4 };
}

/** The node's addresses, loopback included, that node ports are bound to when they are not bound to all. */
export function nodePortIPs(addresses: NodePortAddresses, node: ProxyNode, family: 4 | 6): readonly string[] {
  const loopback = family === 4 ? "127.0.0.1" : "::1";
  const own = [loopback, ...node.ips];
  return own.filter((ip, i) => own.indexOf(ip) === i && addresses.cidrs.some((cidr) => cidrContains(cidr, ip)));
}
