import type { Listener } from "../kernel/host.ts";
import type { ProxySocket } from "../kernel/proxy-socket.ts";
import { containerListeners, toldListeners } from "../model/pod/listening.ts";
import type { Container, Pod } from "../model/pod/types.ts";
import type { ClusterView } from "./types.ts";

type PodProcess = ReturnType<NonNullable<ClusterView["processOf"]>>;

function isRunning(pod: Pod, container: Container): boolean {
  const statuses = pod.status.containerStatuses;
  // Hand-written statuses often stop at the phase.
  if (statuses === undefined || statuses.length === 0) return pod.status.phase === "Running";
  return statuses.find((s) => s.name === container.name)?.state?.running !== undefined;
}

/**
 * What the processes of a pod listen on: those of its running containers, or what the annotation kubehop.dev/listen says. A
 * process that has been told to stop has closed its sockets; one that hangs has not.
 */
export function listenersOf(pod: Pod, process: PodProcess = "answers"): readonly Listener[] {
  const owner = `${pod.metadata.namespace ?? "default"}/${pod.metadata.name}`;
  const running = pod.spec.containers.filter((c) => isRunning(pod, c));
  if (running.length === 0 || process === "closed") return [];
  const listeners = toldListeners(pod) ?? running.flatMap((container) => containerListeners(pod, container));
  const stuck = process === "hangs" ? { hangs: true as const } : {};
  return listeners.map((listener) => ({ ...listener, ...stuck, owner }));
}

/** Why a pod listens on less than it will or did, in words for a note; null when all its processes run. */
export function silenceOf(pod: Pod, process: PodProcess = "answers"): string | null {
  if (process === "closed") return "its process has been told to stop (SIGTERM) and has closed its sockets";
  const asleep = pod.spec.containers.filter((c) => !isRunning(pod, c));
  const first = asleep[0];
  if (first === undefined) return null;
  const state = pod.status.containerStatuses?.find((s) => s.name === first.name)?.state;
  const ended = state?.terminated === undefined ? "" : `, it ended with code ${state.terminated.exitCode}`;
  const reason = state?.waiting?.reason === undefined ? ended : ` (${state.waiting.reason})`;
  return `container ${first.name} does not run${reason}`;
}

const nodeProcess = { owner: null, protocol: "tcp", assumed: false } as const;

/** The kubelet's sockets, on every node. */
export const KUBELET_LISTENERS: readonly Listener[] = [
  { ...nodeProcess, ip: "0.0.0.0", port: 10250, what: "kubelet" },
  { ...nodeProcess, ip: "127.0.0.1", port: 10248, what: "kubelet (healthz)" },
];

/** kube-proxy's sockets where nobody says more about it. */
export const PROXY_LISTENERS: readonly Listener[] = [
  { ...nodeProcess, ip: "0.0.0.0", port: 10256, what: "kube-proxy (healthz)" },
  { ...nodeProcess, ip: "127.0.0.1", port: 10249, what: "kube-proxy (metrics)" },
];

/** The sockets of kube-proxy in userspace mode as a host's listeners. */
export function socketListeners(sockets: readonly ProxySocket[]): readonly Listener[] {
  return sockets.map(({ use, ip, port, protocol, name }) => ({
    ip,
    port,
    protocol,
    owner: null,
    what: use === "serve" ? `kube-proxy (proxies ${name})` : `kube-proxy (holds the port for ${name})`,
    assumed: false,
    // It never accepts on a port that it only holds.
    ...(use === "hold" ? { hangs: true as const } : {}),
  }));
}
