import { defaultTemplate } from "../pod/defaults.ts";
import type { ReplicationController } from "./types.ts";

const isEmpty = (labels: object | undefined): boolean => Object.keys(labels ?? {}).length === 0;

/** Selector and labels are the template's labels when empty. Source: pkg/apis/core/v1/defaults.go, SetDefaults_ReplicationController. */
export function defaultReplicationController(controller: ReplicationController): ReplicationController {
  const spec = (controller.spec ?? {}) as Partial<ReplicationController["spec"]>;
  const labels = spec.template?.metadata?.labels;
  const given = controller.metadata.labels;
  return {
    ...controller,
    metadata:
      labels !== undefined && isEmpty(given) && !isEmpty(labels)
        ? { ...controller.metadata, labels }
        : controller.metadata,
    spec: {
      ...(spec as ReplicationController["spec"]),
      replicas: spec.replicas ?? 1,
      ...(labels !== undefined && isEmpty(spec.selector) && !isEmpty(labels) ? { selector: labels } : {}),
      ...(spec.template === undefined ? {} : { template: defaultTemplate(spec.template) }),
    },
    status: { ...controller.status, replicas: controller.status?.replicas ?? 0 },
  };
}
