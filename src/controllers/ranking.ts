/** The scheduler's choice for the many pods that ask for nothing particular, without looking at every node for each of them. */
import type { ObjectReader, Placements } from "../apiserver/types.ts";
import { Heap } from "../base/heap.ts";
import type { Node } from "../model/node/types.ts";
import type { Pod } from "../model/pod/types.ts";
import { controllerOf } from "./changes.ts";
import { type Placed, zoneLabel } from "./placement.ts";
import { hostPorts } from "./pods.ts";

/** Does what else stands on the nodes matter to the pod by its number alone (and by what room it leaves)? */
export function isPlain(pod: Pod, reader: ObjectReader): boolean {
  if (reader.placements === undefined || reader.placements.keepingAway > 0 || pod.status.podIP !== undefined)
    return false;
  const { affinity, topologySpreadConstraints } = pod.spec as Placed;
  return (
    topologySpreadConstraints === undefined &&
    affinity?.podAffinity === undefined &&
    affinity?.podAntiAffinity === undefined &&
    affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution === undefined &&
    hostPorts(pod).length === 0
  );
}

/** A node with the numbers that it had when last looked at: never more than it has now. */
interface Entry {
  readonly node: Node;
  readonly index: number;
  readonly siblings: number;
  readonly pods: number;
}

const byRank = (a: Entry, b: Entry): number => a.siblings - b.siblings || a.pods - b.pods || a.index - b.index;

/**
 * The nodes for the pods of one owner, the next one first. Numbers only grow while no pod leaves, so an entry is a lower bound, and
 * whatever stands first and is up to date is first of all.
 */
class Ranking {
  readonly departures: number;
  /** Nodes by zone: in one zone all have the same number of siblings in their zone. */
  private readonly zones = new Map<string, Heap<Entry>>();
  private readonly inZone = new Map<string, number>();
  private readonly zoneOf = new Map<string, string>();
  private readonly uid: string;
  private readonly counts: Placements;
  private read: number;

  constructor(uid: string, nodes: readonly Node[], counts: Placements) {
    this.uid = uid;
    this.counts = counts;
    this.departures = counts.departures;
    this.read = counts.came(uid).length;
    nodes.forEach((node, index) => {
      const zone = zoneLabel(node);
      if (zone !== undefined) this.zoneOf.set(node.metadata.name, zone);
      let heap = this.zones.get(zone ?? "");
      if (heap === undefined) this.zones.set(zone ?? "", (heap = new Heap(byRank)));
      heap.push({ node, index, siblings: 0, pods: 0 });
    });
    for (const [node, number] of counts.onNodes(uid)) this.countZone(node, number);
  }

  first(reader: ObjectReader, refusal: (node: Node) => string | null): Node | undefined {
    const came = this.counts.came(this.uid);
    for (; this.read < came.length; this.read++) this.countZone(came[this.read] as string, 1);
    const siblings = this.counts.onNodes(this.uid);
    const aside: { readonly heap: Heap<Entry>; readonly entry: Entry }[] = [];
    let found: Node | undefined;
    for (;;) {
      let best: { readonly heap: Heap<Entry>; readonly entry: Entry; readonly zone: number } | null = null;
      for (const [name, heap] of this.zones) {
        const entry = upToDate(heap, siblings, reader);
        if (entry === undefined) continue;
        const zone = this.inZone.get(name) ?? 0;
        const isBetter =
          best === null ||
          (entry.siblings - best.entry.siblings ||
            zone - best.zone ||
            entry.pods - best.entry.pods ||
            entry.index - best.entry.index) < 0;
        if (isBetter) best = { heap, entry, zone };
      }
      if (best === null) break;
      if (refusal(best.entry.node) === null) {
        found = best.entry.node;
        break;
      }
      best.heap.pop();
      aside.push(best);
    }
    for (const { heap, entry } of aside) heap.push(entry);
    return found;
  }

  private countZone(node: string, number: number): void {
    const zone = this.zoneOf.get(node);
    if (zone !== undefined) this.inZone.set(zone, (this.inZone.get(zone) ?? 0) + number);
  }
}

/** The first of the heap once it stands where it belongs now. */
function upToDate(heap: Heap<Entry>, siblings: ReadonlyMap<string, number>, reader: ObjectReader): Entry | undefined {
  for (;;) {
    const entry = heap.peek();
    if (entry === undefined) return undefined;
    const { name } = entry.node.metadata;
    const own = siblings.get(name) ?? 0;
    const pods = reader.podCountOnNode(name);
    if (own === entry.siblings && pods === entry.pods) return entry;
    heap.pop();
    heap.push({ ...entry, siblings: own, pods });
  }
}

/** By the list of nodes (another one as soon as one of them changes), then by owner and what it demands of a node. */
const RANKINGS = new WeakMap<readonly Node[], Map<string, Ranking>>();

/** As the scheduler ranks nodes for a plain pod; undefined when none takes it. `refusal` depends on the pod's spec and on what room there is. */
export function quickPick(
  pod: Pod,
  nodes: readonly Node[],
  reader: ObjectReader,
  refusal: (node: Node) => string | null,
): Node | undefined {
  const { placements } = reader;
  if (placements === undefined) return undefined;
  let rankings = RANKINGS.get(nodes);
  if (rankings === undefined) RANKINGS.set(nodes, (rankings = new Map()));
  const uid = controllerOf(pod)?.uid ?? "";
  let ranking = rankings.get(uid);
  if (ranking === undefined || ranking.departures !== placements.departures)
    rankings.set(uid, (ranking = new Ranking(uid, nodes, placements)));
  return ranking.first(reader, refusal);
}
