/** The table of who reaches what, as it is shown. Pure. */
import { splitKey } from "../../model/meta/types.ts";
import type { ProxyMode } from "../../model/config/types.ts";
import type { Matrix, MatrixCell, MatrixColumn, MatrixRow, MatrixShare } from "../../model/trace/matrix.ts";
import { fraction } from "../inspector/fraction.ts";
import { OUTCOMES } from "../inspector/wording.ts";

/** Everything that is known of the table, put together of the parts in which it came. */
export interface Table {
  readonly rows: readonly MatrixRow[];
  readonly columns: readonly MatrixColumn[];
  readonly modes: readonly (ProxyMode | null)[];
  /** Cells of one row and column, one for each mode, in the order of the modes; by `row * columns.length + column`. */
  readonly cells: ReadonlyMap<number, readonly MatrixCell[]>;
  readonly total: number;
  readonly known: number;
  readonly omitted: Matrix["omitted"];
}

export const EMPTY: Table = {
  rows: [],
  columns: [],
  modes: [],
  cells: new Map(),
  total: 0,
  known: 0,
  omitted: { rows: 0, columns: 0 },
};

/** The table with one more part of it. */
export function withPart(table: Table, part: Matrix): Table {
  const { rows, columns, modes, total, omitted } = part;
  const cells = new Map(table.cells);
  for (const cell of part.cells) {
    const at = cell.row * columns.length + cell.column;
    cells.set(at, [...(cells.get(at) ?? []), cell]);
  }
  return { rows, columns, modes, total, omitted, cells, known: table.known + part.cells.length };
}

export const cellsAt = (table: Table, row: number, column: number): readonly MatrixCell[] =>
  table.cells.get(row * table.columns.length + column) ?? [];

/** The largest share that does not arrive; null: all arrive, as far as they were followed. */
export function failure({ shares }: MatrixCell): MatrixShare | null {
  return shares.find(({ outcome }) => outcome !== "delivered") ?? null;
}

export const failsAt = (table: Table, row: number, column: number): boolean =>
  cellsAt(table, row, column).some((cell) => failure(cell) !== null);

export const outcomeWord = (outcome: MatrixShare["outcome"]): string =>
  outcome === "not-sent" ? "not sent" : OUTCOMES[outcome];

/** What stands in a cell: "timeout", "1/3 timeout"; empty where all arrive. */
export function shareText(cell: MatrixCell): string {
  const worst = failure(cell);
  if (worst === null) return "";
  return worst.share > 1 - 1e-9 ? outcomeWord(worst.outcome) : `${fraction(worst.share)} ${outcomeWord(worst.outcome)}`;
}

/** A cell in full: "2/3 delivered, 1/3 timeout: SVC-ENDPOINTS-NOT-READY". */
export function cellText(cell: MatrixCell): string {
  const { shares, finding, unexplored } = cell;
  const all = shares.map(({ outcome, share }) =>
    share > 1 - 1e-9 ? outcomeWord(outcome) : `${fraction(share)} ${outcomeWord(outcome)}`,
  );
  const rest = unexplored > 0 ? [`${fraction(unexplored)} not followed`] : [];
  return `${[...all, ...rest].join(", ")}${finding === undefined || finding === null ? "" : `: ${finding}`}`;
}

const ROADS: Readonly<Record<MatrixColumn["road"], string>> = {
  "cluster-ip": "ClusterIP",
  "node-port": "NodePort",
  "load-balancer": "load balancer",
  "external-ip": "external IP",
  headless: "headless, by name",
};

/** The two lines of a column's head: "shop/web:80", "NodePort worker-1:30080". */
export function columnText({ label, road, family }: MatrixColumn): readonly [string, string] {
  const [name = "", ...rest] = label.split(" ");
  return [name, [ROADS[road], ...rest, ...(family === undefined ? [] : [`IPv${String(family)}`])].join(" ")];
}

/** Services that every cluster has: they come after the reader's own. */
const isEverywhere = ({ service }: MatrixColumn): boolean => {
  const { namespace, name } = splitKey(service);
  return namespace === "kube-system" || (namespace === "default" && name === "kubernetes");
};

/** "7 of 84 cells fail" */
export function tallyText(table: Table): string {
  let failing = 0;
  for (const cells of table.cells.values()) if (cells.some((cell) => failure(cell) !== null)) failing++;
  const all = table.rows.length * table.columns.length;
  return `${String(failing)} of ${String(all)} ${all === 1 ? "cell" : "cells"} ${failing === 1 ? "fails" : "fail"}`;
}

/** Rows and columns on show: all, or those with a cell that fails. */
export function shown(
  table: Table,
  failing: boolean,
): { readonly rows: readonly number[]; readonly columns: readonly number[] } {
  const rows = table.rows.map((_, i) => i);
  const all = table.columns.map((one, i) => ({ i, last: isEverywhere(one) }));
  const columns = [...all.filter(({ last }) => !last), ...all.filter(({ last }) => last)].map(({ i }) => i);
  if (!failing) return { rows, columns };
  return {
    rows: rows.filter((row) => columns.some((column) => failsAt(table, row, column))),
    columns: columns.filter((column) => rows.some((row) => failsAt(table, row, column))),
  };
}

/** What a cell is about and what it says, whatever its place: to find it again in the next table. */
const identity = (table: Table, cell: MatrixCell): string => {
  const { request, mode } = cell;
  const pod = table.rows[cell.row]?.kind === "pod" ? (table.rows[cell.row]?.label ?? "") : request.from;
  return `${pod} ${request.to} ${request.protocol} ${String(request.family ?? "")} ${mode ?? ""}`;
};

const said = ({ shares, unexplored }: MatrixCell): string =>
  JSON.stringify([shares.map(({ outcome, share }) => [outcome, share.toFixed(9)]), unexplored.toFixed(9)]);

/** Cells that say something else than they did: place in `after`, and what was said before. What was not there before is new, not changed. */
export function changes(before: Table, after: Table): ReadonlyMap<number, string> {
  const was = new Map<string, MatrixCell>();
  for (const cells of before.cells.values()) for (const cell of cells) was.set(identity(before, cell), cell);
  const out = new Map<number, string>();
  for (const [at, cells] of after.cells)
    for (const cell of cells) {
      const old = was.get(identity(after, cell));
      if (old !== undefined && said(old) !== said(cell)) out.set(at, cellText(old));
    }
  return out;
}

/** Where a key leads from a place in the grid (positions among what is shown, from 0); null: the key is not the grid's. */
export function moved(
  key: string,
  ctrl: boolean,
  at: { readonly row: number; readonly column: number },
  size: { readonly rows: number; readonly columns: number },
): { readonly row: number; readonly column: number } | null {
  const [lastRow, lastColumn] = [size.rows - 1, size.columns - 1];
  const { row, column } = at;
  switch (key) {
    case "ArrowRight":
      return { row, column: Math.min(lastColumn, column + 1) };
    case "ArrowLeft":
      return { row, column: Math.max(0, column - 1) };
    case "ArrowDown":
      return { row: Math.min(lastRow, row + 1), column };
    case "ArrowUp":
      return { row: Math.max(0, row - 1), column };
    case "PageDown":
      return { row: Math.min(lastRow, row + 8), column };
    case "PageUp":
      return { row: Math.max(0, row - 8), column };
    case "Home":
      return { row: ctrl ? 0 : row, column: 0 };
    case "End":
      return { row: ctrl ? lastRow : row, column: lastColumn };
    default:
      return null;
  }
}
