import type { Result } from "../base/result.ts";
import type { Micros } from "../base/time.ts";
import type { KubeObject, Labels, ObjectKey } from "../model/meta/types.ts";
import type { EndpointSlice } from "../model/endpointslice/types.ts";
import type { Pod } from "../model/pod/types.ts";
import type { Service } from "../model/service/types.ts";
import type { Status } from "../model/status.ts";

/** What one write changed; the journal is a list of these. Reversible: `updated` carries both sides. */
export interface Diff {
  readonly added: readonly KubeObject[];
  readonly updated: readonly (readonly [from: KubeObject, to: KubeObject])[];
  readonly removed: readonly KubeObject[];
}

export interface Commit extends Diff {
  /** etcd revision; the resourceVersion of every object it wrote. */
  readonly revision: number;
  readonly at: Micros;
  /** Sequence number of the event whose handling made this write. */
  readonly cause: number;
  /** Who wrote: "kubectl", "deployment-controller", "endpointslice-controller", "kubelet/worker-1" ... */
  readonly writer: string;
}

/**
 * Where pods stand, counted as they come and go: what a scheduler asks for each of thousands of pods, and cannot count anew each time.
 * Counts only grow as long as `departures` stays what it was.
 */
export interface Placements {
  /** Grows whenever a pod leaves a node or begins to. */
  readonly departures: number;
  /** Pods that keep others away by their anti-affinity, wherever they are. */
  readonly keepingAway: number;
  /** By node: the pods with this controller that are not on their way out. */
  onNodes(uid: string): ReadonlyMap<string, number>;
  /** The nodes to which pods with this controller came since the last of them left, in order. */
  came(uid: string): readonly string[];
}

/** Reading side of the store at its present revision. Every look-up is indexed: none scans the cluster. */
export interface ObjectReader {
  readonly revision: number;
  /** Only the present counts: a view of the past has none. */
  readonly placements?: Placements;
  get<T extends KubeObject = KubeObject>(key: ObjectKey): T | undefined;
  /** All objects of a kind, optionally of one namespace, sorted by namespace then name. */
  list<T extends KubeObject = KubeObject>(kind: string, namespace?: string): readonly T[];
  /** Pods of a namespace that carry all these labels. */
  podsMatching(namespace: string, selector: Labels): readonly Pod[];
  podsOnNode(node: string): readonly Pod[];
  /** How many there are, without looking at them. */
  podCountOnNode(node: string): number;
  /** Those of the pods on a node that by their anti-affinity keep others away. */
  podsKeepingAway(node: string): readonly Pod[];
  /** Services of a namespace whose selector (which must say something) these labels satisfy. */
  servicesSelecting(namespace: string, labels: Labels): readonly Service[];
  podByIP(ip: string): Pod | undefined;
  /** Slices tied to a Service by label. */
  slicesOf(namespace: string, service: string): readonly EndpointSlice[];
  /** Objects whose controller ownerReference has this uid. */
  ownedBy(uid: string): readonly KubeObject[];
  /** Objects of a workload kind whose selector may match these labels, sorted: all that do, and few that do not. */
  workloadsFor<T extends KubeObject>(kind: string, namespace: string, labels: Labels): readonly T[];
  /** Pods of a namespace that carry all these labels and have no controller. */
  podsWithoutOwner(namespace: string, selector: Labels): readonly Pod[];
  /** ReplicaSets of a namespace that have no controller: whoever selects them may adopt them. */
  replicaSetsWithoutOwner(namespace: string): readonly KubeObject[];
}

/** When, why and by whom a write is made. */
export interface WriteContext {
  readonly at: Micros;
  /** Sequence number of the event whose handling makes this write. */
  readonly cause: number;
  /** "kubectl", "deployment-controller", "kubelet/worker-1" ... */
  readonly writer: string;
}

/** The whole store as plain data. Unchanged parts are shared between snapshots; restoring costs what differs. */
export interface StoreSnapshot {
  readonly revision: number;
  /** Objects by bucket of their key's hash: what the store compares by identity to find what differs. */
  readonly buckets: readonly (readonly KubeObject[])[];
  /** Grows after the snapshot was taken; only the first `revision` commits belong to it. */
  readonly journal: readonly Commit[];
}

/** The present, its journal, and the way into the past. */
export interface Store extends ObjectReader {
  /** All commits in order: journal[i] made revision i + 1. */
  readonly journal: readonly Commit[];
  /** Objects that queries have returned or looked at so far: a work counter for benchmarks. */
  readonly scanned: number;
  /** Number of objects. */
  readonly size: number;
  /**
   * Writes as one revision and returns the commit, or null when nothing changes. A put that equals what is stored (but for
   * its resourceVersion) is dropped, and so is the removal of what is not there. No rules of the API are applied here.
   */
  commit(
    changes: { readonly puts?: readonly KubeObject[]; readonly removes?: readonly ObjectKey[] },
    context: WriteContext,
  ): Commit | null;
  /** Writes once more what a commit wrote that was made at this very revision and gone back behind; the cause may be another. */
  redo(commit: Commit): void;
  /**
   * Objects as they were at a revision, for as long as the history is not replaced by `restore`. Costs what has changed since
   * then; the present revision costs nothing.
   */
  readAt(revision: number): ObjectReader;
  /** Everything in a namespace, of whatever kind. */
  inNamespace(namespace: string): readonly KubeObject[];
  /** The Service that holds this cluster IP. */
  serviceByClusterIP(ip: string): Service | undefined;
  /** The Service that holds this number, as a nodePort or a healthCheckNodePort. */
  serviceByNodePort(port: number): Service | undefined;
  snapshot(): StoreSnapshot;
  restore(snapshot: StoreSnapshot): void;
}

/** A write that was accepted. */
export interface Written {
  /** The object as stored; as it last was, when it is gone. */
  readonly object: KubeObject;
  /** Null when the write changed nothing. */
  readonly commit: Commit | null;
  /** Texts of `Warning: 299` headers, without "Warning: ". */
  readonly warnings: readonly string[];
}

export type Operation = "created" | "configured" | "unchanged";

/** What `kubectl apply` did to one object. */
export interface Applied extends Written {
  readonly key: ObjectKey;
  readonly operation: Operation;
}

/** What became of a whole text: all of it or, with refusals, nothing. `index` is the object's place in what was given. */
export interface ApplyReport {
  readonly ok: boolean;
  /** In the order of the text; empty when refused. */
  readonly applied: readonly (Applied & { readonly index: number })[];
  /** `index` is null for an object that was to be pruned. */
  readonly refusals: readonly { readonly key: ObjectKey; readonly index: number | null; readonly status: Status }[];
  /** What the server and kubectl warn about, without "Warning: ". */
  readonly warnings: readonly { readonly key: ObjectKey; readonly index: number; readonly message: string }[];
  /** Our own remarks: a namespace that was made because an object (`key`) uses it. */
  readonly notes: readonly { readonly key: ObjectKey; readonly index: number; readonly message: string }[];
  /** Namespaces that the text uses without declaring them and that were made for it. */
  readonly namespaces: readonly string[];
  readonly pruned: readonly ObjectKey[];
  readonly commits: readonly Commit[];
}

export interface DeleteOptions {
  /** `--grace-period=0 --force`. */
  readonly force?: boolean;
  /** Precondition: refused with 409 when the object is another incarnation. */
  readonly uid?: string;
}

/** The API server. Every refusal is a value with the real server's words; no write happens then. */
export interface Api {
  /** POST. System metadata of a pasted dump is dropped; status that the text states is kept for Pods, Nodes and Services. */
  create(object: KubeObject, context: WriteContext): Result<Written, Status>;
  /** PUT of everything but status. A resourceVersion that is given must be the present one. */
  update(object: KubeObject, context: WriteContext): Result<Written, Status>;
  /** PUT of the status subresource: only `status` counts. */
  updateStatus(object: KubeObject, context: WriteContext): Result<Written, Status>;
  /** POST of a Pod's binding subresource. */
  bind(pod: ObjectKey, node: string, context: WriteContext): Result<Written, Status>;
  /** DELETE: graceful for Pods on a node, held by finalizers, by its content for a Namespace. */
  delete(key: ObjectKey, context: WriteContext, options?: DeleteOptions): Result<Written, Status>;
  /** Grace period 0: kubelet's last word on a Pod, the namespace controller's on a Namespace. Finalizers still hold. */
  finalizeDelete(key: ObjectKey, context: WriteContext): Result<Written, Status>;
  /** `kubectl apply` of one object. */
  apply(object: KubeObject, context: WriteContext): Result<Applied, Status>;
  /** The scenario text: `kubectl apply --prune` of all of it, or nothing. Kinds that are config files are passed over. */
  applyAll(
    objects: readonly KubeObject[],
    context: WriteContext,
    options?: { readonly prune?: readonly ObjectKey[] },
  ): ApplyReport;
  /** What a new cluster has, where it is missing: namespaces, and default/kubernetes with the API servers' addresses behind it. */
  bootstrap(context: WriteContext, servers?: readonly string[]): void;
}
