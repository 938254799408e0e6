import type { ObjectReader } from "../../apiserver/types.ts";
import { cidrNth, cidrOf } from "../../base/ip.ts";
import type { Node } from "../../model/node/types.ts";

/** CIDR → offset of the address handed out last: the file that the CNI plugin host-local keeps. */
export type Leases = Readonly<Record<string, number>>;

/** Beyond this offset nobody looks for a free address in an IPv6 subnet. */
const FARTHEST = 1 << 20;

/** The node's pod subnets, primary family first. */
export function podCidrsOf(node: Node): readonly string[] {
  const { podCIDR, podCIDRs } = node.spec;
  return podCIDRs !== undefined && podCIDRs.length > 0 ? podCIDRs : podCIDR === undefined ? [] : [podCIDR];
}

/**
 * One address of each pod subnet of the node: .1 is the bridge, .2 the first pod, then always the one after the last, round
 * and round, so that a freed address is not given out again at once. null when there is no subnet or one is full.
 * Source: containernetworking/plugins, plugins/ipam/host-local/backend/allocator.
 */
export function allocatePodIPs(
  node: Node,
  leases: Leases,
  reader: ObjectReader,
): { readonly ips: readonly string[]; readonly leases: Leases } | null {
  const cidrs = podCidrsOf(node);
  if (cidrs.length === 0) return null;
  const ips: string[] = [];
  const next: Record<string, number> = { ...leases };
  for (const text of cidrs) {
    const cidr = cidrOf(text);
    if (cidr === null) return null;
    // IPv4 keeps its last address for broadcast.
    const last = Math.min(FARTHEST, Number(cidr.size) - (cidr.family === 4 ? 2 : 1));
    const offset = nextFree(leases[text] ?? 1, last, (n) => reader.podByIP(cidrNth(text, n)) === undefined);
    if (offset === null) return null;
    next[text] = offset;
    ips.push(cidrNth(text, offset));
  }
  return { ips, leases: next };
}

function nextFree(after: number, last: number, isFree: (offset: number) => boolean): number | null {
  for (let i = 1; i <= last - 1; i++) {
    // Offsets 2..last in a circle, starting behind `after`.
    const offset = 2 + ((after - 2 + i + (last - 1)) % (last - 1));
    if (isFree(offset)) return offset;
  }
  return null;
}
