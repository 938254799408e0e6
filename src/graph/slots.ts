import type { Pod } from "../model/pod/types.ts";
import { keyOf } from "../model/meta/types.ts";

/** Pod key → slot in its node's card; `node/NAME` → row of the map. */
export type Slots = ReadonlyMap<string, number>;

/**
 * Gives every placed pod a slot in its node's card. A pod that had one keeps it; new ones, oldest first and then by name, take
 * the first free slots, so that nothing that is already on the map moves. What the reader has `moved` has first choice.
 */
export function assignSlots(pods: readonly Pod[], previous: Slots = new Map(), moved: Slots = new Map()): Slots {
  const slots = new Map<string, number>();
  const taken = new Map<string, Set<number>>();
  const takenOn = (node: string): Set<number> => {
    const known = taken.get(node) ?? new Set<number>();
    taken.set(node, known);
    return known;
  };
  const placed = pods.filter((p) => (p.spec.nodeName ?? "") !== "");
  let rest = placed;
  for (const known of [moved, previous]) {
    rest = rest.filter((pod) => {
      const slot = known.get(slotKey(pod));
      const used = takenOn(pod.spec.nodeName ?? "");
      if (slot === undefined || used.has(slot)) return true;
      slots.set(slotKey(pod), slot);
      used.add(slot);
      return false;
    });
  }
  const fresh = [...rest];
  fresh.sort((a, b) => (age(a) < age(b) ? -1 : age(a) > age(b) ? 1 : 0));
  for (const pod of fresh) {
    const used = takenOn(pod.spec.nodeName ?? "");
    let slot = 0;
    while (used.has(slot)) slot++;
    used.add(slot);
    slots.set(slotKey(pod), slot);
  }
  return slots;
}

/** A pod that moves to another node is another card. */
export function slotKey(pod: Pod): string {
  return `${keyOf(pod)}@${pod.spec.nodeName ?? ""}`;
}

function age(pod: Pod): string {
  return `${pod.metadata.creationTimestamp ?? "~"} ${pod.metadata.namespace ?? ""}/${pod.metadata.name}`;
}

/** Rows for nodes by the same rule: what has one keeps it, new ones take the first free rows in the order given. */
export function assignRows(names: readonly string[], previous: Slots = new Map(), moved: Slots = new Map()): Slots {
  const rows = new Map<string, number>();
  const used = new Set<number>();
  const take = (name: string, row: number): void => {
    rows.set(name, row);
    used.add(row);
  };
  let rest = names;
  for (const known of [moved, previous]) {
    rest = rest.filter((name) => {
      const row = known.get(rowKey(name));
      if (row === undefined || used.has(row)) return true;
      take(name, row);
      return false;
    });
  }
  let free = 0;
  for (const name of rest) {
    while (used.has(free)) free++;
    take(name, free);
  }
  return rows;
}

/** The key under which a node's row stands among the slots. */
export const rowKey = (node: string): string => `node/${node}`;
