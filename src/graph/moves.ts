import type { Card } from "./cards.ts";
import { nextSlot } from "./grid.ts";
import type { Layout } from "./layout.ts";
import { POD } from "./metrics.ts";
import { rowKey, type Slots } from "./slots.ts";

export type Way = "up" | "down" | "left" | "right";

/** Slots of pods that a reader may leave free beyond the last one, and rows of nodes. */
const BEYOND = 1;

/**
 * Where things stand after the reader has moved a card one place: a node a row up or down, its pods with it, a pod to the next slot
 * of its node. What stood there takes the place that was left, so that nothing else moves. Null: this card does not move that way.
 */
export function movedOneWay(
  { cards, slots, grid }: Pick<Layout, "cards" | "slots" | "grid">,
  id: string,
  way: Way,
): Slots | null {
  const card = cards.find((c) => c.id === id);
  if (card?.kind === "node") {
    const row = slots.get(rowKey(card.name));
    if (row === undefined || way === "left" || way === "right") return null;
    return movedTo(cards, slots, id, row + (way === "down" ? 1 : -1));
  }
  if (card?.kind !== "pod") return null;
  const slot = nextSlot(card.slot, way, grid);
  return slot === null ? null : movedTo(cards, slots, id, slot);
}

/** The same to a row or slot of choice: what is there changes places with it. */
export function movedTo(cards: readonly Card[], slots: Slots, id: string, target: number): Slots | null {
  const card = cards.find((c) => c.id === id);
  if (target < 0 || (card?.kind !== "node" && card?.kind !== "pod")) return null;
  const suffix = card.kind === "pod" ? `@${card.node}` : "";
  const key = card.kind === "node" ? rowKey(card.name) : `${card.object ?? ""}${suffix}`;
  const isPeer = (other: string): boolean =>
    card.kind === "node" ? other.startsWith("node/") : other.startsWith("Pod/") && other.endsWith(suffix);
  const from = slots.get(key);
  const peers = [...slots].filter(([other]) => isPeer(other));
  const last = Math.max(...peers.map(([, place]) => place));
  if (from === undefined || target === from) return null;
  if (target > last + BEYOND * (card.kind === "pod" ? POD.rows.length : 1)) return null;
  const occupant = peers.find(([, place]) => place === target)?.[0];
  // All of a kind are pinned, so that what comes later finds them where the reader has seen them.
  const next = new Map(peers);
  next.set(key, target);
  if (occupant !== undefined) next.set(occupant, from);
  return next;
}
