/** A line that is being typed, as readline edits it. Pure: each edit gives the next line. */
import type { KeyName } from "./keys.ts";

export interface Line {
  /** May hold line breaks, when several lines were pasted. */
  readonly text: string;
  /** Offset in it. */
  readonly cursor: number;
  /** What was cut last, for Ctrl-Y. */
  readonly cut: string;
}

export const EMPTY_LINE: Line = { text: "", cursor: 0, cut: "" };

/** Longest line, in characters: a paste of a whole manifest fits, a slip of the hand with a log file does not hang the page. */
export const LONGEST_LINE = 200_000;

export const lineOf = (text: string, cut = ""): Line => ({ text, cursor: text.length, cut });

const segments = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** Offset one character to the left, as a reader counts characters. */
export function before(text: string, at: number): number {
  if (at <= 0) return 0;
  // A character is short: looking at all of a long line would be slow.
  const from = Math.max(0, at - 40);
  let last = from;
  for (const { index } of segments.segment(text.slice(from, at))) last = from + index;
  return last;
}

export function after(text: string, at: number): number {
  if (at >= text.length) return text.length;
  const [first] = segments.segment(text.slice(at, at + 40));
  return at + (first?.segment.length ?? 1);
}

const isWord = (c: string | undefined): boolean => c !== undefined && /[\p{L}\p{N}_]/u.test(c);

/** Start of the word to the left: letters and digits, as Alt-B goes. */
export function wordLeft(text: string, at: number): number {
  let to = at;
  while (to > 0 && !isWord(text[to - 1])) to--;
  while (to > 0 && isWord(text[to - 1])) to--;
  return to;
}

export function wordRight(text: string, at: number): number {
  let to = at;
  while (to < text.length && !isWord(text[to])) to++;
  while (to < text.length && isWord(text[to])) to++;
  return to;
}

/** Start of what Ctrl-W takes: everything up to a blank. */
function blankLeft(text: string, at: number): number {
  let to = at;
  while (to > 0 && /\s/.test(text[to - 1] ?? "")) to--;
  while (to > 0 && !/\s/.test(text[to - 1] ?? "")) to--;
  return to;
}

export function insert(line: Line, text: string): Line {
  const room = Math.max(0, LONGEST_LINE - line.text.length);
  const put = text.slice(0, room);
  return {
    ...line,
    text: line.text.slice(0, line.cursor) + put + line.text.slice(line.cursor),
    cursor: line.cursor + put.length,
  };
}

const move = (line: Line, cursor: number): Line => (cursor === line.cursor ? line : { ...line, cursor });

/** Takes a stretch out. What is `kept` can be put back with Ctrl-Y. */
function take({ text, cut }: Line, from: number, to: number, kept: boolean): Line {
  return {
    text: text.slice(0, from) + text.slice(to),
    cursor: from,
    cut: kept && to > from ? text.slice(from, to) : cut,
  };
}

/** Where the current of several lines begins and ends. */
const rowStart = (text: string, at: number): number => text.lastIndexOf("\n", at - 1) + 1;
function rowEnd(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}

/** One row up or down in a text of several; null when there is none, and the key means the history. */
export function vertical(line: Line, by: -1 | 1): Line | null {
  const { text, cursor } = line;
  const start = rowStart(text, cursor);
  const column = cursor - start;
  if (by < 0) {
    if (start === 0) return null;
    const above = rowStart(text, start - 1);
    return move(line, Math.min(above + column, start - 1));
  }
  const end = rowEnd(text, cursor);
  if (end === text.length) return null;
  return move(line, Math.min(end + 1 + column, rowEnd(text, end + 1)));
}

/** What a key does to the line; null when it is no key of an editor (Enter, Tab, arrows into the history, ...). */
export function edited(line: Line, key: KeyName): Line | null {
  const { text, cursor } = line;
  switch (key) {
    case "left":
      return move(line, before(text, cursor));
    case "right":
      return move(line, after(text, cursor));
    case "home":
      return move(line, rowStart(text, cursor));
    case "end":
      return move(line, rowEnd(text, cursor));
    case "word-left":
      return move(line, wordLeft(text, cursor));
    case "word-right":
      return move(line, wordRight(text, cursor));
    case "backspace":
      return take(line, before(text, cursor), cursor, false);
    case "delete":
      return take(line, cursor, after(text, cursor), false);
    case "delete-word-left":
      return take(line, blankLeft(text, cursor), cursor, true);
    case "delete-word-right":
      return take(line, cursor, wordRight(text, cursor), true);
    case "delete-to-start":
      return take(line, rowStart(text, cursor), cursor, true);
    case "delete-to-end":
      return take(line, cursor, rowEnd(text, cursor), true);
    case "yank":
      return insert(line, line.cut);
    case "transpose": {
      const right = cursor === text.length ? before(text, cursor) : cursor;
      const left = before(text, right);
      const end = after(text, right);
      if (left === right || end === right) return line;
      return {
        ...line,
        text: text.slice(0, left) + text.slice(right, end) + text.slice(left, right) + text.slice(end),
        cursor: end,
      };
    }
    default:
      return null;
  }
}

/** Pasted text as it goes into the line: Unix line ends, no control characters, no prompts of the page it was copied from. */
export function pasted(text: string): string {
  return (
    text
      .replace(/\r\n?/g, "\n")
      .replace(/\t/g, "  ")
      // oxlint-disable-next-line no-control-regex -- those are what is meant
      .replace(/[\u0000-\u0009\u000b-\u001f\u007f]/g, "")
      .replace(/^\s*\$ (?=\S)/gm, "")
      .replace(/\n+$/, "")
  );
}

/** Is there more to come: an open quote, a backslash at the end, a here-document without its last line? */
export function isUnfinished(text: string): boolean {
  let quote = "";
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as string;
    if (c === "\\" && quote !== "'") {
      if (i === text.length - 1) return true;
      i++;
    } else if (quote !== "") {
      if (c === quote) quote = "";
    } else if (c === "'" || c === '"') quote = c;
    else if (c === "#" && /(^|\s)$/.test(text.slice(Math.max(0, i - 1), i))) {
      const end = text.indexOf("\n", i);
      if (end < 0) break;
      i = end;
    } else if (text.startsWith("<<", i) && !text.startsWith("<<<", i)) {
      const head = /^<<(-?)\s*(?:'([^'\n]*)'|"([^"\n]*)"|([\w.!-]+))/.exec(text.slice(i));
      if (head === null) return false;
      const until = head[2] ?? head[3] ?? head[4] ?? "";
      const rows = text.slice(i).split("\n").slice(1);
      const end = rows.findIndex((row) => (head[1] === "-" ? row.replace(/^\t+/, "") : row) === until);
      if (end < 0) return true;
      const rest = rows.slice(end + 1).join("\n");
      return rest !== "" && isUnfinished(rest);
    }
  }
  return quote !== "";
}
