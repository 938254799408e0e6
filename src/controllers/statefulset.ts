import type { Commit, ObjectReader } from "../apiserver/types.ts";
import { deepEqual } from "../base/json.ts";
import type { Micros } from "../base/time.ts";
import { keyOf, type KubeObject, objectKey, type ObjectKey } from "../model/meta/types.ts";
import { type Pod, podReady } from "../model/pod/types.ts";
import { labelSelectorMatches } from "../model/selectors.ts";
import type { StatefulSet } from "../model/statefulset/types.ts";
import { changesOf, controllerOf, isDeleting } from "./changes.ts";
import { claimPods, mayBeAdoptedNow, podFromTemplate } from "./claims.ts";
import { availableFrom, isTerminal } from "./pods.ts";
import { type ControllerRevision, REVISION_LABEL, type Revisions, revisionsOf } from "./revisions.ts";
import { type Controller, type EventNote, NOTHING, type Reconciliation, type ReconcileView } from "./types.ts";

/**
 * Pods with stable names, made and taken away in order. Volume claims are not modelled.
 * Source: pkg/controller/statefulset/stateful_set_control.go.
 */
export const statefulSetController: Controller = {
  name: "statefulset-controller",
  instanceOf: () => "statefulset-controller",
  keysFor,
  reconcile,
};

function keysFor(commit: Commit, reader: ObjectReader): readonly string[] {
  const keys = new Set<string>();
  for (const { from, to, object } of changesOf(commit)) {
    const { kind, metadata } = object;
    if (kind === "StatefulSet") keys.add(keyOf(object));
    if (kind !== "Pod" && kind !== "ControllerRevision") continue;
    for (const side of [from, to]) {
      const owner = side === undefined ? undefined : controllerOf(side);
      if (owner?.kind === "StatefulSet") keys.add(objectKey("StatefulSet", metadata.namespace, owner.name));
    }
    if (kind === "Pod" && to !== undefined && controllerOf(to) === undefined && mayBeAdoptedNow(from, to)) {
      for (const set of reader.workloadsFor<StatefulSet>(
        "StatefulSet",
        metadata.namespace ?? "",
        to.metadata.labels ?? {},
      )) {
        if (labelSelectorMatches(set.spec.selector, to.metadata.labels)) keys.add(keyOf(set));
      }
    }
  }
  return [...keys];
}

/** What a sync does at most: one write of one pod when the set is ordered, all of them when it is not. */
interface Step {
  readonly operations: Reconciliation["operations"];
  readonly events: readonly EventNote[];
  readonly titles: readonly string[];
}

function reconcile(key: string, view: ReconcileView): Reconciliation {
  const set = view.reader.get<StatefulSet>(key as ObjectKey);
  if (set === undefined) return NOTHING;
  const claim = claimPods(set, set.spec.selector, view.reader, (pod) => ordinalOf(set, pod) !== null);
  if (claim.operations.length > 0) return { operations: claim.operations, title: claim.title };
  if (isDeleting(set)) return NOTHING;
  const revisions = revisionsOf(set, set.spec.selector.matchLabels, view.reader);
  // The revision first: its write brings this key back.
  if (revisions.operations.length > 0) return { operations: revisions.operations };
  const { pods } = claim;
  const step = stepOf(set, pods, revisions, view.now);
  const status = statusOf(set, pods, revisions, view.now);
  const operations = [...step.operations];
  if (!deepEqual(status, set.status)) operations.push({ op: "updateStatus", object: { ...set, status } as KubeObject });
  const wake = pods
    .flatMap((pod) => availableFrom(pod.status.conditions, set.spec.minReadySeconds ?? 0) ?? [])
    .filter((at) => at > view.now);
  return {
    operations,
    ...(step.events.length === 0 ? {} : { events: step.events }),
    ...(wake.length === 0 ? {} : { requeue: { class: "timer", micros: Math.min(...wake) - view.now } }),
    ...(step.titles.length === 0 ? {} : { title: step.titles.join("; ") }),
  };
}

/** The number at the end of the pod's name, or null when it is no pod of this set, selected or not. Source: isMemberOf. */
function ordinalOf(set: StatefulSet, pod: Pod): number | null {
  const prefix = `${set.metadata.name}-`;
  const rest = pod.metadata.name.slice(prefix.length);
  return pod.metadata.name.startsWith(prefix) && /^\d+$/.test(rest) ? Number(rest) : null;
}

function isAvailable(set: StatefulSet, pod: Pod, now: Micros): boolean {
  const from = availableFrom(pod.status.conditions, set.spec.minReadySeconds ?? 0);
  return from !== null && from <= now && !isDeleting(pod);
}

function stepOf(set: StatefulSet, pods: readonly Pod[], revisions: Revisions, now: Micros): Step {
  const operations: Reconciliation["operations"][number][] = [];
  const events: EventNote[] = [];
  const titles: string[] = [];
  const done = (): Step => ({ operations, events, titles });
  const ordered = set.spec.podManagementPolicy !== "Parallel";
  const start = set.spec.ordinals?.start ?? 0;
  const end = start + set.spec.replicas;
  const byOrdinal = new Map(pods.map((pod) => [ordinalOf(set, pod) as number, pod]));
  const tell = (verb: "create" | "delete", name: string, why = ""): void => {
    const reason = verb === "create" ? "SuccessfulCreate" : "SuccessfulDelete";
    const message = `${verb} Pod ${name} in StatefulSet ${set.metadata.name} successful`;
    events.push({ about: set, type: "Normal", reason, message });
    titles.push(why === "" ? message : `${message} (${why})`);
  };
  const remove = (pod: Pod, why = ""): void => {
    operations.push({ op: "delete", key: keyOf(pod) });
    tell("delete", pod.metadata.name, why);
  };

  for (let ordinal = start; ordinal < end; ordinal++) {
    const pod = byOrdinal.get(ordinal);
    if (pod === undefined) {
      const made = podOf(set, ordinal, revisionFor(set, ordinal, revisions));
      operations.push({ op: "create", object: made });
      tell("create", made.metadata.name);
      if (ordered) return done();
    } else if (isTerminal(pod) && !isDeleting(pod)) {
      remove(pod, "it had failed");
      if (ordered) return done();
    } else if (ordered && (isDeleting(pod) || !isAvailable(set, pod, now))) return done();
  }
  const condemned = [...byOrdinal].filter(([n]) => n < start || n >= end).sort((a, b) => b[0] - a[0]);
  for (const [, pod] of condemned) {
    if (isDeleting(pod)) {
      if (ordered) return done();
      continue;
    }
    remove(pod);
    if (ordered) return done();
  }
  if (set.spec.updateStrategy?.type === "OnDelete") return done();
  const partition = start + (set.spec.updateStrategy?.rollingUpdate?.partition ?? 0);
  for (let ordinal = end - 1; ordinal >= partition; ordinal--) {
    const pod = byOrdinal.get(ordinal);
    if (pod === undefined) return done();
    const isOld = pod.metadata.labels?.[REVISION_LABEL] !== revisions.update.metadata.name;
    if (isOld && !isDeleting(pod)) {
      remove(pod, "of an old revision");
      return done();
    }
    if (isDeleting(pod) || !isAvailable(set, pod, now)) return done();
  }
  return done();
}

/** Below the partition a pod that must be made anew keeps the current revision. Source: newVersionedStatefulSetPod. */
function revisionFor(set: StatefulSet, ordinal: number, { all, update }: Revisions): ControllerRevision {
  const partition = (set.spec.ordinals?.start ?? 0) + (set.spec.updateStrategy?.rollingUpdate?.partition ?? 0);
  if (ordinal >= partition) return update;
  return all.find(({ metadata }) => metadata.name === set.status.currentRevision) ?? update;
}

function podOf(set: StatefulSet, ordinal: number, revision: ControllerRevision): Pod {
  const name = `${set.metadata.name}-${ordinal}`;
  const pod = podFromTemplate(set, revision.data.spec.template, name);
  const { serviceName } = set.spec;
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      labels: {
        ...pod.metadata.labels,
        "apps.kubernetes.io/pod-index": String(ordinal),
        "statefulset.kubernetes.io/pod-name": name,
        [REVISION_LABEL]: revision.metadata.name,
      },
    },
    spec: {
      ...pod.spec,
      hostname: name,
      ...(serviceName === undefined || serviceName === "" ? {} : { subdomain: serviceName }),
    },
  };
}

function statusOf(set: StatefulSet, pods: readonly Pod[], revisions: Revisions, now: Micros): StatefulSet["status"] {
  const updateRevision = revisions.update.metadata.name;
  const count = (fits: (pod: Pod) => boolean): number => pods.filter(fits).length;
  const of = (revision: string) => (pod: Pod) => !isDeleting(pod) && pod.metadata.labels?.[REVISION_LABEL] === revision;
  const ready = count((pod) => podReady(pod) && !isDeleting(pod));
  const updated = count(of(updateRevision));
  const wanted = set.spec.replicas;
  // Done: what was the update is current now.
  const complete = updated === wanted && ready === wanted && pods.length === wanted;
  const before = set.status?.currentRevision;
  const currentRevision = complete || before === undefined ? updateRevision : before;
  return {
    availableReplicas: count((pod) => isAvailable(set, pod, now)),
    collisionCount: 0,
    currentReplicas: count(of(currentRevision)),
    currentRevision,
    observedGeneration: set.metadata.generation ?? 1,
    readyReplicas: ready,
    replicas: pods.length,
    updateRevision,
    updatedReplicas: updated,
  };
}
