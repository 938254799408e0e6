import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDuration, parseRuleset } from "./parse.ts";
import { printRuleset } from "./print.ts";
import { chainText } from "./testing.ts";
import type { Statement } from "./types.ts";

function read(line: string): { readonly statements: readonly Statement[]; readonly notes: readonly string[] } {
  const { ruleset, notes } = parseRuleset(chainText([line]));
  const rule = ruleset.tables[0]?.chains.get("c")?.rules[0];
  if (rule === undefined) throw new Error("no rule");
  return { statements: rule.statements, notes: notes.map((note) => note.message) };
}

/** As nft 1.0.6 listed it after loading a firewall of one's own: what we evaluate and what we do not. */
const FIREWALL = `table inet filter {
	comment "host firewall"
	counter web {
		packets 0 bytes 0
	}

	set blocked {
		type ipv4_addr
		flags interval
		auto-merge
		elements = { 198.51.100.7, 203.0.113.0/24 }
	}

	set metered {
		type ipv4_addr
		size 128
		flags dynamic,timeout
		timeout 1m
	}

	set allowed {
		type ipv4_addr . inet_service
		elements = { 10.0.0.1 . 22,
			     10.0.0.2 . 80 }
	}

	chain web {
		type filter hook input priority filter; policy drop;
		tcp flags syn drop
		tcp flags syn / fin,syn,rst,ack accept
		ct state vmap { invalid : drop, established : accept, related : accept }
		iifname "lo" accept
		ip saddr @blocked counter packets 3 bytes 180 drop
		ip saddr . tcp dport @allowed accept
		ip protocol icmp accept
		icmpv6 type { nd-router-advert, nd-neighbor-solicit } accept
		udp dport { 53, 67-68 } accept
		meta l4proto tcp reject with tcp reset
		reject with icmpx admin-prohibited
	}

	chain forward {
		type filter hook forward priority filter - 1; policy accept;
		ip daddr 10.0.0.0/8 oifname != "cni0" meta mark set 0x00000001 accept
		tcp flags syn tcp option maxseg size set rt mtu
		add @metered { ip saddr } accept
		update @metered { ip saddr timeout 30s }
	}

	chain pre {
		type filter hook prerouting priority raw; policy accept;
		meta mark 0x00000010/28 accept
		ip ttl 1 drop
		numgen inc mod 2 vmap { 0 : accept, 1 : drop }
		log prefix "x y " level debug flags all
		meta skuid 0 accept
	}
}
table ip nat {
	chain post {
		type nat hook postrouting priority srcnat; policy accept;
	}

	chain pre {
		type nat hook prerouting priority dstnat; policy accept;
		tcp dport { 80, 443 } dnat to 10.0.0.2
		meta l4proto tcp dnat to numgen random mod 2 map { 0 : 10.0.0.1, 1 : 10.0.0.2 }
		tcp dport 81 redirect to :8081
		tcp dport 82 dnat to 10.0.0.2-10.0.0.5
	}
}
`;

/** Lines that are understood, each as the kernel lists it. */
const UNDERSTOOD = [
  "ct state new jump x",
  "ct state established,related accept",
  "ct state != invalid accept",
  "ct state vmap { invalid : drop, established : accept }",
  "ct status dnat ip saddr . ip daddr . meta l4proto . th dport @hairpin-connections masquerade fully-random",
  "ip daddr . meta l4proto . th dport vmap @service-ips",
  "ip daddr @cluster-ips ip saddr != 10.244.0.0/16 meta mark set meta mark | 0x00004000",
  "meta mark & 0x00004000 != 0x00000000 meta mark set meta mark ^ 0x00004000 masquerade fully-random",
  "meta mark != 0x00000000/1 return",
  "meta mark 0x00000001 accept",
  "meta mark set 0x00000002",
  "meta l4proto tcp dnat ip to numgen random mod 2 map { 0 : 10.0.0.1 . 80, 1 : 10.0.0.2 . 80 }",
  "meta l4proto tcp dnat to [fd00::1]:80",
  "numgen random mod 2 vmap { 0 : goto a-b/c, 1 : goto d }",
  "update @affinity-X/y/tcp/__10.0.0.1/80 { ip saddr }",
  "fib daddr type local ip daddr != 127.0.0.0/8 meta l4proto . th dport vmap @service-nodeports",
  'iifname "cali*" oifname != "eth0" drop',
  "ip saddr != { 10.0.0.0/23, 192.0.2.71-192.0.2.72 } drop",
  "tcp dport { 22, 80-90 } counter packets 1 bytes 60 accept",
  'log prefix "in : x " level debug limit rate 5/minute burst 5 packets accept',
  "icmp type echo-request accept",
  "ip saddr 10.0.0.0/8 snat to 192.0.2.1",
  "tcp dport 81 redirect to :8081",
  "reject with icmp admin-prohibited",
  "meta l4proto tcp reject with tcp reset",
];

describe("parseRuleset", () => {
  it.each(UNDERSTOOD)("understands and prints back: %s", (line) => {
    const { ruleset, notes } = parseRuleset(chainText([line]));
    expect(notes).toEqual([]);
    expect(ruleset.tables[0]?.chains.get("c")?.rules[0]?.written).toBeUndefined();
    expect(printRuleset(ruleset, { keepOrder: true })).toBe(chainText([line]));
  });

  it("prints a firewall back to the letter, and says what it does not evaluate", () => {
    const { ruleset, notes } = parseRuleset(FIREWALL);
    expect(printRuleset(ruleset, { keepOrder: true })).toBe(FIREWALL);
    expect(notes.map(({ message }) => message)).toEqual([
      "not evaluated: counter web {",
      "not evaluated: tcp flags syn",
      "not evaluated: tcp flags syn / fin,syn,rst,ack",
      "not evaluated: tcp flags syn tcp option maxseg size set rt mtu",
      "not evaluated: update @metered { ip saddr timeout 30s }",
      "not evaluated: ip ttl 1",
      "not evaluated: numgen inc mod 2 vmap { 0 : accept, 1 : drop }",
      "not evaluated: meta skuid 0",
      "not evaluated: dnat to numgen random mod 2 map { 0 : 10.0.0.1, 1 : 10.0.0.2 }",
      "not evaluated: dnat to 10.0.0.2-10.0.0.5",
    ]);
    expect(notes.every(({ line, message }) => FIREWALL.split("\n")[line - 1]?.includes(message.slice(15)))).toBe(true);
    expect(ruleset.tables.map(({ family, name }) => `${family} ${name}`)).toEqual(["inet filter", "ip nat"]);
    expect([...(ruleset.tables[0]?.sets.get("blocked")?.elements.keys() ?? [])]).toEqual([
      "198.51.100.7",
      "203.0.113.0/24",
    ]);
  });

  it("never lets a verdict loose when the condition before it is not understood", () => {
    expect(read("ip ttl 1 drop").statements).toEqual([
      { kind: "opaque", text: "ip ttl 1", condition: true },
      { kind: "drop" },
    ]);
    expect(read("ip saddr 10.0.0.1 ip dscp cs1 jump x").statements.slice(1)).toEqual([
      { kind: "opaque", text: "ip dscp cs1", condition: true },
      { kind: "jump", chain: "x" },
    ]);
    // `over` would need a packet to be one too many.
    expect(read("limit rate over 10/second drop").statements[0]).toMatchObject({ kind: "opaque", condition: true });
    expect(read("notrack").statements).toEqual([{ kind: "opaque", text: "notrack", condition: false }]);
  });

  it("keeps the wording of what it understands but would say differently", () => {
    const text = chainText(["tcp dport == 80 accept"], "type filter hook input priority 0; policy drop;");
    const { ruleset, notes } = parseRuleset(text);
    expect(notes).toEqual([]);
    expect(printRuleset(ruleset, { keepOrder: true })).toBe(text);
    const chain = ruleset.tables[0]?.chains.get("c");
    expect(chain?.base).toMatchObject({ hook: "input", priority: 0, policy: "drop" });
    expect(chain?.rules[0]?.statements[1]).toEqual({ kind: "accept" });
  });

  it("reads elements with comments, timeouts and verdicts, and quotes with commas", () => {
    const { ruleset } = parseRuleset(
      'table ip t {\n\tmap m {\n\t\ttype ipv4_addr : verdict\n\t\telements = { 10.0.0.1 timeout 3h expires 2h comment "a, b : c" : drop,\n\t\t\t     10.0.0.2 : goto x }\n\t}\n}\n',
    );
    expect([...(ruleset.tables[0]?.sets.get("m")?.elements.values() ?? [])]).toEqual([
      {
        key: "10.0.0.1",
        value: { kind: "drop" },
        comment: "a, b : c",
        options: "timeout 3h expires 2h",
        origin: null,
      },
      { key: "10.0.0.2", value: { kind: "goto", chain: "x" }, comment: null, options: "", origin: null },
    ]);
  });

  it.each(["", "table", "table ip t {", "table ip t {\n\tset s {\n\t\telements = { 1,", "}\n}\n", "nonsense { {"])(
    "survives %j",
    (text) => {
      expect(() => printRuleset(parseRuleset(text).ruleset, { keepOrder: true })).not.toThrow();
    },
  );

  it("survives a listing with pieces cut out and put in elsewhere", () => {
    const cut = fc.record({ from: fc.nat(FIREWALL.length), length: fc.nat(40), to: fc.nat(FIREWALL.length) });
    fc.assert(
      fc.property(fc.array(cut, { minLength: 1, maxLength: 4 }), (cuts) => {
        const text = cuts.reduce((t, { from, length, to }) => {
          const piece = t.slice(from, from + length);
          const rest = t.slice(0, from) + t.slice(from + length);
          return rest.slice(0, to) + piece + rest.slice(to);
        }, FIREWALL);
        expect(() => printRuleset(parseRuleset(text).ruleset)).not.toThrow();
      }),
      { numRuns: Number(process.env["KUBEHOP_FUZZ"] ?? 300) },
    );
  });

  it("adds to a chain that is there already", () => {
    const twice = chainText(["accept"]).replace("\t}\n}\n", "\t}\n\n\tchain c {\n\t\tdrop\n\t}\n}\n");
    const { ruleset } = parseRuleset(twice);
    expect(printRuleset(ruleset)).toBe(chainText(["accept", "drop"]));
  });

  it("gives equal rules roles of their own that do not depend on their place", () => {
    const roles = (lines: readonly string[]): readonly string[] =>
      parseRuleset(chainText(lines))
        .ruleset.tables[0]?.chains.get("c")
        ?.rules.map((rule) => rule.role) ?? [];
    const [a, b, c] = roles(["accept", "drop", "accept"]);
    expect(c).toBe(`${a ?? ""}-2`);
    expect(roles(["return", "drop"])[1]).toBe(b);
  });
});

describe("parseDuration", () => {
  it.each([
    ["3h", 10_800],
    ["10m", 600],
    ["1d2h3m4s", 93_784],
    ["500ms", 0],
  ])("%s is %d s", (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });
});
