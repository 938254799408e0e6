import { describe, expect, test } from "vitest";
import { parseIP } from "../../base/ip.ts";
import type { Header, Walk } from "../../model/trace/types.ts";
import { refusedWalk, workbenchWalk } from "../inspector/testing/fixture.ts";
import { checksum, joinBytes, packetBytes, TCP_SYN } from "./bytes.ts";
import { capture, captureHosts, pcapFile } from "./pcap.ts";

const be16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);

/** Decodes as a receiver would, checksums included. */
function decode(bytes: Uint8Array): {
  readonly src: string;
  readonly dst: string;
  readonly protocol: number;
  readonly ttl: number;
  readonly sport: number;
  readonly dport: number;
  readonly body: Uint8Array;
} {
  const v6 = (bytes[0] ?? 0) >> 4 === 6;
  const address = (from: number): string =>
    v6
      ? Array.from({ length: 8 }, (_, i) => be16(bytes, from + 2 * i).toString(16)).join(":")
      : Array.from(bytes.slice(from, from + 4)).join(".");
  const protocol = bytes[v6 ? 6 : 9] ?? 0;
  const body = bytes.slice(v6 ? 40 : 20);
  const headSound = v6
    ? be16(bytes, 4) === body.length
    : bytes[0] === 0x45 && be16(bytes, 2) === bytes.length && checksum(bytes.slice(0, 20)) === 0;
  const ips = v6 ? bytes.slice(8, 40) : bytes.slice(12, 20);
  const length = new Uint8Array([0, 0, body.length >> 8, body.length & 0xff]);
  const pseudo = protocol === 1 ? new Uint8Array(0) : joinBytes(ips, length, new Uint8Array([0, 0, 0, protocol]));
  const sound = headSound && (protocol === 132 || checksum(joinBytes(pseudo, body)) === 0);
  expect(sound).toBe(true);
  const [from, to] = v6 ? [8, 24] : [12, 16];
  return {
    src: address(from),
    dst: address(to),
    protocol,
    ttl: bytes[v6 ? 7 : 8] ?? 0,
    sport: be16(body, 0),
    dport: be16(body, 2),
    body,
  };
}

const header = (more: Partial<Header> = {}): Header => ({
  src: "10.244.1.5",
  dst: "10.96.0.50",
  sport: 40_001,
  dport: 80,
  protocol: "tcp",
  mark: 0,
  ttl: 63,
  ...more,
});

describe("packets to the byte", () => {
  test("TCP over IPv4 and IPv6, with ports, flags, TTL and checksums", () => {
    const syn = { kind: "segment", flags: TCP_SYN, seq: 7, ack: 0 } as const;
    const v4 = decode(packetBytes(header(), syn));
    expect(v4).toMatchObject({ src: "10.244.1.5", dst: "10.96.0.50", protocol: 6, ttl: 63, sport: 40_001, dport: 80 });
    expect(v4.body[13]).toBe(TCP_SYN);
    expect(v4.body.length).toBe(32);
    const v6 = decode(packetBytes(header({ src: "fd00:10:244::5", dst: "fd00:10:96::a" }), syn));
    expect(parseIP(v6.src)?.value).toBe(parseIP("fd00:10:244::5")?.value);
    expect(v6).toMatchObject({ protocol: 6, ttl: 63, dport: 80 });
  });

  test("UDP of odd length, echo and its answer, an error with its quote", () => {
    const udp = decode(
      packetBytes(header({ protocol: "udp" }), { kind: "datagram", payload: new Uint8Array([1, 2, 3]) }),
    );
    expect([udp.protocol, be16(udp.body, 4)]).toEqual([17, 11]);
    const ping = header({ protocol: "icmp", sport: 0, dport: 0 });
    const echo = (reply: boolean, ip = ping): number | undefined =>
      decode(packetBytes(ip, { kind: "echo", reply, payload: new Uint8Array(56) })).body[0];
    expect([echo(false), echo(true)]).toEqual([8, 0]);
    const v6 = { ...ping, src: "fd00::1", dst: "fd00::2" };
    expect([echo(false, v6), echo(true, v6)]).toEqual([128, 129]);
    const quoted = packetBytes(header(), { kind: "segment", flags: TCP_SYN, seq: 7, ack: 0 });
    const error = decode(packetBytes(ping, { kind: "error", type: 3, code: 3, quoted }));
    expect([...error.body.slice(0, 2), error.body.length]).toEqual([3, 3, 8 + quoted.length]);
    expect(decode(error.body.slice(8)).dst).toBe("10.96.0.50");
  });

  test("SCTP's checksum is CRC-32C, which for no bytes but zeros is known", () => {
    const init = packetBytes(header({ protocol: "sctp" }), { kind: "init", answer: false });
    expect(decode(init).protocol).toBe(132);
    expect(init.slice(28, 32).some((byte) => byte !== 0)).toBe(true);
    expect(
      packetBytes(header({ protocol: "sctp", dport: 81 }), { kind: "init", answer: false }).slice(28, 32),
    ).not.toEqual(init.slice(28, 32));
  });
});

/** The packets of a capture file, as a reader of it finds them. */
function read(file: Uint8Array<ArrayBuffer>): readonly { readonly micros: number; readonly bytes: Uint8Array }[] {
  const view = new DataView(file.buffer);
  expect(view.getUint32(0, true)).toBe(0xa1b2c3d4);
  expect([view.getUint16(4, true), view.getUint16(6, true), view.getUint32(20, true)]).toEqual([2, 4, 101]);
  const packets: { readonly micros: number; readonly bytes: Uint8Array }[] = [];
  let at = 24;
  while (at < file.length) {
    const length = view.getUint32(at + 8, true);
    expect(view.getUint32(at + 12, true)).toBe(length);
    packets.push({
      micros: view.getUint32(at, true) * 1e6 + view.getUint32(at + 4, true),
      bytes: file.slice(at + 16, at + 16 + length),
    });
    at += 16 + length;
  }
  expect(at).toBe(file.length);
  return packets;
}

describe("a walk as a capture", () => {
  test("at a host: each packet as it comes in and as it goes out", () => {
    const packets = read(pcapFile(capture(workbenchWalk, "node/worker-1")));
    const seen = packets.map(({ bytes }) => decode(bytes)).map(({ src, dst, dport }) => `${src} ${dst} ${dport}`);
    expect(seen.slice(0, 2)).toEqual(["198.51.100.24 203.0.113.10 80", "192.168.56.11 10.244.2.3 8080"]);
    expect(seen).toHaveLength(4);
    const times = packets.map(({ micros }) => micros);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(packets.map(({ bytes }) => decode(bytes).body[13])).toEqual([0x02, 0x02, 0x12, 0x12]);
  });

  test("on every wire: one packet per link that it is sent over", () => {
    const wires = (walk: Walk): number =>
      [walk.hops, walk.reply].reduce(
        (sum, hops) =>
          sum + hops.filter((hop, i) => hops[i + 1] !== undefined && hops[i + 1]?.place !== hop.place).length,
        0,
      );
    const packets = read(pcapFile(capture(workbenchWalk, null)));
    expect(packets).toHaveLength(wires(workbenchWalk));
    expect(packets.length).toBeGreaterThan(5);
  });

  test("a refusal is a reset or an ICMP error that quotes the request; hosts are those of the walk", () => {
    const packets = capture(refusedWalk, null).map(({ bytes }) => decode(bytes));
    expect(captureHosts(refusedWalk).length).toBeGreaterThan(0);
    const resets = packets.filter(({ protocol, body }) => protocol === 6 && ((body[13] ?? 0) & 0x04) !== 0);
    const errors = packets.filter(({ protocol }) => protocol === 1);
    expect(packets.length === 0 || resets.length + errors.length > 0).toBe(true);
    expect(captureHosts(workbenchWalk)).toContain("node/worker-1");
  });

  test("an ICMP error quotes what the client sent", () => {
    const walk: Walk = {
      ...workbenchWalk,
      outcome: "refused",
      reply: workbenchWalk.reply.map((hop) => ({
        ...hop,
        before: { ...hop.before, protocol: "icmp" },
        after: { ...hop.after, protocol: "icmp" },
      })),
    };
    const errors = capture(walk, null)
      .map(({ bytes }) => decode(bytes))
      .filter(({ protocol }) => protocol === 1);
    expect(errors.length).toBeGreaterThan(1);
    for (const { body } of errors) {
      expect(Array.from(body.slice(0, 2))).toEqual([3, 3]);
      expect(decode(body.slice(8)).protocol).toBe(6);
    }
  });
});
