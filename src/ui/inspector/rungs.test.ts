import { describe, expect, test } from "vitest";
import type { Hop, Walk } from "../../model/trace/types.ts";
import { rungIndexOf, rungsOf } from "./rungs.ts";
import { strandsOf } from "./strands.ts";
import { droppedWalk, refusedWalk, workbenchWalk } from "./testing/fixture.ts";
import { nth } from "./testing/pick.ts";

describe("the delivered walk", () => {
  const rungs = rungsOf(workbenchWalk);

  test("has the places in order, boring hops folded", () => {
    expect(rungs.map((r) => r.title)).toEqual([
      "outside client",
      "cloud LB",
      "worker-1 · PREROUTING",
      "worker-1 · routing",
      "worker-1 · POSTROUTING",
      "worker-2 · forwarded",
      "pod web-6c8b5d7f9-m4tqz",
    ]);
  });

  test("says what each place did, both ways", () => {
    expect(rungs.map((r) => [r.request?.fact, r.reply?.fact ?? null])).toEqual([
      ["dst 203.0.113.10:80", "from 203.0.113.10:80"],
      ["header kept", null],
      ["dst 10.244.2.3:8080", "src 203.0.113.10:80"],
      ["via 192.168.56.12", "via 192.168.56.1"],
      ["src 192.168.56.11:23817", "dst 198.51.100.24:51514"],
      ["eth0 to cni0", "cni0 to eth0"],
      ["sees 192.168.56.11", "to 192.168.56.11:23817"],
    ]);
    expect(rungs.map((r) => r.passedBy)).toEqual([false, true, false, false, false, false, false]);
  });

  test("sets a translation opposite its own undoing", () => {
    expect(rungs.map((r) => [r.request?.glyph, r.reply?.glyph ?? null])).toEqual([
      ["start", "delivered"],
      ["ring", null],
      ["dnat", "undo-dnat"],
      ["ring", "ring"],
      ["snat", "undo-snat"],
      ["ring", "ring"],
      ["end", "start"],
    ]);
  });

  test("colours the strands by what has been rewritten", () => {
    const ink = (s: { src: string; dst: string } | null): string | null => s && `${s.src} ${s.dst}`;
    expect(rungs.map((r) => ink(r.below.request))).toEqual([
      "request request",
      "request request",
      "request dnat",
      "request dnat",
      "snat dnat",
      "snat dnat",
      null,
    ]);
    expect(rungs.map((r) => ink(r.below.reply))).toEqual([
      "reply reply",
      "reply reply",
      "dnat reply",
      "dnat reply",
      "dnat snat",
      "dnat snat",
      null,
    ]);
  });
});

test.each([
  workbenchWalk,
  refusedWalk,
  droppedWalk,
  { ...workbenchWalk, reply: workbenchWalk.reply.map((h) => ({ ...h, mirrors: null })) },
])("every hop stands on exactly one rung (%#)", (walk) => {
  const rungs = rungsOf(walk);
  expect(rungs.flatMap((r) => r.request?.hops ?? []).map((h) => h.index)).toEqual(walk.hops.map((h) => h.index));
  expect(
    rungs
      .toReversed()
      .flatMap((r) => r.reply?.hops ?? [])
      .map((h) => h.index),
  ).toEqual(walk.reply.map((h) => h.index));
  for (const hop of walk.hops) expect(rungIndexOf(rungs, "request", hop.index)).toBeGreaterThanOrEqual(0);
});

test("a refusal ends in an octagon and its story is not folded away", () => {
  const rungs = rungsOf(refusedWalk);
  expect(rungs.map((r) => [r.title, r.request?.fact, r.request?.glyph, r.reply?.glyph ?? null])).toEqual([
    ["pod curl", "dst 10.96.41.7:80", "start", "refused"],
    ["worker-1 · PREROUTING", "5 looked at, 0 matched", "ring", null],
    ["worker-1 · routing", "via 192.168.56.1", "ring", null],
    ["worker-1 · FORWARD", "KUBE-SERVICES: REJECT", "refused", "start"],
  ]);
  expect(rungs[0]?.reply?.fact).toBe("ICMP error from 10.244.1.1");
  expect(rungs[2]?.below.reply).toEqual({ src: "reject", dst: "reject" });
});

test("a drop ends in a dashed square and nothing comes back", () => {
  const rungs = rungsOf(droppedWalk);
  expect(rungs.at(-1)?.request?.glyph).toBe("dropped");
  expect(rungs.every((r) => r.reply === null && r.below.reply === null && !r.passedBy)).toBe(true);
});

test("a drop by NetworkPolicy is a rung that names the policy; one that lets pass folds away", () => {
  const last = nth(droppedWalk.hops, droppedWalk.hops.length - 1);
  const before = nth(workbenchWalk.hops, 4);
  if (before.rule === null) throw new Error("a rule rewrote the destination");
  const rule = { ...before.rule, chain: "shop/db-only egress", target: "DROP" };
  const drop: Hop = { ...last, stage: "policy", label: "egress policy", verdict: "drop", rule };
  const end = rungsOf({ ...droppedWalk, hops: [...droppedWalk.hops.slice(0, -1), drop] }).at(-1);
  expect([end?.title, end?.request?.fact, end?.request?.glyph]).toEqual([
    `${drop.place.replace("node/", "")} · egress policy`,
    "shop/db-only egress: DROP",
    "dropped",
  ]);
  const pass = (hop: Hop): Hop => ({ ...hop, stage: "policy", label: "egress policy", verdict: "accept" });
  const passed = workbenchWalk.hops.map((h) => (h.stage === "hook:filter/FORWARD" ? pass(h) : h));
  expect(rungsOf({ ...workbenchWalk, hops: passed }).map((r) => r.title)).toEqual(
    rungsOf(workbenchWalk).map((r) => r.title),
  );
});

test("a reply through a host that the request never saw gets a rung of its own", () => {
  const stray: Hop = { ...nth(workbenchWalk.reply, 1), place: "node/worker-3", mirrors: null };
  const walk: Walk = { ...workbenchWalk, reply: workbenchWalk.reply.map((h) => (h.index === 1 ? stray : h)) };
  const rungs = rungsOf(walk);
  const at = rungs.findIndex((r) => r.place === "node/worker-3");
  expect(rungs[at]).toMatchObject({ request: null, title: "worker-3 · forwarded" });
  expect(rungs[at]?.below.request).not.toBeNull();
  expect(rungs[at + 1]?.place).toBe("pod/shop/web-6c8b5d7f9-m4tqz");
});

test("two translations of the destination are shed one by one", () => {
  const hops = workbenchWalk.hops.map((h) => (h.stage === "lb" ? { ...h, verdict: "dnat" as const } : h));
  const reply = workbenchWalk.reply;
  expect(strandsOf({ ...workbenchWalk, hops }).reply.at(-1)).toEqual({ src: "dnat", dst: "reply" });
  expect(
    strandsOf({ ...workbenchWalk, hops, reply: [...reply, { ...nth(reply, 5), index: reply.length }] }).reply.at(-1),
  ).toEqual({ src: "reply", dst: "reply" });
});

test("a router is no rung: its hops belong to whoever sent the packet there", () => {
  const insert = (hops: readonly Hop[], at: number): readonly Hop[] => {
    const router: Hop = {
      ...nth(hops, at),
      place: "router/underlay",
      stage: "route",
      label: "routing",
      verdict: "continue",
      mirrors: null,
    };
    return [...hops.slice(0, at), router, ...hops.slice(at)].map((hop, index) => ({ ...hop, index, mirrors: null }));
  };
  const walk: Walk = { ...workbenchWalk, hops: insert(workbenchWalk.hops, 2), reply: insert(workbenchWalk.reply, 7) };
  const rungs = rungsOf(walk);
  expect(rungs).toHaveLength(7);
  expect(rungs[0]?.request?.hops.map((h) => h.place)).toContain("router/underlay");
  expect(rungs.find((r) => r.reply?.hops.some((h) => h.place === "router/underlay") === true)?.place).toBe(
    "node/worker-1",
  );
});
