import { useEffect, useRef } from "react";
import styles from "./Present.module.css";

/** How long the trail is seen, in milliseconds. */
const TRAIL_MS = 220;
const DOT = 11;

interface Spot {
  readonly x: number;
  readonly y: number;
  readonly at: number;
}

/** A dot that follows the pointer, with a short trail where motion is wanted. */
export function Laser() {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const element = canvas.current;
    const ctx = element?.getContext("2d");
    if (element === null || ctx === null || ctx === undefined) return undefined;
    const calm = matchMedia("(prefers-reduced-motion: reduce)");
    let spots: Spot[] = [];
    let frame = 0;
    const draw = (now: number): void => {
      frame = 0;
      const ratio = devicePixelRatio;
      const [w, h] = [Math.round(innerWidth * ratio), Math.round(innerHeight * ratio)];
      if (element.width !== w || element.height !== h) [element.width, element.height] = [w, h];
      ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
      ctx.clearRect(0, 0, innerWidth, innerHeight);
      const last = spots.at(-1);
      if (last === undefined) return;
      spots = calm.matches ? [last] : spots.filter((spot) => spot === last || now - spot.at < TRAIL_MS);
      const style = getComputedStyle(element);
      const [ink, halo] = [style.getPropertyValue("--ink"), style.getPropertyValue("--paper")];
      const size = DOT * Math.max(1, innerHeight / 1080);
      ctx.strokeStyle = ink;
      ctx.lineCap = "butt";
      for (const [i, spot] of spots.entries()) {
        const next = spots[i + 1];
        if (next === undefined) continue;
        const age = Math.min(1, (now - spot.at) / TRAIL_MS);
        ctx.globalAlpha = 0.55 * (1 - age);
        ctx.lineWidth = size * 1.6 * (1 - age);
        ctx.beginPath();
        ctx.moveTo(spot.x, spot.y);
        ctx.lineTo(next.x, next.y);
        ctx.stroke();
      }
      ctx.globalAlpha = 1;
      ctx.fillStyle = ink;
      ctx.strokeStyle = halo;
      ctx.lineWidth = 3;
      ctx.beginPath();
      ctx.arc(last.x, last.y, size, 0, Math.PI * 2);
      ctx.stroke();
      ctx.fill();
      if (spots.length > 1) request();
    };
    const request = (): void => {
      if (frame === 0) frame = requestAnimationFrame(draw);
    };
    const onMove = ({ clientX: x, clientY: y }: PointerEvent): void => {
      spots.push({ x, y, at: performance.now() });
      element.dataset["at"] = `${String(Math.round(x))},${String(Math.round(y))}`;
      request();
    };
    addEventListener("pointermove", onMove);
    return () => {
      removeEventListener("pointermove", onMove);
      cancelAnimationFrame(frame);
    };
  }, []);
  return (
    <div className={styles["laser"]} aria-hidden="true">
      <canvas ref={canvas} data-testid="laser" />
    </div>
  );
}
