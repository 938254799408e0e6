import { object, objects, string, strings, struct, type Struct } from "../fields.ts";
import { CONDITION, metadata, TYPE_META } from "../meta/fields.ts";

export const NAMESPACE: Struct = struct("Namespace", {
  ...TYPE_META,
  metadata,
  spec: object(
    struct("NamespaceSpec", { finalizers: strings("The namespace is gone only when this list is empty.") }),
    "What the namespace is to be.",
  ),
  status: object(
    struct("NamespaceStatus", {
      phase: string("Active or Terminating.", { values: ["Active", "Terminating"], go: "v1.NamespacePhase" }),
      conditions: objects(struct("NamespaceCondition", CONDITION.fields), "Conditions."),
    }),
    "What has become of it.",
  ),
});
