import type { Condition, KubeObject, Labels } from "../meta/types.ts";
import type { PodTemplate } from "../pod/types.ts";

/** The forerunner of the ReplicaSet: its selector knows equality only. */
export interface ReplicationController extends KubeObject {
  readonly apiVersion: "v1";
  readonly kind: "ReplicationController";
  readonly spec: {
    readonly replicas: number;
    readonly selector: Labels;
    readonly template?: PodTemplate;
    readonly minReadySeconds?: number;
  };
  readonly status: {
    readonly replicas: number;
    readonly fullyLabeledReplicas?: number;
    readonly readyReplicas?: number;
    readonly availableReplicas?: number;
    readonly observedGeneration?: number;
    readonly conditions?: readonly Condition[];
  };
}
