import { assert } from "../base/assert.ts";
import { keyOf, type KubeObject, type ObjectKey } from "../model/meta/types.ts";
import { compareObjects, Indexes } from "./indexes.ts";
import { readerOver, type Source } from "./reader.ts";
import type { Commit, ObjectReader } from "./types.ts";

/** The store as a past view needs it. `epoch` changes when history is replaced, which ends all views of the old one. */
export interface Present extends Source {
  readonly epoch: number;
  readonly journal: readonly Commit[];
}

function merge(a: readonly KubeObject[], b: readonly KubeObject[]): readonly KubeObject[] {
  const out: KubeObject[] = [];
  let j = 0;
  for (const object of a) {
    while (j < b.length && compareObjects(b[j] as KubeObject, object) < 0) out.push(b[j++] as KubeObject);
    out.push(object);
  }
  while (j < b.length) out.push(b[j++] as KubeObject);
  return out;
}

/**
 * The objects as they were at a revision: the present, except for objects that commits after the revision touched. The first
 * commit that touches an object after the revision knows how it was at the revision, so the view walks the journal forward
 * once, a commit at a time, and costs what has changed since, not what there is.
 */
export function pastView(present: Present, revision: number): ObjectReader {
  const { epoch } = present;
  assert(revision >= 0 && revision <= present.revision(), `no revision ${revision}`);
  let next = revision; // journal[i] made revision i + 1
  const old = new Map<ObjectKey, KubeObject | null>();
  const touched = new Map<string, Set<ObjectKey>>();
  const indexes = new Indexes();

  const remember = (object: KubeObject, was: KubeObject | null): void => {
    const key = keyOf(object);
    if (old.has(key)) return;
    old.set(key, was);
    let keys = touched.get(object.kind);
    if (keys === undefined) touched.set(object.kind, (keys = new Set()));
    keys.add(key);
    if (was !== null) indexes.change(key, undefined, was);
  };

  const catchUp = (): void => {
    assert(present.epoch === epoch, "a view of a history that was replaced");
    for (; next < present.journal.length; next++) {
      const commit = present.journal[next] as Commit;
      for (const object of commit.added) remember(object, null);
      for (const [from] of commit.updated) remember(from, from);
      for (const object of commit.removed) remember(object, object);
    }
  };

  const list = (name: string, kind: string | null): readonly KubeObject[] => {
    catchUp();
    const now = present.list(name, kind);
    const keys = kind === null ? old : touched.get(kind);
    if (keys === undefined || keys.size === 0) return now;
    const kept = without(now, keys);
    const then = indexes.list(name);
    if (then.length === 0) return kept;
    return merge(kept, then);
  };

  /** Costs the shorter of the two: a full list with few changes behind it, or a short list with many. */
  const without = (objects: readonly KubeObject[], keys: Pick<Set<ObjectKey>, "has" | "keys" | "size">) => {
    if (objects.length <= keys.size) {
      return objects.some((object) => keys.has(keyOf(object)))
        ? objects.filter((object) => !keys.has(keyOf(object)))
        : objects;
    }
    const changed = new Set<KubeObject>();
    for (const key of keys.keys()) {
      const object = present.get(key);
      if (object !== undefined) changed.add(object);
    }
    return changed.size === 0 ? objects : objects.filter((object) => !changed.has(object));
  };

  return readerOver({
    revision: () => revision,
    get(key) {
      catchUp();
      const was = old.get(key);
      return was === undefined ? present.get(key) : (was ?? undefined);
    },
    list,
    // An upper bound is enough to choose the rarer label.
    count: (name, kind) => present.count(name, kind) + indexes.count(name),
    length: (name, kind) => list(name, kind).length,
    scan: (objects) => present.scan(objects),
  });
}
