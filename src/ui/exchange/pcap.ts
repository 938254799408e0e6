/** A walk as a capture file: the packets that tcpdump would see at a host, or on every wire. */
import { type Micros, unixSeconds } from "../../base/time.ts";
import type { Header, Hop, HostId, Walk } from "../../model/trace/types.ts";
import { type Carried, joinBytes, packetBytes, TCP_ACK, TCP_FIN, TCP_PSH, TCP_RST, TCP_SYN } from "./bytes.ts";

/** Packets as they are, beginning with the IP header. */
const LINKTYPE_RAW = 101;
const SNAPLEN = 262_144;
/** First sequence numbers of client and server: a walk has none, and tools want some. */
const CLIENT_SEQ = 1_000_000;
const SERVER_SEQ = 2_000_000;

export interface CapturedPacket {
  readonly at: Micros;
  readonly bytes: Uint8Array;
}

interface Seen {
  readonly at: Micros;
  readonly header: Header;
  readonly leg: "request" | "reply";
  readonly hop: Hop;
}

/** Hosts that the walk comes by, in order: where a capture can be taken. */
export function captureHosts(walk: Walk): readonly HostId[] {
  return [...new Set([...walk.hops, ...walk.reply].map((hop) => hop.place))];
}

/**
 * What passes the interfaces of a host (null: every wire, each packet once, as it is sent): a packet as it comes in, and again as it
 * goes out, which is after the host has rewritten it. In order of time.
 */
export function capture(walk: Walk, host: HostId | null): readonly CapturedPacket[] {
  const seen = [...passing(walk.hops, "request", host), ...passing(walk.reply, "reply", host)];
  return seen
    .toSorted((a, b) => a.at - b.at)
    .map(({ at, header, leg, hop }) => ({ at, bytes: packetBytes(header, carriedBy(walk, leg, header, hop)) }));
}

function passing(hops: readonly Hop[], leg: Seen["leg"], host: HostId | null): readonly Seen[] {
  const seen: Seen[] = [];
  for (const [i, hop] of hops.entries()) {
    const [before, after] = [hops[i - 1], hops[i + 1]];
    const comes = before !== undefined && before.place !== hop.place;
    // A packet that the last host of a leg drops or delivers leaves by no wire.
    const goes = after !== undefined && after.place !== hop.place;
    if (host !== null && hop.place === host && comes) seen.push({ at: hop.at, header: hop.before, leg, hop });
    if (goes && (host === null || hop.place === host)) seen.push({ at: hop.at, header: hop.after, leg, hop });
  }
  return seen;
}

/** A request opens a connection; a walk of a standing connection carries data or closes it. */
function carriedBy(walk: Walk, leg: Seen["leg"], header: Header, hop: Hop): Carried {
  const { protocol } = walk.request;
  const v6 = header.src.includes(":");
  const padding = new Uint8Array(protocol === "icmp" ? (walk.request.size ?? 56) : (walk.request.size ?? 0));
  if (leg === "reply" && header.protocol === "icmp" && protocol !== "icmp") return errorAbout(walk, hop, v6);
  if (leg === "reply" && protocol === "icmp" && walk.outcome !== "delivered") return errorAbout(walk, hop, v6);
  switch (header.protocol) {
    case "icmp":
      return { kind: "echo", reply: leg === "reply", payload: padding };
    case "udp":
      return { kind: "datagram", payload: padding };
    case "sctp":
      return { kind: "init", answer: leg === "reply" };
    case "tcp":
      return { kind: "segment", ...segment(walk, leg) };
  }
}

function segment(walk: Walk, leg: Seen["leg"]): { readonly flags: number; readonly seq: number; readonly ack: number } {
  const fromClient = leg === "request";
  const refused = !fromClient && walk.outcome !== "delivered";
  if (walk.phase === "data" || walk.phase === "close") {
    const flags = walk.phase === "close" ? TCP_FIN | TCP_ACK : TCP_PSH | TCP_ACK;
    const [seq, ack] = fromClient ? [CLIENT_SEQ + 1, SERVER_SEQ + 1] : [SERVER_SEQ + 1, CLIENT_SEQ + 1];
    return refused ? { flags: TCP_RST, seq: ack, ack: 0 } : { flags, seq, ack };
  }
  if (fromClient) return { flags: TCP_SYN, seq: CLIENT_SEQ, ack: 0 };
  if (refused) return { flags: TCP_RST | TCP_ACK, seq: 0, ack: CLIENT_SEQ + 1 };
  return { flags: TCP_SYN | TCP_ACK, seq: SERVER_SEQ, ack: CLIENT_SEQ + 1 };
}

/** An ICMP error quotes the request as the host behind the error had it; the host that undoes NAT undoes it in the quote too. */
function errorAbout(walk: Walk, hop: Hop, v6: boolean): Carried {
  const mirrored = hop.mirrors === null ? undefined : walk.hops[hop.mirrors];
  const quotedHeader = (mirrored ?? walk.hops.at(-1))?.before ?? hop.before;
  const quoted = packetBytes(quotedHeader, carriedBy(walk, "request", quotedHeader, hop));
  const expired = walk.request.ttl !== undefined && walk.outcome !== "refused";
  const [type, code] = expired
    ? v6
      ? [3, 0]
      : [11, 0]
    : walk.outcome === "unreachable"
      ? v6
        ? [1, 3]
        : [3, 1]
      : v6
        ? [1, 4]
        : [3, 3];
  return { kind: "error", type, code, quoted: quoted.slice(0, v6 ? 1_232 : 548) };
}

/** A capture file: magic, version 2.4, microseconds, and each packet with its time. */
export function pcapFile(packets: readonly CapturedPacket[]): Uint8Array<ArrayBuffer> {
  const head = new DataView(new ArrayBuffer(24));
  head.setUint32(0, 0xa1b2c3d4, true);
  head.setUint16(4, 2, true);
  head.setUint16(6, 4, true);
  head.setUint32(16, SNAPLEN, true);
  head.setUint32(20, LINKTYPE_RAW, true);
  const records = packets.flatMap(({ at, bytes }) => {
    const record = new DataView(new ArrayBuffer(16));
    record.setUint32(0, unixSeconds(at), true);
    record.setUint32(4, Math.floor(at % 1_000_000), true);
    record.setUint32(8, bytes.length, true);
    record.setUint32(12, bytes.length, true);
    return [new Uint8Array(record.buffer), bytes];
  });
  return joinBytes(new Uint8Array(head.buffer), ...records);
}
