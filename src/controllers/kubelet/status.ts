import { onceEach, sameAsLast } from "../../base/share.ts";
import { type Micros, MINUTE, SECOND, timestamp } from "../../base/time.ts";
import type { Condition } from "../../model/meta/types.ts";
import type { Node } from "../../model/node/types.ts";
import type { Container, ContainerStatus, Pod, PodStatus } from "../../model/pod/types.ts";
import { conditionOf } from "../conditions.ts";
import { type ContainerRuntime, hasStarted, isReady } from "./container.ts";
import { backoffOf, type PodRuntime } from "./runtime.ts";
import { isSidecar } from "./start.ts";

type Wanted = Omit<Condition, "lastTransitionTime">;

/** What the pods of a template say alike when they come up together. */
const sameStatuses = sameAsLast<readonly ContainerStatus[]>();
const sameConditions = sameAsLast<readonly Condition[]>();

const hostIPsOf = onceEach((addresses: NonNullable<Node["status"]["addresses"]>) =>
  addresses.filter((a) => a.type === "InternalIP").map(({ address }) => ({ ip: address })),
);

/** The pod's status as kubelet reports it at this moment. Source: pkg/kubelet/kubelet_pods.go generateAPIPodStatus. */
export function podStatus(pod: Pod, runtime: PodRuntime, node: Node, now: Micros): PodStatus {
  const initializing = runtime.stage === "initializing" && runtime.init.length > 0;
  const statusOf =
    (all: readonly ContainerRuntime[], waiting: string) =>
    (container: Container, i: number): ContainerStatus =>
      containerStatus(pod, container, all[i], waiting, now);
  const waiting = runtime.init.length > 0 && (initializing || runtime.stage === "creating");
  const containerStatuses = sameStatuses(
    pod.spec.containers.map(statusOf(runtime.containers, waiting ? "PodInitializing" : "ContainerCreating")),
  );
  const initContainerStatuses = pod.spec.initContainers?.map(statusOf(runtime.init, "PodInitializing"));
  const hostIPs = node.status.addresses === undefined ? [] : hostIPsOf(node.status.addresses);
  const hostIP = hostIPs[0]?.ip;
  const podIPs = pod.spec.hostNetwork === true ? hostIPs : runtime.ips.map((ip) => ({ ip }));
  const hasSandbox = runtime.stage !== "creating";
  const podIP = podIPs[0]?.ip;
  const showIP = podIP !== undefined && (hasSandbox || pod.status.podIP !== undefined);
  const { podIP: _a, podIPs: _b, ...rest } = pod.status;
  return {
    ...rest,
    phase: phaseOf(runtime),
    conditions: sameConditions(conditions(pod, runtime, containerStatuses, now)),
    ...(hostIP === undefined ? {} : { hostIP, hostIPs }),
    ...(showIP ? { podIP, podIPs } : {}),
    startTime: pod.status.startTime ?? timestamp(now),
    ...(initContainerStatuses === undefined ? {} : { initContainerStatuses }),
    containerStatuses,
  } as PodStatus;
}

/** Source: getPhase. */
function phaseOf(runtime: PodRuntime): NonNullable<PodStatus["phase"]> {
  if (runtime.stage === "done") return runtime.containers.every((c) => c.lastExit?.code === 0) ? "Succeeded" : "Failed";
  const hasRun = runtime.containers.some(
    (c) => c.stage !== "waiting" && (c.stage !== "starting" || c.lastExit !== null),
  );
  return hasRun ? "Running" : "Pending";
}

/** A container status with the fields that only printers read. */
type FullContainerStatus = ContainerStatus & {
  readonly lastState: NonNullable<ContainerStatus["state"]>;
};

function containerStatus(
  pod: Pod,
  container: Container,
  runtime: ContainerRuntime | undefined,
  waiting: string,
  now: Micros,
): FullContainerStatus {
  const isUp = runtime?.stage === "running";
  const lastExit = runtime?.lastExit ?? null;
  const ended =
    lastExit === null
      ? null
      : {
          terminated: {
            exitCode: lastExit.code,
            reason: lastExit.code === 0 ? "Completed" : lastExit.code === 255 ? "Unknown" : "Error",
            startedAt: timestamp(lastExit.startedAt),
            finishedAt: timestamp(lastExit.finishedAt),
          },
        };
  const waitsInBackoff = runtime?.stage === "backoff" && runtime.failures > 1;
  const comesAgain = runtime?.stage === "waiting" || runtime?.stage === "starting";
  const state: NonNullable<ContainerStatus["state"]> = isUp
    ? { running: { startedAt: timestamp(runtime.startedAt) } }
    : waitsInBackoff
      ? { waiting: { reason: "CrashLoopBackOff", message: backoffMessage(pod, container, runtime) } }
      : ended === null || comesAgain
        ? { waiting: { reason: waiting } }
        : ended;
  return {
    name: container.name,
    ...(container.image === undefined ? {} : { image: container.image }),
    lastState: (isUp || waitsInBackoff || comesAgain) && ended !== null ? ended : {},
    ready:
      runtime !== undefined && (isReady(runtime, now) || (runtime.stage === "ended" && waiting === "PodInitializing")),
    restartCount: runtime?.restarts ?? 0,
    started: runtime !== undefined && hasStarted(runtime, now),
    state,
  };
}

/** `10s`, `1m20s`: Go's time.Duration. */
function durationText(micros: Micros): string {
  const minutes = Math.floor(micros / MINUTE);
  const seconds = Math.floor((micros % MINUTE) / SECOND);
  return minutes === 0 ? `${seconds}s` : `${minutes}m${seconds}s`;
}

function backoffMessage(pod: Pod, container: Container, runtime: ContainerRuntime): string {
  const wait = durationText(backoffOf(runtime.failures - 1));
  const { name, namespace, uid } = pod.metadata;
  return `back-off ${wait} restarting failed container=${container.name} pod=${name}_${namespace ?? ""}(${uid ?? ""})`;
}

function conditions(
  pod: Pod,
  runtime: PodRuntime,
  statuses: readonly ContainerStatus[],
  now: Micros,
): readonly Condition[] {
  const old = pod.status.conditions ?? [];
  const isDone = runtime.stage === "done";
  const succeeded = phaseOf(runtime) === "Succeeded";
  const unready = statuses.filter((status) => !status.ready).map((status) => status.name);
  const notReady: Pick<Condition, "status" | "reason" | "message"> =
    isDone && succeeded
      ? { status: "False", reason: "PodCompleted" }
      : isDone
        ? { status: "False", reason: "PodFailed" }
        : {
            status: "False",
            reason: "ContainersNotReady",
            message: `containers with unready status: [${unready.join(" ")}]`,
          };
  const containersReady: Wanted =
    unready.length === 0 ? { type: "ContainersReady", status: "True" } : { type: "ContainersReady", ...notReady };
  const gates = (pod.spec.readinessGates ?? []).flatMap(({ conditionType }) => gateProblem(conditionType, old));
  const ready: Wanted =
    unready.length > 0
      ? { type: "Ready", ...notReady }
      : gates.length > 0
        ? { type: "Ready", status: "False", reason: "ReadinessGatesNotReady", message: gates.join(", ") }
        : { type: "Ready", status: "True" };
  const hasSandbox = runtime.stage !== "creating" && !isDone;
  const wanted: readonly Wanted[] = [
    { type: "PodReadyToStartContainers", status: hasSandbox ? "True" : "False" },
    initialized(pod, runtime, succeeded),
    ready,
    containersReady,
    { type: "PodScheduled", status: "True" },
  ];
  const own = new Set(wanted.map((condition) => condition.type));
  return [
    ...wanted.map((condition): Condition => {
      const before = conditionOf(old, condition.type);
      const kept = before?.status === condition.status ? before.lastTransitionTime : undefined;
      return { ...condition, lastTransitionTime: kept ?? timestamp(now) };
    }),
    ...old.filter((condition) => !own.has(condition.type)),
  ];
}

/** Source: GeneratePodInitializedCondition. */
function initialized(pod: Pod, runtime: PodRuntime, succeeded: boolean): Wanted {
  const incomplete = (pod.spec.initContainers ?? []).filter((container, i) => {
    const c = runtime.init[i];
    return c === undefined || !(c.stage === "ended" || (c.stage === "running" && isSidecar(container)));
  });
  if (incomplete.length > 0 && runtime.stage !== "done") {
    const message = `containers with incomplete status: [${incomplete.map(({ name }) => name).join(" ")}]`;
    return { type: "Initialized", status: "False", reason: "ContainersNotInitialized", message };
  }
  return succeeded
    ? { type: "Initialized", status: "True", reason: "PodCompleted" }
    : { type: "Initialized", status: "True" };
}

/** Source: pkg/kubelet/status/generate.go. */
function gateProblem(type: string, conditions: readonly Condition[]): readonly string[] {
  const condition = conditionOf(conditions, type);
  if (condition === undefined) return [`corresponding condition of pod readiness gate "${type}" does not exist.`];
  if (condition.status === "True") return [];
  return [`the status of pod readiness gate "${type}" is not "True", but ${condition.status}`];
}
