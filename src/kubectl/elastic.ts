/**
 * Go's text/tabwriter with kubectl's settings for `describe`: cells end with a tab, a column is as wide as its widest cell in
 * consecutive lines plus two blanks, and what follows the last tab of a line belongs to no column.
 */
export function elastic(text: string, padding = 2, minimum = 0): string {
  const ended = text.endsWith("\n");
  const lines = (ended ? text.slice(0, -1) : text).split("\n").map((line) => line.split("\t"));
  const out = lines.map(() => "");

  /** Lines from `from` to `to` agree in all columns before `column`; sets the rest of them. */
  const format = (from: number, to: number, column: number): void => {
    let row = from;
    while (row < to) {
      const cells = lines[row] as string[];
      if (column >= cells.length - 1) {
        out[row] += cells[column] ?? "";
        row += 1;
        continue;
      }
      let end = row;
      while (end < to && column < (lines[end] as string[]).length - 1) end += 1;
      let width = minimum;
      for (let i = row; i < end; i++) width = Math.max(width, lengthOf(lines[i]?.[column] ?? "") + padding);
      for (let i = row; i < end; i++) {
        const cell = lines[i]?.[column] ?? "";
        out[i] += cell + " ".repeat(Math.max(0, width - lengthOf(cell)));
      }
      format(row, end, column + 1);
      row = end;
    }
  };
  format(0, lines.length, 0);
  return out.join("\n") + (ended ? "\n" : "");
}

/** Characters, not code units. */
const lengthOf = (text: string): number => Array.from(text).length;
