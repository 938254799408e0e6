import { COLUMN, NODE, POD, STRAND } from "./metrics.ts";

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
  return [(before + pods) / 2, 26];
}

/** Each vertical piece gets the first lane of its corridor in which it meets no other. */
export function assignLanes(runs: readonly Run[]): void {
  for (const corridor of new Set(runs.map((r) => r.corridor))) {
    const all = runs.filter((r) => r.corridor === corridor);
    const here = [...all.filter((r) => !r.outward), ...all.filter((r) => r.outward)];
    const lanes: [number, number][][] = [];
    const chosen = here.map(({ points: [a, b] }) => {
      const span: [number, number] = [Math.min(a.y, b.y) - 8, Math.max(a.y, b.y) + 8];
      const free = lanes.findIndex((lane) => lane.every(([low, high]) => span[1] <= low || span[0] >= high));
      const index = free < 0 ? lanes.length : free;
      (lanes[index] ??= []).push(span);
      return index;
    });
    const xs = lanesOf(corridor, lanes.length);
    here.forEach(({ points }, i) => {
      for (const p of points) p.x = xs[chosen[i] ?? 0] ?? 0;
    });
  }
}
