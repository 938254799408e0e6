import type { KubeEvent } from "./types.ts";

/** Members that Go writes even when they are empty. */
export function defaultEvent(event: KubeEvent): KubeEvent {
  const given = event as Partial<KubeEvent>;
  return {
    ...event,
    involvedObject: given.involvedObject ?? ({} as KubeEvent["involvedObject"]),
    source: given.source ?? {},
    reportingComponent: given.reportingComponent ?? "",
    reportingInstance: given.reportingInstance ?? "",
  };
}
