import type { PodCard } from "./cards.ts";
import { NODE, POD } from "./metrics.ts";
import type { Slots } from "./slots.ts";

/**
 * How pods stand in their nodes' cards: two to a column, columns from left to right, and where a card would become a ribbon that no
 * window can hold, further bands of columns below.
 */
export interface PodGrid {
  /** Columns of a band. */
  readonly columns: number;
  /** Bands that the fullest node needs, at least one. */
  readonly bands: number;
  /** Height of a node's card, and from the top of one to the next one's. */
  readonly height: number;
  readonly pitch: number;
}

/** Few nodes have room below them; many stand one under the other and have it at their right. */
const FEW_NODES = 4;
const FEW_COLUMNS = 6;
const MANY_COLUMNS = 1000;

const ROWS = POD.rows.length;

export function gridOf(nodes: number, slots: Slots): PodGrid {
  const columns = nodes <= FEW_NODES ? FEW_COLUMNS : MANY_COLUMNS;
  let bands = 1;
  for (const slot of slots.values()) bands = Math.max(bands, Math.floor(slot / (ROWS * columns)) + 1);
  const more = (bands - 1) * POD.bandPitch;
  return { columns, bands, height: NODE.height + more, pitch: NODE.pitch + more };
}

export interface PodPlace {
  readonly band: number;
  readonly column: number;
  /** Within the band: 0 or 1. */
  readonly row: number;
  /** From the top left corner of the node's card. */
  readonly x: number;
  readonly y: number;
}

export function placeOf(slot: number, { columns }: Pick<PodGrid, "columns">): PodPlace {
  const band = Math.floor(slot / (ROWS * columns));
  const within = slot % (ROWS * columns);
  const column = Math.floor(within / ROWS);
  const row = within % ROWS;
  return {
    band,
    column,
    row,
    x: NODE.pods + column * POD.columnPitch,
    y: band * POD.bandPitch + (POD.rows[row] ?? 0),
  };
}

const HALF_GAP = (POD.rows[1] - POD.rows[0] - POD.height) / 2;

/** Height of the middle between the two rows of a pod's band: the way along which further columns are reached. */
export function gapBeside({ rect, row }: Pick<PodCard, "rect" | "row">): number {
  return row === 0 ? rect.y + POD.height + HALF_GAP : rect.y - HALF_GAP;
}

/** The slot whose place is nearest to a pod's top left corner. */
export function slotAt(x: number, y: number, { columns }: Pick<PodGrid, "columns">): number {
  const column = Math.min(columns - 1, Math.max(0, Math.round((x - NODE.pods) / POD.columnPitch)));
  const between = POD.rows[1] - POD.rows[0];
  const line = Math.max(0, Math.round((y - POD.rows[0]) / between));
  return Math.floor(line / ROWS) * ROWS * columns + column * ROWS + (line % ROWS);
}

/** The slot next to one that way; null: there is none. */
export function nextSlot(slot: number, way: "up" | "down" | "left" | "right", grid: PodGrid): number | null {
  const { band, column, row } = placeOf(slot, grid);
  const ofBand = ROWS * grid.columns;
  if (way === "left") return column === 0 ? null : slot - ROWS;
  if (way === "right") return column === grid.columns - 1 ? null : slot + ROWS;
  if (way === "up") return row > 0 ? slot - 1 : band === 0 ? null : slot - ofBand + ROWS - 1;
  return row < ROWS - 1 ? slot + 1 : band === grid.bands - 1 ? null : slot + ofBand - ROWS + 1;
}
