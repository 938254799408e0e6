/** Faults: what a user breaks on purpose, and mends again. They are commands, so that a history has them. */
import type { ObjectReader } from "../apiserver/types.ts";
import { draw } from "../base/draw.ts";
import { MILLISECOND, type Micros, MINUTE, SECOND } from "../base/time.ts";
import { kubeletKey } from "../controllers/kubelet/controller.ts";
import type { Signal } from "../controllers/types.ts";
import { keyOf, objectKey, type ObjectKey, splitKey } from "../model/meta/types.ts";
import type { Node } from "../model/node/types.ts";
import type { Pod } from "../model/pod/types.ts";
import type { Broken, Fault, Refusal } from "../wire/protocol.ts";

/** What is broken at present. */
export interface Faults {
  /** Nodes without power, and when the API server last heard of each. */
  readonly down: Readonly<Record<string, Micros>>;
  /** Nodes whose kube-proxy is stopped: their rules stay as they are. */
  readonly proxyStopped: Readonly<Record<string, true>>;
  /** Nodes whose kube-proxy hears of everything this much later. */
  readonly lag: Readonly<Record<string, Micros>>;
  /** Pods that have been told to hang or to be unready, for refusing to do it twice. */
  readonly hung: Readonly<Record<ObjectKey, true>>;
  readonly unready: Readonly<Record<ObjectKey, true>>;
}

export const NO_FAULTS: Faults = { down: {}, proxyStopped: {}, lag: {}, hung: {}, unready: {} };

/** The same as the page is told of it. */
export const brokenOf = ({ down, proxyStopped, lag, hung, unready }: Faults): Broken => ({
  nodes: Object.keys(down),
  proxies: Object.keys(proxyStopped),
  lag,
  hung: Object.keys(hung) as ObjectKey[],
  unready: Object.keys(unready) as ObjectKey[],
});

/** Kubelets renew their Lease this often, each at its own moment. */
const RENEWAL = 10 * SECOND;
const MAX_LAG = 10 * MINUTE;

const refuse = (message: string, field: string): Refusal => ({ message, field });

/** Why a fault cannot be done, in a sentence, or null. */
export function faultRefusal(fault: Fault, faults: Faults, reader: ObjectReader): Refusal | null {
  switch (fault.fault) {
    case "crash":
    case "hang":
    case "unready": {
      const { kind, name } = splitKey(fault.pod);
      const pod = kind === "Pod" ? reader.get<Pod>(fault.pod) : undefined;
      if (pod === undefined) return refuse(`There is no pod ${name}.`, "pod");
      if (pod.spec.nodeName === undefined) return refuse(`Pod ${name} runs nowhere yet.`, "pod");
      if (pod.spec.nodeName in faults.down)
        return refuse(`Pod ${name} is on ${pod.spec.nodeName}, which is down.`, "pod");
      if (fault.fault === "crash") {
        const known = pod.spec.containers.map((c) => c.name);
        return fault.container === null || known.includes(fault.container)
          ? null
          : refuse(`Pod ${name} has no container ${fault.container}. Containers: ${known.join(", ")}.`, "container");
      }
      const broken = fault.pod in (fault.fault === "hang" ? faults.hung : faults.unready);
      if (broken === fault.on) {
        const state = fault.fault === "hang" ? "hang" : "fail its readiness probe";
        return refuse(`Pod ${name} has ${fault.on ? "already" : "not"} been told to ${state}.`, "on");
      }
      if (fault.fault === "unready" && !pod.spec.containers.some((c) => c.readinessProbe !== undefined)) {
        return refuse(`Pod ${name} has no readinessProbe: nobody would notice.`, "pod");
      }
      return null;
    }
    case "node":
    case "kube-proxy":
    case "watch-lag": {
      if (reader.get<Node>(objectKey("Node", undefined, fault.node)) === undefined) {
        return refuse(`There is no node ${fault.node}.`, "node");
      }
      if (fault.fault === "watch-lag") {
        return Number.isInteger(fault.micros) && fault.micros >= 0 && fault.micros <= MAX_LAG
          ? null
          : refuse("The lag is a whole number of microseconds, at most ten minutes.", "micros");
      }
      const what = fault.fault === "node" ? `Node ${fault.node}` : `kube-proxy on ${fault.node}`;
      const isOff = fault.node in (fault.fault === "node" ? faults.down : faults.proxyStopped);
      return isOff === !fault.on ? refuse(`${what} is ${fault.on ? "up" : "down"} already.`, "on") : null;
    }
  }
}

/** One line for the journal. */
export function faultTitle(fault: Fault): string {
  switch (fault.fault) {
    case "crash":
      return `crash ${fault.container === null ? "" : `container ${fault.container} of `}${fault.pod}`;
    case "hang":
      return fault.on ? `hang ${fault.pod}` : `let ${fault.pod} answer again`;
    case "unready":
      return fault.on ? `make ${fault.pod} fail its readiness probe` : `let ${fault.pod} pass its readiness probe`;
    case "node":
      return fault.on ? `power on ${fault.node}` : `cut the power of ${fault.node}`;
    case "kube-proxy":
      return `${fault.on ? "start" : "stop"} kube-proxy on ${fault.node}`;
    case "watch-lag":
      return `kube-proxy on ${fault.node} hears of changes ${fault.micros / MILLISECOND} ms late`;
  }
}

function without<T>(record: Readonly<Record<string, T>>, name: string): Readonly<Record<string, T>> {
  const { [name]: _, ...rest } = record;
  return rest;
}

function set<T>(record: Readonly<Record<string, T>>, name: string, value: T | null): Readonly<Record<string, T>> {
  return value === null ? without(record, name) : { ...record, [name]: value };
}

/** What is broken after the fault. `seed` places each kubelet's heartbeats. */
export function withFault(fault: Fault, faults: Faults, now: Micros, seed: number): Faults {
  switch (fault.fault) {
    case "crash":
      return faults;
    case "hang":
      return { ...faults, hung: set(faults.hung, fault.pod, fault.on ? true : null) };
    case "unready":
      return { ...faults, unready: set(faults.unready, fault.pod, fault.on ? true : null) };
    case "node": {
      const phase = Math.floor(draw(seed, `heartbeat ${fault.node}`) * RENEWAL);
      const last = Math.max(0, now - ((now + phase) % RENEWAL));
      return { ...faults, down: set(faults.down, fault.node, fault.on ? null : last) };
    }
    case "kube-proxy":
      return { ...faults, proxyStopped: set(faults.proxyStopped, fault.node, fault.on ? null : true) };
    case "watch-lag":
      return { ...faults, lag: set(faults.lag, fault.node, fault.micros === 0 ? null : fault.micros) };
  }
}

/** What the fault does to pods: to whom, and what. */
export function signalsOf(
  fault: Fault,
  reader: ObjectReader,
): readonly { readonly node: string; readonly key: string; readonly signal: Signal }[] {
  const toPod = (key: ObjectKey, signal: Signal) => {
    const node = reader.get<Pod>(key)?.spec.nodeName;
    return node === undefined ? [] : [{ node, key: kubeletKey(node, key), signal }];
  };
  switch (fault.fault) {
    case "crash":
      return toPod(fault.pod, { type: "crash", container: fault.container });
    case "hang":
    case "unready":
      return toPod(fault.pod, { type: fault.fault, on: fault.on });
    case "node":
      return fault.on ? reader.podsOnNode(fault.node).flatMap((pod) => toPod(keyOf(pod), { type: "boot" })) : [];
    case "kube-proxy":
    case "watch-lag":
      return [];
  }
}
