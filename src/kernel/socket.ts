import { isIPv6 } from "../base/ip.ts";
import type { Packet } from "../model/trace/types.ts";
import { sameTuple } from "./conntrack-table.ts";
import { type Tuple, tupleOf } from "./conntrack.ts";
import { type Host, type Listener, isLoopback } from "./host.ts";
import { icmpError, isIcmpError, replyTo } from "./packet.ts";

export type SocketVerdict =
  /** A listening socket takes it; `answer` is what the server sends back (null: an ICMP error that nobody waits for). */
  | { readonly kind: "accepted"; readonly listener: Listener; readonly answer: Packet }
  /** A datagram is queued for a process that never reads it. */
  | { readonly kind: "unread"; readonly listener: Listener }
  /** The kernel itself answers an echo request. */
  | { readonly kind: "echo"; readonly answer: Packet }
  /** Nothing listens: RST for TCP, ABORT for SCTP, ICMP port unreachable for UDP. */
  | { readonly kind: "closed"; readonly answer: Packet }
  /** The answer that the client's socket waits for. */
  | { readonly kind: "answered" }
  /** An ICMP error, a RST or an ABORT about the client's own connection. */
  | { readonly kind: "refused" }
  /** A packet that belongs to no socket; `answer` is null when Linux says nothing about it. */
  | { readonly kind: "stray"; readonly answer: Packet | null };

/** Does the listener take a packet to this address, port and protocol? */
export function accepts(listener: Listener, packet: Pick<Packet, "dst" | "dport" | "protocol">): boolean {
  if (listener.protocol !== packet.protocol) return false;
  if (listener.port !== null && listener.port !== packet.dport) return false;
  if (listener.ip === "0.0.0.0" || listener.ip === "::") return true;
  if (isLoopback(listener.ip)) return isLoopback(packet.dst) && isIPv6(listener.ip) === isIPv6(packet.dst);
  return listener.ip === packet.dst;
}

/** The listener that gets the packet: one that names the port wins over one that takes any. */
export function findListener(host: Host, packet: Pick<Packet, "dst" | "dport" | "protocol">): Listener | undefined {
  return (
    host.listeners.find((l) => l.port !== null && accepts(l, packet)) ?? host.listeners.find((l) => accepts(l, packet))
  );
}

/**
 * A packet has reached the sockets of its host. `waiting` is the connection (as its client sent it) that a local client waits
 * on, or null.
 */
export function deliver(host: Host, packet: Packet, waiting: Tuple | null): SocketVerdict {
  if (isIcmpError(packet)) {
    const mine = waiting !== null && packet.quoted !== null && sameTuple(tupleOf(packet.quoted), waiting);
    return mine ? { kind: "refused" } : { kind: "stray", answer: null };
  }
  const opening = packet.flags === "SYN" || packet.icmp === "echo-request" || packet.protocol === "udp";
  const back = replyTo(packet, { flags: null, icmp: null });
  if (waiting !== null && sameTuple(tupleOf(back), waiting) && !(opening && packet.protocol !== "udp")) {
    return packet.flags === "RST" || packet.flags === "RST,ACK" ? { kind: "refused" } : { kind: "answered" };
  }
  switch (packet.protocol) {
    case "icmp":
      return packet.icmp === "echo-request"
        ? { kind: "echo", answer: { ...back, icmp: "echo-reply" } }
        : { kind: "stray", answer: null };
    case "udp": {
      const listener = findListener(host, packet);
      if (listener?.hangs === true) return { kind: "unread", listener };
      if (listener !== undefined) return { kind: "accepted", listener, answer: back };
      return { kind: "closed", answer: icmpError(packet, "port-unreachable", packet.dst) };
    }
    case "tcp":
    case "sctp": {
      if (packet.flags === "RST" || packet.flags === "RST,ACK") return { kind: "stray", answer: null };
      if (packet.flags !== "SYN") return { kind: "stray", answer: { ...back, flags: "RST" } };
      const listener = findListener(host, packet);
      if (listener !== undefined) return { kind: "accepted", listener, answer: { ...back, flags: "SYN,ACK" } };
      return { kind: "closed", answer: { ...back, flags: "RST,ACK" } };
    }
  }
}
