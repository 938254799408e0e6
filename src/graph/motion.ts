import type { Micros } from "../base/time.ts";
import type { Point } from "./geometry.ts";
import { tintAt, type LegPath, type Tint, type WalkPath } from "./path.ts";
import { pointAt } from "./ribbon.ts";
import type { Leg } from "./visits.ts";

/** Points per edge: enough that a corner of radius 10 looks round at 400 %. */
export const SAMPLES = 64;

/** The way between two hops that follow each other, ready to be drawn at any time: `SAMPLES` pairs x, y at even times. */
export interface Edge {
  readonly leg: Leg;
  /** Index of the hop it starts from, within its leg. */
  readonly index: number;
  readonly from: Micros;
  readonly to: Micros;
  /** Arc lengths on the leg at both ends. */
  readonly s0: number;
  readonly s1: number;
  readonly points: Float32Array;
}

/** A walk's path cut into edges in the order of time. */
export interface Motion {
  readonly path: WalkPath;
  readonly edges: readonly Edge[];
  readonly start: Micros;
  readonly end: Micros;
}

/** What to draw at one moment. */
export interface Moment {
  readonly point: Point;
  readonly leg: Leg;
  /** Arc length reached on the current leg; earlier legs are done, later ones not begun. */
  readonly s: number;
  readonly source: Half;
  readonly destination: Half;
}

/** One half of the domino. While it flips, `was` is the colour it had and `turn` runs from 0 to 1. */
export interface Half {
  readonly tint: Tint;
  readonly was: Tint;
  readonly turn: number;
}

export function motionOf(path: WalkPath): Motion {
  const stops = path.legs.flatMap((leg) => leg.stations.map((station) => ({ leg, station })));
  const edges: Edge[] = [];
  stops.forEach(({ leg, station }, i) => {
    const next = stops[i + 1];
    const to = next?.station.hop.at ?? Math.max(station.hop.at, path.walk.endedAt);
    const same = next === undefined || next.leg === leg;
    const s1 = next === undefined ? leg.ribbon.length : same ? next.station.s : station.s;
    const target = next === undefined ? pointAt(leg.ribbon, s1) : next.station.point;
    const points = new Float32Array(SAMPLES * 2);
    for (let k = 0; k < SAMPLES; k++) {
      const t = k / (SAMPLES - 1);
      const p = same
        ? pointAt(leg.ribbon, station.s + (s1 - station.s) * t)
        : {
            x: station.point.x + (target.x - station.point.x) * t,
            y: station.point.y + (target.y - station.point.y) * t,
          };
      points[k * 2] = p.x;
      points[k * 2 + 1] = p.y;
    }
    edges.push({
      leg: leg.leg,
      index: station.hop.index,
      from: station.hop.at,
      to: Math.max(to, station.hop.at),
      s0: station.s,
      s1,
      points,
    });
  });
  return { path, edges, start: path.walk.startedAt, end: path.walk.endedAt };
}

/** Ease-travel, close to cubic-bezier(.4, 0, .2, 1): leaves soon, arrives gently. Grows from 0 to 1. */
export function easeTravel(t: number): number {
  return t * t * (3 - 2 * t);
}

export interface DrawOptions {
  /** Virtual µs that a flip takes; 0 cuts. */
  readonly flip: number;
  /** Reduced motion: the packet stands on the hop it has reached. */
  readonly discrete: boolean;
}

/** The packet at virtual time `at`: a pure function, so pause, scrub and step only choose `at`. Null when there is no path. */
export function momentAt(motion: Motion, at: Micros, options: DrawOptions): Moment | null {
  const edge = edgeAt(motion, at);
  if (edge === null) return null;
  const leg = motion.path.legs.find((l) => l.leg === edge.leg);
  if (leg === undefined) return null;
  const span = edge.to - edge.from;
  const done = at >= edge.to;
  const linear = done ? 1 : span <= 0 ? 0 : Math.min(1, Math.max(0, (at - edge.from) / span));
  const t = options.discrete && !(done && edge === motion.edges.at(-1)) ? 0 : easeTravel(linear);
  const k = t * (SAMPLES - 1);
  const i = Math.min(SAMPLES - 2, Math.floor(k));
  const f = k - i;
  const p = edge.points;
  const x0 = p[i * 2] ?? 0;
  const y0 = p[i * 2 + 1] ?? 0;
  const s = edge.s0 + (edge.s1 - edge.s0) * t;
  return {
    point: { x: x0 + ((p[i * 2 + 2] ?? x0) - x0) * f, y: y0 + ((p[i * 2 + 3] ?? y0) - y0) * f },
    leg: edge.leg,
    s,
    source: halfAt(leg, "source", s, at, options.flip),
    destination: halfAt(leg, "destination", s, at, options.flip),
  };
}

function edgeAt(motion: Motion, at: Micros): Edge | null {
  const { edges } = motion;
  let low = 0;
  let high = edges.length - 1;
  if (high < 0) return null;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((edges[middle]?.from ?? Infinity) <= at) low = middle;
    else high = middle - 1;
  }
  return edges[low] ?? null;
}

function halfAt(leg: LegPath, half: "source" | "destination", s: number, at: Micros, flip: number): Half {
  const changes = leg[half];
  const tint = tintAt(changes, s);
  const index = changes.findLastIndex((c) => c.s <= s + 1e-3);
  const change = changes[index];
  const before = changes[index - 1];
  if (flip <= 0 || change === undefined || before === undefined) return { tint, was: tint, turn: 1 };
  // The flip begins when the packet reaches the rule, so the time counts, not the way.
  const began = leg.stations.findLast((st) => st.s <= change.s + 1e-3 && rewrites(st.hop, half))?.hop.at ?? at;
  const turn = Math.min(1, Math.max(0, (at - began) / flip));
  return { tint, was: before.tint, turn };
}

function rewrites(hop: LegPath["stations"][number]["hop"], half: "source" | "destination"): boolean {
  const { before, after } = hop;
  return half === "source"
    ? before.src !== after.src || before.sport !== after.sport
    : before.dst !== after.dst || before.dport !== after.dport;
}

/** Arc length done on a leg at a moment: all of it before the current leg, nothing after. */
export function doneOf(leg: LegPath, moment: Moment | null, order: readonly Leg[] = ["request", "reply"]): number {
  if (moment === null) return 0;
  const own = order.indexOf(leg.leg);
  const current = order.indexOf(moment.leg);
  return own < current ? leg.ribbon.length : own > current ? 0 : moment.s;
}
