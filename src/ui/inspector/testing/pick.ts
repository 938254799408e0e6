/** The item at an index (from the end when negative); fails when there is none, so that a test says so instead of going on. */
export function nth<T>(items: readonly T[], index: number): T {
  const item = items.at(index);
  if (item === undefined) throw new Error(`no item ${index} among ${items.length}`);
  return item;
}

/** The first item that satisfies a condition; fails when none does. */
export function find<T>(items: readonly T[], wanted: (item: T) => boolean): T {
  const item = items.find(wanted);
  if (item === undefined) throw new Error(`none of ${items.length} items is wanted`);
  return item;
}
