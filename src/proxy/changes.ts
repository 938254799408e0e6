import { compareStrings } from "../base/compare.ts";
import { deepEqual } from "../base/json.ts";
import type { Diff } from "../apiserver/types.ts";
import { SERVICE_NAME_LABEL } from "../model/endpointslice/types.ts";
import type { KubeObject } from "../model/meta/types.ts";
import type { ProxyView, ServiceEntry } from "./view.ts";

/** A view's entries by Service: kube-proxy's change tracker looks at a Service as a whole, all its ports together. */
export function entriesByService(view: ProxyView): ReadonlyMap<string, readonly ServiceEntry[]> {
  const map = new Map<string, ServiceEntry[]>();
  for (const entry of view.entries) {
    const list = map.get(entry.port.service);
    if (list === undefined) map.set(entry.port.service, [entry]);
    else list.push(entry);
  }
  return map;
}

/** Has nothing of a Service changed? False for one that was not there before. Identity first: unchanged entries keep it. */
export function sameEntries(a: readonly ServiceEntry[] | undefined, b: readonly ServiceEntry[]): boolean {
  return a !== undefined && a.length === b.length && a.every((entry, i) => entry === b[i] || deepEqual(entry, b[i]));
}

/** Services (`namespace/name`) that these commits touched, by themselves or by their slices: what a proxy has to look at again. */
export function servicesTouched(commits: Iterable<Diff>): ReadonlySet<string> {
  const touched = new Set<string>();
  const note = ({ kind, metadata }: KubeObject): void => {
    const namespace = metadata.namespace ?? "";
    if (kind === "Service") touched.add(`${namespace}/${metadata.name}`);
    const service = kind === "EndpointSlice" ? metadata.labels?.[SERVICE_NAME_LABEL] : undefined;
    if (service !== undefined) touched.add(`${namespace}/${service}`);
  };
  for (const { added, updated, removed } of commits) {
    for (const object of added) note(object);
    for (const object of removed) note(object);
    for (const [from, to] of updated) {
      note(from);
      note(to);
    }
  }
  return touched;
}

/** One Service port that differs between two views. */
export interface EntryChange {
  /** Its place among the entries before, or where it would have stood. */
  readonly from: number;
  /** Its place among the entries after, or where it would stand. */
  readonly to: number;
  readonly before: ServiceEntry | null;
  readonly after: ServiceEntry | null;
}

/**
 * Service ports whose entry is another object than before, in order; null when there are more than `most`. Entries keep their
 * identity as long as nothing of their Service changes, so this only compares references.
 */
export function changedEntries(
  before: readonly ServiceEntry[],
  after: readonly ServiceEntry[],
  most: number,
): readonly EntryChange[] | null {
  const changes: EntryChange[] = [];
  let from = 0;
  let to = 0;
  while (from < before.length || to < after.length) {
    const a = before[from];
    const b = after[to];
    if (a === b) {
      from += 1;
      to += 1;
      continue;
    }
    if (changes.length >= most) return null;
    const order = a === undefined ? 1 : b === undefined ? -1 : compareStrings(a.port.name, b.port.name);
    changes.push({
      from,
      to,
      before: order <= 0 ? (a ?? null) : null,
      after: order >= 0 ? (b ?? null) : null,
    });
    if (order <= 0) from += 1;
    if (order >= 0) to += 1;
  }
  return changes;
}

/** With more changes than this it is cheaper to put everything together anew. */
export function mostChanges(entries: number): number {
  return 32 + (entries >> 6);
}

/** A list parallel to the entries, taken over to the entries after; `make` gives the items of changed entries. */
export function patchedList<B>(
  list: readonly B[],
  changes: readonly EntryChange[],
  make: (entry: ServiceEntry) => B,
): readonly B[] {
  const patched = [...list];
  for (const { to, before, after } of changes) {
    if (after === null) patched.splice(to, 1);
    else if (before === null) patched.splice(to, 0, make(after));
    else patched[to] = make(after);
  }
  return patched;
}
