import { int32, int64, object, objects, struct, type Struct } from "../fields.ts";
import { CONDITION, LABEL_SELECTOR, metadata, TYPE_META } from "../meta/fields.ts";
import { POD_TEMPLATE } from "../pod/fields.ts";

const SPEC = struct("ReplicaSetSpec", {
  replicas: int32("How many pods there shall be.", { default: 1, keep: true }),
  minReadySeconds: int32("Seconds that a pod must be ready before it counts as available.", { default: 0 }),
  selector: object(LABEL_SELECTOR, "The pods that are counted; must match the template's labels. Cannot change.", {
    required: true,
    keep: true,
  }),
  template: object(POD_TEMPLATE, "What new pods look like.", { keep: true }),
});

const STATUS = struct("ReplicaSetStatus", {
  replicas: int32("Pods there are.", { keep: true }),
  fullyLabeledReplicas: int32("Pods that carry all labels of the template."),
  readyReplicas: int32("Pods that are ready."),
  availableReplicas: int32("Pods that are available."),
  terminatingReplicas: int32("Pods that are on their way out.", { keep: true }),
  observedGeneration: int64("The generation last acted upon."),
  conditions: objects(struct("ReplicaSetCondition", CONDITION.fields), "Conditions."),
});

export const REPLICA_SET: Struct = struct("ReplicaSet", {
  ...TYPE_META,
  metadata,
  spec: object(SPEC, "How many pods of which look."),
  status: object(STATUS, "How many there are; written by the controller."),
});
