import { cidrContains, cidrNth, cidrOf, formatIP, isIPv6, parseIP } from "../base/ip.ts";
import type { Node } from "../model/node/types.ts";
import type { Pod } from "../model/pod/types.ts";

export type Family = 4 | 6;

export function familyOf(ip: string): Family {
  return isIPv6(ip) ? 6 : 4;
}

/** All InternalIPs of a node, in status order. */
export function nodeAddresses(node: Node): readonly string[] {
  return (node.status.addresses ?? []).filter((a) => a.type === "InternalIP").map((a) => a.address);
}

export function nodeAddress(node: Node, family: Family): string | undefined {
  return nodeAddresses(node).find((ip) => familyOf(ip) === family);
}

export function podCidrs(node: Node): readonly string[] {
  const many = node.spec.podCIDRs ?? [];
  return many.length > 0 ? many : node.spec.podCIDR === undefined ? [] : [node.spec.podCIDR];
}

/** The pod's addresses, primary first; none before the kubelet has reported one. */
export function podAddresses(pod: Pod): readonly string[] {
  const many = (pod.status.podIPs ?? []).map((p) => p.ip);
  if (many.length > 0) return many;
  return pod.status.podIP === undefined || pod.status.podIP === "" ? [] : [pod.status.podIP];
}

/** First address of the podCIDR: what the bridge plugin gives to cni0. */
export function bridgeAddress(cidr: string): string {
  return cidrNth(cidr, 1);
}

/** The smallest network, at most a /24 (IPv6 /64), that holds all of these addresses: the segment that the nodes share. */
export function underlayNetwork(
  ips: readonly string[],
  family: Family,
): { readonly cidr: string; readonly router: string } | null {
  const own = ips.filter((ip) => familyOf(ip) === family);
  const first = own[0];
  if (first === undefined) return null;
  for (let prefix = family === 4 ? 24 : 64; prefix >= 0; prefix--) {
    const cidr = `${first}/${prefix}`;
    if (!own.every((ip) => cidrContains(cidr, ip))) continue;
    const net = cidrOf(cidr);
    if (net === null) return null;
    const base = formatIP({ family, value: net.base });
    // The router takes the first address that no node has.
    let offset = 1;
    while (own.includes(cidrNth(`${base}/${prefix}`, offset))) offset += 1;
    return { cidr: `${base}/${prefix}`, router: cidrNth(`${base}/${prefix}`, offset) };
  }
  return null;
}

/** The gateway that an outside machine's own network would have: the first address of its /24 (IPv6 /64), else the last. */
export function outsideGateway(ip: string): string {
  const family = familyOf(ip);
  const net = `${ip}/${family === 4 ? 24 : 64}`;
  const first = cidrNth(net, 1);
  return first === ip || parseIP(first) === null ? cidrNth(net, 254) : first;
}
