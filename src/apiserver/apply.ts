import { canonicalJson, deepEqual, isRecord } from "../base/json.ts";
import { err, ok, type Result } from "../base/result.ts";
import { kindInfo, kindNamed } from "../model/kinds.ts";
import { keyOf, type KubeObject, objectKey, type ObjectMeta, type OwnerReference } from "../model/meta/types.ts";
import { badRequest, type Status } from "../model/status.ts";
import { threeWayMerge } from "./merge.ts";
import { type Stated, userMetadata } from "./strategy.ts";
import type { Api, Applied, Store, WriteContext, Written } from "./types.ts";

export const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** Kinds whose status a text may state: a scenario draws a cluster, running parts and all. */
const STATED_STATUS: ReadonlySet<string> = new Set(["Pod", "Node", "Service"]);

interface Writes {
  readonly store: Store;
  readonly create: Api["create"];
  readonly replace: (object: Stated, context: WriteContext, takeStatus: boolean) => Result<Written, Status>;
}

const missingAnnotation = (resource: string): string =>
  `resource ${resource} is missing the ${LAST_APPLIED} annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.`;

/** JSON as Go's encoder writes it: sorted, and safe inside HTML. */
function goJson(value: unknown): string {
  return canonicalJson(value).replace(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The object as typed, with the default namespace filled in as kubectl does, and without an annotation pasted from a dump. */
function typed(object: KubeObject): Stated {
  const namespaced = kindInfo(object.apiVersion, object.kind)?.namespaced ?? true;
  const { [LAST_APPLIED]: _, ...annotations } = object.metadata.annotations ?? {};
  const { namespace, ...metadata } = object.metadata;
  return {
    ...object,
    metadata: { ...metadata, ...(namespaced && { namespace: namespace || "default" }), annotations },
  };
}

function parseLastApplied(object: KubeObject): Stated | null {
  const text = object.metadata.annotations?.[LAST_APPLIED];
  if (text === undefined) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) && isRecord(value["metadata"]) ? (value as unknown as Stated) : null;
  } catch {
    return null;
  }
}

/**
 * uids in a text are those of another cluster: owners are found by kind and name, and references to owners that are not
 * here are dropped, for the garbage collector would take their dependents away.
 */
function resolveOwners(metadata: ObjectMeta, store: Store): ObjectMeta {
  const { ownerReferences: stated, ...rest } = metadata;
  if (stated === undefined) return metadata;
  const ownerReferences = stated.flatMap((reference): readonly OwnerReference[] => {
    const namespace = kindNamed(reference.kind)?.namespaced === false ? undefined : metadata.namespace;
    const uid = store.get(objectKey(reference.kind, namespace, reference.name))?.metadata.uid;
    return uid === undefined ? [] : [{ ...reference, uid }];
  });
  return ownerReferences.length === 0 ? rest : { ...rest, ownerReferences };
}

/** The part of a text that takes part in the merge: all but status and what only the server writes. */
function mergeable(object: Stated, store: Store): object {
  const { status: _, ...rest } = object;
  return { ...rest, metadata: resolveOwners(userMetadata(object.metadata), store) };
}

/** A status in the text counts when the text changed it, not when the cluster moved on from it. */
function mergedStatus(original: Stated | null, modified: Stated, current: Stated): unknown {
  const stated = modified.status;
  if (!isRecord(stated) || !STATED_STATUS.has(modified.kind) || deepEqual(original?.status, stated))
    return current.status;
  const before = isRecord(original?.status) ? original.status : null;
  return threeWayMerge(before, stated, isRecord(current.status) ? current.status : {}, "status");
}

/**
 * Texts' objects and the stored ones that they were found to leave unchanged. Both are immutable and, without owners, the
 * merge depends on nothing else: a text of a thousand objects of which one was edited costs one merge.
 */
const SETTLED = new WeakMap<KubeObject, KubeObject>();

/**
 * Client-side `kubectl apply`: creates, or merges what changed between the last applied text and this one into what the
 * server has. Source: kubectl/pkg/cmd/apply.
 */
export function applyOne(writes: Writes, given: KubeObject, context: WriteContext): Result<Applied, Status> {
  if (!given.metadata.name && given.metadata.generateName) {
    return err(badRequest(`from ${given.metadata.generateName}: cannot use generate name with apply`));
  }
  const { store } = writes;
  const modified = typed(given);
  const key = keyOf(modified);
  const current = store.get<Stated>(key);
  if (current !== undefined && SETTLED.get(given) === current) {
    return ok({ object: current, commit: null, warnings: [], key, operation: "unchanged" });
  }
  const annotation = { [LAST_APPLIED]: `${goJson(modified)}\n` };
  const annotated: Stated = {
    ...modified,
    metadata: { ...modified.metadata, annotations: { ...modified.metadata.annotations, ...annotation } },
  };
  if (current === undefined) {
    const created = writes.create({ ...annotated, metadata: resolveOwners(annotated.metadata, store) }, context);
    return created.ok ? ok({ ...created.value, key, operation: "created" }) : created;
  }
  const original = parseLastApplied(current);
  const warnings: string[] = [];
  if (original === null) {
    warnings.push(missingAnnotation(`${kindNamed(given.kind)?.plural ?? given.kind}/${given.metadata.name}`));
  }
  const before = original === null ? null : { ...mergeable(original, store) };
  const status = mergedStatus(original, modified, current);
  const merged = threeWayMerge(before, mergeable(annotated, store), current);
  const next: Stated = status === undefined ? merged : { ...merged, status };
  if (deepEqual(next, current)) {
    if (warnings.length === 0 && given.metadata.ownerReferences === undefined) SETTLED.set(given, current);
    return ok({ object: current, commit: null, warnings, key, operation: "unchanged" });
  }
  const written = writes.replace(next, context, status !== current.status);
  if (!written.ok) return written;
  return ok({ ...written.value, warnings: [...warnings, ...written.value.warnings], key, operation: "configured" });
}
