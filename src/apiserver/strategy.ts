/** What each kind does to an object on its way into the store, apart from defaults and validation. */
import { deepEqual, isRecord } from "../base/json.ts";
import { kindNamed } from "../model/kinds.ts";
import type { KubeObject, ObjectMeta } from "../model/meta/types.ts";

/** Any object, with the two members that nearly all kinds have. */
export type Stated = KubeObject & { readonly spec?: unknown; readonly status?: unknown };

type WritableMeta = { -readonly [K in keyof ObjectMeta]: ObjectMeta[K] } & {
  managedFields?: unknown;
  selfLink?: unknown;
};

/** Metadata without what only the server writes: what is left of a pasted dump. */
export function userMetadata(metadata: ObjectMeta): ObjectMeta {
  const own: WritableMeta = { ...metadata };
  delete own.uid;
  delete own.resourceVersion;
  delete own.generation;
  delete own.creationTimestamp;
  delete own.deletionTimestamp;
  delete own.deletionGracePeriodSeconds;
  delete own.managedFields;
  delete own.selfLink;
  return own;
}

/** Metadata of an update: the client's labels, annotations, owners and finalizers; the server's own members as stored. */
export function updatedMetadata(metadata: ObjectMeta, old: ObjectMeta): ObjectMeta {
  const { uid, resourceVersion, generation, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds } = old;
  return {
    ...userMetadata(metadata),
    ...(uid !== undefined && { uid }),
    ...(resourceVersion !== undefined && { resourceVersion }),
    ...(generation !== undefined && { generation }),
    ...(creationTimestamp !== undefined && { creationTimestamp }),
    ...(deletionTimestamp !== undefined && { deletionTimestamp }),
    ...(deletionGracePeriodSeconds !== undefined && { deletionGracePeriodSeconds }),
  };
}

const specChanged = (now: Stated, old: Stated): boolean => !deepEqual(now.spec, old.spec);

/** What counts as a new generation; kinds that are not here carry none. Source: the strategies in pkg/registry. */
const GENERATIONS: Readonly<Record<string, (now: Stated, old: Stated) => boolean>> = {
  Pod: specChanged,
  ReplicaSet: specChanged,
  // Annotations too: they are copied to the ReplicaSets.
  Deployment: (now, old) => specChanged(now, old) || !deepEqual(now.metadata.annotations, old.metadata.annotations),
  DaemonSet: specChanged,
  StatefulSet: specChanged,
  ReplicationController: specChanged,
  Ingress: specChanged,
  NetworkPolicy: specChanged,
  PodDisruptionBudget: specChanged,
  EndpointSlice: (now, old) =>
    !deepEqual(now.metadata.labels, old.metadata.labels) ||
    !deepEqual({ ...now, metadata: null }, { ...old, metadata: null }),
  Client: specChanged,
  CloudProvider: specChanged,
  Lab: specChanged,
};

export function firstGeneration(kind: string): { readonly generation?: number } {
  return kind in GENERATIONS ? { generation: 1 } : {};
}

/** The object with the generation that the change deserves. */
export function withGeneration<T extends Stated>(now: T, old: Stated): T {
  const generation = old.metadata.generation;
  if (generation === undefined || GENERATIONS[now.kind]?.(now, old) !== true) return now;
  return { ...now, metadata: { ...now.metadata, generation: generation + 1 } };
}

function beginsWithPhase(status: object): boolean {
  for (const member in status) return member === "phase";
  return false;
}

/** The status of a new object. Pods, Nodes and balanced Services keep what the text states: a scenario is also a picture of a running cluster. */
export function initialStatus(object: Stated): Stated {
  const stated = isRecord(object.status) ? object.status : {};
  switch (object.kind) {
    case "Pod":
      return { ...object, status: beginsWithPhase(stated) ? stated : { phase: "Pending", ...stated } };
    case "Node":
      return { ...object, status: stated };
    case "Service": {
      const balanced =
        isRecord(object.spec) && object.spec["type"] === "LoadBalancer" && isRecord(stated["loadBalancer"]);
      return { ...object, status: { loadBalancer: balanced ? stated["loadBalancer"] : {} } };
    }
    case "Namespace":
      return { ...object, spec: { finalizers: ["kubernetes"] }, status: { phase: "Active" } };
    case "ReplicaSet":
    case "ReplicationController":
      return { ...object, status: { replicas: 0 } };
    case "StatefulSet":
      return { ...object, status: { replicas: 0, availableReplicas: 0 } };
    case "DaemonSet":
      return {
        ...object,
        status: { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 },
      };
    case "Deployment":
      return { ...object, status: {} };
    case "Ingress":
      return { ...object, status: { loadBalancer: {} } };
    default: {
      if (object.status === undefined || kindNamed(object.kind)?.support === "kept") return object;
      const { status: _, ...rest } = object;
      return rest;
    }
  }
}

/** `object` with the status of `from`, or without one when that has none. */
export function withStatusOf(object: Stated, from: Stated): Stated {
  const { status: _, ...rest } = object;
  return from.status === undefined ? rest : { ...rest, status: from.status };
}
