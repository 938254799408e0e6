const MIN_WIDTH = 6;
const PADDING = 3;

/**
 * Rows as kubectl's `get` prints them: Go's tabwriter with minwidth 6 and 3 blanks of padding, the last column unpadded.
 * Ends with a newline; an empty list of rows prints nothing.
 */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, c) =>
    Math.max(MIN_WIDTH, Math.max(...rows.map((row) => row[c]?.length ?? 0)) + PADDING),
  );
  return rows
    .map((row) => row.map((cell, c) => (c === row.length - 1 ? cell : cell.padEnd(widths[c] ?? 0))).join(""))
    .map((line) => `${line}\n`)
    .join("");
}
