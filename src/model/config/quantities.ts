import { HOUR, MILLISECOND, MINUTE, SECOND, type Micros } from "../../base/time.ts";

const UNITS: Readonly<Record<string, number>> = {
  ns: 0.001,
  us: 1,
  µs: 1,
  μs: 1,
  ms: MILLISECOND,
  s: SECOND,
  m: MINUTE,
  h: HOUR,
};

/** A Go duration (`1s`, `1m30s`, `250ms`, `0`) in microseconds, or null when it is none. */
export function parseDuration(text: string): Micros | null {
  const match = /^([+-]?)(.*)$/s.exec(text);
  const body = match?.[2] ?? "";
  if (body === "0") return 0;
  let total = 0;
  let at = 0;
  const part = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/gy;
  for (let found = part.exec(body); found !== null; found = part.exec(body)) {
    total += Number(found[1]) * (UNITS[found[2] as string] as number);
    at = part.lastIndex;
  }
  if (at === 0 || at !== body.length) return null;
  return Math.round(match?.[1] === "-" ? -total : total);
}
