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

/** How long a change takes to reach a node's kube-proxy: delivery, and the lag that its watch may have. */
export function hearingDelay(lag: Micros): Delay {
  return { class: "delivery", micros: DELIVERY.micros + lag };
}

/** The wait before the next sync: until it hears of the change, and then no sooner than minSyncPeriod after the last one. */
export function syncDelay(last: ProxySync | undefined, now: Micros, config: ProxyConfig, lag: Micros): Delay {
  const earliest = last === undefined ? now : last.syncedAt + config.minSyncPeriod;
  return { class: "sync", micros: Math.max(hearingDelay(lag).micros, earliest - now) };
}

/** The last revision that a kube-proxy has heard of when news takes `delay`, and when it hears of the first one after it. */
export function heard(
  journal: readonly Commit[],
  now: Micros,
  delay: Micros,
): { readonly revision: number; readonly nextAt: Micros | null } {
  let revision = journal.length;
  let nextAt: Micros | null = null;
  for (; revision > 0; revision--) {
    const commit = journal[revision - 1] as Commit;
    if (commit.at + delay <= now) break;
    if (touchesProxies(commit)) nextAt = commit.at + delay;
  }
  return { revision, nextAt };
}

/** The latest revision up to `revision` at which something changed that kube-proxy reads: equal answers, equal rules. */
export function relevantRevision(journal: readonly Commit[], revision: number): number {
  for (let i = Math.min(revision, journal.length) - 1; i >= 0; i--) {
    const commit = journal[i] as Commit;
    if (touchesProxies(commit)) return commit.revision;
  }
  return 0;
}
