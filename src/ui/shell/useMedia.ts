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

export function useLayout(): Layout {
  const wide = useMedia("(min-width: 1200px)");
  const middle = useMedia("(min-width: 900px)");
  const narrow = useMedia("(min-width: 640px)");
  // A phone on its side is wide enough for a workbench, but has no height for one.
  const low = useMedia("(max-width: 1000px) and (max-height: 500px)");
  if (low) return "phone";
  return wide ? "wide" : middle ? "middle" : narrow ? "narrow" : "phone";
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
