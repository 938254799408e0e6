import { SECOND, type Micros } from "../base/time.ts";
import type { ConntrackEntry, Tuple } from "./conntrack.ts";

/**
 * A host's table of connections: a plain list, with an index beside it once it is long. The index is only a memory of what the list
 * says: it moves on from a list to the one that is made of it, and is built again for a list that comes from a checkpoint.
 */
export type Entries = readonly ConntrackEntry[];

interface Index {
  /** Tuple → place in the list. */
  readonly original: Map<string, number>;
  readonly reply: Map<string, number>;
  /** No entry expires before this. */
  soonest: Micros;
}

/** Shorter lists are searched as they are. */
const INDEXED_FROM = 24;
/** In a long list expired entries may stay this long until it is swept (the kernel's gc worker takes its time too). */
const SWEEP_AFTER = 10 * SECOND;

const INDEXES = new WeakMap<Entries, Index>();

const keyOf = (t: Tuple): string => `${t.src} ${t.sport} ${t.dst} ${t.dport} ${t.protocol}`;

export function sameTuple(a: Tuple, b: Tuple): boolean {
  return a.sport === b.sport && a.dport === b.dport && a.src === b.src && a.dst === b.dst && a.protocol === b.protocol;
}

function soonestOf(entries: Entries): Micros {
  let soonest = Infinity;
  for (const { expiresAt } of entries) if (expiresAt < soonest) soonest = expiresAt;
  return soonest;
}

function indexOf(entries: Entries): Index {
  const known = INDEXES.get(entries);
  if (known !== undefined) return known;
  const index: Index = { original: new Map(), reply: new Map(), soonest: soonestOf(entries) };
  entries.forEach((entry, place) => {
    index.original.set(keyOf(entry.original), place);
    index.reply.set(keyOf(entry.reply), place);
  });
  INDEXES.set(entries, index);
  return index;
}

/** The live entry whose original tuple, or else whose reply tuple, this is. */
export function lookup(
  entries: Entries,
  tuple: Tuple,
  now: Micros,
): { readonly entry: ConntrackEntry; readonly direction: "original" | "reply" } | null {
  if (entries.length < INDEXED_FROM) {
    for (const entry of entries) {
      if (entry.expiresAt <= now) continue;
      if (sameTuple(entry.original, tuple)) return { entry, direction: "original" };
      if (sameTuple(entry.reply, tuple)) return { entry, direction: "reply" };
    }
    return null;
  }
  const index = indexOf(entries);
  const key = keyOf(tuple);
  for (const direction of ["original", "reply"] as const) {
    const place = index[direction].get(key);
    const entry = place === undefined ? undefined : entries[place];
    if (entry !== undefined && entry.expiresAt > now) return { entry, direction };
  }
  return null;
}

/** Without entries that expired a while ago; the same list when there is none. A function of the list alone, whatever is indexed. */
function swept(entries: Entries, now: Micros): Entries {
  const due = entries.length < INDEXED_FROM ? now : now - SWEEP_AFTER;
  const index = INDEXES.get(entries);
  if (index !== undefined && index.soonest > due) return entries;
  const soonest = soonestOf(entries);
  if (index !== undefined) index.soonest = soonest;
  return soonest > due ? entries : entries.filter((entry) => entry.expiresAt > now);
}

/** With this entry in the place of the live one of the same original tuple, or at the end. */
export function put(before: Entries, entry: ConntrackEntry, now: Micros): Entries {
  let entries = swept(before, now);
  if (entries.length < INDEXED_FROM) {
    const place = entries.findIndex((e) => sameTuple(e.original, entry.original));
    return place < 0 ? [...entries, entry] : entries.with(place, entry);
  }
  let index = indexOf(entries);
  const original = keyOf(entry.original);
  let place = index.original.get(original) ?? entries.length;
  const replaced = entries[place];
  if (replaced !== undefined && replaced.expiresAt <= now) {
    // The port has come round again.
    entries = entries.toSpliced(place, 1);
    index = indexOf(entries);
    place = entries.length;
  }
  const next = entries.slice();
  next[place] = entry;
  INDEXES.delete(entries);
  if (replaced !== undefined && place < entries.length) {
    const old = keyOf(replaced.reply);
    if (index.reply.get(old) === place) index.reply.delete(old);
  }
  index.original.set(original, place);
  index.reply.set(keyOf(entry.reply), place);
  if (entry.expiresAt < index.soonest) index.soonest = entry.expiresAt;
  INDEXES.set(next, index);
  return next;
}

/** Without the entry of this original tuple. */
export function remove(entries: Entries, original: Tuple): Entries {
  return entries.filter((e) => !sameTuple(e.original, original));
}
