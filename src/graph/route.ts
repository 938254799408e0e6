import type { Hop, Walk } from "../model/trace/types.ts";
import type { BalancerCard, Card, ClientCard, NodeCard, PodCard } from "./cards.ts";
import type { Point } from "./geometry.ts";
import { center } from "./geometry.ts";
import type { Layout } from "./layout.ts";
import { COLUMN, NODE, POD, ROW_LABELS, STRAND } from "./metrics.ts";
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

interface Slot {
  top: number;
  bottom: number;
  channel: number;
}

/** Lays a walk over the layout's cards. Hosts that are no longer on the map are passed by. */
export function routesOf(walk: Walk, layout: Layout): readonly Route[] {
  const cards = new Map<string, Card>();
  for (const card of layout.cards) if (card.host !== null) cards.set(card.host, card);
  const balancer = layout.cards.find((c): c is BalancerCard => c.kind === "lb") ?? null;
  const find = (host: string): Card | undefined => (host.startsWith("lb/") ? (balancer ?? undefined) : cards.get(host));
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
  readonly find: (host: string) => Card | undefined;
  readonly slots: ReadonlyMap<Visit, Slot>;
  readonly ports: ReadonlyMap<string, number>;
  readonly runs: Run[];
  readonly balancer: BalancerCard | null;
  readonly visits: readonly Visit[];
}

/** Levels in the slab for every visit of a node, outermost first: the request is the outer U, the reply lies inside it. */
function slotsOf(visits: readonly Visit[], find: Pen["find"]): ReadonlyMap<Visit, Slot> {
  const slots = new Map<Visit, Slot>();
  for (const host of new Set(visits.filter((v) => v.kind === "node").map((v) => v.host))) {
    const card = find(host);
    if (card === undefined) continue;
    const here = visits.filter((v) => v.host === host);
    const left = here.filter((v) => v.entry === "left" || v.entry === "local");
    const right = here.filter((v) => v.entry === "right");
    const leaving = here.filter((v) => v.exit !== "none" || (ranksOf(v).at(-1) ?? 0) >= 4);
    const slab = card.rect.x + NODE.slab;
    for (const visit of here) {
      const l = left.indexOf(visit);
      const r = right.indexOf(visit);
      const b = Math.max(0, leaving.indexOf(visit));
      const top =
        r >= 0 ? 32.5 + r * spread(11.5, 22, right.length) : 22 + Math.max(0, l) * spread(13, 27, left.length);
      const channel =
        r >= 0 ? 114 - (right.length > 1 ? 2 : 0) + r * spread(9, 13, right.length) : leftChannel(l, left.length);
      slots.set(visit, {
        top: card.rect.y + top,
        bottom: card.rect.y + 120 - b * spread(13, 26, leaving.length),
        channel: slab + channel,
      });
    }
    // What is turned back goes on falling in the channel in which it came.
    for (const visit of here.filter((v) => v.entry === "inside")) {
      const slot = slots.get(visit);
      const origin = slots.get(here.filter((v) => v.leg === "request").at(-1) ?? visit);
      if (slot !== undefined && origin !== undefined) {
        slot.channel = origin.channel;
        slot.top = origin.top;
      }
    }
  }
  return slots;
}

function spread(pitch: number, room: number, n: number): number {
  return n <= 1 ? 0 : Math.min(pitch, room / (n - 1));
}

function leftChannel(index: number, n: number): number {
  if (n <= 1) return 24;
  return 36 - Math.max(0, index) * spread(13, 24, n);
}

/** Heights on a pod's left edge: packets leave above its middle and enter below it. */
function podPorts(visits: readonly Visit[]): ReadonlyMap<string, number> {
  const used = new Map<string, number>();
  const ports = new Map<string, number>();
  visits.forEach((visit, i) => {
    if (visit.kind !== "pod") return;
    for (const way of ["in", "out"] as const) {
      const first = visits[i - 1]?.leg !== visit.leg;
      const last = visits[i + 1]?.leg !== visit.leg;
      if ((way === "in" && first) || (way === "out" && last)) continue;
      const k = used.get(`${visit.host} ${way}`) ?? 0;
      used.set(`${visit.host} ${way}`, k + 1);
      ports.set(`${i} ${way}`, (way === "in" ? 1 : -1) * (5.5 + STRAND.lane * k));
    }
  });
  return ports;
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
      if (at !== undefined && i === visits.length - 1) at.hops.push(...visit.transit);
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

function clientPort(card: ClientCard, leg: Leg): number {
  return card.rect.y + (leg === "request" ? 22 : card.small ? 44 : 108);
}

/** A packet passes over a balancer above its name on the way out and below it on the way back; a U-turn stays on one side. */
function balancerLevels(visit: Visit, card: Card): { readonly top: number; readonly bottom: number } {
  const y = card.rect.y;
  if (visit.entry === visit.exit)
    return visit.leg === "request" ? { top: y + 14, bottom: y + 28 } : { top: y + 100, bottom: y + 114 };
  const level = visit.leg === "request" ? y + 22 : y + Math.min(108, card.rect.h - 12);
  return { top: level, bottom: level };
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
      const level = card.rect.y + Math.min(108, card.rect.h - 12);
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
    const turn = line.last() ?? { x: slot.channel, y: turnHeight(card, pen, visit) };
    line.to(
      turn.x,
      turn.y,
      [0, 1, 2, 3].flatMap((rank) => at(rank)),
    );
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
  if (end === 4) return;
  const out = right ? x + NODE.cni + NODE.barWidth : visit.exit === "local" ? slabLeft - 26 : x;
  line.to(out, slot.bottom, at(5));
}

/** Where on this node the request ended: the reply comes out of that very place. */
function turnHeight(card: NodeCard, pen: Pen, visit: Visit): number {
  const request = pen.visits.filter((v) => v.leg === "request" && v.host === visit.host).at(-1);
  const rank = request === undefined ? 3 : (ranksOf(request).at(-1) ?? 3);
  if (rank <= 1) return pen.slots.get(visit)?.top ?? card.rect.y;
  return card.rect.y + (ROW_LABELS[Math.min(3, rank - 1)] ?? ROW_LABELS[2]);
}

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
  return box.y + box.h + (leg === "request" ? 10 : 21);
}

function gutter(pods: readonly PodCard[], from: Point, to: Point, line: Line): void {
  const [pod, other] = pods;
  if (pod === undefined) return;
  if (other !== undefined) return line.run(`gutter ${pod.node}`, from.y, to.y);
  const inward = to.x === pod.rect.x && to.y > pod.rect.y && to.y < pod.rect.y + pod.rect.h;
  const column = Math.floor(pod.slot / POD.rows.length);
  if (column === 0) return line.run(`gutter ${pod.node}`, from.y, to.y, !inward);
  // Further columns are reached along the gap between the two rows of pods.
  const halfGap = (POD.rows[1] - POD.rows[0] - POD.height) / 2;
  const middle = pod.slot % POD.rows.length === 0 ? pod.rect.y + POD.height + halfGap : pod.rect.y - halfGap;
  const gap = middle + (inward ? 5.5 : -5.5);
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
