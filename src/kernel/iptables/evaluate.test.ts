import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Probability } from "../../base/choose.ts";
import { alwaysDraws, hookContext } from "./testing.ts";
import { dualStackRules, iptablesRules, NO_RULES, runChain } from "./evaluate.ts";
import { tryRule } from "./match.ts";
import { parseSave } from "./parse.ts";
import type { Match, Rule, Ruleset } from "./types.ts";

function nat(...lines: string[]): Ruleset {
  const chains = ["PREROUTING", "OUTPUT", "POSTROUTING"].map((c) => `:${c} ACCEPT [0:0]`);
  const own = ["A", "B", "C"].map((c) => `:${c} - [0:0]`);
  const { ruleset, notes } = parseSave(
    ["*nat", ...chains, ...own, ...lines.map((l) => `-A ${l}`), "COMMIT", ""].join("\n"),
  );
  expect(notes).toEqual([]);
  return ruleset;
}

describe("verdicts", () => {
  it("accepts by policy, with no rule, when nothing decides", () => {
    const result = iptablesRules(nat("PREROUTING -j A", "A -s 1.2.3.4 -j DROP")).run("nat", hookContext());
    expect(result.verdict).toEqual({ kind: "accept" });
    expect(result.rule).toBeNull();
    expect([result.considered, result.matched]).toEqual([2, 1]);
  });

  it("drops by policy", () => {
    const { ruleset } = parseSave("*filter\n:FORWARD DROP [0:0]\nCOMMIT\n");
    const rules = iptablesRules(ruleset);
    expect(rules.has("filter", "FORWARD")).toBe(true);
    expect(rules.run("filter", hookContext({ hook: "FORWARD" })).verdict).toEqual({ kind: "drop" });
  });

  it("goes on after a jump that decides nothing, and after RETURN; not after a goto", () => {
    const jump = nat("PREROUTING -j A", "PREROUTING -j DNAT --to-destination 10.0.0.9:1", "A -j RETURN", "A -j DROP");
    expect(iptablesRules(jump).run("nat", hookContext()).verdict).toEqual({
      kind: "dnat",
      to: { ip: "10.0.0.9", port: 1 },
    });
    const goto = nat("PREROUTING -j A", "PREROUTING -j DROP", "A -g B", "A -j ACCEPT", "B -s 1.2.3.4 -j ACCEPT");
    // B returns to A's caller, not to A.
    const result = iptablesRules(goto).run("nat", hookContext());
    expect(result.verdict).toEqual({ kind: "drop" });
    expect(result.steps.map((s) => `${s.rule.chain}:${s.rule.position} ${s.depth} ${s.matched}`)).toEqual([
      "PREROUTING:1 0 true",
      "A:1 1 true",
      "B:1 2 false",
      "PREROUTING:2 0 true",
    ]);
  });

  it("RETURN in a built-in chain means its policy", () => {
    const rules = iptablesRules(
      nat("POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN", "POSTROUTING -j MASQUERADE --random-fully"),
    );
    const run = (mark: number): unknown =>
      rules.run("nat", hookContext({ hook: "POSTROUTING", packet: { mark } })).verdict;
    expect(run(0)).toEqual({ kind: "accept" });
    expect(run(0x4001)).toEqual({ kind: "masquerade", randomFully: true });
  });

  it("changes the mark by or, xor, and, set, and later rules see it", () => {
    const mark = (start: number, ...targets: string[]): number =>
      iptablesRules(nat(...targets.map((t) => `PREROUTING -j MARK ${t}`))).run(
        "nat",
        hookContext({ packet: { mark: start } }),
      ).mark;
    expect(mark(1, "--or-mark 0x4000")).toBe(0x4001);
    expect(mark(0x4001, "--xor-mark 0x4000")).toBe(1);
    expect(mark(0x4001, "--and-mark 0xff")).toBe(1);
    expect(mark(0xf0f, "--set-mark 0x1")).toBe(1);
    expect(mark(0xf0f, "--set-xmark 0x1/0xff")).toBe(0xf01);
    expect(mark(0, "--or-mark 0x80000000")).toBe(0x80000000);
    const seen = nat(
      "PREROUTING -j MARK --or-mark 0x4000",
      "PREROUTING -m mark --mark 0x4000/0x4000 -j ACCEPT",
      "PREROUTING -j DROP",
    );
    expect(iptablesRules(seen).run("nat", hookContext()).verdict).toEqual({ kind: "accept" });
  });

  it("refuses with what the rule says", () => {
    const rules = (how: string): unknown =>
      iptablesRules(nat(`PREROUTING -p tcp -j REJECT --reject-with ${how}`)).run("nat", hookContext()).verdict;
    expect(rules("icmp-port-unreachable")).toEqual({ kind: "reject", with: "icmp-port-unreachable" });
    expect(rules("tcp-reset")).toEqual({ kind: "reject", with: "tcp-reset" });
    expect(rules("icmp-admin-prohibited")).toEqual({ kind: "reject", with: "icmp-admin-prohibited" });
  });

  it("does not hang on chains that call in circles", () => {
    const result = iptablesRules(nat("PREROUTING -j A", "A -j B", "B -j A")).run("nat", hookContext());
    expect(result.verdict).toEqual({ kind: "accept" });
  });

  it("has nothing to say without rules", () => {
    expect(NO_RULES.has("nat", "PREROUTING")).toBe(false);
    expect(NO_RULES.run("nat", hookContext()).verdict).toEqual({ kind: "accept" });
    expect(iptablesRules(nat()).has("nat", "PREROUTING")).toBe(false);
  });
});

describe("matches", () => {
  const matches = (rule: string, change: Parameters<typeof hookContext>[0] = {}): boolean =>
    iptablesRules(nat(`PREROUTING ${rule} -j DROP`)).run("nat", hookContext(change)).verdict.kind === "drop";

  it.each([
    ["-s 10.244.0.0/16", {}, true],
    ["! -s 10.244.0.0/16", {}, false],
    ["! -s 10.244.0.0/16", { packet: { src: "192.168.56.11" } }, true],
    ["-d 10.96.0.50", {}, true],
    ["-d 10.96.0.51", {}, false],
    ["-i eth0", {}, true],
    ["-i eth+", {}, true],
    ["-i cali+", {}, false],
    ["! -i cni0", {}, true],
    ["-i eth0", { inInterface: null }, false],
    ["-o eth0", {}, false],
    ["-p udp", {}, false],
    ["! -p udp", {}, true],
    ["-p tcp -m tcp --dport 80", {}, true],
    ["-p tcp -m tcp --dport 81:90", {}, false],
    ["-p tcp -m tcp --dport 79:81", {}, true],
    ["-p tcp -m tcp ! --dport 80", {}, false],
    ["-p tcp -m tcp --sport 40000", {}, true],
    ["-m udp -p udp --dport 80", {}, false],
    ["-m addrtype --dst-type LOCAL", {}, false],
    ["-m addrtype --dst-type LOCAL", { packet: { dst: "192.168.56.11" } }, true],
    ["-m addrtype ! --dst-type LOCAL", {}, true],
    ["-m addrtype --src-type LOCAL", { packet: { src: "127.0.0.1" } }, true],
    ["-m conntrack --ctstate NEW", {}, true],
    ["-m conntrack --ctstate RELATED,ESTABLISHED", {}, false],
    ["-m conntrack --ctstate RELATED,ESTABLISHED,DNAT", { ctDnat: true }, true],
    ["-m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT", { ctDnat: true }, false],
    ["-m conntrack --ctstate SNAT", { ctSnat: true }, true],
    ["-m mark --mark 0x4000/0x4000", { packet: { mark: 0xc000 } }, true],
    ["-m mark --mark 0x4000", { packet: { mark: 0xc000 } }, false],
    ["-m comment --comment x -m nfacct --nfacct-name y", {}, true],
  ] as const)("%s with %o: %s", (rule, change, expected) => {
    expect(matches(rule, change)).toBe(expected);
  });

  it("never matches what it cannot evaluate", () => {
    const { ruleset } = parseSave(
      "*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -m set --match-set x dst -j DROP\nCOMMIT\n",
    );
    const result = iptablesRules(ruleset).run("nat", hookContext());
    expect(result.verdict).toEqual({ kind: "accept" });
    expect(result.steps[0]?.because).toBe("not evaluated here: -m set --match-set x dst");
  });

  it("remembers and asks for sources through the context's recent lists", () => {
    const lists = new Map<string, Set<string>>();
    const recent = {
      check: (list: string, ip: string, seconds: number) => seconds === 60 && (lists.get(list)?.has(ip) ?? false),
      set: (list: string, ip: string) => void lists.set(list, new Set([ip])),
    };
    const rules = iptablesRules(
      nat(
        "PREROUTING -m recent --rcheck --seconds 60 --reap --name L --mask 255.255.255.255 --rsource -j DROP",
        "PREROUTING -m recent --set --name L --mask 255.255.255.255 --rsource -j ACCEPT",
      ),
    );
    expect(rules.run("nat", hookContext({ recent })).verdict).toEqual({ kind: "accept" });
    expect(rules.run("nat", hookContext({ recent })).verdict).toEqual({ kind: "drop" });
    expect(rules.run("nat", hookContext({ recent, packet: { src: "10.244.9.9" } })).verdict).toEqual({
      kind: "accept",
    });
  });
});

describe("what a walk is told", () => {
  const ladder = nat(
    "PREROUTING -d 10.96.0.1 -j A",
    "PREROUTING -p tcp -m tcp --dport 80 -j A",
    "A -m statistic --mode random --probability 0.33333333349 -j B",
    "A -m statistic --mode random --probability 0.50000000000 -j DNAT --to-destination 10.0.0.2:80",
    "A -j DNAT --to-destination 10.0.0.3:80",
    "B -j DNAT --to-destination 10.0.0.1:80",
  );

  it("says in words why each rule matched or not, with draw and effect", () => {
    const result = iptablesRules(ladder).run("nat", hookContext({ chooser: alwaysDraws(0.41) }));
    expect(result.steps.map((s) => [s.matched, s.because, s.effect ?? ""])).toEqual([
      [false, "dst is 10.96.0.50, not 10.96.0.1", ""],
      [true, "dport is 80", ""],
      [false, "0.41 ≥ 1/3", ""],
      [true, "0.41 < 1/2", "dst 10.0.0.2:80"],
    ]);
    expect(result.steps[2]?.draw).toEqual({ value: 0.41, threshold: 1 / 3, of: 3 });
    expect(result.draw).toBe("0.41 < 1/2");
    expect(result.rule).toMatchObject({ table: "nat", chain: "A", position: 2, target: "DNAT" });
    expect(result.rule?.text).toBe(
      "-A A -m statistic --mode random --probability 0.50000000000 -j DNAT --to-destination 10.0.0.2:80",
    );
  });

  it("shows as many decimals as make the comparison true", () => {
    const words = (value: number): string | null =>
      iptablesRules(ladder).run("nat", hookContext({ chooser: alwaysDraws(value) })).draw;
    expect(words(0.3333)).toBe("0.33 < 1/3");
    expect(words(0.4999)).toBe("0.4999 < 1/2");
  });

  it("asks the chooser by flow and rule id, so that other rules do not shift the answer", () => {
    const asked: [Probability, string][] = [];
    const chooser = {
      ...alwaysDraws(0.99),
      chance: (p: Probability, purpose: string) => (asked.push([p, purpose]), { taken: false, draw: 0.99 }),
    };
    iptablesRules(ladder).run("nat", hookContext({ chooser, flow: "f1" }));
    expect(asked.map(([p]) => p)).toEqual([{ of: 3 }, { of: 2 }]);
    expect(asked[0]?.[1]).toMatch(/^f1 nat\/A\/[0-9a-f]{8}$/);
    expect(asked[0]?.[1]).not.toBe(asked[1]?.[1]);
  });

  it("sends each family to its own rules", () => {
    const v6 = parseSave("*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -j DROP\nCOMMIT\n", 6).ruleset;
    const rules = dualStackRules(iptablesRules(nat()), iptablesRules(v6));
    expect(rules.has("nat", "PREROUTING")).toBe(true);
    expect(rules.run("nat", hookContext()).verdict.kind).toBe("accept");
    expect(rules.run("nat", hookContext({ packet: { src: "fd00::1", dst: "fd00::2" } })).verdict.kind).toBe("drop");
  });
});

describe("long chains", () => {
  const services = Array.from(
    { length: 3000 },
    (_, i) => `A -d 10.96.${i >> 8}.${i & 255}/32 -p tcp -m tcp --dport 80 -j B`,
  );
  const long = nat(
    "PREROUTING -j A",
    ...services,
    "A -m addrtype --dst-type LOCAL -j C",
    "B -j DNAT --to-destination 10.0.0.1:80",
  );
  const rules = iptablesRules(long);

  it("counts every rule that Linux scans, lists 40 of them and gives the rest as ranges", () => {
    const result = rules.run("nat", hookContext({ packet: { dst: "10.96.7.208" } }));
    expect(result.verdict.kind).toBe("dnat");
    expect(result.considered).toBe(1 + 2001 + 1);
    expect(result.matched).toBe(3);
    const listed = result.steps.filter((s) => !s.matched).map((s) => s.rule.position);
    expect(listed).toEqual([
      ...Array.from({ length: 20 }, (_, i) => i + 1),
      ...Array.from({ length: 20 }, (_, i) => i + 1981),
    ]);
    expect(result.skipped).toEqual([{ chain: "A", from: 21, to: 1980 }]);
    expect(result.steps.find((s) => s.rule.position === 5 && s.rule.chain === "A")?.because).toBe(
      "dst is 10.96.7.208, not 10.96.0.4",
    );
  });

  it("counts the whole chain when nothing matches", () => {
    const result = rules.run("nat", hookContext({ packet: { dst: "203.0.113.1" } }));
    expect(result.verdict.kind).toBe("accept");
    expect([result.considered, result.matched]).toEqual([1 + 3001, 1]);
    expect(
      result.steps.filter((s) => !s.matched).length + result.skipped.reduce((n, r) => n + r.to - r.from + 1, 0),
    ).toBe(3001);
  });

  it("gives with the index what a scan gives, for any rules", () => {
    const ip = fc.integer({ min: 0, max: 7 }).map((n) => `10.0.0.${n}`);
    const cidr = fc.oneof(
      ip,
      ip.map((a) => `${a}/32`),
      fc.constantFrom("10.0.0.0/30", "10.0.0.4/31", "0.0.0.0/0"),
    );
    const port = fc.integer({ min: 80, max: 84 });
    const invert = fc
      .option(fc.constant(true as const), { nil: undefined, freq: 3 })
      .map((v) => (v ? { invert: v } : {}));
    const match: fc.Arbitrary<Match> = fc.oneof(
      fc.tuple(cidr, invert).map(([c, i]): Match => ({ kind: "dst", cidr: c, ...i })),
      fc.tuple(cidr, invert).map(([c, i]): Match => ({ kind: "src", cidr: c, ...i })),
      fc
        .tuple(port, port, invert)
        .map(([a, b, i]): Match => ({ kind: "dport", from: Math.min(a, b), to: Math.max(a, b), ...i })),
      fc.constant<Match>({ kind: "module", protocol: "tcp" }),
    );
    const rule = fc
      .array(match, { maxLength: 4 })
      .map((matches): Omit<Rule, "role"> => ({ matches, target: { kind: "drop" }, origin: null }));
    fc.assert(
      fc.property(fc.array(rule, { minLength: 130, maxLength: 160 }), ip, ip, port, (bare, src, dst, dport) => {
        // A rule without conditions in front would end every run at once.
        const list = bare.filter((r) => r.matches.length > 1).map((r, i): Rule => ({ ...r, role: String(i) }));
        const set: Ruleset = {
          family: 4,
          tables: { filter: { chains: new Map([["X", { policy: null, rules: list }]]) } },
        };
        const context = hookContext({ packet: { src, dst, dport } });
        const hit = list.findIndex((r) => tryRule(r, { context, mark: 0, chainId: "filter/X" }).matched);
        const result = runChain(set, "filter", "X", context);
        expect(result.rule?.position ?? 0).toBe(hit + 1);
        expect(result.considered).toBe(hit < 0 ? list.length : hit + 1);
      }),
    );
  });
});
