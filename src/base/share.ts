/**
 * Structural sharing of plain readonly data: thousands of pods of one template say mostly the same, and what is equal may as well be
 * the same object. What is shared is never changed, so nobody can tell but by the memory it takes.
 */
import { deepEqual } from "./json.ts";

/** A pure function of one object, asked again and again about the same one: each is looked through once, and one answer serves all. */
export function onceEach<K extends object, V>(make: (from: K) => V): (from: K) => V {
  const known = new WeakMap<K, { readonly made: V }>();
  return (from) => {
    let entry = known.get(from);
    if (entry === undefined) known.set(from, (entry = { made: make(from) }));
    return entry.made;
  };
}

/** Hands back what it was given last when that is equal: for what is made in long runs of equals. */
export function sameAsLast<T>(): (fresh: T) => T {
  let last: { readonly value: T } | null = null;
  return (fresh) => {
    if (last !== null && deepEqual(last.value, fresh)) return last.value;
    last = { value: fresh };
    return fresh;
  };
}
