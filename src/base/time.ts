/** Virtual time in whole microseconds since the cluster's epoch. Never a wall clock. */
export type Micros = number;

export const MILLISECOND: Micros = 1_000;
export const SECOND: Micros = 1_000_000;
export const MINUTE: Micros = 60 * SECOND;
export const HOUR: Micros = 60 * MINUTE;

/** 2026-01-01T00:00:00Z in milliseconds: what virtual time 0 is called in creationTimestamp. */
const EPOCH_MS = 1_767_225_600_000;

/** The second that was written last, and how: thousands of objects are stamped within one, and share the text. */
let written = { second: 0, text: "2026-01-01T00:00:00Z" };

/** Virtual time as the API writes it: RFC 3339, UTC, whole seconds. */
export function timestamp(at: Micros): string {
  const second = Math.floor(at / SECOND);
  if (second !== written.second) {
    const text = new Date(EPOCH_MS + second * 1_000).toISOString().replace(/\.\d+Z$/, "Z");
    written = { second, text };
  }
  return written.text;
}

/** Whole seconds since 1970. */
export function unixSeconds(at: Micros): number {
  return Math.floor((EPOCH_MS + at / 1_000) / 1_000);
}

/** The inverse of {@link timestamp}; NaN for text that is not a date. */
export function fromTimestamp(text: string): Micros {
  if (text === written.text) return written.second * SECOND;
  return (Date.parse(text) - EPOCH_MS) * 1_000;
}
