/** What races come to: shares, how sure they are, when and how requests were lost, in numbers and in words. Pure. */
import type { Micros } from "../../base/time.ts";
import { KNOB_TITLES, type RaceKnob, type RaceRow, type RaceRun } from "../../model/trace/race.ts";
import type { OutcomeKind } from "../../model/trace/types.ts";

/** The rows with one more history in that of its knob; a row that is not there yet begins. */
export function withRun(rows: readonly RaceRow[], run: RaceRun): readonly RaceRow[] {
  const { knob } = run;
  const known = rows.find((row) => row.knob === knob) ?? empty(knob);
  const next: RaceRow = {
    ...known,
    runs: [...known.runs, run],
    sent: known.sent + run.sent,
    lost: known.lost + run.lost,
  };
  return rows.includes(known) ? rows.map((row) => (row === known ? next : row)) : [...rows, next];
}

/** The rows with a knob that cannot be turned, and why. */
export const withSkipped = (rows: readonly RaceRow[], knob: RaceKnob, why: string): readonly RaceRow[] => [
  ...rows,
  { ...empty(knob), skipped: why },
];

/** As the table names a setting, short. */
const SHORT: Readonly<Record<RaceKnob, string>> = {
  preStop: "preStop sleep 5 s",
  readinessProbe: "readiness probe 1 s",
  terminationGracePeriodSeconds: "grace period 60 s",
  minSyncPeriod: "minSyncPeriod 0.1 s",
};

/** What each setting does about the race, and what it does not. */
export const EFFECTS: Readonly<Record<RaceKnob, string>> = {
  preStop:
    "The pod goes on answering for 5 s after it is told to end; by then the rules of every node should leave it out.",
  readinessProbe:
    "A new pod is dialled only once it answers its probe. When an old one ends, the probe comes too late: its endpoint is terminating already.",
  terminationGracePeriodSeconds:
    "The longest that a pod may take to end. A process that ends at once at SIGTERM does not use it.",
  minSyncPeriod:
    "kube-proxy waits at least this long between two writes of its rules: a shorter wait makes the gap shorter, and does not close it.",
};

export const shortTitle = (knob: RaceKnob | null): string => (knob === null ? "as it is" : SHORT[knob]);

const empty = (knob: RaceKnob | null): RaceRow => ({
  knob,
  title: knob === null ? "as it is" : KNOB_TITLES[knob],
  runs: [],
  sent: 0,
  lost: 0,
  skipped: null,
});

export const losing = ({ runs }: RaceRow): number => runs.filter(({ lost }) => lost > 0).length;

export type Interval = readonly [low: number, high: number];

/** Wilson's interval (95 %) of a share that was met `hits` times in `of` independent draws. */
export function wilson(hits: number, of: number): Interval {
  const z = 1.96;
  const p = hits / of;
  const middle = p + (z * z) / (2 * of);
  const half = z * Math.sqrt((p * (1 - p)) / of + (z * z) / (4 * of * of));
  const whole = 1 + (z * z) / of;
  return [Math.max(0, (middle - half) / whole), Math.min(1, (middle + half) / whole)];
}

/** Student's t, two-sided 95 %, by degrees of freedom from 1. */
const T = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
  2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];

/**
 * 95 % interval of the share of lost requests over all histories that there could be. Histories are drawn independently; requests of one
 * are not, so the spread between histories is what counts. Null: too few of them, or nothing was lost in any.
 */
export function shareInterval({ runs, lost }: RaceRow): Interval | null {
  if (runs.length < 3 || lost === 0) return null;
  const shares = runs.map((run) => (run.sent === 0 ? 0 : run.lost / run.sent));
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  const variance = shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / (shares.length - 1);
  const half = (T[runs.length - 2] ?? 1.96) * Math.sqrt(variance / shares.length);
  return [Math.max(0, mean - half), Math.min(1, mean + half)];
}

/** "1.25 %": two digits that count, and 0 only for nothing. */
export function shareText(share: number): string {
  const value = share * 100;
  if (value === 0) return "0 %";
  if (value < 0.01) return "< 0.01 %";
  return `${value >= 10 ? value.toFixed(1) : value.toFixed(2)} %`;
}

/** "2.07 to 3.10 %" */
export const rangeText = ([low, high]: Interval): string =>
  `${shareText(low).replace(/ %$/, "")} to ${shareText(high)}`;
const whole = (share: number): string => String(Math.round(share * 100));
export const counted = (n: number, one: string, many = `${one}s`): string =>
  `${n.toLocaleString("en")} ${n === 1 ? one : many}`;

/** The finding of a row in a sentence. */
export function headline(row: RaceRow): string {
  const { runs, sent, lost } = row;
  const histories = counted(runs.length, "history", "histories");
  if (lost === 0) return `None of ${sent.toLocaleString("en")} requests is lost in ${histories}.`;
  const verb = lost === 1 ? "is" : "are";
  return `${lost.toLocaleString("en")} of ${sent.toLocaleString("en")} requests ${verb} lost: ${shareText(lost / sent)}.`;
}

/** How sure that is. */
export function certainty(row: RaceRow): string {
  const { runs } = row;
  const hits = losing(row);
  const lose = `${String(hits)} of ${counted(runs.length, "history loses", "histories lose")} some`;
  if (runs.length < 3) return `${lose}: too few to say how often.`;
  const [low, high] = wilson(hits, runs.length);
  if (hits === 0) return `Of all histories that there could be, at most ${whole(high)} % lose any (95 %).`;
  const share = shareInterval(row);
  const requests = share === null ? "" : `, and of their requests ${rangeText(share)}`;
  return `${lose}; of all that there could be ${whole(low)} to ${whole(high)} %${requests} (95 %).`;
}

export interface Kind {
  readonly outcome: OutcomeKind;
  readonly count: number;
  /** As the first of the commonest reason says it. */
  readonly text: string;
}

/** How requests were lost, the commonest way first. */
export function kindsOf({ runs }: RaceRow): readonly Kind[] {
  const kinds = new Map<OutcomeKind, { count: number; most: number; text: string }>();
  for (const { outcome, count, text } of runs.flatMap(({ reasons }) => reasons)) {
    const known = kinds.get(outcome) ?? { count: 0, most: 0, text: "" };
    const isMost = count > known.most;
    kinds.set(outcome, {
      count: known.count + count,
      most: isMost ? count : known.most,
      text: isMost ? text : known.text,
    });
  }
  return [...kinds]
    .map(([outcome, { count, text }]): Kind => ({ outcome, count, text }))
    .sort((a, b) => b.count - a.count);
}

const MEANINGS: Readonly<Partial<Record<OutcomeKind, string>>> = {
  refused: "refused: the pod was there, its port was closed, and rules still led to it",
  reset: "reset: the pod ended the connection in the middle",
  unreachable: "no route to host: the pod was gone, and rules still led to it",
  timeout: "timeout: no answer came back",
  "name-error": "name error: the name was not known at that moment",
};

/** What a kind of loss means in a race. */
export const meaning = (outcome: OutcomeKind): string => MEANINGS[outcome] ?? outcome;

export interface Bins {
  readonly width: Micros;
  /** Stretches of equal width without a gap: when each begins, counted from the change on, and how many requests it lost. */
  readonly bins: readonly { readonly from: Micros; readonly lost: number }[];
  readonly first: Micros;
  readonly last: Micros;
}

/** More bins than this are put together. */
const MOST_BINS = 48;

/** When requests were lost, over all histories of a row; null: none was. */
export function whenOf({ runs }: RaceRow): Bins | null {
  const reasons = runs.flatMap((run) => run.reasons);
  const base = runs[0]?.times.width;
  if (reasons.length === 0 || base === undefined) return null;
  const first = Math.min(...reasons.map((reason) => reason.first));
  const last = Math.max(...reasons.map((reason) => reason.last));
  const stretches = runs.flatMap(({ times }) => times.lost);
  const begin = Math.min(...stretches.map(([from]) => from));
  const end = Math.max(...stretches.map(([from]) => from)) + base;
  const width = base * Math.max(1, Math.ceil((end - begin) / base / MOST_BINS));
  const bins = Array.from({ length: Math.ceil((end - begin) / width) }, (_, i) => ({
    from: begin + i * width,
    lost: 0,
  }));
  for (const [from, count] of stretches) {
    const bin = bins[Math.floor((from - begin) / width)];
    if (bin !== undefined) bin.lost += count;
  }
  return { width, bins, first, last };
}

/** "1.20 s", "0.06 s": seconds with two digits. */
export const seconds = (micros: Micros): string => `${(micros / 1e6).toFixed(2)} s`;

/** "1.30 to 2.50 s"; one number when they are alike. */
export function between(low: Micros, high: Micros): string {
  return seconds(low) === seconds(high) ? seconds(low) : `${(low / 1e6).toFixed(2)} to ${seconds(high)}`;
}

/** "Lost 1.30 to 2.50 s after the change was made." */
export function whenText({ first, last }: Bins): string {
  if (last < 0) return `Lost ${between(-last, -first)} before the change was made: it is not to blame.`;
  if (first < 0)
    return `Some are lost before the change is made: it alone is not to blame. The last is lost ${seconds(last)} after it.`;
  return `Lost ${between(first, last)} after the change was made.`;
}

/** Why the first loss of a history came: what had been done, and what had not. Null: nothing was lost, or no pod had been told to go. */
export function causeText({ runs }: RaceRow): string | null {
  const moments = runs.flatMap(({ first }) => (first === null ? [] : [first]));
  const told = moments.flatMap(({ podTerminating }) =>
    podTerminating === null || podTerminating > 0 ? [] : [-podTerminating],
  );
  if (told.length === 0) return null;
  const late = moments.flatMap(({ rulesWritten }) => {
    const after = rulesWritten.flatMap((one) => (one.after === null ? [] : [one.after]));
    const most = Math.max(...after);
    return after.length > 0 && most > 0 ? [most] : [];
  });
  const begin = `A history loses its first request ${between(Math.min(...told), Math.max(...told))} after a pod was told to end`;
  if (late.length === 0) return `${begin}.`;
  return `${begin}; kube-proxy writes the rules that leave it out ${between(Math.min(...late), Math.max(...late))} too late.`;
}

/** What a knob does, beside the row as it is. */
export function verdict(row: RaceRow, plain: RaceRow | undefined, whole: boolean): string {
  if (row.knob === null || plain === undefined || row.runs.length === 0) return "";
  if (row.lost === 0) return whole ? "closes it" : "none so far";
  const [a, b] = [shareInterval(plain), shareInterval(row)];
  if (a === null || b === null) return "";
  if (b[1] < a[0]) return "loses less";
  return b[0] > a[1] ? "loses more" : "about the same";
}

/** "Seed 7: 4 of 200 requests lost" */
export function seedText({ seed, lost, sent }: RaceRun): string {
  return lost === 0
    ? `Seed ${String(seed)}: none of ${String(sent)} lost`
    : `Seed ${String(seed)}: ${String(lost)} of ${String(sent)} lost`;
}
