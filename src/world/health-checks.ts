/** How long a balancer takes to see that a node's health checks fail, or succeed again. */
import { draw } from "../base/draw.ts";
import { type Micros, SECOND } from "../base/time.ts";
import type { CloudProvider } from "../model/kubehop/types.ts";

/** What balancers go by until they know better. */
export interface Unnoticed {
  /** How the node's health check was last seen: answering or not. */
  readonly seen: boolean;
  readonly until: Micros;
}

/** What the cloud provider of Google Compute Engine sets up for Services: every 8 s, out after 3 failures, in after one success. */
const DEFAULTS = { intervalSeconds: 8, unhealthyThreshold: 3, healthyThreshold: 1 };
/** A silent node fails a check only after this; one that refuses, at once. */
const PATIENCE = SECOND;

/**
 * How long after `now` a balancer has seen enough checks of a node that begins to fail (or to succeed) now. Each node has moments
 * of its own, one every interval.
 */
export function noticeDelay(
  { node, fails, isSilent }: { readonly node: string; readonly fails: boolean; readonly isSilent: boolean },
  cloud: CloudProvider["spec"],
  now: Micros,
  seed: number,
): Micros {
  const { intervalSeconds, unhealthyThreshold, healthyThreshold } = { ...DEFAULTS, ...cloud.healthCheck };
  const interval = intervalSeconds * SECOND;
  const phase = Math.floor(draw(seed, `health check ${node}`) * interval);
  const first = interval - ((now - phase + interval) % interval);
  const more = ((fails ? unhealthyThreshold : healthyThreshold) - 1) * interval;
  return first + more + (isSilent ? PATIENCE : 0);
}
