import type { Hop, Walk } from "../model/trace/types.ts";
import type { BalancerCard, Card, ClientCard, NodeCard, PodCard } from "./cards.ts";
import type { Point } from "./geometry.ts";
import { center } from "./geometry.ts";
import type { Layout } from "./layout.ts";
import { gapBeside } from "./grid.ts";
import { COLUMN, NODE, ROW_LABELS } from "./metrics.ts";
import { balancerLevels, clientPort, podPorts, slotsOf, type Find, type Slot } from "./levels.ts";
import { assignLanes, type Run } from "./lanes.ts";
import { ranksOf, visitsOf, type Leg, type Visit } from "./visits.ts";

/** A bare orthogonal path, one leg of a walk, with the places of its hops on it. */
export interface Route {
  readonly leg: Leg;
  readonly points: readonly Point[];
  /** Per hop of the leg, in order: length along the bare path. Never falls. */
  readonly stations: readonly { readonly hop: Hop; readonly u: number }[];
}

interface Mutable {
  x: number;
  y: number;
  hops: Hop[];
}

/** Lays a walk over the layout's cards. Hosts that are no longer on the map are passed by. */
export function routesOf(walk: Walk, layout: Layout): readonly Route[] {
  const cards = new Map<string, Card>();
  for (const card of layout.cards) if (card.host !== null) cards.set(card.host, card);
  const balancer = layout.cards.find((c): c is BalancerCard => c.kind === "lb") ?? null;
  const find: Find = (host) => (host.startsWith("lb/") ? (balancer ?? undefined) : cards.get(host));
  const visits = visitsOf(walk, (host) => find(host) !== undefined);
  const slots = slotsOf(visits, find);
  const ports = podPorts(visits);
  const runs: Run[] = [];
  const drawn = (["request", "reply"] as const).map((leg) => {
    const points = drawLeg(
      visits.filter((v) => v.leg === leg),
      { find, slots, ports, runs, balancer, visits },
    );
    return { leg, points };
  });
  assignLanes(runs);
  return drawn
    .map(({ leg, points }) =>
      finish(
        leg,
        leg === "request" ? walk.hops : walk.reply,
        points,
        visits.filter((v) => v.leg === leg),
      ),
    )
    .filter((r) => r.points.length > 0);
}

interface Pen {
  readonly find: Find;
  readonly slots: ReadonlyMap<Visit, Slot>;
  readonly ports: ReadonlyMap<string, number>;
  readonly runs: Run[];
  readonly balancer: BalancerCard | null;
  readonly visits: readonly Visit[];
}

function drawLeg(visits: readonly Visit[], pen: Pen): readonly Mutable[] {
  const points: Mutable[] = [];
  const line: Line = {
    to: (x, y, hops = []) => {
      points.push({ x, y, hops: [...hops] });
    },
    run: (corridor, y1, y2, outward = false) => {
      if (Math.abs(y1 - y2) < 0.01) return;
      const pair: readonly [Mutable, Mutable] = [
        { x: Number.NaN, y: y1, hops: [] },
        { x: Number.NaN, y: y2, hops: [] },
      ];
      points.push(...pair);
      pen.runs.push({ corridor, points: pair, outward });
    },
    last: () => points.at(-1),
  };
  visits.forEach((visit, i) => {
    const before = visits[i - 1];
    const start = entryPoint(visit, before, pen);
    if (before !== undefined) connect(before, visit, line, start, pen);
    draw(visit, line, start, i === visits.length - 1, pen);
    if (visit.transit.length > 0) {
      const at = line.last();
      if (at === undefined || i < visits.length - 1) return;
      // Nobody took it off the wire: it ends there, at the router.
      if (visit.kind === "node" && visit.exit === "left") line.to(BUS, at.y, visit.transit);
      else if (visit.kind === "client") {
        const level = bypass(at.y, visit.leg, pen) ?? at.y;
        line.run("edge", at.y, level);
        line.to(BUS, level, visit.transit);
      } else at.hops.push(...visit.transit);
    }
  });
  return points;
}

interface Line {
  to(x: number, y: number, hops?: readonly Hop[]): void;
  run(corridor: string, y1: number, y2: number, outward?: boolean): void;
  last(): Mutable | undefined;
}

function port(visit: Visit, way: "in" | "out", pen: Pen): number {
  const card = pen.find(visit.host);
  const offset = pen.ports.get(`${pen.visits.indexOf(visit)} ${way}`) ?? 0;
  return (card === undefined ? 0 : center(card.rect).y) + offset;
}

/** Where a visit begins, on the host's edge. */
function entryPoint(visit: Visit, before: Visit | undefined, pen: Pen): Point {
  const card = pen.find(visit.host);
  if (card === undefined) return { x: 0, y: 0 };
  switch (visit.kind) {
    case "client":
      return { x: card.rect.x + card.rect.w, y: clientPort(card as ClientCard, visit.leg) };
    case "lb":
      return {
        x: visit.entry === "left" ? card.rect.x : card.rect.x + card.rect.w,
        y: balancerLevels(visit, card).top,
      };
    case "pod":
      return { x: card.rect.x, y: port(visit, before === undefined ? "out" : "in", pen) };
    case "node": {
      const top = pen.slots.get(visit)?.top ?? card.rect.y;
      if (visit.entry === "right") return { x: card.rect.x + NODE.cni + NODE.barWidth, y: top };
      if (visit.entry === "left") return { x: card.rect.x, y: top };
      return { x: card.rect.x + NODE.slab - 26, y: top };
    }
  }
}

function draw(visit: Visit, line: Line, start: Point, last: boolean, pen: Pen): void {
  const card = pen.find(visit.host);
  if (card === undefined) return;
  if (visit.kind === "node") return drawNode(visit, card as NodeCard, line, start, pen);
  if (visit.kind === "lb") return drawBalancer(visit, card, line, start);
  line.to(start.x, start.y, visit.hops);
  if (!last && visit.kind === "pod") {
    const out = port(visit, "out", pen);
    if (out !== start.y) line.to(start.x, out);
  }
}

function drawBalancer(visit: Visit, card: Card, line: Line, start: Point): void {
  const { top, bottom } = balancerLevels(visit, card);
  const left = card.rect.x;
  const right = left + card.rect.w;
  const middle = left + 22;
  line.to(start.x, start.y);
  if (visit.exit === "none" || visit.exit === "local" || visit.entry === "inside" || visit.entry === "local") {
    const x = center(card.rect).x;
    line.to(x, top, visit.hops);
    if (visit.exit === "left" || visit.exit === "right") {
      const level = card.rect.y + Math.min(107, card.rect.h - 12);
      line.to(right - 8, top);
      line.to(right - 8, level);
      line.to(visit.exit === "left" ? left : right, level);
    }
    return;
  }
  const rewrites = visit.hops.filter((h) => h.stage !== "link");
  const links = visit.hops.filter((h) => h.stage === "link");
  if (visit.entry === visit.exit) {
    line.to(middle, top, rewrites);
    line.to(middle - 10, top);
    line.to(middle - 10, bottom);
    line.to(start.x, bottom, links);
    return;
  }
  const [from, to] = visit.entry === "left" ? [left, right] : [right, left];
  rewrites.forEach((hop, i) => line.to(from + ((to - from) * (i + 1)) / (rewrites.length + 1), top, [hop]));
  line.to(to, top, links);
}

function drawNode(visit: Visit, card: NodeCard, line: Line, start: Point, pen: Pen): void {
  const slot = pen.slots.get(visit);
  if (slot === undefined) return;
  const { x, y } = card.rect;
  const slabLeft = x + NODE.slab;
  const slabRight = slabLeft + NODE.slabWidth;
  const ranks = ranksOf(visit);
  const at = (rank: number): readonly Hop[] => visit.hops.filter((_, i) => ranks[i] === rank);
  const end = visit.exit === "none" ? Math.min(4, ranks.at(-1) ?? 4) : 5;

  if (visit.entry === "inside") {
    const turn = turnPoint(card, pen, visit);
    line.to(
      turn.x,
      turn.y,
      [0, 1, 2, 3].flatMap((rank) => at(rank)),
    );
    if (turn.out) {
      // It had left the slab already: back along its own level.
      line.to(turn.x, slot.bottom, at(4));
      line.to(visit.exit === "right" ? x + NODE.cni + NODE.barWidth : x, slot.bottom, at(5));
      return;
    }
    if (turn.x !== slot.channel) line.to(slot.channel, turn.y);
  } else {
    const edge = visit.entry === "right" ? slabRight : slabLeft;
    line.to(start.x, start.y, at(0));
    if (end === 0) return;
    line.to(edge, slot.top, at(1));
    if (end === 1) return;
    line.to(slot.channel, slot.top);
    line.to(slot.channel, y + ROW_LABELS[1], at(2));
    if (end === 2) return;
    line.to(slot.channel, y + ROW_LABELS[2], at(3));
    if (end === 3) return;
  }
  line.to(slot.channel, slot.bottom);
  const right = visit.exit === "right";
  line.to(right ? slabRight : slabLeft, slot.bottom, at(4));
  if (end === 4) return line.to(slabLeft - OVERRUN, slot.bottom);
  const out = right ? x + NODE.cni + NODE.barWidth : visit.exit === "local" ? slabLeft - 26 : x;
  line.to(out, slot.bottom, at(5));
}

/** Where on this node the request ended: the reply comes out of that very place. `out` when it had passed POSTROUTING. */
function turnPoint(card: NodeCard, pen: Pen, visit: Visit): Point & { readonly out: boolean } {
  const { x, y } = card.rect;
  const request = pen.visits.filter((v) => v.leg === "request" && v.host === visit.host).at(-1);
  const slot = request === undefined ? undefined : pen.slots.get(request);
  if (request === undefined || slot === undefined) return { x: x + NODE.slab, y: y + ROW_LABELS[2], out: false };
  const rank = ranksOf(request).at(-1) ?? 3;
  const left = x + NODE.slab;
  if (rank === 0) return { x: left - 26, y: slot.top, out: false };
  if (rank === 1) return { x: request.entry === "right" ? left + NODE.slabWidth : left, y: slot.top, out: false };
  if (rank >= 4) return { x: left - OVERRUN, y: slot.bottom, out: true };
  return { x: slot.channel, y: y + (ROW_LABELS[rank - 1] ?? ROW_LABELS[2]), out: false };
}

/** Middle of the underlay bus. */
const BUS = COLUMN.bus + COLUMN.busWidth / 2;

/** How far beyond the slab a packet gets that found nobody on the wire. */
const OVERRUN = 20;

function connect(before: Visit, visit: Visit, line: Line, start: Point, pen: Pen): void {
  const from = line.last();
  if (from === undefined) return;
  const transit = before.transit;
  const wire = (x: number, y: number): void => {
    if (transit.length > 0) line.to(x, y, transit);
  };
  const pods = [before, visit].filter((v) => v.kind === "pod").map((v) => pen.find(v.host) as PodCard);
  if (pods.length > 0) return gutter(pods, from, start, line);
  const outside = [before, visit].find((v) => v.kind === "client");
  const detour =
    outside !== undefined && visit.kind !== "lb" && before.kind !== "lb"
      ? bypass(before.kind === "client" ? from.y : start.y, visit.leg, pen)
      : null;
  if (before.kind === "client" && visit.kind === "lb") return line.run("edge", from.y, start.y);
  if (before.kind === "lb" && visit.kind === "client") return line.run("edge", from.y, start.y);
  if (before.kind === "client") {
    const level = detour ?? from.y;
    line.run("edge", from.y, level);
    wire(COLUMN.bus - 24, level);
    return line.run("bus", level, start.y);
  }
  if (visit.kind === "client") {
    const level = detour ?? start.y;
    line.run("bus", from.y, level);
    wire(COLUMN.bus - 24, level);
    return line.run("edge", level, start.y);
  }
  wire(from.x, from.y);
  line.run("bus", from.y, start.y);
}

/** A level below the balancer for packets that do not pass it; null when it is not in the way. */
function bypass(y: number, leg: Leg, pen: Pen): number | null {
  const box = pen.balancer?.rect;
  if (box === undefined || y < box.y - 4 || y > box.y + box.h + 6) return null;
  // Below every level that a node of the first row uses, above the client's terminal.
  return box.y + (leg === "request" ? 134 : 145);
}

function gutter(pods: readonly PodCard[], from: Point, to: Point, line: Line): void {
  const [pod, other] = pods;
  if (pod === undefined) return;
  if (other !== undefined) return line.run(`gutter ${pod.node}`, from.y, to.y);
  const inward = to.x === pod.rect.x && to.y > pod.rect.y && to.y < pod.rect.y + pod.rect.h;
  const { column } = pod;
  if (column === 0) return line.run(`gutter ${pod.node}`, from.y, to.y, !inward);
  // Further columns are reached along the gap between the two rows of pods.
  const gap = gapBeside(pod) + (inward ? 5.5 : -5.5);
  const near = `gutter ${pod.node}`;
  const far = `gutter ${pod.node} ${column}`;
  line.run(inward ? near : far, from.y, gap, !inward);
  line.run(inward ? far : near, gap, to.y, !inward);
}

/** The packet halts this far off the card where its leg begins or ends, so that it does not cover what the card says. */
const HALT = 15;

function finish(leg: Leg, hops: readonly Hop[], points: readonly Mutable[], visits: readonly Visit[]): Route {
  const at = new Map<Hop, number>();
  let length = 0;
  points.forEach((point, i) => {
    const before = points[i - 1];
    if (before !== undefined) length += Math.abs(point.x - before.x) + Math.abs(point.y - before.y);
    for (const hop of point.hops) at.set(hop, length);
  });
  const halt = (visit: Visit | undefined): number =>
    visit?.kind === "pod" || visit?.kind === "client" ? Math.min(HALT, length / 4) : 0;
  const low = halt(visits[0]);
  const high = length - halt(visits.at(-1));
  let floor = 0;
  const stations = hops.map((hop) => {
    floor = Math.min(high, Math.max(low, floor, at.get(hop) ?? floor));
    return { hop, u: floor };
  });
  return { leg, points: points.map(({ x, y }) => ({ x, y })), stations };
}
