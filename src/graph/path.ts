import type { Hop, OutcomeKind, Walk } from "../model/trace/types.ts";
import { isRelayed } from "../mirror/joined.ts";
import type { Point } from "./geometry.ts";
import type { Layout } from "./layout.ts";
import { arcAt, crossing, flatten, lengthOf, pointAt, segmentsOf, type Ribbon, type Segment } from "./ribbon.ts";
import { routesOf, type Route } from "./route.ts";
import type { Leg } from "./visits.ts";

/** What a strand's colour says: one of the seven roles, by its token's name. */
export type Tint = "request" | "reply" | "dnat" | "snat" | "reject";

/** From arc length `s` on (to the next change or the end) a strand has this tint. */
export interface TintChange {
  readonly s: number;
  readonly tint: Tint;
}

export interface Station {
  readonly hop: Hop;
  /** Arc length from the start of its leg. */
  readonly s: number;
  readonly point: Point;
}

/** `process` is where a node's own program sends or takes the packet. */
export type GlyphKind = "dnat" | "snat" | "undo-dnat" | "undo-snat" | "reject" | "drop" | "delivered" | "process";

export interface Glyph {
  readonly kind: GlyphKind;
  readonly leg: Leg;
  /** Index of the hop in its leg. */
  readonly index: number;
  readonly s: number;
  readonly point: Point;
}

/** A small arrowhead on a long straight piece. */
export interface Arrow {
  readonly s: number;
  readonly point: Point;
  readonly heading: number;
}

export interface LegPath {
  readonly leg: Leg;
  readonly ribbon: Ribbon;
  readonly segments: readonly Segment[];
  readonly stations: readonly Station[];
  /** Strand of the source, on the left of travel, and of the destination, on the right. */
  readonly source: readonly TintChange[];
  readonly destination: readonly TintChange[];
  readonly arrows: readonly Arrow[];
  readonly dashed: boolean;
}

export interface WalkPath {
  readonly walk: Walk;
  readonly legs: readonly LegPath[];
  readonly glyphs: readonly Glyph[];
}

/** The line that a walk draws on the map. Pure: the same walk and layout give the same numbers. */
export function pathOf(walk: Walk, layout: Layout): WalkPath {
  return pathAlong(walk, routesOf(walk, layout));
}

/** The same for routes that were laid elsewhere, as on the one-row strip. */
export function pathAlong(walk: Walk, routes: readonly Route[]): WalkPath {
  const earlier: Segment[] = [];
  const legs: LegPath[] = [];
  const nat = { dnat: 0, snat: 0 };
  for (const route of routes) {
    const segments = segmentsOf(route.points);
    const over: number[] = [];
    for (const segment of segments) {
      for (const before of earlier) {
        const u = crossing(segment, before);
        if (u !== null) over.push(u);
      }
      earlier.push(segment);
    }
    const ribbon = flatten(segments, over, route.points[0] ?? { x: 0, y: 0 });
    const stations = route.stations.map(({ hop, u }) => {
      const s = arcAt(ribbon, u);
      return { hop, s, point: pointAt(ribbon, s) };
    });
    legs.push({
      leg: route.leg,
      ribbon,
      segments,
      stations,
      ...tintsOf(route.leg, stations, nat, walk.outcome),
      arrows: arrowsOf(segments, ribbon, stations),
      dashed: route.leg === "reply",
    });
  }
  return { walk, legs, glyphs: [...legs.flatMap(rewrites), ...legs.flatMap(processes), ...endings(walk, legs)] };
}

/** What a hop did to the header's addresses, whatever its verdict is called. */
export function rewriteOf(hop: Hop): { readonly source: boolean; readonly destination: boolean } {
  const { before, after } = hop;
  return {
    source: before.src !== after.src || before.sport !== after.sport,
    destination: before.dst !== after.dst || before.dport !== after.dport,
  };
}

function tintsOf(
  leg: Leg,
  stations: readonly Station[],
  nat: { dnat: number; snat: number },
  outcome: OutcomeKind,
): { readonly source: readonly TintChange[]; readonly destination: readonly TintChange[] } {
  const plain: Tint = leg === "request" ? "request" : outcome === "delivered" ? "reply" : "reject";
  // In a reply the roles are swapped: its source is the address that DNAT wrote, its destination the one that SNAT wrote.
  const source: TintChange[] = [{ s: 0, tint: leg === "reply" && nat.dnat > 0 ? "dnat" : plain }];
  const destination: TintChange[] = [{ s: 0, tint: leg === "reply" && nat.snat > 0 ? "snat" : plain }];
  for (const { hop, s } of stations) {
    const changed = rewriteOf(hop);
    if (leg === "request") {
      if (changed.source) {
        nat.snat++;
        source.push({ s, tint: "snat" });
      }
      if (changed.destination) {
        nat.dnat++;
        destination.push({ s, tint: "dnat" });
      }
    } else {
      if (changed.source) {
        nat.dnat--;
        source.push({ s, tint: nat.dnat > 0 ? "dnat" : plain });
      }
      if (changed.destination) {
        nat.snat--;
        destination.push({ s, tint: nat.snat > 0 ? "snat" : plain });
      }
    }
  }
  return { source, destination };
}

/** A strand's tint at arc length `s`. */
export function tintAt(changes: readonly TintChange[], s: number): Tint {
  let tint = changes[0]?.tint ?? "request";
  for (const change of changes) if (change.s <= s + 1e-3) tint = change.tint;
  return tint;
}

function rewrites(path: LegPath): readonly Glyph[] {
  return path.stations.flatMap(({ hop, s, point }) => {
    const changed = rewriteOf(hop);
    const glyph = (kind: GlyphKind): Glyph => ({ kind, leg: path.leg, index: hop.index, s, point });
    if (isRelayed(hop)) return [glyph("process")];
    const request = path.leg === "request";
    return [
      ...(changed.destination ? [glyph(request ? "dnat" : "undo-snat")] : []),
      ...(changed.source ? [glyph(request ? "snat" : "undo-dnat")] : []),
    ];
  });
}

/** A line that begins or ends in a program on a node has no card to touch: a dot stands for the program. */
function processes(path: LegPath): readonly Glyph[] {
  const first = path.stations[0];
  const last = path.stations.at(-1);
  const dots: Glyph[] = [];
  const local = ({ hop }: Station): boolean =>
    hop.place.startsWith("node/") && (hop.stage === "client" || hop.stage === "socket");
  if (first !== undefined && local(first))
    dots.push({ kind: "process", leg: path.leg, index: first.hop.index, s: 0, point: pointAt(path.ribbon, 0) });
  if (last !== undefined && last !== first && local(last))
    dots.push({
      kind: "process",
      leg: path.leg,
      index: last.hop.index,
      s: path.ribbon.length,
      point: pointAt(path.ribbon, path.ribbon.length),
    });
  return dots;
}

function endings(walk: Walk, legs: readonly LegPath[]): readonly Glyph[] {
  const request = legs.find((l) => l.leg === "request");
  const last = legs.at(-1);
  const end = (path: LegPath | undefined, kind: GlyphKind): readonly Glyph[] => {
    const station = path?.stations.at(-1);
    return path === undefined || station === undefined
      ? []
      : [
          {
            kind,
            leg: path.leg,
            index: station.hop.index,
            s: path.ribbon.length,
            point: pointAt(path.ribbon, path.ribbon.length),
          },
        ];
  };
  switch (walk.outcome) {
    case "delivered":
      return last?.leg === "reply" ? end(last, "delivered") : [];
    case "timeout":
      return end(last, "drop");
    case "unreachable":
      return walk.reply.length > 0 ? end(request, "reject") : end(last, "drop");
    case "refused":
    case "reset":
    case "name-error":
      return end(request, "reject");
  }
}

/** Arrowheads in the middle of long straight pieces, away from what else stands on the line. */
function arrowsOf(segments: readonly Segment[], ribbon: Ribbon, stations: readonly Station[]): readonly Arrow[] {
  const busy = stations.filter(({ hop }) => hop.verdict !== "continue" && hop.verdict !== "accept").map((st) => st.s);
  return segments.flatMap((segment) => {
    const length = lengthOf(segment);
    const flat = segment.from.y === segment.to.y;
    if (length < (flat ? 56 : 140)) return [];
    const heading = Math.atan2(segment.to.y - segment.from.y, segment.to.x - segment.from.x);
    const shares = length > 220 ? [0.12, 0.62] : [0.5];
    return shares.flatMap((share) => {
      const s = arcAt(ribbon, segment.u + length * share);
      return busy.some((b) => Math.abs(b - s) < 18) ? [] : [{ s, point: pointAt(ribbon, s), heading }];
    });
  });
}
