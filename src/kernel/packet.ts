import { joinHostPort } from "../base/ip.ts";
import type { Header, IcmpType, Packet } from "../model/trace/types.ts";

/** TTL of a packet that Linux sends (net.ipv4.ip_default_ttl). */
export const DEFAULT_TTL = 64;

const ICMP_ERRORS: ReadonlySet<IcmpType> = new Set([
  "port-unreachable",
  "host-unreachable",
  "net-unreachable",
  "time-exceeded",
  "frag-needed",
]);

/** An ICMP message about another packet; Linux never answers one with another. */
export function isIcmpError(packet: Packet): boolean {
  return packet.icmp !== null && ICMP_ERRORS.has(packet.icmp);
}

/** The part that rules see, without flags and payload. */
export function headerOf(packet: Packet): Header {
  const { src, dst, sport, dport, protocol, mark, ttl } = packet;
  return { src, dst, sport, dport, protocol, mark, ttl };
}

/** `10.0.0.1:80`, or the bare address for ICMP. */
export function endpointText(ip: string, port: number): string {
  return port === 0 ? ip : joinHostPort(ip, port);
}

export function sourceText(h: Header): string {
  return endpointText(h.src, h.sport);
}

export function destinationText(h: Header): string {
  return endpointText(h.dst, h.dport);
}

/** `SYN`, `data segment`, `datagram`: what kind of packet this is, in a word or two. SCTP's INIT stands where TCP has SYN. */
export function kindText(packet: Packet): string {
  if (packet.icmp !== null) return `ICMP ${packet.icmp}`;
  if (packet.protocol === "udp") return "datagram";
  if (packet.protocol === "sctp") {
    return packet.flags === "SYN" ? "INIT" : packet.flags === "SYN,ACK" ? "INIT ACK" : "ABORT";
  }
  if (packet.flags === "PSH,ACK") return "data segment";
  return packet.flags === "FIN,ACK" ? "FIN" : (packet.flags ?? "segment");
}

/** The same with its article, by sound: "a SYN", "an RST", "an ICMP echo-request". */
export function aKind(packet: Packet): string {
  const kind = kindText(packet);
  return /^(ABORT|ACK|ICMP|INIT|RST)/.test(kind) ? `an ${kind}` : `a ${kind}`;
}

/** The opposite direction of a packet, as its receiver answers it. */
export function replyTo(packet: Packet, change: Pick<Packet, "flags" | "icmp">): Packet {
  return {
    src: packet.dst,
    dst: packet.src,
    sport: packet.dport,
    dport: packet.sport,
    protocol: packet.protocol,
    mark: 0,
    ttl: DEFAULT_TTL,
    flags: change.flags,
    icmp: change.icmp,
    quoted: null,
    // The answer to an echo is as long as the question.
    ...(packet.size === undefined || change.icmp !== "echo-reply" ? {} : { size: packet.size }),
  };
}

/** An ICMP error about `packet`, from the given address to the packet's source. */
export function icmpError(packet: Packet, type: IcmpType, from: string): Packet {
  return {
    src: from,
    dst: packet.src,
    sport: 0,
    dport: 0,
    protocol: "icmp",
    mark: 0,
    ttl: DEFAULT_TTL,
    flags: null,
    icmp: type,
    quoted: headerOf(packet),
  };
}
