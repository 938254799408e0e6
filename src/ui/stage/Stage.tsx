import "@xyflow/react/dist/base.css";
import { ReactFlow, ReactFlowProvider, ViewportPortal } from "@xyflow/react";
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";
import type { MirrorState } from "../../mirror/types.ts";
import type { Exploration, Walk } from "../../model/trace/types.ts";
import type { Card } from "../../graph/cards.ts";
import { isMany } from "../../graph/cells.ts";
import { motionOf } from "../../graph/motion.ts";
import { movedOneWay, type Way } from "../../graph/moves.ts";
import { pathOf } from "../../graph/path.ts";
import { splitKey, type ObjectKey } from "../../model/meta/types.ts";
import type { Pod } from "../../model/pod/types.ts";
import { useCurrentHop } from "../inspector/useCurrentHop.ts";
import { sequence, usePlayback } from "../playback.ts";
import { say, usePage } from "../shell/page.ts";
import { useUi } from "../state.ts";
import { Backdrop, Wires } from "./Backdrop.tsx";
import { CardView, type CardNode } from "./cards.tsx";
import { HighlightContext, type Highlight } from "./highlight.ts";
import { HopSpeaker } from "./HopSpeaker.tsx";
import { keepSlots } from "./keepSlots.ts";
import { useMapView } from "./mapView.ts";
import { neighbour } from "./neighbour.ts";
import type { Presented } from "./presented.ts";
import { Legend, NothingSent, ResultCard } from "./Side.tsx";
import { StageCanvas } from "./StageCanvas.tsx";
import { StageHeader } from "./StageHeader.tsx";
import { isMovable, useDrag } from "./useDrag.ts";
import { useFit } from "./useFit.ts";
import { useLeaving } from "./useLeaving.ts";
import styles from "./Stage.module.css";

export interface StageProps {
  readonly mirror: MirrorState;
  /** All outcomes of the request on show, for the pods' weights. */
  readonly exploration: Exploration | null;
  /** Called by the empty map's one button. */
  readonly onSend?: ((from: "outside" | "pod") => void) | undefined;
  /** Shown to a room: without the controls and the words beside the picture. */
  readonly presented?: Presented;
}

/** Nodes by name that a walk comes by, as a host or under a pod. */
function nodesOf(walk: Walk | null): ReadonlySet<string> {
  const hops = walk === null ? [] : sequence(walk).map(({ hop }) => hop);
  return new Set(hops.flatMap(({ place }) => (place.startsWith("node/") ? [place.slice("node/".length)] : [])));
}

const NONE: ReadonlySet<string> = new Set();
const Overview = lazy(() => import("./Overview.tsx").then(({ Overview: component }) => ({ default: component })));
const NODE_TYPES = { card: CardView };
const MANY = 300;
/** What stands at its place, by its card: React Flow leaves alone what it is given again. */
const NODES = new WeakMap<Card, CardNode>();

/** The map: cards laid out by role, and the walk on show over them. */
export function Stage(props: StageProps) {
  return (
    <ReactFlowProvider>
      <Map {...props} />
    </ReactFlowProvider>
  );
}

const WAYS: Readonly<Record<string, Way>> = {
  ArrowUp: "up",
  ArrowDown: "down",
  ArrowLeft: "left",
  ArrowRight: "right",
};

function Map({ mirror, exploration, onSend, presented }: StageProps) {
  const walk = usePlayback((state) => state.walk);
  const isPresented = presented !== undefined;
  const folded = useUi((state) => state.intentFolded) || isPresented;
  const selected = useUi((state) => state.object);
  const object = isPresented ? null : selected;
  const set = useUi((state) => state.set);

  const slug = usePage((state) => state.scenario.slug);
  const moved = useMapView((state) => state.moved);
  const resets = useMapView((state) => state.resets);
  const filter = useMapView((state) => state.filter);
  useEffect(() => useMapView.getState().turnTo(slug), [slug]);

  const many = useMemo(() => isMany(mirror.objects), [mirror.objects]);
  const opened = useMapView((state) => state.opened);
  const isOverview = many && opened === null && !((filter.onlyWalk || isPresented) && walk !== null);
  const touched = useMemo(() => nodesOf(walk), [walk]);
  const only = useMemo(() => {
    if (!many) return null;
    return isOverview ? NONE : new Set([...touched, ...(opened === null ? [] : [opened])]);
  }, [many, isOverview, opened, touched]);

  const [keep] = useState(keepSlots);
  const veiled = presented?.veiled === true;
  // Who answers is not told by the layout either, nor how likely who is.
  const told = useMemo(() => (veiled && walk !== null ? { ...walk, backend: null } : walk), [veiled, walk]);
  const weighed = veiled ? null : exploration;
  const layout = useMemo(
    () =>
      keep(
        mirror,
        { walk: told, exploration: weighed, folded, object, moved, filter, only },
        `${slug} ${String(resets)}`,
      ),
    [keep, mirror, told, weighed, folded, object, moved, filter, only, slug, resets],
  );
  const path = useMemo(() => (walk === null || isOverview ? null : pathOf(walk, layout)), [walk, layout, isOverview]);
  const motion = useMemo(() => (path === null ? null : motionOf(path)), [path]);

  const { dragged, onNodesChange } = useDrag(layout);
  const leaving = useLeaving(layout.cards);
  const nodes = useMemo(() => {
    const lead = layout.cards.find((c) => c.id === dragged?.id);
    const goesAlong = (card: Card): boolean =>
      card === lead || (lead?.kind === "node" && card.kind === "pod" && card.node === lead.name);
    const placed = (card: Card, isLeaving: boolean): CardNode => {
      const along = dragged !== null && goesAlong(card);
      const known = along || isLeaving ? undefined : NODES.get(card);
      if (known !== undefined) return known;
      const node: CardNode = {
        id: isLeaving ? `leaving ${card.id}` : card.id,
        type: "card",
        position: { x: card.rect.x + (along ? dragged.dx : 0), y: card.rect.y + (along ? dragged.dy : 0) },
        width: card.rect.w,
        height: card.rect.h,
        zIndex: (card.kind === "pod" ? 2 : 0) + (along ? 10 : 0),
        data: { card, leaving: isLeaving },
        draggable: isMovable(card) && !isLeaving && !isPresented,
        style: { pointerEvents: isLeaving ? "none" : "all" },
      };
      if (!along && !isLeaving) NODES.set(card, node);
      return node;
    };
    return [...layout.cards.map((card) => placed(card, false)), ...leaving.map((card) => placed(card, true))];
  }, [layout, dragged, leaving, isPresented]);

  const { hop } = useCurrentHop();
  const [focus, setFocus] = useState<string | null>(null);
  const focused = layout.cards.some((c) => c.id === focus) ? focus : (layout.cards[0]?.id ?? null);
  const upTo = veiled ? hop : null;
  const hooks = useMemo(() => {
    const met = new Set<string>();
    const all = walk === null ? [] : sequence(walk);
    // A row's name tells where the packet goes.
    const known = upTo === null ? all : all.slice(0, all.findIndex((one) => one.hop === upTo) + 1);
    for (const { hop: h } of known) {
      const hook = /^hook:\w+\/(\w+)$/.exec(h.stage)?.[1];
      if (hook !== undefined) met.add(`${h.place} ${hook}`);
    }
    return met;
  }, [walk, upTo]);

  const select = useCallback(
    (id: string) => {
      setFocus(id);
      const card = layout.cards.find((c) => c.id === id);
      if (card !== undefined && !isPresented) set({ object: card.object });
    },
    [layout, set, isPresented],
  );
  const open = useCallback(
    (id: string) => {
      select(id);
      const card = layout.cards.find((c) => c.id === id);
      if (card?.kind !== "node" || isPresented) return;
      // Into the node: its chains when the packet is here, else its rules in the dock.
      set({
        rulesNode: card.name,
        ...(hop?.place === card.host ? { center: "netfilter" as const } : { dock: "rules" as const }),
      });
    },
    [select, layout, set, hop, isPresented],
  );
  const highlight = useMemo<Highlight>(
    () => ({ hop, object, focus: focused, hooks, select, open }),
    [hop, object, focused, hooks, select, open],
  );

  const map = useRef<HTMLDivElement>(null);
  const fit = useFit(layout.bounds, isPresented);

  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>): void => {
    const from = event.target instanceof HTMLElement ? event.target.dataset["card"] : undefined;
    const way = WAYS[event.key];
    if (event.altKey && from !== undefined && way !== undefined && !isPresented) {
      const next = movedOneWay(layout, from, way);
      if (next !== null) useMapView.getState().move(next);
      say(next === null ? "It does not move that way." : `Moved ${way}.`);
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const zoom = { "+": 1.25, "-": 0.8 }[event.key];
    if (zoom !== undefined) fit.zoomBy(zoom);
    else if (event.key === "=") fit.now();
    else if (from === undefined) return;
    else if (event.key === "Escape" && opened !== null) useMapView.setState({ opened: null });
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

  const { show } = fit;
  const find = useCallback(
    (key: ObjectKey): boolean => {
      if (many) {
        const { kind, name } = splitKey(key);
        const on = kind === "Node" ? name : (mirror.objects.get(key) as Partial<Pod> | undefined)?.spec?.nodeName;
        if (on !== undefined && on !== "" && !touched.has(on)) useMapView.setState({ opened: on });
        else if (kind === "Service") useMapView.getState().narrow({ service: key });
        set({ object: key });
        return on !== undefined || kind === "Service";
      }
      const card = layout.cards.find((c) => c.object === key);
      if (card === undefined) return false;
      show(card.rect);
      select(card.id);
      map.current?.querySelector<HTMLElement>(`[data-card="${CSS.escape(card.id)}"]`)?.focus({ preventScroll: true });
      return true;
    },
    [layout, many, mirror.objects, set, show, select, touched],
  );
  return (
    <HighlightContext value={highlight}>
      <div className={styles["stage"]}>
        {!isPresented && (
          <StageHeader
            mirror={mirror}
            walk={walk}
            hop={hop}
            shown={layout.shown}
            onFit={fit.now}
            onFind={find}
            isPart={many && !isOverview}
          />
        )}
        {isOverview ? (
          <div className={styles["map"]}>
            <Suspense>
              <Overview mirror={mirror} service={layout.service} touched={touched} />
            </Suspense>
          </div>
        ) : (
          <div ref={map} className={styles["map"]} onKeyDown={onKeyDown} data-lod={fit.lod}>
            <ReactFlow<CardNode>
              className={styles["flow"] ?? ""}
              nodes={nodes}
              edges={[]}
              nodeTypes={NODE_TYPES}
              onNodesChange={onNodesChange}
              nodeDragThreshold={6}
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
                {!isPresented && (
                  <div
                    className={styles["side"]}
                    style={{ left: layout.side.x, top: layout.side.y, width: layout.side.w }}
                  >
                    {walk === null ? <NothingSent mirror={mirror} onSend={onSend} /> : <ResultCard walk={walk} />}
                    <Legend />
                  </div>
                )}
                <div aria-hidden="true">
                  {(isPresented ? null : path)?.glyphs.map((glyph) => (
                    <div
                      key={`${glyph.leg} ${String(glyph.index)} ${glyph.kind}`}
                      className={styles["hit"]}
                      style={{ left: glyph.point.x - 12, top: glyph.point.y - 12 }}
                      onClick={() => usePlayback.getState().select({ leg: glyph.leg, index: glyph.index })}
                    />
                  ))}
                </div>
              </ViewportPortal>
              <StageCanvas motion={motion} layout={layout} veiled={veiled} asked={presented?.asked ?? null} />
              {presented?.over({ layout, path })}
            </ReactFlow>
          </div>
        )}
        <HopSpeaker />
      </div>
    </HighlightContext>
  );
}
