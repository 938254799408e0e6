/**
 * How many pods of an owner say what: an owner of ten thousand is asked after every few hundred of them, and most are as they were.
 */
import type { ObjectReader } from "../apiserver/types.ts";
import { compareStrings } from "../base/compare.ts";
import type { KubeObject, Labels } from "../model/meta/types.ts";
import type { Pod } from "../model/pod/types.ts";
import { isDeleting } from "./changes.ts";
import { isTerminal } from "./pods.ts";

type Conditions = Pod["status"]["conditions"];

/** Pods with the same labels and conditions, which all of a template that came up together share. */
export interface Alike {
  readonly labels: Labels | undefined;
  readonly conditions: Conditions;
  /** Neither finished nor being deleted. */
  readonly active: number;
  /** Finished, and not being deleted. */
  readonly over: number;
}

interface Group extends Alike {
  active: number;
  over: number;
  leaving: number;
}

/** The pods of a list, counted; kept up to date from one list to the next by what differs. */
export class PodTally {
  private list: readonly KubeObject[] = [];
  private readonly groups = new Map<Labels | undefined, Map<Conditions, Group>>();

  /** Counts for this list, sorted as readers give it. Costs what differs from the list before. */
  of(list: readonly KubeObject[]): readonly Alike[] {
    const before = this.list;
    this.list = list;
    let i = 0;
    let j = 0;
    while (i < before.length || j < list.length) {
      const [old, now] = [before[i], list[j]];
      if (old !== undefined && old === now) {
        i += 1;
        j += 1;
        continue;
      }
      const order = old === undefined ? 1 : now === undefined ? -1 : compare(old, now);
      if (order <= 0) {
        this.count(old, -1);
        i += 1;
      }
      if (order >= 0) {
        this.count(now, 1);
        j += 1;
      }
    }
    return [...this.groups.values()].flatMap((byConditions) => [...byConditions.values()]);
  }

  private count(object: KubeObject | undefined, by: 1 | -1): void {
    if (object?.kind !== "Pod") return;
    const pod = object as Pod;
    const { labels } = pod.metadata;
    const { conditions } = pod.status;
    let byConditions = this.groups.get(labels);
    if (byConditions === undefined) this.groups.set(labels, (byConditions = new Map()));
    let group = byConditions.get(conditions);
    if (group === undefined)
      byConditions.set(conditions, (group = { labels, conditions, active: 0, over: 0, leaving: 0 }));
    if (isDeleting(pod)) group.leaving += by;
    else if (isTerminal(pod)) group.over += by;
    else group.active += by;
    if (group.active + group.over + group.leaving > 0) return;
    byConditions.delete(conditions);
    if (byConditions.size === 0) this.groups.delete(labels);
  }
}

function compare(a: KubeObject, b: KubeObject): number {
  return (
    compareStrings(a.metadata.namespace ?? "", b.metadata.namespace ?? "") ||
    compareStrings(a.metadata.name, b.metadata.name) ||
    compareStrings(a.kind, b.kind)
  );
}

/** Lists shorter than this are looked through. */
const WORTHWHILE = 256;
/** Owners whose pods are kept counted. */
const KEPT = 64;

/** By cluster, so that they go with it, then by the owner's uid. */
const TALLIES = new WeakMap<ObjectReader, Map<string, PodTally>>();

/** The pods of an owner, counted; null where they are so few that counting them up is no gain. */
export function talliedPods(uid: string, reader: ObjectReader): readonly Alike[] | null {
  const list = reader.ownedBy(uid);
  if (list.length < WORTHWHILE) return null;
  let known = TALLIES.get(reader);
  if (known === undefined) TALLIES.set(reader, (known = new Map()));
  const tally = known.get(uid) ?? new PodTally();
  // The one not asked for the longest is forgotten.
  known.delete(uid);
  known.set(uid, tally);
  const oldest = known.keys().next();
  if (known.size > KEPT && oldest.done !== true) known.delete(oldest.value);
  return tally.of(list);
}
