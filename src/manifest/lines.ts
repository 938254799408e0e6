import type { TextRange } from "../model/trace/diagnostic.ts";

/** Offsets of line starts; lines end at \n, and a \r before it belongs to the line as editors have it. */
export function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

/** Line (from 0) that holds the offset. */
export function lineAt(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] as number) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

export function rangeOf(starts: readonly number[], start: number, end: number): TextRange {
  const from = lineAt(starts, start);
  const to = lineAt(starts, end);
  return {
    startLine: from + 1,
    startColumn: start - (starts[from] as number) + 1,
    endLine: to + 1,
    endColumn: end - (starts[to] as number) + 1,
  };
}

/** Offset of a line and column from 1; out-of-text positions are drawn to the nearest one. */
export function offsetAt(starts: readonly number[], length: number, line: number, column: number): number {
  const row = Math.max(0, Math.min(starts.length - 1, line - 1));
  const start = starts[row] as number;
  const end = row + 1 < starts.length ? (starts[row + 1] as number) - 1 : length;
  return Math.max(start, Math.min(end, start + column - 1));
}
