import { useState, type CSSProperties, type KeyboardEvent, type PointerEvent } from "react";
import { recall, remember } from "./storage.ts";
import styles from "./Splitter.module.css";

export interface Size {
  readonly value: number;
  readonly set: (value: number) => void;
}

/** A panel's size in pixels, remembered between visits. */
export function useSize(name: string, initial: number): Size {
  const [value, setValue] = useState(() => {
    const stored = Number(recall(`size.${name}`) ?? Number.NaN);
    return Number.isFinite(stored) && stored > 0 ? stored : initial;
  });
  return {
    value,
    set: (next) => {
      setValue(next);
      remember(`size.${name}`, String(Math.round(next)));
    },
  };
}

interface SplitterProps {
  readonly label: string;
  /** Id of the panel whose size it sets. */
  readonly controls: string;
  /** vertical: a vertical line between columns. */
  readonly orientation: "vertical" | "horizontal";
  /** On which side of the line the panel lies. */
  readonly panel: "before" | "after";
  readonly size: Size;
  readonly initial: number;
  readonly min: number;
  readonly max: number;
}

const STEP = 24;

/** The line between two panels: drag it, move it with the arrows (Home and End for the limits), double-click for the first size. */
export function Splitter({ label, controls, orientation, panel, size, initial, min, max }: SplitterProps) {
  const [from, setFrom] = useState<{ readonly pointer: number; readonly size: number } | null>(null);
  const sign = panel === "before" ? 1 : -1;
  const along = (event: PointerEvent): number => (orientation === "vertical" ? event.clientX : event.clientY);
  const set = (value: number): void => size.set(Math.min(max, Math.max(min, value)));

  const onKeyDown = (event: KeyboardEvent): void => {
    const on = orientation === "vertical" ? "ArrowRight" : "ArrowDown";
    const back = orientation === "vertical" ? "ArrowLeft" : "ArrowUp";
    if (event.key === on) set(size.value + sign * STEP);
    else if (event.key === back) set(size.value - sign * STEP);
    else if (event.key === "Home") set(min);
    else if (event.key === "End") set(max);
    else return;
    event.preventDefault();
  };

  return (
    <div
      role="separator"
      tabIndex={0}
      className={styles["splitter"]}
      aria-label={label}
      aria-controls={controls}
      aria-orientation={orientation}
      aria-valuenow={Math.round(Math.min(max, Math.max(min, size.value)))}
      aria-valuemin={min}
      aria-valuemax={max}
      data-dragging={from !== null || undefined}
      onKeyDown={onKeyDown}
      onDoubleClick={() => set(initial)}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        setFrom({ pointer: along(event), size: Math.min(max, Math.max(min, size.value)) });
      }}
      onPointerMove={(event) => {
        if (from !== null) set(from.size + sign * (along(event) - from.pointer));
      }}
      onPointerUp={() => setFrom(null)}
      onLostPointerCapture={() => setFrom(null)}
    />
  );
}

/** Custom properties for a grid's tracks. */
export const tracks = (sizes: Readonly<Record<string, number>>): CSSProperties =>
  Object.fromEntries(
    Object.entries(sizes).map(([name, value]) => [`--${name}`, `${String(value)}px`]),
  ) as CSSProperties;
