import type { Commit } from "../apiserver/types.ts";
import { type Cidr, cidrOf, formatCidr } from "../base/ip.ts";
import { keyOf, type KubeObject, type ObjectKey } from "../model/meta/types.ts";
import type { Node } from "../model/node/types.ts";
import { changesOf, isDeleting } from "./changes.ts";
import { podCidrsOf } from "./kubelet/ipam.ts";
import { type Controller, NOTHING, type Reconciliation, type ReconcileView } from "./types.ts";

/** `--node-cidr-mask-size-ipv4` and `-ipv6`. */
const MASK = { 4: 24, 6: 64 } as const;

/**
 * Gives every Node without podCIDR the next free piece of the pod subnet: 10.244.1.0/24, 10.244.2.0/24 ... The first piece is
 * left to the control plane, which stands outside the nodes and registered before them. Source: pkg/controller/nodeipam.
 */
export const nodeIpamController: Controller = {
  name: "node-ipam-controller",
  watches: new Set(["Node"]),
  instanceOf: () => "node-ipam-controller",
  keysFor(commit: Commit): readonly string[] {
    const keys: string[] = [];
    for (const { to } of changesOf(commit)) {
      if (to?.kind === "Node" && !isDeleting(to) && podCidrsOf(to as Node).length === 0) keys.push(keyOf(to));
    }
    return keys;
  },
  reconcile(key: string, view: ReconcileView): Reconciliation {
    const node = view.reader.get<Node>(key as ObjectKey);
    if (node === undefined || podCidrsOf(node).length > 0) return NOTHING;
    const taken = view.reader
      .list<Node>("Node")
      .flatMap(podCidrsOf)
      .flatMap((text) => cidrOf(text) ?? []);
    const subnet = view.cluster.podSubnet.split(",")[0] ?? "";
    // A subnet of one piece has no second one: then the control plane does without.
    const free = freePiece(subnet, taken, 1n) ?? freePiece(subnet, taken);
    if (free === null)
      return { operations: [], title: `CIDRNotAvailable: no free pod CIDR for node ${node.metadata.name}` };
    const spec = { ...node.spec, podCIDR: free, podCIDRs: [free] };
    return {
      operations: [{ op: "update", object: { ...node, spec } as KubeObject }],
      title: `Node ${node.metadata.name} has pod CIDR ${free}`,
    };
  },
};

function overlap(a: Cidr, b: Cidr): boolean {
  return a.family === b.family && a.base < b.base + b.size && b.base < a.base + a.size;
}

/**
 * The first piece of a subnet, of the size that every node gets, that overlaps with none of those taken, or null; `skipped` pieces
 * at its beginning are left out.
 */
export function freePiece(subnetText: string, taken: readonly Cidr[], skipped = 0n): string | null {
  const subnet = cidrOf(subnetText.trim());
  if (subnet === null) return null;
  const prefix = Math.max(MASK[subnet.family], subnet.prefix);
  const size = 1n << BigInt((subnet.family === 4 ? 32 : 128) - prefix);
  for (let base = subnet.base + skipped * size; base + size <= subnet.base + subnet.size; base += size) {
    const piece: Cidr = { family: subnet.family, base, prefix, size };
    if (!taken.some((other) => overlap(piece, other))) return formatCidr(piece);
  }
  return null;
}
