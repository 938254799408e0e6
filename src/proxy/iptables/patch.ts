import type { EntryChange } from "../changes.ts";

/** Where the items of the block at `to` begin, if those before it stand already: after the last item of a block to the left. */
function placeFor<B, R>(items: readonly R[], blocks: readonly B[], to: number, of: (block: B) => readonly R[]): number {
  for (let i = to - 1; i >= 0; i--) {
    const last = of(blocks[i] as B).at(-1);
    if (last !== undefined) return items.indexOf(last) + 1;
  }
  return 0;
}

/**
 * A list to which every Service port's block adds its items, such as a shared chain's rules, after some blocks changed: items of
 * theirs are taken out and put in where they belong, all others stay. The same array when nothing changes. `of` gives a block's items.
 */
export function patchedItems<B, R>(
  items: readonly R[],
  before: readonly B[],
  after: readonly B[],
  changes: readonly EntryChange[],
  of: (block: B) => readonly R[],
): readonly R[] {
  let patched: R[] | null = null;
  for (const change of changes) {
    const gone = change.before === null ? [] : of(before[change.from] as B);
    const come = change.after === null ? [] : of(after[change.to] as B);
    if (sameItems(gone, come)) continue;
    patched ??= [...items];
    const [first] = gone;
    const at = first === undefined ? placeFor(patched, after, change.to, of) : patched.indexOf(first);
    patched.splice(at, gone.length, ...come);
  }
  return patched ?? items;
}

function sameItems<R>(a: readonly R[], b: readonly R[]): boolean {
  return a === b || (a.length === b.length && a.every((item, i) => item === b[i]));
}
