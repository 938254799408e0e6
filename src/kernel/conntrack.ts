import { SECOND, type Micros } from "../base/time.ts";
import type { Header, Packet } from "../model/trace/types.ts";
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

export interface ConntrackEntry {
  /** As the client sent it. */
  readonly original: Tuple;
  /** The reply that is expected: DNAT shows in its src, SNAT in its dst. */
  readonly reply: Tuple;
  /** UNREPLIED, REPLIED and ASSURED are for protocols without states of their own (UDP, ICMP). */
  readonly state: "SYN_SENT" | "SYN_RECV" | "ESTABLISHED" | "TIME_WAIT" | "CLOSE" | "UNREPLIED" | "REPLIED" | "ASSURED";
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
  /** What went through each iptables rule; absent while nothing has. */
  readonly counters?: Counters;
}

export const EMPTY_HOST: HostState = { conntrack: [], recent: {} };

/** Kernel defaults (nf_conntrack_proto_*.c); tcp established is what kube-proxy sets, 24 h instead of 5 days. */
export const TIMEOUTS: Readonly<Record<ConntrackEntry["state"], Micros>> = {
  SYN_SENT: 120 * SECOND,
  SYN_RECV: 60 * SECOND,
  ESTABLISHED: 86_400 * SECOND,
  TIME_WAIT: 120 * SECOND,
  CLOSE: 10 * SECOND,
  UNREPLIED: 30 * SECOND,
  REPLIED: 30 * SECOND,
  ASSURED: 120 * SECOND,
};

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

export function sameTuple(a: Tuple, b: Tuple): boolean {
  return a.sport === b.sport && a.dport === b.dport && a.src === b.src && a.dst === b.dst && a.protocol === b.protocol;
}

/** The live entry that this tuple belongs to, in either direction. */
export function findEntry(
  entries: readonly ConntrackEntry[],
  tuple: Tuple,
  now: Micros,
): { readonly entry: ConntrackEntry; readonly direction: Direction } | null {
  for (const entry of entries) {
    if (entry.expiresAt <= now) continue;
    if (sameTuple(entry.original, tuple)) return { entry, direction: "original" };
    if (sameTuple(entry.reply, tuple)) return { entry, direction: "reply" };
  }
  return null;
}

/** Would this reply tuple be taken for another connection's? (nf_nat_used_tuple) */
export function replyTaken(entries: readonly ConntrackEntry[], reply: Tuple, original: Tuple, now: Micros): boolean {
  return entries.some(
    (e) =>
      e.expiresAt > now &&
      !sameTuple(e.original, original) &&
      (sameTuple(e.reply, reply) || sameTuple(e.original, reply)),
  );
}

export function withEntry(state: HostState, entry: ConntrackEntry, now: Micros): HostState {
  const others = state.conntrack.filter((e) => e.expiresAt > now && !sameTuple(e.original, entry.original));
  return { ...state, conntrack: [...others, entry] };
}

export function withoutEntry(state: HostState, entry: ConntrackEntry): HostState {
  return { ...state, conntrack: state.conntrack.filter((e) => !sameTuple(e.original, entry.original)) };
}

function isHandshake(protocol: string): boolean {
  return protocol === "tcp" || protocol === "sctp";
}

/** The state after one more packet in the given direction (nf_conntrack_proto_tcp.c, reduced to what walks send). */
function nextState(entry: ConntrackEntry, direction: Direction, packet: Packet): ConntrackEntry["state"] {
  if (!isHandshake(packet.protocol)) {
    if (direction === "reply") return entry.state === "UNREPLIED" ? "REPLIED" : entry.state;
    return entry.state === "REPLIED" && packet.protocol === "udp" ? "ASSURED" : entry.state;
  }
  if (packet.flags === "RST" || packet.flags === "RST,ACK") return "CLOSE";
  if (direction === "reply" && packet.flags === "SYN,ACK" && entry.state === "SYN_SENT") return "SYN_RECV";
  return entry.state;
}

/** True when the packet may open a connection: an answer without a question is INVALID. */
function opens(packet: Packet): boolean {
  if (isHandshake(packet.protocol)) return packet.flags === "SYN";
  if (packet.protocol === "icmp") return packet.icmp === "echo-request";
  return true;
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
  const closed = found !== null && (found.entry.state === "TIME_WAIT" || found.entry.state === "CLOSE");
  // A SYN on a closed connection deletes the old entry and starts over (tcp_packet: "Attempt to reopen a closed connection").
  const reopened = closed && packet.flags === "SYN";
  if (found === null || reopened) {
    if (!opens(packet)) return { state, tracked: null };
    const tuple = tupleOf(packet);
    const first = isHandshake(packet.protocol) ? "SYN_SENT" : "UNREPLIED";
    const entry: ConntrackEntry = {
      original: tuple,
      reply: invertTuple(tuple),
      state: first,
      dnat: false,
      snat: false,
      createdAt: now,
      expiresAt: now + TIMEOUTS[first],
    };
    return {
      state: found === null ? state : withoutEntry(state, found.entry),
      tracked: { entry, direction: "original", ctState: "NEW", confirmed: false, dstDone: false, srcDone: false },
    };
  }
  const { entry, direction } = found;
  const unanswered = entry.state === "SYN_SENT" || entry.state === "UNREPLIED";
  const ctState: CtState = direction === "original" && unanswered ? "NEW" : "ESTABLISHED";
  const next = nextState(entry, direction, packet);
  const updated: ConntrackEntry = { ...entry, state: next, expiresAt: now + TIMEOUTS[next] };
  // A RST as the only answer ends the entry at once (tcp_packet: "If only reply is a RST"); the packet itself is still un-NATed.
  const killed = next === "CLOSE" && direction === "reply" && unanswered;
  return {
    state: killed ? withoutEntry(state, entry) : withEntry(state, updated, now),
    tracked: { entry: updated, direction, ctState, confirmed: true, dstDone: true, srcDone: true },
  };
}
