import { describe, expect, it } from "vitest";
import type { Chooser } from "../../base/choose.ts";
import { hookContext } from "../iptables/testing.ts";
import type { HookContext, TableResult } from "../netfilter.ts";
import { nftablesRules, runChain } from "./evaluate.ts";
import { parseRuleset } from "./parse.ts";
import { chainText, rulesetOf } from "./testing.ts";

type Change = Parameters<typeof hookContext>[0];

/** Runs rules as the one chain of a table `ip t`, called as a hook would. */
function run(rules: readonly string[], change: Change = {}, more = ""): TableResult {
  const { ruleset } = parseRuleset(chainText(rules).replace("table ip t {\n", `table ip t {\n${more}`));
  const table = ruleset.tables[0];
  if (table === undefined) throw new Error("no table");
  return runChain(table, "c", hookContext(change), "filter");
}

const verdict = (rules: readonly string[], change?: Change, more?: string): string =>
  run(rules, change, more).verdict.kind;

const picks = (n: number): Chooser => ({ chance: () => ({ taken: false, draw: 1 }), pick: () => n, sample: () => 0 });

const SETS = `	set ips {
		type ipv4_addr
		elements = { 10.96.0.50 }
	}

	set recent {
		type ipv4_addr
		size 65535
		flags dynamic,timeout
		timeout 3h
	}

	map services {
		type ipv4_addr . inet_proto . inet_service : verdict
		elements = { 10.96.0.50 . tcp . 80 : goto web }
	}

	chain web {
		dnat to 10.244.2.3:8080
	}

`;

describe("conditions", () => {
  it.each<[string, boolean, Change?]>([
    ["ip daddr 10.96.0.50", true],
    ["ip daddr 10.96.0.0/16", true],
    ["ip daddr != 10.96.0.50", false],
    ["ip saddr { 10.1.0.0/16, 10.244.0.0-10.244.1.9 }", true],
    ["ip6 daddr fd00::1", false],
    // A field that the packet lacks ends the rule, whichever way it is compared.
    ["ip6 daddr != fd00::1", false],
    ["ip6 daddr fd00::1", true, { packet: { src: "fd00::9", dst: "fd00::1" } }],
    ["th dport 80", true],
    ["tcp dport 80-90", true],
    ["udp dport 80", false],
    ["th dport != 80", false, { packet: { protocol: "icmp", sport: 0, dport: 0, icmp: "echo-request", flags: null } }],
    ["icmp type echo-request", true, { packet: { protocol: "icmp", icmp: "echo-request", flags: null } }],
    ["meta l4proto tcp", true],
    ["meta l4proto { udp, sctp }", false],
    ["ct state new", true],
    ["ct state established,related", false],
    ["ct state established,related", true, { ctState: "RELATED" }],
    ["ct status dnat", false],
    ["ct status dnat", true, { ctDnat: true }],
    ['iifname "eth0"', true],
    ['iifname "cali*"', false],
    ['oifname "eth0"', false],
    // Where no interface is known yet, its name is empty.
    ['oifname != "eth0"', true],
    ['iifname != "cni0"', true, { inInterface: null }],
    ["fib daddr type local", false],
    ["fib daddr type local", true, { packet: { dst: "192.168.56.11" } }],
    ["fib saddr type local", true, { packet: { src: "127.0.0.1" } }],
    ["meta mark & 0x00004000 != 0x00000000", false],
    ["meta mark & 0x00004000 != 0x00000000", true, { packet: { mark: 0x4001 } }],
    ["meta mark 0x00004000", false, { packet: { mark: 0x4001 } }],
    ["ip daddr @ips", true],
    ["ip saddr @ips", false],
    ["ip saddr @nosuch", false],
    ["ip ttl 64", false],
  ])("%s: %s", (condition, holds, change) => {
    const result = run([`${condition} drop`], change, SETS);
    expect(result.verdict.kind).toBe(holds ? "drop" : "accept");
    expect([result.considered, result.matched]).toEqual([1, holds ? 1 : 0]);
    expect(result.steps[0]?.because).not.toBe("");
  });

  it("says in words why", () => {
    const because = (rule: string, change?: Change): string | undefined => run([rule], change, SETS).steps[0]?.because;
    expect(because("ip daddr 10.96.0.51 drop")).toBe("dst is 10.96.0.50, not 10.96.0.51");
    expect(because("ip saddr != 10.244.0.0/16 drop")).toBe("src is 10.244.1.5, which is in 10.244.0.0/16");
    expect(because("ip saddr @ips drop")).toBe("src 10.244.1.5 is not in @ips");
    expect(because("ct state new drop")).toBe("connection is NEW");
    expect(because("ct state new drop", { ctState: "ESTABLISHED" })).toBe("connection is ESTABLISHED, not NEW");
    expect(because("ip daddr . meta l4proto . th dport vmap @services")).toBe(
      "10.96.0.50 . tcp . 80 is in @services: goto web",
    );
    expect(because("ip saddr . meta l4proto . th dport vmap @services")).toBe(
      "10.244.1.5 . tcp . 80 is not in @services",
    );
    expect(because("fib saddr type local drop")).toBe("src 10.244.1.5 is not local to this host");
    expect(because("ip ttl 1 drop")).toBe("not evaluated here: ip ttl 1");
    expect(because("meta mark 0x00004000 drop")).toBe("mark is 0x0");
    expect(because("ip saddr @recent drop")).toBe("10.244.1.5 not seen in the last 10800 s");
  });
});

describe("actions", () => {
  it("keeps what a rule did before the condition at which it is left", () => {
    const result = run(["meta mark set meta mark | 0x00004000 ip daddr 1.1.1.1 drop", "accept"]);
    expect(result.mark).toBe(0x4000);
    expect(result.steps.map((step) => [step.matched, step.effect])).toEqual([
      [false, "mark 0x4000"],
      [true, undefined],
    ]);
  });

  it("computes marks", () => {
    const mark = (rule: string, before: number): number => run([rule], { packet: { mark: before } }).mark;
    expect(mark("meta mark set meta mark ^ 0x00004000", 0x4001)).toBe(1);
    expect(mark("meta mark set meta mark & 0x0000000f", 0x4001)).toBe(1);
    expect(mark("meta mark set 0x80000000", 1)).toBe(0x80000000);
    expect(mark("meta mark set meta mark | 0x80000000", 1)).toBe(0x80000001);
  });

  it("rewrites, rejects and masquerades", () => {
    expect(run(["dnat to 10.244.2.3:8080"]).verdict).toEqual({ kind: "dnat", to: { ip: "10.244.2.3", port: 8080 } });
    expect(run(["dnat to 10.244.2.3"]).verdict).toEqual({ kind: "dnat", to: { ip: "10.244.2.3", port: null } });
    expect(run(["masquerade fully-random"]).verdict).toEqual({ kind: "masquerade", randomFully: true });
    expect(run(["redirect to :81"]).verdict).toEqual({ kind: "redirect", port: 81 });
    expect(run(["reject"]).verdict).toEqual({ kind: "reject", with: "icmp-port-unreachable" });
    expect(run(["reject with tcp reset"]).verdict).toEqual({ kind: "reject", with: "tcp-reset" });
    expect(run(["reject with icmpx admin-prohibited"]).verdict).toEqual({
      kind: "reject",
      with: "icmp-admin-prohibited",
    });
  });

  it("picks one of a numgen map, asking once with a number of options, and not at all for one", () => {
    const balance = "numgen random mod 3 map { 0 : 10.0.0.1 . 80, 1 : 10.0.0.2 . 80, 2 : 10.0.0.3 . 80 }";
    const asked: (readonly [number, string])[] = [];
    const chooser: Chooser = { ...picks(0), pick: (n, purpose) => (asked.push([n, purpose]), 2) };
    const result = run([`dnat ip to ${balance}`], { chooser });
    expect(result.verdict).toEqual({ kind: "dnat", to: { ip: "10.0.0.3", port: 80 } });
    expect(result.draw).toBe("2 of 0–2");
    expect(asked).toEqual([[3, expect.stringMatching(/^test ip t\/c\/[0-9a-f]{8}$/)]]);
    expect(run(["dnat ip to numgen random mod 1 map { 0 : 10.0.0.1 . 80 }"], { chooser }).draw).toBeNull();
    expect(asked).toHaveLength(1);
  });

  it("remembers clients in a set and finds them again", () => {
    const seen = new Map<string, string>();
    const recent: NonNullable<HookContext["recent"]> = {
      check: (list, ip, seconds) => seconds === 10_800 && seen.get(list) === ip,
      set: (list, ip) => void seen.set(list, ip),
    };
    expect(verdict(["ip saddr @recent drop"], { recent }, SETS)).toBe("accept");
    run(["update @recent { ip saddr }"], { recent }, SETS);
    expect([...seen]).toEqual([["recent", "10.244.1.5"]]);
    expect(verdict(["ip saddr @recent drop"], { recent }, SETS)).toBe("drop");
  });
});

describe("chains", () => {
  const three = (first: string): string => `	chain b {
		${first}
	}

`;

  it("comes back from a jump, and from a goto to where the jump before it was", () => {
    expect(verdict(["jump b", "drop"], {}, three("return"))).toBe("drop");
    expect(verdict(["goto b", "drop"], {}, three("return"))).toBe("accept");
    expect(verdict(["jump b", "drop"], {}, three("accept"))).toBe("accept");
    const inner = `	chain inner {
		goto last
		accept
	}

	chain last {
		ip daddr 1.1.1.1 accept
	}

`;
    expect(verdict(["jump inner", "drop"], {}, inner)).toBe("drop");
  });

  it("takes verdicts from maps, named or not", () => {
    const look = "ip daddr . meta l4proto . th dport vmap @services";
    expect(run([look, "drop"], {}, SETS).verdict.kind).toBe("dnat");
    expect(verdict([look, "drop"], { packet: { dport: 81 } }, SETS)).toBe("drop");
    expect(verdict(["ct state vmap { invalid : drop, new : reject_ }", "accept"])).toBe("accept");
    expect(verdict(["ct state vmap { invalid : drop, new : drop }", "accept"])).toBe("drop");
    expect(verdict(["ct state vmap { invalid : drop }", "accept"])).toBe("accept");
  });

  it("ends a circle of jumps", () => {
    expect(verdict(["jump c", "drop"])).toBe("drop");
  });

  it("lists the ends of a long row of misses and counts them all", () => {
    const rules = Array.from({ length: 100 }, (_, i) => `ip daddr 10.9.9.${i} drop`);
    const result = run([...rules, "accept"]);
    expect([result.considered, result.matched]).toEqual([101, 1]);
    expect(result.steps).toHaveLength(41);
    expect(result.skipped).toEqual([{ chain: "c", from: 21, to: 80 }]);
    expect(result.steps.map((step) => step.rule.position).slice(19, 22)).toEqual([20, 81, 82]);
  });
});

describe("nftablesRules", () => {
  const base = (name: string, type: string, hook: string, priority: string, rule: string, policy = "accept"): string =>
    `\tchain ${name} {\n\t\ttype ${type} hook ${hook} priority ${priority}; policy ${policy};\n\t\t${rule}\n\t}\n`;
  const rules = (...chains: readonly string[]): ReturnType<typeof nftablesRules> =>
    nftablesRules(rulesetOf(`table ip t {\n${chains.join("\n")}}\n`));

  it("hooks chains in where their priority puts them between conntrack and nat", () => {
    const at = (type: string, hook: string, priority: string): readonly string[] => {
      const found = rules(base("c", type, hook, priority, "drop"));
      return (["raw", "mangle", "nat", "filter"] as const).filter((table) =>
        (["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"] as const).some(
          (name) => name.toLowerCase() === hook && found.has(table, name),
        ),
      );
    };
    expect(at("filter", "prerouting", "raw")).toEqual(["raw"]);
    expect(at("filter", "prerouting", "dstnat - 10")).toEqual(["mangle"]);
    expect(at("filter", "prerouting", "filter")).toEqual(["filter"]);
    expect(at("nat", "prerouting", "dstnat")).toEqual(["nat"]);
    expect(at("filter", "output", "-110")).toEqual(["mangle"]);
    expect(at("filter", "output", "filter")).toEqual(["filter"]);
    expect(at("filter", "input", "mangle")).toEqual(["mangle"]);
    expect(at("filter", "forward", "security")).toEqual(["filter"]);
    expect(at("filter", "postrouting", "mangle")).toEqual(["mangle"]);
    expect(at("filter", "postrouting", "srcnat + 1")).toEqual(["filter"]);
  });

  it("runs chains by priority: accept ends one, drop ends all, the mark goes on", () => {
    const marks = base("early", "filter", "input", "filter - 5", "meta mark set 0x00000007 accept");
    const drops = base("late", "filter", "input", "filter + 5", "meta mark 0x00000007 drop");
    for (const order of [
      [marks, drops],
      [drops, marks],
    ]) {
      const result = rules(...order).run("mangle", hookContext({ hook: "INPUT" }));
      expect(result.verdict.kind).toBe("accept");
      const filtered = rules(...order).run("filter", hookContext({ hook: "INPUT", packet: { mark: result.mark } }));
      expect(filtered.verdict.kind).toBe("drop");
      expect(filtered.as?.place).toBe("chain late");
    }
    const both = rules(
      base("b", "filter", "input", "filter + 5", "meta mark 0x00000007 drop"),
      base("a", "filter", "input", "filter", "meta mark set 0x00000007 accept"),
    ).run("filter", hookContext({ hook: "INPUT" }));
    expect([both.verdict.kind, both.considered, both.steps[0]?.rule.chain]).toEqual(["drop", 2, "a"]);
  });

  it("falls back on the policy, and leaves out chains that do nothing", () => {
    const closed = rules(base("c", "filter", "forward", "filter", "ip daddr 1.1.1.1 accept", "drop"));
    expect(closed.run("filter", hookContext({ hook: "FORWARD" }))).toMatchObject({
      verdict: { kind: "drop" },
      rule: null,
    });
    expect(
      rules("\tchain c {\n\t\ttype filter hook input priority filter; policy accept;\n\t}\n").has("filter", "INPUT"),
    ).toBe(false);
  });

  it("does not show a packet the tables of the other family", () => {
    const found = rules(base("c", "filter", "input", "filter", "drop"));
    const v6 = hookContext({ hook: "INPUT", packet: { src: "fd00::1", dst: "fd00::2" } });
    expect(found.run("filter", v6)).toMatchObject({ verdict: { kind: "accept" }, considered: 0 });
    expect(found.run("filter", hookContext({ hook: "INPUT" })).verdict.kind).toBe("drop");
  });

  it("names what is before DNAT apart from what is behind", () => {
    const found = rules(
      base("early", "filter", "output", "dstnat - 10", "ct state new accept").replace("dstnat - 10", "-110"),
      base("late", "filter", "output", "filter", "ct state new accept"),
    );
    const context = hookContext({ hook: "OUTPUT" });
    expect(found.run("mangle", context).as).toEqual({
      table: "filter",
      label: "OUTPUT before DNAT",
      place: "chain early",
    });
    expect(found.run("filter", context).as?.label).toBe("OUTPUT filter");
  });
});
