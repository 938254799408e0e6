/** A diff with the numbers of its lines. Pure. */
import type { DiffLine } from "../controlplane/diff.ts";

export interface NumberedLine extends DiffLine {
  /** Line in the text before and after, from 1; null where it is not in it. */
  readonly before: number | null;
  readonly after: number | null;
}

/** A diff with the lines' numbers. Gaps at both ends say nothing that the numbers do not. */
export function numbered(lines: readonly DiffLine[]): readonly NumberedLine[] {
  let [before, after] = [1, 1];
  const all = lines.map((line): NumberedLine => {
    if (line.kind === "gap") {
      const skipped = Number.parseInt(line.text, 10);
      before += skipped;
      after += skipped;
      return { ...line, before: null, after: null };
    }
    return {
      ...line,
      before: line.kind === "added" ? null : before++,
      after: line.kind === "removed" ? null : after++,
    };
  });
  return all.filter(({ kind }, i) => kind !== "gap" || (i > 0 && i < all.length - 1));
}
