import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JournalEntry } from "../../wire/protocol.ts";
import { causalSteps, layOut } from "./lanes.ts";
import { interpolate, ticks, warp } from "./warp.ts";
import { nth } from "../inspector/testing/pick.ts";

const entry = (
  seq: number,
  at: number,
  lane: JournalEntry["lane"],
  cause: number | null = null,
  node = "",
): JournalEntry => ({
  seq,
  at,
  lane,
  node,
  title: `entry ${seq}`,
  detail: "",
  revision: null,
  cause,
  objects: [],
});

describe("warp", () => {
  const stops = fc
    .uniqueArray(fc.nat(2_000_000), { minLength: 2, maxLength: 40 })
    .map((all) => all.toSorted((a, b) => a - b));

  test("keeps order, ends and, where there is room, the gap", () => {
    fc.assert(
      fc.property(stops, fc.integer({ min: 100, max: 1200 }), (times, width) => {
        const scale = warp(times, width, 10);
        const xs = times.map((at) => scale.x(at));
        expect(xs[0]).toBe(0);
        expect(xs.at(-1)).toBeCloseTo(width, 6);
        const least = Math.min(10, width / (times.length - 1));
        for (let i = 1; i < xs.length; i++) expect(nth(xs, i) - nth(xs, i - 1)).toBeGreaterThanOrEqual(least - 1e-6);
        for (const at of times) expect(scale.at(scale.x(at))).toBeCloseTo(at, 3);
      }),
    );
  });

  test("is linear when nothing crowds", () => {
    const scale = warp([0, 250, 1_000], 400, 10);
    expect(scale.x(250)).toBeCloseTo(100);
    expect(scale.x(625)).toBeCloseTo(250);
    expect(scale.at(250)).toBeCloseTo(625);
  });

  test("a lone stop and stops of one time do not divide by zero", () => {
    expect(warp([5], 100, 10).x(7)).toBe(0);
    expect(warp([5, 5, 5], 100, 10).at(50)).toBe(5);
    expect(interpolate([], [], 3)).toBe(0);
  });

  test("ticks are round and keep their distance", () => {
    const scale = warp([0, 5_000_000], 860, 10);
    expect(ticks(scale, 0, 5_000_000, 860, 150).map((t) => t.at)).toEqual([0, 1e6, 2e6, 3e6, 4e6, 5e6]);
  });
});

describe("lanes", () => {
  test("entries of one instant stand in causal order", () => {
    const journal = [
      entry(1, 0, "user"),
      entry(2, 0, "api", 1),
      entry(3, 0, "controllers", 2),
      entry(4, 0, "api", 3),
      entry(5, 0, "kube-proxy", 4, "worker-1"),
    ];
    expect([...causalSteps(journal).values()]).toEqual([0, 1, 2, 3, 4]);
    const layout = layOut(journal, [], 1_000_000, 800);
    const xs = journal.map((e) => layout.place(e));
    expect(xs).toEqual(xs.toSorted((a, b) => a - b));
    expect(new Set(xs).size).toBe(5);
    expect(layout.instants).toMatchObject([{ at: 0, steps: 5 }]);
  });

  test("what the reader does comes after all that was there, and before what follows", () => {
    const journal = [
      entry(1, 0, "user"),
      entry(2, 0, "api", 1),
      entry(3, 0, "controllers", 2),
      entry(4, 0, "packets"),
      entry(5, 0, "api"),
    ];
    expect([...causalSteps(journal).values()]).toEqual([0, 1, 2, 3, 4]);
    const layout = layOut(journal, [0], 1_000, 800);
    expect(layout.walkX(0)).toBeGreaterThan(layout.place(nth(journal, 2)));
    expect(layout.commands.map((m) => nth(m.entries, 0).seq)).toEqual([1]);
  });

  test("lanes come in the order of cause, nodes by number, packets not among them", () => {
    const journal = [
      entry(1, 0, "kube-proxy", null, "worker-10"),
      entry(2, 0, "kube-proxy", null, "worker-2"),
      entry(3, 0, "kubelet", null, "worker-2"),
      entry(4, 5, "packets"),
      entry(5, 0, "api"),
    ];
    expect(layOut(journal, [], 10, 500).lanes.map((l) => l.label)).toEqual([
      "API server",
      "kubelets",
      "kube-proxy worker-2",
      "kube-proxy worker-10",
    ]);
  });

  test("ten thousand entries stay within the width and merge into few marks", () => {
    const journal = Array.from({ length: 10_000 }, (_, i) => entry(i, Math.floor(i / 100) * 1_000, "api"));
    const layout = layOut(journal, [], 100_000, 800);
    const marks = nth(layout.lanes, 0).marks;
    expect(marks.length).toBeLessThanOrEqual(800 / 2);
    expect(marks.reduce((n, m) => n + m.entries.length, 0)).toBe(10_000);
    for (const mark of marks) expect(mark.x + mark.width).toBeLessThanOrEqual(800.001);
  });

  test("later is never further left", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50), { maxLength: 60 }), (times) => {
        const journal = times
          .toSorted((a, b) => a - b)
          .map((at, i) => entry(i, at * 1_000, i % 2 === 0 ? "api" : "controllers", i === 0 ? null : i - 1));
        const layout = layOut(journal, [], 60_000, 700);
        const later = journal
          .slice(1)
          .map((b, i) => [nth(journal, i), b] as const)
          .filter(([a, b]) => a.at < b.at);
        for (const [a, b] of later) expect(layout.place(b)).toBeGreaterThan(layout.place(a));
        for (let at = 1_000; at <= 60_000; at += 500)
          expect(layout.x(at)).toBeGreaterThanOrEqual(layout.x(at - 500) - 1e-9);
      }),
    );
  });
});
