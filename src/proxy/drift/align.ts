/** Which items of two lists are the same ones, in order: the longest common subsequence. */

/** Index pairs, both rising. */
export type Pairs = readonly (readonly [a: number, b: number])[];

/** Cells of the exact table; past it, items that occur once on either side lead the way. */
const MOST_CELLS = 4_000_000;

/**
 * The longest common subsequence of two lists of keys. Exact for lists whose differing middle has up to {@link MOST_CELLS} cells and for
 * longer ones without repeated keys; else a long common subsequence.
 */
export function align(a: readonly string[], b: readonly string[]): Pairs {
  const pairs: (readonly [number, number])[] = [];
  alignInto(pairs, a, b, 0, a.length, 0, b.length);
  return pairs;
}

function alignInto(
  pairs: (readonly [number, number])[],
  a: readonly string[],
  b: readonly string[],
  aFrom: number,
  aTo: number,
  bFrom: number,
  bTo: number,
): void {
  let [from, to, start, end] = [aFrom, aTo, bFrom, bTo];
  while (from < to && start < end && a[from] === b[start]) pairs.push([from++, start++]);
  const tail: (readonly [number, number])[] = [];
  while (from < to && start < end && a[to - 1] === b[end - 1]) tail.push([--to, --end]);
  if (from < to && start < end) {
    if ((to - from) * (end - start) <= MOST_CELLS) table(pairs, a, b, from, to, start, end);
    else {
      let [i, j] = [from, start];
      for (const [x, y] of anchors(a, b, from, to, start, end)) {
        gap(pairs, a, b, i, x, j, y);
        pairs.push([x, y]);
        [i, j] = [x + 1, y + 1];
      }
      gap(pairs, a, b, i, to, j, end);
    }
  }
  pairs.push(...tail.reverse());
}

/** What lies between two anchors: exact where it is small enough, else left unpaired. */
function gap(
  pairs: (readonly [number, number])[],
  a: readonly string[],
  b: readonly string[],
  aFrom: number,
  aTo: number,
  bFrom: number,
  bTo: number,
): void {
  const cells = (aTo - aFrom) * (bTo - bFrom);
  if (cells > 0 && cells <= MOST_CELLS) alignInto(pairs, a, b, aFrom, aTo, bFrom, bTo);
}

function table(
  pairs: (readonly [number, number])[],
  a: readonly string[],
  b: readonly string[],
  aFrom: number,
  aTo: number,
  bFrom: number,
  bTo: number,
): void {
  const [rows, columns] = [aTo - aFrom, bTo - bFrom];
  const width = columns + 1;
  const best = new Uint32Array((rows + 1) * width);
  for (let i = rows - 1; i >= 0; i--) {
    for (let j = columns - 1; j >= 0; j--) {
      best[i * width + j] =
        a[aFrom + i] === b[bFrom + j]
          ? (best[(i + 1) * width + j + 1] as number) + 1
          : Math.max(best[(i + 1) * width + j] as number, best[i * width + j + 1] as number);
    }
  }
  for (let i = 0, j = 0; i < rows && j < columns;) {
    if (a[aFrom + i] === b[bFrom + j]) pairs.push([aFrom + i++, bFrom + j++]);
    else if ((best[(i + 1) * width + j] as number) >= (best[i * width + j + 1] as number)) i++;
    else j++;
  }
}

/** Items that occur once on either side, as many of them as stand in the same order: the longest rising sequence. */
function anchors(
  a: readonly string[],
  b: readonly string[],
  aFrom: number,
  aTo: number,
  bFrom: number,
  bTo: number,
): Pairs {
  const once = (list: readonly string[], from: number, to: number): Map<string, number> => {
    const places = new Map<string, number>();
    for (let i = from; i < to; i++) places.set(list[i] as string, places.has(list[i] as string) ? -1 : i);
    return places;
  };
  const inB = once(b, bFrom, bTo);
  const both = [...once(a, aFrom, aTo)]
    .map(([key, i]) => [i, inB.get(key) ?? -1] as const)
    .filter(([i, j]) => i >= 0 && j >= 0);
  const ends: number[] = [];
  const before: number[] = [];
  for (const [n, [, j]] of both.entries()) {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((both[ends[middle] as number]?.[1] ?? 0) < j) low = middle + 1;
      else high = middle;
    }
    before.push(low === 0 ? -1 : (ends[low - 1] as number));
    ends[low] = n;
  }
  const chosen: (readonly [number, number])[] = [];
  for (let n = ends.at(-1) ?? -1; n >= 0; n = before[n] as number) chosen.push(both[n] as readonly [number, number]);
  return chosen.reverse();
}
