import { sameAsLast } from "../../base/share.ts";
import type { Micros } from "../../base/time.ts";
import type { Delay } from "../../engine/types.ts";
import type { Container, Pod, Probe } from "../../model/pod/types.ts";
import type { Behavior } from "../behavior.ts";
import { failedAt, firstTick, planned, probeFailure, type ProbeKind, succeededAt } from "./probes.ts";

/** What kubelet knows of one container and the API does not. Moments are absolute. */
export interface ContainerRuntime {
  readonly stage: "waiting" | "starting" | "running" | "backoff" | "ended";
  /** starting: it runs from here; running: it exits by itself here; backoff: it is started again here. */
  readonly due: Micros | null;
  readonly startedAt: Micros;
  readonly restarts: number;
  /** How often it has ended in a row without running well in between: the exponent of the back-off. */
  readonly failures: number;
  readonly lastExit: { readonly code: number; readonly startedAt: Micros; readonly finishedAt: Micros } | null;
  /** From here on it does not answer. */
  readonly hungAt: Micros | null;
  /** Its startup probe has succeeded from here on; without one, from its start. null: never. */
  readonly upAt: Micros | null;
  /** From when and until when it is ready. */
  readonly ready: { readonly from: Micros | null; readonly until: Micros | null };
  /** A probe has it killed here. */
  readonly doom: { readonly at: Micros; readonly probe: "Liveness" | "Startup" } | null;
  /** Failing probes that will be told of, in order of time. */
  readonly warnings: readonly { readonly at: Micros; readonly message: string }[];
  /** Revision of the store when it started: what its environment was made of. */
  readonly revision: number;
}

export const WAITING: ContainerRuntime = {
  stage: "waiting",
  due: null,
  startedAt: 0,
  restarts: 0,
  failures: 0,
  lastExit: null,
  hungAt: null,
  upAt: null,
  ready: { from: null, until: null },
  doom: null,
  warnings: [],
  revision: 0,
};

const sameReadiness = sameAsLast<ContainerRuntime["ready"]>();

/** All that the answers of a container's probes depend on. */
export interface Probed {
  readonly pod: Pod;
  readonly container: Container;
  readonly ip: string;
  readonly behavior: Behavior;
  /** Its readiness endpoint has been told to say no. */
  readonly unready: boolean;
  readonly now: Micros;
  latency(delay: Delay): Micros;
}

type Warning = ContainerRuntime["warnings"][number];

/** Is this container ready at this moment? */
export function isReady(runtime: ContainerRuntime, now: Micros): boolean {
  const { from, until } = runtime.ready;
  return runtime.stage === "running" && from !== null && from <= now && (until === null || now < until);
}

/** Has it started in the sense of its startup probe? */
export function hasStarted(runtime: ContainerRuntime, now: Micros): boolean {
  return runtime.stage === "running" && runtime.upAt !== null && runtime.upAt <= now;
}

/**
 * A running container with the moments at which its probes change what kubelet thinks of it, from `now` on. A process is
 * probed only where the answer changes something, so a healthy pod costs no events. What the process itself takes is exact
 * time; what the probes take on top is the class "probe".
 */
export function withPlans(runtime: ContainerRuntime, probed: Probed): ContainerRuntime {
  const { container, behavior, now } = probed;
  const warnings: Warning[] = [];
  const { startedAt, hungAt } = runtime;
  const fromStart = now - startedAt;
  const hangs = hungAt === null ? null : Math.max(0, hungAt - startedAt);
  const at = (from: Micros, until: Micros): Micros => planned(startedAt, from, until, (delay) => probed.latency(delay));

  const startup = container.startupProbe;
  let upAt = runtime.upAt;
  let doom: ContainerRuntime["doom"] = null;
  if (startup === undefined) upAt = startedAt;
  else if (upAt === null || upAt > now) {
    const broken = failureOf(probed, "Startup", false);
    const good = behavior.readyAfter ?? 0;
    const up = broken === null ? succeededAt(startup, good, 0) : null;
    const late = failedAt(startup, 0, 0, hangs === 0);
    const fine = up !== null && up <= late && (hangs === null || hangs > up);
    upAt = fine ? at(good, up) : null;
    if (!fine) doom = { at: at(0, late), probe: "Startup" };
    if (!fine || firstTick(startup, 0, 0) < good) warn("Startup", startup, 0, 0, hangs === 0);
  }
  if (upAt === null) return { ...runtime, upAt, doom, warnings, ready: WAITING.ready };
  const base = Math.max(0, upAt - startedAt);

  const liveness = container.livenessProbe;
  if (liveness !== undefined) {
    const broken = failureOf(probed, "Liveness", false) !== null;
    const silent = failureOf(probed, "Liveness", true) !== null;
    const bad = broken ? 0 : silent ? hangs : null;
    if (bad !== null) {
      doom = { at: at(bad, failedAt(liveness, bad, base, !broken)), probe: "Liveness" };
      warn("Liveness", liveness, bad, base, !broken);
    }
  }
  return {
    ...runtime,
    upAt,
    doom,
    ready: sameReadiness(readiness(upAt, base)),
    warnings: warnings.length === 0 ? WAITING.warnings : warnings.sort((a, b) => a.at - b.at),
  };

  function warn(kind: ProbeKind, probe: Probe, from: Micros, since: Micros, hung: boolean): void {
    const message = failureOf(probed, kind, hung, kind !== "Liveness" && !hung);
    if (message === null) return;
    warnings.push({ at: at(from, firstTick(probe, from, since)), message: `${kind} probe failed: ${message}` });
  }

  function readiness(up: Micros, since: Micros): ContainerRuntime["ready"] {
    const probe = container.readinessProbe;
    if (probe === undefined) return { from: up, until: null };
    const broken = failureOf(probed, "Readiness", false) !== null;
    const silent = failureOf(probed, "Readiness", true) !== null;
    const hung = silent ? hangs : null;
    const no = probed.unready ? fromStart : null;
    const bad = no === null ? hung : hung === null ? no : Math.min(no, hung);
    const isSilent = no === null && hung !== null;
    const fall = bad === null ? null : at(bad, failedAt(probe, bad, since, isSilent));
    if (isReady(runtime, now)) {
      if (bad !== null) warn("Readiness", probe, bad, since, isSilent);
      return { from: runtime.ready.from, until: fall };
    }
    const good = behavior.readyAfter;
    const first = firstTick(probe, fromStart, since);
    if (broken || good === null || (bad !== null && bad <= fromStart)) {
      warn("Readiness", probe, fromStart, since, isSilent);
      return { from: null, until: null };
    }
    const from = Math.max(good, fromStart);
    if (good > first) warn("Readiness", probe, fromStart, since, false);
    const success = succeededAt(probe, from, since);
    if (bad !== null && bad < success) {
      warn("Readiness", probe, bad, since, isSilent);
      return { from: null, until: null };
    }
    if (bad !== null) warn("Readiness", probe, bad, since, isSilent);
    return { from: at(from, success), until: fall };
  }
}

function failureOf(probed: Probed, kind: ProbeKind, hangs: boolean, refuses = false): string | null {
  return probeFailure(probed.pod, probed.container, kind, probed.ip, { hangs, refuses });
}

/** Moments at which something of this container changes by itself. */
export function momentsOf(runtime: ContainerRuntime): readonly Micros[] {
  const moments: Micros[] = [];
  if (runtime.due !== null) moments.push(runtime.due);
  if (runtime.stage !== "running") return moments;
  const { upAt, ready, doom, warnings } = runtime;
  for (const moment of [upAt, ready.from, ready.until, doom?.at ?? null, warnings[0]?.at ?? null]) {
    if (moment !== null) moments.push(moment);
  }
  return moments;
}
