/** The selected walk laid out along a line. Pure. */
import type { Hop, Walk } from "../../model/trace/types.ts";
import type { Glyph } from "../inspector/rungs.ts";
import { rungsOf } from "../inspector/rungs.ts";
import { strandsOf, type Strands } from "../inspector/strands.ts";
import { sequence } from "../playback.ts";
import { warp, type Scale } from "./warp.ts";

export interface StripHop {
  readonly leg: "request" | "reply";
  readonly hop: Hop;
  readonly x: number;
  /** Null for hops that only pass: the strands go through. */
  readonly glyph: Glyph | null;
}

export interface StripPiece {
  readonly leg: "request" | "reply";
  readonly from: number;
  readonly to: number;
  readonly strands: Strands;
}

export interface Strip extends Scale {
  readonly hops: readonly StripHop[];
  readonly pieces: readonly StripPiece[];
}

const GAP = 20;

/** Hops along `width` pixels: linear in time, but glyphs never overlap. Strands run between neighbouring hops of one leg. */
export function stripOf(walk: Walk, width: number): Strip {
  const all = sequence(walk);
  const glyphs = new Map<Hop, Glyph>();
  for (const rung of rungsOf(walk)) {
    if (rung.request !== null) glyphs.set(rung.request.lead, rung.request.glyph);
    if (rung.reply !== null) glyphs.set(rung.reply.lead, rung.reply.glyph);
  }
  const stops = [walk.startedAt, ...all.filter(({ hop }) => glyphs.has(hop)).map(({ hop }) => hop.at), walk.endedAt];
  const scale = warp(
    stops.toSorted((a, b) => a - b),
    width,
    GAP,
  );
  const hops = all.map(({ leg, hop }): StripHop => ({ leg, hop, x: scale.x(hop.at), glyph: glyphs.get(hop) ?? null }));
  const strands = strandsOf(walk);
  const pieces = hops.flatMap((from, i): readonly StripPiece[] => {
    const to = hops[i + 1];
    const ink = strands[from.leg][from.hop.index];
    if (to === undefined || to.leg !== from.leg || ink === undefined || to.x <= from.x) return [];
    return [{ leg: from.leg, from: from.x, to: to.x, strands: ink }];
  });
  return { x: scale.x, at: scale.at, hops, pieces: join(pieces) };
}

/** Neighbouring pieces of one look become one. */
function join(pieces: readonly StripPiece[]): readonly StripPiece[] {
  const result: StripPiece[] = [];
  for (const piece of pieces) {
    const last = result.at(-1);
    const same =
      last?.leg === piece.leg &&
      last.to === piece.from &&
      last.strands.src === piece.strands.src &&
      last.strands.dst === piece.strands.dst;
    if (last !== undefined && same) result[result.length - 1] = { ...last, to: piece.to };
    else result.push(piece);
  }
  return result;
}
