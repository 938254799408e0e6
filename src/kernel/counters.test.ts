import { describe, expect, it } from "vitest";
import type { ObjectKey } from "../model/meta/types.ts";
import { seededChooser } from "../base/draw.ts";
import type { Packet } from "../model/trace/types.ts";
import { EMPTY_HOST } from "./conntrack.ts";
import { NO_COUNTERS, packetLength, withoutChains } from "./counters.ts";
import { LOOPBACK, type Host } from "./host.ts";
import { iptablesRules } from "./iptables/evaluate.ts";
import { parseSave } from "./iptables/parse.ts";
import { printSave } from "./iptables/save.ts";
import { receive } from "./stack.ts";

const SAVE = `*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -p udp -j DROP
-A INPUT -m conntrack --ctstate NEW -m nfacct --nfacct-name  fresh_pkts -j ACCEPT
COMMIT
`;

const PACKET: Packet = {
  src: "10.0.0.9",
  dst: "10.0.0.1",
  sport: 40000,
  dport: 80,
  protocol: "tcp",
  mark: 0,
  ttl: 64,
  flags: "SYN",
  icmp: null,
  quoted: null,
};

const { ruleset } = parseSave(SAVE);

const HOST: Host = {
  id: "node/n1",
  interfaces: [
    LOOPBACK,
    {
      name: "eth0",
      kind: "eth",
      addresses: [{ ip: "10.0.0.1", prefix: 24 }],
      master: null,
      hairpin: false,
      peer: null,
      neighbours: [],
    },
  ],
  routes: [{ to: "10.0.0.0/24", via: null, dev: "eth0" }],
  sysctls: { ipForward: true, bridgeNfCallIptables: true, routeLocalnet: false },
  rules: iptablesRules(ruleset),
  listeners: [],
};

const arrive = (state: typeof EMPTY_HOST, packet: Packet): typeof EMPTY_HOST =>
  receive(HOST, state, { packet, iface: "eth0", nextHop: "10.0.0.1" }, { now: 0, chooser: seededChooser(1), flow: "1" })
    .state;

describe("rule counters", () => {
  it("count packets and bytes of each rule that matched, and nfacct objects, as `iptables-save -c` shows", () => {
    const once = arrive(EMPTY_HOST, PACKET);
    const twice = arrive(once, { ...PACKET, sport: 40001 });
    const dropped = arrive(twice, { ...PACKET, protocol: "udp", flags: null });
    const lines = (state: typeof EMPTY_HOST): readonly string[] =>
      printSave(ruleset, { form: "kernel", counters: state.counters ?? NO_COUNTERS })
        .split("\n")
        .filter((line) => line.includes("-A"));
    expect(lines(EMPTY_HOST).map((line) => line.split(" ")[0])).toEqual(["[0:0]", "[0:0]"]);
    expect(lines(once).map((line) => line.split(" ")[0])).toEqual(["[0:0]", "[1:60]"]);
    expect(lines(dropped).map((line) => line.split(" ")[0])).toEqual(["[1:28]", "[2:120]"]);
    expect(dropped.counters?.accounts).toEqual({ fresh_pkts: [2, 120] });
    // The state before is still what it was: a checkpoint may hold it.
    expect(once.counters?.accounts).toEqual({ fresh_pkts: [1, 60] });
    expect(structuredClone(dropped)).toEqual(dropped);
  });

  it("are read from a dump and printed back", () => {
    const dump = SAVE.replace("-A INPUT -p udp", "[7:560] -A INPUT -p udp").replace(
      "-A INPUT -m conn",
      "[3:180] -A INPUT -m conn",
    );
    expect(printSave(parseSave(dump).ruleset, { form: "kernel", counters: NO_COUNTERS })).toBe(dump);
    expect(printSave(parseSave(dump).ruleset)).toBe(SAVE);
  });

  it("start again for chains that are rewritten, and only for them", () => {
    const chain = { object: null, rules: { "nat/A/x": [1, 60] as const } };
    const counters = { chains: { "nat/A": chain, "nat/B": chain }, accounts: { a: [1, 60] as const } };
    const seen: [string, string, ObjectKey | null][] = [];
    const after = withoutChains(counters, (...each) => {
      seen.push(each);
      return each[1] === "A";
    });
    expect(after).toEqual({ chains: { "nat/B": chain }, accounts: { a: [1, 60] } });
    expect(seen).toEqual([
      ["nat", "A", null],
      ["nat", "B", null],
    ]);
    expect(withoutChains(counters, () => false)).toBe(counters);
  });
});

describe("packetLength", () => {
  const quoted = { ...PACKET };
  it.each([
    ["a SYN", PACKET, 60],
    ["a RST", { ...PACKET, flags: "RST" }, 40],
    ["a SYN over IPv6", { ...PACKET, src: "fd00::9", dst: "fd00::1" }, 80],
    ["an empty datagram", { ...PACKET, protocol: "udp", flags: null }, 28],
    ["a ping", { ...PACKET, protocol: "icmp", icmp: "echo-request", flags: null }, 84],
    ["an error about a SYN", { ...PACKET, protocol: "icmp", icmp: "port-unreachable", flags: null, quoted }, 88],
  ] as const)("is as on the wire for %s", (_, packet, bytes) => {
    expect(packetLength(packet)).toBe(bytes);
  });
});
