import { int32, int64, object, objects, stringMap, struct, type Struct } from "../fields.ts";
import { CONDITION, metadata, TYPE_META } from "../meta/fields.ts";
import { POD_TEMPLATE } from "../pod/fields.ts";

const SPEC = struct("ReplicationControllerSpec", {
  replicas: int32("How many pods there shall be.", { default: 1, keep: true }),
  minReadySeconds: int32("Seconds that a pod must be ready before it counts as available.", { default: 0 }),
  selector: stringMap("Pods that carry all of these labels are counted. Defaults to the template's labels."),
  template: object(POD_TEMPLATE, "What new pods look like.", { keep: true }),
});

const STATUS = struct("ReplicationControllerStatus", {
  replicas: int32("Pods there are.", { keep: true }),
  fullyLabeledReplicas: int32("Pods that carry all labels of the template."),
  readyReplicas: int32("Pods that are ready."),
  availableReplicas: int32("Pods that are available."),
  observedGeneration: int64("The generation last acted upon."),
  conditions: objects(struct("ReplicationControllerCondition", CONDITION.fields), "Conditions."),
});

export const REPLICATION_CONTROLLER: Struct = struct("ReplicationController", {
  ...TYPE_META,
  metadata,
  spec: object(SPEC, "How many pods of which look. Deployments have taken its place."),
  status: object(STATUS, "How many there are; written by the controller."),
});
