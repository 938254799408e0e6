/** What tests of this folder share. */
import type { TextEdit } from "../model/trace/diagnostic.ts";
import { lineStarts, offsetAt } from "./lines.ts";

/** The text with edits applied, as an editor does it: all positions are those of the text before. */
export function applied(text: string, edits: readonly TextEdit[]): string {
  const lines = lineStarts(text);
  const places = edits.map(({ range, text: replacement }) => ({
    start: offsetAt(lines, text.length, range.startLine, range.startColumn),
    end: offsetAt(lines, text.length, range.endLine, range.endColumn),
    replacement,
  }));
  let out = "";
  let at = 0;
  for (const { start, end, replacement } of places) {
    out += text.slice(at, start) + replacement;
    at = end;
  }
  return out + text.slice(at);
}
