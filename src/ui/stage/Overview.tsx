import { useCallback, useEffect, useId, useMemo, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";
import { CELL, cellAt, cellLabel, cellsOf, cellTowards, type Cell } from "../../graph/cells.ts";
import { timeText } from "../../graph/names.ts";
import type { MirrorState } from "../../mirror/types.ts";
import { objectKey, splitKey, type ObjectKey } from "../../model/meta/types.ts";
import { useSize } from "../dock/useSize.ts";
import { Button } from "../shell/Button.tsx";
import { useUi } from "../state.ts";
import { useMapView } from "./mapView.ts";
import { paintCells, readCellPalette } from "./paintCells.ts";
import styles from "./Overview.module.css";

interface OverviewProps {
  readonly mirror: MirrorState;
  /** The Service whose rules the cells are about. */
  readonly service: ObjectKey | null;
  /** Nodes that the walk on show comes by. */
  readonly touched: ReadonlySet<string>;
}

interface Camera {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

/** Options around the current one that exist as elements: a screen reader needs no more, five thousand would cost too much. */
const AROUND = 6;
const MARGIN = 16;
/** The card and what stands around it. */
const CARD_WIDTH = 264;

/** A cluster that is too large for cards: a cell per node on one canvas, and the card of the chosen one. */
export function Overview({ mirror, service, touched }: OverviewProps) {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width, height } = useSize(box);
  // The chosen node's card has the right edge to itself where there is room for both.
  const room = width > CARD_WIDTH * 2 ? width - CARD_WIDTH : width;
  const aspect = width > 0 && height > 0 ? room / height : 1.4;
  const cells = useMemo(() => cellsOf(mirror, service, aspect), [mirror, service, aspect]);
  const fitted = useMemo((): Camera => {
    const { w, h } = cells.bounds;
    const zoom = Math.max(0.2, Math.min((room - 2 * MARGIN) / w, (height - 2 * MARGIN) / h, 8));
    return { zoom, x: (room - w * zoom) / 2, y: Math.max(MARGIN, (height - h * zoom) / 2) };
  }, [cells.bounds, room, height]);
  const [own, setOwn] = useState<Camera | null>(null);
  const camera = own ?? fitted;
  const [hover, setHover] = useState(-1);
  const id = useId();

  const object = useUi((state) => state.object);
  const current = useMemo(() => {
    const name = object?.startsWith("Node/") === true ? splitKey(object).name : null;
    return Math.max(0, name === null ? 0 : cells.cells.findIndex(({ node }) => node === name));
  }, [object, cells]);
  const chosen = cells.cells[current];
  useEffect(() => {
    const element = canvas.current;
    const ctx = element?.getContext("2d");
    if (element === null || ctx === null || ctx === undefined || width === 0) return;
    const draw = (): void => {
      const ratio = window.devicePixelRatio || 1;
      const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
      if (element.width !== w || element.height !== h) {
        element.width = w;
        element.height = h;
      }
      const palette = readCellPalette(element);
      paintCells(ctx, { cells, camera, ratio, width, height, palette, current, hover, touched });
    };
    const frame = requestAnimationFrame(draw);
    const theme = new MutationObserver(draw);
    theme.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme", "class", "style"] });
    return () => {
      cancelAnimationFrame(frame);
      theme.disconnect();
    };
  }, [cells, camera, width, height, current, hover, touched]);

  const choose = useCallback(
    (index: number): void => {
      const cell = cells.cells[index];
      if (cell === undefined) return;
      useUi.getState().set({ object: objectKey("Node", undefined, cell.node) });
    },
    [cells],
  );
  const open = (cell: Cell | undefined): void => {
    if (cell !== undefined) useMapView.setState({ opened: cell.node });
  };
  const zoomAt = useCallback(
    (factor: number, at: { readonly x: number; readonly y: number }): void => {
      setOwn((before) => {
        const { x, y, zoom } = before ?? fitted;
        const next = Math.min(40, Math.max(fitted.zoom * 0.5, zoom * factor));
        return { zoom: next, x: at.x - ((at.x - x) / zoom) * next, y: at.y - ((at.y - y) / zoom) * next };
      });
    },
    [fitted],
  );

  // A wheel listener that may prevent the page's own zoom cannot be passive, as React's are.
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const onWheel = (event: WheelEvent): void => {
      event.preventDefault();
      const area = element.getBoundingClientRect();
      zoomAt(Math.exp(-event.deltaY * 0.002), { x: event.clientX - area.left, y: event.clientY - area.top });
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, [zoomAt]);

  const under = (event: PointerEvent<HTMLElement>): number => {
    const area = event.currentTarget.getBoundingClientRect();
    return cellAt(cells, {
      x: (event.clientX - area.left - camera.x) / camera.zoom,
      y: (event.clientY - area.top - camera.y) / camera.zoom,
    });
  };
  const drag = useRef<{ readonly x: number; readonly y: number; readonly from: Camera; moved: boolean } | null>(null);

  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const middle = { x: width / 2, y: height / 2 };
    if (event.key === "+") zoomAt(1.25, middle);
    else if (event.key === "-") zoomAt(0.8, middle);
    else if (event.key === "=") setOwn(null);
    else if (event.key === "Enter") open(chosen);
    else if (/^Arrow|^Home$|^End$/.test(event.key)) {
      const next = cellTowards(cells, current, event.key);
      choose(next);
      const cell = cells.cells[next];
      // The chosen cell stays in view.
      if (cell !== undefined && own !== null) setOwn((before) => before && keepInView(before, cell, width, height));
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const { counts } = cells;
  const total = cells.cells.length;
  const name = service === null ? null : splitKey(service);
  const behind = total - counts.current;
  const title =
    name === null
      ? `${number(total)} nodes`
      : behind === 0
        ? `All ${number(total)} nodes have the rules of ${name.namespace}/${name.name} as it is now`
        : `${number(counts.current)} of ${number(total)} nodes have the rules of ${name.namespace}/${name.name} as it is now`;
  const nearby = cells.cells.slice(Math.max(0, current - AROUND), current + AROUND + 1);
  const firstNearby = Math.max(0, current - AROUND);
  return (
    <div className={styles["overview"]}>
      <div className={styles["head"]}>
        <h3>{title}</h3>
        <ul className={styles["legend"]}>
          <li>
            <span className={styles["swatch"]} data-shade="0" />
            <span className={styles["swatch"]} data-shade="1" />
            <span className={styles["swatch"]} data-shade="2" />
            <span className={styles["swatch"]} data-shade="3" />
            written up to 1 s, 10 s, 1 min ago, earlier
          </li>
          {counts.old > 0 && (
            <li>
              <span className={styles["swatch"]} data-shade="old" />
              old rules: {number(counts.old)}
            </li>
          )}
          {counts.silent + counts.down > 0 && (
            <li>
              <span className={styles["swatch"]} data-shade="silent" />
              kube-proxy stopped or no power: {number(counts.silent + counts.down)}
            </li>
          )}
        </ul>
      </div>
      <div
        ref={box}
        className={styles["field"]}
        data-lod="far"
        role="listbox"
        tabIndex={0}
        aria-label="Nodes, a cell each. Enter opens a node as cards"
        aria-activedescendant={`${id}-${String(current)}`}
        data-testid="overview"
        onKeyDown={onKeyDown}
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          drag.current = { x: event.clientX, y: event.clientY, from: camera, moved: false };
        }}
        onPointerMove={(event) => {
          const started = drag.current;
          if (started === null) return setHover(under(event));
          const dx = event.clientX - started.x;
          const dy = event.clientY - started.y;
          if (!started.moved && Math.hypot(dx, dy) < 5) return;
          started.moved = true;
          setOwn({ ...started.from, x: started.from.x + dx, y: started.from.y + dy });
        }}
        onPointerUp={(event) => {
          const started = drag.current;
          drag.current = null;
          const at = under(event);
          if (started !== null && !started.moved && at >= 0) choose(at);
        }}
        onPointerLeave={() => setHover(-1)}
        onDoubleClick={() => open(chosen)}
      >
        <canvas ref={canvas} aria-hidden="true" />
        <div className="kh-hidden">
          {nearby.map((cell, i) => (
            <div
              key={cell.node}
              id={`${id}-${String(firstNearby + i)}`}
              role="option"
              aria-selected={firstNearby + i === current}
              aria-setsize={total}
              aria-posinset={firstNearby + i + 1}
            >
              {cellLabel(cell)}
            </div>
          ))}
        </div>
      </div>
      {chosen !== undefined && (
        <aside className={styles["card"]} aria-label={`Node ${chosen.node}`}>
          <CellCard cell={hover >= 0 ? (cells.cells[hover] ?? chosen) : chosen} wanted={cells.wanted} onOpen={open} />
        </aside>
      )}
    </div>
  );
}

const number = (n: number): string => n.toLocaleString("en");

function keepInView(camera: Camera, cell: Cell, width: number, height: number): Camera {
  const x = camera.x + cell.x * camera.zoom;
  const y = camera.y + cell.y * camera.zoom;
  const w = CELL.w * camera.zoom;
  const h = CELL.h * camera.zoom;
  const dx = x < MARGIN ? MARGIN - x : x + w > width - MARGIN ? width - MARGIN - x - w : 0;
  const dy = y < MARGIN ? MARGIN - y : y + h > height - MARGIN ? height - MARGIN - y - h : 0;
  return dx === 0 && dy === 0 ? camera : { ...camera, x: camera.x + dx, y: camera.y + dy };
}

const WORDS = { current: "up to date", old: "old rules", silent: "kube-proxy stopped", down: "no power" } as const;

function CellCard({
  cell,
  wanted,
  onOpen,
}: {
  readonly cell: Cell;
  readonly wanted: number;
  readonly onOpen: (cell: Cell) => void;
}) {
  return (
    <>
      <h4>
        {cell.node} <span data-state={cell.state}>{WORDS[cell.state]}</span>
      </h4>
      <dl>
        {cell.zone !== "" && (
          <div>
            <dt>zone</dt>
            <dd>{cell.zone}</dd>
          </div>
        )}
        <div>
          <dt>address</dt>
          <dd>{cell.ip}</dd>
        </div>
        <div>
          <dt>podCIDR</dt>
          <dd>{cell.podCIDR}</dd>
        </div>
        <div>
          <dt>pods</dt>
          <dd>
            {cell.pods}, {cell.ready} ready
          </dd>
        </div>
        <div>
          <dt>rules hold</dt>
          <dd>revision {cell.syncedRevision}</dd>
        </div>
        {wanted > 0 && (
          <div>
            <dt>Service is at</dt>
            <dd>revision {wanted}</dd>
          </div>
        )}
        <div>
          <dt>last written</dt>
          <dd>{cell.age === null ? "never" : `${timeText(cell.age)} ago`}</dd>
        </div>
      </dl>
      <Button onClick={() => onOpen(cell)}>Open node</Button>
    </>
  );
}
