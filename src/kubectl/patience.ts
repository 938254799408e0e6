/** Commands that wait: virtual time passes, as commands of the history like any other. */
import { HOUR, type Micros, MILLISECOND, MINUTE, SECOND } from "../base/time.ts";
import type { Call } from "./call.ts";

const UNITS: Readonly<Record<string, Micros>> = { h: HOUR, m: MINUTE, s: SECOND, ms: MILLISECOND, us: 1 };

/** `30s`, `1m30s`, `500ms`, and a bare number of seconds; null for anything else. */
export function parseDuration(text: string): Micros | null {
  if (/^\d+$/.test(text)) return Number(text) * SECOND;
  if (!/^(\d+(\.\d+)?(ms|us|h|m|s))+$/.test(text)) return null;
  let total = 0;
  for (const [, amount = "0", unit = "s"] of text.matchAll(/(\d+(?:\.\d+)?)(ms|us|h|m|s)/g)) {
    total += Number(amount) * (UNITS[unit] ?? 0);
  }
  return Math.round(total);
}

/** Lets time pass a little. */
export function pass(call: Call, micros: Micros): void {
  call.world.dispatch({ type: "run", micros });
}

/** Looks, and lets time pass between looks, until `done` or until the limit is reached: every second at first, then every ten. */
export function waitUntil(call: Call, limit: Micros, done: () => boolean): boolean {
  const start = call.world.now;
  for (;;) {
    if (done()) return true;
    const spent = call.world.now - start;
    if (spent >= limit) return false;
    pass(call, Math.min(spent < 10 * SECOND ? SECOND : 10 * SECOND, limit - spent));
  }
}

/** Without `timeout` in front or --request-timeout: long enough to see a rollout. */
const WATCHED = 30 * SECOND;

/** How long `-w` and `-f` look. */
export const watchLimit = (call: Call): Micros =>
  call.patience ?? parseDuration(call.args.flags["--request-timeout"] ?? "") ?? WATCHED;

/** Said when a watch is over. */
export const watchNote = (limit: Micros): string =>
  `(watched for ${limit / SECOND}s of virtual time; put "timeout 60s" before the command for longer)\n`;
