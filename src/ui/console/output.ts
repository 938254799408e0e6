/** What the core prints, made fit for a terminal. */

/** Most lines that one answer writes: what scrolls out of sight at once helps nobody, and 100,000 rules hang a page. */
export const MOST_ROWS = 3_000;
/** Longest row, in characters. */
const LONGEST_ROW = 20_000;

export const DIM = "\u001b[90m";
export const RED = "\u001b[31m";
export const BOLD = "\u001b[1m";
export const PLAIN = "\u001b[0m";

/** Text of the cluster never steers the terminal: control characters are shown as `cat -v` shows them. */
export function visible(text: string): string {
  // oxlint-disable-next-line no-control-regex -- those are what is meant
  return text.replace(/\r\n/g, "\n").replace(/[\u0000-\u0008\u000b-\u001f\u007f\u0080-\u009f]/g, (c) => {
    const code = c.charCodeAt(0);
    return code === 127 ? "^?" : code < 32 ? `^${String.fromCharCode(code + 64)}` : "\ufffd";
  });
}

/** Rows as the terminal takes them, cut where there are too many, with a line that says how many more there are and how to see them. */
export function written(text: string, color = "", most = MOST_ROWS): string {
  if (text === "") return "";
  const rows = visible(text).split("\n");
  if (rows.at(-1) === "") rows.pop();
  const shown = rows.slice(0, most).map((row) => (row.length > LONGEST_ROW ? `${row.slice(0, LONGEST_ROW)}…` : row));
  const left = rows.length - shown.length;
  const body = shown.map((row) => (color === "" ? `${row}\r\n` : `${color}${row}${PLAIN}\r\n`)).join("");
  if (left === 0) return body;
  return `${body}${DIM}… ${left.toLocaleString("en")} more ${left === 1 ? "line" : "lines"}: narrow them with | grep or | head, or look at them with | tail${PLAIN}\r\n`;
}

/** Candidates in columns, as a shell lists them. */
export function columnsOf(words: readonly string[], width: number): string {
  const longest = Math.max(1, ...words.map((word) => word.length)) + 2;
  const columns = Math.max(1, Math.floor(width / longest));
  const rows = Math.ceil(words.length / columns);
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (__, column) => words[column * rows + row] ?? "")
      .map((word) => word.padEnd(longest))
      .join("")
      .trimEnd(),
  ).join("\n");
}

/** An answer in a few words for those who hear it: its first lines, and how many there are. */
export function spoken(stdout: string, stderr: string, code: number): string {
  const rows = visible(stdout + (code === 0 ? "" : stderr))
    .split("\n")
    .filter((row) => row.trim() !== "");
  const [first = "no output"] = rows;
  const more = rows.length > 1 ? `, and ${String(rows.length - 1)} more ${rows.length === 2 ? "line" : "lines"}` : "";
  return `${code === 0 ? "" : `Exit ${String(code)}. `}${first.replace(/\s+/g, " ").slice(0, 200)}${more}.`;
}
