import { defaultTemplate } from "../pod/defaults.ts";
import type { ReplicaSet } from "./types.ts";

/** Source: pkg/apis/apps/v1/defaults.go. */
export function defaultReplicaSet(set: ReplicaSet): ReplicaSet {
  const spec = (set.spec ?? {}) as Partial<ReplicaSet["spec"]>;
  return {
    ...set,
    spec: {
      ...(spec as ReplicaSet["spec"]),
      replicas: spec.replicas ?? 1,
      ...(spec.template === undefined ? {} : { template: defaultTemplate(spec.template) }),
    },
    status: { ...set.status, replicas: set.status?.replicas ?? 0 },
  };
}
