import { int32, int64, intOrString, object, objects, string, struct, type Struct } from "../fields.ts";
import { CONDITION, LABEL_SELECTOR, metadata, TYPE_META } from "../meta/fields.ts";
import { POD_TEMPLATE } from "../pod/fields.ts";

const ROLLING_UPDATE = struct("RollingUpdateDaemonSet", {
  maxUnavailable: intOrString("On how many nodes the pod may be missing during an update.", { default: 1, keep: true }),
  maxSurge: intOrString("On how many nodes the new pod may stand beside the old one.", { default: 0, keep: true }),
});

const UPDATE_STRATEGY = struct("DaemonSetUpdateStrategy", {
  type: string("RollingUpdate replaces pods node by node, OnDelete waits until you delete them.", {
    values: ["RollingUpdate", "OnDelete"],
    default: "RollingUpdate",
    go: "v1.DaemonSetUpdateStrategyType",
  }),
  rollingUpdate: object(ROLLING_UPDATE, "Settings of RollingUpdate."),
});

const SPEC = struct("DaemonSetSpec", {
  selector: object(LABEL_SELECTOR, "The pods that belong to it; must match the template's labels. Cannot change.", {
    required: true,
    keep: true,
  }),
  template: object(POD_TEMPLATE, "What its pods look like: one on every node that they tolerate and may be on.", {
    required: true,
    keep: true,
  }),
  updateStrategy: object(UPDATE_STRATEGY, "How old pods are replaced by new ones."),
  minReadySeconds: int32("Seconds that a pod must be ready before it counts as available.", { default: 0 }),
  revisionHistoryLimit: int32("How many old revisions are kept.", { default: 10, keep: true, inert: true }),
});

const STATUS = struct("DaemonSetStatus", {
  currentNumberScheduled: int32("Nodes that have a pod and should.", { keep: true }),
  numberMisscheduled: int32("Nodes that have a pod and should not.", { keep: true }),
  desiredNumberScheduled: int32("Nodes that should have a pod.", { keep: true }),
  numberReady: int32("Nodes whose pod is ready.", { keep: true }),
  observedGeneration: int64("The generation last acted upon."),
  updatedNumberScheduled: int32("Nodes whose pod is of the newest template."),
  numberAvailable: int32("Nodes whose pod is available."),
  numberUnavailable: int32("Nodes whose pod is not available."),
  collisionCount: int32("Name collisions of revisions so far.", { keep: true }),
  conditions: objects(struct("DaemonSetCondition", CONDITION.fields), "Conditions."),
});

export const DAEMON_SET: Struct = struct("DaemonSet", {
  ...TYPE_META,
  metadata,
  spec: object(SPEC, "Which pod every node shall have."),
  status: object(STATUS, "How far it is; written by the controller."),
});
