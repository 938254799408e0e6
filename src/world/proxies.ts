/** When each node's kube-proxy syncs, and which revision its rules therefore show. */
import type { Commit, Diff } from "../apiserver/types.ts";
import { MILLISECOND, type Micros, MINUTE, SECOND } from "../base/time.ts";
import type { Delay } from "../engine/types.ts";
import type { ProxyConfig, ProxyMode } from "../model/config/types.ts";

/** The last time that a kube-proxy wrote its rules, and up to which revision it had heard then. */
export interface ProxySync {
  readonly syncedRevision: number;
  readonly syncedAt: Micros;
}

/** Rules as they were written into a node's kernel: a function of the objects at that revision and of the configuration. */
export interface WrittenRules {
  readonly config: ProxyConfig;
  readonly revision: number;
}

/** What a node's kernel holds. It outlives the kube-proxy that wrote it. */
export interface KernelRules extends WrittenRules {
  /** What was there before and the next mode did not remove. */
  readonly left: WrittenRules | null;
}

/** A line of klog without its head: `server_linux.go:53] "Using iptables proxy"`. */
export interface LogLine {
  readonly severity: "I" | "W" | "E";
  readonly text: string;
}

/** One start of a kube-proxy. */
export interface ProxyStart {
  readonly at: Micros;
  /** What it read; null: it gave up. */
  readonly config: ProxyConfig | null;
  /** What it said of its configuration: remarks, and last the reason why it gave up. */
  readonly said: readonly LogLine[];
  /** Mode whose rules it removed before anything else. */
  readonly cleaned: ProxyMode | null;
}

/** A pod of kube-proxy: it stays as long as its process only ends by itself. */
export interface ProxyPod {
  /** How many pods were ended on the node before it. */
  readonly serial: number;
  /** Since when it is there; null: as long as its node. */
  readonly at: Micros | null;
  /** How often its container was started. */
  readonly starts: number;
}

/** One node's kube-proxy. */
export interface ProxyProcess {
  /** What it was started with; null: it does not run. */
  readonly config: ProxyConfig | null;
  /** The text of its configuration when it was last started. */
  readonly file: string;
  /** Why it gave up at its last start; null: it runs, or is being restarted. */
  readonly failure: string | null;
  /** Failed starts in a row. */
  readonly failures: number;
  /** The latest of its starts, oldest first. */
  readonly starts: readonly ProxyStart[];
  /** Since its last start; null: it has not yet written anything. */
  readonly sync: ProxySync | null;
  readonly kernel: KernelRules | null;
  /** Was route_localnet ever set on this machine? Nobody takes it back. */
  readonly localnet: boolean;
  /** Which of the node's kube-proxy pods it is. */
  readonly pod: ProxyPod;
}

export const NO_PROCESS: ProxyProcess = {
  config: null,
  file: "",
  failure: null,
  failures: 0,
  starts: [],
  sync: null,
  kernel: null,
  localnet: false,
  pod: { serial: 0, at: null, starts: 0 },
};

/** A container that ends is started again later and later: 10 s, 20 s, ... 5 min. Source: pkg/kubelet, MaxContainerBackOff. */
export function backOff(failures: number): Delay {
  return { class: "deadline", micros: Math.min(10 * SECOND * 2 ** Math.min(failures - 1, 10), 5 * MINUTE) };
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
export function syncDelay(last: ProxySync | null, now: Micros, config: ProxyConfig | null, lag: Micros): Delay {
  const earliest = last === null || config === null ? now : last.syncedAt + config.minSyncPeriod;
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

/** The latest revision after `from` and up to `revision` at which something changed that kube-proxy reads: equal answers, equal rules. 0: none. */
export function relevantRevision(journal: readonly Commit[], revision: number, from = 0): number {
  for (let i = Math.min(revision, journal.length) - 1; i >= from; i--) {
    const commit = journal[i] as Commit;
    if (touchesProxies(commit)) return commit.revision;
  }
  return 0;
}
