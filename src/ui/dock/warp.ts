import type { Micros } from "../../base/time.ts";

/** A monotone scale from virtual time to pixels and back. */
export interface Scale {
  x(at: Micros): number;
  at(x: number): Micros;
}

/**
 * A linear scale that gives way where it must: neighbouring stops keep at least `gap` pixels between them, and what is left
 * of `width` is shared out by duration. Order is kept, so what comes later stands further right. When there is not even
 * room for the gaps, they shrink alike.
 *
 * `stops` are ascending times; the first lies at 0 and the last at `width`.
 */
export function warp(stops: readonly Micros[], width: number, gap: number): Scale {
  const times = stops.filter((at, i) => i === 0 || at > (stops[i - 1] ?? -Infinity));
  const first = times[0] ?? 0;
  if (times.length < 2) return { x: () => 0, at: () => first };
  const spans = times.slice(1).map((at, i) => at - (times[i] ?? at));
  const least = Math.min(gap, width / spans.length);

  // Spans that would come out narrower than the gap get the gap; the others share the rest, which may make more of them narrow.
  const fixed = spans.map(() => false);
  for (let settled = false; !settled;) {
    settled = true;
    const room = width - least * fixed.filter(Boolean).length;
    const free = spans.reduce((sum, span, i) => (fixed[i] === true ? sum : sum + span), 0);
    spans.forEach((span, i) => {
      if (fixed[i] !== true && (span / free) * room < least) {
        fixed[i] = true;
        settled = false;
      }
    });
  }
  const room = width - least * fixed.filter(Boolean).length;
  const free = spans.reduce((sum, span, i) => (fixed[i] === true ? sum : sum + span), 0);
  const xs = [0];
  spans.forEach((span, i) => xs.push((xs[i] ?? 0) + (fixed[i] === true ? least : (span / free) * room)));

  return { x: (at) => interpolate(times, xs, at), at: (x) => interpolate(xs, times, x) };
}

/** Piecewise linear, clamped at both ends. */
export function interpolate(from: readonly number[], to: readonly number[], value: number): number {
  let low = 0;
  let high = from.length - 1;
  if (high < 0) return 0;
  if (value <= (from[0] ?? 0)) return to[0] ?? 0;
  if (value >= (from[high] ?? 0)) return to[high] ?? 0;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((from[middle] ?? 0) <= value) low = middle;
    else high = middle;
  }
  const [a, b, p, q] = [from[low] ?? 0, from[high] ?? 0, to[low] ?? 0, to[high] ?? 0];
  return b === a ? p : p + ((value - a) / (b - a)) * (q - p);
}

/** Round times for an axis from `start` to `end`: about one per `every` pixels, in steps of 1, 2 or 5. */
export function ticks(
  scale: Scale,
  start: Micros,
  end: Micros,
  width: number,
  every: number,
): readonly { readonly at: Micros; readonly x: number }[] {
  const span = end - start;
  if (span <= 0) return [{ at: start, x: scale.x(start) }];
  const rough = span / Math.max(1, Math.floor(width / every));
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough) ?? rough;
  const result: { at: Micros; x: number }[] = [];
  for (let n = Math.ceil(start / step); n * step <= end; n++) {
    const x = scale.x(n * step);
    // On a warped scale round times may come to lie together: keep the first of them.
    if (x - (result.at(-1)?.x ?? -Infinity) >= every * 0.6) result.push({ at: n * step, x });
  }
  return result;
}
