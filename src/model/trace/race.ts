/** A change under load, many times over: which requests are lost while the news of it is on its way. */
import type { Micros } from "../../base/time.ts";
import type { ObjectKey } from "../meta/types.ts";
import type { OutcomeKind, Protocol, Walk } from "./types.ts";

/** What changes while the load runs. */
export type RaceChange =
  | { readonly type: "rollout"; readonly deployment: ObjectKey }
  | { readonly type: "scale"; readonly deployment: ObjectKey; readonly replicas: number }
  | { readonly type: "drain"; readonly node: string };

/** What may close the race. */
export const RACE_KNOBS = ["preStop", "readinessProbe", "terminationGracePeriodSeconds", "minSyncPeriod"] as const;
export type RaceKnob = (typeof RACE_KNOBS)[number];

/** What each of them is set to. */
export const KNOB_TITLES: Readonly<Record<RaceKnob, string>> = {
  preStop: "preStop sleep 5 s",
  readinessProbe: "readinessProbe every second",
  terminationGracePeriodSeconds: "terminationGracePeriodSeconds 60",
  minSyncPeriod: "minSyncPeriod 0.1 s",
};

/** The load, with what is left out chosen. */
export interface RaceLoad {
  readonly from: string;
  readonly to: string;
  readonly protocol: Protocol;
  /** Requests per second. */
  readonly rate: number;
  readonly duration: Micros;
}

/** What had happened when the first request was lost; null: it had not yet. Times are virtual, negative ones before the loss. */
export interface RaceMoment {
  readonly at: Micros;
  readonly outcome: OutcomeKind;
  readonly text: string;
  readonly podTerminating: Micros | null;
  readonly sliceUpdated: Micros | null;
  readonly rulesWritten: readonly { readonly node: string; readonly after: Micros | null }[];
}

/** Requests that were lost at the same place for the same reason. Times count from the change on: negative before it. */
export interface RaceReason {
  readonly outcome: OutcomeKind;
  /** Why, as the first of them says it. */
  readonly text: string;
  readonly count: number;
  readonly first: Micros;
  readonly last: Micros;
}

/** When in a history requests were lost. */
export interface RaceTimes {
  /** Width of a stretch. */
  readonly width: Micros;
  /** Stretches that lost some: when each begins, counted from the change on, and how many. */
  readonly lost: readonly (readonly [from: Micros, count: number])[];
}

/** One history. */
export interface RaceRun {
  readonly seed: number;
  readonly knob: RaceKnob | null;
  readonly sent: number;
  readonly lost: number;
  readonly outcomes: Readonly<Partial<Record<OutcomeKind, number>>>;
  readonly first: RaceMoment | null;
  readonly reasons: readonly RaceReason[];
  readonly times: RaceTimes;
  /** Had the change come to its end when the load ended? What had not happened by then is not in the numbers. */
  readonly finished: boolean;
}

/** Something that happened in one history and that decides what is lost. */
export interface RaceStep {
  /**
   * `change`: the command; `ready`, `terminating`, `gone`: a pod; `slice`: an EndpointSlice says it; `rules`: nodes' rules say it;
   * `lost`: a request.
   */
  readonly kind: "change" | "ready" | "terminating" | "gone" | "slice" | "rules" | "lost";
  readonly at: Micros;
  /** Counted from the change on. */
  readonly after: Micros;
  /** The event right after which the history shows it: where to look back to. */
  readonly event: number | null;
  readonly text: string;
  /** Of a lost request. */
  readonly outcome?: OutcomeKind;
  /** Its walk, with every hop; of very many lost requests only the first have one. */
  readonly walk?: Walk;
}

/** All histories with one setting. */
export interface RaceRow {
  readonly knob: RaceKnob | null;
  /** What was set, as "preStop sleep 5 s". */
  readonly title: string;
  readonly runs: readonly RaceRun[];
  readonly sent: number;
  readonly lost: number;
  /** Why it was not tried; null: it was. */
  readonly skipped: string | null;
}

export interface Race {
  readonly load: RaceLoad;
  /** As it is first, then each knob by itself in the same seeds. */
  readonly rows: readonly RaceRow[];
}
