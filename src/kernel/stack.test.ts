import { describe, expect, it } from "vitest";
import { seededChooser } from "../base/draw.ts";
import type { Packet } from "../model/trace/types.ts";
import { EMPTY_HOST, type HostState } from "./conntrack.ts";
import { type Host, type Interface, LOOPBACK } from "./host.ts";
import { iptablesRules } from "./iptables/evaluate.ts";
import { parseSave } from "./iptables/parse.ts";
import { nftablesRules } from "./nftables/evaluate.ts";
import { parseRuleset } from "./nftables/parse.ts";
import { replyTo } from "./packet.ts";
import { type Frame, noNeighbour, receive, send } from "./stack.ts";
import type { Environment, StackResult } from "./visit.ts";

const env: Environment = { now: 0, chooser: seededChooser(1), flow: "test" };

const eth0: Interface = {
  ...LOOPBACK,
  name: "eth0",
  kind: "eth",
  addresses: [{ ip: "192.168.56.11", prefix: 24 }],
};
const cni0: Interface = { ...eth0, name: "cni0", kind: "bridge", addresses: [{ ip: "10.244.1.1", prefix: 24 }] };
const veth = (n: number): Interface => ({
  ...eth0,
  name: `veth${n}`,
  kind: "veth",
  addresses: [],
  master: "cni0",
  hairpin: true,
  peer: `pod/default/p${n}`,
  neighbours: [`10.244.1.${n}`],
});

/** Every table has something to say at every hook, so that each passage shows. */
const NAT = `*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:SVC - [0:0]
-A PREROUTING -j SVC
-A OUTPUT -j SVC
-A SVC -d 10.96.0.50/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.244.1.3:8080
-A SVC -d 10.96.0.52/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.244.2.3:8080
-A POSTROUTING -s 10.244.1.3/32 -d 10.244.1.3/32 -j MASQUERADE
-A POSTROUTING ! -s 10.244.0.0/16 -d 10.244.0.0/16 -j MASQUERADE --random-fully
COMMIT
`;
const EVERYWHERE = `*raw
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A PREROUTING -m comment --comment seen
-A OUTPUT -m comment --comment seen
COMMIT
*mangle
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A PREROUTING -m comment --comment seen
-A INPUT -m comment --comment seen
-A FORWARD -m comment --comment seen
-A OUTPUT -m comment --comment seen
-A POSTROUTING -m comment --comment seen
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -m comment --comment seen
-A FORWARD -m comment --comment seen
-A OUTPUT -m comment --comment seen
COMMIT
`;
const FILTER = `*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A FORWARD -m conntrack --ctstate INVALID -j DROP
-A FORWARD -d 10.96.0.51/32 -j REJECT --reject-with icmp-port-unreachable
-A INPUT -p tcp -m tcp --dport 30081 -j REJECT --reject-with icmp-port-unreachable
COMMIT
`;

function node(save: string, sysctls: Partial<Host["sysctls"]> = {}): Host {
  return {
    id: "node/worker-1",
    interfaces: [LOOPBACK, eth0, cni0, veth(2), veth(3)],
    routes: [
      { to: "10.244.1.0/24", via: null, dev: "cni0" },
      { to: "10.244.2.0/24", via: "192.168.56.12", dev: "eth0" },
      { to: "192.168.56.0/24", via: null, dev: "eth0" },
      { to: "0.0.0.0/0", via: "192.168.56.1", dev: "eth0" },
    ],
    sysctls: { ipForward: true, bridgeNfCallIptables: true, routeLocalnet: true, ...sysctls },
    rules: iptablesRules(parseSave(save).ruleset),
    listeners: [],
  };
}

function syn(src: string, dst: string, more: Partial<Packet> = {}): Packet {
  return {
    src,
    dst,
    sport: 40_000,
    dport: 80,
    protocol: "tcp",
    mark: 0,
    ttl: 64,
    flags: "SYN",
    icmp: null,
    quoted: null,
    ...more,
  };
}

const arrive = (host: Host, state: HostState, iface: string, nextHop: string, packet: Packet): StackResult =>
  receive(host, state, { packet, iface, nextHop } satisfies Frame, env);
const stages = (result: StackResult): readonly string[] => result.hops.map((h) => h.stage);
const header = (p: Packet): string => `${p.src}:${p.sport}>${p.dst}:${p.dport}`;

function transmitted(result: StackResult): Extract<StackResult["outcome"], { kind: "transmit" }> {
  if (result.outcome.kind !== "transmit") throw new Error(`not transmitted: ${JSON.stringify(result.outcome)}`);
  return result.outcome;
}

describe("hook order", () => {
  const host = node(NAT + EVERYWHERE);

  it("forwards: raw, mangle, nat PREROUTING; routing; mangle, filter FORWARD; mangle, nat POSTROUTING", () => {
    const result = arrive(host, EMPTY_HOST, "eth0", "192.168.56.11", syn("192.168.56.12", "10.244.1.3"));
    expect(stages(result)).toEqual([
      "hook:raw/PREROUTING",
      "hook:mangle/PREROUTING",
      "hook:nat/PREROUTING",
      "route",
      "hook:mangle/FORWARD",
      "hook:filter/FORWARD",
      "hook:mangle/POSTROUTING",
      "hook:nat/POSTROUTING",
    ]);
  });

  it("sends locally: routing, raw, mangle, nat OUTPUT, routing again, filter OUTPUT, mangle, nat POSTROUTING", () => {
    const result = send(host, EMPTY_HOST, syn("192.168.56.11", "10.96.0.50"), env);
    expect(stages(result)).toEqual([
      "route",
      "hook:raw/OUTPUT",
      "hook:mangle/OUTPUT",
      "hook:nat/OUTPUT",
      "route",
      "hook:filter/OUTPUT",
      "hook:mangle/POSTROUTING",
      "hook:nat/POSTROUTING",
    ]);
    // filter OUTPUT already sees the pod's address.
    expect(result.hops.find((h) => h.stage === "hook:filter/OUTPUT")?.before.dst).toBe("10.244.1.3");
  });

  it("an answer skips the nat chains: un-SNAT at PREROUTING, un-DNAT at INPUT after filter INPUT", () => {
    const out = send(host, EMPTY_HOST, syn("192.168.56.11", "10.96.0.50"), env);
    const answer = replyTo(transmitted(out).packet, { flags: "SYN,ACK", icmp: null });
    const back = arrive(host, out.state, "veth3", "10.244.1.1", answer);
    expect(stages(back)).toEqual([
      "hook:raw/PREROUTING",
      "hook:mangle/PREROUTING",
      "conntrack",
      "route",
      "hook:mangle/INPUT",
      "hook:filter/INPUT",
      "conntrack",
    ]);
    expect(back.hops.filter((h) => h.stage === "conntrack").map((h) => [h.label, h.verdict])).toEqual([
      ["PREROUTING", "undo-snat"],
      ["INPUT", "undo-dnat"],
    ]);
    expect(back.outcome.kind === "deliver" && header(back.outcome.packet)).toBe("10.96.0.50:80>192.168.56.11:40000");
  });

  it("an answer to a forwarded client is un-DNATed at POSTROUTING", () => {
    const out = arrive(host, EMPTY_HOST, "veth2", "10.244.1.1", syn("10.244.1.2", "10.96.0.52"));
    expect(transmitted(out)).toMatchObject({ iface: "eth0", nextHop: "192.168.56.12" });
    const answer = replyTo(transmitted(out).packet, { flags: "SYN,ACK", icmp: null });
    const back = arrive(host, out.state, "eth0", "192.168.56.11", answer);
    expect(back.hops.filter((h) => h.stage === "conntrack").map((h) => [h.label, h.verdict])).toEqual([
      ["PREROUTING", "continue"],
      ["POSTROUTING", "undo-dnat"],
    ]);
    expect(header(transmitted(back).packet)).toBe("10.96.0.52:80>10.244.1.2:40000");
  });
});

describe("the bridge", () => {
  const vip = syn("10.244.1.2", "10.96.0.50");

  it("switches a DNATed frame to a pod on the same bridge without touching the TTL", () => {
    const out = transmitted(arrive(node(NAT), EMPTY_HOST, "veth2", "10.244.1.1", vip));
    expect([out.port, out.packet.ttl, header(out.packet)]).toEqual(["veth3", 64, "10.244.1.2:40000>10.244.1.3:8080"]);
  });

  it("un-DNATs the switched answer with bridge-nf-call-iptables 1, and never with 0", () => {
    const answerOf = (on: boolean): string => {
      const host = node(NAT, { bridgeNfCallIptables: on });
      const out = arrive(host, EMPTY_HOST, "veth2", "10.244.1.1", vip);
      const answer = replyTo(transmitted(out).packet, { flags: "SYN,ACK", icmp: null });
      return header(transmitted(arrive(host, out.state, "veth3", "10.244.1.2", answer)).packet);
    };
    expect(answerOf(true)).toBe("10.96.0.50:80>10.244.1.2:40000");
    expect(answerOf(false)).toBe("10.244.1.3:8080>10.244.1.2:40000");
  });

  it("hairpin: masquerades with the bridge's address and sends back out of the same port, if the port allows it", () => {
    const own = syn("10.244.1.3", "10.96.0.50");
    const out = transmitted(arrive(node(NAT), EMPTY_HOST, "veth3", "10.244.1.1", own));
    expect([out.port, header(out.packet)]).toEqual(["veth3", "10.244.1.1:40000>10.244.1.3:8080"]);
    const host = node(NAT);
    const stubborn = { ...host, interfaces: host.interfaces.map((i) => ({ ...i, hairpin: false })) };
    expect(arrive(stubborn, EMPTY_HOST, "veth3", "10.244.1.1", own).outcome.kind).toBe("lost");
  });

  it("a SYN to a dead pod on the same bridge leaves no conntrack entry; from afar it does", () => {
    const dead = node(NAT.replace("10.244.1.3:8080", "10.244.1.99:8080"));
    const result = arrive(dead, EMPTY_HOST, "veth2", "10.244.1.1", vip);
    expect(result.state.conntrack).toEqual([]);
    expect(result.outcome.kind === "answer" && [result.outcome.packet.icmp, result.outcome.packet.src]).toEqual([
      "host-unreachable",
      "10.244.1.1",
    ]);
    // The error is tied to the entry that never came into the table: the client hears of the address that it dialled.
    if (result.outcome.kind !== "answer") throw new Error(result.outcome.kind);
    const { packet, related, late } = result.outcome;
    const told = transmitted(send(dead, result.state, packet, env, related)).packet;
    expect([told.src, told.quoted?.dst, told.quoted?.dport, late]).toEqual([vip.dst, vip.dst, vip.dport, true]);
    const far = arrive(dead, EMPTY_HOST, "eth0", "192.168.56.11", syn("10.244.2.7", "10.244.1.99"));
    expect(far.state.conntrack).toHaveLength(1);
  });
});

describe("refusals and errors", () => {
  it("REJECT in FORWARD answers from the interface towards the client", () => {
    const result = arrive(node(NAT + FILTER), EMPTY_HOST, "veth2", "10.244.1.1", syn("10.244.1.2", "10.96.0.51"));
    expect(result.outcome).toMatchObject({ kind: "answer", packet: { src: "10.244.1.1", icmp: "port-unreachable" } });
    expect(result.state.conntrack).toEqual([]);
  });

  it("REJECT in INPUT answers from the dialled address", () => {
    const packet = syn("198.51.100.24", "192.168.56.11", { dport: 30_081 });
    const result = arrive(node(NAT + FILTER), EMPTY_HOST, "eth0", "192.168.56.11", packet);
    expect(result.outcome).toMatchObject({ kind: "answer", packet: { src: "192.168.56.11", dst: "198.51.100.24" } });
  });

  it("drops an answer to a connection it has not seen as INVALID", () => {
    const stray = { ...syn("10.244.2.3", "10.244.1.2"), flags: "SYN,ACK" as const };
    const result = arrive(node(NAT + FILTER), EMPTY_HOST, "eth0", "192.168.56.11", stray);
    expect(result.outcome.kind).toBe("lost");
    expect(result.hops.at(-1)?.rule?.text).toContain("--ctstate INVALID -j DROP");
  });

  it("says time exceeded when the TTL runs out, and forwards one less", () => {
    const far = syn("10.244.1.2", "10.244.2.3");
    expect(transmitted(arrive(node(NAT), EMPTY_HOST, "veth2", "10.244.1.1", far)).packet.ttl).toBe(63);
    const last = arrive(node(NAT), EMPTY_HOST, "veth2", "10.244.1.1", { ...far, ttl: 1 });
    expect(last.outcome).toMatchObject({ kind: "answer", packet: { icmp: "time-exceeded", src: "10.244.1.1" } });
  });

  it("a node without a default route cannot even start to dial a VIP, but its pods can", () => {
    const host = node(NAT);
    const island = { ...host, routes: host.routes.slice(0, 3) };
    const own = send(island, EMPTY_HOST, syn("192.168.56.11", "10.96.0.50"), env);
    expect([own.outcome.kind, own.hops.map((h) => h.stage)]).toEqual(["error", ["route"]]);
    const pod = arrive(island, EMPTY_HOST, "veth2", "10.244.1.1", syn("10.244.1.2", "10.96.0.50"));
    expect(transmitted(pod).packet.dst).toBe("10.244.1.3");
  });

  it("an ICMP error from behind a DNAT arrives from the address that was dialled, quoting it", () => {
    const host = node(NAT);
    const out = arrive(host, EMPTY_HOST, "veth2", "10.244.1.1", syn("10.244.1.2", "10.96.0.52"));
    const seen = transmitted(out).packet;
    const far = noNeighbour(
      { ...host, interfaces: [LOOPBACK, { ...eth0, addresses: [{ ip: "192.168.56.12", prefix: 24 }] }] },
      EMPTY_HOST,
      seen,
      "10.244.2.3",
      false,
      env,
    );
    if (far.kind !== "answer") throw new Error(far.kind);
    const back = transmitted(arrive(host, out.state, "eth0", "192.168.56.11", far.packet)).packet;
    expect([back.src, back.dst]).toEqual(["10.96.0.52", "10.244.1.2"]);
    expect(back.quoted).toMatchObject({ src: "10.244.1.2", dst: "10.96.0.52", sport: 40_000, dport: 80 });
  });

  it("drops 127.0.0.1 from a wire unless route_localnet is 1", () => {
    const packet = syn("10.244.1.2", "127.0.0.1");
    const outcome = (routeLocalnet: boolean): string =>
      arrive(node("", { routeLocalnet }), EMPTY_HOST, "veth2", "10.244.1.1", packet).outcome.kind;
    expect([outcome(false), outcome(true)]).toEqual(["lost", "deliver"]);
  });

  it("a mark does not cross a wire", () => {
    const out = arrive(
      node(NAT),
      EMPTY_HOST,
      "eth0",
      "192.168.56.11",
      syn("192.168.56.12", "10.244.1.3", { mark: 0x4000 }),
    );
    expect(out.hops[0]?.before.mark).toBe(0);
  });
});

describe("kernel-facts, easy to get wrong 9: nat without a NAT target or a conntrack match is never traversed", () => {
  const COUNTS =
    "*nat\n:PREROUTING ACCEPT [0:0]\n:SVC - [0:0]\n-A PREROUTING -j SVC\n-A SVC -m comment --comment seen\nCOMMIT\n";
  const plain = "*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -s 10.9.9.9/32 -j DROP\nCOMMIT\n";
  const asked = (save: string): readonly unknown[] => {
    const result = arrive(node(save), EMPTY_HOST, "veth2", "10.244.1.1", syn("10.244.1.2", "10.244.2.3"));
    return [stages(result).includes("hook:nat/PREROUTING"), result.state.conntrack.length];
  };

  it.each([
    ["only counts", COUNTS, [false, 0]],
    ["and a filter rule that asks no connection", COUNTS + plain, [false, 0]],
    ["a conntrack match, even in another table", COUNTS + FILTER, [true, 1]],
    [
      "a match that we do not evaluate but the kernel does",
      COUNTS + plain.replace("-s 10", "-m connmark --mark 1 -s 10"),
      [true, 1],
    ],
    [
      "a NAT target, even in a chain that nobody calls",
      COUNTS.replace("COMMIT", ":X - [0:0]\n-A X -j MASQUERADE\nCOMMIT"),
      [true, 1],
    ],
  ])("%s", (_what, save, expected) => {
    expect(asked(save)).toEqual(expected);
  });

  it("nftables likewise: its nat chains are called for connections only", () => {
    const nft = (rule: string): string => `table ip t {
  chain pre {
    type nat hook prerouting priority dstnat; policy accept;
    ip daddr 10.9.9.9 accept
  }
  chain fwd {
    type filter hook forward priority filter; policy accept;
    ${rule}
  }
}
`;
    const tracked = (rule: string): number => {
      const host = { ...node(""), rules: nftablesRules(parseRuleset(nft(rule)).ruleset) };
      return arrive(host, EMPTY_HOST, "veth2", "10.244.1.1", syn("10.244.1.2", "10.244.2.3")).state.conntrack.length;
    };
    expect([tracked("ip saddr 10.9.9.9 drop"), tracked("ct state invalid drop")]).toEqual([0, 1]);
  });
});

describe("a connection's second packet", () => {
  it("asks no nat rule, whatever the rules say by then", () => {
    const first = arrive(node(NAT), EMPTY_HOST, "veth2", "10.244.1.1", syn("10.244.1.2", "10.96.0.52"));
    const moved = node(NAT.replaceAll("10.244.2.3:8080", "10.244.2.9:8080"));
    const again = arrive(moved, first.state, "veth2", "10.244.1.1", syn("10.244.1.2", "10.96.0.52"));
    expect(transmitted(again).packet.dst).toBe("10.244.2.3");
    expect(stages(again)).not.toContain("hook:nat/PREROUTING");
  });

  it("two clients that masquerade behind one address get different ports", () => {
    const host = node(NAT);
    const one = arrive(host, EMPTY_HOST, "eth0", "192.168.56.11", syn("198.51.100.1", "10.96.0.50"));
    const plain = node(NAT.replace(" --random-fully", ""));
    const two = arrive(plain, one.state, "eth0", "192.168.56.11", syn("198.51.100.2", "10.96.0.50"));
    const three = arrive(plain, two.state, "eth0", "192.168.56.11", syn("198.51.100.3", "10.96.0.50"));
    expect(transmitted(two).packet).toMatchObject({ src: "10.244.1.1", sport: 40_000 });
    expect(transmitted(three).packet).toMatchObject({ src: "10.244.1.1", sport: 40_001 });
  });
});
