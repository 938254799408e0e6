import { any, int32, int64, intOrString, list, object, objects, string, struct, type Struct } from "../fields.ts";
import { CONDITION, LABEL_SELECTOR, metadata, TYPE_META } from "../meta/fields.ts";
import { POD_TEMPLATE } from "../pod/fields.ts";

const ROLLING_UPDATE = struct("RollingUpdateStatefulSetStrategy", {
  partition: int32("Only pods with this ordinal or a higher one get the new revision.", { default: 0, keep: true }),
  maxUnavailable: intOrString("How many pods may be missing during an update.", { keep: true, inert: true }),
});

const UPDATE_STRATEGY = struct("StatefulSetUpdateStrategy", {
  type: string("RollingUpdate replaces pods from the highest ordinal down, OnDelete waits until you delete them.", {
    values: ["RollingUpdate", "OnDelete"],
    default: "RollingUpdate",
    go: "v1.StatefulSetUpdateStrategyType",
  }),
  rollingUpdate: object(ROLLING_UPDATE, "Settings of RollingUpdate."),
});

const RETENTION = struct("StatefulSetPersistentVolumeClaimRetentionPolicy", {
  whenDeleted: string("What becomes of the claims when the set is deleted.", {
    values: ["Retain", "Delete"],
    default: "Retain",
  }),
  whenScaled: string("What becomes of the claims of pods that are scaled away.", {
    values: ["Retain", "Delete"],
    default: "Retain",
  }),
});

const SPEC = struct("StatefulSetSpec", {
  replicas: int32("How many pods there shall be.", { default: 1, keep: true }),
  selector: object(LABEL_SELECTOR, "The pods that belong to it; must match the template's labels. Cannot change.", {
    required: true,
    keep: true,
  }),
  template: object(POD_TEMPLATE, "What its pods look like.", { required: true, keep: true }),
  volumeClaimTemplates: list(any("A claim."), "Claims made for every pod. Cannot change.", { inert: true }),
  serviceName: string(
    "The headless Service under which every pod has a DNS name, `NAME-0.SERVICE.NAMESPACE.svc`. You make it yourself. Cannot change.",
  ),
  podManagementPolicy: string("OrderedReady makes pods one after the other, Parallel all at once. Cannot change.", {
    values: ["OrderedReady", "Parallel"],
    default: "OrderedReady",
    go: "v1.PodManagementPolicyType",
  }),
  updateStrategy: object(UPDATE_STRATEGY, "How old pods are replaced by new ones."),
  revisionHistoryLimit: int32("How many old revisions are kept.", { default: 10, keep: true, inert: true }),
  minReadySeconds: int32("Seconds that a pod must be ready before it counts as available.", { default: 0 }),
  persistentVolumeClaimRetentionPolicy: object(RETENTION, "What becomes of claims.", { inert: true }),
  ordinals: object(
    struct("StatefulSetOrdinals", { start: int32("Number of the first pod.", { keep: true, default: 0 }) }),
    "How pods are numbered.",
  ),
});

const STATUS = struct("StatefulSetStatus", {
  observedGeneration: int64("The generation last acted upon."),
  replicas: int32("Pods there are.", { keep: true }),
  readyReplicas: int32("Pods that are ready."),
  currentReplicas: int32("Pods of the current revision."),
  updatedReplicas: int32("Pods of the newest revision."),
  currentRevision: string("Revision that the pods had before the update."),
  updateRevision: string("Revision that the pods are to get."),
  collisionCount: int32("Name collisions of revisions so far.", { keep: true }),
  conditions: objects(struct("StatefulSetCondition", CONDITION.fields), "Conditions."),
  availableReplicas: int32("Pods that are available.", { keep: true }),
});

export const STATEFUL_SET: Struct = struct("StatefulSet", {
  ...TYPE_META,
  metadata,
  spec: object(SPEC, "How many pods of which look, each with a name of its own."),
  status: object(STATUS, "How far it is; written by the controller."),
});
