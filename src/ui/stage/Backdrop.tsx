import { lazy, Suspense } from "react";
import type { Layout } from "../../graph/layout.ts";
import type { ProxyStatus } from "../../wire/protocol.ts";
import { useStory } from "../controlplane/state.ts";
import { useInk } from "./useInk.ts";
import styles from "./Stage.module.css";

const Token = lazy(() => import("../controlplane/Token.tsx").then(({ Token: component }) => ({ default: component })));

/** How far the band and its edge reach beyond the map on either side. */
const FAR = 6000;

/** What lies under the cards: the intent band and the bus. */
export function Backdrop({ layout }: { readonly layout: Layout }) {
  const { band, bus, intent } = layout;
  return (
    <svg className={styles["backdrop"]} width="1" height="1" aria-hidden="true" focusable="false">
      <rect className={styles["band"]} x={-FAR} y={-FAR} width={2 * FAR} height={FAR + band.height} />
      <line className={styles["bandEdge"]} x1={-FAR + 1} x2={FAR} y1={band.height} y2={band.height} />
      {intent.map((line, i) => (
        <line key={i} className={styles["ink"]} x1={line.x1 + 3} x2={line.x2 - 3} y1={line.y} y2={line.y} />
      ))}
      {bus !== null && (
        <rect className={styles["bus"]} x={bus.rect.x} y={bus.rect.y} width={bus.rect.w} height={bus.rect.h} rx="4" />
      )}
      {bus !== null && (
        <text
          className={styles["busLabel"]}
          transform={`translate(${bus.labelRect.x + bus.labelRect.w / 2} ${bus.labelRect.y + bus.labelRect.h}) rotate(-90)`}
          dominantBaseline="central"
        >
          {bus.label}
        </text>
      )}
    </svg>
  );
}

/** Milliseconds from node to node, and until fresh ink has dried. */
const INK_STEP = 140;
const INK_STAYS = 900;

/** Two strokes across a wire that nothing passes, a gate on one where a NetworkPolicy says what does. */
function Mark({ wire }: { readonly wire: Layout["wires"][number] }) {
  const a = wire.points.at(-2);
  const b = wire.points.at(-1);
  if (a === undefined || b === undefined) return null;
  const x = wire.thick ? a.x + 9 : Math.max(a.x, b.x - 14);
  return wire.state === "cut" ? (
    <path
      className={styles["cutMark"]}
      d={`M${String(x - 5)} ${String(b.y + 6)}l5 -12M${String(x + 1)} ${String(b.y + 6)}l5 -12`}
    />
  ) : (
    <path className={styles["gate"]} d={`M${String(x)} ${String(b.y - 6)}v12M${String(x + 4)} ${String(b.y - 6)}v12`} />
  );
}

/** What lies on the node cards and under the pods: the ink thread and the wires. */
export function Wires({ layout, proxies }: { readonly layout: Layout; readonly proxies: readonly ProxyStatus[] }) {
  const ink = useInk(proxies);
  const telling = useStory((state) => state.story !== null);
  return (
    <>
      <Suspense>{telling && <Token layout={layout} />}</Suspense>
      <svg className={styles["wires"]} width="1" height="1" aria-hidden="true" focusable="false">
        {layout.wires.map((wire, i) => (
          <g key={wire.to + String(i)} className={styles[wire.state]}>
            <polyline
              className={styles[wire.thick ? "stub" : "veth"]}
              points={wire.points.map((p) => `${String(p.x)},${String(p.y)}`).join(" ")}
            />
            {wire.state !== "whole" && <Mark wire={wire} />}
          </g>
        ))}
        {layout.thread.map((piece, i) => (
          <line
            key={i}
            className={styles[piece.cut ? "threadCut" : "thread"]}
            x1={piece.x}
            x2={piece.x}
            y1={piece.y1}
            y2={piece.y2}
          />
        ))}
        {layout.thread.map((piece, i) =>
          ink.nodes.has(piece.node) ? (
            <path
              key={`${piece.node} ${String(ink.run)}`}
              className={styles["inkRun"]}
              style={{ animationDelay: `${String(i * INK_STEP)}ms, ${String(i * INK_STEP + INK_STAYS)}ms` }}
              d={`M${String(piece.x)} ${String(piece.y1)}V${String(piece.y2)}`}
              pathLength="1"
            />
          ) : null,
        )}
      </svg>
    </>
  );
}
