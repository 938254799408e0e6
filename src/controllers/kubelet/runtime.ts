import { type Micros, MILLISECOND, MINUTE, SECOND } from "../../base/time.ts";
import type { Delay } from "../../engine/types.ts";
import type { Container, Pod } from "../../model/pod/types.ts";
import { behaviorOf } from "../behavior.ts";
import { isDeleting } from "../changes.ts";
import type { Signal } from "../types.ts";
import { type ContainerRuntime, momentsOf, WAITING, withPlans } from "./container.ts";
import { isSidecar, nextOfInit, type Output, preStopOf, START, started, type Told, told } from "./start.ts";

/**
 * What a kubelet knows of one pod and the API does not: where it is on its way and when the next step is due. Plain data,
 * kept in the controller's memory under the pod's key.
 *
 * creating → initializing (it has an IP) → running → done, and from anywhere → stopping → gone
 */
export interface PodRuntime {
  readonly uid: string;
  readonly stage: "creating" | "initializing" | "running" | "done" | "stopping" | "gone";
  /** creating: the sandbox is up here; stopping: the last container has ended here; else null. */
  readonly due: Micros | null;
  readonly ips: readonly string[];
  /** Came with a complete status (pasted from a cluster): it stands as it is until something happens to the pod. */
  readonly asGiven: boolean;
  readonly init: readonly ContainerRuntime[];
  readonly containers: readonly ContainerRuntime[];
  /** Its readiness endpoints have been told to say no. */
  readonly unready: boolean;
  /** SIGTERM is sent here: from then on the processes take no new connections. */
  readonly closingAt: Micros | null;
}

const SANDBOX: Delay = { class: "start", micros: 500 * MILLISECOND };
/** The first restart waits only for the runtime's event and the container to come up. */
const RESTART: Delay = { class: "start", micros: SECOND };
const MAX_BACKOFF = 5 * MINUTE;
const KILLED = 137;
/** What containerd reports for a container that was lost with its node. */
const LOST = 255;
const MAX_STEPS = 64;

export interface RuntimeContext {
  readonly pod: Pod;
  readonly now: Micros;
  readonly signal: Signal | null;
  /** The store's revision: what a container's environment is made of. */
  readonly revision: number;
  latency(delay: Delay): Micros;
  /** Addresses for a new sandbox, or null when there is none to be had. */
  allocate(): readonly string[] | null;
  /** Is the image on the node already? Asking brings it there. */
  pulled(image: string): boolean;
}

/** The pod as kubelet meets it first: new, or with a status that came in the text and says whether it is ready. */
export function firstSight({ pod, now, latency, revision, allocate }: RuntimeContext): PodRuntime {
  const { phase, conditions, podIP, podIPs, containerStatuses, startTime } = pod.status;
  const ips = podIPs?.map(({ ip }) => ip) ?? (podIP === undefined ? [] : [podIP]);
  const containers = pod.spec.containers.map(({ name }): ContainerRuntime => ({
    ...WAITING,
    revision,
    restarts: containerStatuses?.find((status) => status.name === name)?.restartCount ?? 0,
  }));
  const base: PodRuntime = {
    uid: pod.metadata.uid ?? "",
    stage: "creating",
    due: now + latency(SANDBOX),
    ips,
    asGiven: false,
    init: (pod.spec.initContainers ?? []).map(() => WAITING),
    containers,
    unready: false,
    closingAt: null,
  };
  if (phase === "Succeeded" || phase === "Failed") return { ...base, stage: "done", due: null, asGiven: true };
  const stated = conditions?.find((c) => c.type === "Ready");
  // What was pasted from a cluster says when the pod started; who writes by hand may say no more than whether it is ready.
  const isPasted = phase === "Running" && startTime !== undefined;
  const isWritten = (phase === "Running" || phase === "Pending") && startTime === undefined;
  if (stated === undefined || !(isPasted || isWritten)) return base;
  const given = ips.length > 0 ? ips : allocate();
  if (given === null) return base;
  const up: Partial<ContainerRuntime> = { stage: "running", startedAt: now, upAt: now };
  const ready = { from: stated.status === "True" ? now : null, until: null };
  return {
    ...base,
    stage: "running",
    due: null,
    ips: given,
    asGiven: isPasted,
    init: base.init.map((c) => ({ ...c, stage: "ended" })),
    containers: containers.map((c) => ({ ...c, ...up, ready })),
  };
}

/** Everything that is due by now, one step after the other, with a line for each and what it tells by Events. */
export function advance(
  from: PodRuntime,
  context: RuntimeContext,
): { readonly runtime: PodRuntime; readonly titles: readonly string[]; readonly events: readonly Told[] } {
  const out: Output = { titles: [], events: [] };
  let runtime = context.signal === null ? from : befallen(from, context.signal, context, out);
  if (isDeleting(context.pod) && runtime.stage !== "stopping" && runtime.stage !== "gone") {
    runtime = stopping(runtime, context, out);
  }
  for (let n = 0; n < MAX_STEPS; n++) {
    const next = step(runtime, context, out);
    if (next === runtime) break;
    runtime = next;
  }
  return { runtime, ...out };
}

/** A signal changes what runs now. */
function befallen(runtime: PodRuntime, signal: Signal, context: RuntimeContext, out: Output): PodRuntime {
  const { pod, now } = context;
  const isUp = runtime.stage === "running" || runtime.stage === "stopping";
  switch (signal.type) {
    case "kill":
      return isUp ? ended(runtime, context, out, () => KILLED) : runtime;
    case "crash":
      return isUp
        ? ended(runtime, context, out, (name) => (signal.container === null || signal.container === name ? 1 : null))
        : runtime;
    case "hang": {
      const hungAt = signal.on ? now : null;
      out.titles.push(
        signal.on ? `Pod ${pod.metadata.name} stops answering` : `Pod ${pod.metadata.name} answers again`,
      );
      return replanned({ ...runtime, containers: runtime.containers.map((c) => ({ ...c, hungAt })) }, context);
    }
    case "unready":
      out.titles.push(`Readiness endpoint of ${pod.metadata.name} ${signal.on ? "says no" : "is itself again"}`);
      return replanned({ ...runtime, unready: signal.on }, context);
    case "boot":
      return rebooted(runtime, context, out);
  }
}

/** The probes' moments anew, after something changed what they would find. */
function replanned(runtime: PodRuntime, context: RuntimeContext): PodRuntime {
  if (runtime.stage !== "running" && runtime.stage !== "stopping") return runtime;
  const containers = runtime.containers.map((c, i) =>
    c.stage === "running" ? withPlans(c, probedOf(runtime, context, i)) : c,
  );
  return { ...runtime, asGiven: false, containers };
}

function probedOf(runtime: PodRuntime, context: RuntimeContext, index: number) {
  const { pod, now } = context;
  return {
    pod,
    container: pod.spec.containers[index] as Container,
    ip: runtime.ips[0] ?? pod.status.hostIP ?? "",
    behavior: behaviorOf(pod),
    unready: runtime.unready,
    now,
    latency: (delay: Delay) => context.latency(delay),
  };
}

/** The node had no power: sandbox and processes are lost, the pod is not. */
function rebooted(runtime: PodRuntime, context: RuntimeContext, out: Output): PodRuntime {
  if (runtime.stage === "done" || runtime.stage === "gone") return runtime;
  if (isDeleting(context.pod)) return { ...runtime, stage: "gone", due: null };
  if (runtime.stage === "creating") return { ...runtime, due: context.now + context.latency(SANDBOX) };
  const message = "Pod sandbox changed, it will be killed and re-created.";
  out.titles.push(message);
  out.events.push({ type: "Normal", reason: "SandboxChanged", message, container: null });
  const lost = (c: ContainerRuntime): ContainerRuntime => ({
    ...WAITING,
    restarts: c.restarts,
    lastExit: c.stage === "running" ? { code: LOST, startedAt: c.startedAt, finishedAt: context.now } : c.lastExit,
  });
  return {
    ...runtime,
    stage: "creating",
    due: context.now + context.latency(SANDBOX),
    ips: [],
    asGiven: false,
    init: runtime.init.map(() => WAITING),
    containers: runtime.containers.map(lost),
    closingAt: null,
  };
}

function step(runtime: PodRuntime, context: RuntimeContext, out: Output): PodRuntime {
  const isDue = (at: Micros | null): boolean => at !== null && at <= context.now;
  switch (runtime.stage) {
    case "creating": {
      if (!isDue(runtime.due)) return runtime;
      const ips = runtime.ips.length > 0 ? runtime.ips : context.allocate();
      if (ips === null) return runtime;
      out.titles.push(`Created sandbox with IP ${ips.join(", ")}`);
      return begun({ ...runtime, stage: "initializing", due: null, ips }, context, out);
    }
    case "initializing": {
      const index = runtime.init.findIndex((c) => c.stage === "starting" || (c.stage === "running" && c.due !== null));
      const current = runtime.init[index];
      const container = context.pod.spec.initContainers?.[index];
      if (current === undefined || container === undefined || !isDue(current.due)) return runtime;
      return begun(withInit(runtime, index, nextOfInit(current, container, context, out)), context, out);
    }
    case "running": {
      for (const [index, c] of runtime.containers.entries()) {
        const next = containerStep(runtime, c, index, context, out);
        if (next !== runtime) return next;
      }
      return runtime;
    }
    case "stopping":
      return isDue(runtime.due) ? { ...runtime, stage: "gone", due: null } : runtime;
    case "done":
    case "gone":
      return runtime;
  }
}

function withInit(runtime: PodRuntime, index: number, c: ContainerRuntime): PodRuntime {
  return { ...runtime, init: runtime.init.map((old, i) => (i === index ? c : old)) };
}

function withContainer(runtime: PodRuntime, index: number, c: ContainerRuntime): PodRuntime {
  return { ...runtime, asGiven: false, containers: runtime.containers.map((old, i) => (i === index ? c : old)) };
}

/** Starts the next init container, or all others once those are through. Source: computePodActions. */
function begun(runtime: PodRuntime, context: RuntimeContext, out: Output): PodRuntime {
  const { pod, now } = context;
  const specs = pod.spec.initContainers ?? [];
  for (const [index, container] of specs.entries()) {
    const c = runtime.init[index];
    if (c === undefined || c.stage === "ended" || (c.stage === "running" && isSidecar(container))) continue;
    if (c.stage !== "waiting") return runtime;
    const wait = context.latency({ class: "start", micros: START });
    told(out, context, container, START);
    return withInit(runtime, index, { ...c, stage: "starting", due: now + wait });
  }
  const micros = behaviorOf(pod).start ?? START;
  const due = now + context.latency({ class: "start", micros });
  for (const container of pod.spec.containers) told(out, context, container, micros);
  return {
    ...runtime,
    stage: "running",
    containers: runtime.containers.map((c) => ({ ...c, stage: "starting", due })),
  };
}

/** One step of one container, if one is due. */
function containerStep(
  runtime: PodRuntime,
  c: ContainerRuntime,
  index: number,
  context: RuntimeContext,
  out: Output,
): PodRuntime {
  const { now, pod } = context;
  const name = pod.spec.containers[index]?.name ?? "";
  const warning = c.warnings[0];
  if (c.stage === "running" && warning !== undefined && warning.at <= now) {
    out.events.push({ type: "Warning", reason: "Unhealthy", message: warning.message, container: name });
    return { ...withContainer(runtime, index, { ...c, warnings: c.warnings.slice(1) }), asGiven: runtime.asGiven };
  }
  const isDue = c.due !== null && c.due <= now;
  if (c.stage === "running") {
    const exits = isDue && (c.doom === null || (c.due ?? 0) <= c.doom.at);
    if (exits) return ended(runtime, context, out, (n) => (n === name ? behaviorOf(pod).exitCode : null));
    if (c.doom === null || c.doom.at > now) return runtime;
    const message = `Container ${name} failed ${c.doom.probe.toLowerCase()} probe, will be restarted`;
    out.events.push({ type: "Normal", reason: "Killing", message, container: name });
    return ended(runtime, context, out, (n) => (n === name ? KILLED : null));
  }
  if (!isDue || (c.stage !== "starting" && c.stage !== "backoff")) return runtime;
  return startAll(runtime, context, out);
}

/** Starts every container that is due: they come up together. */
function startAll(runtime: PodRuntime, context: RuntimeContext, out: Output): PodRuntime {
  const { now, pod, revision } = context;
  const behavior = behaviorOf(pod);
  const names: string[] = [];
  const containers = runtime.containers.map((c, index) => {
    const waits = (c.stage === "starting" || c.stage === "backoff") && c.due !== null && c.due <= now;
    if (!waits) return c;
    names.push(pod.spec.containers[index]?.name ?? "");
    const fresh: ContainerRuntime = {
      ...c,
      stage: "running",
      startedAt: now,
      restarts: c.lastExit === null ? c.restarts : c.restarts + 1,
      due: behavior.crashAfter === null ? null : now + behavior.crashAfter,
      hungAt: behavior.hangAfter === null ? null : now + behavior.hangAfter,
      upAt: null,
      ready: WAITING.ready,
      revision,
    };
    return withPlans(fresh, probedOf(runtime, context, index));
  });
  started(out, names);
  return { ...runtime, asGiven: false, containers };
}

/** Containers end, with the code that `codeOf` gives them (null: it lives on). Restart policy and back-off: doBackOff. */
function ended(
  runtime: PodRuntime,
  context: RuntimeContext,
  out: Output,
  codeOf: (name: string) => number | null,
): PodRuntime {
  const { pod, now } = context;
  const policy = pod.spec.restartPolicy ?? "Always";
  const exits = new Map<number, string[]>();
  const containers = runtime.containers.map((c, index): ContainerRuntime => {
    const name = pod.spec.containers[index]?.name ?? "";
    const code = c.stage === "running" ? codeOf(name) : null;
    if (code === null) return c;
    exits.set(code, [...(exits.get(code) ?? []), name]);
    const over = { ...c, lastExit: { code, startedAt: c.startedAt, finishedAt: now }, doom: null, warnings: [] };
    if (isDeleting(pod) || policy === "Never" || (policy === "OnFailure" && code === 0)) {
      return { ...over, stage: "ended", due: null };
    }
    // Ten minutes of good running clear the slate.
    const failures = now - c.startedAt >= 2 * MAX_BACKOFF ? 0 : c.failures;
    const wait = backoffOf(failures);
    if (wait > 0) {
      const { name: podName, namespace, uid } = pod.metadata;
      const message = `Back-off restarting failed container ${name} in pod ${podName}_${namespace ?? ""}(${uid ?? ""})`;
      out.events.push({ type: "Warning", reason: "BackOff", message, container: name });
    }
    const due = now + (wait === 0 ? context.latency(RESTART) : wait);
    return { ...over, stage: "backoff", failures: failures + 1, due };
  });
  for (const [code, names] of exits) out.titles.push(`Container ${names.join(", ")} exited with code ${code}`);
  const over = containers.every((c) => c.stage === "ended");
  if (runtime.stage === "stopping") return { ...runtime, containers, due: over ? now : runtime.due };
  return over
    ? { ...runtime, containers, asGiven: false, stage: "done", due: null }
    : { ...runtime, containers, asGiven: false };
}

/** The first end is free, then 10 s, 20 s, 40 s ... 5 min. */
export function backoffOf(failures: number): Micros {
  return failures === 0 ? 0 : Math.min(MAX_BACKOFF, 10 * SECOND * 2 ** (failures - 1));
}

/** preStop, SIGTERM, and at the end of the grace period SIGKILL. What never ran is gone at once. */
function stopping(runtime: PodRuntime, context: RuntimeContext, out: Output): PodRuntime {
  const { pod, now } = context;
  const isUp = runtime.stage === "running" && runtime.containers.some((c) => c.stage === "running");
  if (!isUp) return { ...runtime, stage: "gone", due: null };
  const running = pod.spec.containers.filter((_, i) => runtime.containers[i]?.stage === "running");
  out.titles.push(`Stopping container ${running.map(({ name }) => name).join(", ")}`);
  for (const { name } of running) {
    out.events.push({ type: "Normal", reason: "Killing", message: `Stopping container ${name}`, container: name });
  }
  const grace = (pod.metadata.deletionGracePeriodSeconds ?? 30) * SECOND;
  const { stop } = behaviorOf(pod);
  const preStop = Math.min(grace, Math.max(0, ...running.map(preStopOf)));
  const wait = stop === null ? grace : Math.min(grace, preStop + stop);
  const at = (micros: Micros): Micros => now + context.latency({ class: "grace", micros });
  return { ...runtime, stage: "stopping", due: at(wait), closingAt: at(preStop) };
}

/** The next moment at which something changes by itself, or null. */
export function nextMoment(runtime: PodRuntime, now: Micros): Micros | null {
  const moments = runtime.due === null ? [] : [runtime.due];
  if (runtime.stage === "initializing") moments.push(...runtime.init.flatMap(momentsOf));
  if (runtime.stage === "running") moments.push(...runtime.containers.flatMap(momentsOf));
  if (runtime.stage === "stopping") {
    // Readiness goes on being probed while the pod stops; nothing is restarted any more.
    for (const { ready } of runtime.containers)
      for (const at of [ready.from, ready.until]) if (at !== null) moments.push(at);
  }
  const future = moments.filter((moment) => moment > now);
  return future.length === 0 ? null : Math.min(...future);
}

/** What a packet meets at this pod's sockets, as far as the API does not say. */
export function processOf(runtime: PodRuntime, now: Micros): "answers" | "hangs" | "closed" {
  if (runtime.stage === "stopping" && runtime.closingAt !== null && runtime.closingAt <= now) return "closed";
  return runtime.containers.some((c) => c.stage === "running" && c.hungAt !== null && c.hungAt <= now)
    ? "hangs"
    : "answers";
}
