import { assert } from "../../base/assert.ts";

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

export interface ObjectMeta {
  readonly name: string;
  readonly generateName?: string;
  /** Absent for cluster-scoped kinds. */
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly finalizers?: readonly string[];
}

/** Any API object: plain readonly data with the real API's field names. Objects are replaced, never changed in place. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
}

/** `Kind/namespace/name`; the namespace part is empty for cluster-scoped kinds (`Node//worker-1`). */
export type ObjectKey = string & { readonly __brand: "ObjectKey" };

/** By kind, namespace and name. Keys are asked for all the time and looked up in maps: each is put together once. */
const KEYS = new Map<string, Map<string, Map<string, ObjectKey>>>();
/** Of one kind in one namespace, before all are forgotten: more than the largest cluster has. */
const MOST_KEYS = 400_000;

export function objectKey(kind: string, namespace: string | undefined, name: string): ObjectKey {
  let ofKind = KEYS.get(kind);
  if (ofKind === undefined) KEYS.set(kind, (ofKind = new Map()));
  let known = ofKind.get(namespace ?? "");
  if (known === undefined) ofKind.set(namespace ?? "", (known = new Map()));
  let key = known.get(name);
  if (key === undefined) {
    key = `${kind}/${namespace ?? ""}/${name}` as ObjectKey;
    if (known.size >= MOST_KEYS) known.clear();
    known.set(name, key);
  }
  return key;
}

export function keyOf(object: KubeObject): ObjectKey {
  return objectKey(object.kind, object.metadata.namespace, object.metadata.name);
}

/** The three parts of a key. */
export function splitKey(key: ObjectKey): { readonly kind: string; readonly namespace: string; readonly name: string } {
  const first = key.indexOf("/");
  const second = key.indexOf("/", first + 1);
  assert(first > 0 && second > first, `not an object key: ${key}`);
  return { kind: key.slice(0, first), namespace: key.slice(first + 1, second), name: key.slice(second + 1) };
}

export type Labels = Readonly<Record<string, string>>;

/** metav1.LabelSelector as Deployments and ReplicaSets carry it. */
export interface LabelSelector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
    readonly values?: readonly string[];
  }[];
}

/** metav1.Condition in the short form that all status conditions share. */
export interface Condition {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}
