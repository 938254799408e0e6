/** A change under load, many times over: which requests are lost while the news of it is on its way. */
import type { Micros } from "../../base/time.ts";
import type { ObjectKey } from "../meta/types.ts";
import type { OutcomeKind, Protocol } from "./types.ts";

/** What changes while the load runs. */
export type RaceChange =
  | { readonly type: "rollout"; readonly deployment: ObjectKey }
  | { readonly type: "scale"; readonly deployment: ObjectKey; readonly replicas: number }
  | { readonly type: "drain"; readonly node: string };

/** What may close the race. */
export const RACE_KNOBS = ["preStop", "readinessProbe", "terminationGracePeriodSeconds", "minSyncPeriod"] as const;
export type RaceKnob = (typeof RACE_KNOBS)[number];

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

/** One history. */
export interface RaceRun {
  readonly seed: number;
  readonly knob: RaceKnob | null;
  readonly sent: number;
  readonly lost: number;
  readonly outcomes: Readonly<Partial<Record<OutcomeKind, number>>>;
  readonly first: RaceMoment | null;
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
