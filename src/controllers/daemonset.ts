import type { Commit, ObjectReader } from "../apiserver/types.ts";
import { deepEqual } from "../base/json.ts";
import type { DaemonSet } from "../model/daemonset/types.ts";
import { keyOf, type KubeObject, objectKey, type ObjectKey } from "../model/meta/types.ts";
import type { Node } from "../model/node/types.ts";
import { type Pod, type PodSpec, podReady } from "../model/pod/types.ts";
import { labelSelectorMatches } from "../model/selectors.ts";
import { changesOf, controllerOf, isDeleting } from "./changes.ts";
import { claimPods, counted, mayBeAdoptedNow, podFromTemplate } from "./claims.ts";
import { shareOf } from "./deployment/replicas.ts";
import { generatedName } from "./names.ts";
import { intendedNode, type Placed, selectsNode, tolerates } from "./placement.ts";
import { availableFrom, isTerminal } from "./pods.ts";
import { REVISION_LABEL, type Revisions, revisionsOf } from "./revisions.ts";
import {
  type Controller,
  type EventNote,
  NOTHING,
  type Operation,
  type Reconciliation,
  type ReconcileView,
} from "./types.ts";

/** One Pod on every node that takes it. Source: pkg/controller/daemon/daemon_controller.go. */
export const daemonSetController: Controller = {
  name: "daemonset-controller",
  instanceOf: () => "daemonset-controller",
  keysFor,
  reconcile,
};

function keysFor(commit: Commit, reader: ObjectReader): readonly string[] {
  const keys = new Set<string>();
  for (const { from, to, object } of changesOf(commit)) {
    const { kind, metadata } = object;
    if (kind === "DaemonSet") keys.add(keyOf(object));
    if (kind === "Node" && (from === undefined || to === undefined || differs(from as Node, to as Node))) {
      for (const set of reader.list<DaemonSet>("DaemonSet")) keys.add(keyOf(set));
    }
    if (kind !== "Pod" && kind !== "ControllerRevision") continue;
    for (const side of [from, to]) {
      const owner = side === undefined ? undefined : controllerOf(side);
      if (owner?.kind === "DaemonSet") keys.add(objectKey("DaemonSet", metadata.namespace, owner.name));
    }
    if (kind === "Pod" && to !== undefined && controllerOf(to) === undefined && mayBeAdoptedNow(from, to)) {
      for (const set of reader.workloadsFor<DaemonSet>(
        "DaemonSet",
        metadata.namespace ?? "",
        to.metadata.labels ?? {},
      )) {
        if (labelSelectorMatches(set.spec.selector, to.metadata.labels)) keys.add(keyOf(set));
      }
    }
  }
  return [...keys];
}

function differs(from: Node, to: Node): boolean {
  return !deepEqual(from.metadata.labels, to.metadata.labels) || !deepEqual(from.spec.taints, to.spec.taints);
}

/** What every daemon's pod tolerates. Source: pkg/controller/daemon/util AddOrUpdateDaemonPodTolerations. */
const TOLERATIONS: NonNullable<PodSpec["tolerations"]> = [
  { key: "node.kubernetes.io/not-ready", operator: "Exists", effect: "NoExecute" },
  { key: "node.kubernetes.io/unreachable", operator: "Exists", effect: "NoExecute" },
  { key: "node.kubernetes.io/disk-pressure", operator: "Exists", effect: "NoSchedule" },
  { key: "node.kubernetes.io/memory-pressure", operator: "Exists", effect: "NoSchedule" },
  { key: "node.kubernetes.io/pid-pressure", operator: "Exists", effect: "NoSchedule" },
  { key: "node.kubernetes.io/unschedulable", operator: "Exists", effect: "NoSchedule" },
];
const NETWORK_UNAVAILABLE = {
  key: "node.kubernetes.io/network-unavailable",
  operator: "Exists",
  effect: "NoSchedule",
} as const;

/** The template as its pods will have it, so that nodes can be asked whether they take one. */
function daemonSpec(set: DaemonSet): PodSpec {
  const { spec } = set.spec.template;
  const own = spec.tolerations ?? [];
  const extra = spec.hostNetwork === true ? [...TOLERATIONS, NETWORK_UNAVAILABLE] : TOLERATIONS;
  return { ...spec, tolerations: [...own, ...extra.filter((t) => !own.some((o) => deepEqual(o, t)))] };
}

interface Fit {
  readonly run: boolean;
  readonly stay: boolean;
}

/** Source: NodeShouldRunDaemonPod. */
function fitOf(spec: PodSpec, node: Node): Fit {
  if (spec.nodeName !== undefined && spec.nodeName !== "" && spec.nodeName !== node.metadata.name) {
    return { run: false, stay: false };
  }
  if (!selectsNode(spec, node)) return { run: false, stay: false };
  const bad = (node.spec.taints ?? []).filter((taint) => !tolerates(spec, taint));
  const evicts = bad.some(({ effect }) => effect === "NoExecute");
  return { run: !evicts && !bad.some(({ effect }) => effect === "NoSchedule"), stay: !evicts };
}

function reconcile(key: string, view: ReconcileView): Reconciliation {
  const set = view.reader.get<DaemonSet>(key as ObjectKey);
  if (set === undefined)
    return view.memory(key) === undefined ? NOTHING : { operations: [], remember: { [key]: null } };
  const claim = claimPods(set, set.spec.selector, view.reader);
  if (claim.operations.length > 0) return { operations: claim.operations, title: claim.title };
  if (isDeleting(set)) return NOTHING;
  const revisions = revisionsOf(set, set.spec.selector.matchLabels, view.reader);
  if (revisions.operations.length > 0) return { operations: revisions.operations };
  const spec = daemonSpec(set);
  const nodes = view.reader.list<Node>("Node").filter((node) => !isDeleting(node));
  const byNode = new Map<string, Pod[]>();
  for (const pod of claim.pods) {
    const name = pod.spec.nodeName ?? intendedNode(pod) ?? "";
    byNode.set(name, [...(byNode.get(name) ?? []), pod]);
  }
  const doomed: Pod[] = [];
  const needing: Node[] = [];
  for (const node of nodes) {
    const { run, stay } = fitOf(spec, node);
    const pods = (byNode.get(node.metadata.name) ?? []).filter((pod) => !isDeleting(pod));
    const failed = pods.filter(isTerminal);
    doomed.push(...failed, ...(stay ? [] : pods.filter((pod) => !isTerminal(pod))));
    if (run && pods.length === failed.length && !(byNode.get(node.metadata.name) ?? []).some(isDeleting)) {
      needing.push(node);
    }
  }
  const known = new Set(nodes.map((node) => node.metadata.name));
  // Pods meant for a node that is gone and that were never bound are nobody else's to remove.
  for (const pod of claim.pods) {
    if (!isDeleting(pod) && pod.spec.nodeName === undefined && !known.has(intendedNode(pod) ?? "")) doomed.push(pod);
  }
  if (doomed.length === 0 && needing.length === 0) doomed.push(...outdated(set, nodes, spec, byNode, revisions, view));
  return write(key, set, doomed, needing, statusOf(set, nodes, spec, byNode, revisions, view), spec, revisions, view);
}

function write(
  key: string,
  set: DaemonSet,
  doomed: readonly Pod[],
  needing: readonly Node[],
  status: DaemonSet["status"],
  spec: PodSpec,
  revisions: Revisions,
  view: ReconcileView,
): Reconciliation {
  let ordinal = (view.memory(key) as number | undefined) ?? 0;
  const made: Pod[] = [];
  for (const node of needing) {
    for (;;) {
      const purpose = `pod ${set.metadata.namespace ?? ""}/${set.metadata.name} ${ordinal}`;
      const name = generatedName(`${set.metadata.name}-`, view.draw, purpose);
      ordinal += 1;
      if (view.reader.get(objectKey("Pod", set.metadata.namespace, name)) !== undefined) continue;
      made.push(podOf(set, spec, node, name, revisions));
      break;
    }
  }
  const operations: Operation[] = [
    ...made.map((object): Operation => ({ op: "create", object })),
    ...doomed.map((pod): Operation => ({ op: "delete", key: keyOf(pod) })),
  ];
  const note = (reason: string, verb: string, pods: readonly Pod[]): readonly EventNote[] =>
    pods.map((pod) => ({ about: set, type: "Normal", reason, message: `${verb}: ${pod.metadata.name}` }));
  const events = [...note("SuccessfulCreate", "Created pod", made), ...note("SuccessfulDelete", "Deleted pod", doomed)];
  const titles = [
    ...(made.length === 0 ? [] : [counted("Created pod", made)]),
    ...(doomed.length === 0 ? [] : [counted("Deleted pod", doomed)]),
  ];
  if (!deepEqual(status, set.status)) operations.push({ op: "updateStatus", object: { ...set, status } as KubeObject });
  return {
    operations,
    ...(made.length === 0 ? {} : { remember: { [key]: ordinal } }),
    ...(events.length === 0 ? {} : { events }),
    ...(titles.length === 0 ? {} : { title: titles.join("; ") }),
    ...wakeOf(set, view),
  };
}

function wakeOf(set: DaemonSet, view: ReconcileView): Pick<Reconciliation, "requeue"> {
  const seconds = set.spec.minReadySeconds ?? 0;
  if (seconds === 0) return {};
  const moments = view.reader
    .ownedBy(set.metadata.uid ?? "")
    .flatMap((object) =>
      object.kind === "Pod" ? (availableFrom((object as Pod).status.conditions, seconds) ?? []) : [],
    )
    .filter((at) => at > view.now);
  return moments.length === 0 ? {} : { requeue: { class: "timer", micros: Math.min(...moments) - view.now } };
}

/** A pod for one node, bound there by the scheduler through its affinity to the name. */
function podOf(set: DaemonSet, spec: PodSpec, node: Node, name: string, revisions: Revisions): Pod {
  const pod = podFromTemplate(set, { ...set.spec.template, spec }, name);
  const matchFields = [{ key: "metadata.name", operator: "In", values: [node.metadata.name] }];
  const { affinity } = spec as Placed;
  const placed: Placed = {
    ...pod.spec,
    affinity: {
      ...affinity,
      nodeAffinity: {
        ...affinity?.nodeAffinity,
        requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] },
      },
    },
  };
  const hash = revisions.update.metadata.name.slice(set.metadata.name.length + 1);
  const labels = {
    ...pod.metadata.labels,
    [REVISION_LABEL]: hash,
    "pod-template-generation": String(set.metadata.generation ?? 1),
  };
  return { ...pod, metadata: { ...pod.metadata, labels }, spec: placed };
}

function isUpdated(set: DaemonSet, pod: Pod, revisions: Revisions): boolean {
  return `${set.metadata.name}-${pod.metadata.labels?.[REVISION_LABEL] ?? ""}` === revisions.update.metadata.name;
}

function isAvailable(set: DaemonSet, pod: Pod, now: number): boolean {
  const from = availableFrom(pod.status.conditions, set.spec.minReadySeconds ?? 0);
  return from !== null && from <= now;
}

/** Old pods that a rolling update may take away now: those that are not available anyway, then as many as may be missing. */
function outdated(
  set: DaemonSet,
  nodes: readonly Node[],
  spec: PodSpec,
  byNode: ReadonlyMap<string, readonly Pod[]>,
  revisions: Revisions,
  view: ReconcileView,
): readonly Pod[] {
  if (set.spec.updateStrategy?.type === "OnDelete") return [];
  const wanted = nodes.filter((node) => fitOf(spec, node).run);
  const rolling = set.spec.updateStrategy?.rollingUpdate;
  const allowed = Math.max(1, shareOf(rolling?.maxUnavailable ?? 1, wanted.length, Math.ceil));
  const victims: Pod[] = [];
  const candidates: Pod[] = [];
  let missing = 0;
  for (const node of wanted) {
    const pods = byNode.get(node.metadata.name) ?? [];
    const live = pods.find((pod) => !isDeleting(pod));
    const available = live !== undefined && isAvailable(set, live, view.now);
    if (!available) missing += 1;
    if (live === undefined || isUpdated(set, live, revisions)) continue;
    if (available) candidates.push(live);
    else victims.push(live);
  }
  return [...victims, ...candidates.slice(0, Math.max(0, allowed - missing))];
}

function statusOf(
  set: DaemonSet,
  nodes: readonly Node[],
  spec: PodSpec,
  byNode: ReadonlyMap<string, readonly Pod[]>,
  revisions: Revisions,
  view: ReconcileView,
): DaemonSet["status"] {
  const count = { desired: 0, current: 0, misscheduled: 0, ready: 0, updated: 0, available: 0 };
  for (const node of nodes) {
    const pod = (byNode.get(node.metadata.name) ?? []).find((p) => !isDeleting(p));
    if (!fitOf(spec, node).run) {
      if (pod !== undefined) count.misscheduled += 1;
      continue;
    }
    count.desired += 1;
    if (pod === undefined) continue;
    count.current += 1;
    if (podReady(pod)) count.ready += 1;
    if (isUpdated(set, pod, revisions)) count.updated += 1;
    if (isAvailable(set, pod, view.now)) count.available += 1;
  }
  const unavailable = count.desired - count.available;
  return {
    currentNumberScheduled: count.current,
    desiredNumberScheduled: count.desired,
    ...(count.available === 0 ? {} : { numberAvailable: count.available }),
    numberMisscheduled: count.misscheduled,
    numberReady: count.ready,
    ...(unavailable === 0 ? {} : { numberUnavailable: unavailable }),
    observedGeneration: set.metadata.generation ?? 1,
    ...(count.updated === 0 ? {} : { updatedNumberScheduled: count.updated }),
  };
}
