import { useEffect, useMemo, useRef, type ReactElement } from "react";
import type { Layout } from "../../graph/layout.ts";
import { useStory } from "./state.ts";
import styles from "./Token.module.css";
import { waypointsOf } from "./waypoints.ts";

/** Wall milliseconds from one station to the next. */
const LEG_MS = 420;

/** What travels in the step on show: a round dot, in the ink of the control plane. Its way stays as a dotted line. */
export function Token({ layout }: { readonly layout: Layout }): ReactElement | null {
  const step = useStory(({ story, index }) => story?.steps[index] ?? null);
  const points = useMemo(() => (step === null ? [] : waypointsOf(step, layout)), [step, layout]);
  const dot = useRef<HTMLDivElement>(null);
  const shown = useRef<{ readonly step: unknown; readonly run: Animation | null }>({ step: null, run: null });
  useEffect(() => {
    const element = dot.current;
    // A new layout of the same step, as its own moment brings it, neither sets it off again nor stops it.
    if (element === null || points.length < 2 || shown.current.step === step) return;
    shown.current.run?.cancel();
    shown.current = { step, run: null };
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const run = element.animate(
      points.map(({ x, y }) => ({ transform: `translate(${x}px, ${y}px)` })),
      { duration: LEG_MS * Math.ceil((points.length - 1) / 3), easing: "cubic-bezier(0.4, 0, 0.2, 1)" },
    );
    shown.current = { step, run };
  }, [points, step]);
  const end = points.at(-1);
  if (end === undefined || points.length < 2) return null;
  return (
    <div className={styles["layer"]} aria-hidden="true">
      <svg className={styles["way"]} width="1" height="1">
        <polyline points={points.map(({ x, y }) => `${x},${y}`).join(" ")} />
      </svg>
      <div ref={dot} className={styles["dot"]} style={{ transform: `translate(${end.x}px, ${end.y}px)` }} />
    </div>
  );
}
