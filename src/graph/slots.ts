import type { Pod } from "../model/pod/types.ts";
import { keyOf } from "../model/meta/types.ts";

/** Pod key → slot in its node's card. */
export type Slots = ReadonlyMap<string, number>;

/**
 * Gives every placed pod a slot in its node's card. A pod that had one keeps it; new ones, oldest first and then by name, take
 * the first free slots, so that nothing that is already on the map moves.
 */
export function assignSlots(pods: readonly Pod[], previous: Slots = new Map()): Slots {
  const slots = new Map<string, number>();
  const taken = new Map<string, Set<number>>();
  const takenOn = (node: string): Set<number> => {
    const known = taken.get(node) ?? new Set<number>();
    taken.set(node, known);
    return known;
  };
  const placed = pods.filter((p) => (p.spec.nodeName ?? "") !== "");
  const fresh: Pod[] = [];
  for (const pod of placed) {
    const slot = previous.get(slotKey(pod));
    if (slot === undefined) fresh.push(pod);
    else {
      slots.set(slotKey(pod), slot);
      takenOn(pod.spec.nodeName ?? "").add(slot);
    }
  }
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
