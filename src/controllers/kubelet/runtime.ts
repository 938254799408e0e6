import { type Micros, MILLISECOND, MINUTE, SECOND } from "../../base/time.ts";
import type { Delay } from "../../engine/types.ts";
import type { Container, Pod } from "../../model/pod/types.ts";
import { type Behavior, behaviorOf } from "../behavior.ts";
import { isDeleting } from "../changes.ts";
import { probePlan } from "./probes.ts";

/**
 * What a kubelet knows of one pod and the API does not: where it is on its way and when the next step is due. Plain data,
 * kept in the controller's memory under the pod's key. All containers of a pod move together.
 *
 * creating → starting (it has an IP) → running ⇄ backoff → done, and from anywhere → stopping → gone
 */
export interface PodRuntime {
  readonly uid: string;
  readonly stage: "creating" | "starting" | "running" | "backoff" | "done" | "stopping" | "gone";
  /** Moment of the next step of its own accord; null: none (running without end, done, waiting for an address). */
  readonly due: Micros | null;
  readonly ips: readonly string[];
  readonly startedAt: Micros;
  readonly restarts: number;
  /** How often it has ended in a row without running well in between: the exponent of the back-off. */
  readonly failures: number;
  readonly lastExit: { readonly code: number; readonly startedAt: Micros; readonly finishedAt: Micros } | null;
  /** Came with a complete status (pasted from a cluster): it stands as it is until something happens to the pod. */
  readonly asGiven: boolean;
  /** Per container: from when and until when it is ready. */
  readonly ready: readonly { readonly from: Micros | null; readonly until: Micros | null }[];
  /** Its liveness probe ends it at `due`, not the process itself. */
  readonly doomed: boolean;
}

const SANDBOX: Delay = { class: "start", micros: 500 * MILLISECOND };
const START = 700 * MILLISECOND;
/** The first restart waits only for the runtime's event and the container to come up. */
const RESTART: Delay = { class: "start", micros: SECOND };
const MAX_BACKOFF = 5 * MINUTE;
const KILLED = 137;

export interface RuntimeContext {
  readonly pod: Pod;
  readonly now: Micros;
  readonly killed: boolean;
  latency(delay: Delay): Micros;
  /** Addresses for a new sandbox, or null when there is none to be had. */
  allocate(): readonly string[] | null;
}

/** The pod as kubelet meets it first: new, or with a status that came in the text. */
export function firstSight({ pod, now, latency }: RuntimeContext): PodRuntime {
  const { phase, conditions, podIP, podIPs, containerStatuses, startTime } = pod.status;
  const ips = podIPs?.map(({ ip }) => ip) ?? (podIP === undefined ? [] : [podIP]);
  const base: PodRuntime = {
    uid: pod.metadata.uid ?? "",
    stage: "creating",
    due: now + latency(SANDBOX),
    ips,
    startedAt: now,
    restarts: containerStatuses?.reduce((n, status) => Math.max(n, status.restartCount), 0) ?? 0,
    failures: 0,
    lastExit: null,
    asGiven: false,
    ready: [],
    doomed: false,
  };
  if (phase === "Succeeded" || phase === "Failed") return { ...base, stage: "done", due: null, asGiven: true };
  const complete =
    phase === "Running" && startTime !== undefined && conditions?.some((c) => c.type === "Ready") === true;
  return complete ? { ...base, stage: "running", due: null, asGiven: true } : base;
}

/** Everything that is due by now, one step after the other, with a line for each. */
export function advance(
  from: PodRuntime,
  context: RuntimeContext,
): { readonly runtime: PodRuntime; readonly titles: readonly string[] } {
  const titles: string[] = [];
  let runtime = from;
  if (context.killed && (runtime.stage === "running" || runtime.stage === "stopping")) {
    runtime = exited(runtime, context, KILLED, titles);
  }
  if (isDeleting(context.pod) && runtime.stage !== "stopping" && runtime.stage !== "gone") {
    runtime = stopping(runtime, context, titles);
  }
  for (let n = 0; n < 8 && runtime.due !== null && runtime.due <= context.now; n++) {
    const next = step(runtime, context, titles);
    if (next === runtime) break;
    runtime = next;
  }
  return { runtime, titles };
}

function names(pod: Pod): string {
  return pod.spec.containers.map((container) => container.name).join(", ");
}

function step(runtime: PodRuntime, context: RuntimeContext, titles: string[]): PodRuntime {
  const behavior = behaviorOf(context.pod);
  switch (runtime.stage) {
    case "creating": {
      const ips = runtime.ips.length > 0 ? runtime.ips : context.allocate();
      if (ips === null) return runtime;
      titles.push(`Created sandbox with IP ${ips.join(", ")}`);
      const wait = context.latency({ class: "start", micros: behavior.start ?? START });
      return { ...runtime, stage: "starting", ips, due: context.now + wait };
    }
    case "starting":
    case "backoff":
      titles.push(`Started container ${names(context.pod)}`);
      return running(runtime, context, behavior);
    case "running":
      return exited(runtime, context, runtime.doomed ? KILLED : behavior.exitCode, titles);
    case "stopping":
      return { ...runtime, stage: "gone", due: null };
    case "done":
    case "gone":
      return runtime;
  }
}

function running(runtime: PodRuntime, context: RuntimeContext, behavior: Behavior): PodRuntime {
  const startedAt = context.now;
  const plans = context.pod.spec.containers.map((c) => probePlan(c, behavior, startedAt, context.latency));
  const kills = plans.flatMap((plan) => (plan.killAt === null ? [] : [plan.killAt]));
  const crash = behavior.crashAfter === null ? null : startedAt + behavior.crashAfter;
  const kill = kills.length === 0 ? null : Math.min(...kills);
  const doomed = kill !== null && (crash === null || kill < crash);
  return {
    ...runtime,
    stage: "running",
    startedAt,
    restarts: runtime.lastExit === null ? runtime.restarts : runtime.restarts + 1,
    asGiven: false,
    due: doomed ? kill : crash,
    doomed,
    ready: plans.map((plan) => ({ from: plan.readyAt, until: plan.unreadyAt })),
  };
}

/** The containers have ended. Restart policy and back-off: pkg/kubelet/kuberuntime doBackOff. */
function exited(runtime: PodRuntime, context: RuntimeContext, code: number, titles: string[]): PodRuntime {
  titles.push(`Container ${names(context.pod)} exited with code ${code}`);
  const lastExit = { code, startedAt: runtime.startedAt, finishedAt: context.now };
  const policy = context.pod.spec.restartPolicy ?? "Always";
  if (isDeleting(context.pod)) return { ...runtime, stage: "stopping", lastExit, due: context.now };
  if (policy === "Never" || (policy === "OnFailure" && code === 0)) {
    return { ...runtime, stage: "done", asGiven: false, lastExit, due: null };
  }
  // Ten minutes of good running clear the slate.
  const failures = context.now - runtime.startedAt >= 2 * MAX_BACKOFF ? 0 : runtime.failures;
  const wait = backoffOf(failures);
  return {
    ...runtime,
    stage: "backoff",
    asGiven: false,
    lastExit,
    failures: failures + 1,
    due: context.now + (wait === 0 ? context.latency(RESTART) : wait),
  };
}

/** The first end is free, then 10 s, 20 s, 40 s ... 5 min. */
export function backoffOf(failures: number): Micros {
  return failures === 0 ? 0 : Math.min(MAX_BACKOFF, 10 * SECOND * 2 ** (failures - 1));
}

/** The fields of `lifecycle.preStop` that take time. */
type WithLifecycle = Container & {
  readonly lifecycle?: {
    readonly preStop?: {
      readonly sleep?: { readonly seconds?: number };
      readonly exec?: { readonly command?: readonly string[] };
    };
  };
};

/** How long preStop holds SIGTERM back: the sleep action, or the `sleep N` of a command. */
function preStopOf(container: WithLifecycle): Micros {
  const hook = container.lifecycle?.preStop;
  if (hook?.sleep?.seconds !== undefined) return hook.sleep.seconds * SECOND;
  const match = /\bsleep (\d+)\b/.exec(hook?.exec?.command?.join(" ") ?? "");
  return match === null ? 0 : Number(match[1]) * SECOND;
}

/** preStop, SIGTERM, and at the end of the grace period SIGKILL. What never ran is gone at once. */
function stopping(runtime: PodRuntime, context: RuntimeContext, titles: string[]): PodRuntime {
  if (runtime.stage !== "running") return { ...runtime, stage: "gone", due: null };
  titles.push(`Stopping container ${names(context.pod)}`);
  const grace = (context.pod.metadata.deletionGracePeriodSeconds ?? 30) * SECOND;
  const { stop } = behaviorOf(context.pod);
  const preStop = Math.max(0, ...context.pod.spec.containers.map(preStopOf));
  const wait = stop === null ? grace : Math.min(grace, preStop + stop);
  return { ...runtime, stage: "stopping", due: context.now + context.latency({ class: "grace", micros: wait }) };
}

/** Is this container ready at this moment? */
export function isReady(runtime: PodRuntime, container: number, now: Micros): boolean {
  if (runtime.stage !== "running" && runtime.stage !== "stopping") return false;
  const plan = runtime.ready[container];
  return plan !== undefined && plan.from !== null && plan.from <= now && (plan.until === null || now < plan.until);
}

/** The next moment at which something changes by itself, or null. */
export function nextMoment(runtime: PodRuntime, now: Micros): Micros | null {
  const moments = runtime.due === null ? [] : [runtime.due];
  if (runtime.stage === "running" || runtime.stage === "stopping") {
    for (const { from, until } of runtime.ready) {
      if (from !== null) moments.push(from);
      if (until !== null) moments.push(until);
    }
  }
  const future = moments.filter((moment) => moment > now);
  return future.length === 0 ? null : Math.min(...future);
}
