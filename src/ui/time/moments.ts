/** Places of a history that one can go to: events, failures, moments. Pure. */
import type { Micros } from "../../base/time.ts";
import type { Walk } from "../../model/trace/types.ts";
import type { CommandRecord, JournalEntry } from "../../wire/protocol.ts";

/** A place of the history: a moment and, within it, the event right after which one looks. */
export interface Place {
  readonly at: Micros;
  readonly after: number | null;
}

/** The whole history as the page last had it at its end. */
export interface Whole {
  readonly journal: readonly JournalEntry[];
  readonly walks: readonly Walk[];
  readonly commands: readonly CommandRecord[];
  readonly end: Micros;
}

/** The place right after an entry. What the API server tells was written by the event that is its cause. */
export const placeOf = ({ lane, at, seq, cause }: JournalEntry): Place => ({ at, after: lane === "api" ? cause : seq });

/** Was it the event itself, not a revision that it wrote? */
export const isEvent = ({ lane }: JournalEntry): boolean => lane !== "api";

/** The pace that commands have after these ones: `settle`, as every history begins. */
export function paceOf(commands: readonly CommandRecord[]): "settle" | "run" {
  const last = commands.findLast(({ command }) => command.type === "pace")?.command;
  return last?.type === "pace" ? last.pace : "settle";
}

/** The next event from a place in the list on, or the one before it; -1 stands before all of them. Null: there is none. */
export function stepFrom(journal: readonly JournalEntry[], index: number, by: 1 | -1): number | null {
  for (let i = index + by; i >= 0 && i < journal.length; i += by) if (isEvent(journal[i] as JournalEntry)) return i;
  return null;
}

const FAILING =
  /\b(fail(ed|s|ure)?|crash(es|ed)?|kill(ed)?|back-?off|unhealthy|lost|refused|timed? ?out|not ready|notready|loses its power|hang(s)?|evict(ed|ing)?|OOM)\b/i;

/** Something that broke: by a fault, a probe, a process or a request of a load. */
export const isFailure = ({ lane, title }: JournalEntry): boolean => lane !== "api" && FAILING.test(title);

/** What to jump to: a walk that did not arrive, or an event by which something broke. */
export type Failure =
  { readonly kind: "walk"; readonly walk: Walk } | { readonly kind: "event"; readonly entry: JournalEntry };

const timeOf = (failure: Failure): Micros => (failure.kind === "walk" ? failure.walk.startedAt : failure.entry.at);

/** All failures in the order of time; of an instant the event first, which may be why the walk failed. */
export function failuresOf(whole: Pick<Whole, "journal" | "walks">): readonly Failure[] {
  const events = whole.journal.filter(isFailure).map((entry): Failure => ({ kind: "event", entry }));
  const walks = whole.walks
    .filter(({ outcome }) => outcome !== "delivered")
    .map((walk): Failure => ({ kind: "walk", walk }));
  return [...events, ...walks].toSorted((a, b) => timeOf(a) - timeOf(b) || rank(a) - rank(b));
}

const rank = (failure: Failure): number => (failure.kind === "event" ? 0 : 1);

const isSame = (a: Failure, b: Failure | null): boolean =>
  b !== null &&
  (a.kind === "walk"
    ? b.kind === "walk" && a.walk.id === b.walk.id
    : b.kind === "event" && a.entry.seq === b.entry.seq);

/** The failure after the one that was shown last or, without one, after a moment; behind the last one comes the first again. */
export function nextFailure(whole: Pick<Whole, "journal" | "walks">, last: Failure | null, at: Micros): Failure | null {
  const all = failuresOf(whole);
  const shown = all.findIndex((one) => isSame(one, last));
  if (shown >= 0) return all[(shown + 1) % all.length] ?? null;
  return all.find((one) => timeOf(one) >= at) ?? all[0] ?? null;
}

/** The last entry that has happened at a moment, as an index; -1 when none has. */
export function indexAt(journal: readonly JournalEntry[], at: Micros): number {
  let low = 0;
  let high = journal.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((journal[middle]?.at ?? Infinity) <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The speed at which so long a history takes some eight seconds, as one of those that there are. */
export function fittingSpeed(speeds: readonly number[], micros: Micros): number {
  const wanted = micros / 8e6;
  return speeds.findLast((speed) => speed <= wanted) ?? speeds[0] ?? 1;
}
