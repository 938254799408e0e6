import { createContext, useContext } from "react";
import type { Hop, Verdict } from "../../model/trace/types.ts";
import type { Tint } from "../../graph/path.ts";

/** What the cards show of the reader's place: the hop under the playhead and the object that is selected. */
export interface Highlight {
  readonly hop: Hop | null;
  readonly object: string | null;
  /** Card that the arrow keys stand on: the only one in the tab order. */
  readonly focus: string | null;
  /** Hooks that the walk on show meets, per node, as `node/worker-1 INPUT`. */
  readonly hooks: ReadonlySet<string>;
  select(card: string): void;
  /** Goes into the card: a node's chains or rules. */
  open(card: string): void;
}

export const HighlightContext = createContext<Highlight>({
  hop: null,
  object: null,
  focus: null,
  hooks: new Set(),
  select: () => undefined,
  open: () => undefined,
});

export const useHighlight = (): Highlight => useContext(HighlightContext);

export type RowTint = Tint | "drop" | "ink";

/** Row of the slab, from 0, that a hop stands in; null when it is in none. */
export function rowOf(hop: Hop): number | null {
  if (hop.stage === "route") return 1;
  if (hop.stage.endsWith("/PREROUTING") || hop.stage.endsWith("/OUTPUT")) return 0;
  if (hop.stage === "policy" || hop.stage.endsWith("/FORWARD") || hop.stage.endsWith("/INPUT")) return 2;
  return hop.stage.endsWith("/POSTROUTING") ? 3 : null;
}

const TINTS: Partial<Record<Verdict, RowTint>> = {
  dnat: "dnat",
  "undo-dnat": "dnat",
  snat: "snat",
  "undo-snat": "snat",
  reject: "reject",
  refuse: "reject",
  drop: "drop",
  lost: "drop",
};

/** Colour of the row that a hop stands in, by what was decided there. */
export const tintOf = (hop: Hop): RowTint => TINTS[hop.verdict] ?? "ink";
