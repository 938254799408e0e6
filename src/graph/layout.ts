import type { MirrorState } from "../mirror/types.ts";
import { keyOf, type ObjectKey } from "../model/meta/types.ts";
import type { Service } from "../model/service/types.ts";
import type { Exploration, Walk } from "../model/trace/types.ts";
import { bandCards, foldedCards, intentLines } from "./band.ts";
import type { Card, NodeCard, StampCard } from "./cards.ts";
import { filterOf, NO_FILTER, type MapFilter, type Shown } from "./filter.ts";
import { rect, union, type Rect } from "./geometry.ts";
import { gridOf, type PodGrid } from "./grid.ts";
import { BAND, CLIENT, COLUMN, IMPRINT, SIDE } from "./metrics.ts";
import { nodeCards } from "./nodeCards.ts";
import { balancerCards, clientCards } from "./outside.ts";
import { podCards, weightsOf } from "./podCards.ts";
import { castOf, serviceOfWalk, slicesOf, type Cast } from "./read.ts";
import { assignRows, assignSlots, rowKey, type Slots } from "./slots.ts";
import { busOf, threadOf, wiresOf } from "./wires.ts";

/** The map without its packets: every card at its place, and the ink and wires between them. All plain data. */
export interface Layout {
  readonly bounds: Rect;
  readonly band: { readonly height: number; readonly folded: boolean };
  readonly cards: readonly Card[];
  readonly bus: { readonly rect: Rect; readonly label: string; readonly labelRect: Rect } | null;
  /** Straight pieces of the ink thread, top to bottom, each ending on a node. */
  readonly thread: readonly {
    readonly node: string;
    readonly x: number;
    readonly y1: number;
    readonly y2: number;
    /** Nobody there to write what comes down. */
    readonly cut: boolean;
  }[];
  /** Dotted lines between the cards of the intent band. */
  readonly intent: readonly { readonly x1: number; readonly x2: number; readonly y: number }[];
  readonly wires: readonly {
    readonly points: readonly { readonly x: number; readonly y: number }[];
    readonly thick: boolean;
    /** Card at its end. */
    readonly to: string;
    /** cut: nothing passes. barred: a NetworkPolicy says what passes. */
    readonly state: "whole" | "cut" | "barred";
  }[];
  /** Free column under the outside clients, for the client's terminal and the legend. */
  readonly side: Rect;
  readonly slots: Slots;
  readonly grid: PodGrid;
  /** The Service whose stamp is foremost. */
  readonly service: ObjectKey | null;
  /** How many of what there is the filter leaves. */
  readonly shown: Shown;
}

export interface LayoutOptions {
  readonly walk: Walk | null;
  readonly exploration?: Exploration | null;
  readonly folded?: boolean;
  /** What the reader has selected: a Service among them comes foremost when no walk names one. */
  readonly object?: ObjectKey | null;
  readonly previous?: Slots;
  /** Where the reader has put nodes and pods. */
  readonly moved?: Slots;
  /** Only these nodes and their pods: a part of a cluster that is too large to be drawn whole. */
  readonly only?: ReadonlySet<string> | null;
  /** What the reader wants to see. What it hides keeps its place. */
  readonly filter?: MapFilter;
}

/** As wide as one column of pods needs: an empty map is not blown up. */
const MIN_WIDTH = 728;

/** A pure, deterministic function of roles and names. */
export function layoutOf(mirror: MirrorState, options: LayoutOptions): Layout {
  const { walk } = options;
  const cast = castOf(mirror, walk, options.only ?? null);
  const folded = options.folded === true;
  const bandHeight = folded ? BAND.folded : BAND.height;
  const top = bandHeight + BAND.gap;
  const filter = options.filter ?? NO_FILTER;
  const keeps = filterOf(mirror, cast, walk, filter);
  const service = foremost(cast, walk, filter.service ?? options.object ?? null, filter.service !== null);
  const rows = assignRows(
    cast.nodes.map((node) => node.metadata.name),
    options.previous,
    options.moved,
  );
  const slots = assignSlots(cast.pods, options.previous, options.moved);
  const grid = gridOf(cast.nodes.length, slots);
  const weights = weightsOf(options.exploration ?? null, walk);

  const allNodes = nodeCards(mirror, cast, service, top, slots, rows, grid);
  const allPods = podCards(cast, slots, allNodes, walk, weights, grid);
  const nodes = allNodes.filter((card) => keeps.node(card.name));
  const pods = allPods.filter((card) => keeps.pod(card.object));
  const clients = clientCards(cast, top);
  const balancers = balancerCards(mirror, cast, walk, top);
  const services = cast.services.filter((one) => one === service || keeps.service(one));
  const band = folded ? foldedCards(mirror, service) : bandCards(mirror, { ...cast, services }, service);

  const clientsEnd =
    top + (clients.length > 1 ? clients.length * CLIENT.smallPitch : clients.length * (CLIENT.height + 8));
  const balancersEnd = balancers.length > 0 ? top + CLIENT.height + 8 : top;
  const resultTop = clients.length + balancers.length === 0 ? top : Math.max(clientsEnd, balancersEnd) + 12;
  const side = rect(COLUMN.client, resultTop, SIDE.width, resultHeight(walk) + SIDE.gap + SIDE.legendHeight);

  const cards: readonly Card[] = [
    ...band,
    ...clients.filter((card) => keeps.client(card.id)),
    ...balancers,
    ...nodes,
    ...pods,
    ...waitingCard(cast, allNodes, top, grid),
  ];
  const stamp = band.find((c): c is StampCard => c.kind === "stamp" && !c.small);
  const bus = busOf(allNodes);
  // The filter takes cards away and moves none, so the bounds are those of all.
  const inner = union([...cards, ...allNodes].map((c) => c.rect).concat(side));
  return {
    bounds: rect(0, 0, Math.max(inner.x + inner.w + COLUMN.client, MIN_WIDTH), inner.y + inner.h + 8),
    band: { height: bandHeight, folded },
    cards,
    bus,
    thread: stamp === undefined ? [] : threadOf(stamp.rect, nodes),
    intent: folded ? [] : intentLines(band),
    wires: wiresOf(nodes, pods),
    side,
    grid,
    slots: new Map([...slots, ...[...rows].map(([name, row]) => [rowKey(name), row] as const)]),
    service: service === null ? null : keyOf(service),
    shown: {
      nodes: [nodes.length, allNodes.length],
      pods: [pods.length, allPods.length],
      services: [services.length, cast.services.length],
    },
  };
}

/** Height of the client's terminal: its lines wrap at a known width, so it can be told without measuring. */
function resultHeight(walk: Walk | null): number {
  if (walk === null) return 108;
  const lines = (text: string): number => Math.max(1, Math.ceil(text.length / SIDE.perLine));
  const said =
    walk.outcome === "delivered" ? lines(walk.backend?.pod?.split("/").at(-1) ?? "") + 2 : lines(walk.symptom);
  return SIDE.padding + (1 + said) * SIDE.line;
}

function foremost(cast: Cast, walk: Walk | null, object: ObjectKey | null, asked: boolean): Service | null {
  const wanted = [
    object?.startsWith("Service/") === true && (asked || walk === null) ? object : null,
    serviceOfWalk(walk),
  ];
  for (const key of wanted) {
    const found = cast.services.find((s) => keyOf(s) === key);
    if (found !== undefined) return found;
  }
  const given = cast.services.filter((s) => !(s.metadata.namespace === "default" && s.metadata.name === "kubernetes"));
  // The reader's own, however unfinished, before those that every cluster has.
  const own = given.filter((s) => s.metadata.namespace !== "kube-system");
  const backed = own.find((s) => slicesOf(cast, s).some((slice) => (slice.endpoints ?? []).length > 0));
  return backed ?? own[0] ?? given[0] ?? cast.services[0] ?? null;
}

/** Pods that the scheduler has not placed stand on no node; they are counted below the last one. */
function waitingCard(cast: Cast, nodes: readonly NodeCard[], top: number, grid: PodGrid): readonly Card[] {
  const below = nodes.at(-1)?.rect.y ?? top - grid.pitch;
  const count = cast.pods.filter((p) => (p.spec.nodeName ?? "") === "").length;
  if (count === 0) return [];
  const text = count === 1 ? "1 pod waits for a node" : `${count} pods wait for a node`;
  return [
    {
      kind: "more",
      id: "waiting-pods",
      host: null,
      object: null,
      rect: rect(COLUMN.node, below + grid.pitch, 180, 24),
      label: text,
      text,
    },
  ];
}

/** Where a node's imprint is pressed: over the top edge of its slab, its right end fixed. */
export function imprintRect(node: Rect): Rect {
  return rect(node.x + IMPRINT.left, node.y, IMPRINT.right - IMPRINT.left, IMPRINT.height);
}
