/** Workloads by the pods that they make. */
import type { ObjectReader } from "../apiserver/types.ts";
import type { Deployment } from "../model/deployment/types.ts";
import type { KubeObject, Labels } from "../model/meta/types.ts";
import type { Service } from "../model/service/types.ts";

/** Kinds with a pod template and a number of replicas, or one pod per node. */
const KINDS = ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController"] as const;

/** Of any of those kinds; typed as the Deployment, whose fields they share. */
export type Workload = Pick<Deployment, "metadata" | "spec"> & KubeObject;

const hasOwner = ({ metadata }: KubeObject): boolean =>
  (metadata.ownerReferences ?? []).some((o) => o.controller === true);

/** Outermost workloads of a namespace. */
export function workloadsOf(objects: ObjectReader, namespace: string): readonly Workload[] {
  return KINDS.flatMap((kind) => objects.list<Deployment>(kind, namespace)).filter((one) => !hasOwner(one));
}

export const templateLabels = ({ spec }: Workload): Labels => spec.template.metadata?.labels ?? {};

/** Those whose pods the Service's selector picks. */
export function workloadsSelected(objects: ObjectReader, { metadata, spec }: Service): readonly Workload[] {
  const wanted = Object.entries(spec.selector ?? {});
  if (wanted.length === 0) return [];
  return workloadsOf(objects, metadata.namespace ?? "default").filter((workload) => {
    const labels = templateLabels(workload);
    return wanted.every(([key, value]) => labels[key] === value);
  });
}
