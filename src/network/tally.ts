/** Counts what becomes of a load's requests. */
import type { Micros } from "../base/time.ts";
import type { LoadBackend, LoadBucket, LoadReason, LoadReport } from "../model/trace/load.ts";
import type { HostId, OutcomeKind, Walk } from "../model/trace/types.ts";

/** Losing walks that a report keeps. */
export const MAX_LOSSES = 8;
/** Reasons that it tells apart; more go by their outcome alone. */
const MAX_REASONS = 64;

/** Why a request was lost: equal keys, equal reasons. */
export interface Loss {
  readonly key: string;
  readonly outcome: OutcomeKind;
  readonly place: HostId;
  readonly text: string;
}

/** The loss that a walk is, by the last hop of its request; null when it was delivered. */
export function lossOf(walk: Walk): Loss | null {
  if (walk.outcome === "delivered") return null;
  const hop = walk.hops.at(-1);
  const place: HostId = hop?.place ?? "router/underlay";
  const how = hop === undefined ? "" : `${hop.stage} ${hop.verdict} ${hop.rule?.id ?? ""}`;
  return { key: `${walk.outcome} ${place} ${how}`, outcome: walk.outcome, place, text: walk.summary };
}

/** A report while requests are added to it; lives only inside one call. */
export class Tally {
  private readonly before: LoadReport;
  private sent: number;
  private connections: number;
  private hops: number;
  private readonly outcomes: Partial<Record<OutcomeKind, number>>;
  private readonly sources: Record<string, number>;
  private readonly backends: Map<string, LoadBackend>;
  private readonly buckets: LoadBucket[];
  private readonly reasons: Map<string, LoadReason>;
  private readonly losses: Walk[];
  private readonly held: (number | null)[];

  constructor(report: LoadReport) {
    this.before = report;
    this.sent = report.sent;
    this.connections = report.connections;
    this.hops = report.hops;
    this.outcomes = { ...report.outcomes };
    this.sources = { ...report.sources };
    this.backends = new Map(report.backends.map((b) => [`${b.ip} ${b.port}`, b]));
    this.buckets = [...report.buckets];
    this.reasons = new Map(report.reasons.map((r) => [r.key, r]));
    this.losses = [...report.losses];
    this.held = [...report.held];
  }

  /** Is this a reason of which no walk is kept yet, and is there room for one? */
  isNews(loss: Loss): boolean {
    return this.losses.length < MAX_LOSSES && !this.reasons.has(loss.key);
  }

  /** The number of the connection that a client has open. */
  heldBy(client: number): number | null {
    return this.held[client] ?? null;
  }

  hold(client: number, connection: number | null): void {
    this.held[client] = connection;
  }

  /** A connection was made. */
  connected(): void {
    this.connections += 1;
  }

  /** Hops of packets that are part of a request already counted or to be counted. */
  walked(hops: number): void {
    this.hops += hops;
  }

  /** One more request with its outcome; `shown`: the walk to keep of a loss that is news. */
  add(at: Micros, walk: Pick<Walk, "outcome" | "backend" | "sourceSeen">, loss: Loss | null, shown: Walk | null): void {
    this.sent += 1;
    this.outcomes[walk.outcome] = (this.outcomes[walk.outcome] ?? 0) + 1;
    const { startedAt, bucket } = this.before;
    const place = Math.floor((at - startedAt) / bucket);
    while (this.buckets.length <= place) {
      this.buckets.push({ at: startedAt + this.buckets.length * bucket, sent: 0, delivered: 0 });
    }
    const here = this.buckets[place] as LoadBucket;
    const delivered = here.delivered + (loss === null ? 1 : 0);
    this.buckets[place] = { ...here, sent: here.sent + 1, delivered };
    if (loss === null) this.answered(walk);
    else this.lost(at, loss);
    if (shown !== null) this.losses.push(shown);
  }

  private answered({ backend, sourceSeen }: Pick<Walk, "backend" | "sourceSeen">): void {
    if (sourceSeen !== null) this.sources[sourceSeen] = (this.sources[sourceSeen] ?? 0) + 1;
    if (backend === null) return;
    const key = `${backend.ip} ${backend.port}`;
    this.backends.set(key, { ...backend, count: (this.backends.get(key)?.count ?? 0) + 1 });
  }

  private lost(at: Micros, { key, outcome, place, text }: Loss): void {
    const told = this.reasons.has(key) || this.reasons.size < MAX_REASONS ? key : outcome;
    const known = this.reasons.get(told) ?? { key: told, outcome, place, text, count: 0, firstAt: at };
    this.reasons.set(told, { ...known, count: known.count + 1, lastAt: at });
  }

  report(): LoadReport {
    const { total } = this.before;
    return {
      ...this.before,
      sent: this.sent,
      done: this.sent >= total,
      outcomes: this.outcomes,
      sources: this.sources,
      backends: [...this.backends.values()].sort((a, b) => b.count - a.count),
      buckets: this.buckets,
      reasons: [...this.reasons.values()],
      losses: this.losses,
      connections: this.connections,
      hops: this.hops,
      held: this.held,
    };
  }
}
