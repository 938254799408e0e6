/** The table of who reaches what as the command line prints it: at most 100 columns wide. */
import type { Matrix, MatrixCell, MatrixShare } from "../model/trace/matrix.ts";

const WIDTH = 100;
const LABEL = 40;
const CELL = 5;
const FAILURES = 40;

/** Words of four letters at most; a share that arrives is a number. */
const SHORT: Readonly<Record<MatrixShare["outcome"], string>> = {
  delivered: "ok",
  refused: "ref",
  reset: "rst",
  timeout: "t/o",
  unreachable: "unr",
  "name-error": "name",
  "not-sent": "-",
};

const LEGEND =
  "ok: all arrive; a number: per cent that arrive; ref: refused; rst: reset; t/o: timeout;\nunr: unreachable; name: the name is not found; -: cannot be sent, there is no such address";

const percent = (share: number): string => `${String(Number((share * 100).toFixed(2)))} %`;

function cellText({ shares }: MatrixCell): string {
  const delivered = shares.find(({ outcome }) => outcome === "delivered")?.share ?? 0;
  const [first] = shares;
  if (first === undefined) return "?";
  if (shares.length === 1) return SHORT[first.outcome];
  if (delivered === 0) return SHORT[first.outcome];
  return `${String(Math.max(1, Math.min(99, Math.round(delivered * 100))))}%`;
}

/** A, B ... Z, AA ... */
function letter(index: number): string {
  const rest = Math.floor(index / 26);
  return (rest === 0 ? "" : letter(rest - 1)) + String.fromCharCode(65 + (index % 26));
}

const cut = (text: string, width: number): string => (text.length <= width ? text : `${text.slice(0, width - 2)}..`);

function grid({ rows, columns }: Matrix, cells: readonly MatrixCell[]): readonly string[] {
  const byPlace = new Map(cells.map((cell) => [`${String(cell.row)}/${String(cell.column)}`, cell] as const));
  const perBlock = Math.floor((WIDTH - LABEL) / CELL);
  const lines: string[] = [];
  for (let from = 0; from < rows.length; from += perBlock) {
    const block = rows.slice(from, from + perBlock).map((_, i) => from + i);
    if (from > 0) lines.push("");
    lines.push("".padEnd(LABEL) + block.map((row) => letter(row).padStart(CELL)).join(""));
    columns.forEach(({ label }, column) => {
      const texts = block.map((row) => {
        const cell = byPlace.get(`${String(row)}/${String(column)}`);
        return (cell === undefined ? "" : cellText(cell)).padStart(CELL);
      });
      lines.push(cut(label, LABEL - 1).padEnd(LABEL) + texts.join(""));
    });
  }
  return lines;
}

/** "timeout 33.33 %", "refused". */
const failure = ({ shares }: MatrixCell): string =>
  shares
    .filter(({ outcome }) => outcome !== "delivered")
    .map(({ outcome, share }) => (share > 1 - 1e-9 ? outcome : `${outcome} ${percent(share)}`))
    .join(", ");

/** What does not arrive, the senders of one target and one reason together. */
function failures({ columns }: Matrix, cells: readonly MatrixCell[]): readonly string[] {
  const groups = new Map<string, { cell: MatrixCell; rows: number[] }>();
  for (const cell of cells) {
    if (cell.shares.every(({ outcome }) => outcome === "delivered")) continue;
    const key = `${String(cell.column)} ${failure(cell)} ${cell.finding ?? ""}`;
    const group = groups.get(key) ?? { cell, rows: [] };
    group.rows.push(cell.row);
    groups.set(key, group);
  }
  const all = [...groups.values()].sort((a, b) => a.cell.column - b.cell.column);
  const lines = all.slice(0, FAILURES).map(({ cell, rows }) => {
    const many = rows.length > 6 ? ` and ${String(rows.length - 6)} more` : "";
    const label = columns[cell.column]?.label ?? "";
    const why = cell.finding === undefined || cell.finding === null ? "" : `: ${cell.finding}`;
    return `  ${label} from ${rows.slice(0, 6).map(letter).join(", ")}${many}: ${failure(cell)}${why}`;
  });
  const rest = all.length - lines.length;
  return rest > 0 ? [...lines, `  and ${String(rest)} more: see --json`] : lines;
}

/** A grid for each mode, then what does not arrive and why. */
export function matrixText(matrix: Matrix): string {
  const { rows, omitted } = matrix;
  const clients = rows.map(({ from, label, count }, i) => {
    const more = count > 1 ? `, and ${String(count - 1)} more like it` : "";
    return `  ${letter(i).padEnd(3)}${from.slice(0, from.indexOf("/"))} ${label}${more}`;
  });
  const parts = matrix.modes.map((mode) => {
    const cells = matrix.cells.filter((cell) => cell.mode === mode);
    const failed = failures(matrix, cells);
    return [
      ...(mode === null ? [] : [`mode ${mode}`]),
      ...grid(matrix, cells),
      ...(failed.length === 0 ? [] : ["", "What does not arrive:", ...failed]),
    ];
  });
  const left = [
    ...(omitted.rows > 0 ? [`${String(omitted.rows)} more kinds of clients are left out.`] : []),
    ...(omitted.columns > 0 ? [`${String(omitted.columns)} more addresses are left out.`] : []),
  ];
  return `${[clients, ...parts, left, [LEGEND]]
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}
