import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anchorOf } from "./anchors.ts";
import type { Card } from "./cards.ts";
import { encloses } from "./geometry.ts";
import { NO_FILTER, shownText } from "./filter.ts";
import { layoutOf, type Layout } from "./layout.ts";
import { movedOneWay, type Way } from "./moves.ts";
import type { Slots } from "./slots.ts";
import { mirrorOf, node, service, WALKS } from "./testing/fixture.ts";
import { keyOf, objectKey } from "../model/meta/types.ts";

const at = (layout: Layout, id: string): Card["rect"] | undefined => layout.cards.find((c) => c.id === id)?.rect;
/** Stands in where a test would fail anyway. */
const NO_PLACE = { x: 0, y: 0, w: 0, h: 0 };
const NOWHERE: Slots = new Map();
const WEB = "pod/shop/web-6c8b5d7f9-m4tqz";

describe("moving by hand", () => {
  const mirror = mirrorOf();
  const first = layoutOf(mirror, { walk: null });

  it("takes a node a row down with its pods; the one that stood there takes its row", () => {
    const moved = movedOneWay(first, "node/worker-1", "down") ?? NOWHERE;
    const next = layoutOf(mirror, { walk: null, previous: first.slots, moved });
    expect(at(next, "node/worker-1")).toEqual(at(first, "node/worker-2"));
    expect(at(next, "node/worker-2")).toEqual(at(first, "node/worker-1"));
    expect(at(next, "node/worker-3")).toEqual(at(first, "node/worker-3"));
    expect(encloses(at(next, "node/worker-2") ?? NO_PLACE, at(next, WEB) ?? NO_PLACE)).toBe(true);
  });

  it("does not go where there is nothing", () => {
    expect(movedOneWay(first, "node/worker-1", "up")).toBeNull();
    expect(movedOneWay(first, "node/worker-1", "left")).toBeNull();
    expect(movedOneWay(first, "api", "down")).toBeNull();
  });

  it("keeps every pod in its node and no two cards of a kind in one place, however often things are moved", () => {
    const ways = fc.constantFrom<Way>("up", "down", "left", "right");
    const ids = first.cards.filter((c) => c.kind === "pod" || c.kind === "node").map((c) => c.id);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...ids), ways), { maxLength: 12 }), (steps) => {
        let moved = new Map<string, number>();
        let layout = first;
        for (const [id, way] of steps) {
          moved = new Map([...moved, ...(movedOneWay(layout, id, way) ?? [])]);
          layout = layoutOf(mirror, { walk: null, previous: layout.slots, moved });
        }
        const places = layout.cards.map((c) => `${c.kind === "pod" ? "pod" : "other"} ${JSON.stringify(c.rect)}`);
        expect(new Set(places).size).toBe(places.length);
        for (const card of layout.cards) {
          if (card.kind !== "pod") continue;
          expect(encloses(at(layout, `node/${card.node}`) ?? NO_PLACE, card.rect)).toBe(true);
        }
      }),
      { numRuns: 40 },
    );
  });

  it("gives a node that sorts first the first free row and moves no other", () => {
    const early = node("a-node", 9);
    const objects = new Map([...mirror.objects, [keyOf(early), early]]);
    const next = layoutOf({ ...mirror, objects }, { walk: null, previous: first.slots });
    for (const n of [1, 2, 3]) expect(at(next, `node/worker-${n}`)).toEqual(at(first, `node/worker-${n}`));
    expect(at(next, "node/a-node")?.y).toBeGreaterThan(at(first, "node/worker-3")?.y ?? 0);
  });
});

describe("the filter", () => {
  const mirror = mirrorOf({ services: [service("web", "10.96.41.7"), service("api", "10.96.0.9")] });
  const all = layoutOf(mirror, { walk: WALKS.vip() });

  it("takes away what it hides, says how much that is, and moves nothing", () => {
    const filter = { ...NO_FILTER, namespace: "elsewhere" };
    const some = layoutOf(mirror, { walk: null, filter });
    expect(some.cards.filter((c) => c.kind === "pod")).toEqual([]);
    expect(shownText(some.shown)).toBe("1 of 2 Services, 0 of 4 pods");
    const nodes = (layout: Layout): readonly unknown[] =>
      layout.cards.filter((c) => c.kind === "node").map((c) => c.rect);
    expect(nodes(some)).toEqual(nodes(all));
  });

  it("keeps what the walk comes by, and under `only this walk` nothing else", () => {
    const walk = WALKS.vip();
    const some = layoutOf(mirror, { walk, filter: { ...NO_FILTER, onlyWalk: true } });
    expect(some.cards.flatMap((c) => (c.kind === "pod" || c.kind === "node" ? [c.id] : [])).sort()).toEqual([
      "node/worker-1",
      "node/worker-2",
      WEB,
    ]);
    expect(at(some, WEB)).toEqual(at(layoutOf(mirror, { walk }), WEB));
  });

  it("brings the Service that is asked for to the front", () => {
    const some = layoutOf(mirror, {
      walk: WALKS.vip(),
      filter: { ...NO_FILTER, service: objectKey("Service", "shop", "api") },
    });
    expect(some.service).toBe("Service/shop/api");
  });
});

describe("what is broken", () => {
  const mirror = mirrorOf({ broken: { nodes: ["worker-2"], lag: { "worker-1": 2_000_000 } } });
  const layout = layoutOf(mirror, { walk: null });

  it("cuts the wires of a node without power and of its pods, and the ink to it", () => {
    expect(layout.wires.filter((w) => w.state === "cut").map((w) => w.to)).toEqual(["node/worker-2", WEB]);
    expect(layout.thread.map(({ node: name, cut }) => [name, cut])).toEqual([
      ["worker-1", false],
      ["worker-2", true],
      ["worker-3", false],
    ]);
    const troubles = layout.cards.flatMap((c) => (c.kind === "node" ? [c.trouble?.kind ?? null] : []));
    expect(troubles).toEqual(["lagging", "down", null]);
  });

  it("has a place for every part of the control plane, unfolded and folded", () => {
    for (const folded of [false, true]) {
      const made = layoutOf(mirror, { walk: null, folded });
      for (const id of [
        "api",
        "etcd",
        "scheduler",
        "controllers",
        "slice",
        "stamp",
        "kubelet/worker-1",
        "kube-proxy/worker-3",
      ]) {
        const point = anchorOf(made, id);
        expect([id, point !== null && point.y <= made.band.height && point.x > 0]).toEqual([id, true]);
      }
      const rules = anchorOf(made, "rules/worker-3");
      const card = at(made, "node/worker-3");
      expect(rules !== null && card !== undefined && rules.y > card.y && rules.y < card.y + card.h).toBe(true);
    }
  });
});
