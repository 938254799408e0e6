import { SECOND, type Micros } from "../base/time.ts";
import type { Header, Packet, TcpFlags } from "../model/trace/types.ts";
import { lookup, put, remove, sameTuple } from "./conntrack-table.ts";
import type { Counters } from "./counters.ts";
import type { IpvsState } from "./ipvs/types.ts";
import type { CtState } from "./netfilter.ts";
import { isIcmpError } from "./packet.ts";
import type { Turns } from "./proxy-socket.ts";

export interface Tuple {
  readonly src: string;
  readonly dst: string;
  readonly sport: number;
  readonly dport: number;
  readonly protocol: "tcp" | "udp" | "sctp" | "icmp";
}

export type TcpState =
  "SYN_SENT" | "SYN_RECV" | "ESTABLISHED" | "FIN_WAIT" | "CLOSE_WAIT" | "LAST_ACK" | "TIME_WAIT" | "CLOSE";

export interface ConntrackEntry {
  /** As the client sent it. */
  readonly original: Tuple;
  /** The reply that is expected: DNAT shows in its src, SNAT in its dst. */
  readonly reply: Tuple;
  /** UNREPLIED, REPLIED and ASSURED are for protocols without states of their own (UDP, ICMP). */
  readonly state: TcpState | "UNREPLIED" | "REPLIED" | "ASSURED";
  /** Picked up in mid-stream (nf_conntrack_tcp_loose), and the other side has not been heard yet: still NEW for the rules. */
  readonly unreplied?: true;
  readonly dnat: boolean;
  readonly snat: boolean;
  /** IPVS chose the server: IPVS, not nat, rewrites the destination, and the source of what comes back. */
  readonly ipvs?: true;
  readonly createdAt: Micros;
  readonly expiresAt: Micros;
}

/** What outlives a packet on one host: plain data, saved in checkpoints. */
export interface HostState {
  readonly conntrack: readonly ConntrackEntry[];
  /** xt_recent: list name → source IP → last seen. */
  readonly recent: Readonly<Record<string, Readonly<Record<string, Micros>>>>;
  /** Whose turn it is at virtual servers, and which client belongs where; absent while IPVS has done nothing. */
  readonly ipvs?: IpvsState;
  /** Not the kernel's but the kube-proxy process's, in userspace mode: whose turn it is, and which client belongs where. */
  readonly turns?: Turns;
  /** What processes in a pod remember, by the name of the program: a name server's cache. */
  readonly programs?: Readonly<Record<string, unknown>>;
  /** What went through each iptables rule; absent while nothing has. */
  readonly counters?: Counters;
}

export const EMPTY_HOST: HostState = { conntrack: [], recent: {} };

/**
 * Kernel defaults (nf_conntrack_proto_*.c), but for the two that kube-proxy sets: TCP established 24 h instead of 5 days, and close
 * wait 1 h instead of 60 s (its tcpEstablishedTimeout and tcpCloseWaitTimeout).
 */
export const TIMEOUTS: Readonly<Record<ConntrackEntry["state"], Micros>> = {
  SYN_SENT: 120 * SECOND,
  SYN_RECV: 60 * SECOND,
  ESTABLISHED: 86_400 * SECOND,
  FIN_WAIT: 120 * SECOND,
  CLOSE_WAIT: 3_600 * SECOND,
  LAST_ACK: 30 * SECOND,
  TIME_WAIT: 120 * SECOND,
  CLOSE: 10 * SECOND,
  UNREPLIED: 30 * SECOND,
  REPLIED: 30 * SECOND,
  ASSURED: 120 * SECOND,
};

/** A connection picked up in mid-stream has this long to be answered (tcp_timeouts[TCP_CONNTRACK_UNACK]). */
const UNACKNOWLEDGED = 300 * SECOND;
/** From then on a UDP connection that has been answered counts as a stream (udp.stream_ts). */
const STREAM_AFTER = 2 * SECOND;

export type Direction = "original" | "reply";

/** A packet's tie to its connection while it is on a host (`skb->_nfct`). */
export interface Tracked {
  readonly entry: ConntrackEntry;
  readonly direction: Direction;
  readonly ctState: CtState;
  /** False until the first packet leaves the host or reaches a socket: a packet dropped on its way leaves no entry. */
  readonly confirmed: boolean;
  /** Whether the nat table has been asked for a new destination (PREROUTING, OUTPUT) and a new source (POSTROUTING, INPUT). */
  readonly dstDone: boolean;
  readonly srcDone: boolean;
}

export function tupleOf(header: Header): Tuple {
  const { src, dst, sport, dport, protocol } = header;
  return { src, dst, sport, dport, protocol };
}

export function invertTuple(t: Tuple): Tuple {
  return { src: t.dst, dst: t.src, sport: t.dport, dport: t.sport, protocol: t.protocol };
}

/** The live entry that this tuple belongs to, in either direction. */
export function findEntry(
  entries: readonly ConntrackEntry[],
  tuple: Tuple,
  now: Micros,
): { readonly entry: ConntrackEntry; readonly direction: Direction } | null {
  return lookup(entries, tuple, now);
}

/** Would this reply tuple be taken for another connection's? (nf_nat_used_tuple) */
export function replyTaken(entries: readonly ConntrackEntry[], reply: Tuple, original: Tuple, now: Micros): boolean {
  const found = lookup(entries, reply, now);
  return found !== null && !sameTuple(found.entry.original, original);
}

export function withEntry(state: HostState, entry: ConntrackEntry, now: Micros): HostState {
  return { ...state, conntrack: put(state.conntrack, entry, now) };
}

export function withoutEntry(state: HostState, entry: ConntrackEntry): HostState {
  return { ...state, conntrack: remove(state.conntrack, entry.original) };
}

/** How many connections are tracked now (nf_conntrack_count). */
export function liveEntries(state: HostState, now: Micros): number {
  return state.conntrack.reduce((n, { expiresAt }) => (expiresAt > now ? n + 1 : n), 0);
}

/** Answered and not about to close: an entry that a full table keeps. */
function isAssured({ state, unreplied }: ConntrackEntry): boolean {
  return (state === "ESTABLISHED" && unreplied !== true) || state === "ASSURED";
}

/**
 * Room for one more in a table of at most `max`: an entry that is not assured gives way (early_drop; of closing connections the gc
 * worker sees to it). Null: "nf_conntrack: table full, dropping packet".
 */
export function withRoom(state: HostState, max: number, now: Micros): HostState | null {
  if (state.conntrack.length < max || liveEntries(state, now) < max) return state;
  const weak = state.conntrack.find((entry) => entry.expiresAt > now && !isAssured(entry));
  return weak === undefined ? null : withoutEntry(state, weak);
}

function isHandshake(protocol: string): boolean {
  return protocol === "tcp" || protocol === "sctp";
}

type TcpPacket = "syn" | "synack" | "fin" | "ack" | "rst";

function tcpPacket(flags: TcpFlags | null): TcpPacket {
  if (flags === "SYN") return "syn";
  if (flags === "SYN,ACK") return "synack";
  if (flags === "FIN,ACK") return "fin";
  return flags === "RST" || flags === "RST,ACK" ? "rst" : "ack";
}

const STATES: readonly TcpState[] = [
  "SYN_SENT",
  "SYN_RECV",
  "ESTABLISHED",
  "FIN_WAIT",
  "CLOSE_WAIT",
  "LAST_ACK",
  "TIME_WAIT",
  "CLOSE",
];

/** `invalid`: no packet of this connection. `ignore`: let through, and changes nothing. `reopen`: begins a new one. */
type Step = TcpState | "invalid" | "ignore" | "reopen";

const row = (steps: string): readonly Step[] =>
  steps.split(" ").map((step): Step => {
    const at = ["SS", "SR", "ES", "FW", "CW", "LA", "TW", "CL"].indexOf(step);
    return STATES[at] ?? (step === "IV" ? "invalid" : step === "IG" ? "ignore" : "reopen");
  });

/** tcp_conntracks of nf_conntrack_proto_tcp.c, without simultaneous open; a column per state of {@link STATES}. */
const TCP: Readonly<Record<Direction, Readonly<Record<TcpPacket, readonly Step[]>>>> = {
  original: {
    syn: row("SS IG IG IG IG IG RE RE"),
    synack: row("IV SR IV IV IV IV IV IV"),
    fin: row("IV FW FW LA LA LA TW CL"),
    ack: row("IV ES ES CW CW TW TW CL"),
    rst: row("CL CL CL CL CL CL CL CL"),
  },
  reply: {
    syn: row("IV IV IV IV IV IV RE IV"),
    synack: row("SR IG IG IG IG IG IG IG"),
    fin: row("IV FW FW LA LA LA TW CL"),
    ack: row("IG SR ES CW CW TW TW CL"),
    rst: row("CL CL CL CL CL CL CL CL"),
  },
};

/** What one more packet in this direction does to a connection. */
function stepOf({ state }: ConntrackEntry, direction: Direction, packet: Packet): Step {
  const column = STATES.findIndex((known) => known === state);
  return TCP[direction][tcpPacket(packet.flags)][column] ?? "ignore";
}

/** UDP and ICMP: whether both sides have been heard, and for how long they talk (nf_conntrack_udp_packet). */
function datagramState(entry: ConntrackEntry, direction: Direction, now: Micros): ConntrackEntry["state"] {
  const isAnswered = entry.state !== "UNREPLIED" || direction === "reply";
  if (!isAnswered) return "UNREPLIED";
  if (entry.state === "ASSURED" || entry.original.protocol !== "udp")
    return entry.state === "ASSURED" ? "ASSURED" : "REPLIED";
  return now > entry.createdAt + STREAM_AFTER ? "ASSURED" : "REPLIED";
}

/**
 * The state in which a packet opens a connection, or null: an answer without a question is INVALID. A TCP packet of a connection that
 * has been going on is taken as such a one (nf_conntrack_tcp_loose=1, the default).
 */
function opened(packet: Packet): Pick<ConntrackEntry, "state" | "unreplied"> | null {
  if (packet.protocol === "tcp" && tcpPacket(packet.flags) === "ack") return { state: "ESTABLISHED", unreplied: true };
  if (isHandshake(packet.protocol)) return packet.flags === "SYN" ? { state: "SYN_SENT" } : null;
  if (packet.protocol === "icmp" && packet.icmp !== "echo-request") return null;
  return { state: "UNREPLIED" };
}

function timeoutOf({ state, unreplied }: Pick<ConntrackEntry, "state" | "unreplied">): Micros {
  return unreplied === true ? Math.min(TIMEOUTS[state], UNACKNOWLEDGED) : TIMEOUTS[state];
}

export interface Tracking {
  readonly state: HostState;
  /** null: INVALID, no connection is tied to the packet. */
  readonly tracked: Tracked | null;
}

/** nf_conntrack_in: ties an arriving or locally sent packet to its connection, opening one (unconfirmed) when it may. */
export function track(state: HostState, packet: Packet, now: Micros): Tracking {
  if (isIcmpError(packet)) {
    // The quoted packet went the other way, so its inverse names the direction of the error.
    const found = packet.quoted === null ? null : findEntry(state.conntrack, invertTuple(tupleOf(packet.quoted)), now);
    if (found === null) return { state, tracked: null };
    return { state, tracked: { ...found, ctState: "RELATED", confirmed: true, dstDone: true, srcDone: true } };
  }
  const found = findEntry(state.conntrack, tupleOf(packet), now);
  const step = found !== null && isHandshake(packet.protocol) ? stepOf(found.entry, found.direction, packet) : null;
  if (step === "invalid") return { state, tracked: null };
  // A SYN on a closed connection deletes the old entry and starts over (tcp_packet: "Attempt to reopen a closed connection").
  if (found === null || step === "reopen") {
    const first = opened(packet);
    if (first === null) return { state, tracked: null };
    const tuple = tupleOf(packet);
    const entry: ConntrackEntry = {
      original: tuple,
      reply: invertTuple(tuple),
      ...first,
      dnat: false,
      snat: false,
      createdAt: now,
      expiresAt: now + timeoutOf(first),
    };
    return {
      state: found === null ? state : withoutEntry(state, found.entry),
      tracked: { entry, direction: "original", ctState: "NEW", confirmed: false, dstDone: false, srcDone: false },
    };
  }
  const { entry, direction } = found;
  const unanswered = entry.state === "SYN_SENT" || entry.state === "UNREPLIED" || entry.unreplied === true;
  const ctState: CtState = direction === "original" && unanswered ? "NEW" : "ESTABLISHED";
  const tied = { direction, ctState, confirmed: true, dstDone: true, srcDone: true } as const;
  if (step === "ignore") return { state, tracked: { entry, ...tied } };
  const { unreplied, ...rest } = entry;
  const next = {
    ...(unreplied === true && direction === "original" ? { unreplied } : {}),
    state: step ?? datagramState(entry, direction, now),
  };
  const updated: ConntrackEntry = { ...rest, ...next, expiresAt: now + timeoutOf(next) };
  // A RST as the only answer ends the entry at once (tcp_packet: "If only reply is a RST"); the packet itself is still un-NATed.
  const killed = next.state === "CLOSE" && direction === "reply" && unanswered;
  return {
    state: killed ? withoutEntry(state, entry) : withEntry(state, updated, now),
    tracked: { entry: updated, ...tied },
  };
}
