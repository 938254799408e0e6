import type { Commit, ObjectReader } from "../apiserver/types.ts";
import type { JsonValue } from "../base/json.ts";
import type { Micros } from "../base/time.ts";
import type { Delay } from "../engine/types.ts";
import type { ClusterConfig } from "../model/config/types.ts";
import type { CloudProvider } from "../model/kubehop/types.ts";
import type { KubeObject, ObjectKey } from "../model/meta/types.ts";

/**
 * What a controller asks the API server to do. Objects are whole: what the reader gave, changed. A reconciliation writes any
 * one object at most once, so the resourceVersion that an object carries is always the one it was read at.
 */
export type Operation =
  /** POST. The object has no uid, resourceVersion or creationTimestamp yet. */
  | { readonly op: "create"; readonly object: KubeObject }
  /** PUT of everything but status. */
  | { readonly op: "update"; readonly object: KubeObject }
  /** PUT of the status subresource: only `status` counts. */
  | { readonly op: "updateStatus"; readonly object: KubeObject }
  /** POST of the binding subresource: sets spec.nodeName and the condition PodScheduled=True. */
  | { readonly op: "bind"; readonly key: ObjectKey; readonly node: string }
  /** DELETE: graceful for Pods, held by finalizers. `force` is grace period 0. */
  | { readonly op: "delete"; readonly key: ObjectKey; readonly force?: boolean }
  /** The final removal of an object that is being deleted: kubelet for its Pods, the namespace controller's finalize. */
  | { readonly op: "remove"; readonly key: ObjectKey };

/** Something that befalls a Pod from outside the API: delivered to its kubelet with one reconcile and then gone. */
export type Signal =
  /** SIGKILL from outside for all containers: they exit with 137. */
  | { readonly type: "kill" }
  /** The process of a container (null: of every container) exits by itself, with 1. */
  | { readonly type: "crash"; readonly container: string | null }
  /** The processes stop answering, or answer again: http and exec probes time out; a listening socket still accepts. */
  | { readonly type: "hang"; readonly on: boolean }
  /** The readiness probe's endpoint says 503, or stops saying so. Liveness is not asked there. */
  | { readonly type: "unready"; readonly on: boolean }
  /** The node has come back from a power failure: every sandbox on it is gone. */
  | { readonly type: "boot" };

/** Something that the real component would tell by an Event. The world aggregates equal ones. */
export interface EventNote {
  /** The object that it is about. */
  readonly about: KubeObject;
  /** `spec.containers{web}` */
  readonly fieldPath?: string;
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

/** All that a reconcile may know. */
export interface ReconcileView {
  /** The store at its present revision. */
  readonly reader: ObjectReader;
  readonly now: Micros;
  readonly cluster: ClusterConfig;
  readonly cloud: CloudProvider["spec"];
  /** null in nearly every reconcile. */
  readonly signal: Signal | null;
  /** A number in [0, 1) that depends on seed, controller and purpose alone. */
  draw(purpose: string): number;
  /** What this instance noted under `slot` (see {@link Reconciliation.remember}); undefined when nothing. */
  memory(slot: string): JsonValue | undefined;
  /** When the API server last heard of this node's kubelet, if it hears no more; null while heartbeats come. */
  silentSince(node: string): Micros | null;
  /** How long a delay takes at the present pace: for due times that are kept in memory. */
  latency(delay: Delay): Micros;
}

export interface Reconciliation {
  readonly operations: readonly Operation[];
  /** Reconcile this key again after the delay. */
  readonly requeue?: Delay;
  /** Notes of this instance to keep, by slot; null forgets one. Plain data, saved in checkpoints. */
  readonly remember?: Readonly<Record<string, JsonValue>>;
  readonly events?: readonly EventNote[];
  /** One line for the journal, in the words of the real component's event where there is one. */
  readonly title?: string;
}

export const NOTHING: Reconciliation = { operations: [] };

/**
 * A control loop as a pure function. The driver asks `keysFor` after every commit (its own included), waits for delivery and
 * queue, and calls `reconcile` once per key that waits; a reconcile that finds nothing to do does nothing. Levels, not edges:
 * it goes by what the reader says now, never by what the commit said.
 */
export interface Controller {
  /** As the journal and events name it: "deployment-controller". */
  readonly name: string;
  /** Kinds of which it has informers: commits of none of these need not be told. Absent: of all. */
  readonly watches?: ReadonlySet<string>;
  /** Keys that may need a reconcile after this commit. Indexed: costs what the commit touches. */
  keysFor(commit: Commit, reader: ObjectReader): readonly string[];
  reconcile(key: string, view: ReconcileView): Reconciliation;
  /**
   * Who handles this key: writer of its operations, owner of its memory and its draws, and actor of its events. `name` for
   * all but kubelet, of which there is one per node ("kubelet/worker-1").
   */
  instanceOf(key: string): string;
}
