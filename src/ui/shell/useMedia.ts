import { useEffect, useState, useSyncExternalStore } from "react";

/** Whether a media query holds, live. */
export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (changed) => {
      const list = matchMedia(query);
      list.addEventListener("change", changed);
      return () => list.removeEventListener("change", changed);
    },
    () => matchMedia(query).matches,
  );
}

/** Which of the four layouts fits the window. */
export type Layout = "wide" | "middle" | "narrow" | "phone";

const WIDE = "(min-width: 1200px)";
const MIDDLE = "(min-width: 900px)";
const NARROW = "(min-width: 640px)";
/** A phone on its side is wide enough for a workbench, but has no height for one. */
const LOW = "(max-width: 1000px) and (max-height: 500px)";

export function useLayout(): Layout {
  const wide = useMedia(WIDE);
  const middle = useMedia(MIDDLE);
  const narrow = useMedia(NARROW);
  const low = useMedia(LOW);
  if (low) return "phone";
  return wide ? "wide" : middle ? "middle" : narrow ? "narrow" : "phone";
}

/** The layout at this moment, for what is set off outside of React. */
export function layoutNow(): Layout {
  const is = (query: string): boolean => matchMedia(query).matches;
  if (is(LOW)) return "phone";
  return is(WIDE) ? "wide" : is(MIDDLE) ? "middle" : is(NARROW) ? "narrow" : "phone";
}

export interface WindowSize {
  readonly width: number;
  readonly height: number;
}

/** The window's inner size, live. */
export function useWindowSize(): WindowSize {
  const [size, setSize] = useState<WindowSize>(() => ({ width: innerWidth, height: innerHeight }));
  useEffect(() => {
    const changed = (): void => setSize({ width: innerWidth, height: innerHeight });
    addEventListener("resize", changed);
    return () => removeEventListener("resize", changed);
  }, []);
  return size;
}
