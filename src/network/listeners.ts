import type { Listener } from "../kernel/host.ts";
import { containerListeners, toldListeners } from "../model/pod/listening.ts";
import type { Container, Pod } from "../model/pod/types.ts";

function isRunning(pod: Pod, container: Container): boolean {
  const statuses = pod.status.containerStatuses;
  // Hand-written statuses often stop at the phase.
  if (statuses === undefined || statuses.length === 0) return pod.status.phase === "Running";
  return statuses.find((s) => s.name === container.name)?.state?.running !== undefined;
}

/** What the processes of a pod listen on: those of its running containers, or what the annotation kubehop.dev/listen says. */
export function listenersOf(pod: Pod): readonly Listener[] {
  const owner = `${pod.metadata.namespace ?? "default"}/${pod.metadata.name}`;
  const running = pod.spec.containers.filter((c) => isRunning(pod, c));
  if (running.length === 0) return [];
  const listeners = toldListeners(pod) ?? running.flatMap((container) => containerListeners(pod, container));
  return listeners.map((listener) => ({ ...listener, owner }));
}

/** Processes of every node: kube-proxy's health check and metrics, and the kubelet. */
export const NODE_LISTENERS: readonly Listener[] = [
  { ip: "0.0.0.0", port: 10256, protocol: "tcp", owner: null, what: "kube-proxy (healthz)", assumed: false },
  { ip: "127.0.0.1", port: 10249, protocol: "tcp", owner: null, what: "kube-proxy (metrics)", assumed: false },
  { ip: "0.0.0.0", port: 10250, protocol: "tcp", owner: null, what: "kubelet", assumed: false },
  { ip: "127.0.0.1", port: 10248, protocol: "tcp", owner: null, what: "kubelet (healthz)", assumed: false },
];
