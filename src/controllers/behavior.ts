import { type Micros, MILLISECOND, MINUTE, SECOND } from "../base/time.ts";
import { BEHAVIOR_ANNOTATION } from "../model/kubehop/types.ts";
import type { Pod } from "../model/pod/types.ts";

/**
 * What a pod's process does, as its annotation `kubehop.dev/behavior` says: `key=value` pairs between commas.
 *
 * | pair         | meaning                                                                              |
 * | ------------ | ------------------------------------------------------------------------------------ |
 * | `start=2s`   | image pull and container start take 2 s                                              |
 * | `ready=false`| the readiness probe always fails                                                     |
 * | `ready=5s`   | the readiness probe fails until the process has run for 5 s                          |
 * | `hang=30s`   | 30 s after its start the process stops answering: readiness probes fail from then on |
 * | `hang`       | it never answers: `hang=0s`                                                          |
 * | `crash=5s`   | the process exits by itself 5 s after each start                                     |
 * | `exit=3`     | with this code (1 by default; 0 is a job well done)                                  |
 * | `stop=2s`    | after SIGTERM it goes on for 2 s (10 ms by default)                                  |
 * | `stop=never` | it ignores SIGTERM and is killed when the grace period ends                          |
 *
 * Durations are Go's: `500ms`, `2s`, `1m30s`. Pairs that are none of these are for others (latency) or ignored. `ready` and
 * `hang` need a readinessProbe to be noticed, as in life: without one a container is ready as soon as it runs.
 */
export interface Behavior {
  readonly start: Micros | null;
  /** From how long after the start the readiness probe succeeds; null: never. */
  readonly readyAfter: Micros | null;
  readonly hangAfter: Micros | null;
  readonly crashAfter: Micros | null;
  readonly exitCode: number;
  /** How long it goes on after SIGTERM; null: until it is killed. */
  readonly stop: Micros | null;
}

const DEFAULT_STOP = 10 * MILLISECOND;

const UNITS: Readonly<Record<string, Micros>> = { us: 1, ms: MILLISECOND, s: SECOND, m: MINUTE, h: 60 * MINUTE };

/** `1m30s` in microseconds, or null when the text is not a duration. */
export function parseDuration(text: string): Micros | null {
  if (text === "0") return 0;
  if (!/^(\d+(\.\d+)?(us|ms|s|m|h))+$/.test(text)) return null;
  let total = 0;
  for (const [, amount, , unit] of text.matchAll(/(\d+(\.\d+)?)(us|ms|s|m|h)/g)) {
    total += Number(amount) * (UNITS[unit as string] as number);
  }
  return Math.round(total);
}

/** The annotation that was read last: most pods have none, and those of a template the same. */
let read: { readonly text: string; readonly behavior: Behavior } | null = null;

export function behaviorOf(pod: Pod): Behavior {
  const text = pod.metadata.annotations?.[BEHAVIOR_ANNOTATION] ?? "";
  if (read?.text !== text) read = { text, behavior: behaviorFrom(text) };
  return read.behavior;
}

function behaviorFrom(text: string): Behavior {
  const pairs = new Map<string, string>();
  for (const part of text.split(",")) {
    const [name, value] = part.split("=", 2).map((word) => word.trim());
    if (name !== undefined && name !== "") pairs.set(name, value ?? "");
  }
  const duration = (name: string): Micros | null => parseDuration(pairs.get(name) ?? "");
  const exit = pairs.get("exit");
  return {
    start: duration("start"),
    readyAfter: pairs.get("ready") === "false" ? null : (duration("ready") ?? 0),
    hangAfter: pairs.get("hang") === "" ? 0 : duration("hang"),
    crashAfter: duration("crash"),
    exitCode: exit !== undefined && /^\d{1,3}$/.test(exit) ? Number(exit) : 1,
    stop: pairs.get("stop") === "never" ? null : (duration("stop") ?? DEFAULT_STOP),
  };
}
