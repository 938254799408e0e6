import { deepEqual } from "../base/json.ts";
import type { Card } from "./cards.ts";
import type { Layout } from "./layout.ts";
import type { Slots } from "./slots.ts";

/**
 * The new layout in which every card and every list that is equal to the last one's is the last one's, and the last layout itself
 * where nothing differs at all: so a change of one pod draws one card anew, and a comment typed into the text draws none.
 */
export function settled(last: Layout | null, next: Layout): Layout {
  if (last === null) return next;
  const by = new Map(last.cards.map((card) => [card.id, card]));
  const keep = <T>(old: T, made: T): T => (deepEqual(old, made) ? old : made);
  const kept: Layout = {
    bounds: keep(last.bounds, next.bounds),
    band: keep(last.band, next.band),
    cards: keptList(
      last.cards,
      next.cards.map((card): Card => {
        const old = by.get(card.id);
        return old === undefined ? card : keep(old, card);
      }),
    ),
    bus: keep(last.bus, next.bus),
    thread: keep(last.thread, next.thread),
    intent: keep(last.intent, next.intent),
    wires: keep(last.wires, next.wires),
    side: keep(last.side, next.side),
    slots: sameSlots(last.slots, next.slots) ? last.slots : next.slots,
    grid: keep(last.grid, next.grid),
    service: next.service,
    shown: keep(last.shown, next.shown),
  };
  const names = Object.keys(kept) as (keyof Layout)[];
  return names.every((name) => kept[name] === last[name]) ? last : kept;
}

function keptList<T>(old: readonly T[], made: readonly T[]): readonly T[] {
  return old.length === made.length && made.every((one, i) => one === old[i]) ? old : made;
}

function sameSlots(a: Slots, b: Slots): boolean {
  return a.size === b.size && [...b].every(([key, slot]) => a.get(key) === slot);
}
