import { editDistance } from "../base/edit-distance.ts";

/** How unlike two words are: 0 equal, below 1 nearly right, 1 something else altogether. */
export function nearness(a: string, b: string): number {
  if (a === b) return 0;
  const distance = editDistance(a, b);
  const longest = Math.max(a.length, b.length);
  const shared = a !== "" && b !== "" && (a.includes(b) || b.includes(a)) ? 0.5 : 1;
  return longest === 0 ? 0 : Math.min(1, (distance / longest) * shared + 0.05);
}
