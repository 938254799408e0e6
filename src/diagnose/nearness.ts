import { editDistance } from "../base/edit-distance.ts";

const partsOf = (word: string): ReadonlySet<string> => new Set(word.split(/[-._/]/).filter((part) => part !== ""));

/** How unlike two words are: 0 equal, below 1 nearly right, 1 something else altogether. Letter case counts little, the order of parts too. */
export function nearness(a: string, b: string): number {
  if (a === b) return 0;
  const [x, y] = [a.toLowerCase(), b.toLowerCase()];
  const longest = Math.max(x.length, y.length);
  if (longest === 0) return 0;
  // Letters that have changed places.
  const letters = (word: string): string => word.split("").sort().join("");
  if (letters(x) === letters(y)) return x === y ? 0.05 : 0.3;
  const has = partsOf(y);
  const common = [...partsOf(x)].some((part) => has.has(part));
  const shared = x !== "" && y !== "" && (x.includes(y) || y.includes(x)) ? 0.5 : common ? 0.6 : 1;
  return Math.min(1, (editDistance(x, y) / longest) * shared + 0.05);
}
