import type { Commit, ObjectReader } from "../../apiserver/types.ts";
import { deepEqual, type JsonValue } from "../../base/json.ts";
import { keyOf, type KubeObject, objectKey, type ObjectKey, splitKey } from "../../model/meta/types.ts";
import type { Node } from "../../model/node/types.ts";
import type { Pod } from "../../model/pod/types.ts";
import { changesOf, isDeleting } from "../changes.ts";
import { conditionOf, withCondition } from "../conditions.ts";
import { STATUS_UNKNOWN } from "../node-lifecycle.ts";
import {
  type Controller,
  type EventNote,
  NOTHING,
  type Operation,
  type Reconciliation,
  type ReconcileView,
} from "../types.ts";
import { type Rejection, rejectionOf } from "./admission.ts";
import { allocatePodIPs, type Leases } from "./ipam.ts";
import { advance, firstSight, nextMoment, type PodRuntime, type RuntimeContext } from "./runtime.ts";
import { podStatus } from "./status.ts";

/** Slots of the address leases and of the images that are on the node; pods have theirs under their own key. */
const LEASES = "ipam";
const IMAGES = "images";

/**
 * Every node's kubelet. One instance per node, `kubelet/<node>`; a key is `<node>|<object key>` of a Pod on that node or of
 * the Node itself. Source: pkg/kubelet.
 */
export const kubelet: Controller = { name: "kubelet", instanceOf, keysFor, reconcile };

/** The key under which the kubelet of `node` handles an object: where a kill signal goes. */
export function kubeletKey(node: string, object: ObjectKey): string {
  return `${node}|${object}`;
}

function instanceOf(key: string): string {
  return `kubelet/${key.slice(0, key.indexOf("|"))}`;
}

function keysFor(commit: Commit, reader: ObjectReader): readonly string[] {
  const keys = new Set<string>();
  const add = (pod: Pod): void => {
    if (pod.spec.nodeName !== undefined) keys.add(kubeletKey(pod.spec.nodeName, keyOf(pod)));
  };
  for (const { from, to, object } of changesOf(commit)) {
    if (object.kind === "Pod") {
      const pod = object as Pod;
      if (from === undefined || to === undefined || isNewsToKubelet(from as Pod, pod)) add(pod);
      if (to === undefined && pod.spec.nodeName !== undefined) {
        // Its address is free: someone may have waited for one.
        for (const other of reader.podsOnNode(pod.spec.nodeName)) if (other.status.podIP === undefined) add(other);
      }
    } else if (object.kind === "Node" && to !== undefined) {
      const node = object as Node;
      keys.add(kubeletKey(node.metadata.name, keyOf(node)));
      const before = from as Node | undefined;
      const isOther =
        before === undefined ||
        !deepEqual(before.spec, node.spec) ||
        !deepEqual(before.status.addresses, node.status.addresses);
      if (isOther) for (const pod of reader.podsOnNode(node.metadata.name)) add(pod);
    }
  }
  return [...keys];
}

/** Its own status writes are no news, unless a readiness gate waits for someone else's condition. */
function isNewsToKubelet(from: Pod, to: Pod): boolean {
  return (
    from.spec.nodeName !== to.spec.nodeName ||
    from.metadata.deletionTimestamp !== to.metadata.deletionTimestamp ||
    from.metadata.deletionGracePeriodSeconds !== to.metadata.deletionGracePeriodSeconds ||
    !deepEqual(from.metadata.annotations, to.metadata.annotations) ||
    (to.spec.readinessGates !== undefined && !deepEqual(from.status.conditions, to.status.conditions))
  );
}

function reconcile(key: string, view: ReconcileView): Reconciliation {
  const bar = key.indexOf("|");
  const node = view.reader.get<Node>(objectKey("Node", undefined, key.slice(0, bar)));
  const object = key.slice(bar + 1) as ObjectKey;
  if (splitKey(object).kind === "Node") return node === undefined ? NOTHING : reportNode(node, view);
  const pod = view.reader.get<Pod>(object);
  if (pod === undefined || pod.spec.nodeName !== key.slice(0, bar)) {
    return view.memory(object) === undefined ? NOTHING : { operations: [], remember: { [object]: null } };
  }
  // A node that is not registered runs nothing.
  return node === undefined ? NOTHING : syncPod(object, pod, node, view);
}

function syncPod(key: ObjectKey, pod: Pod, node: Node, view: ReconcileView): Reconciliation {
  let leases: Leases | null = null;
  let images = (view.memory(IMAGES) as Readonly<Record<string, true>> | undefined) ?? {};
  const imagesBefore = images;
  const context: RuntimeContext = {
    pod,
    now: view.now,
    signal: view.signal,
    revision: view.reader.revision,
    latency: (delay) => view.latency(delay),
    allocate: () => {
      if (pod.spec.hostNetwork === true) return [];
      const lease = allocatePodIPs(node, (view.memory(LEASES) as Leases | undefined) ?? {}, view.reader);
      leases = lease?.leases ?? null;
      return lease?.ips ?? null;
    },
    pulled: (image) => {
      if (images[image] === true) return true;
      images = { ...images, [image]: true };
      return false;
    },
  };
  const noted = view.memory(key) as PodRuntime | undefined;
  const before = noted?.uid === pod.metadata.uid ? noted : undefined;
  const rejection =
    before === undefined ? rejectionOf(pod, view.reader, (other) => view.memory(other) !== undefined) : null;
  if (rejection !== null) return reject(pod, rejection);
  const { runtime, titles, events: told } = advance(before ?? firstSight(context), context);
  const events = told.map(({ container, ...event }): EventNote => ({
    about: pod,
    ...event,
    ...(container === null ? {} : { fieldPath: `spec.containers{${container}}` }),
  }));
  if (runtime.stage === "gone") {
    return {
      operations: [{ op: "remove", key }],
      remember: { [key]: null },
      events,
      title: [...titles, `Removed pod ${pod.metadata.name}`].join("; "),
    };
  }
  const operations: Operation[] = [];
  const wasReady = conditionOf(pod.status.conditions, "Ready")?.status;
  let isReady = wasReady;
  if (!runtime.asGiven) {
    const status = podStatus(pod, runtime, node, view.now);
    isReady = conditionOf(status.conditions, "Ready")?.status;
    if (!deepEqual(status, pod.status))
      operations.push({ op: "updateStatus", object: { ...pod, status } as KubeObject });
  }
  const isNew = before === undefined && runtime.stage === "creating";
  const lines = isNew ? [`Creating sandbox of pod ${pod.metadata.name}`, ...titles] : [...titles];
  if (wasReady !== "True" && isReady === "True") lines.push(`Pod ${pod.metadata.name} is ready`);
  if (wasReady === "True" && isReady !== "True") lines.push(`Pod ${pod.metadata.name} is not ready`);
  const next = nextMoment(runtime, view.now);
  const remember: Record<string, JsonValue> = {};
  if (!deepEqual(runtime, before)) remember[key] = runtime as unknown as JsonValue;
  if (leases !== null) remember[LEASES] = leases;
  if (images !== imagesBefore) remember[IMAGES] = images;
  return {
    operations,
    ...(events.length === 0 ? {} : { events }),
    ...(Object.keys(remember).length === 0 ? {} : { remember }),
    ...(next === null ? {} : { requeue: { class: "timer", micros: next - view.now } }),
    ...(lines.length === 0 ? {} : { title: lines.join("; ") }),
  };
}

/** Source: rejectPod in pkg/kubelet/kubelet.go. Its own write is what it meets the pod with next: a pod that has ended. */
function reject(pod: Pod, { reason, message }: Rejection): Reconciliation {
  const status = { ...pod.status, phase: "Failed", reason, message: `Pod was rejected: ${message}` };
  return {
    operations: [{ op: "updateStatus", object: { ...pod, status } as KubeObject }],
    events: [{ about: pod, type: "Warning", reason, message }],
    title: `Pod ${pod.metadata.name} was rejected: ${reason}`,
  };
}

/** Conditions of a node that says nothing of itself, or was given up: healthy. What the text says of a node is left alone. */
function reportNode(node: Node, view: ReconcileView): Reconciliation {
  const ready = conditionOf(node.status.conditions, "Ready");
  if (isDeleting(node) || (ready !== undefined && ready.reason !== STATUS_UNKNOWN)) return NOTHING;
  let conditions = node.status.conditions ?? [];
  for (const [type, reason, message] of HEALTHY) {
    const status = type === "Ready" ? "True" : "False";
    conditions = withCondition(conditions, { type, status, reason, message }, view.now);
  }
  const { name } = node.metadata;
  return {
    operations: [{ op: "updateStatus", object: { ...node, status: { ...node.status, conditions } } as KubeObject }],
    events: [{ about: node, type: "Normal", reason: "NodeReady", message: `Node ${name} status is now: NodeReady` }],
    title: `Node ${name} is ready`,
  };
}

const HEALTHY = [
  ["MemoryPressure", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"],
  ["DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"],
  ["PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"],
  ["Ready", "KubeletReady", "kubelet is posting ready status"],
] as const;
