import type { NodeChange } from "@xyflow/react";
import { useCallback, useState } from "react";
import type { Card } from "../../graph/cards.ts";
import type { Layout } from "../../graph/layout.ts";
import { slotAt } from "../../graph/grid.ts";
import { BAND } from "../../graph/metrics.ts";
import { movedTo } from "../../graph/moves.ts";
import type { CardNode } from "./cards.tsx";
import { useMapView } from "./mapView.ts";

/** How far a card is from its place while it is dragged. */
export interface Dragged {
  readonly id: string;
  readonly dx: number;
  readonly dy: number;
}

/** Dragging a node, its pods with it, to another row, or a pod to another slot of its node. Where it is dropped it snaps to a place. */
export function useDrag(layout: Layout): {
  readonly dragged: Dragged | null;
  readonly onNodesChange: (changes: readonly NodeChange<CardNode>[]) => void;
} {
  const [dragged, setDragged] = useState<Dragged | null>(null);
  const onNodesChange = useCallback(
    (changes: readonly NodeChange<CardNode>[]): void => {
      for (const change of changes) {
        if (change.type !== "position") continue;
        const card = layout.cards.find((c) => c.id === change.id);
        if (card === undefined || change.position === undefined) continue;
        const at = { id: card.id, dx: change.position.x - card.rect.x, dy: change.position.y - card.rect.y };
        if (change.dragging === true) setDragged(at);
        else {
          setDragged(null);
          const place = placeAt(layout, card, change.position);
          const next = place === null ? null : movedTo(layout.cards, layout.slots, card.id, place);
          if (next !== null) useMapView.getState().move(next);
        }
      }
    },
    [layout],
  );
  return { dragged, onNodesChange };
}

/** Row or slot under a card's top left corner. */
function placeAt(layout: Layout, card: Card, { x, y }: { readonly x: number; readonly y: number }): number | null {
  if (card.kind === "node") return Math.max(0, Math.round((y - layout.band.height - BAND.gap) / layout.grid.pitch));
  const node = card.kind === "pod" ? layout.cards.find((c) => c.kind === "node" && c.name === card.node) : undefined;
  if (node === undefined) return null;
  return slotAt(x - node.rect.x, y - node.rect.y, layout.grid);
}

export const isMovable = (card: Card): boolean => card.kind === "node" || card.kind === "pod";
