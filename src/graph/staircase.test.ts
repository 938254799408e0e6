import { describe, expect, it } from "vitest";
import type { Hop, RuleStep, Walk } from "../model/trace/types.ts";
import { overlaps } from "./geometry.ts";
import { ladderOf } from "./ladder.ts";
import { matchText, targetText } from "./ruleText.ts";
import { staircaseOf, type Staircase } from "./staircase.ts";
import { vipWalk } from "./testing/fixture.ts";

const step = (
  chain: string,
  position: number,
  rest: string,
  depth: number,
  matched: boolean,
  extra: Partial<RuleStep> = {},
): RuleStep => ({
  rule: {
    id: `${chain}/${position}`,
    table: "nat",
    chain,
    position,
    text: `-A ${chain} ${rest}`,
    target: / -j (\S+)/.exec(` ${rest}`)?.[1] ?? "",
    origin: null,
  },
  matched,
  depth,
  because: matched ? "it is" : "dst is 203.0.113.10, not this one",
  ...extra,
});

const STEPS: readonly RuleStep[] = [
  step("PREROUTING", 1, '-m comment --comment "kubernetes service portals" -j KUBE-SERVICES', 0, true),
  step("KUBE-SERVICES", 1, "-d 10.96.0.1/32 -p tcp -m tcp --dport 443 -j KUBE-SVC-A", 1, false),
  step("KUBE-SERVICES", 2, "-d 10.96.0.10/32 -p udp -m udp --dport 53 -j KUBE-SVC-B", 1, false),
  step("KUBE-SERVICES", 3, "-d 10.96.0.10/32 -p tcp -m tcp --dport 53 -j KUBE-SVC-C", 1, false),
  step("KUBE-SERVICES", 4, "-d 203.0.113.10/32 -p tcp -m tcp --dport 80 -j KUBE-EXT-X", 1, true),
  step("KUBE-EXT-X", 1, "-j KUBE-MARK-MASQ", 2, true),
  step("KUBE-MARK-MASQ", 1, "-j MARK --set-xmark 0x4000/0x4000", 3, true),
  step("KUBE-EXT-X", 2, "-j KUBE-SVC-X", 2, true),
  step(
    "KUBE-SVC-X",
    1,
    '-m comment --comment "shop/web -> 10.244.1.5:8080" -m statistic --mode random --probability 0.33333333349 -j KUBE-SEP-1',
    3,
    false,
    {
      because: "0.71 ≥ 1/3",
      draw: { value: 0.71, threshold: 1 / 3, of: 3 },
    },
  ),
  step(
    "KUBE-SVC-X",
    2,
    '-m comment --comment "shop/web -> 10.244.2.3:8080" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-2',
    3,
    true,
    {
      because: "0.41 < 1/2",
      draw: { value: 0.41, threshold: 1 / 2, of: 2 },
    },
  ),
  step("KUBE-SEP-2", 1, "-p tcp -m tcp -j DNAT --to-destination 10.244.2.3:8080", 4, true),
];

const UNREACHED = [
  { chain: "KUBE-SERVICES", position: 5, text: "-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS" },
  {
    chain: "KUBE-SVC-X",
    position: 3,
    text: '-A KUBE-SVC-X -m comment --comment "shop/web -> 10.244.3.4:8080" -j KUBE-SEP-3',
  },
];

/** The workbench walk with the rules of its DNAT hop filled in. */
function walk(): { readonly walk: Walk; readonly hop: Hop } {
  const made = vipWalk();
  const hops = made.hops.map((hop) =>
    hop.verdict === "dnat" ? { ...hop, steps: STEPS, rule: STEPS.at(-1)?.rule ?? null } : hop,
  );
  const hop = hops.find((h) => h.verdict === "dnat");
  if (hop === undefined) throw new Error("the walk has a DNAT");
  return { walk: { ...made, hops }, hop };
}

function stairs(): Staircase {
  const { walk: w, hop } = walk();
  const made = staircaseOf(w, "request", hop.index, { width: 560, unreached: UNREACHED });
  if (made === null) throw new Error("the hop is on a node");
  return made;
}

describe("staircase", () => {
  it("gives each stay in a chain a box, a call deeper one step to the right", () => {
    expect(stairs().boxes.map((b) => [b.label, b.continued, (b.rect.x - 16) / 26])).toEqual([
      ["PREROUTING nat", false, 0],
      ["KUBE-SERVICES", false, 1],
      ["KUBE-EXT-X", false, 2],
      ["KUBE-MARK-MASQ", false, 3],
      ["KUBE-EXT-X", true, 2],
      ["KUBE-SVC-X", false, 3],
      ["KUBE-SEP-2", false, 4],
      ["routing", false, 0],
      ["FORWARD filter", false, 0],
      ["POSTROUTING nat", false, 0],
    ]);
  });

  it("marks what matched, what was looked at in vain and what was never reached", () => {
    const { boxes } = stairs();
    const kinds = (label: string): readonly string[] =>
      boxes.filter((b) => b.label === label).flatMap((b) => b.rows.map((r) => r.kind));
    expect(kinds("KUBE-SERVICES")).toEqual(["looked", "looked", "looked", "matched", "unreached"]);
    expect(kinds("KUBE-SVC-X")).toEqual(["looked", "matched", "unreached"]);
    expect(boxes.flatMap((b) => b.rows.map((r) => r.tone)).filter((t) => t !== "plain")).toEqual([
      "mark",
      "dnat",
      "dnat",
      "snat",
    ]);
  });

  it("says once why several rules in a row did not match", () => {
    const { brackets, boxes } = stairs();
    expect(brackets.map((b) => b.text)).toEqual(["dst is 203.0.113.10, so none of these 3"]);
    expect(boxes[1]?.rows.map((r) => r.remark)).toEqual(["", "", "", "matches", "not reached"]);
  });

  it("runs the strands downwards through every box and changes their colour at the rules that rewrote", () => {
    const { ribbon, marks, source, destination, boxes } = stairs();
    for (let i = 1; i < ribbon.count; i++)
      expect(ribbon.y[i] ?? 0).toBeGreaterThanOrEqual((ribbon.y[i - 1] ?? 0) - 1e-3);
    expect(marks.filter((m) => m.kind !== "ring").map((m) => m.kind)).toEqual(["mark", "dnat", "snat"]);
    expect(destination.map((c) => c.tint)).toEqual(["request", "dnat"]);
    expect(source.map((c) => c.tint)).toEqual(["request", "snat"]);
    boxes.forEach((a, i) => boxes.slice(i + 1).forEach((b) => expect(overlaps(a.rect, b.rect)).toBe(false)));
  });

  it("is nothing for a hop that is on no node", () => {
    expect(staircaseOf(walk().walk, "request", 0, { width: 560 })).toBeNull();
  });
});

describe("ladder of probabilities", () => {
  it("reads the draws that were made and fills the rest from the node's rules", () => {
    expect(ladderOf(walk().hop, UNREACHED)).toEqual({
      printed: "0.33333333349",
      steps: [
        { of: 3, draw: 0.71, taken: false, reached: true, endpoint: "10.244.1.5" },
        { of: 2, draw: 0.41, taken: true, reached: true, endpoint: "10.244.2.3" },
        { of: 1, draw: null, taken: false, reached: false, endpoint: "10.244.3.4" },
      ],
    });
  });

  it("is nothing where nothing was drawn", () => {
    expect(ladderOf({ ...walk().hop, steps: STEPS.slice(0, 8) })).toBeNull();
  });
});

describe("rule text", () => {
  it.each([
    [
      '-A KUBE-SERVICES -d 10.96.0.1/32 -p tcp -m comment --comment "default/kubernetes:https cluster IP" -m tcp --dport 443 -j KUBE-SVC-A',
      "-d 10.96.0.1/32 tcp dport 443",
      "KUBE-SVC-A",
    ],
    [
      '-A KUBE-SVC-X -m comment --comment "a -> b" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-2',
      "probability 0.50000000000",
      "KUBE-SEP-2",
    ],
    [
      '-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
      '"kubernetes service portals"',
      "KUBE-SERVICES",
    ],
    ["-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000", "every packet", "MARK 0x4000/0x4000"],
    [
      "-A KUBE-SEP-2 -p tcp -m comment --comment shop/web -m tcp -j DNAT --to-destination 10.244.2.3:8080",
      "tcp",
      "DNAT 10.244.2.3:8080",
    ],
    ["-A KUBE-FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT", "mark 0x4000/0x4000", "ACCEPT"],
    [
      "-A KUBE-FORWARD -m conntrack --ctstate INVALID -m nfacct --nfacct-name  ct_state_invalid_dropped_pkts -j DROP",
      "ctstate INVALID",
      "DROP",
    ],
    ["-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN", "! mark 0x4000/0x4000", "RETURN"],
  ])("%s", (text, match, target) => {
    expect([matchText(text), targetText(text)]).toEqual([match, target]);
  });
});
