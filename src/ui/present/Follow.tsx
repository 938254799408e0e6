import { useReactFlow, useStore } from "@xyflow/react";
import { useEffect, useMemo, useRef } from "react";
import type { Card } from "../../graph/cards.ts";
import { rect, union, type Rect } from "../../graph/geometry.ts";
import type { Layout } from "../../graph/layout.ts";
import { useCurrentHop } from "../inspector/useCurrentHop.ts";
import { sequence, usePlayback } from "../playback.ts";
import { windowFrom } from "./camera.ts";
import { hopBefore } from "./questions.ts";
import { standing, useShow } from "./show.ts";
import styles from "./Present.module.css";

/** The zoom at which nothing on the map is smaller than 20 pixels of a 1080p picture, and the one beyond which it is coarse. */
const READABLE = 2;
const LARGEST = 2.6;
/** Height of two nodes with the gap between them: as much as should be in sight. */
const TWO_NODES = 300;
const GLIDE_MS = 420;

/** How large the window is compared to 1080p. */
const scaleOf = (): number => Math.min(innerWidth / 1920, innerHeight / 1080);

/** The card that a packet at a place is at; a pod is seen with its node. */
function seenAt(layout: Layout, place: string): readonly Card[] {
  const card = layout.cards.find((one) => one.host === place);
  if (card === undefined) return [];
  const node =
    card.kind === "pod" ? layout.cards.find((one) => one.kind === "node" && one.name === card.node) : undefined;
  return node === undefined ? [card] : [node, card];
}

/** Moves the camera with the packet, and lets a light fall on where it is. */
export function Follow({ layout }: { readonly layout: Layout }) {
  const flow = useReactFlow();
  const width = useStore((state) => state.width);
  const height = useStore((state) => state.height);
  const { walk, selection, hop } = useCurrentHop();
  const question = useShow(standing);
  const asked = walk !== null && question !== null ? hopBefore(walk, question) : null;
  const here = asked ?? hop;
  const before = useMemo(() => {
    if (walk === null || selection === null || here === null) return null;
    const all = sequence(walk);
    const at = all.findIndex(({ hop: one }) => one === here);
    return all.slice(0, at).findLast(({ hop: one }) => one.place !== here.place)?.hop.place ?? null;
  }, [walk, selection, here]);

  const from = useRef({ x: 0, y: 0 });
  useEffect(() => {
    if (width === 0 || height === 0) return;
    const { w, h } = layout.bounds;
    const scale = scaleOf();
    const whole = Math.min(width / w, height / h);
    const zoom = Math.min(
      4,
      Math.max(READABLE * scale, whole, Math.min(LARGEST * scale, width / w, height / TWO_NODES), 0.9),
    );
    const [seenWidth, seenHeight] = [width / zoom, height / zoom];
    const card = (place: string | null): readonly Rect[] =>
      place === null ? [] : seenAt(layout, place).map((one) => one.rect);
    const current = card(here?.place ?? null);
    const next = here?.stage === "link" ? card(here.to) : [];
    const all = union([...current, ...next, ...card(before)]);
    const own = current.length === 0 ? rect(0, layout.band.height, 1, 1) : union([...current]);
    const fits = all.h <= seenHeight && all.w <= seenWidth;
    const wanted = current.length > 0 && fits ? all : own;
    const x = windowFrom(from.current.x, seenWidth, w, wanted, "x");
    const y = windowFrom(from.current.y, seenHeight, h, wanted, "y");
    from.current = { x, y };
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    void flow.setViewport({ x: -x * zoom, y: -y * zoom, zoom }, { duration: calm ? 0 : GLIDE_MS });
  }, [flow, layout, width, height, here, before]);

  const spotlight = useShow((state) => state.spotlight);
  const playing = usePlayback((state) => state.playing);
  // The wires between have no card: the light stays where the packet was last.
  const cardAt = (place: string | undefined) => layout.cards.find((one) => place !== undefined && one.host === place);
  const lit = cardAt(here?.place) ?? cardAt(before ?? undefined);
  return spotlight && lit !== undefined ? <Light rect={lit.rect} playing={playing} /> : null;
}

/** All is dimmed but one card. */
function Light({ rect: { x, y, w, h }, playing }: { readonly rect: Rect; readonly playing: boolean }) {
  const [left, top, zoom] = useStore((state) => state.transform);
  return (
    <div
      className={styles["light"]}
      data-testid="spotlight"
      data-playing={playing || undefined}
      style={{
        transform: `translate(${String(left + (x - 6) * zoom)}px, ${String(top + (y - 6) * zoom)}px)`,
        width: (w + 12) * zoom,
        height: (h + 12) * zoom,
      }}
    />
  );
}
