/** Journal entries laid out as lanes of marks. Pure. */
import type { Micros } from "../../base/time.ts";
import type { JournalEntry } from "../../wire/protocol.ts";
import { interpolate, warp, type Scale } from "./warp.ts";

/** One or more entries that lie too close in their lane to be told apart. */
export interface Mark {
  readonly x: number;
  readonly width: number;
  readonly entries: readonly JournalEntry[];
}

export interface Lane {
  readonly id: string;
  readonly label: string;
  readonly marks: readonly Mark[];
}

/** Virtual instants at which several things happen one after another: the axis opens up there. */
export interface Instant {
  readonly at: Micros;
  readonly from: number;
  readonly to: number;
  readonly steps: number;
}

export interface Layout extends Scale {
  readonly lanes: readonly Lane[];
  readonly instants: readonly Instant[];
  /** Where an entry stands: entries of one instant follow each other in causal order. */
  place(entry: JournalEntry): number;
}

const MARK = 7;
const LANES: readonly (readonly [JournalEntry["lane"], string])[] = [
  ["user", "you"],
  ["api", "API server"],
  ["controllers", "controllers"],
  ["kubelet", "kubelets"],
  ["kube-proxy", "kube-proxy"],
];

/** The step of each entry within its instant: one after what caused it there, and after the last of its own lane. */
export function causalSteps(entries: readonly JournalEntry[]): ReadonlyMap<number, number> {
  const bySeq = new Map(entries.map((entry) => [entry.seq, entry]));
  const steps = new Map<number, number>();
  const last = new Map<string, number>();
  for (const entry of entries) {
    const cause = entry.cause === null ? undefined : bySeq.get(entry.cause);
    const afterCause =
      cause !== undefined && cause.at === entry.at && cause.lane !== entry.lane ? (steps.get(cause.seq) ?? -1) + 1 : 0;
    const lane = `${entry.at} ${laneId(entry)}`;
    const step = Math.max(afterCause, (last.get(lane) ?? -1) + 1);
    steps.set(entry.seq, step);
    last.set(lane, step);
  }
  return steps;
}

const laneId = (entry: JournalEntry): string => (entry.lane === "kube-proxy" ? `kube-proxy ${entry.node}` : entry.lane);

/**
 * Lays a journal out over `width` pixels. Time runs linearly but for the instants at which many entries share a time: those get
 * up to half the width between them, and their entries stand side by side in causal order. `stops` are further times that
 * need a place of their own (packets).
 */
export function layOut(journal: readonly JournalEntry[], stops: readonly Micros[], end: Micros, width: number): Layout {
  const entries = journal.filter((entry) => entry.lane !== "packets");
  const steps = causalSteps(entries);
  const counts = new Map<Micros, number>([[0, 1]]);
  for (const entry of entries)
    counts.set(entry.at, Math.max(counts.get(entry.at) ?? 1, (steps.get(entry.seq) ?? 0) + 1));
  for (const at of stops) if (!counts.has(at)) counts.set(at, 1);
  if (!counts.has(end)) counts.set(end, 1);
  const times = [...counts.keys()].toSorted((a, b) => a - b);

  const extra = times.reduce((sum, at) => sum + (counts.get(at) ?? 1) - 1, 0);
  const step = extra === 0 ? 0 : Math.min(MARK + 2, (width * 0.5) / extra);
  const gaps = width - extra * step - MARK;
  const base = warp(times, Math.max(0, gaps), Math.min(MARK + 3, (gaps * 0.5) / Math.max(1, times.length)));

  // The warp leaves room between instants; opening each one up shifts all that follows.
  const starts: number[] = [];
  const knotsX: number[] = [];
  const knotsAt: number[] = [];
  let shift = 0;
  for (const at of times) {
    const from = base.x(at) + shift;
    starts.push(from);
    const opened = ((counts.get(at) ?? 1) - 1) * step;
    knotsX.push(from);
    knotsAt.push(at);
    if (opened > 0) {
      knotsX.push(from + opened);
      knotsAt.push(at);
    }
    shift += opened;
  }
  const startOf = new Map(times.map((at, i) => [at, starts[i] ?? 0]));
  const place = (entry: JournalEntry): number => (startOf.get(entry.at) ?? 0) + (steps.get(entry.seq) ?? 0) * step;

  const groups = new Map<string, JournalEntry[]>();
  for (const entry of entries) {
    const id = laneId(entry);
    const group = groups.get(id);
    if (group === undefined) groups.set(id, [entry]);
    else group.push(entry);
  }
  const rank = (id: string): number => LANES.findIndex(([lane]) => id === lane || id.startsWith(`${lane} `));
  const ids = [...groups.keys()].toSorted((a, b) => rank(a) - rank(b) || compareNumbered(a, b));

  return {
    x: (at) => startOf.get(at) ?? interpolate(knotsAt, knotsX, at),
    at: (x) => interpolate(knotsX, knotsAt, x),
    place,
    instants: times.flatMap((at) => {
      const count = counts.get(at) ?? 1;
      const from = startOf.get(at) ?? 0;
      return count > 1 ? [{ at, from, to: from + (count - 1) * step + MARK, steps: count }] : [];
    }),
    lanes: ids.map((id) => ({
      id,
      label: LANES.find(([lane]) => lane === id)?.[1] ?? id,
      marks: merge(groups.get(id) ?? [], place),
    })),
  };
}

/** worker-2 before worker-10. */
function compareNumbered(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

/** Marks that would touch become one, so that there are never more of them than there is room for. */
function merge(entries: readonly JournalEntry[], place: (entry: JournalEntry) => number): readonly Mark[] {
  const sorted = entries
    .map((entry) => ({ entry, x: place(entry) }))
    .toSorted((a, b) => a.x - b.x || a.entry.seq - b.entry.seq);
  const marks: { x: number; width: number; entries: JournalEntry[] }[] = [];
  for (const { entry, x } of sorted) {
    const last = marks.at(-1);
    if (last !== undefined && x < last.x + last.width + 1) {
      last.entries.push(entry);
      last.width = x + MARK - last.x;
    } else marks.push({ x, width: MARK, entries: [entry] });
  }
  return marks;
}
