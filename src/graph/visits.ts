import type { HostId, Hop, Walk } from "../model/trace/types.ts";

export type Leg = "request" | "reply";
export type HostKind = "client" | "lb" | "node" | "pod";

/**
 * Where a packet comes into a host and leaves it. `left` is the underlay side (eth0), `right` the pod side (cni0); `local` is a
 * process on the host itself; `inside` is the place where the request was turned back; `none` means it ends here.
 */
export type Side = "left" | "right" | "local" | "inside" | "none";

/** An unbroken stay of the packet on one host. */
export interface Visit {
  readonly leg: Leg;
  readonly host: HostId;
  readonly kind: HostKind;
  readonly hops: readonly Hop[];
  /** Hops on the wire behind it (routers), before the next visit. */
  readonly transit: readonly Hop[];
  readonly entry: Side;
  readonly exit: Side;
}

/** Splits a walk into visits. Hosts that `known` does not know (deleted since) are left out, their hops go to the wire. */
export function visitsOf(walk: Walk, known: (host: HostId) => boolean): readonly Visit[] {
  const request = legVisits(walk.hops, "request", known, false);
  const end = walk.hops.at(-1);
  const first = walk.reply[0];
  // A reply that begins on the host where the request was rejected comes out of the rule, not out of a process.
  const turned = end !== undefined && first?.place === end.place && end.stage !== "socket" && end.stage !== "client";
  return [...request, ...legVisits(walk.reply, "reply", known, turned)];
}

function kindOf(host: HostId): HostKind | null {
  const kind = host.slice(0, host.indexOf("/"));
  return kind === "client" || kind === "lb" || kind === "node" || kind === "pod" ? kind : null;
}

function legVisits(
  hops: readonly Hop[],
  leg: Leg,
  known: (host: HostId) => boolean,
  turned: boolean,
): readonly Visit[] {
  const stays: { host: HostId; kind: HostKind; hops: Hop[]; transit: Hop[] }[] = [];
  for (const hop of hops) {
    const kind = kindOf(hop.place);
    const last = stays.at(-1);
    if (kind === null || !known(hop.place)) last?.transit.push(hop);
    else if (last !== undefined && last.host === hop.place && last.transit.length === 0) last.hops.push(hop);
    else stays.push({ host: hop.place, kind, hops: [hop], transit: [] });
  }
  return stays.map((stay, i) => {
    const before = stays[i - 1];
    const after = stays[i + 1];
    const leaves = stay.transit.length > 0;
    return { ...stay, leg, entry: entryOf(stay.kind, before, leg, turned), exit: exitOf(stay, after, leaves) };
  });
}

function entryOf(kind: HostKind, before: { readonly kind: HostKind } | undefined, leg: Leg, turned: boolean): Side {
  if (before === undefined) return leg === "reply" && turned ? "inside" : "local";
  if (kind === "node") return before.kind === "pod" ? "right" : "left";
  if (kind === "lb") return before.kind === "client" ? "left" : "right";
  return kind === "pod" ? "left" : "right";
}

function exitOf(
  stay: { readonly kind: HostKind; readonly hops: readonly Hop[]; readonly transit: readonly Hop[] },
  after: { readonly kind: HostKind } | undefined,
  leaves: boolean,
): Side {
  if (after === undefined) {
    const last = stay.hops.at(-1);
    // Lost beyond a router it went out to the underlay; else to a pod that is no more.
    if (leaves && stay.kind === "node") return stay.transit[0]?.place.startsWith("router/") === true ? "left" : "right";
    return last?.stage === "socket" || last?.stage === "client" ? "local" : "none";
  }
  if (stay.kind === "node") return after.kind === "pod" ? "right" : "left";
  if (stay.kind === "lb") return after.kind === "client" ? "left" : "right";
  return stay.kind === "pod" ? "left" : "right";
}

/** How far down a node's slab each hop stands: 0 way in, 1 first row, 2 routing, 3 FORWARD or INPUT, 4 POSTROUTING, 5 way out. */
export function ranksOf(visit: Visit): readonly number[] {
  const output = visit.hops.findIndex((h) => h.stage.endsWith("/OUTPUT"));
  const route = visit.hops.findIndex((h, i) => h.stage === "route" && i > output);
  let floor = 0;
  return visit.hops.map((hop, i) => {
    const rank = rankOf(hop, i < output, route >= 0 && i > route);
    floor = Math.max(floor, rank);
    return floor;
  });
}

function rankOf(hop: Hop, beforeOutput: boolean, afterRoute: boolean): number {
  const { stage } = hop;
  if (stage === "client" || stage === "dns") return 0;
  if (stage === "link") return hop.to === null ? 0 : 5;
  if (stage === "tunnel") return afterRoute ? 5 : 0;
  if (stage === "socket") return afterRoute ? 5 : 0;
  if (stage === "route") return beforeOutput ? 1 : 2;
  if (stage === "conntrack" || stage === "lb") return afterRoute ? 4 : 1;
  if (stage.endsWith("/PREROUTING") || stage.endsWith("/OUTPUT")) return 1;
  return stage.endsWith("/POSTROUTING") ? 4 : 3;
}
