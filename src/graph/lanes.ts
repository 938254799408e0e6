import { COLUMN, NODE, POD, RIBBON_HALF, STRAND } from "./metrics.ts";

/** A vertical piece whose x is chosen when all pieces of its corridor are known. */
export interface Run {
  /** `bus`, `edge`, `gutter worker-1`, `gutter worker-1 2` (before the third column of pods). */
  readonly corridor: string;
  /** Both ends; x is written by {@link assignLanes}. */
  readonly points: readonly [{ x: number; readonly y: number }, { x: number; readonly y: number }];
  /** From a pod towards its node: such pieces take what lanes the others leave, further left, and so cross none of them. */
  readonly outward: boolean;
}

/** Corridors: where lane 0 lies and in which direction further lanes go. */
function lanesOf(corridor: string, n: number): readonly number[] {
  if (corridor === "bus") {
    const middle = COLUMN.bus + COLUMN.busWidth / 2;
    const pitch = n <= 2 ? 15 : Math.min(12, 28 / (n - 1));
    const first = n === 1 ? 7 : n === 2 ? 7 : (pitch * (n - 1)) / 2;
    return Array.from({ length: n }, (_, i) => middle + first - i * pitch);
  }
  const [middle, room] = corridorOf(corridor);
  const pitch = Math.min(STRAND.lane, room / n);
  return Array.from({ length: n }, (_, i) => middle + ((n - 1) / 2 - i) * pitch);
}

function corridorOf(corridor: string): readonly [number, number] {
  if (corridor === "edge") return [(COLUMN.client + COLUMN.clientWidth + COLUMN.balancer) / 2, 22];
  const column = Number(/ (\d+)$/.exec(corridor)?.[1] ?? 0);
  const pods = COLUMN.node + NODE.pods + column * POD.columnPitch;
  const before = column === 0 ? COLUMN.node + NODE.cni + NODE.barWidth : pods - (POD.columnPitch - POD.width);
  return [(before + pods) / 2, pods - before - 2];
}

/** Each vertical piece gets the first lane of its corridor in which it meets no other. */
export function assignLanes(runs: readonly Run[]): void {
  for (const corridor of new Set(runs.map((r) => r.corridor))) {
    const all = runs.filter((r) => r.corridor === corridor);
    const here = ordered([...all.filter((r) => !r.outward), ...all.filter((r) => r.outward)]);
    const lanes: [number, number][][] = [];
    const chosen: number[] = [];
    here.forEach((run, k) => {
      const [a, b] = run.points;
      const span: [number, number] = [Math.min(a.y, b.y) - 8, Math.max(a.y, b.y) + 8];
      const first = here
        .slice(0, k)
        .reduce((n, other, i) => (isLeftOf(run, other) ? Math.max(n, (chosen[i] ?? 0) + 1) : n), 0);
      const free = lanes.findIndex(
        (lane, i) => i >= first && lane.every(([low, high]) => span[1] <= low || span[0] >= high),
      );
      const index = free < 0 ? Math.max(first, lanes.length) : free;
      while (lanes.length <= index) lanes.push([]);
      lanes[index]?.push(span);
      chosen.push(index);
    });
    const xs = lanesOf(corridor, lanes.length);
    here.forEach(({ points }, i) => {
      for (const p of points) p.x = xs[chosen[i] ?? 0] ?? 0;
    });
  }
}

/**
 * In a gutter a piece comes from the bridge on its left, or from a pod on its right, on levels of their own. Where the level of one on
 * the left is that of another on the right, the first must turn before it meets the second: it stands further left.
 */
function isLeftOf(run: Run, other: Run): boolean {
  if (!run.corridor.startsWith("gutter")) return false;
  return Math.abs(bridgeSide(run) - podSide(other)) < 2 * RIBBON_HALF;
}

const bridgeSide = ({ points, outward }: Run): number => points[outward ? 1 : 0].y;
const podSide = ({ points, outward }: Run): number => points[outward ? 0 : 1].y;

/** From the right to the left, each after all that it must stand left of; where that goes round in a circle, as they came. */
function ordered(runs: readonly Run[]): readonly Run[] {
  const left = [...runs];
  const done: Run[] = [];
  while (left.length > 0) {
    const next = left.findIndex((run) => left.every((other) => other === run || !isLeftOf(run, other)));
    done.push(...left.splice(Math.max(0, next), 1));
  }
  return done;
}
