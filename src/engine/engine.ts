import { assert } from "../base/assert.ts";
import { Heap } from "../base/heap.ts";
import type { JsonValue } from "../base/json.ts";
import { HOUR, type Micros } from "../base/time.ts";
import {
  type ActorDirectory,
  type Checkpoint,
  type Delay,
  type Domain,
  type EngineContext,
  type LogEntry,
  MAX_ALSO,
  type Pace,
  type Quiet,
  type SimEvent,
  scaled,
} from "./types.ts";

export interface QuietOptions {
  /** Virtual time after which settling gives up; one hour by default. */
  readonly limit?: Micros;
  /** Events without any virtual time passing after which it gives up; 1,000,000 by default. */
  readonly spin?: number;
}

/** Events from one word of how far a run has come to the next. */
const WATCHED_EVERY = 512;
/** How many of the latest changes a livelock report looks at. */
const RECENT_CHANGES = 64;

function byTime(a: SimEvent, b: SimEvent): number {
  return a.at - b.at || a.seq - b.seq;
}

function slotOf(actor: string, kind: string, key: string): string {
  return `${actor}\n${kind}\n${key}`;
}

/**
 * A deterministic discrete-event engine. Events leave the queue in the order of (at, seq); the clock is virtual and moves
 * only here; the same emissions give the same log on any machine. It knows nothing of what it simulates: actors come from a
 * directory, their state from a {@link Domain}.
 */
export class Engine<Ctx, S> {
  private readonly actors: ActorDirectory<Ctx>;
  private readonly ctx: Ctx;
  private readonly domain: Domain<S>;
  private heap = new Heap<SimEvent>(byTime);
  /** Slot of a keyed event → the event that waits for it. */
  private waiting = new Map<string, SimEvent>();
  /** Events in the heap whose slot another one has taken: they never happen. */
  private dead = new Set<number>();
  /** Further causes of waiting events, by seq. Lists are replaced, never changed in place. */
  private absorbed = new Map<number, readonly number[]>();
  private clock: Micros = 0;
  private seq = 1;
  private currentPace: Pace = "run";
  private current: SimEvent | null = null;
  /** The log; past `done` what a restore went back behind, kept so that a later checkpoint can be gone forward to. */
  private entries: LogEntry[] = [];
  private done = 0;

  /** Told now and then how many events are handled: whoever waits for a long run sees it go on. Changes nothing. */
  watch: ((handled: number) => void) | null = null;

  /** What every context has alike. */
  private readonly means: Pick<EngineContext, "emit" | "latency"> = {
    emit: (after, actor, kind, data, key) => this.emit(after, actor, kind, data, key),
    latency: (delay) => scaled(delay, this.currentPace),
  };

  constructor(actors: ActorDirectory<Ctx>, ctx: Ctx, domain: Domain<S>) {
    this.actors = actors;
    this.ctx = ctx;
    this.domain = domain;
  }

  get now(): Micros {
    return this.clock;
  }

  get pace(): Pace {
    return this.currentPace;
  }

  /** Number of events handled so far. */
  get handled(): number {
    return this.done;
  }

  /** About how many things a checkpoint taken now would hold. */
  get size(): number {
    return this.heap.size + (this.domain.size?.() ?? 0);
  }

  /** Handled events in order, up to the present. */
  get log(): readonly LogEntry[] {
    return this.done === this.entries.length ? this.entries : this.entries.slice(0, this.done);
  }

  /** The event being handled, or null between events. */
  get handling(): SimEvent | null {
    return this.current;
  }

  /** Changes how long the delays of later emissions take; what is queued already keeps its moment. */
  setPace(pace: Pace): void {
    this.currentPace = pace;
  }

  /** When the next event is due, or null when none waits. */
  nextAt(): Micros | null {
    return this.head()?.at ?? null;
  }

  /** Moves the clock forward over a stretch in which nothing is due. */
  advanceTo(at: Micros): void {
    const head = this.head();
    assert(
      at >= this.clock && (head === undefined || head.at >= at),
      `the clock cannot jump from ${this.clock} to ${at}`,
    );
    this.clock = at;
  }

  /**
   * Queues an event (see {@link EngineContext.emit}). Between events it comes from outside and has no cause.
   * Returns the seq of the event that waits, which is an older one's when a key absorbed this one.
   */
  emit(after: Delay, actor: string, kind: string, data: JsonValue, key?: string): number {
    const at = this.clock + scaled(after, this.currentPace);
    const slot = key === undefined ? undefined : slotOf(actor, kind, key);
    let late: SimEvent | undefined;
    if (slot !== undefined) {
      const pending = this.waiting.get(slot);
      if (pending !== undefined && pending.at > at) late = pending;
      if (pending !== undefined && pending.at <= at) {
        this.absorb(pending);
        return pending.seq;
      }
    }
    const event: SimEvent = {
      seq: this.seq++,
      at,
      actor,
      kind,
      data,
      causedBy: this.current?.seq ?? null,
      class: after.class,
      key: key ?? null,
    };
    if (slot !== undefined) this.waiting.set(slot, event);
    if (late !== undefined) {
      this.dead.add(late.seq);
      this.inherit(event, late);
    }
    this.heap.push(event);
    return event.seq;
  }

  /** Handles the next event. False when none waits. */
  step(): boolean {
    const event = this.head();
    if (event === undefined) return false;
    this.heap.pop();
    if (event.key !== null) this.waiting.delete(slotOf(event.actor, event.kind, event.key));
    const also = this.absorbed.get(event.seq);
    this.absorbed.delete(event.seq);
    this.clock = event.at;
    this.current = event;
    const actor = this.actors.get(event.actor);
    let title: string | undefined;
    if (actor === undefined) title = `dropped ${event.kind}: there is no ${event.actor}`;
    else {
      try {
        title = actor.handle(event, this.contextOf(event), this.ctx);
      } finally {
        this.current = null;
      }
    }
    this.current = null;
    this.note({
      seq: event.seq,
      at: event.at,
      actor: event.actor,
      kind: event.kind,
      causedBy: event.causedBy,
      ...(also === undefined ? {} : { alsoCausedBy: also }),
      title: title ?? (event.key === null ? event.kind : `${event.kind} ${event.key}`),
    });
    return true;
  }

  /** Handles everything due up to and including `at`, then sets the clock to `at`. A moment in the past changes nothing. */
  runUntil(at: Micros): void {
    for (let head = this.head(); head !== undefined && head.at <= at; head = this.head()) this.step();
    if (at > this.clock) this.clock = at;
  }

  /**
   * Runs until nothing is left but periodic work of which one full round changed nothing, and deadlines, which are not
   * waited for. Gives up after `limit` of virtual time, or after `spin` events without time passing, and says who does not
   * rest. The pace is the caller's: `setPace("settle")` before makes it the instant preview. `each` is called after every
   * event.
   */
  runToQuiet(options: QuietOptions = {}, each?: () => void): Quiet {
    const until = this.clock + (options.limit ?? HOUR);
    const spin = options.spin ?? 1_000_000;
    /** Slots of periodic events that have come round since the last change. */
    const rested = new Set<string>();
    const changes: { readonly actor: string; readonly kind: string; readonly title: string }[] = [];
    const stopped = (reason: "time" | "events"): Quiet => ({
      quiet: false,
      now: this.clock,
      handled: this.handled,
      reason,
      restless: tally(changes),
    });
    let still = 0;
    for (;;) {
      if (this.isResting(rested)) return { quiet: true, now: this.clock, handled: this.handled };
      const head = this.head();
      if (head === undefined) return { quiet: true, now: this.clock, handled: this.handled };
      if (head.at > until) return stopped("time");
      still = head.at > this.clock ? 0 : still + 1;
      if (still > spin) return stopped("events");
      const before = this.domain.version();
      this.step();
      each?.();
      if (this.domain.version() !== before) {
        rested.clear();
        changes.push({ actor: head.actor, kind: head.kind, title: this.entries[this.done - 1]?.title ?? "" });
        if (changes.length > RECENT_CHANGES) changes.shift();
      } else if (head.class === "period") rested.add(roundOf(head));
    }
  }

  /** All that is needed to go on from here. Only between events. */
  checkpoint(): Checkpoint<S> {
    assert(this.current === null, "no checkpoint while an event is being handled");
    return {
      now: this.clock,
      nextSeq: this.seq,
      pace: this.currentPace,
      handled: this.handled,
      queue: this.waitingEvents(),
      domain: this.domain.snapshot(),
    };
  }

  /** Goes to a checkpoint of this history, back or forward. */
  restore(checkpoint: Checkpoint<S>): void {
    assert(this.current === null, "no restore while an event is being handled");
    assert(checkpoint.handled <= this.entries.length, "the checkpoint is of another history: its log is longer");
    this.clock = checkpoint.now;
    this.seq = checkpoint.nextSeq;
    this.currentPace = checkpoint.pace;
    this.done = checkpoint.handled;
    this.heap = new Heap<SimEvent>(byTime, checkpoint.queue);
    this.waiting = new Map();
    this.dead = new Set();
    this.absorbed = new Map(checkpoint.queue.flatMap(({ seq, alsoCausedBy: also }) => (also ? [[seq, also]] : [])));
    for (const event of checkpoint.queue) {
      if (event.key !== null) this.waiting.set(slotOf(event.actor, event.kind, event.key), event);
    }
    this.domain.restore(checkpoint.domain);
  }

  /** Runs what would come next and takes it all back: clock, queue, log and domain stand afterwards as they stood. */
  trial<T>(run: () => T): T {
    const here = this.checkpoint();
    const { entries } = this;
    // A future that was gone back from must outlive a trial that goes on differently.
    this.entries = entries.slice(0, this.done);
    try {
      return run();
    } finally {
      this.entries = entries;
      this.restore(here);
    }
  }

  /** When an event of this history was handled, those after the present included, and how many had been by then; null: never. */
  handlingOf(seq: number): { readonly at: Micros; readonly handled: number } | null {
    const index = this.entries.findIndex((entry) => entry.seq === seq);
    const entry = this.entries[index];
    return entry === undefined ? null : { at: entry.at, handled: index + 1 };
  }

  /** Drops the log of what lies after the present: its checkpoints cannot be gone to any more. */
  forgetFuture(): void {
    this.entries.length = this.done;
  }

  /** Waiting events, sorted, each with all its causes. */
  private waitingEvents(): readonly SimEvent[] {
    const queue: SimEvent[] = [];
    for (const event of this.heap.toArray()) {
      if (!this.isAlive(event)) continue;
      const also = this.absorbed.get(event.seq);
      queue.push(also === undefined ? event : { ...event, alsoCausedBy: also });
    }
    return queue.sort(byTime);
  }

  private note(entry: LogEntry): void {
    const replayed = this.entries[this.done];
    // Going on differently from before: the old future is not this one's.
    if (replayed !== undefined && (replayed.seq !== entry.seq || replayed.title !== entry.title)) this.forgetFuture();
    this.entries[this.done] = entry;
    this.done += 1;
    if (this.done % WATCHED_EVERY === 0) this.watch?.(this.done);
  }

  /** A waiting event took in one more: what is being handled is a cause of it too. */
  private absorb(event: SimEvent): void {
    const cause = this.current?.seq;
    if (cause === undefined || cause === event.causedBy) return;
    const known = this.absorbed.get(event.seq) ?? [];
    if (known.length < MAX_ALSO && known.at(-1) !== cause) this.absorbed.set(event.seq, [...known, cause]);
  }

  /** An event takes the place of one that would have come later, with all that was a cause of it. */
  private inherit(event: SimEvent, late: SimEvent): void {
    const known = this.absorbed.get(late.seq) ?? [];
    this.absorbed.delete(late.seq);
    const causes = [...(late.causedBy === null ? [] : [late.causedBy]), ...known];
    const others = [...new Set(causes)].filter((cause) => cause !== event.causedBy).slice(0, MAX_ALSO);
    if (others.length > 0) this.absorbed.set(event.seq, others);
  }

  private contextOf(event: SimEvent): EngineContext {
    return { now: this.clock, pace: this.currentPace, event, ...this.means };
  }

  private isAlive(event: SimEvent): boolean {
    return !this.dead.has(event.seq);
  }

  /** The next living event; dead ones before it are thrown away. */
  private head(): SimEvent | undefined {
    for (let head = this.heap.peek(); head !== undefined; head = this.heap.peek()) {
      if (this.isAlive(head)) return head;
      this.dead.delete(head.seq);
      this.heap.pop();
    }
    return undefined;
  }

  private isResting(rested: ReadonlySet<string>): boolean {
    // The head is nearly always work to do: only when it is background work is the whole queue looked at.
    const head = this.head();
    if (head !== undefined && !isBackground(head)) return false;
    return this.heap
      .toArray()
      .every(
        (event) =>
          !this.isAlive(event) || (isBackground(event) && (event.class !== "period" || rested.has(roundOf(event)))),
      );
  }
}

function isBackground(event: SimEvent): boolean {
  return event.class === "period" || event.class === "deadline";
}

function roundOf(event: SimEvent): string {
  return slotOf(event.actor, event.kind, event.key ?? "");
}

function tally(
  changes: readonly { readonly actor: string; readonly kind: string; readonly title: string }[],
): readonly { readonly actor: string; readonly kind: string; readonly changes: number; readonly last: string }[] {
  const counts = new Map<string, { actor: string; kind: string; changes: number; last: string }>();
  for (const { actor, kind, title } of changes) {
    const slot = `${actor}\n${kind}`;
    const entry = counts.get(slot) ?? { actor, kind, changes: 0, last: "" };
    counts.set(slot, { ...entry, changes: entry.changes + 1, last: title });
  }
  return [...counts.values()].sort(
    (a, b) => b.changes - a.changes || (a.actor < b.actor ? -1 : a.actor > b.actor ? 1 : 0),
  );
}
