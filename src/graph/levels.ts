import type { Card, ClientCard } from "./cards.ts";
import { NODE, RIBBON_HALF, STRAND } from "./metrics.ts";
import { ranksOf, type Leg, type Visit } from "./visits.ts";

/** The card that stands for a host, if it is on the map. */
export type Find = (host: string) => Card | undefined;

/** Where a visit runs inside its node, in flow coordinates. */
export interface Slot {
  top: number;
  bottom: number;
  channel: number;
}

/** Levels in the slab for every visit of a node, outermost first: the request is the outer U, the reply lies inside it. */
export function slotsOf(visits: readonly Visit[], find: Find): ReadonlyMap<Visit, Slot> {
  const slots = new Map<Visit, Slot>();
  for (const host of new Set(visits.filter((v) => v.kind === "node").map((v) => v.host))) {
    const card = find(host);
    if (card === undefined) continue;
    const here = visits.filter((v) => v.host === host);
    const left = here.filter((v) => v.entry === "left" || v.entry === "local");
    // From the pods: the upper pod's line comes in above the lower one's, so that they need not cross.
    const right = here
      .filter((v) => v.entry === "right")
      .sort((a, b) => cameFrom(a, visits, find) - cameFrom(b, visits, find));
    const leaving = here.filter((v) => v.exit !== "none" || (ranksOf(v).at(-1) ?? 0) >= 4);
    const slab = card.rect.x + NODE.slab;
    const passing = passingBy(host, visits, find).map((y) => y - card.rect.y);
    const tops = levels(22, 13, left.length, passing);
    const bottoms = levels(120, -13, leaving.length, passing);
    for (const visit of here) {
      const l = left.indexOf(visit);
      const r = right.indexOf(visit);
      const b = Math.max(0, leaving.indexOf(visit));
      const top = r >= 0 ? 32.5 + r * spread(11.5, 22, right.length) : (tops[Math.max(0, l)] ?? 22);
      const channel =
        r >= 0 ? 114 - (right.length > 1 ? 2 : 0) + r * spread(9, 13, right.length) : leftChannel(l, left.length);
      slots.set(visit, {
        top: card.rect.y + top,
        bottom: card.rect.y + (bottoms[b] ?? 120),
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

/** Height of the pod that a visit's packet comes from. */
function cameFrom(visit: Visit, visits: readonly Visit[], find: Find): number {
  return find(visits[visits.indexOf(visit) - 1]?.host ?? "")?.rect.y ?? 0;
}

/** `n` levels from the outermost inwards, leaving out those on which another line passes outside the card. */
function levels(first: number, pitch: number, n: number, passing: readonly number[]): readonly number[] {
  const free = [0, 1, 2]
    .map((k) => first + k * pitch)
    .filter((y) => passing.every((p) => Math.abs(p - y) > 2 * RIBBON_HALF));
  if (n <= free.length) return free.slice(0, n);
  return Array.from({ length: n }, (_, k) => first + Math.sign(pitch) * k * spread(Math.abs(pitch), 26, n));
}

/** Heights at which the walk runs between the outside and the nodes' lanes without going to this node. */
function passingBy(host: string, visits: readonly Visit[], find: Find): readonly number[] {
  return visits.flatMap((visit, i) => {
    const next = visits[i + 1];
    if (next === undefined || next.leg !== visit.leg) return [];
    const [outside, node] = visit.kind === "node" ? [next, visit] : [visit, next];
    if (node.kind !== "node" || node.host === host) return [];
    const card = find(outside.host);
    if (card === undefined || (outside.kind !== "client" && outside.kind !== "lb")) return [];
    if (outside.kind === "client") return [clientPort(card as ClientCard, visit.leg)];
    const { top, bottom } = balancerLevels(outside, card);
    return outside === visit ? [bottom] : [top];
  });
}

function spread(pitch: number, room: number, n: number): number {
  return n <= 1 ? 0 : Math.min(pitch, room / (n - 1));
}

function leftChannel(index: number, n: number): number {
  if (n <= 1) return 24;
  return 36 - Math.max(0, index) * spread(13, 24, n);
}

/** The upper port of a relay's request, below its middle. */
const RELAY = 5.5;

/** Heights on a pod's left edge: packets leave above its middle and enter below it, the first one as the outermost. */
export function podPorts(visits: readonly Visit[]): ReadonlyMap<string, number> {
  const touches = new Map<string, number[]>();
  visits.forEach((visit, i) => {
    if (visit.kind !== "pod") return;
    for (const way of ["in", "out"] as const) {
      const first = visits[i - 1]?.leg !== visit.leg;
      const last = visits[i + 1]?.leg !== visit.leg;
      if ((way === "in" && first) || (way === "out" && last)) continue;
      const key = `${visit.host} ${way}`;
      touches.set(key, [...(touches.get(key) ?? []), i]);
    }
  });
  const ports = new Map<string, number>();
  for (const [key, at] of touches) {
    const way = key.endsWith(" in") ? "in" : "out";
    const host = key.slice(0, key.lastIndexOf(" "));
    const isRelay = at.length > 1 && touches.get(`${host} in`)?.length === touches.get(`${host} out`)?.length;
    at.forEach((i, k) => {
      // Of a relay, request and answer turn one above the other and never along the same piece of its edge.
      if (isRelay) ports.set(`${i} ${way}`, RELAY - k * (2 * RELAY + STRAND.lane) + (way === "in" ? STRAND.lane : 0));
      else ports.set(`${i} ${way}`, way === "in" ? 5 + 13 * (at.length - 1 - k) : -(5.5 + STRAND.lane * k));
    });
  }
  return ports;
}

/** Heights on an outside client's right edge. */
export function clientPort(card: ClientCard, leg: Leg): number {
  return card.rect.y + (leg === "request" ? 22 : card.small ? 44 : 107);
}

/** A packet passes over a balancer above its name on the way out and below it on the way back; a U-turn stays on one side. */
export function balancerLevels(visit: Visit, card: Card): { readonly top: number; readonly bottom: number } {
  const y = card.rect.y;
  if (visit.entry === visit.exit)
    return visit.leg === "request" ? { top: y + 14, bottom: y + 28 } : { top: y + 100, bottom: y + 114 };
  const level = visit.leg === "request" ? y + 22 : y + Math.min(107, card.rect.h - 12);
  return { top: level, bottom: level };
}
