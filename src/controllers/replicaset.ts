import type { Commit, ObjectReader } from "../apiserver/types.ts";
import { compareStrings } from "../base/compare.ts";
import { deepEqual } from "../base/json.ts";
import type { Micros } from "../base/time.ts";
import { keyOf, type KubeObject, type LabelSelector, objectKey, type ObjectKey } from "../model/meta/types.ts";
import { type Pod, podReady } from "../model/pod/types.ts";
import type { ReplicaSet } from "../model/replicaset/types.ts";
import type { ReplicationController } from "../model/replicationcontroller/types.ts";
import { labelSelectorMatches } from "../model/selectors.ts";
import { changesOf, controllerOf, isDeleting } from "./changes.ts";
import { claimPods, counted, hasOrphans, mayBeAdoptedNow, podFromTemplate } from "./claims.ts";
import { generatedName } from "./names.ts";
import { availableFrom, isActive, readySince } from "./pods.ts";
import { type Alike, talliedPods } from "./tally.ts";
import {
  type Controller,
  type EventNote,
  NOTHING,
  type Operation,
  type Reconciliation,
  type ReconcileView,
} from "./types.ts";

/** Creations and deletions of one sync at most. Source: replicaset.BurstReplicas. */
const BURST = 500;
const DELETION_COST = "controller.kubernetes.io/pod-deletion-cost";

/** A ReplicaSet or its forerunner: they differ in the form of their selector alone. */
type Replicas = ReplicaSet | ReplicationController;

/** Keeps the number of Pods that a ReplicaSet asks for. Source: pkg/controller/replicaset/replica_set.go. */
export const replicaSetController: Controller = replicasController("ReplicaSet", "replicaset-controller");

/** The same for ReplicationControllers, as upstream: a thin dress over the ReplicaSet controller. */
export const replicationController: Controller = replicasController("ReplicationController", "replication-controller");

function selectorOf(rs: Replicas): LabelSelector {
  return rs.kind === "ReplicaSet" ? rs.spec.selector : { matchLabels: rs.spec.selector };
}

function replicasController(kind: Replicas["kind"], name: string): Controller {
  const watches = new Set([kind, "Pod"]);
  return {
    name,
    watches,
    instanceOf: () => name,
    keysFor: (commit, reader) => keysFor(kind, commit, reader),
    reconcile,
  };
}

function keysFor(kind: Replicas["kind"], commit: Commit, reader: ObjectReader): readonly string[] {
  const keys = new Set<string>();
  for (const { from, to, object } of changesOf(commit)) {
    if (object.kind === kind) keys.add(keyOf(object));
    if (object.kind !== "Pod") continue;
    for (const side of [from, to]) {
      const owner = side === undefined ? undefined : controllerOf(side);
      if (owner?.kind === kind) keys.add(objectKey(kind, object.metadata.namespace, owner.name));
    }
    if (to !== undefined && controllerOf(to) === undefined && mayBeAdoptedNow(from, to)) {
      for (const rs of reader.workloadsFor<Replicas>(kind, to.metadata.namespace ?? "", to.metadata.labels ?? {})) {
        if (labelSelectorMatches(selectorOf(rs), to.metadata.labels)) keys.add(keyOf(rs));
      }
    }
  }
  return [...keys];
}

function reconcile(key: string, view: ReconcileView): Reconciliation {
  const rs = view.reader.get<Replicas>(key as ObjectKey);
  if (rs === undefined) return view.memory(key) === undefined ? NOTHING : { operations: [], remember: { [key]: null } };
  const steady = steadyCounts(rs, view.reader);
  if (steady !== null) {
    const missing = rs.spec.replicas - steady.reduce((sum, { active }) => sum + active, 0);
    if (missing >= 0) {
      const scaling = isDeleting(rs) || missing === 0 ? NOTHING : create(key, rs, Math.min(missing, BURST), view);
      return withStatus(rs, scaling, statusOf(rs, steady, view.now), view.now);
    }
  }
  const claim = claimPods(rs, selectorOf(rs), view.reader);
  // Ownership first: what follows counts by it, and the writes themselves bring this key back.
  if (claim.operations.length > 0) return { operations: claim.operations, title: claim.title };
  const active = claim.pods.filter(isActive);
  const scaling = isDeleting(rs) ? NOTHING : scale(key, rs, active, view);
  return withStatus(rs, scaling, statusOf(rs, active.map(alone), view.now), view.now);
}

const alone = ({ metadata, status }: Pod): Counted => ({
  labels: metadata.labels,
  conditions: status.conditions,
  active: 1,
});

/** How many active pods have these labels and conditions. */
type Counted = Pick<Alike, "labels" | "conditions" | "active">;

/** The counts of a large set whose pods are all its own and none another's; null when they have to be looked through. */
function steadyCounts(rs: Replicas, reader: ObjectReader): readonly Counted[] | null {
  const alike = talliedPods(rs.metadata.uid ?? "", reader);
  if (alike === null) return null;
  const selector = selectorOf(rs);
  const selected = alike.filter(({ labels }) => labelSelectorMatches(selector, labels));
  const isReleased = alike.some((group) => group.active + group.over > 0 && !selected.includes(group));
  return isReleased || hasOrphans(rs, selector, reader) ? null : selected;
}

function withStatus(
  rs: Replicas,
  scaling: Reconciliation,
  { status, wake }: ReturnType<typeof statusOf>,
  now: Micros,
): Reconciliation {
  const operations = [...scaling.operations];
  if (!deepEqual(status, rs.status)) operations.push({ op: "updateStatus", object: { ...rs, status } as Replicas });
  return {
    ...scaling,
    operations,
    ...(wake === null ? {} : { requeue: { class: "timer", micros: wake - now } }),
  };
}

function scale(key: string, rs: Replicas, active: readonly Pod[], view: ReconcileView): Reconciliation {
  const missing = rs.spec.replicas - active.length;
  if (missing > 0) return create(key, rs, Math.min(missing, BURST), view);
  if (missing === 0) return NOTHING;
  const count = Math.min(-missing, BURST);
  const victims = victimsOf(rs, active, view.reader).slice(0, count);
  return {
    operations: victims.map((pod): Operation => ({ op: "delete", key: keyOf(pod) })),
    events: told(rs, "SuccessfulDelete", "Deleted pod", victims),
    title: counted("Deleted pod", victims),
  };
}

/** An event of the owner for each pod. */
function told(rs: Replicas, reason: string, verb: string, pods: readonly KubeObject[]): readonly EventNote[] {
  return pods.map((pod) => ({ about: rs, type: "Normal", reason, message: `${verb}: ${pod.metadata.name}` }));
}

function create(key: string, rs: Replicas, count: number, view: ReconcileView): Reconciliation {
  // The ordinal of the next pod: names depend on the owner and on how many it made before, on nothing else.
  let ordinal = (view.memory(key) as number | undefined) ?? 0;
  const made: Pod[] = [];
  const names = new Set<string>();
  while (made.length < count) {
    const name = generatedName(
      `${rs.metadata.name}-`,
      view.draw,
      `pod ${rs.metadata.namespace ?? ""}/${rs.metadata.name} ${ordinal}`,
    );
    ordinal += 1;
    if (names.has(name) || view.reader.get(objectKey("Pod", rs.metadata.namespace, name)) !== undefined) continue;
    names.add(name);
    made.push(podFromTemplate(rs, rs.spec.template, name));
  }
  return {
    operations: made.map((object): Operation => ({ op: "create", object })),
    remember: { [key]: ordinal },
    events: told(rs, "SuccessfulCreate", "Created pod", made),
    title: counted("Created pod", made),
  };
}

interface Candidate {
  readonly pod: Pod;
  /** Active pods of the same app on this pod's node: the fuller node gives first. */
  readonly neighbours: number;
}

/** Active pods, first victim first. Source: controller.ActivePodsWithRanks. */
function victimsOf(rs: Replicas, active: readonly Pod[], reader: ObjectReader): readonly Pod[] {
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
function relatedPods(rs: Replicas, own: readonly Pod[], reader: ObjectReader): readonly Pod[] {
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
    (readySince(b.pod.status.conditions) ?? 0) - (readySince(a.pod.status.conditions) ?? 0) ||
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
  rs: Replicas,
  counted: readonly Counted[],
  now: Micros,
): { readonly status: ReplicaSet["status"]; readonly wake: Micros | null } {
  const wanted = Object.entries(rs.spec.template?.metadata?.labels ?? {});
  let [replicas, ready, available, labelled] = [0, 0, 0, 0];
  let wake: Micros | null = null;
  for (const { labels, conditions, active } of counted) {
    if (active === 0) continue;
    replicas += active;
    if (wanted.every(([k, v]) => labels?.[k] === v)) labelled += active;
    const from = availableFrom(conditions, rs.spec.minReadySeconds ?? 0);
    if (from === null) continue;
    ready += active;
    if (from <= now) available += active;
    else wake = wake === null ? from : Math.min(wake, from);
  }
  const status: ReplicaSet["status"] = {
    replicas,
    ...(labelled === 0 ? {} : { fullyLabeledReplicas: labelled }),
    ...(ready === 0 ? {} : { readyReplicas: ready }),
    ...(available === 0 ? {} : { availableReplicas: available }),
    observedGeneration: rs.metadata.generation ?? 1,
  };
  return { status, wake };
}
