import { describe, expect, it } from "vitest";
import { allRules } from "./listing.ts";
import { parseSave } from "./parse.ts";
import { printSave } from "./save.ts";
import type { Match, Target } from "./types.ts";

/** The one rule of a nat chain X. */
function parseRule(rule: string, family: 4 | 6 = 4): { matches: readonly Match[]; target: Target; notes: number } {
  const { ruleset, notes } = parseSave(`*nat\n:X - [0:0]\n:Y - [0:0]\n-A X ${rule}\nCOMMIT\n`, family);
  const parsed = ruleset.tables.nat?.chains.get("X")?.rules[0];
  if (parsed === undefined) throw new Error("no rule");
  return { matches: parsed.matches, target: parsed.target, notes: notes.length };
}

function printed(rule: string, family: 4 | 6 = 4): string {
  const { ruleset } = parseSave(`*nat\n:X - [0:0]\n:Y - [0:0]\n-A X ${rule}\nCOMMIT\n`, family);
  return (
    printSave(ruleset)
      .split("\n")[3]
      ?.replace(/^-A X ?/, "") ?? ""
  );
}

/** Lines of real nodes: kube-proxy, flannel, Docker, a firewall of one's own. They come back to the letter. */
const REAL_LINES = [
  "-s 10.244.0.0/16 -d 10.244.0.0/16 -j RETURN",
  "-s 10.244.0.0/16 ! -d 224.0.0.0/4 -j MASQUERADE --random-fully",
  '! -s 10.244.0.0/16 -d 10.96.0.50/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j Y',
  "! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80",
  "-i eth+ -o cni0 -j ACCEPT",
  "-p tcp -m tcp --sport 1024:65535 ! --dport 22 -j DROP",
  "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
  "-m conntrack ! --ctstate NEW,SNAT -j RETURN",
  "-m state --state NEW -j ACCEPT",
  "-m state ! --state INVALID,RELATED -j DROP",
  "-m mark ! --mark 0x4000/0x4000 -j RETURN",
  "-m mark --mark 0x2 -j ACCEPT",
  "-j MARK --set-xmark 0x4000/0x0",
  "-m statistic --mode random --probability 0.33333333349 -j Y",
  "-m statistic --mode nth --every 3 --packet 0 -j Y",
  "-m recent --rcheck --seconds 10800 --reap --name L --mask 255.255.255.255 --rsource -j Y",
  "-m recent --update --seconds 60 --hitcount 5 --name SSH --mask 255.255.255.255 --rsource -j DROP",
  "-d 127.0.0.0/8 -p tcp -m nfacct --nfacct-name  localhost_nps_accepted_pkts -j Y",
  '-m set --match-set KUBE-LOOP-BACK dst,dst,src -m comment --comment "a \\"quoted\\" word" -j MASQUERADE',
  "-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -m multiport --dports 80,443 -j Y",
  '-j LOG --log-prefix "dropped: " --log-level 4',
  "-m physdev ! --physdev-is-in -j RETURN",
  "-p icmp -m icmp --icmp-type 8 -j ACCEPT",
  "-j SNAT --to-source 192.168.56.11 --random-fully",
  "-p tcp -j REDIRECT --to-ports 15001",
  "-g Y",
  "-m comment --comment plain",
];

describe("parseSave", () => {
  it.each(REAL_LINES)("prints back %s", (line) => {
    expect(printed(line)).toBe(line);
  });

  it("keeps what it does not know as it stands, and reports it once each", () => {
    const { matches, target, notes } = parseRule('-p tcp -m set --match-set  X dst -j LOG --log-prefix "a b"');
    expect(matches).toEqual([
      { kind: "protocol", protocol: "tcp" },
      { kind: "opaque", text: "-m set --match-set  X dst" },
    ]);
    expect(target).toEqual({ kind: "opaque", text: '-j LOG --log-prefix "a b"' });
    expect(notes).toBe(2);
  });

  it("reads 1/n where a probability was meant so, at both precisions, and a plain number elsewhere", () => {
    const of = (text: string): unknown => {
      const m = parseRule(`-m statistic --mode random --probability ${text} -j Y`).matches[0];
      return m?.kind === "statistic" ? m.probability : null;
    };
    expect(of("0.33333333349")).toEqual({ of: 3 });
    expect(of("0.3333333333")).toEqual({ of: 3 });
    expect(of("0.07692307699")).toEqual({ of: 13 });
    expect(of("0.40000000037")).toEqual({ value: 0.40000000037 });
  });

  it("reads kube-proxy's own wording like the kernel's", () => {
    expect(printed('-m comment --comment "a b" -m tcp -p tcp -d 10.96.0.1 --dport 443 ! -s 10.244.0.0/16 -j Y')).toBe(
      '! -s 10.244.0.0/16 -d 10.96.0.1/32 -p tcp -m comment --comment "a b" -m tcp --dport 443 -j Y',
    );
    expect(printed("-j MARK --or-mark 0x00004000")).toBe("-j MARK --set-xmark 0x4000/0x4000");
    expect(printed("-j MARK --xor-mark 0x00004000")).toBe("-j MARK --set-xmark 0x4000/0x0");
    expect(printed("-j MARK --and-mark 0xffffbfff")).toBe("-j MARK --set-xmark 0x0/0x4000");
    expect(printed("-j REJECT")).toBe("-j REJECT --reject-with icmp-port-unreachable");
    expect(printed("-j REJECT", 6)).toBe("-j REJECT --reject-with icmp6-port-unreachable");
    expect(printed("-d fd00::1 -j DNAT --to-destination [fd00::2]:80", 6)).toBe(
      "-d fd00::1/128 -j DNAT --to-destination [fd00::2]:80",
    );
  });

  it("takes -j NAME for a chain only when the table has one of that name", () => {
    expect(parseRule("-j Y").target).toEqual({ kind: "jump", chain: "Y" });
    expect(parseRule("-j Z").target).toEqual({ kind: "opaque", text: "-j Z" });
  });

  it("drops counters, keeps policies, and says which lines are no part of a save", () => {
    const { ruleset, notes } = parseSave(
      [
        "# comment",
        "*filter",
        ":FORWARD DROP [12:345]",
        "[7:420] -A FORWARD -j ACCEPT",
        "hello",
        "COMMIT",
        "-A FORWARD -j DROP",
      ].join("\n"),
    );
    expect(printSave(ruleset)).toBe("*filter\n:FORWARD DROP [0:0]\n-A FORWARD -j ACCEPT\nCOMMIT\n");
    expect(notes).toEqual([
      { line: 5, message: "not a rule: hello" },
      { line: 7, message: "outside any table: -A FORWARD -j DROP" },
    ]);
  });

  it("names equal rules apart, and a rule the same whatever stands around it", () => {
    const roles = (text: string): string[] => [...allRules(parseSave(text).ruleset)].map((r) => r.rule.role);
    const one = roles("*nat\n:X - [0:0]\n-A X -s 1.2.3.4/32 -j DROP\nCOMMIT\n");
    const three = roles(
      "*nat\n:X - [0:0]\n-A X -j ACCEPT\n-A X -s 1.2.3.4/32 -j DROP\n-A X -s 1.2.3.4/32 -j DROP\nCOMMIT\n",
    );
    expect(three[1]).toBe(one[0]);
    expect(new Set(three).size).toBe(3);
  });

  it("keeps the order of tables and chains when asked to", () => {
    const text =
      "*nat\n:OUTPUT ACCEPT [0:0]\n:B - [0:0]\n:A - [0:0]\n-A B -j A\nCOMMIT\n*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n";
    const { ruleset } = parseSave(text);
    expect(printSave(ruleset, { form: "kernel", keepOrder: true })).toBe(text);
    expect(printSave(ruleset).indexOf(":A")).toBeLessThan(printSave(ruleset).indexOf(":B"));
  });
});
