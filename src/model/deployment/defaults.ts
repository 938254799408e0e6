import { defaultTemplate } from "../pod/defaults.ts";
import type { Deployment } from "./types.ts";

/** Source: pkg/apis/apps/v1/defaults.go, SetDefaults_Deployment. */
export function defaultDeployment(deployment: Deployment): Deployment {
  const spec = (deployment.spec ?? {}) as Partial<Deployment["spec"]>;
  const type = spec.strategy?.type ?? "RollingUpdate";
  return {
    ...deployment,
    spec: {
      ...(spec as Deployment["spec"]),
      replicas: spec.replicas ?? 1,
      ...(spec.template === undefined ? {} : { template: defaultTemplate(spec.template) }),
      strategy: {
        ...spec.strategy,
        type,
        ...(type === "RollingUpdate"
          ? {
              rollingUpdate: {
                maxSurge: spec.strategy?.rollingUpdate?.maxSurge ?? "25%",
                maxUnavailable: spec.strategy?.rollingUpdate?.maxUnavailable ?? "25%",
              },
            }
          : {}),
      },
      revisionHistoryLimit: spec.revisionHistoryLimit ?? 10,
      progressDeadlineSeconds: spec.progressDeadlineSeconds ?? 600,
    },
    status: deployment.status ?? {},
  };
}
