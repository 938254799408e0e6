import { useStoreApi } from "@xyflow/react";
import { useCallback, useRef } from "react";
import type { Layout } from "../../graph/layout.ts";
import type { Motion } from "../../graph/motion.ts";
import { useCrowd } from "./useCrowd.ts";
import type { AskedHalf } from "./presented.ts";
import { usePacketCanvas, type View } from "./usePacketCanvas.ts";
import styles from "./Stage.module.css";
import own from "./StageCanvas.module.css";

interface StageCanvasProps {
  readonly motion: Motion | null;
  readonly layout: Layout;
  readonly veiled: boolean;
  readonly asked: AskedHalf | null;
}

/** The packets and the path of the one on stage, on one canvas above the cards. Everything on it is also a row of the ladder. */
export function StageCanvas({ motion, layout, veiled, asked }: StageCanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const store = useStoreApi();
  const crowd = useCrowd(layout);
  const view = useCallback((): View => {
    const { transform, width, height } = store.getState();
    return { width, height, x: transform[0], y: transform[1], zoom: transform[2], veiled, asked };
  }, [store, veiled, asked]);
  const watch = useCallback((changed: () => void) => store.subscribe(changed), [store]);
  usePacketCanvas(canvas, motion, view, watch, crowd);
  return (
    <>
      <canvas ref={canvas} className={styles["canvas"]} aria-hidden="true" data-testid="stage-canvas" />
      {crowd !== null && (
        <p className={own["count"]} data-testid="in-flight">
          {crowd.swarm.count.toLocaleString("en-US")} {crowd.swarm.count === 1 ? "packet" : "packets"} of loads on the
          way
        </p>
      )}
    </>
  );
}
