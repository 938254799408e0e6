/** Lines of one text found again in another that it was edited into. */
import { minimalEdit } from "./minimalEdit.ts";

/**
 * Gives, for each line of `before` (from 1), the line of `after` that it has become: what stands above the change stays, what stands below
 * moves with it. Null for a line that the change itself touched, unless it takes only the line's own words.
 */
export function lineMap(before: string, after: string): (line: number) => number | null {
  const edit = minimalEdit(before, after);
  if (edit === null) return (line) => line;
  const first = breaks(before, 0, edit.from) + 1;
  const removed = breaks(before, edit.from, edit.to);
  const added = breaks(edit.insert, 0, edit.insert.length);
  const last = first + removed;
  // At the very start of a line the line itself only moves.
  const whole = edit.from === 0 || before[edit.from - 1] === "\n";
  return (line) => {
    if (line < first) return line;
    if (line > last) return line + added - removed;
    if (removed === added) return line;
    if (line === last && whole && (edit.insert === "" || edit.insert.endsWith("\n"))) return line + added - removed;
    return line === first && !whole ? line : null;
  };
}

function breaks(text: string, from: number, to: number): number {
  let n = 0;
  for (let at = text.indexOf("\n", from); at >= 0 && at < to; at = text.indexOf("\n", at + 1)) n++;
  return n;
}
