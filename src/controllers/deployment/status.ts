import type { Micros } from "../../base/time.ts";
import type { Deployment } from "../../model/deployment/types.ts";
import type { Condition } from "../../model/meta/types.ts";
import type { ReplicaSet } from "../../model/replicaset/types.ts";
import { conditionOf, withCondition } from "../conditions.ts";
import { availableSum, boundsOf } from "./replicas.ts";

type Status = Deployment["status"];

/** What became of the rollout since the last look. */
export interface Progress {
  readonly current: ReplicaSet | undefined;
  /** A new ReplicaSet was made in this very reconcile, under this name. */
  readonly created: string | null;
  readonly collisions: number;
  /** No progress for longer than progressDeadlineSeconds. */
  readonly late: boolean;
}

/** The whole status. Source: calculateStatus and syncRolloutStatus. */
export function statusOf(deployment: Deployment, sets: readonly ReplicaSet[], progress: Progress, now: Micros): Status {
  const sum = (of: (rs: ReplicaSet) => number | undefined): number => sets.reduce((n, rs) => n + (of(rs) ?? 0), 0);
  const available = availableSum(sets);
  const replicas = sum((rs) => rs.status.replicas);
  const ready = sum((rs) => rs.status.readyReplicas);
  const updated = progress.current?.status.replicas ?? 0;
  const unavailable = Math.max(0, sum((rs) => rs.spec.replicas) - available);
  const counts: Status = {
    observedGeneration: deployment.metadata.generation ?? 1,
    ...(progress.collisions === 0 ? {} : { collisionCount: progress.collisions }),
    ...(replicas === 0 ? {} : { replicas }),
    ...(updated === 0 ? {} : { updatedReplicas: updated }),
    ...(ready === 0 ? {} : { readyReplicas: ready }),
    ...(available === 0 ? {} : { availableReplicas: available }),
    ...(unavailable === 0 ? {} : { unavailableReplicas: unavailable }),
  };
  const enough = available >= deployment.spec.replicas - boundsOf(deployment).unavailable;
  let conditions = withCondition(
    deployment.status.conditions,
    enough
      ? {
          type: "Available",
          status: "True",
          reason: "MinimumReplicasAvailable",
          message: "Deployment has minimum availability.",
        }
      : {
          type: "Available",
          status: "False",
          reason: "MinimumReplicasUnavailable",
          message: "Deployment does not have minimum availability.",
        },
    now,
  );
  const progressing = progressCondition(deployment, counts, progress);
  if (progressing !== null) conditions = withCondition(conditions, progressing, now);
  return { ...counts, conditions };
}

/** Source: deploymentutil.DeploymentComplete. */
export function isComplete(deployment: Deployment, status: Status): boolean {
  const wanted = deployment.spec.replicas;
  return (
    (status.updatedReplicas ?? 0) === wanted &&
    (status.replicas ?? 0) === wanted &&
    (status.availableReplicas ?? 0) === wanted
  );
}

/** Source: deploymentutil.DeploymentProgressing. */
export function hasProgressed(before: Status, after: Status): boolean {
  const old = (s: Status): number => (s.replicas ?? 0) - (s.updatedReplicas ?? 0);
  return (
    (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(after) < old(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

function progressCondition(
  deployment: Deployment,
  counts: Status,
  progress: Progress,
): Omit<Condition, "lastTransitionTime"> | null {
  const name = progress.current?.metadata.name;
  const who = name === undefined ? `Deployment "${deployment.metadata.name}"` : `ReplicaSet "${name}"`;
  const old = conditionOf(deployment.status.conditions, "Progressing");
  if (progress.created !== null) {
    const message = `Created new replica set "${progress.created}"`;
    return { type: "Progressing", status: "True", reason: "NewReplicaSetCreated", message };
  }
  if (isComplete(deployment, counts)) {
    const message = `${who} has successfully progressed.`;
    return { type: "Progressing", status: "True", reason: "NewReplicaSetAvailable", message };
  }
  // A finished rollout stays finished while its pods come and go; only a new one makes it progress again.
  const done = old?.reason === "NewReplicaSetAvailable" && old.message?.startsWith(who) === true;
  if (done) return null;
  if (hasProgressed(deployment.status, counts) || old === undefined) {
    return { type: "Progressing", status: "True", reason: "ReplicaSetUpdated", message: `${who} is progressing.` };
  }
  if (progress.late) {
    const message = `${who} has timed out progressing.`;
    return { type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded", message };
  }
  return null;
}
