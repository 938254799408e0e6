import { assert } from "../base/assert.ts";
import type { Chooser } from "../base/choose.ts";
import type { Micros } from "../base/time.ts";
import type { Packet } from "../model/trace/types.ts";
import { type ConntrackEntry, type HostState, type Tracked, invertTuple, replyTaken } from "./conntrack.ts";
import { type Host, selectAddress } from "./host.ts";
import type { TableVerdict } from "./netfilter.ts";

/** Which half a hook may rewrite: PREROUTING and OUTPUT the destination, POSTROUTING and INPUT the source (HOOK2MANIP). */
export type Manip = "dst" | "src";

export interface NatContext {
  readonly host: Host;
  readonly state: HostState;
  readonly now: Micros;
  readonly chooser: Chooser;
  readonly flow: string;
  /** For MASQUERADE: where the packet leaves. */
  readonly outInterface: string | null;
  readonly nextHop: string | null;
}

const PORTS = { from: 1024, count: 64_512 } as const;

/** First port from `start`, in ring order, with which the reply tuple is nobody else's. */
function freePort(entry: ConntrackEntry, context: NatContext, start: number): number {
  for (let i = 0; i < PORTS.count; i++) {
    const port = PORTS.from + ((start - PORTS.from + i + PORTS.count) % PORTS.count);
    if (!replyTaken(context.state.conntrack, { ...entry.reply, dport: port }, entry.original, context.now)) return port;
  }
  return start;
}

/** Sets the source of a new connection, keeping its port where Linux would (nf_nat_l4proto_unique_tuple). */
function bindSource(
  entry: ConntrackEntry,
  ip: string,
  port: number | null,
  randomFully: boolean,
  context: NatContext,
): ConntrackEntry {
  const asked: ConntrackEntry = { ...entry, reply: { ...entry.reply, dst: ip, dport: port ?? entry.reply.dport } };
  if (entry.original.protocol === "icmp") return asked;
  const wish = asked.reply.dport;
  let start = wish;
  if (randomFully && port === null) {
    start = PORTS.from + context.chooser.sample(PORTS.count, `${context.flow} source port`);
  } else if (!replyTaken(context.state.conntrack, asked.reply, entry.original, context.now)) {
    return asked;
  }
  return { ...asked, reply: { ...asked.reply, dport: freePort(asked, context, start) } };
}

/**
 * Settles one half of a new connection by the nat table's verdict, or leaves it as it is (the "null binding", which may still
 * move the source port when the plain tuple is taken). The entry's reply tuple is where the decision is kept.
 */
export function bind(tracked: Tracked, manip: Manip, verdict: TableVerdict, context: NatContext): Tracked {
  const { entry } = tracked;
  if (manip === "dst") {
    let bound = entry;
    if (verdict.kind === "dnat") {
      const { ip, port } = verdict.to;
      bound = { ...entry, dnat: true, reply: { ...entry.reply, src: ip, sport: port ?? entry.reply.sport } };
    } else if (verdict.kind === "redirect") {
      // REDIRECT sends to the host itself: for a local sender that is 127.0.0.1, else the incoming interface's address.
      const ip =
        context.outInterface === null
          ? "127.0.0.1"
          : selectAddress(context.host, context.outInterface, entry.original.src);
      bound = {
        ...entry,
        dnat: true,
        reply: { ...entry.reply, src: ip ?? entry.reply.src, sport: verdict.port ?? entry.reply.sport },
      };
    }
    return { ...tracked, entry: bound, dstDone: true };
  }
  let bound = entry;
  if (verdict.kind === "snat") {
    bound = { ...bindSource(entry, verdict.to.ip, verdict.to.port, false, context), snat: true };
  } else if (verdict.kind === "masquerade") {
    assert(context.outInterface !== null, "MASQUERADE is only valid where a packet leaves");
    const ip = selectAddress(context.host, context.outInterface, context.nextHop ?? entry.reply.src);
    if (ip !== null) bound = { ...bindSource(entry, ip, null, verdict.randomFully, context), snat: true };
  } else {
    bound = bindSource(entry, entry.reply.dst, null, false, context);
    if (bound.reply.dport !== entry.reply.dport) bound = { ...bound, snat: true };
  }
  return { ...tracked, entry: bound, srcDone: true };
}

/**
 * Rewrites the half of a packet that this hook is responsible for from the connection's entry (nf_nat_packet): a reply is
 * un-SNATed where destinations change and un-DNATed where sources change. An ICMP error is rewritten outside and inside, so
 * an error from behind a DNAT arrives from the address that the client dialled (nf_nat_icmp_reply_translation).
 */
export function translate(packet: Packet, tracked: Tracked, manip: Manip): Packet {
  const { entry, direction } = tracked;
  const applies = (manip === "dst") === (direction === "original") ? entry.dnat : entry.snat;
  if (!applies) return packet;
  const target = invertTuple(direction === "original" ? entry.reply : entry.original);
  if (tracked.ctState === "RELATED" && packet.quoted !== null) {
    const back = direction === "original" ? entry.reply : entry.original;
    return manip === "src"
      ? { ...packet, src: target.src, quoted: { ...packet.quoted, dst: back.dst, dport: back.dport } }
      : { ...packet, dst: target.dst, quoted: { ...packet.quoted, src: back.src, sport: back.sport } };
  }
  return manip === "src"
    ? { ...packet, src: target.src, sport: target.sport }
    : { ...packet, dst: target.dst, dport: target.dport };
}
