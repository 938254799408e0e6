import "@xyflow/react/dist/base.css";
import { ReactFlow, ReactFlowProvider, ViewportPortal, useReactFlow, useStore } from "@xyflow/react";
import { useCallback, useEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";
import type { MirrorState } from "../../mirror/types.ts";
import type { Exploration } from "../../model/trace/types.ts";
import type { Rect } from "../../graph/geometry.ts";
import { layoutOf, type Layout, type LayoutOptions } from "../../graph/layout.ts";
import { motionOf } from "../../graph/motion.ts";
import { pathOf } from "../../graph/path.ts";
import type { Slots } from "../../graph/slots.ts";
import { useCurrentHop } from "../inspector/useCurrentHop.ts";
import { sequence, usePlayback } from "../playback.ts";
import { useUi } from "../state.ts";
import { Backdrop, Wires } from "./Backdrop.tsx";
import { CardView, type CardNode } from "./cards.tsx";
import { HighlightContext, type Highlight } from "./highlight.ts";
import { MapIcon } from "./icons.tsx";
import { neighbour } from "./neighbour.ts";
import { Legend, NothingSent, ResultCard } from "./Side.tsx";
import { StageCanvas } from "./StageCanvas.tsx";
import styles from "./Stage.module.css";

export interface StageProps {
  readonly mirror: MirrorState;
  /** All outcomes of the request on show, for the pods' weights. */
  readonly exploration: Exploration | null;
  /** Called by the empty map's one button. */
  readonly onSend?: ((from: "outside" | "pod") => void) | undefined;
}

const NODE_TYPES = { card: CardView };
const MANY = 300;

/** The map: cards laid out by role, and the walk on show over them. */
export function Stage(props: StageProps) {
  return (
    <ReactFlowProvider>
      <Map {...props} />
    </ReactFlowProvider>
  );
}

function Map({ mirror, exploration, onSend }: StageProps) {
  const walk = usePlayback((state) => state.walk);
  const folded = useUi((state) => state.intentFolded);
  const object = useUi((state) => state.object);
  const set = useUi((state) => state.set);

  const [keep] = useState(keepSlots);
  const layout = useMemo(
    () => keep(mirror, { walk, exploration, folded, object }),
    [keep, mirror, walk, exploration, folded, object],
  );
  const path = useMemo(() => (walk === null ? null : pathOf(walk, layout)), [walk, layout]);
  const motion = useMemo(() => (path === null ? null : motionOf(path)), [path]);

  const nodes = useMemo(
    () =>
      layout.cards.map((card): CardNode => ({
        id: card.id,
        type: "card",
        position: { x: card.rect.x, y: card.rect.y },
        width: card.rect.w,
        height: card.rect.h,
        zIndex: card.kind === "pod" ? 2 : 0,
        data: { card },
        style: { pointerEvents: "all" },
      })),
    [layout],
  );

  const { hop } = useCurrentHop();
  const [focus, setFocus] = useState<string | null>(null);
  const focused = layout.cards.some((c) => c.id === focus) ? focus : (layout.cards[0]?.id ?? null);
  const hooks = useMemo(() => {
    const met = new Set<string>();
    for (const { hop: h } of walk === null ? [] : sequence(walk)) {
      const hook = /^hook:\w+\/(\w+)$/.exec(h.stage)?.[1];
      if (hook !== undefined) met.add(`${h.place} ${hook}`);
    }
    return met;
  }, [walk]);

  const select = useCallback(
    (id: string) => {
      setFocus(id);
      const card = layout.cards.find((c) => c.id === id);
      if (card !== undefined) set({ object: card.object });
    },
    [layout, set],
  );
  const open = useCallback(
    (id: string) => {
      select(id);
      const card = layout.cards.find((c) => c.id === id);
      if (card?.kind !== "node") return;
      // Into the node: its chains when the packet is here, else its rules in the dock.
      set({
        rulesNode: card.name,
        ...(hop?.place === card.host ? { center: "netfilter" as const } : { dock: "rules" as const }),
      });
    },
    [select, layout, set, hop],
  );
  const highlight = useMemo<Highlight>(
    () => ({ hop, object, focus: focused, hooks, select, open }),
    [hop, object, focused, hooks, select, open],
  );

  const map = useRef<HTMLDivElement>(null);
  const fit = useFit(layout.bounds);

  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>): void => {
    const from = event.target instanceof HTMLElement ? event.target.dataset["card"] : undefined;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const zoom = { "+": 1.25, "-": 0.8 }[event.key];
    if (zoom !== undefined) fit.zoomBy(zoom);
    else if (event.key === "=") fit.now();
    else if (from === undefined) return;
    else if (event.key === "Escape") map.current?.closest<HTMLElement>("section")?.focus();
    else if (event.key === "Enter") open(from);
    else {
      const next = neighbour(layout.cards, from, event.key);
      if (next === null) return;
      setFocus(next);
      map.current?.querySelector<HTMLElement>(`[data-card="${CSS.escape(next)}"]`)?.focus();
    }
    event.preventDefault();
    event.stopPropagation();
  };

  const index = mirror.walks.findIndex((w) => w.id === walk?.id);
  return (
    <HighlightContext value={highlight}>
      <div className={styles["stage"]}>
        <header className={styles["header"]}>
          <h2>Map</h2>
          {walk !== null && index >= 0 && (
            <span className={styles["count"]}>
              walk {index + 1} of {mirror.walks.length}
            </span>
          )}
          <div className={styles["tools"]}>
            {hop?.place.startsWith("node/") === true && (
              <button type="button" className={styles["tool"]} onClick={() => set({ center: "netfilter" })}>
                <MapIcon name="stairs" size={14} />
                {`${hop.place.slice("node/".length)} netfilter`}
              </button>
            )}
            <button
              type="button"
              className={styles["tool"]}
              aria-pressed={folded}
              onClick={() => set({ intentFolded: !folded })}
            >
              <MapIcon name={folded ? "unfold" : "fold"} size={14} />
              {folded ? "Unfold intent" : "Fold intent"}
            </button>
            <button type="button" className={styles["tool"]} aria-label="Fit the map" onClick={fit.now}>
              <MapIcon name="fit" />
            </button>
          </div>
        </header>
        <div ref={map} className={styles["map"]} onKeyDown={onKeyDown} data-lod={fit.lod}>
          <ReactFlow<CardNode>
            className={styles["flow"] ?? ""}
            nodes={nodes}
            edges={[]}
            nodeTypes={NODE_TYPES}
            nodesDraggable={false}
            nodesConnectable={false}
            nodesFocusable={false}
            edgesFocusable={false}
            elementsSelectable={false}
            disableKeyboardA11y
            zoomOnDoubleClick={false}
            selectionKeyCode={null}
            multiSelectionKeyCode={null}
            deleteKeyCode={null}
            // It would take Space and Control from the whole page, the editor included.
            panActivationKeyCode={null}
            zoomActivationKeyCode={null}
            minZoom={0.15}
            maxZoom={4}
            onlyRenderVisibleElements={nodes.length > MANY}
            onMoveStart={fit.moved}
            attributionPosition="bottom-left"
            aria-label="Cards of the map"
          >
            <ViewportPortal>
              <Backdrop layout={layout} />
              <Wires layout={layout} proxies={mirror.proxies} />
              <p className={styles["intent"]}>
                <strong>Intent</strong> {folded ? "" : "ink flows down, packets never come up"}
              </p>
              <div className={styles["side"]} style={{ left: layout.side.x, top: layout.side.y, width: layout.side.w }}>
                {walk === null ? <NothingSent mirror={mirror} onSend={onSend} /> : <ResultCard walk={walk} />}
                <Legend />
              </div>
              <div aria-hidden="true">
                {path?.glyphs.map((glyph) => (
                  <div
                    key={`${glyph.leg} ${String(glyph.index)} ${glyph.kind}`}
                    className={styles["hit"]}
                    style={{ left: glyph.point.x - 12, top: glyph.point.y - 12 }}
                    onClick={() => usePlayback.getState().select({ leg: glyph.leg, index: glyph.index })}
                  />
                ))}
              </div>
            </ViewportPortal>
            <StageCanvas motion={motion} />
          </ReactFlow>
        </div>
        <HopSpeaker />
      </div>
    </HighlightContext>
  );
}

/** Says the hop under the playhead while the reader steps; a playing walk would only chatter. */
function HopSpeaker() {
  const { walk, selection, hop } = useCurrentHop();
  const playing = usePlayback((state) => state.playing);
  const place = hop?.place.slice(hop.place.indexOf("/") + 1) ?? "";
  const count = walk === null ? 0 : walk.hops.length + walk.reply.length;
  const number =
    walk === null || selection === null ? 0 : selection.index + 1 + (selection.leg === "reply" ? walk.hops.length : 0);
  return (
    <p className="kh-hidden" aria-live="polite" data-testid="hop-live">
      {playing || hop === null ? "" : `Hop ${String(number)} of ${String(count)}, ${place}, ${hop.label}. ${hop.note}`}
    </p>
  );
}

/** Lays out with the slots of the last layout, so that pods stay where they are. Asked twice the same, it answers the same. */
function keepSlots(): (mirror: MirrorState, options: Omit<LayoutOptions, "previous">) => Layout {
  let previous: Slots = new globalThis.Map();
  return (mirror, options) => {
    const layout = layoutOf(mirror, { ...options, previous });
    previous = layout.slots;
    return layout;
  };
}

type Lod = "near" | "middle" | "far";

/** Keeps the whole map in view until the reader pans or zooms; after that only when asked. */
function useFit(bounds: Rect) {
  const flow = useReactFlow();
  const width = useStore((state) => state.width);
  const height = useStore((state) => state.height);
  const lod = useStore((state): Lod =>
    state.transform[2] < 0.45 ? "far" : state.transform[2] < 0.8 ? "middle" : "near",
  );
  const own = useRef(false);
  const { w, h } = bounds;

  const now = useCallback(() => {
    if (width === 0 || height === 0) return;
    own.current = false;
    const zoom = Math.min(1.6, Math.max(0.2, Math.min(width / w, height / h)));
    const x = (width - w * zoom) / 2;
    const y = Math.max(0, Math.min(24, (height - h * zoom) / 2));
    void flow.setViewport({ x, y, zoom });
  }, [flow, width, height, w, h]);

  useEffect(() => {
    if (!own.current) now();
  }, [now]);

  const moved = useCallback((event: unknown) => {
    // Moves by script have no event.
    if (event !== null) own.current = true;
  }, []);
  const zoomBy = useCallback(
    (factor: number) => {
      own.current = true;
      void flow.zoomTo(flow.getZoom() * factor);
    },
    [flow],
  );
  return { now, moved, zoomBy, lod };
}
