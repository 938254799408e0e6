import { describe, expect, test } from "vitest";
import type { RuleRef } from "../../model/trace/types.ts";
import { changesText, headerRows } from "./changes.ts";
import { decisive, drawsOf, shownRule, targetText } from "./ruleText.ts";
import { droppedWalk, refusedWalk, workbenchWalk } from "./testing/fixture.ts";
import { walkText } from "./walkText.ts";
import { nth, find } from "./testing/pick.ts";

const dnat = find(workbenchWalk.hops, (hop) => hop.verdict === "dnat");

describe("walkText", () => {
  test("tells the whole walk", () => {
    expect(walkText(workbenchWalk).split("\n").slice(0, 19)).toEqual([
      "Walk 7: delivered after 1.84 ms",
      "$ curl 203.0.113.10    (from 198.51.100.24; client/internet to lb/shop/web:80, tcp)",
      "HTTP/1.1 200 OK",
      "web-6c8b5d7f9-m4tqz on worker-2 answered; it saw 192.168.56.11, not the client, because worker-1 masqueraded.",
      "",
      "Request",
      "  1     +0 µs  outside client           client           198.51.100.24:51514 → 203.0.113.10:80",
      "               The client sends a SYN to 203.0.113.10:80.",
      "  2    +10 µs  outside client           link             198.51.100.24:51514 → 203.0.113.10:80",
      "               Over the internet to the load balancer.",
      "  3   +300 µs  cloud LB                 balancer         198.51.100.24:51514 → 203.0.113.10:80",
      "               The balancer keeps the header and picks worker-1.",
      "  4   +310 µs  cloud LB                 link             198.51.100.24:51514 → 203.0.113.10:80",
      "               On to worker-1.",
      "  5   +420 µs  worker-1                 nat PREROUTING   dst 203.0.113.10:80 → 10.244.2.3:8080, mark 0x0 → 0x4000  DNAT",
      '               -A KUBE-SVC-E3PXEPMWAWIUT6ZV -m comment --comment "shop/web -> 10.244.2.3:8080" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-6CHKMRWM37YCL3SD',
      '               -A KUBE-SEP-6CHKMRWM37YCL3SD -p tcp -m comment --comment "shop/web" -m tcp -j DNAT --to-destination 10.244.2.3:8080',
      "               15 considered, 7 matched; drawn: 10.244.1.5 0.71 ≥ 1/3, 10.244.2.3 0.41 < 1/2",
      "               The second draw, 0.41, is below 1/2, so 10.244.2.3:8080 becomes the destination.",
    ]);
  });

  test("says when nothing came back, and indents lookups", () => {
    expect(walkText(droppedWalk)).toMatch(/\nNo reply\.\n$/);
    const text = walkText({ ...workbenchWalk, children: [refusedWalk] });
    expect(text).toContain("\n    Walk 3: refused after 70 µs\n    $ curl 10.96.41.7 ");
    expect(text).not.toMatch(/[ \t]\n/);
  });

  test("an explored outcome has its chance", () => {
    expect(walkText({ ...workbenchWalk, id: 0, probability: 1 / 3 })).toMatch(
      /^Possible walk: delivered after 1\.84 ms, 33\.3 % of all requests\n/,
    );
  });
});

test("header changes carry the tags of the translation they belong to, mirrored on the way back", () => {
  expect(
    headerRows(dnat)
      .filter((r) => r.changed)
      .map((r) => [r.field, r.tone]),
  ).toEqual([
    ["dst", "dnat"],
    ["mark", "snat"],
  ]);
  const undoDnat = find(workbenchWalk.reply, (hop) => hop.verdict === "undo-dnat");
  const undoSnat = find(workbenchWalk.reply, (hop) => hop.verdict === "undo-snat");
  expect(
    headerRows(undoDnat)
      .filter((r) => r.changed)
      .map((r) => [r.field, r.tone]),
  ).toEqual([["src", "dnat"]]);
  expect(
    headerRows(undoSnat)
      .filter((r) => r.changed)
      .map((r) => [r.field, r.tone]),
  ).toEqual([["dst", "snat"]]);
  expect(changesText(nth(workbenchWalk.hops, 0))).toBe("");
});

test("the decisive part of a rule stands out and nothing of it is lost", () => {
  const rule = shownRule(dnat) as RuleRef;
  expect(decisive(rule.text).find((p) => p.strong)?.text).toBe("--probability 0.50000000000");
  expect(decisive((dnat.rule as RuleRef).text).find((p) => p.strong)?.text).toBe(
    "-j DNAT --to-destination 10.244.2.3:8080",
  );
  for (const { rule: r } of dnat.steps)
    expect(
      decisive(r.text)
        .map((p) => p.text)
        .join(""),
    ).toBe(r.text);
  expect(targetText(dnat.rule as RuleRef)).toBe("DNAT --to-destination 10.244.2.3:8080");
});

test("the last endpoint takes the rest without a draw", () => {
  const steps = dnat.steps.map((step) =>
    step.draw?.of === 2 ? { ...step, draw: { ...step.draw, value: 0.9 }, matched: false } : step,
  );
  const last = {
    ...(dnat.rule as RuleRef),
    id: "x",
    chain: "KUBE-SVC-E3PXEPMWAWIUT6ZV",
    text: '-A KUBE-SVC-E3PXEPMWAWIUT6ZV -m comment --comment "shop/web -> 10.244.3.4:8080" -j KUBE-SEP-WOHEJ6BYRDA5PRWT',
  };
  const at = steps.findIndex((step) => step.draw?.of === 2) + 1;
  const hop = {
    ...dnat,
    steps: [
      ...steps.slice(0, at),
      { rule: last, matched: true, depth: 3, because: "every packet" },
      ...steps.slice(at),
    ],
  };
  expect(shownRule(hop)?.id).toBe("x");
  expect(drawsOf(hop).map((d) => [d.label, d.text, d.taken])).toEqual([
    ["10.244.1.5", "0.71 ≥ 1/3", false],
    ["10.244.2.3", "0.90 ≥ 1/2", false],
    ["10.244.3.4", "the rest", true],
  ]);
});

test("draws are named by the endpoint they were made for", () => {
  expect(drawsOf(dnat)).toEqual([
    { label: "10.244.1.5", value: 0.71, threshold: 1 / 3, taken: false, text: "0.71 ≥ 1/3" },
    { label: "10.244.2.3", value: 0.41, threshold: 0.5, taken: true, text: "0.41 < 1/2" },
  ]);
});
