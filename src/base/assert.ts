/** A broken promise of our own code, never of the user's input. The worker reports it with revision and command list. */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

/** Throws when one of our own invariants does not hold. User input never reaches this: it is refused as a value. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** The value, or an AssertionError naming what was expected when it is absent. */
export function must<T>(value: T | null | undefined, message: string): T {
  assert(value !== null && value !== undefined, message);
  return value;
}
