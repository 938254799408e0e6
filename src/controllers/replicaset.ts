import type { Commit, ObjectReader } from "../apiserver/types.ts";
import { compareStrings } from "../base/compare.ts";
import { deepEqual } from "../base/json.ts";
import type { Micros } from "../base/time.ts";
import { keyOf, type KubeObject, objectKey, type ObjectKey } from "../model/meta/types.ts";
import { type Pod, podReady } from "../model/pod/types.ts";
import type { ReplicaSet } from "../model/replicaset/types.ts";
import { labelSelectorMatches } from "../model/selectors.ts";
import { adopted, changesOf, controllerOf, controllerRef, isDeleting } from "./changes.ts";
import { generatedName } from "./names.ts";
import { availableFrom, isActive, readySince } from "./pods.ts";
import { type Controller, NOTHING, type Operation, type Reconciliation, type ReconcileView } from "./types.ts";

/** Creations and deletions of one sync at most. Source: replicaset.BurstReplicas. */
const BURST = 500;
const DELETION_COST = "controller.kubernetes.io/pod-deletion-cost";

/** Keeps the number of Pods that a ReplicaSet asks for. Source: pkg/controller/replicaset/replica_set.go. */
export const replicaSetController: Controller = {
  name: "replicaset-controller",
  instanceOf: () => "replicaset-controller",
  keysFor,
  reconcile,
};

function keysFor(commit: Commit, reader: ObjectReader): readonly string[] {
  const keys = new Set<string>();
  for (const { from, to, object } of changesOf(commit)) {
    if (object.kind === "ReplicaSet") keys.add(keyOf(object));
    if (object.kind !== "Pod") continue;
    for (const side of [from, to]) {
      const owner = side === undefined ? undefined : controllerOf(side);
      if (owner?.kind === "ReplicaSet") keys.add(objectKey("ReplicaSet", object.metadata.namespace, owner.name));
    }
    // A pod without an owner may be adopted: only its birth and a change of labels or owner can bring that about.
    if (to !== undefined && controllerOf(to) === undefined && mayBeAdoptedNow(from, to)) {
      for (const rs of reader.list<ReplicaSet>("ReplicaSet", to.metadata.namespace)) {
        if (labelSelectorMatches(rs.spec.selector, to.metadata.labels)) keys.add(keyOf(rs));
      }
    }
  }
  return [...keys];
}

function mayBeAdoptedNow(from: KubeObject | undefined, to: KubeObject): boolean {
  return from === undefined || controllerOf(from) !== undefined || !deepEqual(from.metadata.labels, to.metadata.labels);
}

function reconcile(key: string, view: ReconcileView): Reconciliation {
  const rs = view.reader.get<ReplicaSet>(key as ObjectKey);
  if (rs === undefined) return view.memory(key) === undefined ? NOTHING : { operations: [], remember: { [key]: null } };
  const claim = claimPods(rs, view.reader);
  // Ownership first: what follows counts by it, and the writes themselves bring this key back.
  if (claim.operations.length > 0) return { operations: claim.operations, title: claim.title };
  const active = claim.pods.filter(isActive);
  const scaling = isDeleting(rs) ? NOTHING : scale(key, rs, active, view);
  const { status, wake } = statusOf(rs, active, view.now);
  const operations = [...scaling.operations];
  if (!deepEqual(status, rs.status)) operations.push({ op: "updateStatus", object: { ...rs, status } as KubeObject });
  return {
    operations,
    ...(scaling.remember === undefined ? {} : { remember: scaling.remember }),
    ...(scaling.title === undefined ? {} : { title: scaling.title }),
    ...(wake === null ? {} : { requeue: { class: "timer", micros: wake - view.now } }),
  };
}

/** Owned pods, plus the writes that adopt matching orphans and release pods relabelled out of the selector. */
function claimPods(
  rs: ReplicaSet,
  reader: ObjectReader,
): { readonly pods: readonly Pod[]; readonly operations: readonly Operation[]; readonly title: string } {
  const pods: Pod[] = [];
  const operations: Operation[] = [];
  let title = "";
  for (const object of reader.ownedBy(rs.metadata.uid ?? "")) {
    if (object.kind !== "Pod") continue;
    const pod = object as Pod;
    if (labelSelectorMatches(rs.spec.selector, pod.metadata.labels)) pods.push(pod);
    else if (!isDeleting(pod)) {
      const owners = (pod.metadata.ownerReferences ?? []).filter((owner) => owner.uid !== rs.metadata.uid);
      const { ownerReferences: _, ...metadata } = pod.metadata;
      operations.push({
        op: "update",
        object: { ...pod, metadata: owners.length === 0 ? metadata : { ...metadata, ownerReferences: owners } } as Pod,
      });
      title = `Released pod: ${pod.metadata.name}`;
    }
  }
  if (!isDeleting(rs)) {
    for (const pod of orphansOf(rs, reader)) {
      operations.push({ op: "update", object: adopted(pod, rs) });
      title = `Adopted pod: ${pod.metadata.name}`;
    }
  }
  return { pods: pods.sort(byName), operations, title };
}

function orphansOf(rs: ReplicaSet, reader: ObjectReader): readonly Pod[] {
  const { matchLabels, matchExpressions } = rs.spec.selector;
  if (matchLabels === undefined || Object.keys(matchLabels).length === 0) return [];
  return reader
    .podsMatching(rs.metadata.namespace ?? "", matchLabels)
    .filter(
      (pod) =>
        controllerOf(pod) === undefined &&
        isActive(pod) &&
        (matchExpressions === undefined || labelSelectorMatches(rs.spec.selector, pod.metadata.labels)),
    );
}

function byName(a: KubeObject, b: KubeObject): number {
  return compareStrings(a.metadata.name, b.metadata.name);
}

function scale(key: string, rs: ReplicaSet, active: readonly Pod[], view: ReconcileView): Reconciliation {
  const missing = rs.spec.replicas - active.length;
  if (missing > 0) return create(key, rs, Math.min(missing, BURST), view);
  if (missing === 0) return NOTHING;
  const count = Math.min(-missing, BURST);
  const victims = victimsOf(rs, active, view.reader).slice(0, count);
  return {
    operations: victims.map((pod): Operation => ({ op: "delete", key: keyOf(pod) })),
    title: counted("Deleted pod", victims),
  };
}

function counted(verb: string, pods: readonly KubeObject[]): string {
  const first = pods[0]?.metadata.name ?? "";
  return pods.length === 1 ? `${verb}: ${first}` : `${verb}s: ${first} and ${pods.length - 1} more`;
}

function create(key: string, rs: ReplicaSet, count: number, view: ReconcileView): Reconciliation {
  // The ordinal of the next pod: names depend on the owner and on how many it made before, on nothing else.
  let ordinal = (view.memory(key) as number | undefined) ?? 0;
  const made: Pod[] = [];
  while (made.length < count) {
    const name = generatedName(
      `${rs.metadata.name}-`,
      view.draw,
      `pod ${rs.metadata.namespace ?? ""}/${rs.metadata.name} ${ordinal}`,
    );
    ordinal += 1;
    const taken = made.some((pod) => pod.metadata.name === name);
    if (taken || view.reader.get(objectKey("Pod", rs.metadata.namespace, name)) !== undefined) continue;
    made.push(podOf(rs, name));
  }
  return {
    operations: made.map((object): Operation => ({ op: "create", object })),
    remember: { [key]: ordinal },
    title: counted("Created pod", made),
  };
}

/** A new Pod from the template. Source: controller.GetPodFromTemplate. */
function podOf(rs: ReplicaSet, name: string): Pod {
  const template = rs.spec.template;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      generateName: `${rs.metadata.name}-`,
      ...(rs.metadata.namespace === undefined ? {} : { namespace: rs.metadata.namespace }),
      ...(template?.metadata?.labels === undefined ? {} : { labels: template.metadata.labels }),
      ...(template?.metadata?.annotations === undefined ? {} : { annotations: template.metadata.annotations }),
      ...(template?.metadata?.finalizers === undefined ? {} : { finalizers: template.metadata.finalizers }),
      ownerReferences: [controllerRef(rs)],
    },
    spec: template?.spec ?? { containers: [] },
    status: { phase: "Pending" },
  };
}

interface Candidate {
  readonly pod: Pod;
  /** Active pods of the same app on this pod's node: the fuller node gives first. */
  readonly neighbours: number;
}

/** Active pods, first victim first. Source: controller.ActivePodsWithRanks. */
function victimsOf(rs: ReplicaSet, active: readonly Pod[], reader: ObjectReader): readonly Pod[] {
  const perNode = new Map<string, number>();
  for (const pod of relatedPods(rs, active, reader)) {
    const node = pod.spec.nodeName ?? "";
    perNode.set(node, (perNode.get(node) ?? 0) + 1);
  }
  return active
    .map((pod): Candidate => ({ pod, neighbours: perNode.get(pod.spec.nodeName ?? "") ?? 0 }))
    .sort(compareVictims)
    .map((candidate) => candidate.pod);
}

/** Active pods of all ReplicaSets of the same Deployment. Source: getIndirectlyRelatedPods. */
function relatedPods(rs: ReplicaSet, own: readonly Pod[], reader: ObjectReader): readonly Pod[] {
  const owner = controllerOf(rs);
  if (owner === undefined) return own;
  return reader
    .ownedBy(owner.uid)
    .flatMap((sibling) => (sibling.metadata.uid === undefined ? [] : reader.ownedBy(sibling.metadata.uid)))
    .filter((object): object is Pod => object.kind === "Pod" && isActive(object as Pod));
}

const PHASE_ORDER: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

export function compareVictims(a: Candidate, b: Candidate): number {
  return (
    Number(a.pod.spec.nodeName !== undefined) - Number(b.pod.spec.nodeName !== undefined) ||
    phaseRank(a.pod) - phaseRank(b.pod) ||
    Number(podReady(a.pod)) - Number(podReady(b.pod)) ||
    deletionCost(a.pod) - deletionCost(b.pod) ||
    b.neighbours - a.neighbours ||
    // Ready for a shorter time goes first: the later moment.
    (readySince(b.pod) ?? 0) - (readySince(a.pod) ?? 0) ||
    restarts(b.pod) - restarts(a.pod) ||
    compareStrings(b.pod.metadata.creationTimestamp ?? "", a.pod.metadata.creationTimestamp ?? "") ||
    compareStrings(a.pod.metadata.name, b.pod.metadata.name)
  );
}

function phaseRank(pod: Pod): number {
  return PHASE_ORDER[pod.status.phase ?? "Pending"] ?? 0;
}

function deletionCost(pod: Pod): number {
  const text = pod.metadata.annotations?.[DELETION_COST];
  // The real parser takes what strconv.ParseInt takes and calls anything else 0.
  return text !== undefined && /^(0|-?[1-9]\d{0,9})$/.test(text) ? Number(text) : 0;
}

function restarts(pod: Pod): number {
  return (pod.status.containerStatuses ?? []).reduce((most, status) => Math.max(most, status.restartCount), 0);
}

/** The counts, and when the next ready pod becomes available by minReadySeconds. Source: calculateStatus. */
function statusOf(
  rs: ReplicaSet,
  active: readonly Pod[],
  now: Micros,
): { readonly status: ReplicaSet["status"]; readonly wake: Micros | null } {
  const labels = Object.entries(rs.spec.template?.metadata?.labels ?? {});
  let available = 0;
  let wake: Micros | null = null;
  for (const pod of active) {
    const from = availableFrom(pod, rs.spec.minReadySeconds ?? 0);
    if (from === null) continue;
    if (from <= now) available += 1;
    else wake = wake === null ? from : Math.min(wake, from);
  }
  const ready = active.filter(podReady).length;
  const labelled = active.filter((pod) => labels.every(([k, v]) => pod.metadata.labels?.[k] === v)).length;
  const status: ReplicaSet["status"] = {
    replicas: active.length,
    ...(labelled === 0 ? {} : { fullyLabeledReplicas: labelled }),
    ...(ready === 0 ? {} : { readyReplicas: ready }),
    ...(available === 0 ? {} : { availableReplicas: available }),
    observedGeneration: rs.metadata.generation ?? 1,
  };
  return { status, wake };
}
