import type { Card } from "../../graph/cards.ts";
import { center } from "../../graph/geometry.ts";

const WAYS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** The card that an arrow key leads to: the nearest one in that direction, sideways distance counting double. Null when none. */
export function neighbour(cards: readonly Card[], from: string, key: string): string | null {
  const way = WAYS[key];
  const start = cards.find((c) => c.id === from);
  if (way === undefined || start === undefined) return null;
  const a = center(start.rect);
  let best: string | null = null;
  let least = Infinity;
  for (const card of cards) {
    if (card === start) continue;
    const b = center(card.rect);
    const along = (b.x - a.x) * way[0] + (b.y - a.y) * way[1];
    const aside = Math.abs((b.x - a.x) * way[1]) + Math.abs((b.y - a.y) * way[0]);
    if (along <= 1 || aside > along * 3) continue;
    const cost = along + 2 * aside;
    if (cost < least) {
      least = cost;
      best = card.id;
    }
  }
  return best;
}
