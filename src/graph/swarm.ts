/** Many packets at once, as numbers in arrays: where each is at a moment is looked up, not drawn from objects. */
import type { Micros } from "../base/time.ts";
import type { Flights } from "../model/trace/flights.ts";
import type { Walk } from "../model/trace/types.ts";
import type { Point } from "./geometry.ts";
import { easeTravel, SAMPLES } from "./motion.ts";
import { tintAt, type LegPath, type Tint, type WalkPath } from "./path.ts";
import { pointAt } from "./ribbon.ts";

/** Tints by number, as {@link SwarmPicture} has them. */
export const TINTS: readonly Tint[] = ["request", "reply", "dnat", "snat", "reject"];

/** The way between two hops that follow each other. */
interface Stretch {
  readonly leg: LegPath;
  readonly s0: number;
  readonly s1: number;
  /** Where the next leg begins, which the packet crosses over to in a straight line; null within a leg. */
  readonly over: Point | null;
  readonly source: number;
  readonly destination: number;
  /** `SAMPLES` pairs x, y; made when the first packet comes by. */
  points: Float32Array | null;
}

/** One way that packets go: times after the start at which each stretch begins, and one more for the end. */
interface Way {
  readonly times: Float64Array;
  readonly stretches: readonly Stretch[];
}

export interface Swarm {
  readonly count: number;
  readonly ways: readonly (Way | null)[];
  readonly way: Uint32Array;
  readonly startedAt: Float64Array;
  /** Packets that left together go abreast: each has its place beside the line. */
  readonly besideX: Float32Array;
  readonly besideY: Float32Array;
}

/** Where packets are at one moment; only the first `count` of each array mean something. Reused from frame to frame. */
export interface SwarmPicture {
  count: number;
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
}

const GOLDEN = Math.PI * (3 - Math.sqrt(5));
/** How far from the line a packet may go, and how far each is from the next. */
const BESIDE = 10;
const APART = 1.6;

export function swarmOf({ ways, packets }: Flights, pathOf: (walk: Walk) => WalkPath): Swarm {
  const count = packets.length;
  const swarm: Swarm = {
    count,
    ways: ways.map((walk) => wayOf(pathOf(walk))),
    way: new Uint32Array(count),
    startedAt: new Float64Array(count),
    besideX: new Float32Array(count),
    besideY: new Float32Array(count),
  };
  const abreast = new Map<string, number>();
  packets.forEach(([way, startedAt], i) => {
    const together = `${String(way)} ${String(startedAt)}`;
    const place = abreast.get(together) ?? 0;
    abreast.set(together, place + 1);
    const radius = Math.min(BESIDE, APART * Math.sqrt(place));
    swarm.way[i] = way;
    swarm.startedAt[i] = startedAt;
    swarm.besideX[i] = radius * Math.cos(place * GOLDEN);
    swarm.besideY[i] = radius * Math.sin(place * GOLDEN);
  });
  return swarm;
}

/** Null for a walk that passes nothing of the map. */
function wayOf({ walk, legs }: WalkPath): Way | null {
  const stops = legs.flatMap((leg) => leg.stations.map((station) => ({ leg, station })));
  if (stops.length === 0) return null;
  const times = new Float64Array(stops.length + 1);
  const stretches = stops.map(({ leg, station }, i): Stretch => {
    times[i] = station.hop.at - walk.startedAt;
    const next = stops[i + 1];
    const jump = next !== undefined && next.leg !== leg;
    return {
      leg,
      s0: station.s,
      s1: next === undefined ? leg.ribbon.length : jump ? station.s : next.station.s,
      over: jump ? next.station.point : null,
      source: TINTS.indexOf(tintAt(leg.source, station.s)),
      destination: TINTS.indexOf(tintAt(leg.destination, station.s)),
      points: null,
    };
  });
  times[stops.length] = walk.endedAt - walk.startedAt;
  return { times, stretches };
}

function sampled(stretch: Stretch): Float32Array {
  if (stretch.points !== null) return stretch.points;
  const points = new Float32Array(SAMPLES * 2);
  const { leg, s0, s1, over } = stretch;
  const start = pointAt(leg.ribbon, s0);
  for (let k = 0; k < SAMPLES; k++) {
    const t = k / (SAMPLES - 1);
    const on = pointAt(leg.ribbon, s0 + (s1 - s0) * t);
    points[k * 2] = over === null ? on.x : start.x + (over.x - start.x) * t;
    points[k * 2 + 1] = over === null ? on.y : start.y + (over.y - start.y) * t;
  }
  return (stretch.points = points);
}

export function emptyPicture(count: number): SwarmPicture {
  return {
    count: 0,
    x: new Float32Array(count),
    y: new Float32Array(count),
    source: new Uint8Array(count),
    destination: new Uint8Array(count),
  };
}

/** Writes where every packet that is under way at `at` is; `discrete`: on the hop it has reached. */
export function placeSwarm(swarm: Swarm, at: Micros, discrete: boolean, into: SwarmPicture): void {
  let n = 0;
  for (let i = 0; i < swarm.count; i++) {
    const way = swarm.ways[swarm.way[i] ?? 0];
    if (way === null || way === undefined) continue;
    const since = at - (swarm.startedAt[i] ?? 0);
    const { times, stretches } = way;
    const last = stretches.length;
    if (since < 0 || since >= (times[last] ?? 0)) continue;
    let low = 0;
    let high = last - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((times[middle] ?? Infinity) <= since) low = middle;
      else high = middle - 1;
    }
    const stretch = stretches[low];
    if (stretch === undefined) continue;
    const from = times[low] ?? 0;
    const span = (times[low + 1] ?? from) - from;
    const t = discrete || span <= 0 ? 0 : easeTravel(Math.min(1, Math.max(0, (since - from) / span)));
    const points = sampled(stretch);
    const k = t * (SAMPLES - 1);
    const a = Math.min(SAMPLES - 2, Math.floor(k)) * 2;
    const f = k - a / 2;
    const x = points[a] ?? 0;
    const y = points[a + 1] ?? 0;
    into.x[n] = x + ((points[a + 2] ?? x) - x) * f + (swarm.besideX[i] ?? 0);
    into.y[n] = y + ((points[a + 3] ?? y) - y) * f + (swarm.besideY[i] ?? 0);
    into.source[n] = stretch.source;
    into.destination[n] = stretch.destination;
    n += 1;
  }
  into.count = n;
}
