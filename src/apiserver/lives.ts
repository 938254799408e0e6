import { keyOf, type ObjectKey } from "../model/meta/types.ts";
import type { Commit, Store } from "./types.ts";

interface Counted {
  upTo: number;
  readonly ended: Map<ObjectKey, number>;
}

/** What of a journal has been counted: a memory of what it says, so a journal that comes from a checkpoint is counted anew. */
const COUNTED = new WeakMap<readonly Commit[], Counted>();

/** How many Services of this name there have been that are no more. */
export function livesBefore({ journal }: Pick<Store, "journal">, key: ObjectKey): number {
  let counted = COUNTED.get(journal);
  if (counted === undefined) COUNTED.set(journal, (counted = { upTo: 0, ended: new Map() }));
  const { ended } = counted;
  for (; counted.upTo < journal.length; counted.upTo++) {
    for (const object of journal[counted.upTo]?.removed ?? []) {
      if (object.kind === "Service") ended.set(keyOf(object), (ended.get(keyOf(object)) ?? 0) + 1);
    }
  }
  return ended.get(key) ?? 0;
}
