import { fromTimestamp, type Micros, SECOND } from "../base/time.ts";
import { onceEach } from "../base/share.ts";
import type { Container, Pod } from "../model/pod/types.ts";
import { conditionOf } from "./conditions.ts";
import { isDeleting } from "./changes.ts";

/** Succeeded or Failed: its containers will not run again. */
export function isTerminal(pod: Pod): boolean {
  return pod.status.phase === "Succeeded" || pod.status.phase === "Failed";
}

/** Counts as a replica: neither finished nor being deleted. Source: controller.IsPodActive. */
export function isActive(pod: Pod): boolean {
  return !isTerminal(pod) && !isDeleting(pod);
}

/** Since when the pod is ready, in whole seconds as the API keeps it; null while it is not. */
export function readySince(conditions: Pod["status"]["conditions"]): Micros | null {
  if (conditions?.some(({ type, status }) => type === "Ready" && status === "True") !== true) return null;
  const at = conditionOf(conditions, "Ready")?.lastTransitionTime;
  const since = at === undefined ? 0 : fromTimestamp(at);
  return Number.isNaN(since) ? 0 : since;
}

/** When a ready pod has been so for minReadySeconds; null while it is not ready. Source: podutil.IsPodAvailable. */
export function availableFrom(conditions: Pod["status"]["conditions"], minReadySeconds: number): Micros | null {
  const since = readySince(conditions);
  return since === null ? null : since + minReadySeconds * SECOND;
}

/** `8080/TCP` for each port that the pod takes on its node; with hostNetwork every container port is one. */
export function hostPorts({ spec }: Pod): readonly string[] {
  return spec.hostNetwork === true ? portsOf(spec.containers, true) : askedPorts(spec.containers);
}

function portsOf(containers: readonly Container[], all: boolean): readonly string[] {
  return containers.flatMap((container) =>
    (container.ports ?? []).flatMap((port) => {
      const number = port.hostPort ?? (all ? port.containerPort : undefined);
      return number === undefined || number === 0 ? [] : [`${number}/${port.protocol ?? "TCP"}`];
    }),
  );
}

/** All pods of a template have the same containers. */
const askedPorts = onceEach((containers: readonly Container[]) => portsOf(containers, false));
