import { describe, expect, test } from "vitest";
import { keyOf, type KubeObject } from "../model/meta/types.ts";
import type { Walk } from "../model/trace/types.ts";
import type { Frame, JournalEntry } from "../wire/protocol.ts";
import { EMPTY, fold } from "./fold.ts";

const service = (name: string, resourceVersion: string, label = "web"): KubeObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: "shop", resourceVersion, labels: { app: label } },
});

const walk = (id: number, summary = "delivered"): Walk => ({
  id,
  request: { from: "client/internet", to: "lb/shop/web:80", protocol: "tcp" },
  startedAt: 0,
  endedAt: 2_000,
  hops: [],
  reply: [],
  outcome: "delivered",
  symptom: "",
  summary,
  backend: null,
  sourceSeen: null,
  probability: 1,
  children: [],
});

const entry = (seq: number): JournalEntry => ({
  seq,
  at: seq,
  lane: "api",
  node: "",
  title: `entry ${String(seq)}`,
  detail: "",
  revision: null,
  cause: null,
  objects: [],
});

const frame = (over: Partial<Frame>): Frame => ({
  full: false,
  restarted: false,
  revision: 1,
  now: 0,
  end: 0,
  upserts: [],
  removes: [],
  report: { accepted: true, diagnostics: [], admitted: 0, revision: 1 },
  text: "",
  commands: [],
  seed: 1,
  mode: "iptables",
  walks: [],
  journal: [],
  proxies: [],
  sigils: [],
  cloud: "none",
  broken: { nodes: [], proxies: [], lag: {}, hung: [], unready: [] },
  ...over,
});

const full = (over: Partial<Frame>): Frame => frame({ full: true, restarted: true, ...over });
const web = service("web", "1");
const cart = service("cart", "2");

describe("objects", () => {
  test("upserts add and replace, removes remove, and what a frame does not name stays the same", () => {
    const before = fold(EMPTY, full({ upserts: [web, cart] }));
    const changed = service("cart", "3");
    const after = fold(before, frame({ upserts: [changed], removes: [] }));
    expect(after.objects.get(keyOf(web))).toBe(web);
    expect(after.objects.get(keyOf(cart))).toBe(changed);
    const removed = fold(after, frame({ removes: [keyOf(web)] }));
    expect([...removed.objects.keys()]).toEqual([keyOf(cart)]);
    expect(before.objects.size).toBe(2);
  });

  test("a full frame replaces all, and equal objects keep their identity", () => {
    const before = fold(EMPTY, full({ upserts: [web, cart] }));
    const after = fold(before, full({ upserts: [structuredClone(web)] }));
    expect(after.objects.get(keyOf(web))).toBe(web);
    expect(after.objects.has(keyOf(cart))).toBe(false);
  });

  test("a frame without changes keeps the very map", () => {
    const before = fold(EMPTY, full({ upserts: [web, cart] }));
    expect(fold(before, frame({ revision: 9 })).objects).toBe(before.objects);
    expect(fold(before, full({ upserts: [structuredClone(web), structuredClone(cart)] })).objects).toBe(before.objects);
  });

  test("an equal resourceVersion does not hide a change: revisions are given out anew after a seek", () => {
    const before = fold(EMPTY, full({ upserts: [web] }));
    const other = service("web", "1", "api");
    expect(fold(before, frame({ upserts: [other] })).objects.get(keyOf(web))).toBe(other);
  });
});

describe("walks and journal", () => {
  test("append, and seen twice change nothing", () => {
    const one = fold(EMPTY, full({ walks: [walk(1)], journal: [entry(1)] }));
    const two = fold(one, frame({ walks: [walk(2)], journal: [entry(2)] }));
    expect(two.walks.map(({ id }) => id)).toEqual([1, 2]);
    expect(two.walks[0]).toBe(one.walks[0]);
    expect(two.journal.map(({ seq }) => seq)).toEqual([1, 2]);
    const again = fold(two, frame({ journal: [entry(2)] }));
    expect(again.journal).toBe(two.journal);
    expect(again.walks).toBe(two.walks);
  });

  test("a rewritten history replaces them, and what is equal keeps its identity", () => {
    const before = fold(EMPTY, full({ walks: [walk(1), walk(2)], journal: [entry(1), entry(2)] }));
    const after = fold(before, frame({ restarted: true, walks: [walk(1), walk(2, "refused")], journal: [entry(1)] }));
    expect(after.walks[0]).toBe(before.walks[0]);
    expect(after.walks[1]?.summary).toBe("refused");
    expect(after.journal.map(({ seq }) => seq)).toEqual([1]);
  });
});

test("a look at another moment keeps what it says stands, and takes the rest", () => {
  const before = fold(EMPTY, full({ walks: [walk(1), walk(2)], journal: [entry(1), entry(2), entry(3)] }));
  const looked = fold(
    before,
    frame({ restarted: true, sought: true, kept: { walks: 1, journal: 2 }, walks: [], journal: [] }),
  );
  expect(looked.walks).toEqual([before.walks[0]]);
  expect(looked.journal).toEqual(before.journal.slice(0, 2));
  const on = fold(
    looked,
    frame({ restarted: true, kept: { walks: 1, journal: 2 }, walks: [walk(2)], journal: [entry(4)] }),
  );
  expect(on.walks.map(({ id }) => id)).toEqual([1, 2]);
  expect(on.journal.map(({ seq }) => seq)).toEqual([1, 2, 4]);
  expect(fold(on, frame({ restarted: true, kept: { walks: 2, journal: 3 } })).journal).toBe(on.journal);
});

test("records that did not change keep their identity, and status is not the frame's business", () => {
  const report = { accepted: true, diagnostics: [], admitted: 3, revision: 5 };
  const before = { ...fold(EMPTY, full({ report })), status: "stalled" as const, trouble: "silent" };
  const after = fold(before, frame({ report: structuredClone(report), text: "kind: Pod", now: 7, end: 9 }));
  expect(after.report).toBe(before.report);
  expect(after).toMatchObject({ text: "kind: Pod", now: 7, end: 9, status: "stalled", trouble: "silent" });
});

describe("a journal that two frames go on from", () => {
  test("takes what is new to it, whatever went on from it before", () => {
    const start = fold(EMPTY, frame({ journal: [entry(1), entry(1_000_001)] }));
    const one = fold(start, frame({ journal: [entry(2)] }));
    const other = fold(start, frame({ journal: [entry(2), entry(3)] }));
    expect(one.journal.map(({ seq }) => seq)).toEqual([1, 1_000_001, 2]);
    expect(other.journal.map(({ seq }) => seq)).toEqual([1, 1_000_001, 2, 3]);
  });
});
