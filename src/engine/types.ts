import type { JsonValue } from "../base/json.ts";
import type { Micros } from "../base/time.ts";

/**
 * What kind of waiting a delay is. The pace decides what each costs:
 *
 * | class    | what                                                             | in `settle`                        |
 * | -------- | ---------------------------------------------------------------- | ---------------------------------- |
 * | delivery | a watch event travels to an informer                             | 0                                  |
 * | queue    | a work queue's own delay, a batch period                         | 0                                  |
 * | sync     | a component writes its result out (kube-proxy, the cloud's API)  | 0                                  |
 * | start    | a sandbox and its containers come up                             | 0                                  |
 * | probe    | a probe's initial delay and the periods until its answer counts  | 0                                  |
 * | grace    | a process takes its time to stop                                 | 0                                  |
 * | timer    | exact time: never scaled, and settling waits for it              | its length                         |
 * | period   | work that comes round again (a resync)                           | its length; one quiet round is enough |
 * | deadline | time after which something is called late (progressDeadline)     | its length; settling does not wait |
 */
export type LatencyClass =
  "delivery" | "queue" | "sync" | "start" | "probe" | "grace" | "timer" | "period" | "deadline";

/** A wait: its class, which the pace scales, and its length when time runs. */
export interface Delay {
  readonly class: LatencyClass;
  readonly micros: Micros;
}

/** `run`: every delay takes its time. `settle`: the delays that the table of {@link LatencyClass} names take none. */
export type Pace = "run" | "settle";

/** At once, in the order of emission. */
export const NOW: Delay = { class: "timer", micros: 0 };

const FREE_IN_SETTLE: ReadonlySet<LatencyClass> = new Set(["delivery", "queue", "sync", "start", "probe", "grace"]);

/** How long a delay takes at this pace, in whole microseconds and never negative. */
export function scaled(delay: Delay, pace: Pace): Micros {
  return pace === "settle" && FREE_IN_SETTLE.has(delay.class) ? 0 : Math.max(0, Math.round(delay.micros));
}

/** Something that happens to one actor at one moment. Data only, never a closure: it can be saved and explained. */
export interface SimEvent {
  /** Order of emission, from 1, unique in a history. */
  readonly seq: number;
  readonly at: Micros;
  readonly actor: string;
  readonly kind: string;
  readonly data: JsonValue;
  /** seq of the event whose handling emitted this one; null when it came from outside. */
  readonly causedBy: number | null;
  /** Further causes: events whose emission this one absorbed while it waited. The first {@link MAX_ALSO} of them. */
  readonly alsoCausedBy?: readonly number[];
  readonly class: LatencyClass;
  /** Work-queue key: while an event of the same actor and kind with this key waits, no second one is queued. */
  readonly key: string | null;
}

/** How many absorbed causes an event remembers. */
export const MAX_ALSO = 32;

/** What an actor may do while it handles an event. */
export interface EngineContext {
  readonly now: Micros;
  readonly pace: Pace;
  readonly event: SimEvent;
  /**
   * Queues an event after a delay. With a `key`, an event of this actor, kind and key that is already waiting absorbs this
   * one; the earlier moment of the two counts. Returns the seq of the event that waits.
   */
  emit(after: Delay, actor: string, kind: string, data: JsonValue, key?: string): number;
  /** How long a delay would take at the present pace: for actors that keep a due time in their own state. */
  latency(delay: Delay): Micros;
}

/** An actor handles its events one by one. All its state lives in `Ctx`, so that checkpoints have it. */
export interface Actor<Ctx> {
  readonly id: string;
  /** Returns the title of the log line, or nothing for "kind key". */
  handle(event: SimEvent, engine: EngineContext, ctx: Ctx): string | undefined;
}

/** Finds the actor of an event when its time comes; a Map is one. Events for unknown actors are logged and dropped. */
export interface ActorDirectory<Ctx> {
  get(id: string): Actor<Ctx> | undefined;
}

/** A handled event. */
export interface LogEntry {
  readonly seq: number;
  readonly at: Micros;
  readonly actor: string;
  readonly kind: string;
  readonly causedBy: number | null;
  /** See {@link SimEvent.alsoCausedBy}. */
  readonly alsoCausedBy?: readonly number[];
  readonly title: string;
}

/** The domain's half of a checkpoint. `S` is plain data; `restore(snapshot())` changes nothing. */
export interface Domain<S> {
  snapshot(): S;
  restore(state: S): void;
  /** A number that grows whenever something that matters changed (a commit, a rule). Quiet means that it stands still. */
  version(): number;
  /** About how many things a snapshot holds: the more, the farther apart a history keeps its checkpoints. None when left out. */
  size?(): number;
}

/** Everything that the engine and its domain need to go on from here: plain data. */
export interface Checkpoint<S> {
  readonly now: Micros;
  readonly nextSeq: number;
  readonly pace: Pace;
  /** Number of events handled so far, which is also the length of the log. */
  readonly handled: number;
  /** Waiting events, sorted by (at, seq). */
  readonly queue: readonly SimEvent[];
  readonly domain: S;
}

/** Why a run to quiet ended. */
export type Quiet =
  | { readonly quiet: true; readonly now: Micros; readonly handled: number }
  | {
      readonly quiet: false;
      readonly now: Micros;
      readonly handled: number;
      /** `time`: it did not rest within the limit of virtual time; `events`: it spins without time passing. */
      readonly reason: "time" | "events";
      /** Who kept changing things lately, most often first. */
      readonly restless: readonly {
        readonly actor: string;
        readonly kind: string;
        readonly changes: number;
        readonly last: string;
      }[];
    };
