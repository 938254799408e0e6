import { isIPv6 } from "../../base/ip.ts";
import { type Micros, MILLISECOND, SECOND } from "../../base/time.ts";
import type { Delay } from "../../engine/types.ts";
import { commandFailure } from "../../model/pod/answers.ts";
import { containerListeners, toldListeners } from "../../model/pod/listening.ts";
import type { Container, Pod, Probe } from "../../model/pod/types.ts";

export type ProbeKind = "Startup" | "Readiness" | "Liveness";

/** Probe to answer, and answer to status. */
const ANSWER = 10 * MILLISECOND;

function periodOf(probe: Probe): Micros {
  return Math.max(1, probe.periodSeconds ?? 10) * SECOND;
}

/**
 * Moments of one probe of one container, all counted from the container's start. The first probe comes at `base` (the start, or
 * the startup probe's success, which triggers the others), then one per period; those before initialDelaySeconds are left out.
 * Source: pkg/kubelet/prober/worker.go.
 */
function tickAt(probe: Probe, from: Micros, base: Micros): Micros {
  const earliest = Math.max(from, base, (probe.initialDelaySeconds ?? 0) * SECOND);
  return base + Math.ceil((earliest - base) / periodOf(probe)) * periodOf(probe);
}

/** The first tick at or after `from`: when a probe that fails is first noticed. */
export function firstTick(probe: Probe, from: Micros, base: Micros): Micros {
  return tickAt(probe, from, base);
}

/** When `successThreshold` probes have succeeded in a row, if all do from `from` on. */
export function succeededAt(probe: Probe, from: Micros, base: Micros): Micros {
  const more = Math.max(1, probe.successThreshold ?? 1) - 1;
  return tickAt(probe, from, base) + more * periodOf(probe) + ANSWER;
}

/**
 * When `failureThreshold` probes have failed in a row, if none succeeds from `from` on. A target that is silent costs the
 * timeout too; one that refuses answers at once.
 */
export function failedAt(probe: Probe, from: Micros, base: Micros, silent: boolean): Micros {
  const more = Math.max(1, probe.failureThreshold ?? 3) - 1;
  const last = silent ? (probe.timeoutSeconds ?? 1) * SECOND : ANSWER;
  return tickAt(probe, from, base) + more * periodOf(probe) + last;
}

/** What the process that is asked does at the moment. */
export interface Behaving {
  readonly hangs: boolean;
  /** Its readiness endpoint says no. */
  readonly refuses: boolean;
}

function targetOf(container: Container, port: number | string): number | null {
  if (typeof port === "number") return port;
  const named = container.ports?.find((p) => p.name === port);
  if (named !== undefined) return named.containerPort;
  return /^\d+$/.test(port) ? Number(port) : null;
}

/**
 * Does a process of the pod listen on this port of the pod's own address? The probe comes from the node, so 127.0.0.1 counts only where
 * it asks there, as those of the control plane on the host's network do.
 */
function listens(pod: Pod, port: number, host: string | undefined): boolean {
  const asksLoopback = host === "localhost" || host === "127.0.0.1" || host === "::1";
  const sockets = toldListeners(pod) ?? pod.spec.containers.flatMap((c) => containerListeners(pod, c));
  return sockets.some(
    (s) =>
      s.protocol === "tcp" &&
      (s.port === null || s.port === port) &&
      (asksLoopback || !(s.ip.startsWith("127.") || s.ip === "::1")),
  );
}

/**
 * What is wrong with the answer to a probe, in kubelet's words, or null when it succeeds. `ip` is the pod's.
 * Source: pkg/probe/http, pkg/probe/tcp, pkg/kubelet/prober/prober.go.
 */
export function probeFailure(
  pod: Pod,
  container: Container,
  kind: ProbeKind,
  ip: string,
  does: Behaving,
): string | null {
  const probe =
    kind === "Readiness"
      ? container.readinessProbe
      : kind === "Liveness"
        ? container.livenessProbe
        : container.startupProbe;
  if (probe === undefined) return null;
  const refuses = does.refuses && kind !== "Liveness";
  const target = probe.httpGet?.port ?? probe.tcpSocket?.port;
  if (target === undefined) {
    if (does.hangs)
      return `command timed out: "${(probe.exec?.command ?? []).join(" ")}" timed out after ${probe.timeoutSeconds ?? 1}s`;
    return refuses ? "" : commandFailure(container, probe.exec?.command ?? []);
  }
  const port = targetOf(container, target);
  if (port === null) return `couldn't find port: "${target}"`;
  const address = `${isIPv6(ip) ? `[${ip}]` : ip}:${port}`;
  const url = `${(probe.httpGet?.scheme ?? "HTTP").toLowerCase()}://${address}${probe.httpGet?.path ?? "/"}`;
  const host = probe.httpGet?.host ?? probe.tcpSocket?.host;
  if (!listens(pod, port, host)) {
    const refused = `dial tcp ${address}: connect: connection refused`;
    return probe.httpGet === undefined ? refused : `Get "${url}": ${refused}`;
  }
  // The kernel completes the handshake for a process that hangs: a TCP probe sees nothing wrong.
  if (probe.httpGet === undefined) return refuses ? `dial tcp ${address}: connect: connection refused` : null;
  if (does.hangs) return `Get "${url}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`;
  return refuses ? "HTTP probe failed with statuscode: 503" : null;
}

/** A moment counted from the start, in real time up to `from` and in the probe's own from there. */
export function planned(startedAt: Micros, from: Micros, until: Micros, latency: (delay: Delay) => Micros): Micros {
  return startedAt + from + latency({ class: "probe", micros: until - from });
}
