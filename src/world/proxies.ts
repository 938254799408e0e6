/** When each node's kube-proxy syncs, and which revision its rules therefore show. */
import type { Commit, Diff } from "../apiserver/types.ts";
import { MILLISECOND, type Micros } from "../base/time.ts";
import type { Delay } from "../engine/types.ts";
import type { ProxyConfig } from "../model/config/types.ts";

/** What a kube-proxy has done so far. Its rules follow from this: they are a function of the objects at that revision. */
export interface ProxySync {
  readonly syncedRevision: number;
  readonly syncedAt: Micros;
}

/** A watch event's way from the API server to an informer: a few milliseconds on a quiet cluster. */
export const DELIVERY: Delay = { class: "delivery", micros: 3 * MILLISECOND };

const WATCHED: ReadonlySet<string> = new Set(["Service", "EndpointSlice", "Node"]);

/** Does kube-proxy hear of this commit? */
export function touchesProxies(commit: Diff): boolean {
  return (
    commit.added.some((o) => WATCHED.has(o.kind)) ||
    commit.updated.some(([, to]) => WATCHED.has(to.kind)) ||
    commit.removed.some((o) => WATCHED.has(o.kind))
  );
}

/** The wait before the next sync: delivery, and then no sooner than minSyncPeriod after the last one. */
export function syncDelay(last: ProxySync | undefined, now: Micros, config: ProxyConfig): Delay {
  const earliest = last === undefined ? now : last.syncedAt + config.minSyncPeriod;
  return { class: "sync", micros: Math.max(DELIVERY.micros, earliest - now) };
}

/** The latest revision up to `revision` at which something changed that kube-proxy reads: equal answers, equal rules. */
export function relevantRevision(journal: readonly Commit[], revision: number): number {
  for (let i = Math.min(revision, journal.length) - 1; i >= 0; i--) {
    const commit = journal[i] as Commit;
    if (touchesProxies(commit)) return commit.revision;
  }
  return 0;
}
