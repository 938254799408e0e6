import type { KubeObject } from "../model/meta/types.ts";
import type { Pod } from "../model/pod/types.ts";
import type { Placements } from "./types.ts";

const NOBODY: ReadonlyMap<string, number> = new Map();
const NOWHERE: readonly string[] = [];

interface Owned {
  readonly nodes: Map<string, number>;
  /** Emptied when one leaves: whoever reads on in it counts anew then. */
  readonly came: string[];
}

/** Counts of what {@link Placements} tells, kept up to date one change at a time. */
export class PlacementCounts implements Placements {
  departures = 0;
  keepingAway = 0;
  private readonly owned = new Map<string, Owned>();

  onNodes(uid: string): ReadonlyMap<string, number> {
    return this.owned.get(uid)?.nodes ?? NOBODY;
  }

  came(uid: string): readonly string[] {
    return this.owned.get(uid)?.came ?? NOWHERE;
  }

  change(from: KubeObject | undefined, to: KubeObject | undefined): void {
    if ((to ?? from)?.kind !== "Pod") return;
    const before = from as Pod | undefined;
    const after = to as Pod | undefined;
    this.keepingAway += Number(keepsAway(after)) - Number(keepsAway(before));
    const [was, is] = [before?.spec.nodeName, after?.spec.nodeName];
    if (was !== undefined && was !== is) this.departures += 1;
    const [left, came] = [standing(before), standing(after)];
    if (left?.uid === came?.uid && left?.node === came?.node) return;
    if (left !== null) this.leave(left.uid, left.node);
    if (came !== null) this.join(came.uid, came.node);
  }

  private join(uid: string, node: string): void {
    let owned = this.owned.get(uid);
    if (owned === undefined) this.owned.set(uid, (owned = { nodes: new Map(), came: [] }));
    owned.nodes.set(node, (owned.nodes.get(node) ?? 0) + 1);
    owned.came.push(node);
  }

  private leave(uid: string, node: string): void {
    this.departures += 1;
    const owned = this.owned.get(uid);
    if (owned === undefined) return;
    owned.came.length = 0;
    const left = (owned.nodes.get(node) ?? 0) - 1;
    if (left > 0) owned.nodes.set(node, left);
    else owned.nodes.delete(node);
    if (owned.nodes.size === 0) this.owned.delete(uid);
  }
}

/** Whose pod stands where; null: it has no owner or node, or is on its way out. */
function standing(pod: Pod | undefined): { readonly uid: string; readonly node: string } | null {
  if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) return null;
  const { nodeName } = pod.spec;
  const owner = pod.metadata.ownerReferences?.find((ref) => ref.controller === true);
  return nodeName === undefined || owner === undefined ? null : { uid: owner.uid, node: nodeName };
}

function keepsAway(pod: Pod | undefined): boolean {
  const { affinity } = (pod?.spec ?? {}) as { readonly affinity?: { readonly podAntiAffinity?: object } };
  return affinity?.podAntiAffinity !== undefined;
}
