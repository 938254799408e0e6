const MIN_WIDTH = 6;
const PADDING = 3;

/**
 * Rows as kubectl's `get` prints them: Go's tabwriter with minwidth 6 and 3 blanks of padding, the last column unpadded.
 * Ends with a newline; an empty list of rows prints nothing.
 */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, c) => {
      widths[c] = Math.max(widths[c] ?? MIN_WIDTH, cell.length + PADDING);
    });
  }
  return rows
    .map((row) => row.map((cell, c) => (c === row.length - 1 ? cell : cell.padEnd(widths[c] ?? 0))).join(""))
    .map((line) => `${line}\n`)
    .join("");
}
