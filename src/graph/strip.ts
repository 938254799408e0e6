import type { MirrorState } from "../mirror/types.ts";
import type { Hop, HostId, Walk } from "../model/trace/types.ts";
import { rect, type Point, type Rect } from "./geometry.ts";
import { shortenPodName } from "./names.ts";
import { pathAlong, rewriteOf, type WalkPath } from "./path.ts";
import { serviceOfWalk } from "./read.ts";
import type { Route } from "./route.ts";
import { ranksOf, visitsOf, type HostKind, type Visit } from "./visits.ts";

/** A place on the one-row strip: the request's visits in order, left to right; a host visited twice stands twice. */
export interface StripBox {
  readonly id: string;
  readonly host: HostId;
  readonly kind: HostKind;
  readonly rect: Rect;
  readonly label: string;
  /** Where the label stands: inside the first box, above the others. */
  readonly labelAt: Point;
  /** A node that works on the packet shows its slab, and under it the conntrack bar that the reply runs through. */
  readonly slab: Rect | null;
  readonly conntrack: Rect | null;
  readonly backend: boolean;
}

export interface Strip {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly StripBox[];
  readonly path: WalkPath;
  /** 16 characters of the Service's sigil, or empty. */
  readonly sigil: string;
}

const STRIP_HEIGHT = 172;
const TOP = 31;
const REQUEST = 54;
const FALLEN = 113;
const REPLY = 141;
const BOTTOM = 161;
const MARGIN = 12;
const WIDTHS = { client: 62, lb: 48, wide: 110, narrow: 38, pod: 42 } as const;

/** Lays a walk out in one row, for phones and embedding. Pure. */
export function stripOf(walk: Walk, mirror: MirrorState): Strip {
  const visits = visitsOf(walk, () => true);
  const request = visits.filter((v) => v.leg === "request");
  const wide = request.map(
    (v) => v.kind === "node" && (v.exit === "none" || v.entry === "local" || v.hops.some(rewrites)),
  );
  if (!wide.includes(true)) {
    const first = request.findIndex((v) => v.kind === "node");
    if (first >= 0) wide[first] = true;
  }
  const widths = request.map((v, i) =>
    v.kind === "node"
      ? wide[i] === true
        ? WIDTHS.wide
        : WIDTHS.narrow
      : v.kind === "pod" && i === 0
        ? WIDTHS.client
        : WIDTHS[v.kind],
  );
  const sum = widths.reduce((a, b) => a + b, 0);
  const gaps = Math.max(1, request.length - 1);
  const gap = Math.max(16, (390 - 2 * MARGIN - sum) / gaps);
  const width = Math.max(390, sum + gap * gaps + 2 * MARGIN);
  const fall = wide.indexOf(true);

  let x = MARGIN;
  const boxes = request.map((visit, i): StripBox => {
    const w = widths[i] ?? 0;
    const at = x;
    x += w + gap;
    return boxOf(visit, i, at, w, wide[i] === true, fall);
  });
  const routes = [requestRoute(walk.hops, request, boxes, fall), replyRoute(walk, visits, request, boxes)].filter(
    (r): r is Route => r !== null,
  );
  const service = serviceOfWalk(walk);
  return {
    width,
    height: STRIP_HEIGHT,
    boxes,
    path: pathAlong(walk, routes),
    sigil: mirror.sigils.find((s) => s.service === service)?.hash ?? mirror.sigils[0]?.hash ?? "",
  };
}

function rewrites(hop: Hop): boolean {
  const { source, destination } = rewriteOf(hop);
  return source || destination;
}

function boxOf(visit: Visit, index: number, x: number, w: number, wide: boolean, fall: number): StripBox {
  const name = visit.host.slice(visit.host.lastIndexOf("/") + 1);
  const first = index === 0 && visit.kind !== "node";
  const shape = first
    ? rect(x, TOP, w, BOTTOM - TOP)
    : visit.kind === "lb"
      ? rect(x, TOP, w, 44)
      : visit.kind === "pod"
        ? rect(x, FALLEN - 10, w, 48)
        : rect(x, TOP - 4, w, BOTTOM - TOP);
  const label = {
    client: "client",
    lb: "LB",
    pod: first ? shortenPodName(name, 9) : "pod",
    node: shortenPodName(name, 9),
  }[visit.kind];
  const turns = wide && index === fall;
  return {
    id: `${String(index)} ${visit.host}`,
    host: visit.host,
    kind: visit.kind,
    rect: shape,
    label,
    labelAt: first ? { x: x + w / 2, y: (REQUEST + REPLY) / 2 } : { x: x + w / 2, y: shape.y - 9 },
    slab: wide ? rect(x + 34, turns ? 39 : 92, 62, turns ? 88 : 34) : null,
    conntrack: wide ? rect(x + 34, 132, 62, 18) : null,
    backend: visit.kind === "pod" && !first,
  };
}

interface Station {
  readonly point: Point;
  readonly hops: readonly Hop[];
}

function requestRoute(hops: readonly Hop[], visits: readonly Visit[], boxes: readonly StripBox[], fall: number): Route {
  const stations: Station[] = [];
  const to = (x: number, y: number, at: readonly Hop[] = []): void => {
    stations.push({ point: { x, y }, hops: at });
  };
  visits.forEach((visit, i) => {
    const box = boxes[i];
    if (box === undefined) return;
    const ranks = ranksOf(visit);
    const at = (...wanted: number[]): readonly Hop[] => visit.hops.filter((_, k) => wanted.includes(ranks[k] ?? 0));
    const level = fall < 0 || i > fall ? FALLEN : REQUEST;
    const left = box.rect.x;
    const right = left + box.rect.w;
    const last = i === visits.length - 1;
    if (i === 0 && box.kind !== "node") return to(right, level, visit.hops);
    if (box.kind === "pod") return to(left, level, [...visit.hops]);
    if (box.slab === null) {
      to(left, level);
      to(left + box.rect.w / 2, level, at(0, 1, 2, 3, 4));
      return last ? undefined : to(right, level, at(5));
    }
    const out = i === fall ? FALLEN : level;
    const turn = box.slab.x + 24;
    const end = visit.exit === "none" ? (ranks.at(-1) ?? 5) : 5;
    to(i === 0 ? box.slab.x - 20 : left, level, at(0));
    to(box.slab.x, level, at(1));
    if (end <= 1) return;
    if (out === level) to(box.slab.x + 31, level, at(2, 3));
    else {
      to(turn, level);
      to(turn, level + 22, at(2));
      if (end === 2) return;
      to(turn, level + 40, at(3));
      if (end === 3) return;
      to(turn, out);
    }
    if (end <= 3) return;
    to(box.slab.x + box.slab.w, out, at(4));
    if (end > 4) to(last ? right - 6 : right, out, at(5));
  });
  return routeOf("request", hops, stations);
}

/** The reply skips the nat chains: it runs through conntrack alone, from right to left. */
function replyRoute(
  walk: Walk,
  visits: readonly Visit[],
  request: readonly Visit[],
  boxes: readonly StripBox[],
): Route | null {
  const reply = visits.filter((v) => v.leg === "reply");
  if (reply.length === 0) return null;
  const stations: Station[] = [];
  const to = (x: number, y: number, at: readonly Hop[] = []): void => {
    stations.push({ point: { x, y }, hops: at });
  };
  let from = boxes.length - 1;
  reply.forEach((visit, i) => {
    // The nearest box of this host that the reply has not passed yet; a host that the request never saw is passed unseen.
    let k = from;
    while (k >= 0 && request[k]?.host !== visit.host) k--;
    const box = boxes[k];
    if (box === undefined) return;
    from = k;
    const ranks = ranksOf(visit);
    const at = (...wanted: number[]): readonly Hop[] => visit.hops.filter((_, n) => wanted.includes(ranks[n] ?? 0));
    const left = box.rect.x;
    const right = left + box.rect.w;
    const last = i === reply.length - 1;
    if (i === 0) {
      if (visit.entry === "inside" && box.slab !== null) {
        const turn = box.slab.x + 24;
        to(turn, REQUEST + 40, at(0, 1, 2, 3));
        to(turn, REPLY);
        return to(left, REPLY, at(4, 5));
      }
      to(box.kind === "node" ? right - 6 : left, REPLY, box.kind === "node" ? at(0) : visit.hops);
      if (box.kind === "pod") return;
    }
    if (last && visit.exit !== "none") return to(box.kind === "node" && k > 0 ? left + 6 : right, REPLY, visit.hops);
    if (box.conntrack === null) {
      to(left + box.rect.w / 2, REPLY, at(0, 1, 2, 3, 4));
      return to(left, REPLY, at(5));
    }
    const bar = box.conntrack;
    to(bar.x + bar.w, REPLY, at(0, 1));
    if (visit.exit === "none" && (ranks.at(-1) ?? 0) <= 1) return;
    to(bar.x + bar.w / 2, REPLY, at(2, 3));
    to(bar.x, REPLY, at(4));
    to(left, REPLY, at(5));
  });
  return routeOf("reply", walk.reply, stations);
}

function routeOf(leg: Route["leg"], hops: readonly Hop[], stations: readonly Station[]): Route {
  const at = new Map<Hop, number>();
  let u = 0;
  stations.forEach(({ point, hops: here }, i) => {
    const before = stations[i - 1]?.point;
    if (before !== undefined) u += Math.abs(point.x - before.x) + Math.abs(point.y - before.y);
    for (const hop of here) at.set(hop, u);
  });
  let floor = 0;
  return {
    leg,
    points: stations.map((s) => s.point),
    stations: hops.map((hop) => {
      floor = Math.max(floor, at.get(hop) ?? floor);
      return { hop, u: floor };
    }),
  };
}

/** Names of the hosts on the strip, for a screen reader. */
export function stripText(strip: Strip): string {
  return strip.boxes
    .map((b) => (b.kind === "lb" ? "load balancer" : b.host.slice(b.host.indexOf("/") + 1)))
    .join(", then ");
}
