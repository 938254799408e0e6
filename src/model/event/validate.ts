/** Source: pkg/apis/core/validation/events.go, legacyValidateEvent. */
import { type Cause, invalid } from "../status.ts";
import type { InvolvedObject, KubeEvent } from "./types.ts";

/** The event of an object stands in its namespace; those of cluster-scoped objects in `default`. */
export function validateEvent(event: KubeEvent): readonly Cause[] {
  const about = (event.involvedObject as InvolvedObject | undefined)?.namespace ?? "";
  const own = event.metadata.namespace ?? "";
  if (about === "" ? own === "default" || own === "" : about === own) return [];
  return [invalid("involvedObject.namespace", about, "does not match event.namespace")];
}
