import { useReactFlow, useStore } from "@xyflow/react";
import { useCallback, useEffect, useRef } from "react";
import type { Rect } from "../../graph/geometry.ts";

export type Lod = "near" | "middle" | "far" | "remote";

/** The zoom from which on each level is shown, nearest first; below the last it is the remote one. */
const LEVELS: readonly (readonly [from: number, lod: Lod])[] = [
  [0.8, "near"],
  [0.5, "middle"],
  [0.33, "far"],
];

/** Keeps the whole map in view until the reader pans or zooms; after that only when asked. `isElsewhere`: somebody else moves it. */
export function useFit(bounds: Rect, isElsewhere = false) {
  const flow = useReactFlow();
  const width = useStore((state) => state.width);
  const height = useStore((state) => state.height);
  const lod = useStore((state): Lod => LEVELS.find(([from]) => state.transform[2] >= from)?.[1] ?? "remote");
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
    if (!own.current && !isElsewhere) now();
  }, [now, isElsewhere]);

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
  /** Brings a place into the middle, near enough to be read. */
  const show = useCallback(
    (place: Rect) => {
      own.current = true;
      const zoom = Math.max(0.9, flow.getZoom());
      void flow.setCenter(place.x + place.w / 2, place.y + place.h / 2, { zoom });
    },
    [flow],
  );
  return { now, moved, zoomBy, show, lod };
}
