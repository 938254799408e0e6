import type { MirrorState } from "../mirror/types.ts";
import type { KubeObject } from "../model/meta/types.ts";

/** Objects by kind, each kind sorted by namespace and name. */
export type Index = ReadonlyMap<string, readonly KubeObject[]>;

const KNOWN = new WeakMap<MirrorState["objects"], Index>();
/** The newest index: most frames change objects of one or two kinds, and the lists of all others are taken over. */
let last: Index = new Map();

/**
 * The mirror's objects by kind. Worked out once for each state of the mirror; the list of a kind keeps its identity while no object
 * of that kind changes.
 */
export function indexOf(objects: MirrorState["objects"]): Index {
  const known = KNOWN.get(objects);
  if (known !== undefined) return known;
  const lists = new Map<string, KubeObject[]>();
  for (const object of objects.values()) {
    const list = lists.get(object.kind);
    if (list === undefined) lists.set(object.kind, [object]);
    else list.push(object);
  }
  const index = new Map<string, readonly KubeObject[]>();
  for (const [kind, list] of lists) {
    const sorted = list.every((object, i) => i === 0 || byName(list[i - 1] ?? object, object) <= 0)
      ? list
      : list.sort(byName);
    const before = last.get(kind);
    index.set(kind, before !== undefined && isSame(before, sorted) ? before : sorted);
  }
  KNOWN.set(objects, index);
  last = index;
  return index;
}

const isSame = (a: readonly KubeObject[], b: readonly KubeObject[]): boolean =>
  a.length === b.length && a.every((object, i) => object === b[i]);

function byName(a: KubeObject, b: KubeObject): number {
  const x = a.metadata.namespace ?? "";
  const y = b.metadata.namespace ?? "";
  if (x !== y) return x < y ? -1 : 1;
  return a.metadata.name < b.metadata.name ? -1 : a.metadata.name > b.metadata.name ? 1 : 0;
}
