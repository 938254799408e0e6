import { useStoreApi } from "@xyflow/react";
import { useCallback, useRef } from "react";
import type { Motion } from "../../graph/motion.ts";
import { usePacketCanvas, type View } from "./usePacketCanvas.ts";
import styles from "./Stage.module.css";

/** The packet and its path, on one canvas above the cards. Everything on it is also a row of the ladder. */
export function StageCanvas({ motion }: { readonly motion: Motion | null }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const store = useStoreApi();
  const view = useCallback((): View => {
    const { transform, width, height } = store.getState();
    return { width, height, x: transform[0], y: transform[1], zoom: transform[2] };
  }, [store]);
  const watch = useCallback((changed: () => void) => store.subscribe(changed), [store]);
  usePacketCanvas(canvas, motion, view, watch);
  return <canvas ref={canvas} className={styles["canvas"]} aria-hidden="true" data-testid="stage-canvas" />;
}
