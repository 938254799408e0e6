import type { Point } from "./geometry.ts";
import { STRAND } from "./metrics.ts";

/**
 * A path with rounded corners and hops over earlier lines, flattened to short straight pieces. For each of the `count` points:
 * position, unit vector to the left of travel, arc length `s` from the start, and `u`, the length along the bare orthogonal
 * path that the point stands for. `s` and `u` grow together.
 */
export interface Ribbon {
  readonly count: number;
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly leftX: Float32Array;
  readonly leftY: Float32Array;
  readonly s: Float32Array;
  readonly u: Float32Array;
  readonly length: number;
}

export interface Segment {
  readonly from: Point;
  readonly to: Point;
  /** `u` at `from`. */
  readonly u: number;
}

/** Axis-parallel pieces of an orthogonal path, points in one line merged, zero lengths dropped. */
export function segmentsOf(points: readonly Point[]): readonly Segment[] {
  const segments: Segment[] = [];
  let u = 0;
  for (let i = 1; i < points.length; i++) {
    const from = points[i - 1];
    const to = points[i];
    if (from === undefined || to === undefined) continue;
    const length = Math.abs(to.x - from.x) + Math.abs(to.y - from.y);
    if (length < 1e-6) continue;
    const last = segments.at(-1);
    if (last !== undefined && heading(last.from, last.to) === heading(from, to))
      segments[segments.length - 1] = { ...last, to };
    else segments.push({ from, to, u });
    u += length;
  }
  return segments;
}

function heading(from: Point, to: Point): string {
  return `${Math.sign(to.x - from.x)},${Math.sign(to.y - from.y)}`;
}

export const lengthOf = (s: Segment): number => Math.abs(s.to.x - s.from.x) + Math.abs(s.to.y - s.from.y);

/** Where `later` crosses `earlier` at a right angle, as `u` of `later`; null when it does not. */
export function crossing(later: Segment, earlier: Segment): number | null {
  const flat = later.from.y === later.to.y;
  if (flat === (earlier.from.y === earlier.to.y)) return null;
  const [h, v] = flat ? [later, earlier] : [earlier, later];
  const x = v.from.x;
  const y = h.from.y;
  const clear = 2;
  if (x <= Math.min(h.from.x, h.to.x) + clear || x >= Math.max(h.from.x, h.to.x) - clear) return null;
  if (y <= Math.min(v.from.y, v.to.y) + clear || y >= Math.max(v.from.y, v.to.y) - clear) return null;
  return later.u + (flat ? Math.abs(x - later.from.x) : Math.abs(y - later.from.y));
}

interface Vertex extends Point {
  readonly u: number;
  readonly radius: number;
}

const ARC_STEPS = 8;

/** Rounds corners and lifts the path over each `u` in `over`. A path without length becomes a single point. */
export function flatten(segments: readonly Segment[], over: readonly number[], start: Point): Ribbon {
  const vertices = withHops(segments, over);
  const xs: number[] = [];
  const ys: number[] = [];
  const us: number[] = [];
  const push = (x: number, y: number, u: number): void => {
    xs.push(x);
    ys.push(y);
    us.push(u);
  };
  vertices.forEach((vertex, i) => {
    const before = vertices[i - 1];
    const after = vertices[i + 1];
    if (before === undefined || after === undefined) return push(vertex.x, vertex.y, vertex.u);
    const a = Math.hypot(vertex.x - before.x, vertex.y - before.y);
    const b = Math.hypot(after.x - vertex.x, after.y - vertex.y);
    const r = Math.min(vertex.radius, a / 2, b / 2);
    const inX = (vertex.x - before.x) / a;
    const inY = (vertex.y - before.y) / a;
    const outX = (after.x - vertex.x) / b;
    const outY = (after.y - vertex.y) / b;
    const uIn = vertex.u - ((vertex.u - before.u) * r) / a;
    const uOut = vertex.u + ((after.u - vertex.u) * r) / b;
    for (let k = 0; k <= ARC_STEPS; k++) {
      // A quarter circle: its centre lies r to the side that the path turns to.
      const t = ((k / ARC_STEPS) * Math.PI) / 2;
      const along = r * Math.sin(t);
      const aside = r * (1 - Math.cos(t));
      const x = vertex.x - inX * r + inX * along + outX * aside;
      const y = vertex.y - inY * r + inY * along + outY * aside;
      push(x, y, uIn + ((uOut - uIn) * k) / ARC_STEPS);
    }
  });
  if (vertices.length === 0) push(start.x, start.y, 0);
  return measure(xs, ys, us);
}

function measure(xs: readonly number[], ys: readonly number[], us: readonly number[]): Ribbon {
  const count = xs.length;
  const ribbon = {
    count,
    x: Float32Array.from(xs),
    y: Float32Array.from(ys),
    leftX: new Float32Array(count),
    leftY: new Float32Array(count),
    s: new Float32Array(count),
    u: Float32Array.from(us),
    length: 0,
  };
  for (let i = 0; i < count; i++) {
    const p = Math.max(0, i - 1);
    const n = Math.min(count - 1, i + 1);
    if (i > 0)
      ribbon.s[i] =
        (ribbon.s[i - 1] ?? 0) + Math.hypot((xs[i] ?? 0) - (xs[i - 1] ?? 0), (ys[i] ?? 0) - (ys[i - 1] ?? 0));
    const dx = (xs[n] ?? 0) - (xs[p] ?? 0);
    const dy = (ys[n] ?? 0) - (ys[p] ?? 0);
    const d = Math.hypot(dx, dy) || 1;
    ribbon.leftX[i] = dy / d;
    ribbon.leftY[i] = -dx / d;
  }
  return { ...ribbon, length: ribbon.s[count - 1] ?? 0 };
}

function withHops(segments: readonly Segment[], over: readonly number[]): readonly Vertex[] {
  const vertices: Vertex[] = [];
  const first = segments[0];
  if (first === undefined) return vertices;
  vertices.push({ ...first.from, u: 0, radius: 0 });
  for (const segment of segments) {
    const length = lengthOf(segment);
    const dx = Math.sign(segment.to.x - segment.from.x);
    const dy = Math.sign(segment.to.y - segment.from.y);
    // Horizontal lines hop upwards, vertical ones to the right.
    const lift = dx === 0 ? { x: STRAND.hop, y: 0 } : { x: 0, y: -STRAND.hop };
    const at = (d: number, up: boolean): Vertex => ({
      x: segment.from.x + dx * d + (up ? lift.x : 0),
      y: segment.from.y + dy * d + (up ? lift.y : 0),
      u: segment.u + d,
      radius: STRAND.hop / 2,
    });
    for (const [from, to] of hopsOn(segment, length, over)) {
      const third = (to - from) / 3;
      vertices.push(at(from, false), { ...at(from, true), u: segment.u + from + third });
      vertices.push({ ...at(to, true), u: segment.u + to - third }, at(to, false));
    }
    vertices.push({ ...segment.to, u: segment.u + length, radius: STRAND.radius });
  }
  return vertices;
}

/** Intervals of one segment that are lifted; crossings near each other share one hop. */
function hopsOn(segment: Segment, length: number, over: readonly number[]): readonly (readonly [number, number])[] {
  const half = STRAND.hop;
  const hops: [number, number][] = [];
  for (const u of [...over].sort((a, b) => a - b)) {
    const d = u - segment.u;
    if (d <= half + 1 || d >= length - half - 1) continue;
    const last = hops.at(-1);
    if (last !== undefined && d - half - last[1] < half) last[1] = d + half;
    else hops.push([d - half, d + half]);
  }
  return hops;
}

/** Arc length for a length along the bare path. */
export function arcAt(ribbon: Ribbon, u: number): number {
  return interpolate(ribbon.u, ribbon.s, ribbon.count, u);
}

/** Index of the last point whose key is at most `value`, at least 0. */
export function indexAt(keys: Float32Array, count: number, value: number): number {
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((keys[middle] ?? 0) <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}

function interpolate(keys: Float32Array, values: Float32Array, count: number, key: number): number {
  const i = indexAt(keys, count, key);
  if (i >= count - 1) return values[count - 1] ?? 0;
  const k0 = keys[i] ?? 0;
  const k1 = keys[i + 1] ?? k0;
  const v0 = values[i] ?? 0;
  const t = k1 > k0 ? Math.min(1, Math.max(0, (key - k0) / (k1 - k0))) : 0;
  return v0 + ((values[i + 1] ?? v0) - v0) * t;
}

/** Position on the middle line at arc length `s`. */
export function pointAt(ribbon: Ribbon, s: number): Point {
  return {
    x: interpolate(ribbon.s, ribbon.x, ribbon.count, s),
    y: interpolate(ribbon.s, ribbon.y, ribbon.count, s),
  };
}
