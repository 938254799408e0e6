import { compareStrings } from "../../base/compare.ts";
import { deepEqual } from "../../base/json.ts";
import type { Deployment } from "../../model/deployment/types.ts";
import type { PodTemplate } from "../../model/pod/types.ts";
import type { ReplicaSet } from "../../model/replicaset/types.ts";

export const HASH_LABEL = "pod-template-hash";
export const REVISION = "deployment.kubernetes.io/revision";
export const DESIRED_REPLICAS = "deployment.kubernetes.io/desired-replicas";
export const MAX_REPLICAS = "deployment.kubernetes.io/max-replicas";

/** How many pods may be above and below the wanted number during a rolling update. */
export interface Bounds {
  readonly surge: number;
  readonly unavailable: number;
}

/** `25%` of total, or the number itself. Anything else counts as 0. Source: intstr.GetScaledValueFromIntOrPercent. */
export function shareOf(value: number | string | undefined, total: number, round: (n: number) => number): number {
  if (typeof value === "number") return value;
  const match = /^(\d+)%$/.exec(value ?? "25%");
  return match === null ? 0 : round((total * Number(match[1])) / 100);
}

/** maxSurge rounds up, maxUnavailable rounds down; both 0 would never move, so one may be missing. Source: ResolveFenceposts. */
export function boundsOf(deployment: Deployment): Bounds {
  const { replicas, strategy } = deployment.spec;
  if (!isRolling(deployment)) return { surge: 0, unavailable: 0 };
  const surge = shareOf(strategy?.rollingUpdate?.maxSurge, replicas, Math.ceil);
  const unavailable = shareOf(strategy?.rollingUpdate?.maxUnavailable, replicas, Math.floor);
  return { surge, unavailable: Math.min(surge === 0 && unavailable === 0 ? 1 : unavailable, replicas) };
}

export function isRolling(deployment: Deployment): boolean {
  return deployment.spec.strategy?.type !== "Recreate";
}

/** The template without the label that its ReplicaSet adds. */
function bare(template: PodTemplate | undefined): PodTemplate | undefined {
  const labels = template?.metadata?.labels;
  if (template === undefined || labels?.[HASH_LABEL] === undefined) return template;
  const { [HASH_LABEL]: _, ...rest } = labels;
  return { ...template, metadata: { ...template.metadata, labels: rest } };
}

/** Source: deploymentutil.EqualIgnoreHash. */
export function sameTemplate(a: PodTemplate | undefined, b: PodTemplate | undefined): boolean {
  return deepEqual(bare(a), bare(b));
}

export function byAge(a: ReplicaSet, b: ReplicaSet): number {
  return (
    compareStrings(a.metadata.creationTimestamp ?? "", b.metadata.creationTimestamp ?? "") ||
    revisionOf(a) - revisionOf(b) ||
    compareStrings(a.metadata.name, b.metadata.name)
  );
}

export function revisionOf(rs: ReplicaSet): number {
  return Number(rs.metadata.annotations?.[REVISION] ?? "0") || 0;
}

/** The ReplicaSet that runs the present template: the oldest of equals. Source: FindNewReplicaSet. */
export function newReplicaSetOf(deployment: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined {
  return sets.toSorted(byAge).find((rs) => sameTemplate(rs.spec.template, deployment.spec.template));
}

export function specSum(sets: readonly ReplicaSet[]): number {
  return sets.reduce((sum, rs) => sum + rs.spec.replicas, 0);
}

export function availableSum(sets: readonly ReplicaSet[]): number {
  return sets.reduce((sum, rs) => sum + (rs.status.availableReplicas ?? 0), 0);
}

/** How many replicas the new set should have now. Source: NewRSNewReplicas. */
export function newReplicas(deployment: Deployment, sets: readonly ReplicaSet[], current: number): number {
  const wanted = deployment.spec.replicas;
  if (!isRolling(deployment)) return wanted;
  const room = wanted + boundsOf(deployment).surge - specSum(sets);
  return room <= 0 ? current : current + Math.min(room, wanted - current);
}

/** New sizes of old sets, by name: first those whose pods are not available anyway, then as far as availability allows. */
export function scaledDownOldSets(
  deployment: Deployment,
  current: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  const sizeOf = (rs: ReplicaSet): number => sizes.get(rs.metadata.name) ?? rs.spec.replicas;
  if (specSum(old) === 0) return sizes;
  const all = current === undefined ? old : [...old, current];
  const minAvailable = deployment.spec.replicas - boundsOf(deployment).unavailable;
  const newMissing = current === undefined ? 0 : current.spec.replicas - (current.status.availableReplicas ?? 0);
  const maxScaledDown = specSum(all) - minAvailable - newMissing;
  if (maxScaledDown <= 0) return sizes;
  // A set that counts more available pods than it should have has not caught up with its last scaling: counting those twice
  // would take the rollout below its minimum. The real one stops here with an error and tries again.
  if (old.some((rs) => (rs.status.availableReplicas ?? 0) > rs.spec.replicas)) return sizes;
  const oldest = old.toSorted(byAge);
  // Source: cleanupUnhealthyReplicas.
  let cleaned = 0;
  for (const rs of oldest) {
    if (cleaned >= maxScaledDown) break;
    const down = Math.min(maxScaledDown - cleaned, rs.spec.replicas - (rs.status.availableReplicas ?? 0));
    if (down <= 0) continue;
    cleaned += down;
    sizes.set(rs.metadata.name, rs.spec.replicas - down);
  }
  // Source: scaleDownOldReplicaSetsForRollingUpdate.
  let left = availableSum(all) - minAvailable;
  for (const rs of oldest) {
    if (left <= 0) break;
    const down = Math.min(sizeOf(rs), left);
    if (down <= 0) continue;
    left -= down;
    sizes.set(rs.metadata.name, sizeOf(rs) - down);
  }
  return sizes;
}

/** New sizes after a change of spec.replicas in the middle of a rollout: every set keeps its share. Source: dc.scale. */
export function proportionalSizes(deployment: Deployment, sets: readonly ReplicaSet[]): ReadonlyMap<string, number> {
  const active = sets.filter((rs) => rs.spec.replicas > 0);
  const allowed = deployment.spec.replicas > 0 ? deployment.spec.replicas + boundsOf(deployment).surge : 0;
  const change = allowed - specSum(active);
  // Growing favours the larger and newer; shrinking the larger and older.
  const sorted = active.toSorted(
    (a, b) => b.spec.replicas - a.spec.replicas || (change > 0 ? byAge(b, a) : byAge(a, b)),
  );
  const sizes = new Map<string, number>();
  let added = 0;
  for (const rs of sorted) {
    const fraction = change === 0 ? 0 : proportionOf(rs, deployment, change, added);
    sizes.set(rs.metadata.name, rs.spec.replicas + fraction);
    added += fraction;
  }
  const first = sorted[0];
  if (first !== undefined && change !== added) {
    sizes.set(first.metadata.name, Math.max(0, (sizes.get(first.metadata.name) ?? 0) + change - added));
  }
  return sizes;
}

/** Source: deploymentutil.GetReplicaSetProportion. */
function proportionOf(rs: ReplicaSet, deployment: Deployment, change: number, added: number): number {
  if (rs.spec.replicas === 0) return 0;
  const total = deployment.spec.replicas + boundsOf(deployment).surge;
  const before =
    Number(rs.metadata.annotations?.[MAX_REPLICAS] ?? "") || deployment.status.replicas || rs.spec.replicas;
  const fraction = Math.round((rs.spec.replicas * total) / before) - rs.spec.replicas;
  const allowed = change - added;
  return change > 0 ? Math.min(fraction, allowed) : Math.max(fraction, allowed);
}
