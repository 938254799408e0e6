import type { Chooser } from "../../base/choose.ts";
import { SECOND, type Micros } from "../../base/time.ts";
import type { Header } from "../../model/trace/types.ts";
import { bucketOf, bucketTable, maglevChoice } from "./hashing.ts";
import {
  type Destination,
  type IpvsState,
  type Load,
  NO_LOAD,
  PERSISTENT,
  SCHED_PORT,
  type Template,
  type Turn,
  type VirtualServer,
} from "./types.ts";

export interface Scheduling {
  readonly now: Micros;
  readonly chooser: Chooser;
  /** Names host and connection, for the chooser. */
  readonly flow: string;
  /** Connections per destination key. */
  readonly loads: ReadonlyMap<string, Load>;
}

export interface Scheduled {
  /** null: no destination takes the connection. */
  readonly destination: Destination | null;
  readonly state: IpvsState;
  /** Why this one, in a few words. */
  readonly because: string;
}

/** What a scheduler decides: who, and what it remembers for its next turn (absent: nothing). */
interface Choice {
  readonly destination: Destination;
  readonly turn?: Turn;
}

const START: Turn = { last: null, weight: 0 };

/** Position of the destination that was chosen last, by its key; when it is gone, of the one before it. -1 before the first. */
function position(destinations: readonly Destination[], last: string | null): number {
  if (last === null) return -1;
  const exact = destinations.findIndex((d) => d.key === last);
  if (exact >= 0) return exact;
  let before = -1;
  destinations.forEach((d, i) => {
    if (d.key < last) before = i;
  });
  return before;
}

/** ip_vs_rr.c: the next one in the list that takes connections. */
function roundRobin(destinations: readonly Destination[], turn: Turn): Choice | null {
  const from = position(destinations, turn.last);
  for (let i = 1; i <= destinations.length; i++) {
    const destination = destinations[(from + i + destinations.length) % destinations.length] as Destination;
    if (destination.weight > 0) return { destination, turn: { last: destination.key, weight: 0 } };
  }
  return null;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

/** ip_vs_wrr.c: goes round again and again, each time asking for a little less weight, from the heaviest down. */
function weightedRoundRobin(destinations: readonly Destination[], turn: Turn): Choice | null {
  const unit = destinations.reduce((sum, d) => gcd(sum, d.weight), 0);
  if (unit === 0) return null;
  const top = Math.max(...destinations.map((d) => d.weight)) - (unit - 1);
  let weight = turn.weight > 0 && turn.weight <= top ? turn.weight : top;
  let at = position(destinations, turn.last);
  for (;;) {
    at += 1;
    if (at >= destinations.length) {
      at = 0;
      weight -= unit;
      if (weight <= 0) weight = top;
    }
    const destination = destinations[at] as Destination;
    if (destination.weight >= weight) return { destination, turn: { last: destination.key, weight } };
  }
}

/** The one with the least cost per weight; the first of equals. */
function least(destinations: readonly Destination[], cost: (d: Destination) => number): Choice | null {
  let best: Destination | null = null;
  for (const destination of destinations) {
    if (destination.weight <= 0) continue;
    if (best === null || cost(best) * destination.weight > cost(destination) * best.weight) best = destination;
  }
  return best === null ? null : { destination: best };
}

/** An active connection counts as much as 256 inactive ones (ip_vs_dest_conn_overhead). */
function overhead(load: Load): number {
  return load.active * 256 + load.inactive;
}

function takes(destination: Destination | undefined): Choice | null {
  return destination === undefined || destination.weight <= 0 ? null : { destination };
}

function decide(server: VirtualServer, turn: Turn, packet: Header, loads: ReadonlyMap<string, Load>): Choice | null {
  const { destinations, scheduler } = server;
  const load = (d: Destination): Load => loads.get(d.key) ?? NO_LOAD;
  const clientPort = (server.flags & SCHED_PORT) !== 0 ? packet.sport : 0;
  switch (scheduler) {
    case "rr":
      return roundRobin(destinations, turn);
    case "wrr":
      return weightedRoundRobin(destinations, turn);
    case "lc":
      return least(
        destinations.map((d) => (d.weight > 0 ? { ...d, weight: 1 } : d)),
        (d) => overhead(load(d)),
      );
    case "wlc":
      return least(destinations, (d) => overhead(load(d)));
    case "sed":
      return least(destinations, (d) => load(d).active + 1);
    case "nq":
      return (
        takes(destinations.find((d) => d.weight > 0 && load(d).active === 0)) ??
        least(destinations, (d) => load(d).active + 1)
      );
    case "sh":
      return takes(bucketTable(destinations, true)[bucketOf(packet.src, clientPort)]);
    case "dh":
      return takes(bucketTable(destinations, false)[bucketOf(packet.dst, 0)]);
    case "mh":
      return takes(maglevChoice(server, packet.src, clientPort));
  }
}

/** sh, dh and mh leave nothing to turns or load: an address decides. */
function byAddress(server: VirtualServer): boolean {
  return server.scheduler === "sh" || server.scheduler === "dh" || server.scheduler === "mh";
}

/** Shares in the long run: by weight where the scheduler minds it. */
function share(server: VirtualServer, destination: Destination): number {
  if (destination.weight <= 0) return 0;
  return server.scheduler === "rr" || server.scheduler === "lc" ? 1 : destination.weight;
}

function words(server: VirtualServer): string {
  switch (server.scheduler) {
    case "rr":
    case "wrr":
      return `${server.scheduler}: it is its turn`;
    case "lc":
    case "wlc":
      return `${server.scheduler}: it has the fewest connections${server.scheduler === "wlc" ? " for its weight" : ""}`;
    case "sed":
    case "nq":
      return `${server.scheduler}: it is expected to answer soonest`;
    case "sh":
    case "mh":
      return `${server.scheduler}: the client's address falls on it`;
    case "dh":
      return "dh: the dialled address falls on it";
  }
}

function withTemplate(state: IpvsState, template: Template, now: Micros): IpvsState {
  const others = state.templates.filter(
    (t) => t.expiresAt > now && !(t.server === template.server && t.client === template.client),
  );
  return { ...state, templates: [...others, template] };
}

/**
 * Chooses the destination of a new connection (ip_vs_schedule, ip_vs_sched_persist). Pure: what the server's scheduler and its
 * persistence have to remember comes back as a new state. A template whose destination is drained (weight 0) or gone is
 * forgotten at once, as with expire_quiescent_template=1, which kube-proxy sets. While exploring, schedulers that go by turns or by
 * load give every destination with its long-run share.
 */
export function schedule(server: VirtualServer, state: IpvsState, packet: Header, context: Scheduling): Scheduled {
  const { now } = context;
  const persistent = (server.flags & PERSISTENT) !== 0;
  const template = persistent
    ? state.templates.find((t) => t.server === server.id && t.client === packet.src && t.expiresAt > now)
    : undefined;
  const known = server.destinations.find((d) => d.key === template?.destination && d.weight > 0);
  const remembered = (destination: Destination, from: IpvsState): IpvsState =>
    persistent
      ? withTemplate(
          from,
          {
            server: server.id,
            client: packet.src,
            destination: destination.key,
            expiresAt: now + server.timeout * SECOND,
          },
          now,
        )
      : from;
  if (known !== undefined) {
    return {
      destination: known,
      state: remembered(known, state),
      because: `persistent ${server.timeout}: ${packet.src} was sent there before`,
    };
  }
  const turn = state.turns[server.id] ?? START;
  const choice = decide(server, turn, packet, context.loads);
  if (choice === null) return { destination: null, state, because: "it has no server that takes connections" };
  let { destination } = choice;
  let next = choice.turn;
  if (!byAddress(server) && context.chooser.turn !== undefined) {
    const weights = server.destinations.map((d) => share(server, d));
    const due = server.destinations.findIndex((d) => d.key === choice.destination.key);
    const at = context.chooser.turn(weights, due, `${context.flow} ${server.id} turn`);
    destination = server.destinations[at] ?? destination;
    if (at !== due && next !== undefined) next = { ...next, last: destination.key };
  }
  // lc looks at copies without weights; hand out the destination itself.
  destination = server.destinations.find((d) => d.key === destination.key) ?? destination;
  const moved = next === undefined ? state : { ...state, turns: { ...state.turns, [server.id]: next } };
  return { destination, state: remembered(destination, moved), because: words(server) };
}
