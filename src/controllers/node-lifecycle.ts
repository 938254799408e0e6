import type { Commit } from "../apiserver/types.ts";
import { deepEqual } from "../base/json.ts";
import { fromTimestamp, type Micros, SECOND, timestamp } from "../base/time.ts";
import { keyOf, type KubeObject, type ObjectKey, objectKey } from "../model/meta/types.ts";
import type { Node, Taint } from "../model/node/types.ts";
import { type Pod, podReady } from "../model/pod/types.ts";
import { changesOf, isDeleting } from "./changes.ts";
import { conditionOf, withCondition } from "./conditions.ts";
import { toleration } from "./placement.ts";
import { isTerminal } from "./pods.ts";
import { type Controller, NOTHING, type Operation, type Reconciliation, type ReconcileView } from "./types.ts";

/** `--node-monitor-grace-period` (40 s before 1.32) and `--node-monitor-period`. */
const GRACE = 50 * SECOND;
const MONITOR = 5 * SECOND;
const UNREACHABLE = "node.kubernetes.io/unreachable";
/** Reason of the conditions that this controller writes: what says that it was not the node itself. */
export const STATUS_UNKNOWN = "NodeStatusUnknown";

/** A taint as it is stored: with the moment from which evictions count. */
type Placed = Taint & { readonly timeAdded?: string };

/**
 * Judges nodes by their heartbeats: after the grace period a silent node is Unknown, its pods are not ready, and it is
 * tainted; the taints go when it reports again. Heartbeats themselves (a Lease every 10 s) are not written to the store, so that a
 * cluster can come to rest. A Ready condition that a text states is left as it stands.
 * Source: pkg/controller/nodelifecycle/node_lifecycle_controller.go.
 */
export const nodeLifecycleController: Controller = {
  name: "node-lifecycle-controller",
  watches: new Set(["Node"]),
  instanceOf: () => "node-lifecycle-controller",
  keysFor(commit: Commit): readonly string[] {
    const keys = new Set<string>();
    for (const { to, from } of changesOf(commit)) {
      if (to?.kind === "Node" && (from === undefined || !deepEqual((from as Node).status, (to as Node).status))) {
        keys.add(keyOf(to));
      }
    }
    return [...keys];
  },
  reconcile(key: string, view: ReconcileView): Reconciliation {
    const node = view.reader.get<Node>(key as ObjectKey);
    if (node === undefined || isDeleting(node)) return NOTHING;
    const silent = view.silentSince(node.metadata.name);
    const ready = conditionOf(node.status.conditions, "Ready");
    const unknown = ready?.reason === STATUS_UNKNOWN;
    if (silent === null) return unknown ? NOTHING : retainted(node, [], view);
    if (unknown) return retainted(node, ["NoSchedule", "NoExecute"], view);
    const due = silent + view.latency({ class: "grace", micros: GRACE });
    // It looks every five seconds.
    const seen = due <= view.now ? view.now : Math.ceil(due / MONITOR) * MONITOR;
    return view.now < seen
      ? { operations: [], requeue: { class: "timer", micros: seen - view.now } }
      : givenUp(node, view);
  },
};

/** The node's conditions become Unknown, and its pods not ready. */
function givenUp(node: Node, view: ReconcileView): Reconciliation {
  const { name } = node.metadata;
  let conditions = node.status.conditions ?? [];
  for (const type of ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"]) {
    const message = "Kubelet stopped posting node status.";
    conditions = withCondition(conditions, { type, status: "Unknown", reason: STATUS_UNKNOWN, message }, view.now);
  }
  const operations: Operation[] = [
    { op: "updateStatus", object: { ...node, status: { ...node.status, conditions } } as KubeObject },
  ];
  const pods = view.reader.podsOnNode(name).filter(podReady);
  for (const pod of pods) {
    const marked = withCondition(pod.status.conditions, { type: "Ready", status: "False" }, view.now);
    operations.push({
      op: "updateStatus",
      object: { ...pod, status: { ...pod.status, conditions: marked } } as KubeObject,
    });
  }
  return {
    operations,
    events: [
      { about: node, type: "Normal", reason: "NodeNotReady", message: `Node ${name} status is now: NodeNotReady` },
      ...pods.map((pod) => ({
        about: pod,
        type: "Warning" as const,
        reason: "NodeNotReady",
        message: "Node is not ready",
      })),
    ],
    title: `Node ${name} is not ready: kubelet stopped posting node status`,
  };
}

/** The node with exactly these effects of the unreachable taint. */
function retainted(node: Node, effects: readonly Taint["effect"][], view: ReconcileView): Reconciliation {
  const before: readonly Placed[] = node.spec.taints ?? [];
  const others = before.filter((taint) => taint.key !== UNREACHABLE);
  const wanted = effects.map(
    (effect): Placed =>
      before.find((taint) => taint.key === UNREACHABLE && taint.effect === effect) ?? {
        key: UNREACHABLE,
        effect,
        timeAdded: timestamp(view.now),
      },
  );
  const taints = [...others, ...wanted];
  if (deepEqual(taints, before)) return NOTHING;
  const { taints: _, ...spec } = node.spec;
  return {
    operations: [
      { op: "update", object: { ...node, spec: taints.length === 0 ? spec : { ...spec, taints } } as KubeObject },
    ],
    title:
      effects.length === 0
        ? `Node ${node.metadata.name} reports again`
        : `Tainted node ${node.metadata.name} as unreachable`,
  };
}

/** What DefaultTolerationSeconds gives to pods that say nothing of a lost node. */
const DEFAULT_SECONDS = 300;
const BY_DEFAULT: ReadonlySet<string> = new Set([UNREACHABLE, "node.kubernetes.io/not-ready"]);

/**
 * Deletes pods from nodes with NoExecute taints that they do not tolerate, or no longer. Keys are pods.
 * Source: pkg/controller/tainteviction.
 */
export const taintEvictionController: Controller = {
  name: "taint-eviction-controller",
  watches: new Set(["Node", "Pod"]),
  instanceOf: () => "taint-eviction-controller",
  keysFor(commit: Commit, reader): readonly string[] {
    const keys = new Set<string>();
    for (const { from, to } of changesOf(commit)) {
      if (to?.kind === "Node") {
        const before = (from as Node | undefined)?.spec.taints;
        if (deepEqual(before, (to as Node).spec.taints)) continue;
        for (const pod of reader.podsOnNode(to.metadata.name)) keys.add(keyOf(pod));
      } else if (to?.kind === "Pod" && (to as Pod).spec.nodeName !== (from as Pod | undefined)?.spec.nodeName) {
        const node = reader.get<Node>(objectKey("Node", undefined, (to as Pod).spec.nodeName ?? ""));
        if (node?.spec.taints?.some(({ effect }) => effect === "NoExecute") === true) keys.add(keyOf(to));
      }
    }
    return [...keys];
  },
  reconcile(key: string, view: ReconcileView): Reconciliation {
    const pod = view.reader.get<Pod>(key as ObjectKey);
    if (pod?.spec.nodeName === undefined || isDeleting(pod) || isTerminal(pod)) return NOTHING;
    const node = view.reader.get<Node>(objectKey("Node", undefined, pod.spec.nodeName));
    const taints = (node?.spec.taints ?? []).filter(({ effect }) => effect === "NoExecute");
    const moments = taints.map((taint) => evictedAt(pod, taint, view)).filter((at) => at !== null);
    if (moments.length === 0) return NOTHING;
    const due = Math.min(...moments);
    if (view.now < due) return { operations: [], requeue: { class: "timer", micros: due - view.now } };
    const message = `Marking for deletion Pod ${pod.metadata.namespace ?? ""}/${pod.metadata.name}`;
    return {
      operations: [{ op: "delete", key: keyOf(pod) }],
      events: [{ about: pod, type: "Normal", reason: "TaintManagerEviction", message }],
      title: message,
    };
  },
};

/** When the pod has to go for this taint; null: never. */
function evictedAt(pod: Pod, taint: Placed, view: ReconcileView): Micros | null {
  const tolerations = (pod.spec.tolerations ?? []).filter((t) => toleration(t, taint));
  const seconds =
    tolerations.length > 0
      ? tolerations.map((t) => t.tolerationSeconds)
      : [BY_DEFAULT.has(taint.key) ? DEFAULT_SECONDS : 0];
  const finite = seconds.filter((s): s is number => s !== undefined);
  if (finite.length === 0) return null;
  const since = taint.timeAdded === undefined ? view.now : fromTimestamp(taint.timeAdded);
  return since + view.latency({ class: "grace", micros: Math.max(0, Math.min(...finite)) * SECOND });
}
