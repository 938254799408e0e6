import { compareStrings } from "../../base/compare.ts";
import type { BucketMap } from "../../base/bucket-map.ts";

/** Sorted, each once, with how many more than one want an entry that several do (two Services with one external IP). */
export interface Tally {
  readonly entries: readonly string[];
  readonly more: BucketMap<number>;
}

/** Where an entry stands in a sorted list, or would stand. */
export function placeIn(entries: readonly string[], entry: string): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareStrings(entries[middle] as string, entry) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The tally after some who wanted entries are gone and others have come. The very same when nothing comes of it. */
export function retally(tally: Tally, gone: readonly string[], come: readonly string[]): Tally {
  const net = new Map<string, number>();
  for (const entry of gone) net.set(entry, (net.get(entry) ?? 0) - 1);
  for (const entry of come) net.set(entry, (net.get(entry) ?? 0) + 1);
  let entries: string[] | null = null;
  let { more } = tally;
  for (const [entry, change] of net) {
    if (change === 0) continue;
    const at = placeIn(entries ?? tally.entries, entry);
    const stands = (entries ?? tally.entries)[at] === entry;
    const before = stands ? 1 + (more.get(entry) ?? 0) : 0;
    const after = before + change;
    if (stands !== after > 0) {
      entries ??= [...tally.entries];
      if (stands) entries.splice(at, 1);
      else entries.splice(at, 0, entry);
    }
    if (before > 1 || after > 1) more = more.with([entry], after > 1 ? [[entry, after - 1]] : []);
  }
  return entries === null && more === tally.more ? tally : { entries: entries ?? tally.entries, more };
}
