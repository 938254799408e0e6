import { useEffect, type RefObject } from "react";
import { momentAt, type Motion } from "../../graph/motion.ts";
import type { Micros } from "../../base/time.ts";
import { emptyPicture, placeSwarm, type Swarm } from "../../graph/swarm.ts";
import { currentHop, usePlayback } from "../playback.ts";
import { useTime } from "../time/time.ts";
import { paint, paintSwarm } from "./paint.ts";
import { readPalette, type Palette } from "./palette.ts";
import type { AskedHalf } from "./presented.ts";

/** Wall milliseconds of one flip. */
const FLIP_MS = 240;

/** Which part of flow coordinates a canvas shows: CSS size and the transform from flow to CSS pixels. */
export interface View {
  readonly width: number;
  readonly height: number;
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
  readonly packet?: number;
  /** What the packet has not come to yet is not drawn. */
  readonly veiled?: boolean;
  readonly asked?: AskedHalf | null;
}

/** Packets of loads that are under way, as the worker knew them at one moment. */
export interface Crowd {
  readonly swarm: Swarm;
  readonly at: Micros;
}

/** The moment at which a crowd is drawn: that of the playhead, where it stands near; else the moment for which it is known. */
function momentOf(crowd: Crowd): Micros {
  const time = useTime.getState();
  if (time.scope === "history") return Math.max(crowd.at, time.at);
  const { walk, at } = usePlayback.getState();
  const isThen = walk !== null && walk.startedAt <= crowd.at + NEAR && walk.endedAt >= crowd.at;
  return isThen ? at : crowd.at;
}

/** Virtual µs. */
const NEAR = 20_000;

let isMarked = false;

/** When the first path stood on the page: what the time to the first picture ends with. */
function markFirst(): void {
  if (isMarked) return;
  isMarked = true;
  performance.mark("kubehop-first-path");
}

/** Frame that last moved the playhead: two canvases on one page must not move it twice. */
let advancedIn = -1;

function advance(now: number, before: number | null): void {
  if (now === advancedIn) return;
  advancedIn = now;
  // After a hidden tab the first frame is seconds late; the packet goes on from where it was.
  usePlayback.getState().advance(before === null ? 0 : Math.min(100, now - before));
}

/**
 * Calls `draw` in every frame while the walk plays, moving the playhead first, and once after anything has changed while it
 * does not. Returns what asks for a redraw and what ends it all.
 */
export function frameLoop(draw: () => void): { readonly request: () => void; readonly stop: () => void } {
  let frame = 0;
  let before: number | null = null;
  const request = (): void => {
    if (frame === 0) frame = requestAnimationFrame(tick);
  };
  const tick = (now: number): void => {
    frame = 0;
    if (usePlayback.getState().playing) {
      advance(now, before);
      before = now;
    } else before = null;
    draw();
    if (usePlayback.getState().playing) request();
  };
  const unsubscribe = usePlayback.subscribe(request);
  // The clock of the whole history moves by itself.
  const unwatch = useTime.subscribe((now, old) => {
    if (now.at !== old.at || now.scope !== old.scope) request();
  });
  request();
  return {
    request,
    stop: () => {
      cancelAnimationFrame(frame);
      unsubscribe();
      unwatch();
    },
  };
}

/** Draws the packet and its path onto a canvas; `view` is asked in every frame, `watch` tells when it has changed. */
export function usePacketCanvas(
  canvas: RefObject<HTMLCanvasElement | null>,
  motion: Motion | null,
  view: () => View,
  watch: (changed: () => void) => () => void,
  crowd: Crowd | null = null,
): void {
  useEffect(() => {
    const element = canvas.current;
    const ctx = element?.getContext("2d");
    if (element === null || ctx === null || ctx === undefined) return;
    const calm = matchMedia("(prefers-reduced-motion: reduce)");
    let palette: Palette = readPalette(element);
    const picture = crowd === null ? null : emptyPicture(crowd.swarm.count);

    const loop = frameLoop(() => {
      // Behind a presentation nobody sees it; what changes on the way back asks for it again.
      if (!element.checkVisibility({ visibilityProperty: true })) return;
      const { width, height, x, y, zoom, packet = 1, veiled = false, asked = null } = view();
      const ratio = window.devicePixelRatio || 1;
      const w = Math.round(width * ratio);
      const h = Math.round(height * ratio);
      if (element.width !== w || element.height !== h) {
        element.width = w;
        element.height = h;
      }
      ctx.setTransform(1, 0, 0, 1, 0, 0);
      ctx.clearRect(0, 0, w, h);
      const playback = usePlayback.getState();
      ctx.setTransform(ratio * zoom, 0, 0, ratio * zoom, ratio * x, ratio * y);
      const many = (): void => {
        if (crowd === null || picture === null) return;
        placeSwarm(crowd.swarm, momentOf(crowd), calm.matches, picture);
        paintSwarm(ctx, picture, palette, zoom);
      };
      if (motion === null || playback.walk !== motion.path.walk) {
        many();
        return;
      }
      const over = playback.at >= motion.end;
      const flip = playback.playing && !calm.matches ? FLIP_MS * 1000 * playback.speed : 0;
      const hop = playback.playing || over || asked !== null ? null : currentHop(playback);
      const leg = motion.path.legs.find((l) => l.leg === hop?.leg);
      paint(ctx, {
        path: motion.path,
        moment: momentAt(motion, playback.at, { flip, discrete: calm.matches }),
        palette,
        over,
        ring: hop === null ? null : (leg?.stations.find((s) => s.hop.index === hop.index)?.point ?? null),
        zoom,
        packet,
        veiled,
        asked,
      });
      markFirst();
      many();
    });
    const recolour = (): void => {
      palette = readPalette(element);
      loop.request();
    };
    const theme = new MutationObserver(recolour);
    theme.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme", "class", "style"] });
    const unwatch = watch(loop.request);
    calm.addEventListener("change", loop.request);
    return () => {
      loop.stop();
      theme.disconnect();
      unwatch();
      calm.removeEventListener("change", loop.request);
    };
  }, [canvas, motion, view, watch, crowd]);
}
