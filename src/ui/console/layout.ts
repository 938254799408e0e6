/** Where characters stand in a terminal of so many columns, and the sequences that draw a line there again. */

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;
const NONE = /[\p{Mn}\p{Me}\p{Cf}]/u;

/** Columns that a code point takes: 0, 1 or 2. */
export function widthOf(char: string): number {
  if (char >= " " && char <= "~") return 1;
  if (NONE.test(char)) return 0;
  return WIDE.test(char) ? 2 : 1;
}

export interface Place {
  readonly row: number;
  readonly column: number;
}

/**
 * Where the cursor stands after a text that began at `from`. In a full row it stands behind the last column and waits, as terminals do: only
 * the next character, unless it is a line break, goes to the next row. A wide character that does not fit goes there whole.
 */
function waiting(text: string, columns: number, from: Place): Place {
  let { row, column } = from;
  for (const char of text) {
    if (char === "\n") {
      row++;
      column = 0;
      continue;
    }
    const width = widthOf(char);
    if (column + width > columns) {
      row++;
      column = 0;
    }
    column += width;
  }
  return { row, column };
}

/** The same where another character follows, or the wrap is brought about: a full row is the start of the next. */
export function placeAfter(text: string, columns: number, from: Place = { row: 0, column: 0 }): Place {
  const { row, column } = waiting(text, columns, from);
  return column >= columns ? { row: row + 1, column: 0 } : { row, column };
}

// oxlint-disable-next-line no-control-regex -- those are what is meant
const ESCAPES = /\u001b\[[0-9;]*m/g;

/** A text without its colours. */
export const bare = (text: string): string => text.replace(ESCAPES, "");

export interface Drawn {
  /** What to write. */
  readonly text: string;
  /** The row of the cursor, counted from the prompt's first: where the next drawing begins from. */
  readonly row: number;
}

/**
 * Draws prompt and line anew: from the cursor, which stands `row` rows below the prompt's start, up to there, everything below cleared, and
 * the cursor set to its offset in the line.
 */
export function draw(prompt: string, text: string, cursor: number, columns: number, row: number): Drawn {
  const whole = bare(prompt) + text;
  const at = whole.length - text.length + cursor;
  const origin = { row: 0, column: 0 };
  const here = (whole[at] === "\n" ? waiting : placeAfter)(whole.slice(0, at), columns, origin);
  const end = placeAfter(whole, columns);
  // The wrap waits for a next character: a blank brings it about.
  const wrap = waiting(whole, columns, origin).column >= columns ? " \r" : "";
  return {
    text:
      (row > 0 ? `\u001b[${String(row)}A` : "") +
      `\r\u001b[J${prompt}${text.replaceAll("\n", "\r\n")}${wrap}` +
      (end.row > here.row ? `\u001b[${String(end.row - here.row)}A` : "") +
      `\r${here.column > 0 ? `\u001b[${String(Math.min(here.column, columns - 1))}C` : ""}`,
    row: here.row,
  };
}

/**
 * The part of a text that fits on the screen below the prompt: what has scrolled out cannot be drawn again. Whole lines around the cursor
 * where it has several, else a stretch of it.
 */
export function windowed(
  prompt: string,
  text: string,
  cursor: number,
  columns: number,
  rows: number,
): { readonly text: string; readonly cursor: number } {
  const room = Math.max(2, rows - 1);
  const height = (part: string): number => placeAfter(part, columns, placeAfter(bare(prompt), columns)).row + 1;
  if (height(text) <= room) return { text, cursor };
  let from = text.lastIndexOf("\n", cursor - 1) + 1;
  let to = text.indexOf("\n", cursor);
  if (to < 0) to = text.length;
  if (height(text.slice(from, to)) > room) {
    // Half of the room on each side: characters may be wide.
    const half = Math.max(1, Math.floor((room * columns) / 4) - 1);
    from = Math.max(from, cursor - half);
    to = Math.min(to, cursor + half);
    return { text: text.slice(from, to), cursor: cursor - from };
  }
  for (;;) {
    // Searching from before the start finds a line break at the start all the same.
    const above = from === 0 ? -1 : from === 1 ? 0 : text.lastIndexOf("\n", from - 2) + 1;
    if (above >= 0 && height(text.slice(above, to)) <= room) {
      from = above;
      continue;
    }
    const next = to >= text.length ? -1 : text.indexOf("\n", to + 1);
    const below = to >= text.length ? -1 : next < 0 ? text.length : next;
    if (below < 0 || height(text.slice(from, below)) > room) break;
    to = below;
  }
  return { text: text.slice(from, to), cursor: cursor - from };
}
