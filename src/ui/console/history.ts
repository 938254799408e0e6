/** Lines that were typed before, and the way through them. Pure; who keeps them over a reload is the caller's business. */

/** Most lines that are kept, and longest that is: a pasted manifest is no line to come back to. */
export const MOST_LINES = 500;
export const LONGEST_KEPT = 2_000;

/** Adds a line at the end, unless it says what the last one did, nothing, or begins with a blank as bash leaves those out. */
export function remembered(lines: readonly string[], line: string): readonly string[] {
  if (line.trim() === "" || line.startsWith(" ") || line.length > LONGEST_KEPT || lines.at(-1) === line) return lines;
  return [...lines, line].slice(-MOST_LINES);
}

/** What was written by {@link writeLines}; nothing when it is anything else. */
export function readLines(text: string | null): readonly string[] {
  if (text === null) return [];
  try {
    const value: unknown = JSON.parse(text);
    if (!Array.isArray(value)) return [];
    return value
      .filter((line): line is string => typeof line === "string" && line !== "" && line.length <= LONGEST_KEPT)
      .slice(-MOST_LINES);
  } catch {
    return [];
  }
}

export const writeLines = (lines: readonly string[]): string => JSON.stringify(lines);

/** A walk through the history: `at` counts back from 0, the line being typed, whose text is kept to come back to. */
export interface Browsing {
  readonly at: number;
  readonly draft: string;
}

export const AT_DRAFT: Browsing = { at: 0, draft: "" };

/** One line up (older) or down; null when there is none. `text` is what stands in the line now. */
export function browsed(
  lines: readonly string[],
  { at, draft }: Browsing,
  by: -1 | 1,
  text: string,
): { readonly browsing: Browsing; readonly text: string } | null {
  const next = at - by;
  if (next < 0 || next > lines.length) return null;
  const kept = at === 0 ? text : draft;
  return { browsing: { at: next, draft: kept }, text: next === 0 ? kept : (lines[lines.length - next] ?? "") };
}

/** Ctrl-R: what is looked for, and the index of the line that holds it (null: none does). */
export interface Search {
  readonly query: string;
  readonly found: number | null;
}

/** The newest line at or before `from` that holds the query. */
export function searched(lines: readonly string[], query: string, from: number = lines.length - 1): Search {
  if (query === "") return { query, found: null };
  for (let i = Math.min(from, lines.length - 1); i >= 0; i--)
    if (lines[i]?.includes(query) === true) return { query, found: i };
  return { query, found: null };
}
