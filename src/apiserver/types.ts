import type { Micros } from "../base/time.ts";
import type { KubeObject, Labels, ObjectKey } from "../model/meta/types.ts";
import type { EndpointSlice } from "../model/endpointslice/types.ts";
import type { Pod } from "../model/pod/types.ts";

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

/** Reading side of the store at its present revision. Every look-up is indexed: none scans the cluster. */
export interface ObjectReader {
  readonly revision: number;
  get<T extends KubeObject = KubeObject>(key: ObjectKey): T | undefined;
  /** All objects of a kind, optionally of one namespace, sorted by namespace then name. */
  list<T extends KubeObject = KubeObject>(kind: string, namespace?: string): readonly T[];
  /** Pods of a namespace that carry all these labels. */
  podsMatching(namespace: string, selector: Labels): readonly Pod[];
  podsOnNode(node: string): readonly Pod[];
  podByIP(ip: string): Pod | undefined;
  /** Slices tied to a Service by label. */
  slicesOf(namespace: string, service: string): readonly EndpointSlice[];
  /** Objects whose controller ownerReference has this uid. */
  ownedBy(uid: string): readonly KubeObject[];
}
