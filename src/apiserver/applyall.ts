import { kindInfo, kindNamed } from "../model/kinds.ts";
import { type KubeObject, objectKey, type ObjectKey, splitKey } from "../model/meta/types.ts";
import type { Service } from "../model/service/types.ts";
import type { Api, ApplyReport, Store, WriteContext } from "./types.ts";

interface Writes {
  readonly store: Store;
  readonly create: Api["create"];
  readonly apply: Api["apply"];
  readonly delete: Api["delete"];
}

/** Where others stand on it, it goes first. Owners precede their dependents, whose references are resolved by name. */
const RANKS: Readonly<Record<string, number>> = {
  Namespace: 0,
  Node: 1,
  Service: 3,
  Deployment: 5,
  StatefulSet: 5,
  DaemonSet: 5,
  ReplicationController: 5,
  ReplicaSet: 6,
};
const OTHER_IN_CLUSTER = 2;
const OTHER = 7;

/** A Service that names its own address or ports: it goes before those that take what is left, whatever the text's order. */
function isExplicit(service: Partial<Service>): boolean {
  const { spec } = service;
  if (spec === undefined) return false;
  const own = spec.clusterIP ?? spec.clusterIPs?.[0];
  const ports = Array.isArray(spec.ports) ? spec.ports : [];
  return (!!own && own !== "None") || !!spec.healthCheckNodePort || ports.some((port) => !!port.nodePort);
}

function rank(object: KubeObject): number {
  if (object.kind === "Service") return isExplicit(object as Service) ? 3 : 4;
  return (
    RANKS[object.kind] ?? (kindInfo(object.apiVersion, object.kind)?.namespaced === false ? OTHER_IN_CLUSTER : OTHER)
  );
}

const namespaceOf = (object: KubeObject): string | null =>
  kindInfo(object.apiVersion, object.kind)?.namespaced === true ? object.metadata.namespace || "default" : null;

const keyFor = (object: KubeObject): ObjectKey =>
  objectKey(object.kind, namespaceOf(object) ?? undefined, object.metadata.name || object.metadata.generateName || "");

interface Placed {
  readonly object: KubeObject;
  readonly index: number;
}

/** Makes the namespaces that are used but neither declared nor there. */
function makeNamespaces(writes: Writes, items: readonly Placed[], context: WriteContext): ApplyReport["notes"] {
  const declared = new Set(items.flatMap(({ object }) => (object.kind === "Namespace" ? [object.metadata.name] : [])));
  const notes: ApplyReport["notes"][number][] = [];
  for (const { object, index } of items) {
    const name = namespaceOf(object);
    if (name === null || declared.has(name)) continue;
    declared.add(name);
    if (writes.store.get(objectKey("Namespace", undefined, name)) !== undefined) continue;
    const made = writes.create({ apiVersion: "v1", kind: "Namespace", metadata: { name } }, context);
    // A name that cannot be a namespace's is refused together with the object that uses it.
    if (made.ok) {
      const message = `namespace "${name}" was created for you; a real cluster answers: namespaces "${name}" not found`;
      notes.push({ key: keyFor(object), index, message });
    }
  }
  return notes;
}

/**
 * Applies a whole text, or nothing of it: with any refusal the store is as it was. Unlike kubectl, what the text no longer
 * names is deleted first, so that a renamed Service may keep its address and ports.
 */
export function applyText(
  writes: Writes,
  objects: readonly KubeObject[],
  prune: readonly ObjectKey[],
  context: WriteContext,
): ApplyReport {
  const { store } = writes;
  const before = store.snapshot();
  const items = objects
    .map((object, index): Placed => ({ object, index }))
    .filter(({ object }) => kindInfo(object.apiVersion, object.kind)?.support !== "config");
  const refusals: ApplyReport["refusals"][number][] = [];
  const pruned: ObjectKey[] = [];
  for (const key of prune.map(withNamespace).sort((a, b) => pruneRank(b) - pruneRank(a))) {
    if (store.get(key) === undefined) continue;
    const result = writes.delete(key, context);
    if (result.ok) pruned.push(key);
    else refusals.push({ key, index: null, status: result.error });
  }
  const notes = makeNamespaces(writes, items, context);
  const applied: ApplyReport["applied"][number][] = [];
  const ranked = items.map((item) => ({ ...item, rank: rank(item.object) }));
  for (const { object, index } of ranked.sort((a, b) => a.rank - b.rank || a.index - b.index)) {
    const result = writes.apply(object, context);
    if (result.ok) applied.push({ ...result.value, index });
    else refusals.push({ key: keyFor(object), index, status: result.error });
  }
  applied.sort((a, b) => a.index - b.index);
  const warnings = applied.flatMap(({ key, index, warnings }) => warnings.map((message) => ({ key, index, message })));
  if (refusals.length > 0) {
    store.restore(before);
    return { ok: false, applied: [], refusals, warnings, notes: [], namespaces: [], pruned: [], commits: [] };
  }
  const namespaces = notes.map(({ key }) => splitKey(key).namespace);
  return {
    ok: true,
    applied,
    refusals,
    warnings,
    notes,
    namespaces,
    pruned,
    commits: store.journal.slice(before.revision),
  };
}

/** A key as a text without namespaces would make it, with the default filled in. */
function withNamespace(key: ObjectKey): ObjectKey {
  const { kind, namespace, name } = splitKey(key);
  return namespace === "" && kindNamed(kind)?.namespaced === true ? objectKey(kind, "default", name) : key;
}

/** Dependents before owners, content before its namespace. */
function pruneRank(key: ObjectKey): number {
  return RANKS[splitKey(key).kind] ?? OTHER;
}
