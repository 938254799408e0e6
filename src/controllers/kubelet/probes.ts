import { type Micros, MILLISECOND, SECOND } from "../../base/time.ts";
import type { Delay } from "../../engine/types.ts";
import type { Container, Probe } from "../../model/pod/types.ts";
import type { Behavior } from "../behavior.ts";

/** When probes of a container that started at `startedAt` change what kubelet thinks of it; null: never. */
export interface ProbePlan {
  /** Ready from here. A container without readinessProbe is ready at once. */
  readonly readyAt: Micros | null;
  /** Not ready any more from here: the process hangs, and failureThreshold probes in a row have said so. */
  readonly unreadyAt: Micros | null;
  /** Killed for its liveness from here. */
  readonly killAt: Micros | null;
}

/** Probe to answer, and answer to status. */
const ANSWER = 10 * MILLISECOND;

function periodOf(probe: Probe): Micros {
  return (probe.periodSeconds ?? 10) * SECOND;
}

/** The first tick at or after `from` (both counted from the container's start), no earlier than the initial delay. */
function tickAt(probe: Probe, from: Micros): Micros {
  const earliest = Math.max(from, (probe.initialDelaySeconds ?? 0) * SECOND);
  return Math.ceil(earliest / periodOf(probe)) * periodOf(probe);
}

/** When `failureThreshold` probes have failed in a row, if none succeeds from `from` on. */
function failedAt(probe: Probe, from: Micros): Micros {
  const more = Math.max(1, probe.failureThreshold ?? 3) - 1;
  return tickAt(probe, from) + more * periodOf(probe) + (probe.timeoutSeconds ?? 1) * SECOND;
}

/**
 * The first probe comes with the start, then one per period; those before initialDelaySeconds are left out. A process is
 * probed only where the answer changes something, so a healthy pod costs no events. What the process itself takes is exact
 * time; what the probes take on top is the class "probe". Source: pkg/kubelet/prober/worker.go.
 */
export function probePlan(
  container: Container,
  behavior: Behavior,
  startedAt: Micros,
  latency: (delay: Delay) => Micros,
): ProbePlan {
  const plan = (from: Micros, until: Micros): Micros =>
    startedAt + from + latency({ class: "probe", micros: until - from });
  const { hangAfter, readyAfter } = behavior;
  const liveness = container.livenessProbe;
  const killAt = liveness === undefined || hangAfter === null ? null : plan(hangAfter, failedAt(liveness, hangAfter));
  const readiness = container.readinessProbe;
  if (readiness === undefined) return { readyAt: startedAt, unreadyAt: null, killAt };
  if (readyAfter === null) return { readyAt: null, unreadyAt: null, killAt };
  const more = Math.max(1, readiness.successThreshold ?? 1) - 1;
  const success = tickAt(readiness, readyAfter) + more * periodOf(readiness) + ANSWER;
  if (hangAfter !== null && hangAfter < success) return { readyAt: null, unreadyAt: null, killAt };
  const readyAt = plan(readyAfter, success);
  const unreadyAt = hangAfter === null ? null : plan(hangAfter, failedAt(readiness, hangAfter));
  return { readyAt, unreadyAt, killAt };
}
