import { assert } from "../base/assert.ts";
import { deepEqual } from "../base/json.ts";
import { keyOf, type KubeObject, type ObjectKey } from "../model/meta/types.ts";
import type { Service } from "../model/service/types.ts";
import { entry, Indexes } from "./indexes.ts";
import { pastView, type Present } from "./past.ts";
import { readerOver } from "./reader.ts";
import type { Commit, ObjectReader, Store, StoreSnapshot } from "./types.ts";

/** Enough that a bucket of the largest cluster (150,000 pods) stays small, few enough to copy at every checkpoint. */
const BUCKETS = 1024;
/** Past views kept ready: more than there are kube-proxies that lag at one time in the clusters people look at. */
const VIEWS = 256;
const EMPTY: readonly KubeObject[] = [];
/** What most commits have of most things: one list for all of them. */
const NONE: readonly never[] = [];

function bucketOf(key: ObjectKey): number {
  let hash = 0;
  for (let i = 0; i < key.length; i++) hash = (Math.imul(hash, 31) + key.charCodeAt(i)) | 0;
  return ((hash ^ (hash >>> 15)) >>> 0) % BUCKETS;
}

/** Equal but for the resourceVersion, which says when and not what. */
function sameContent(a: KubeObject, b: KubeObject): boolean {
  if (a === b) return true;
  return sameMembers(a, b, "metadata") && sameMembers(a.metadata, b.metadata, "resourceVersion");
}

/** As {@link deepEqual}, one member aside. */
function sameMembers(a: object, b: object, but: string): boolean {
  const [left, right] = [a, b] as readonly Readonly<Record<string, unknown>>[];
  if (left === undefined || right === undefined) return false;
  for (const key in left) if (key !== but && !deepEqual(left[key], right[key])) return false;
  for (const key in right) if (key !== but && right[key] !== undefined && !(key in left)) return false;
  return true;
}

/** An empty store at revision 0. Source of the semantics: etcd3 behind the API server (one revision per transaction). */
export function createStore(): Store {
  let revision = 0;
  let scanned = 0;
  let size = 0;
  let epoch = 0;
  let journal: Commit[] = [];
  const indexes = new Indexes();
  const buckets = Array.from({ length: BUCKETS }, () => new Map<ObjectKey, KubeObject>());
  /** The last snapshot's buckets; null where a write has come since. */
  const frozen: (readonly KubeObject[] | null)[] = buckets.map(() => EMPTY);
  const views = new Map<number, ObjectReader>();

  /** The same once more in one map: reading need not hash the key by hand. */
  const all = new Map<ObjectKey, KubeObject>();

  const find = (key: ObjectKey): KubeObject | undefined => all.get(key);

  const present: Present = {
    get epoch() {
      return epoch;
    },
    get journal() {
      return journal;
    },
    revision: () => revision,
    get: find,
    list: (name) => indexes.list(name),
    count: (name) => indexes.count(name),
    length: (name) => indexes.count(name),
    scan: (objects) => {
      scanned += objects;
    },
  };

  const set = (key: ObjectKey, from: KubeObject | undefined, to: KubeObject | undefined): void => {
    const index = bucketOf(key);
    const bucket = buckets[index] as Map<ObjectKey, KubeObject>;
    frozen[index] = null;
    size += (to === undefined ? 0 : 1) - (from === undefined ? 0 : 1);
    if (to === undefined) {
      bucket.delete(key);
      all.delete(key);
    } else {
      bucket.set(key, to);
      all.set(key, to);
    }
    indexes.change(key, from, to);
  };

  const redo: Store["redo"] = (commit) => {
    assert(commit.revision === revision + 1, `commit ${commit.revision} does not follow revision ${revision}`);
    for (const object of commit.added) set(keyOf(object), undefined, object);
    for (const [from, to] of commit.updated) set(keyOf(to), from, to);
    for (const object of commit.removed) set(keyOf(object), object, undefined);
    note(commit);
  };

  const note = (commit: Commit): void => {
    revision = commit.revision;
    journal.push(commit);
  };

  const commit: Store["commit"] = ({ puts = [], removes = [] }, context) => {
    const next = revision + 1;
    const added: KubeObject[] = [];
    const updated: [KubeObject, KubeObject][] = [];
    const removed: KubeObject[] = [];
    const keys = [...puts.map(keyOf), ...removes];
    assert(keys.length < 2 || new Set(keys).size === keys.length, "a commit writes each object once");
    const resourceVersion = String(next);
    puts.forEach((object, i) => {
      const key = keys[i] as ObjectKey;
      const current = find(key);
      if (current !== undefined && sameContent(current, object)) return;
      const written: KubeObject = { ...object, metadata: { ...object.metadata, resourceVersion } };
      if (current === undefined) added.push(written);
      else updated.push([current, written]);
      set(key, current, written);
    });
    for (const key of removes) {
      const current = find(key);
      if (current === undefined) continue;
      removed.push(current);
      set(key, current, undefined);
    }
    if (added.length + updated.length + removed.length === 0) return null;
    const { at, cause, writer } = context;
    const made: Commit = {
      revision: next,
      at,
      cause,
      writer,
      added: added.length === 0 ? NONE : added,
      updated: updated.length === 0 ? NONE : updated,
      removed: removed.length === 0 ? NONE : removed,
    };
    note(made);
    return made;
  };

  const readAt = (at: number): ObjectReader => {
    let view = views.get(at);
    if (view === undefined) {
      view = pastView(present, at);
      views.set(at, view);
      const oldest = views.keys().next();
      if (views.size > VIEWS && oldest.done !== true) views.delete(oldest.value);
    }
    return view;
  };

  const snapshot = (): StoreSnapshot => {
    const shared = buckets.map((bucket, i) => {
      const kept = frozen[i];
      if (kept) return kept;
      const objects = bucket.size === 0 ? EMPTY : [...bucket.values()];
      frozen[i] = objects;
      return objects;
    });
    return { revision, buckets: shared, journal };
  };

  const restore = (saved: StoreSnapshot): void => {
    assert(saved.buckets.length === BUCKETS && saved.journal.length >= saved.revision, "not a snapshot of this store");
    saved.buckets.forEach((objects, i) => {
      if (frozen[i] === objects) return;
      const before = buckets[i] as Map<ObjectKey, KubeObject>;
      const after = new Map(objects.map((object) => [keyOf(object), object]));
      for (const [key, object] of before) {
        if (after.has(key)) continue;
        all.delete(key);
        indexes.change(key, object, undefined);
      }
      for (const [key, object] of after) {
        const current = before.get(key);
        if (current === object) continue;
        all.set(key, object);
        indexes.change(key, current, object);
      }
      size += after.size - before.size;
      buckets[i] = after;
      frozen[i] = objects;
    });
    // Other snapshots may share the array that this one came with, so the history to come gets an array of its own.
    if (saved.journal !== journal || saved.revision !== revision) journal = saved.journal.slice(0, saved.revision);
    revision = saved.revision;
    epoch += 1;
    views.clear();
  };

  return {
    ...readerOver(present),
    placements: indexes.placements,
    get revision() {
      return revision;
    },
    get scanned() {
      return scanned;
    },
    get size() {
      return size;
    },
    get journal() {
      return journal;
    },
    commit,
    redo,
    readAt,
    snapshot,
    restore,
    inNamespace: (namespace) => indexes.list(entry.namespace(namespace)),
    serviceByClusterIP: (ip) => indexes.list(entry.clusterIP(ip))[0] as Service | undefined,
    serviceByNodePort: (port) => indexes.list(entry.nodePort(port))[0] as Service | undefined,
  };
}
