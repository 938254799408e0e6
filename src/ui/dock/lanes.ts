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

/** A virtual instant at which several things happen one after another: the axis opens up there. */
export interface Instant {
  readonly at: Micros;
  readonly from: number;
  readonly to: number;
  readonly steps: number;
}

export interface Layout extends Scale {
  /** What the cluster did. */
  readonly lanes: readonly Lane[];
  /** What the reader did: commands. Sends stand in the same lane, see {@link walkX}. */
  readonly commands: readonly Mark[];
  readonly instants: readonly Instant[];
  /** Left edge of an entry's mark: entries of one instant follow each other in causal order. */
  place(entry: JournalEntry): number;
  /** Middle of the mark of the nth send. */
  walkX(index: number): number;
}

/** Greatest width of a mark, and what lies between two of them at least. */
const MARK = 7;
const AIR = 1.5;

const LANES: readonly (readonly [JournalEntry["lane"], string])[] = [
  ["api", "API server"],
  ["controllers", "controllers"],
  ["kubelet", "kubelets"],
  ["kube-proxy", "kube-proxy"],
];

const byReader = (entry: JournalEntry): boolean => entry.lane === "user" || entry.lane === "packets";
const laneId = (entry: JournalEntry): string => (entry.lane === "kube-proxy" ? `kube-proxy ${entry.node}` : entry.lane);

/**
 * The step of each entry within its instant, by seq: one after what caused it there, and after the last of its own lane. What the
 * reader does comes after all that was there, and before all that follows.
 */
export function causalSteps(entries: readonly JournalEntry[]): ReadonlyMap<number, number> {
  const times = new Map(entries.map((entry) => [entry.seq, entry.at]));
  const steps = new Map<number, number>();
  const lastOfLane = new Map<string, number>();
  const lastOfInstant = new Map<Micros, number>();
  const floors = new Map<Micros, number>();
  for (const entry of entries) {
    const { at, cause } = entry;
    const lane = `${at} ${laneId(entry)}`;
    const afterCause = cause !== null && times.get(cause) === at ? (steps.get(cause) ?? -1) + 1 : 0;
    const afterAll = byReader(entry) ? (lastOfInstant.get(at) ?? -1) + 1 : 0;
    const step = Math.max(afterCause, afterAll, (lastOfLane.get(lane) ?? -1) + 1, floors.get(at) ?? 0);
    steps.set(entry.seq, step);
    lastOfLane.set(lane, step);
    lastOfInstant.set(at, Math.max(step, lastOfInstant.get(at) ?? 0));
    if (byReader(entry)) floors.set(at, step + 1);
  }
  return steps;
}

/**
 * Lays a journal out over `width` pixels. Time runs linearly but for the instants at which many entries share a time: those get
 * up to 60 % of the width between them, and their entries stand side by side in causal order. `sends` are the start times
 * of all walks, in order.
 */
export function layOut(entries: readonly JournalEntry[], sends: readonly Micros[], end: Micros, width: number): Layout {
  const steps = causalSteps(entries);
  const counts = new Map<Micros, number>([[0, 1]]);
  for (const entry of entries)
    counts.set(entry.at, Math.max(counts.get(entry.at) ?? 1, (steps.get(entry.seq) ?? 0) + 1));
  for (const at of [...sends, end]) if (!counts.has(at)) counts.set(at, 1);
  const times = [...counts.keys()].toSorted((a, b) => a - b);

  const extra = times.reduce((sum, at) => sum + (counts.get(at) ?? 1) - 1, 0);
  const step = extra === 0 ? 0 : Math.min(MARK + 2, (width * 0.6) / extra);
  const mark = extra === 0 ? MARK : Math.max(1, Math.min(MARK, step - AIR));
  const room = Math.max(0, width - extra * step - MARK);
  const base = warp(times, room, Math.min(MARK + 5, (room * 0.5) / Math.max(1, times.length)));

  // The scale leaves no room within an instant; opening each one up shifts all that follows.
  const startOf = new Map<Micros, number>();
  const knotsX: number[] = [];
  const knotsAt: number[] = [];
  let shift = 0;
  for (const at of times) {
    const from = base.x(at) + shift;
    const opened = ((counts.get(at) ?? 1) - 1) * step;
    startOf.set(at, from);
    knotsX.push(from);
    knotsAt.push(at);
    if (opened > 0) {
      knotsX.push(from + opened);
      knotsAt.push(at);
    }
    shift += opened;
  }
  const place = (entry: JournalEntry): number => (startOf.get(entry.at) ?? 0) + (steps.get(entry.seq) ?? 0) * step;
  const x = (at: Micros): number => startOf.get(at) ?? interpolate(knotsAt, knotsX, at);

  const groups = new Map<string, JournalEntry[]>();
  for (const entry of entries) {
    const group = groups.get(laneId(entry));
    if (group === undefined) groups.set(laneId(entry), [entry]);
    else group.push(entry);
  }
  const packets = groups.get("packets") ?? [];
  const rank = (id: string): number => LANES.findIndex(([lane]) => id === lane || id.startsWith(`${lane} `));
  const ids = [...groups.keys()].filter((id) => rank(id) >= 0).toSorted((a, b) => rank(a) - rank(b) || byNumber(a, b));

  return {
    x,
    at: (position) => interpolate(knotsX, knotsAt, position),
    place,
    walkX: (index) => {
      const at = sends[index] ?? 0;
      const entry = packets[index];
      return (entry !== undefined && entry.at === at ? place(entry) : x(at)) + MARK / 2;
    },
    instants: times.flatMap((at) => {
      const count = counts.get(at) ?? 1;
      const from = startOf.get(at) ?? 0;
      return count > 1 ? [{ at, from, to: from + (count - 1) * step + mark, steps: count }] : [];
    }),
    lanes: ids.map((id) => ({
      id,
      label: LANES.find(([lane]) => lane === id)?.[1] ?? id,
      marks: merge(groups.get(id) ?? [], place, mark),
    })),
    commands: merge(groups.get("user") ?? [], place, mark),
  };
}

/** worker-2 before worker-10. */
function byNumber(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

/** Marks that would touch become one, so that there are never more of them than there is room for. */
function merge(
  entries: readonly JournalEntry[],
  place: (entry: JournalEntry) => number,
  width: number,
): readonly Mark[] {
  const sorted = entries
    .map((entry) => ({ entry, x: place(entry) }))
    .toSorted((a, b) => a.x - b.x || a.entry.seq - b.entry.seq);
  const marks: { x: number; width: number; entries: JournalEntry[] }[] = [];
  for (const { entry, x } of sorted) {
    const last = marks.at(-1);
    if (last !== undefined && x < last.x + last.width + 1) {
      last.entries.push(entry);
      last.width = x + width - last.x;
    } else marks.push({ x, width, entries: [entry] });
  }
  return marks;
}
