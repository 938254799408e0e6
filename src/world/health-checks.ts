/** How long a balancer takes to see that a target's health checks fail, or succeed again. */
import { draw } from "../base/draw.ts";
import { type Micros, SECOND } from "../base/time.ts";
import type { CloudProvider } from "../model/kubehop/types.ts";

/** What a balancer believes of a target. */
export interface TargetHealth {
  /** How its checks have been seen: passing or not. */
  readonly passes: boolean;
  /** When enough checks will have said otherwise; null while what is believed is so. */
  readonly turns: Micros | null;
}

/** What the cloud provider of Google Compute Engine sets up for Services: every 8 s, out after 3 failures, in after one success. */
const DEFAULTS = { intervalSeconds: 8, unhealthyThreshold: 3, healthyThreshold: 1 };
/** A silent target fails a check only after this; one that refuses, at once. */
const PATIENCE = SECOND;

/**
 * How long after `now` a balancer has seen enough checks of a target that begins to fail (or to succeed) now. Each target has moments
 * of its own, one every interval.
 */
export function noticeDelay(
  { target, fails, isSilent }: { readonly target: string; readonly fails: boolean; readonly isSilent: boolean },
  cloud: CloudProvider["spec"],
  now: Micros,
  seed: number,
): Micros {
  const { intervalSeconds, unhealthyThreshold, healthyThreshold } = { ...DEFAULTS, ...cloud.healthCheck };
  const interval = intervalSeconds * SECOND;
  const phase = Math.floor(draw(seed, `health check ${target}`) * interval);
  const first = interval - ((now - phase + interval) % interval);
  const more = ((fails ? unhealthyThreshold : healthyThreshold) - 1) * interval;
  return first + more + (isSilent ? PATIENCE : 0);
}

/** How many checks in a row it takes, for people. */
export function checksNeeded(fails: boolean, cloud: CloudProvider["spec"]): number {
  const { unhealthyThreshold, healthyThreshold } = { ...DEFAULTS, ...cloud.healthCheck };
  return fails ? unhealthyThreshold : healthyThreshold;
}
