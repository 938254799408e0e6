import { deepEqual } from "../base/json.ts";
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
