import { err, ok, type Result } from "../base/result.ts";
import { sameAsLast } from "../base/share.ts";
import { type Micros, SECOND, timestamp } from "../base/time.ts";
import type { ClusterConfig } from "../model/config/types.ts";
import { applyDefaults } from "../model/defaults.ts";
import { kindInfo } from "../model/kinds.ts";
import { keyOf, type KubeObject, objectKey, splitKey } from "../model/meta/types.ts";
import type { Namespace } from "../model/namespace/types.ts";
import type { Pod } from "../model/pod/types.ts";
import type { Service } from "../model/service/types.ts";
import {
  alreadyExists,
  badRequest,
  conflict,
  forbiddenStatus,
  invalidStatus,
  namespaceTerminating,
  notFound,
  type Status,
} from "../model/status.ts";
import { validateCreate, validateUpdate } from "../model/validate.ts";
import { admit } from "./admission.ts";
import { applyText } from "./applyall.ts";
import { applyOne } from "./apply.ts";
import { bootstrapCluster, CONTROL_PLANE } from "./bootstrap.ts";
import { generatedName, uidFor } from "./names.ts";
import { allocateForCreate, allocateForUpdate, dropTypeDependentFields, type Pools } from "./service.ts";
import {
  firstGeneration,
  initialStatus,
  type Stated,
  updatedMetadata,
  userMetadata,
  withGeneration,
  withStatusOf,
} from "./strategy.ts";
import type { Api, DeleteOptions, Store, WriteContext, Written } from "./types.ts";
import { writeWarnings } from "./warnings.ts";

export type { Api } from "./types.ts";

export interface ApiOptions {
  /** Of all draws: addresses, ports, names, uids. A function when the text may change it. */
  readonly seed: number | (() => number);
  /** Asked anew for every write: the text may change it. */
  readonly cluster: () => ClusterConfig;
  /** 1.36 lets Service names begin with a digit; without it they are RFC 1035 labels, as in every release before. */
  readonly relaxedServiceNames?: boolean;
}

/** Namespaces that no cluster can do without. Source: plugin/pkg/admission/namespace/lifecycle. */
const IMMORTAL: ReadonlySet<string> = new Set(["default", "kube-system", "kube-public"]);
const DEFAULT_GRACE_SECONDS = 30;

function scheduledStatus(status: Pod["status"], at: Micros): Pod["status"] {
  const scheduled = { type: "PodScheduled", status: "True", lastTransitionTime: timestamp(at) } as const;
  const others = (status.conditions ?? []).filter((condition) => condition.type !== "PodScheduled");
  return { ...status, conditions: [...others, scheduled] };
}

/** Thousands of pods are bound in one moment, and say nothing else of themselves yet. */
const sameScheduled = sameAsLast<Pod["status"]>();

/** The API server over a store: what admission, strategies and storage do to a write, in upstream's order. */
export function createApi(store: Store, options: ApiOptions): Api {
  const seed = (): number => (typeof options.seed === "function" ? options.seed() : options.seed);
  const pools = (): Pools => ({ store, seed: seed(), cluster: options.cluster() });

  const write = (object: KubeObject, context: WriteContext): Result<Written, Status> => {
    const commit = store.commit({ puts: [object] }, context);
    const stored = commit === null ? store.get(keyOf(object)) : (commit.added[0] ?? commit.updated[0]?.[1]);
    return ok({ object: stored ?? object, commit, warnings: writeWarnings(object) });
  };

  const erase = (object: KubeObject, context: WriteContext): Result<Written, Status> => {
    const { name, namespace } = object.metadata;
    const removes = [keyOf(object)];
    // Endpoints are tied to their Service by name alone, so it is the API server that takes them along.
    if (object.kind === "Service") removes.push(objectKey("Endpoints", namespace, name));
    return ok({ object, commit: store.commit({ removes }, context), warnings: writeWarnings(object) });
  };

  /** Null when objects may be made in the namespace. */
  const namespaceRefusal = (kind: string, name: string, namespace: string): Status | null => {
    const found = store.get<Namespace>(objectKey("Namespace", undefined, namespace));
    if (found === undefined) return notFound("Namespace", namespace);
    const terminating = found.metadata.deletionTimestamp !== undefined || found.status?.phase === "Terminating";
    return terminating ? namespaceTerminating(kind, name, namespace) : null;
  };

  /** The object in the namespace that the request is for: "default" when it names none, none for kinds of the cluster. */
  const inNamespace = <T extends KubeObject>(object: T): T => {
    const { namespace, ...metadata } = object.metadata;
    if (kindInfo(object.apiVersion, object.kind)?.namespaced === false) {
      return namespace === undefined ? object : { ...object, metadata };
    }
    return namespace ? object : { ...object, metadata: { ...metadata, namespace: "default" } };
  };

  const nameFor = (object: KubeObject, namespace: string | undefined, context: WriteContext): string => {
    const { name, generateName } = object.metadata;
    if (name || !generateName) return name;
    // Numbered within the moment, so that what else goes on in the cluster does not change the names.
    for (let n = 0; ; n++) {
      const purpose = `${objectKey(object.kind, namespace, generateName)}@${context.at}/${n}`;
      const candidate = generatedName(seed(), generateName, purpose);
      if (store.get(objectKey(object.kind, namespace, candidate)) === undefined) return candidate;
    }
  };

  const create: Api["create"] = (given, context) => {
    const { apiVersion, kind } = given;
    const info = kindInfo(apiVersion, kind);
    if (info === undefined || info.support === "config") {
      return err(badRequest(`no matches for kind "${kind}" in version "${apiVersion}"`));
    }
    const own = userMetadata(inNamespace(given).metadata);
    const namespace = own.namespace;
    const name = nameFor(given, namespace, context);
    const metadata = { ...own, name };
    if (namespace !== undefined) {
      const refusal = namespaceRefusal(kind, name, namespace);
      if (refusal !== null) return err(refusal);
    }
    const key = objectKey(kind, namespace, name);
    if (store.get(key) !== undefined) return err(alreadyExists(kind, name));
    let object: Stated = admit(initialStatus(applyDefaults({ ...given, metadata })), store);
    if (kind === "Service") {
      const allocated = allocateForCreate(object as Service, pools());
      if (!allocated.ok) return allocated;
      object = allocated.value;
    }
    const causes = validateCreate(object, { relaxedServiceNames: options.relaxedServiceNames ?? false });
    if (causes.length > 0) return err(invalidStatus(kind, name, causes));
    const system = {
      uid: uidFor(seed(), key, store.revision + 1),
      ...firstGeneration(kind),
      creationTimestamp: timestamp(context.at),
    };
    return write({ ...object, metadata: { ...object.metadata, ...system } }, context);
  };

  /** The stored object that a write is about, or why it may not be written. */
  const target = (object: KubeObject): Result<Stated, Status> => {
    const { kind, metadata } = object;
    const old = store.get<Stated>(keyOf(object));
    if (old === undefined) return err(notFound(kind, metadata.name));
    if (metadata.uid !== undefined && metadata.uid !== old.metadata.uid) {
      const why = `Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${old.metadata.uid}`;
      return err(conflict(kind, metadata.name, why));
    }
    if (metadata.resourceVersion !== undefined && metadata.resourceVersion !== old.metadata.resourceVersion) {
      return err(conflict(kind, metadata.name));
    }
    return ok(old);
  };

  /** PUT; `status` as the client sent it counts only when asked for (a text that states a new status). */
  const replace = (sent: Stated, context: WriteContext, takeStatus: boolean): Result<Written, Status> => {
    const given = inNamespace(sent);
    const found = target(given);
    if (!found.ok) return found;
    const old = found.value;
    let object: Stated = { ...given, metadata: updatedMetadata(given.metadata, old.metadata) };
    object = applyDefaults(takeStatus ? object : withStatusOf(object, old));
    if (object.kind === "Service") {
      const allocated = allocateForUpdate(object as Service, old as Service, pools());
      if (!allocated.ok) return allocated;
      object = dropTypeDependentFields(allocated.value, old as Service);
    }
    const causes = validateUpdate(object, old);
    if (causes.length > 0) return err(invalidStatus(object.kind, object.metadata.name, causes));
    return settle(withGeneration(object, old), context);
  };

  /** Stores an update, or removes an object that only waited for the finalizers which this update took away. */
  const settle = (object: Stated, context: WriteContext): Result<Written, Status> => {
    const { deletionTimestamp, deletionGracePeriodSeconds, finalizers } = object.metadata;
    const gone =
      deletionTimestamp !== undefined &&
      (deletionGracePeriodSeconds ?? 0) === 0 &&
      (finalizers?.length ?? 0) === 0 &&
      object.kind !== "Namespace";
    return gone ? erase(object, context) : write(object, context);
  };

  const updateStatus: Api["updateStatus"] = (given, context) => {
    const found = target(inNamespace(given));
    if (!found.ok) return found;
    return write(withStatusOf(found.value, given as Stated), context);
  };

  const bind: Api["bind"] = (key, node, context) => {
    const { name } = splitKey(key);
    const pod = store.get<Pod>(key);
    if (pod === undefined) return err(notFound("Pod", name));
    const refuse = (why: string) =>
      err({ ...conflict("Pod", name), message: `Operation cannot be fulfilled on pods/binding "${name}": ${why}` });
    if (pod.metadata.deletionTimestamp !== undefined) {
      return refuse(`pod ${name} is being deleted, cannot be assigned to a host`);
    }
    if (pod.spec.nodeName) return refuse(`pod ${name} is already assigned to node "${pod.spec.nodeName}"`);
    const bound: Pod = {
      ...pod,
      spec: { ...pod.spec, nodeName: node },
      status: sameScheduled(scheduledStatus(pod.status, context.at)),
    };
    return write(bound, context);
  };

  /** Seconds that the object is given to stop; 0 removes it at once. Source: registry/core/pod/strategy.go CheckGracefulDelete. */
  const graceOf = (object: KubeObject, force: boolean): number => {
    if (object.kind !== "Pod" || force) return 0;
    const { spec, status } = object as Pod;
    if (!spec.nodeName || status.phase === "Failed" || status.phase === "Succeeded") return 0;
    return spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS;
  };

  /** The object with its deletion begun; unchanged when that is under way and no grace is to be taken back. */
  const markDeleted = (object: KubeObject, grace: number, context: WriteContext): KubeObject => {
    const { metadata } = object;
    const before = metadata.deletionGracePeriodSeconds;
    if (metadata.deletionTimestamp !== undefined && (before === undefined || before <= grace)) return object;
    return {
      ...object,
      metadata: {
        ...metadata,
        ...(metadata.generation !== undefined && { generation: metadata.generation + 1 }),
        deletionTimestamp: timestamp(context.at + grace * SECOND),
        deletionGracePeriodSeconds: grace,
      },
    };
  };

  const terminate = (namespace: Namespace, context: WriteContext): Result<Written, Status> => {
    const { metadata } = namespace;
    if (store.inNamespace(metadata.name).length === 0) return erase(namespace, context);
    if (metadata.deletionTimestamp !== undefined) return write(namespace, context);
    const marked = { ...metadata, deletionTimestamp: timestamp(context.at) };
    return write({ ...namespace, metadata: marked, status: { phase: "Terminating" } } as Namespace, context);
  };

  const remove: Api["delete"] = (key, context, { force = false, uid }: DeleteOptions = {}) => {
    const { kind, name } = splitKey(key);
    const object = store.get(key);
    if (object === undefined) return err(notFound(kind, name));
    if (uid !== undefined && uid !== object.metadata.uid) {
      const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${object.metadata.uid}`;
      return err(conflict(kind, name, why));
    }
    if (kind === "Namespace") {
      if (IMMORTAL.has(name)) return err(forbiddenStatus(kind, name, "this namespace may not be deleted"));
      return terminate(object as Namespace, context);
    }
    const grace = graceOf(object, force);
    if (grace === 0 && (object.metadata.finalizers?.length ?? 0) === 0) return erase(object, context);
    return write(markDeleted(object, grace, context), context);
  };

  const finalizeDelete: Api["finalizeDelete"] = (key, context) => {
    const { kind, name } = splitKey(key);
    const object = store.get(key);
    if (object === undefined) return err(notFound(kind, name));
    if (kind === "Namespace") return terminate(object as Namespace, context);
    if ((object.metadata.finalizers?.length ?? 0) === 0) return erase(object, context);
    return write(markDeleted(object, 0, context), context);
  };

  const update: Api["update"] = (object, context) => replace(object, context, false);
  const apply: Api["apply"] = (object, context) => applyOne({ store, create, replace }, object, context);
  return {
    create,
    update,
    updateStatus,
    bind,
    delete: remove,
    finalizeDelete,
    apply,
    applyAll: (objects, context, { prune = [] } = {}) =>
      applyText({ store, create, apply, delete: remove }, objects, prune, context),
    bootstrap: (context, servers = [CONTROL_PLANE.ip]) => {
      bootstrapCluster({ create, update, delete: remove, cluster: options.cluster(), store }, context, servers);
    },
  };
}
