/** Diagnostics as the editor shows them. */
import type { Diagnostic, TextEdit } from "../../model/trace/diagnostic.ts";

export const errorsOf = (all: readonly Diagnostic[]): readonly Diagnostic[] =>
  all.filter(({ severity }) => severity === "error");

export const warningsOf = (all: readonly Diagnostic[]): readonly Diagnostic[] =>
  all.filter(({ severity }) => severity === "warning");

export const byPlace = (a: Diagnostic, b: Diagnostic): number =>
  a.range.startLine - b.range.startLine || a.range.startColumn - b.range.startColumn;

/** Errors and warnings from top to bottom; what is said twice of one line counts once. */
export function problemsOf(all: readonly Diagnostic[]): readonly Diagnostic[] {
  const seen = new Set<string>();
  return [...errorsOf(all), ...warningsOf(all)]
    .filter(({ range, message }) => {
      const id = `${String(range.startLine)} ${message}`;
      return !seen.has(id) && seen.add(id) !== undefined;
    })
    .sort(byPlace);
}

/** The error highest up in the text. */
export const firstError = (all: readonly Diagnostic[]): Diagnostic | null =>
  [...errorsOf(all)].sort(byPlace)[0] ?? null;

export const count = (n: number, noun: string): string => `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;

/** What the footer says when nothing is wrong with the text: "5 objects admitted, revision 42". */
export const admittedWords = (admitted: number, revision: number): string =>
  `${count(admitted, "object")} admitted, revision ${String(revision)}`;

/** Offset in the text of a line and column from 1; beyond the end of a line, the line's end. */
function offsetOf(text: string, line: number, column: number): number {
  let at = 0;
  for (let n = 1; n < line; n++) {
    const next = text.indexOf("\n", at);
    if (next === -1) return text.length;
    at = next + 1;
  }
  const end = text.indexOf("\n", at);
  return Math.min(at + column - 1, end === -1 ? text.length : end);
}

/** The text with edits applied, all of which speak of the text before. Overlapping edits are taken in order of place. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  let out = text;
  const placed = edits
    .map(({ range, text: insert }) => ({
      from: offsetOf(text, range.startLine, range.startColumn),
      to: offsetOf(text, range.endLine, range.endColumn),
      insert,
    }))
    .sort((a, b) => b.from - a.from);
  for (const { from, to, insert } of placed) out = out.slice(0, from) + insert + out.slice(Math.max(from, to));
  return out;
}
