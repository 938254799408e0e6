import type { Commit, ObjectReader } from "../apiserver/types.ts";
import { compareStrings } from "../base/compare.ts";
import { deepEqual } from "../base/json.ts";
import { keyOf, type KubeObject, type ObjectKey } from "../model/meta/types.ts";
import type { Node, Taint } from "../model/node/types.ts";
import type { Pod } from "../model/pod/types.ts";
import { changesOf, controllerOf, isDeleting } from "./changes.ts";
import { withCondition } from "./conditions.ts";
import { isTerminal } from "./pods.ts";
import { type Controller, NOTHING, type Reconciliation, type ReconcileView } from "./types.ts";

/**
 * Binds Pods to Nodes, as far as it matters for Services: node name and selector, taints, cordon and host ports filter; then
 * the node with the fewest pods of the same owner, then the fewest pods, then the first by name. Resource requests are not
 * modelled. Source: pkg/scheduler.
 */
export const scheduler: Controller = {
  name: "default-scheduler",
  instanceOf: () => "default-scheduler",
  keysFor,
  reconcile,
};

function waits(pod: Pod): boolean {
  return (pod.spec.nodeName ?? "") === "" && !isDeleting(pod) && !isTerminal(pod);
}

function keysFor(commit: Commit, reader: ObjectReader): readonly string[] {
  const keys = new Set<string>();
  let retry = false;
  for (const { from, to, object } of changesOf(commit)) {
    if (object.kind === "Pod") {
      if (to !== undefined && waits(to as Pod)) keys.add(keyOf(object));
      // A host port may have become free.
      if (to === undefined && (object as Pod).spec.nodeName !== undefined && hostPorts(object as Pod).length > 0)
        retry = true;
    } else if (
      object.kind === "Node" &&
      to !== undefined &&
      (from === undefined || nodeOpensUp(from as Node, to as Node))
    ) {
      retry = true;
    }
  }
  if (retry) for (const pod of reader.list<Pod>("Pod")) if (waits(pod)) keys.add(keyOf(pod));
  return [...keys];
}

function nodeOpensUp(from: Node, to: Node): boolean {
  return !deepEqual(from.metadata.labels, to.metadata.labels) || !deepEqual(from.spec, to.spec);
}

function reconcile(key: string, view: ReconcileView): Reconciliation {
  const pod = view.reader.get<Pod>(key as ObjectKey);
  if (pod === undefined || !waits(pod)) return NOTHING;
  const nodes = view.reader.list<Node>("Node");
  const reasons = new Map<string, number>();
  const fitting: Node[] = [];
  for (const node of nodes) {
    const reason = refusal(pod, node, view.reader);
    if (reason === null) fitting.push(node);
    else reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  const node = pickNode(pod, fitting, view.reader);
  if (node !== undefined) {
    const name = node.metadata.name;
    return {
      operations: [{ op: "bind", key: keyOf(pod), node: name }],
      title: `Successfully assigned ${pod.metadata.namespace ?? ""}/${pod.metadata.name} to ${name}`,
    };
  }
  const message = failedScheduling(nodes.length, reasons);
  const conditions = withCondition(
    pod.status.conditions,
    { type: "PodScheduled", status: "False", reason: "Unschedulable", message },
    view.now,
  );
  if (conditions === pod.status.conditions) return NOTHING;
  const status = { ...pod.status, phase: "Pending", conditions };
  return {
    operations: [{ op: "updateStatus", object: { ...pod, status } as KubeObject }],
    title: `FailedScheduling: ${message}`,
  };
}

/** The FailedScheduling message. Source: framework.FitError.Error; the preemption clause is that of DefaultPreemption. */
function failedScheduling(nodes: number, reasons: ReadonlyMap<string, number>): string {
  if (nodes === 0) return "no nodes available to schedule pods";
  const clauses = [...reasons].map(([reason, count]) => `${count} ${reason}`).sort(compareStrings);
  return (
    `0/${nodes} nodes are available: ${clauses.join(", ")}. ` +
    `preemption: 0/${nodes} nodes are available: ${nodes} Preemption is not helpful for scheduling.`
  );
}

const CORDON: Taint = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };

/** The first filter plugin that refuses the node, in its words, or null. Order as the default profile runs them. */
function refusal(pod: Pod, node: Node, reader: ObjectReader): string | null {
  if (isDeleting(node)) return "node(s) were unschedulable";
  if (node.spec.unschedulable === true && !tolerates(pod, CORDON)) return "node(s) were unschedulable";
  const taints = (node.spec.taints ?? []).filter((taint) => taint.effect !== "PreferNoSchedule");
  if (taints.some((taint) => !tolerates(pod, taint))) return "node(s) had untolerated taint(s)";
  const labels = node.metadata.labels ?? {};
  const selects = Object.entries(pod.spec.nodeSelector ?? {}).every(([name, value]) => labels[name] === value);
  if (!selects) return "node(s) didn't match Pod's node affinity/selector";
  const ports = hostPorts(pod);
  if (ports.length > 0) {
    const taken = new Set(
      reader.podsOnNode(node.metadata.name).flatMap((other) => (isTerminal(other) ? [] : hostPorts(other))),
    );
    if (ports.some((port) => taken.has(port))) return "node(s) didn't have free ports for the requested pod ports";
  }
  return null;
}

/** Source: v1.Toleration.ToleratesTaint. */
function tolerates(pod: Pod, taint: Taint): boolean {
  return (pod.spec.tolerations ?? []).some(
    (t) =>
      (t.effect === undefined || t.effect === "" || t.effect === taint.effect) &&
      (t.key === undefined || t.key === "" ? t.operator === "Exists" : t.key === taint.key) &&
      (t.operator === "Exists" || (t.value ?? "") === (taint.value ?? "")),
  );
}

/** `8080/TCP` for each port that the pod takes on its node; with hostNetwork every container port is one. */
function hostPorts(pod: Pod): readonly string[] {
  return pod.spec.containers.flatMap((container) =>
    (container.ports ?? []).flatMap((port) => {
      const number = port.hostPort ?? (pod.spec.hostNetwork === true ? port.containerPort : undefined);
      return number === undefined || number === 0 ? [] : [`${number}/${port.protocol ?? "TCP"}`];
    }),
  );
}

function pickNode(pod: Pod, nodes: readonly Node[], reader: ObjectReader): Node | undefined {
  const siblings = new Map<string, number>();
  const owner = controllerOf(pod);
  for (const object of owner === undefined ? [] : reader.ownedBy(owner.uid)) {
    const name = object.kind === "Pod" ? (object as Pod).spec.nodeName : undefined;
    // A pod on its way out makes room: counting it would push its replacement off a balanced node.
    if (name === undefined || isDeleting(object)) continue;
    siblings.set(name, (siblings.get(name) ?? 0) + 1);
  }
  let best: { readonly node: Node; readonly same: number; readonly all: number } | undefined;
  for (const node of nodes) {
    const name = node.metadata.name;
    const candidate = { node, same: siblings.get(name) ?? 0, all: reader.podsOnNode(name).length };
    if (
      best === undefined ||
      candidate.same < best.same ||
      (candidate.same === best.same && candidate.all < best.all)
    ) {
      best = candidate;
    }
  }
  return best?.node;
}
