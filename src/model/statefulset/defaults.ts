import { defaultTemplate } from "../pod/defaults.ts";
import type { StatefulSet } from "./types.ts";

/** Source: pkg/apis/apps/v1/defaults.go, SetDefaults_StatefulSet. */
export function defaultStatefulSet(set: StatefulSet): StatefulSet {
  const spec = (set.spec ?? {}) as Partial<StatefulSet["spec"]>;
  const type = spec.updateStrategy?.type ?? "RollingUpdate";
  const retention = spec.persistentVolumeClaimRetentionPolicy;
  return {
    ...set,
    spec: {
      ...(spec as StatefulSet["spec"]),
      replicas: spec.replicas ?? 1,
      ...(spec.template === undefined ? {} : { template: defaultTemplate(spec.template) }),
      podManagementPolicy: spec.podManagementPolicy ?? "OrderedReady",
      updateStrategy: {
        ...spec.updateStrategy,
        type,
        ...(type === "RollingUpdate"
          ? {
              rollingUpdate: {
                ...spec.updateStrategy?.rollingUpdate,
                partition: spec.updateStrategy?.rollingUpdate?.partition ?? 0,
              },
            }
          : {}),
      },
      revisionHistoryLimit: spec.revisionHistoryLimit ?? 10,
      persistentVolumeClaimRetentionPolicy: {
        whenDeleted: retention?.whenDeleted ?? "Retain",
        whenScaled: retention?.whenScaled ?? "Retain",
      },
    },
    status: {
      ...set.status,
      replicas: set.status?.replicas ?? 0,
      availableReplicas: set.status?.availableReplicas ?? 0,
    },
  };
}
