import {
  useEffect,
  useMemo,
  useRef,
  type KeyboardEvent,
  type PointerEvent,
  type ReactElement,
  type RefObject,
} from "react";
import type { Walk } from "../../model/trace/types.ts";
import { RailGlyph } from "../inspector/glyphs.tsx";
import { duration, hopStage, hostTitle, walkTitle } from "../inspector/wording.ts";
import { useCurrentHop } from "../inspector/useCurrentHop.ts";
import { sequence, usePlayback } from "../playback.ts";
import { strandsOf } from "../inspector/strands.ts";
import { stripOf } from "./strip.ts";
import { useSize } from "./useSize.ts";
import styles from "./WalkStrip.module.css";

const INSET = 26;

/** The walk on stage along its own time, and the scrubber of it all: drag, click, or arrow keys from hop to hop. */
export function WalkStrip({ walk, from }: { readonly walk: Walk; readonly from: number | null }): ReactElement {
  const track = useRef<HTMLDivElement>(null);
  const { width } = useSize(track);
  const strip = useMemo(() => (width <= 2 * INSET ? null : stripOf(walk, width - 2 * INSET)), [walk, width]);
  const head = useRef<HTMLElement>(null);
  const { selection, hop } = useCurrentHop();

  // The domino moves with every frame, past React.
  useEffect(() => {
    if (strip === null) return undefined;
    const move = (): void => {
      const { at } = usePlayback.getState();
      if (head.current !== null) head.current.style.transform = `translateX(${(INSET + strip.x(at)).toFixed(2)}px)`;
    };
    move();
    return usePlayback.subscribe(move);
  }, [strip]);

  const seek = (event: PointerEvent<HTMLElement>): void => {
    if (strip === null) return;
    const { left } = event.currentTarget.getBoundingClientRect();
    const x = event.clientX - left - INSET;
    const near = strip.hops.filter((h) => h.glyph !== null).find((h) => Math.abs(h.x - x) < 7);
    const { pause, seek: seekTo, select } = usePlayback.getState();
    pause();
    // A click on a glyph means that hop, not a moment beside it.
    if (near !== undefined && event.type === "pointerdown") select({ leg: near.leg, index: near.hop.index });
    else seekTo(strip.at(Math.max(0, x)));
  };
  const onKey = (event: KeyboardEvent): void => {
    const { step, select } = usePlayback.getState();
    const all = sequence(walk);
    const to = event.key === "Home" ? all[0] : event.key === "End" ? all.at(-1) : undefined;
    if (event.key === "ArrowRight" || event.key === "ArrowUp") step(1);
    else if (event.key === "ArrowLeft" || event.key === "ArrowDown") step(-1);
    else if (to !== undefined) select({ leg: to.leg, index: to.hop.index });
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const total = walk.hops.length + walk.reply.length;
  const position =
    hop === null || selection === null ? 0 : selection.index + (selection.leg === "reply" ? walk.hops.length : 0);
  const spoken =
    hop === null
      ? "before the first hop"
      : `${selection?.leg === "reply" ? "reply hop" : "hop"} ${hop.index + 1}, ${hostTitle(hop.place)}, ${hopStage(hop)}, ${duration(hop.at - walk.startedAt)} after the start`;

  return (
    <div className={styles.strip}>
      <div className={styles.label}>
        <b>{walk.id === 0 ? walkTitle(walk).toLowerCase() : `walk ${walk.id}`}</b>
        <span>{duration(walk.endedAt - walk.startedAt)}</span>
      </div>
      <div className={styles.frame}>
        {from !== null && width > 0 && (
          <svg className={styles.fan} width={width} height="12" aria-hidden="true">
            <path d={`M${from} 0 0.5 11.5M${from} 0 ${width - 0.5} 11.5`} />
          </svg>
        )}
        <div
          ref={track}
          className={styles.track}
          role="slider"
          tabIndex={0}
          aria-label="Playhead"
          aria-valuemin={1}
          aria-valuemax={total}
          aria-valuenow={position + 1}
          aria-valuetext={spoken}
          onKeyDown={onKey}
          onPointerDown={(event) => {
            event.currentTarget.setPointerCapture(event.pointerId);
            seek(event);
          }}
          onPointerMove={(event) => {
            if (event.currentTarget.hasPointerCapture(event.pointerId)) seek(event);
          }}
        >
          {strip?.pieces.map((piece, i) => (
            <span
              key={i}
              className={styles.piece}
              data-leg={piece.leg}
              style={{ left: INSET + piece.from, width: piece.to - piece.from }}
            >
              {/* Time runs to the right for both legs, so the source, left of travel, is above. */}
              <i style={{ color: `var(--${piece.strands.src})` }} />
              <i style={{ color: `var(--${piece.strands.dst})` }} />
            </span>
          ))}
          {strip?.hops.map((h) =>
            h.glyph === null ? null : (
              <span key={`${h.leg}${h.hop.index}`} className={styles.glyph} style={{ left: INSET + h.x }}>
                <RailGlyph kind={h.glyph} size={14} />
              </span>
            ),
          )}
          <Domino head={head} />
        </div>
      </div>
    </div>
  );
}

/** The packet: source half and destination half in the colours they have at the current hop. */
function Domino({ head }: { readonly head: RefObject<HTMLElement | null> }): ReactElement {
  const { walk, selection } = useCurrentHop();
  const ink = useMemo(() => {
    if (walk === null || selection === null) return { src: "request", dst: "request" };
    return strandsOf(walk)[selection.leg][selection.index] ?? { src: "request", dst: "request" };
  }, [walk, selection]);
  return (
    <span ref={head} className={styles.head} aria-hidden="true">
      <svg width="30" height="18" viewBox="0 0 30 18">
        <rect
          x="0.75"
          y="0.75"
          width="28.5"
          height="16.5"
          rx="4"
          fill="var(--surface)"
          stroke="var(--surface)"
          strokeWidth="1.5"
        />
        <path d="M5 2h9.400v14H5a3 3 0 0 1-3-3V5a3 3 0 0 1 3-3z" fill={`var(--${ink.src})`} />
        <path d="M15.600 2H25a3 3 0 0 1 3 3v8a3 3 0 0 1-3 3h-9.400z" fill={`var(--${ink.dst})`} />
        <circle cx="8.200" cy="9" r="2.200" fill="var(--surface)" />
        <path d="M19.800 6v6l5-3z" fill="var(--surface)" />
      </svg>
    </span>
  );
}
