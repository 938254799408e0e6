/** What part of the map is in sight. Pure. */
import type { Rect } from "../../graph/geometry.ts";

const holds = (from: number, size: number, wanted: Rect, axis: "x" | "y"): boolean =>
  wanted[axis] >= from - 1 && wanted[axis] + (axis === "x" ? wanted.w : wanted.h) <= from + size + 1;

/** Where a window of a size begins so that it shows what is wanted, stays put if it does so already, and shows nothing beyond the map. */
export function windowFrom(now: number, size: number, whole: number, wanted: Rect, axis: "x" | "y"): number {
  if (whole <= size) return (whole - size) / 2;
  if (holds(now, size, wanted, axis) && now >= 0 && now + size <= whole) return now;
  const [at, length] = axis === "x" ? [wanted.x, wanted.w] : [wanted.y, wanted.h];
  return Math.min(whole - size, Math.max(0, at + length / 2 - size / 2));
}
