import {
  any,
  bool,
  int64,
  list,
  object,
  objects,
  string,
  stringMap,
  strings,
  struct,
  time,
  type Struct,
} from "../fields.ts";

const OWNER_REFERENCE = struct("OwnerReference", {
  apiVersion: string("API version of the owner.", { required: true }),
  kind: string("Kind of the owner.", { required: true }),
  name: string("Name of the owner.", { required: true }),
  uid: string("UID of the owner: a namesake made later is not the owner.", { required: true }),
  controller: bool("True for the one owner that manages this object.", { keep: true }),
  blockOwnerDeletion: bool("With foreground deletion the owner waits until this object is gone.", { keep: true }),
});

const MANAGED_FIELDS = struct("ManagedFieldsEntry", {
  manager: string("Who wrote the fields.", { inert: true }),
  operation: string("Apply or Update.", { inert: true }),
  apiVersion: string("Version in which the fields were written.", { inert: true }),
  time: time("When.", { inert: true }),
  fieldsType: string("Format of fieldsV1.", { inert: true }),
  fieldsV1: any("The set of fields.", { inert: true }),
  subresource: string("Through which subresource.", { inert: true }),
});

/** metav1.ObjectMeta, which every kind and every pod template carries. */
export const OBJECT_META: Struct = struct("ObjectMeta", {
  name: string("Name of the object, unique among its kind in its namespace. It cannot change."),
  generateName: string(
    "Prefix of a name that the API server completes with five random characters when name is empty.",
  ),
  namespace: string("The namespace it lives in; `default` when empty. Cluster-scoped kinds have none."),
  selfLink: string("Not filled in any more.", { deprecated: "Not filled in since 1.20.", inert: true }),
  uid: string("Set by the API server: unique in time and space, so a namesake made later has another."),
  resourceVersion: string("Set by the API server: the revision of the last change."),
  generation: int64("Set by the API server: counts changes of the desired state."),
  creationTimestamp: time("Set by the API server: when the object was made."),
  deletionTimestamp: time("Set by the API server: when a graceful deletion was asked for."),
  deletionGracePeriodSeconds: int64("Set by the API server: seconds that a graceful deletion may take.", {
    keep: true,
  }),
  labels: stringMap("Keys and values that selectors go by. A Service finds its pods by their labels."),
  annotations: stringMap("Keys and values for tools; no selector looks at them."),
  ownerReferences: objects(OWNER_REFERENCE, "The objects this one depends on: it is collected when they are all gone."),
  finalizers: strings("The object is really removed only when this list is empty."),
  managedFields: list(
    object(MANAGED_FIELDS, "Fields of one writer."),
    "Which writer owns which field; kept by server-side apply.",
    {
      inert: true,
    },
  ),
});

export const metadata = object(OBJECT_META, "Name, namespace, labels and what else every object carries.");

export const TYPE_META = {
  apiVersion: string("Group and version that this object is written in, as `v1` or `apps/v1`.", { required: true }),
  kind: string("What kind of object this is.", { required: true }),
};

/** metav1.Condition. */
export const CONDITION: Struct = struct("Condition", {
  type: string("Name of the condition."),
  status: string("True, False or Unknown.", { values: ["True", "False", "Unknown"] }),
  observedGeneration: int64("The generation it was judged by."),
  lastTransitionTime: time("When status last changed."),
  lastUpdateTime: time("When it was last looked at."),
  lastProbeTime: time("When it was last probed."),
  lastHeartbeatTime: time("When it was last reported."),
  reason: string("One word why."),
  message: string("A sentence why.", { keep: true }),
});

const LABEL_SELECTOR_REQUIREMENT = struct("LabelSelectorRequirement", {
  key: string("Label key.", { required: true, keep: true }),
  operator: string("How the label's value relates to values.", {
    required: true,
    keep: true,
    go: "v1.LabelSelectorOperator",
    values: ["In", "NotIn", "Exists", "DoesNotExist"],
  }),
  values: strings("Values for In and NotIn; empty for Exists and DoesNotExist."),
});

/** metav1.LabelSelector. */
export const LABEL_SELECTOR: Struct = struct("LabelSelector", {
  matchLabels: stringMap("All of these pairs must be among the labels."),
  matchExpressions: objects(LABEL_SELECTOR_REQUIREMENT, "All of these demands must hold too."),
});
