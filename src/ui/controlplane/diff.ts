/** Two texts line by line. Pure. */
export interface DiffLine {
  readonly kind: "same" | "added" | "removed" | "gap";
  readonly text: string;
}

/** Beyond this many lines on a side no common sequence is looked for. */
const MAX_LINES = 2_000;

/** The lines of both texts in order: the longest common sequence stays, and of that only `context` lines around what changed. */
export function lineDiff(before: string, after: string, context = 3): readonly DiffLine[] {
  return folded(allLines(split(before), split(after)), context);
}

const split = (text: string): readonly string[] => (text === "" ? [] : text.replace(/\n$/, "").split("\n"));

function allLines(a: readonly string[], b: readonly string[]): readonly DiffLine[] {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail)) tail++;
  const [x, y] = [a.slice(head, a.length - tail), b.slice(head, b.length - tail)];
  const same = (lines: readonly string[]): readonly DiffLine[] => lines.map((text) => ({ kind: "same", text }));
  return [...same(a.slice(0, head)), ...middle(x, y), ...same(a.slice(a.length - tail))];
}

function middle(a: readonly string[], b: readonly string[]): readonly DiffLine[] {
  const lines: DiffLine[] = [];
  if (a.length > MAX_LINES || b.length > MAX_LINES) {
    for (const text of a) lines.push({ kind: "removed", text });
    for (const text of b) lines.push({ kind: "added", text });
    return lines;
  }
  // lengths[i][j]: the longest common sequence of what is left from i and j on.
  const lengths = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  const at = (i: number, j: number): number => lengths[i]?.[j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--) {
      const row = lengths[i];
      if (row !== undefined) row[j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [left, right] = [a[i], b[j]];
    if (left !== undefined && left === right) {
      lines.push({ kind: "same", text: left });
      i++;
      j++;
    } else if (left !== undefined && (right === undefined || at(i + 1, j) >= at(i, j + 1))) {
      lines.push({ kind: "removed", text: left });
      i++;
    } else {
      lines.push({ kind: "added", text: right ?? "" });
      j++;
    }
  }
  return lines;
}

function folded(lines: readonly DiffLine[], context: number): readonly DiffLine[] {
  const near = lines.map(() => false);
  lines.forEach(({ kind }, i) => {
    if (kind === "same") return;
    for (let n = Math.max(0, i - context); n <= Math.min(lines.length - 1, i + context); n++) near[n] = true;
  });
  return lines.flatMap((line, i): readonly DiffLine[] => {
    if (near[i] === true) return [line];
    if (i > 0 && near[i - 1] === false) return [];
    const next = near.indexOf(true, i);
    const count = (next < 0 ? lines.length : next) - i;
    return [{ kind: "gap", text: `${String(count)} ${count === 1 ? "line" : "lines"} as before` }];
  });
}
