import type { KubeObject } from "../meta/types.ts";

/** What an Event is about. */
export interface InvolvedObject {
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly uid?: string;
  readonly apiVersion?: string;
  readonly resourceVersion?: string;
  /** `spec.containers{nginx}` when it is about a part. */
  readonly fieldPath?: string;
}

/** v1 Event: `kubectl get events`, and the last section of `kubectl describe`. */
export interface KubeEvent extends KubeObject {
  readonly apiVersion: "v1";
  readonly kind: "Event";
  readonly involvedObject: InvolvedObject;
  readonly reason: string;
  readonly message: string;
  readonly type: "Normal" | "Warning";
  readonly source: { readonly component?: string; readonly host?: string };
  readonly firstTimestamp?: string;
  readonly lastTimestamp?: string;
  readonly count?: number;
  readonly reportingComponent: string;
  readonly reportingInstance: string;
}
