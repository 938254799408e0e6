import type { Point } from "../../graph/geometry.ts";
import { STRAND } from "../../graph/metrics.ts";
import { doneOf, type Half, type Moment } from "../../graph/motion.ts";
import { tintAt, type Arrow, type Glyph, type LegPath, type TintChange, type WalkPath } from "../../graph/path.ts";
import { indexAt } from "../../graph/ribbon.ts";
import { TINTS, type SwarmPicture } from "../../graph/swarm.ts";
import type { Palette } from "./palette.ts";
import type { AskedHalf } from "./presented.ts";

/** One picture of the canvas. Nothing here remembers anything: the same scene gives the same pixels. */
export interface Picture {
  readonly path: WalkPath;
  readonly moment: Moment | null;
  readonly palette: Palette;
  /** The walk is over: the packet has given way to its verdict. */
  readonly over: boolean;
  /** Where the ring of the selected hop stands, or null. */
  readonly ring: Point | null;
  readonly zoom: number;
  /** Size of the packet where lanes are tight; 1 when left out. */
  readonly packet?: number;
  /** What the packet has not come to yet is not drawn. */
  readonly veiled?: boolean;
  /** Half of the packet that is a question. */
  readonly asked?: AskedHalf | null;
}

const FUTURE = 0.5;
const OFFSET = (STRAND.width + STRAND.gap) / 2;

export function paint(ctx: CanvasRenderingContext2D, picture: Picture): void {
  const { path, moment, palette, over, veiled = false, asked = null } = picture;
  const future = veiled ? 0 : FUTURE;
  ctx.lineCap = "butt";
  ctx.lineJoin = "round";
  for (const leg of path.legs) {
    const done = over ? leg.ribbon.length : doneOf(leg, moment);
    strand(ctx, leg, leg.source, OFFSET, done, palette, future);
    strand(ctx, leg, leg.destination, -OFFSET, done, palette, future);
    for (const arrow of leg.arrows)
      if (arrow.s <= done || !veiled) arrowhead(ctx, leg, arrow, arrow.s <= done, palette);
  }
  for (const glyph of path.glyphs) {
    const leg = path.legs.find((l) => l.leg === glyph.leg);
    const reached = over || (leg !== undefined && moment !== null && glyph.s <= doneOf(leg, moment) + 0.5);
    if (reached || !veiled) drawGlyph(ctx, glyph, reached, picture);
  }
  const scale = (picture.packet ?? 1) * Math.max(1, 0.7 / picture.zoom);
  if (moment !== null && !over) domino(ctx, moment, palette, scale, asked);
  if (picture.ring !== null) ring(ctx, picture.ring, over ? null : (moment?.point ?? null), scale, palette);
}

function strand(
  ctx: CanvasRenderingContext2D,
  leg: LegPath,
  changes: readonly TintChange[],
  offset: number,
  done: number,
  palette: Palette,
  future: number,
): void {
  ctx.lineWidth = STRAND.width;
  changes.forEach((change, i) => {
    const from = change.s;
    const to = changes[i + 1]?.s ?? leg.ribbon.length;
    ctx.strokeStyle = palette.tint[change.tint];
    piece(ctx, leg, from, Math.min(to, done), offset, 1);
    if (future > 0) piece(ctx, leg, Math.max(from, done), to, offset, future);
  });
}

function piece(
  ctx: CanvasRenderingContext2D,
  leg: LegPath,
  from: number,
  to: number,
  offset: number,
  alpha: number,
): void {
  if (to - from < 0.01) return;
  const { ribbon } = leg;
  ctx.globalAlpha = alpha;
  if (leg.dashed) {
    ctx.setLineDash([7, 4.5]);
    ctx.lineDashOffset = from;
  } else ctx.setLineDash([]);
  ctx.beginPath();
  const first = indexAt(ribbon.s, ribbon.count, from);
  const last = indexAt(ribbon.s, ribbon.count, to);
  place(ctx, leg, first, from, offset, true);
  for (let i = first + 1; i <= last; i++) place(ctx, leg, i, ribbon.s[i] ?? 0, offset, false);
  place(ctx, leg, last, to, offset, false);
  ctx.stroke();
  ctx.setLineDash([]);
  ctx.globalAlpha = 1;
}

/** One point of a strand: `offset` to the left of travel, between flattened point `i` and the next. */
function place(
  ctx: CanvasRenderingContext2D,
  { ribbon }: LegPath,
  i: number,
  s: number,
  offset: number,
  begin: boolean,
): void {
  const j = Math.min(i + 1, ribbon.count - 1);
  const s0 = ribbon.s[i] ?? 0;
  const s1 = ribbon.s[j] ?? s0;
  const t = s1 > s0 ? (s - s0) / (s1 - s0) : 0;
  const mix = (values: Float32Array): number => {
    const a = values[i] ?? 0;
    return a + ((values[j] ?? a) - a) * t;
  };
  const x = mix(ribbon.x) + mix(ribbon.leftX) * offset;
  const y = mix(ribbon.y) + mix(ribbon.leftY) * offset;
  if (begin) ctx.moveTo(x, y);
  else ctx.lineTo(x, y);
}

function arrowhead(ctx: CanvasRenderingContext2D, leg: LegPath, arrow: Arrow, done: boolean, palette: Palette): void {
  ctx.save();
  ctx.translate(arrow.point.x, arrow.point.y);
  ctx.rotate(arrow.heading);
  ctx.fillStyle = palette.tint[tintAt(leg.source, arrow.s)];
  ctx.globalAlpha = done ? 1 : 0.7;
  ctx.beginPath();
  ctx.moveTo(-4, -4.5);
  ctx.lineTo(4.5, 0);
  ctx.lineTo(-4, 4.5);
  ctx.closePath();
  ctx.fill();
  ctx.restore();
}

function drawGlyph(ctx: CanvasRenderingContext2D, glyph: Glyph, reached: boolean, picture: Picture): void {
  const { over, palette } = picture;
  const { x, y } = glyph.point;
  ctx.save();
  ctx.translate(x, y);
  ctx.lineJoin = "round";
  switch (glyph.kind) {
    case "dnat":
    case "undo-dnat":
      tag(ctx, 1, glyph.kind === "dnat", palette.tint.dnat, palette);
      break;
    case "snat":
    case "undo-snat":
      tag(ctx, -1, glyph.kind === "snat", palette.tint.snat, palette);
      break;
    case "reject":
      if (reached) octagon(ctx, palette);
      break;
    case "drop":
      if (reached) dropSquare(ctx, palette);
      break;
    case "delivered":
      if (over) check(ctx, palette);
      break;
    case "process":
      ctx.beginPath();
      ctx.arc(0, 0, 4.5, 0, Math.PI * 2);
      ctx.fillStyle =
        palette.tint[glyph.leg === "reply" && picture.path.walk.outcome !== "delivered" ? "reject" : glyph.leg];
      ctx.fill();
      break;
  }
  ctx.restore();
}

/** The tag of a rewrite: pointing right for the destination, left for the source; hollow when it is undone. */
function tag(ctx: CanvasRenderingContext2D, way: 1 | -1, filled: boolean, color: string, palette: Palette): void {
  ctx.beginPath();
  ctx.moveTo(-6.5 * way, -5);
  ctx.lineTo(1.5 * way, -5);
  ctx.lineTo(6.5 * way, 0);
  ctx.lineTo(1.5 * way, 5);
  ctx.lineTo(-6.5 * way, 5);
  ctx.closePath();
  ctx.fillStyle = filled ? color : palette.surface;
  ctx.fill();
  ctx.strokeStyle = color;
  ctx.lineWidth = filled ? 1 : 1.6;
  ctx.stroke();
}

function octagon(ctx: CanvasRenderingContext2D, palette: Palette): void {
  const r = 10;
  ctx.beginPath();
  for (let i = 0; i < 8; i++) {
    const a = Math.PI / 8 + (i * Math.PI) / 4;
    ctx.lineTo(r * Math.cos(a), r * Math.sin(a));
  }
  ctx.closePath();
  ctx.fillStyle = palette.tint.reject;
  ctx.fill();
  ctx.fillStyle = palette.surface;
  ctx.fillRect(-5, -1.6, 10, 3.2);
}

function dropSquare(ctx: CanvasRenderingContext2D, palette: Palette): void {
  ctx.beginPath();
  ctx.roundRect(-8.5, -8.5, 17, 17, 4);
  ctx.fillStyle = palette.surface;
  ctx.fill();
  ctx.strokeStyle = palette.drop;
  ctx.lineWidth = 1.7;
  ctx.setLineDash([3, 2.2]);
  ctx.stroke();
  ctx.setLineDash([]);
  ctx.beginPath();
  ctx.moveTo(0, -4.5);
  ctx.lineTo(0, 3);
  ctx.moveTo(-3, 0.5);
  ctx.lineTo(0, 3.8);
  ctx.lineTo(3, 0.5);
  ctx.stroke();
}

function check(ctx: CanvasRenderingContext2D, palette: Palette): void {
  ctx.beginPath();
  ctx.arc(0, 0, 8.5, 0, Math.PI * 2);
  ctx.fillStyle = palette.tint.reply;
  ctx.fill();
  ctx.strokeStyle = palette.surface;
  ctx.lineWidth = 2;
  ctx.lineCap = "round";
  ctx.beginPath();
  ctx.moveTo(-3.6, 0.2);
  ctx.lineTo(-1, 2.8);
  ctx.lineTo(3.8, -2.6);
  ctx.stroke();
}

function ring(ctx: CanvasRenderingContext2D, at: Point, packet: Point | null, scale: number, palette: Palette): void {
  // Around the packet when it stands on the hop, else around the hop's own glyph.
  const near = packet !== null && Math.hypot(packet.x - at.x, packet.y - at.y) < 14;
  const w = near ? (HALF.w + 6) * scale : 12;
  const h = near ? (HALF.h / 2 + 5.5) * scale : 11;
  const c = near ? packet : at;
  ctx.beginPath();
  ctx.roundRect(c.x - w, c.y - h, 2 * w, 2 * h, near ? 9 * scale : 6);
  ctx.strokeStyle = palette.focus;
  ctx.lineWidth = 2;
  ctx.stroke();
}

const HALF = { w: 20, h: 20, r: 5 } as const;

/** Two halves, ● source and ▶ destination, that never turn with the way: the colours are what is to be read. */
function domino(
  ctx: CanvasRenderingContext2D,
  moment: Moment,
  palette: Palette,
  scale: number,
  asked: AskedHalf | null,
): void {
  ctx.save();
  ctx.translate(moment.point.x, moment.point.y);
  ctx.scale(scale, scale);
  ctx.beginPath();
  ctx.roundRect(-HALF.w - 2.5, -HALF.h / 2 - 2, 2 * HALF.w + 5, HALF.h + 4, HALF.r + 2);
  ctx.fillStyle = palette.surface;
  ctx.fill();
  face(ctx, moment.source, -1, palette, asked === "source" || asked === "whole");
  face(ctx, moment.destination, 1, palette, asked === "destination" || asked === "whole");
  ctx.restore();
}

function face(ctx: CanvasRenderingContext2D, half: Half, side: 1 | -1, palette: Palette, isAsked: boolean): void {
  // A departure board: the old face turns away about its horizontal axis, the new one comes.
  const squeeze = half.turn >= 1 ? 1 : Math.max(0.04, Math.abs(Math.cos(Math.PI * half.turn)));
  const tint = half.turn < 0.5 ? half.was : half.tint;
  ctx.save();
  ctx.scale(1, squeeze);
  ctx.beginPath();
  const { w, h, r } = HALF;
  if (side < 0) ctx.roundRect(-w - 0.5, -h / 2, w, h, [r, 0, 0, r]);
  else ctx.roundRect(0.5, -h / 2, w, h, [0, r, r, 0]);
  ctx.fillStyle = isAsked ? palette.ink : palette.tint[tint];
  ctx.fill();
  ctx.fillStyle = palette.onInk;
  if (isAsked) {
    ctx.font = "700 16px Inter Variable, Inter, system-ui, sans-serif";
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    ctx.fillText("?", (side * (w + 1)) / 2, 0.5);
    ctx.restore();
    return;
  }
  ctx.beginPath();
  if (side < 0) ctx.arc(-w / 2 - 0.5, 0, 3, 0, Math.PI * 2);
  else {
    ctx.moveTo(w / 2 - 3, -4.2);
    ctx.lineTo(w / 2 + 4.5, 0);
    ctx.lineTo(w / 2 - 3, 4.2);
    ctx.closePath();
  }
  ctx.fill();
  ctx.restore();
}

/** Half of a small domino. */
const SMALL = { w: 4.5, h: 6 } as const;

/** Many packets as small dominoes, source left and destination right. Rectangles of one colour are one path: ten fills in all. */
export function paintSwarm(ctx: CanvasRenderingContext2D, swarm: SwarmPicture, palette: Palette, zoom: number): void {
  const scale = Math.max(1, 0.6 / zoom);
  const w = SMALL.w * scale;
  const h = SMALL.h * scale;
  ctx.fillStyle = palette.surface;
  ctx.beginPath();
  for (let i = 0; i < swarm.count; i++)
    ctx.rect((swarm.x[i] ?? 0) - w - 1, (swarm.y[i] ?? 0) - h / 2 - 1, 2 * w + 2, h + 2);
  ctx.fill();
  TINTS.forEach((tint, n) => {
    ctx.fillStyle = palette.tint[tint];
    ctx.beginPath();
    for (let i = 0; i < swarm.count; i++) {
      const y = (swarm.y[i] ?? 0) - h / 2;
      if (swarm.source[i] === n) ctx.rect((swarm.x[i] ?? 0) - w, y, w - 0.5, h);
      if (swarm.destination[i] === n) ctx.rect((swarm.x[i] ?? 0) + 0.5, y, w - 0.5, h);
    }
    ctx.fill();
  });
}
