import { useCallback, useMemo, useRef } from "react";
import { motionOf } from "../../graph/motion.ts";
import { stripOf, stripText } from "../../graph/strip.ts";
import type { MirrorState } from "../../mirror/types.ts";
import { useCurrentHop } from "../inspector/useCurrentHop.ts";
import { usePacketCanvas, type View } from "./usePacketCanvas.ts";
import { Sigil } from "./Sigil.tsx";
import { useNothingSent } from "../shell/useNothingSent.ts";
import styles from "./StripMap.module.css";

/** The walk in one row, for narrow windows: every place once per visit, the reply in its own lane below. */
export function StripMap({ mirror }: { readonly mirror: MirrorState }) {
  const nothing = useNothingSent();
  const { walk, hop } = useCurrentHop();
  const strip = useMemo(() => (walk === null ? null : stripOf(walk, mirror)), [walk, mirror]);
  const motion = useMemo(() => (strip === null ? null : motionOf(strip.path)), [strip]);
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);

  const view = useCallback((): View => {
    const width = box.current?.clientWidth ?? 0;
    const height = box.current?.clientHeight ?? 0;
    const zoom = strip === null ? 1 : Math.min(width / strip.width, height / strip.height);
    const x = strip === null ? 0 : (width - strip.width * zoom) / 2;
    return { width, height, x, y: strip === null ? 0 : (height - strip.height * zoom) / 2, zoom, packet: 0.8 };
  }, [strip]);
  const watch = useCallback((changed: () => void) => {
    const observer = new ResizeObserver(changed);
    if (box.current !== null) observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  usePacketCanvas(canvas, motion, view, watch);

  if (strip === null) {
    return (
      <div className={styles["strip"]}>
        <p className={styles["empty"]}>{nothing}.</p>
      </div>
    );
  }
  return (
    <div
      ref={box}
      className={styles["strip"]}
      role="img"
      aria-label={`Way of the request: ${stripText(strip)}. ${hop === null ? "" : `The packet is at ${hop.place.slice(hop.place.indexOf("/") + 1)}.`}`}
    >
      <svg
        viewBox={`0 0 ${String(strip.width)} ${String(strip.height)}`}
        preserveAspectRatio="xMidYMid meet"
        aria-hidden="true"
        focusable="false"
      >
        {strip.boxes.map((b) => (
          <g key={b.id}>
            <rect
              className={styles[b.backend ? "backend" : "box"]}
              x={b.rect.x}
              y={b.rect.y}
              width={b.rect.w}
              height={b.rect.h}
              rx={8}
            />
            {[b.slab, b.conntrack].map(
              (r, i) =>
                r !== null && (
                  <rect key={i} className={styles["slab"]} x={r.x} y={r.y} width={r.w} height={r.h} rx={5} />
                ),
            )}
            {b.backend && (
              <g
                transform={`translate(${String(b.rect.x + b.rect.w / 2 - 9)} ${String(b.rect.y + b.rect.h / 2 - 9)}) scale(1.12)`}
              >
                <path
                  className={styles["cube"]}
                  d="M8 1.800 13.500 5v6L8 14.200 2.500 11V5zM2.500 5 8 8.200 13.500 5M8 8.200v6"
                />
              </g>
            )}
            <text
              className={styles["label"]}
              x={b.labelAt.x}
              y={b.labelAt.y}
              textAnchor="middle"
              dominantBaseline="central"
            >
              {b.label}
            </text>
            {b.kind === "node" && strip.sigil !== "" && (
              <g
                transform={`translate(${String(b.slab === null ? b.rect.x + b.rect.w / 2 - 10 : b.slab.x + b.slab.w - 26)} ${String(b.slab === null ? 41 : 31)})`}
              >
                <rect className={styles["imprint"]} width="20" height="20" rx="3" />
                <g className={styles["sigil"]} transform="translate(3.500 3.500)">
                  <Sigil hash={strip.sigil} size={13} />
                </g>
              </g>
            )}
          </g>
        ))}
      </svg>
      <canvas ref={canvas} aria-hidden="true" />
    </div>
  );
}
