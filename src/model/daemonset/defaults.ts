import { defaultTemplate } from "../pod/defaults.ts";
import type { DaemonSet } from "./types.ts";

/** Source: pkg/apis/apps/v1/defaults.go, SetDefaults_DaemonSet. */
export function defaultDaemonSet(set: DaemonSet): DaemonSet {
  const spec = (set.spec ?? {}) as Partial<DaemonSet["spec"]>;
  const type = spec.updateStrategy?.type ?? "RollingUpdate";
  const rolling = spec.updateStrategy?.rollingUpdate;
  return {
    ...set,
    spec: {
      ...(spec as DaemonSet["spec"]),
      ...(spec.template === undefined ? {} : { template: defaultTemplate(spec.template) }),
      updateStrategy: {
        ...spec.updateStrategy,
        type,
        ...(type === "RollingUpdate"
          ? { rollingUpdate: { maxUnavailable: rolling?.maxUnavailable ?? 1, maxSurge: rolling?.maxSurge ?? 0 } }
          : {}),
      },
      revisionHistoryLimit: spec.revisionHistoryLimit ?? 10,
    },
    status: {
      ...set.status,
      currentNumberScheduled: set.status?.currentNumberScheduled ?? 0,
      numberMisscheduled: set.status?.numberMisscheduled ?? 0,
      desiredNumberScheduled: set.status?.desiredNumberScheduled ?? 0,
      numberReady: set.status?.numberReady ?? 0,
    },
  };
}
