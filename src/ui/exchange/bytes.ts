/** Packets to the byte: IPv4 and IPv6 with TCP, UDP, SCTP and ICMP, checksums filled in. */
import { parseIP } from "../../base/ip.ts";
import type { Header } from "../../model/trace/types.ts";

/** What a packet is beside its header. */
export type Carried =
  | { readonly kind: "segment"; readonly flags: number; readonly seq: number; readonly ack: number }
  | { readonly kind: "datagram"; readonly payload: Uint8Array }
  | { readonly kind: "init"; readonly answer: boolean }
  | { readonly kind: "echo"; readonly reply: boolean; readonly payload: Uint8Array }
  /** An ICMP error about the packet that it quotes. */
  | { readonly kind: "error"; readonly type: number; readonly code: number; readonly quoted: Uint8Array };

export const TCP_FIN = 0x01;
export const TCP_SYN = 0x02;
export const TCP_RST = 0x04;
export const TCP_PSH = 0x08;
export const TCP_ACK = 0x10;

const NUMBERS = { icmp4: 1, tcp: 6, udp: 17, icmp6: 58, sctp: 132 } as const;

function addressBytes(ip: string): Uint8Array {
  const parsed = parseIP(ip);
  const size = parsed?.family === 6 ? 16 : 4;
  const bytes = new Uint8Array(size);
  let value = parsed?.value ?? 0n;
  for (let i = size - 1; i >= 0; i--) {
    bytes[i] = Number(value & 0xffn);
    value >>= 8n;
  }
  return bytes;
}

export function joinBytes(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const be16 = (value: number): Uint8Array => new Uint8Array([(value >> 8) & 0xff, value & 0xff]);
const be32 = (value: number): Uint8Array => joinBytes(be16(value >>> 16), be16(value));

/** The Internet checksum (RFC 1071). */
export function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** CRC-32C, least significant bit first, as SCTP has it (RFC 9260, appendix A). */
function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}

function pseudoHeader(src: Uint8Array, dst: Uint8Array, protocol: number, length: number): Uint8Array {
  return src.length === 4
    ? joinBytes(src, dst, new Uint8Array([0, protocol]), be16(length))
    : joinBytes(src, dst, be32(length), new Uint8Array([0, 0, 0, protocol]));
}

/** With its checksum at `at`, over pseudo-header and segment. UDP says 0xffff for 0. */
function summed(segment: Uint8Array, at: number, pseudo: Uint8Array, isUdp = false): Uint8Array {
  const sum = checksum(joinBytes(pseudo, segment));
  segment.set(be16(isUdp && sum === 0 ? 0xffff : sum), at);
  return segment;
}

/** MSS 1460, SACK permitted, timestamps left out, window scale 7: what a SYN carries. */
const SYN_OPTIONS = new Uint8Array([2, 4, 5, 0xb4, 1, 1, 4, 2, 1, 3, 3, 7]);

function transport(header: Header, carried: Carried, src: Uint8Array, dst: Uint8Array): readonly [number, Uint8Array] {
  const v6 = src.length === 16;
  const ports = joinBytes(be16(header.sport), be16(header.dport));
  switch (carried.kind) {
    case "segment": {
      const options = carried.flags & TCP_SYN ? SYN_OPTIONS : new Uint8Array(0);
      const offset = ((20 + options.length) / 4) << 4;
      const head = joinBytes(ports, be32(carried.seq), be32(carried.ack), new Uint8Array([offset, carried.flags]));
      const segment = joinBytes(head, be16(carried.flags & TCP_RST ? 0 : 64_240), be16(0), be16(0), options);
      return [NUMBERS.tcp, summed(segment, 16, pseudoHeader(src, dst, NUMBERS.tcp, segment.length))];
    }
    case "datagram": {
      const length = 8 + carried.payload.length;
      const datagram = joinBytes(ports, be16(length), be16(0), carried.payload);
      return [NUMBERS.udp, summed(datagram, 6, pseudoHeader(src, dst, NUMBERS.udp, length), true)];
    }
    case "init": {
      const chunk = joinBytes(
        new Uint8Array([carried.answer ? 2 : 1, 0]),
        be16(20),
        be32(1),
        be32(106_496),
        be16(10),
        be16(65_535),
        be32(1),
      );
      const packet = joinBytes(ports, be32(carried.answer ? 1 : 0), be32(0), chunk);
      const crc = crc32c(packet);
      packet.set([crc & 0xff, (crc >>> 8) & 0xff, (crc >>> 16) & 0xff, crc >>> 24], 8);
      return [NUMBERS.sctp, packet];
    }
    case "echo":
    case "error": {
      const [type, code, rest, body] =
        carried.kind === "echo"
          ? [v6 ? (carried.reply ? 129 : 128) : carried.reply ? 0 : 8, 0, joinBytes(be16(1), be16(1)), carried.payload]
          : [carried.type, carried.code, be32(0), carried.quoted];
      const message = joinBytes(new Uint8Array([type, code, 0, 0]), rest, body);
      const protocol = v6 ? NUMBERS.icmp6 : NUMBERS.icmp4;
      const pseudo = v6 ? pseudoHeader(src, dst, protocol, message.length) : new Uint8Array(0);
      return [protocol, summed(message, 2, pseudo)];
    }
  }
}

/** The IP packet with that header, without a link's frame around it. */
export function packetBytes(header: Header, carried: Carried): Uint8Array<ArrayBuffer> {
  const [src, dst] = [addressBytes(header.src), addressBytes(header.dst)];
  const [protocol, payload] = transport(header, carried, src, dst);
  if (src.length === 16) {
    const head = joinBytes(be32(0x6000_0000), be16(payload.length), new Uint8Array([protocol, header.ttl & 0xff]));
    return joinBytes(head, src, dst, payload);
  }
  const head = joinBytes(
    new Uint8Array([0x45, 0]),
    be16(20 + payload.length),
    be16(0),
    // Linux sets DF on what it sends by path MTU discovery.
    be16(0x4000),
    new Uint8Array([header.ttl & 0xff, protocol]),
    be16(0),
    src,
    dst,
  );
  head.set(be16(checksum(head)), 10);
  return joinBytes(head, payload);
}
