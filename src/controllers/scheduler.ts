import type { Commit, ObjectReader } from "../apiserver/types.ts";
import { cidrContains } from "../base/ip.ts";
import { compareStrings } from "../base/compare.ts";
import { deepEqual } from "../base/json.ts";
import { keyOf, type KubeObject, objectKey, type ObjectKey } from "../model/meta/types.ts";
import type { Node, Taint } from "../model/node/types.ts";
import type { Pod } from "../model/pod/types.ts";
import { changesOf, controllerOf, isDeleting } from "./changes.ts";
import { withCondition } from "./conditions.ts";
import { affinityRefusal, asksForSomething, lackOf, spreadRefusal } from "./fit.ts";
import { isPlain, quickPick } from "./ranking.ts";
import { nodeTermMatches, type Placed, selectsNode, tolerates, zoneLabel } from "./placement.ts";
import { hostPorts, isTerminal } from "./pods.ts";
import { type Controller, NOTHING, type Reconciliation, type ReconcileView } from "./types.ts";

/**
 * Binds Pods to Nodes, as far as it matters for Services: node name, selector and affinity, taints, cordon, host ports, what
 * the node has left of cpu and memory where it says what it has, topology spread and pod affinity filter; then see
 * {@link pickNode}. Source: pkg/scheduler.
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
      // A host port, cpu or a place in the spread may have become free.
      if (to === undefined && (object as Pod).spec.nodeName !== undefined && takesRoom(object as Pod)) retry = true;
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

function takesRoom(pod: Pod): boolean {
  const { affinity, topologySpreadConstraints } = pod.spec as Placed;
  const counts = affinity?.podAntiAffinity !== undefined || topologySpreadConstraints !== undefined;
  return counts || hostPorts(pod).length > 0 || asksForSomething(pod);
}

function nodeOpensUp(from: Node, to: Node): boolean {
  return !deepEqual(from.metadata.labels, to.metadata.labels) || !deepEqual(from.spec, to.spec);
}

function reconcile(key: string, view: ReconcileView): Reconciliation {
  const pod = view.reader.get<Pod>(key as ObjectKey);
  if (pod === undefined || !waits(pod)) return NOTHING;
  const nodes = view.reader.list<Node>("Node");
  const reasons = new Map<string, number>();
  const refusal = filterFor(pod, view.reader);
  let node = isPlain(pod, view.reader) ? quickPick(pod, nodes, view.reader, refusal) : undefined;
  if (node === undefined) {
    const fitting: Node[] = [];
    for (const each of nodes) {
      const reason = refusal(each);
      if (reason === null) fitting.push(each);
      else reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
    node = pickNode(pod, fitting, view.reader);
  }
  if (node !== undefined) {
    const name = node.metadata.name;
    const message = `Successfully assigned ${pod.metadata.namespace ?? ""}/${pod.metadata.name} to ${name}`;
    return {
      operations: [{ op: "bind", key: keyOf(pod), node: name }],
      events: [{ about: pod, type: "Normal", reason: "Scheduled", message }],
      title: message,
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
    events: [{ about: pod, type: "Warning", reason: "FailedScheduling", message }],
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

/** Taints that keep pods out. A Node's spec never changes, so each is looked through once. */
const HARD_TAINTS = new WeakMap<Node["spec"], readonly Taint[]>();

function hardTaints({ spec }: Node): readonly Taint[] {
  let taints = HARD_TAINTS.get(spec);
  if (taints === undefined) {
    taints = (spec.taints ?? []).filter((taint) => taint.effect !== "PreferNoSchedule");
    HARD_TAINTS.set(spec, taints);
  }
  return taints;
}

/**
 * The filter plugins for a pod: the first one that refuses a node, in its words, or null. Order as the default profile runs
 * them. What the pod asks for is read once, not once per node.
 */
function filterFor(pod: Pod, reader: ObjectReader): (node: Node) => string | null {
  const { nodeSelector, affinity, topologySpreadConstraints = [] } = pod.spec as Placed;
  const selects = nodeSelector !== undefined || affinity?.nodeAffinity !== undefined;
  const ports = hostPorts(pod);
  return (node) => {
    if (isDeleting(node)) return "node(s) were unschedulable";
    if (node.spec.unschedulable === true && !tolerates(pod.spec, CORDON)) return "node(s) were unschedulable";
    if (hardTaints(node).some((taint) => !tolerates(pod.spec, taint))) return "node(s) had untolerated taint(s)";
    if (selects && !selectsNode(pod.spec, node)) return "node(s) didn't match Pod's node affinity/selector";
    if (ports.length > 0) {
      const taken = new Set(
        reader.podsOnNode(node.metadata.name).flatMap((other) => (isTerminal(other) ? [] : hostPorts(other))),
      );
      if (ports.some((port) => taken.has(port))) return "node(s) didn't have free ports for the requested pod ports";
    }
    const lack = lackOf(pod, node, reader);
    if (lack !== null) return lack;
    const spread = topologySpreadConstraints.length === 0 ? null : spreadRefusal(pod, node, reader);
    return spread ?? affinityRefusal(pod, node, reader);
  };
}

/**
 * Nodes by what they are preferred for: preferred node affinity first, then the spread over nodes and over zones of what has
 * the same owner, then the emptier node, then the name. Upstream weighs the same scores; this one ranks them.
 */
function pickNode(pod: Pod, nodes: readonly Node[], reader: ObjectReader): Node | undefined {
  if (nodes.length < 2) return nodes[0];
  const siblings = new Map<string, number>();
  const zones = new Map<string, number>();
  const owner = controllerOf(pod);
  for (const object of owner === undefined ? [] : reader.ownedBy(owner.uid)) {
    const name = object.kind === "Pod" ? (object as Pod).spec.nodeName : undefined;
    // A pod on its way out makes room: counting it would push its replacement off a balanced node.
    if (name === undefined || isDeleting(object)) continue;
    siblings.set(name, (siblings.get(name) ?? 0) + 1);
    const node = reader.get<Node>(objectKey("Node", undefined, name));
    const zone = node === undefined ? undefined : zoneLabel(node);
    if (zone !== undefined) zones.set(zone, (zones.get(zone) ?? 0) + 1);
  }
  const preferred = (pod.spec as Placed).affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const { podIP } = pod.status;
  const rank = (node: Node): readonly number[] => [
    // A text may state the address and leave out the node: it is the one whose subnet the address is of.
    podIP !== undefined && podCIDRsOf(node).some((cidr) => cidrContains(cidr, podIP)) ? 0 : 1,
    preferred.length === 0
      ? 0
      : -preferred.reduce((sum, term) => sum + (nodeTermMatches(term.preference, node) ? term.weight : 0), 0),
    siblings.get(node.metadata.name) ?? 0,
    zones.size === 0 ? 0 : (zones.get(zoneLabel(node) ?? "") ?? 0),
    reader.podCountOnNode(node.metadata.name),
  ];
  let best: Node | undefined;
  let least: readonly number[] = [];
  for (const node of nodes) {
    const candidate = rank(node);
    if (best !== undefined && !isLess(candidate, least)) continue;
    best = node;
    least = candidate;
  }
  return best;
}

function podCIDRsOf({ spec }: Node): readonly string[] {
  return spec.podCIDRs ?? (spec.podCIDR === undefined ? [] : [spec.podCIDR]);
}

function isLess(a: readonly number[], b: readonly number[]): boolean {
  for (let i = 0; i < a.length; i++) {
    const value = a[i] ?? 0;
    const other = b[i] ?? 0;
    if (value !== other) return value < other;
  }
  return false;
}
