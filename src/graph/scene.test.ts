import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Walk } from "../model/trace/types.ts";
import type { Card } from "./cards.ts";
import { encloses, overlaps, rect, type Rect } from "./geometry.ts";
import { imprintRect, layoutOf } from "./layout.ts";
import { COLUMN, NODE, POD, RIBBON_HALF, ROW_LABELS } from "./metrics.ts";
import { motionOf, momentAt } from "./motion.ts";
import { pathOf, tintAt, type LegPath, type WalkPath } from "./path.ts";
import type { Segment } from "./ribbon.ts";
import { mirrorOf, pod, service, WALKS } from "./testing/fixture.ts";

const named = Object.entries(WALKS).map(([name, make]) => ({ name, walk: make() }));
const still = { flip: 0, discrete: false };

/** A cluster of any shape: what a reader may type. */
const clusters = fc
  .record({
    nodes: fc.integer({ min: 1, max: 6 }),
    pods: fc.array(fc.record({ on: fc.integer({ min: 1, max: 6 }), n: fc.integer({ min: 1, max: 250 }) }), {
      maxLength: 24,
    }),
    services: fc.integer({ min: 0, max: 6 }),
    clients: fc.integer({ min: 0, max: 4 }),
    cloud: fc.constantFrom("vip" as const, "nodePort" as const, "none" as const),
  })
  .map(({ nodes, pods, services, clients, cloud }) => ({
    nodes,
    cloud,
    pods: pods.map(({ on, n }, i) => pod(`p-${n}-${i}`, `worker-${Math.min(on, nodes)}`, `10.244.${on}.${n}`)),
    services: Array.from({ length: services }, (_, i) =>
      service(`s${i}`, `10.96.0.${i + 1}`, i === 0 ? "203.0.113.10" : null),
    ),
    clients: Array.from({ length: clients }, (_, i) => ({ name: `c${i}`, ip: `198.51.100.${i + 1}` })),
  }));

/** Cards that may not touch: pods stand on their node's card, everything else beside it. */
function clashes(cards: readonly Card[]): readonly string[] {
  const found: string[] = [];
  cards.forEach((a, i) =>
    cards.slice(i + 1).forEach((b) => {
      const nested = [a, b].some((c) => c.kind === "node") && [a, b].some((c) => c.kind === "pod");
      if (!nested && overlaps(a.rect, b.rect)) found.push(`${a.id} × ${b.id}`);
    }),
  );
  return found;
}

describe("layout", () => {
  it("puts no card over another and every pod inside its node", () => {
    fc.assert(
      fc.property(clusters, fc.boolean(), (cluster, folded) => {
        const layout = layoutOf(mirrorOf(cluster), { walk: null, folded });
        expect(clashes(layout.cards)).toEqual([]);
        for (const card of layout.cards) {
          expect(encloses(layout.bounds, card.rect)).toBe(true);
          if (card.kind !== "pod") continue;
          const node = layout.cards.find((c) => c.kind === "node" && c.name === card.node);
          expect(node !== undefined && encloses(node.rect, card.rect)).toBe(true);
        }
        for (const card of layout.cards) expect(overlaps(card.rect, layout.side)).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  it("moves nothing when a pod, a node, a Service or a client is added", () => {
    fc.assert(
      fc.property(clusters, fc.constantFrom("pod", "node", "service", "client"), (cluster, what) => {
        const before = layoutOf(mirrorOf(cluster), { walk: null });
        const more = {
          ...cluster,
          pods: what === "pod" ? [pod("a-first-by-name", "worker-1", "10.244.1.251"), ...cluster.pods] : cluster.pods,
          nodes: what === "node" ? cluster.nodes + 1 : cluster.nodes,
          services: what === "service" ? [...cluster.services, service("zz", "10.96.0.99")] : cluster.services,
          clients: what === "client" ? [...cluster.clients, { name: "zz", ip: "192.0.2.1" }] : cluster.clients,
        };
        const after = layoutOf(mirrorOf(more), { walk: null, previous: before.slots });
        // A node that needs another band makes all of them higher.
        fc.pre(after.grid.pitch === before.grid.pitch && after.grid.columns === before.grid.columns);
        for (const card of before.cards.filter((c) => c.kind !== "more")) {
          const same = after.cards.find((c) => c.id === card.id);
          expect([card.id, same?.rect.x, same?.rect.y]).toEqual([card.id, card.rect.x, card.rect.y]);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("keeps pods in their slots when an older one goes, and fills the gap with the next", () => {
    const pods = [
      pod("a", "worker-1", "10.244.1.2"),
      pod("b", "worker-1", "10.244.1.3"),
      pod("c", "worker-1", "10.244.1.4"),
    ];
    const first = layoutOf(mirrorOf({ pods }), { walk: null });
    const second = layoutOf(mirrorOf({ pods: pods.slice(1) }), { walk: null, previous: first.slots });
    const third = layoutOf(mirrorOf({ pods: [...pods.slice(1), pod("d", "worker-1", "10.244.1.5")] }), {
      walk: null,
      previous: second.slots,
    });
    const at = (l: typeof first, name: string): Rect | undefined =>
      l.cards.find((c) => c.id === `pod/shop/${name}`)?.rect;
    expect(at(second, "b")).toEqual(at(first, "b"));
    expect(at(second, "c")).toEqual(at(first, "c"));
    expect(at(third, "d")).toEqual(at(first, "a"));
  });

  it("dashes the imprint of a node whose kube-proxy lags behind the Service's slice", () => {
    const layout = layoutOf(mirrorOf({ lagging: 40 }), { walk: null });
    const synced = layout.cards.flatMap((c) => (c.kind === "node" ? [c.imprint?.synced] : []));
    expect(synced).toEqual([true, true, false]);
  });

  it("shows the reader's own Service before those that every cluster has, even without an endpoint", () => {
    const dns = service("kube-dns", "10.96.0.10");
    const services = [
      { ...dns, metadata: { ...dns.metadata, namespace: "kube-system" } },
      service("mine", "10.96.7.7"),
    ];
    expect(layoutOf(mirrorOf({ services }), { walk: null }).service).toBe("Service/shop/mine");
    expect(layoutOf(mirrorOf({ services: services.slice(0, 1) }), { walk: null }).service).toBe(
      "Service/kube-system/kube-dns",
    );
  });

  it("names the Service of the walk as the foremost stamp", () => {
    const services = [service("api", "10.96.0.9"), service("web", "10.96.41.7", "203.0.113.10")];
    const layout = layoutOf(mirrorOf({ services }), { walk: WALKS.vip() });
    expect(layout.service).toBe("Service/shop/web");
    const stamps = layout.cards.flatMap((c) => (c.kind === "stamp" ? [{ name: c.name, small: c.small }] : []));
    expect(stamps).toEqual([
      { name: "shop/web", small: false },
      { name: "shop/api", small: true },
    ]);
  });
});

/** Every text on the map that a line could run through. */
function labels(cards: readonly Card[]): readonly { readonly id: string; readonly rect: Rect }[] {
  return cards.flatMap((card) => {
    const { x, y } = card.rect;
    if (card.kind === "node") {
      const rows = ROW_LABELS.map((middle, i) => ({
        id: `${card.id} row ${i}`,
        rect: rect(x + NODE.rowLabel, y + middle - 4, 66, 8),
      }));
      return [
        { id: `${card.id} name`, rect: rect(x + NODE.name, y + 54, 88, 31) },
        { id: `${card.id} imprint`, rect: imprintRect(card.rect) },
        ...rows,
      ];
    }
    if (card.kind === "lb") return [{ id: card.id, rect: rect(x + 4, y + card.rect.h / 2 - 15, 80, 30) }];
    if (card.kind === "pod" || card.kind === "client" || card.host === null) return [{ id: card.id, rect: card.rect }];
    return [];
  });
}

const boxesOf = (leg: LegPath): readonly Rect[] =>
  leg.segments.map(({ from, to }) => {
    const half = RIBBON_HALF - 0.01;
    const x = Math.min(from.x, to.x);
    const y = Math.min(from.y, to.y);
    const flat = from.y === to.y;
    return rect(
      x - (flat ? 0 : half),
      y - (flat ? half : 0),
      Math.abs(to.x - from.x) + (flat ? 0 : 2 * half),
      Math.abs(to.y - from.y) + (flat ? 2 * half : 0),
    );
  });

describe.each(named)("path of $name", ({ name, walk }) => {
  const cloud = name === "nodePort" ? "nodePort" : "vip";
  const layout = layoutOf(mirrorOf({ cloud }), { walk });
  const path = pathOf(walk, layout);

  it("has a leg per leg of the walk and a place for every hop", () => {
    expect(path.legs.map((l) => [l.leg, l.stations.length])).toEqual([
      ["request", walk.hops.length],
      ...(walk.reply.length > 0 ? [["reply", walk.reply.length]] : []),
    ]);
  });

  it("is one line without breaks, corners rounded", () => {
    for (const { ribbon } of path.legs) {
      for (let i = 1; i < ribbon.count; i++) {
        const step = (ribbon.s[i] ?? 0) - (ribbon.s[i - 1] ?? 0);
        expect(step).toBeGreaterThanOrEqual(0);
        expect(Number.isFinite(step)).toBe(true);
        expect(ribbon.u[i] ?? 0).toBeGreaterThanOrEqual((ribbon.u[i - 1] ?? 0) - 1e-3);
      }
    }
    const [request, reply] = path.legs;
    if (request === undefined || reply === undefined) return;
    const end = request.segments.at(-1)?.to;
    const start = reply.segments[0]?.from;
    // The reply leaves the host that the request came to: the same edge of the same card, or the very rule that turned it back.
    expect(Math.hypot((end?.x ?? 0) - (start?.x ?? 0), (end?.y ?? 0) - (start?.y ?? 0))).toBeLessThanOrEqual(
      POD.height,
    );
  });

  it("passes only cards of its own hosts, never touches the stamp, and runs through no label", () => {
    const places = new Set([...walk.hops, ...walk.reply].map((h) => h.place));
    const boxes = path.legs.flatMap(boxesOf);
    const foreign = layout.cards.filter((card) => {
      const own = card.host !== null && places.has(card.host);
      const carries =
        card.kind === "node" &&
        layout.cards.some((c) => c.kind === "pod" && c.node === card.name && c.host !== null && places.has(c.host));
      return !own && !carries && boxes.some((b) => overlaps(b, card.rect));
    });
    expect(foreign.map((c) => c.id)).toEqual([]);
    const crossed = [
      ...labels(layout.cards),
      { id: "bus", rect: layout.bus?.labelRect ?? rect(0, 0, 0, 0) },
      { id: "side", rect: layout.side },
    ].filter((label) => boxes.some((box) => overlaps(box, label.rect)));
    expect(crossed.map((l) => l.id)).toEqual([]);
  });

  it("falls: inside a node's slab no piece goes up", () => {
    const left = COLUMN.node + NODE.slab;
    const rising = path.legs.flatMap((leg) =>
      leg.segments.filter(
        ({ from, to }) => from.x > left && from.x < left + NODE.slabWidth && from.x === to.x && to.y <= from.y,
      ),
    );
    expect(rising).toEqual([]);
  });

  it("keeps lanes apart: no two pieces of the walk lie on each other", () => {
    const all = path.legs.flatMap((leg) => leg.segments);
    const span = (segment: Segment): readonly [number, number, number] => {
      const { from, to } = segment;
      return from.y === to.y
        ? [from.y, Math.min(from.x, to.x), Math.max(from.x, to.x)]
        : [from.x, Math.min(from.y, to.y), Math.max(from.y, to.y)];
    };
    const close = all.flatMap((a, i) =>
      all.slice(i + 1).flatMap((b) => {
        if ((a.from.y === a.to.y) !== (b.from.y === b.to.y)) return [];
        const [atA, fromA, toA] = span(a);
        const [atB, fromB, toB] = span(b);
        const together = Math.min(toA, toB) - Math.max(fromA, fromB);
        return together > 2 && Math.abs(atA - atB) < 2 * RIBBON_HALF - 0.01 ? [[a, b]] : [];
      }),
    );
    expect(close).toEqual([]);
  });

  it("turns time into way: later is never further back, and it ends at the end", () => {
    const motion = motionOf(path);
    let before = -1;
    for (let i = 0; i <= 400; i++) {
      const at = motion.start + ((motion.end - motion.start) * i) / 400;
      const moment = momentAt(motion, at, still);
      const request = path.legs[0]?.ribbon.length ?? 0;
      const done = moment === null ? 0 : (moment.leg === "reply" ? request : 0) + moment.s;
      expect(done).toBeGreaterThanOrEqual(before - 1e-3);
      before = done;
    }
    const last = path.legs.at(-1);
    expect(momentAt(motion, motion.end, still)?.s).toBeCloseTo(last?.ribbon.length ?? 0, 1);
  });

  it("stands on each hop's own place at that hop's time", () => {
    const motion = motionOf(path);
    for (const leg of path.legs) {
      for (const station of leg.stations.slice(0, -1)) {
        const moment = momentAt(motion, station.hop.at, still);
        expect(moment?.leg).toBe(leg.leg);
        expect(moment?.s).toBeCloseTo(station.s, 3);
      }
    }
  });
});

describe("colours and glyphs", () => {
  const path = (walk: Walk, cloud: "vip" | "nodePort" = "vip"): WalkPath =>
    pathOf(walk, layoutOf(mirrorOf({ cloud }), { walk }));
  const strands = (leg: LegPath | undefined): readonly string[] =>
    leg === undefined
      ? []
      : [0, leg.ribbon.length].map((s) => `${tintAt(leg.source, s)} ${tintAt(leg.destination, s)}`);

  it("takes on DNAT and SNAT on the way and sheds them in the reverse order", () => {
    const { legs, glyphs } = path(WALKS.vip());
    expect(strands(legs[0])).toEqual(["request request", "snat dnat"]);
    expect(strands(legs[1])).toEqual(["dnat snat", "reply reply"]);
    expect(glyphs.map((g) => g.kind)).toEqual(["dnat", "snat", "undo-snat", "undo-dnat", "delivered"]);
  });

  it("stays magenta until the last of two DNATs is undone", () => {
    const { legs, glyphs } = path(WALKS.nodePort(), "nodePort");
    expect(strands(legs[1])).toEqual(["dnat snat", "reply reply"]);
    const reply = legs[1];
    const first = glyphs.find((g) => g.kind === "undo-dnat");
    expect(reply !== undefined && first !== undefined && tintAt(reply.source, first.s + 1)).toBe("dnat");
  });

  it("ends a refusal with the octagon where it happened, and a timeout with the square and no reply", () => {
    const refused = path(WALKS.refused());
    expect(refused.glyphs.at(-1)).toMatchObject({ kind: "reject", leg: "request" });
    expect(strands(refused.legs[1])).toEqual(["reject reject", "reject reject"]);
    const timeout = path(WALKS.timeout());
    expect(timeout.legs).toHaveLength(1);
    expect(timeout.glyphs.at(-1)).toMatchObject({ kind: "drop", leg: "request" });
  });

  it("ends what no router forwards on the wire between the nodes, and not in the node it left", () => {
    for (const walk of [WALKS.unrouted(), WALKS.unroutedOutside()]) {
      const { legs, glyphs } = path(walk);
      expect(legs).toHaveLength(1);
      expect(glyphs.at(-1)).toMatchObject({ kind: "drop", point: { x: COLUMN.bus + COLUMN.busWidth / 2 } });
    }
  });

  it("lets a later line hop over an earlier one", () => {
    const { legs } = path(WALKS.vip());
    const reply = legs[1];
    const highest = Math.min(...(reply?.segments ?? []).map((s) => Math.min(s.from.y, s.to.y)));
    // Somewhere the drawn reply leaves its own bare lanes by the height of a hop.
    const lifted = Array.from(reply?.ribbon.y ?? []).filter((y) =>
      reply?.segments.every((s) => Math.abs(y - s.from.y) > 7.9 || s.from.x === s.to.x),
    );
    expect(highest).toBeGreaterThan(0);
    expect(lifted.length).toBeGreaterThan(0);
  });

  it("flips a rewritten half once, in the time it is given, and not when cut", () => {
    const motion = motionOf(path(WALKS.vip()));
    const dnat = motion.path.glyphs.find((g) => g.kind === "dnat");
    const hop = motion.path.walk.hops[dnat?.index ?? 0];
    const at = hop?.at ?? 0;
    expect(momentAt(motion, at + 12, { flip: 24, discrete: false })?.destination).toEqual({
      tint: "dnat",
      was: "request",
      turn: 0.5,
    });
    expect(momentAt(motion, at + 12, { flip: 24, discrete: false })?.source.turn).toBe(1);
    expect(momentAt(motion, at, still)?.destination.turn).toBe(1);
    expect(momentAt(motion, at + 59, { flip: 24, discrete: false })?.destination.turn).toBe(1);
  });

  it("stands still between hops when motion is reduced", () => {
    const motion = motionOf(path(WALKS.vip()));
    const hop = motion.path.walk.hops[4];
    const next = motion.path.walk.hops[5];
    const options = { flip: 0, discrete: true };
    const a = momentAt(motion, hop?.at ?? 0, options);
    const b = momentAt(motion, (next?.at ?? 0) - 1, options);
    expect(b?.point).toEqual(a?.point);
  });
});

describe("walks over clusters that have changed", () => {
  it("draws what is left when a host of the walk is gone, at any cluster", () => {
    fc.assert(
      fc.property(clusters, fc.constantFrom(...named), (cluster, { walk }) => {
        const made = pathOf(walk, layoutOf(mirrorOf(cluster), { walk }));
        for (const { ribbon } of made.legs) {
          expect([...ribbon.x, ...ribbon.y].every(Number.isFinite)).toBe(true);
          expect(ribbon.count).toBeGreaterThan(0);
        }
        const motion = motionOf(made);
        expect(momentAt(motion, motion.start, still) === null).toBe(motion.edges.length === 0);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ["a further column", 6, 3, 0],
    ["a band below", 12, 0, 1],
    ["a further column of the band below that", 31, 3, 2],
  ])("reaches a pod in %s along the gap between the rows", (_, before, column, band) => {
    const crowd = Array.from({ length: before }, (__, i) => pod(`filler-${i}`, "worker-2", `10.244.2.${20 + i}`));
    const pods = [...crowd, pod("web-6c8b5d7f9-m4tqz", "worker-2", "10.244.2.3", { created: "2026-01-01T01:00:00Z" })];
    for (const walk of [WALKS.vip(), WALKS.nodePort(), WALKS.remote()]) {
      const layout = layoutOf(mirrorOf({ pods }), { walk });
      const node = layout.cards.find((c) => c.id === "node/worker-2");
      const target = layout.cards.find((c) => c.id === "pod/shop/web-6c8b5d7f9-m4tqz");
      expect(target?.rect.x).toBe(COLUMN.node + NODE.pods + column * POD.columnPitch);
      expect(Math.floor(((target?.rect.y ?? 0) - (node?.rect.y ?? 0)) / POD.bandPitch)).toBe(band);
      const boxes = pathOf(walk, layout).legs.flatMap(boxesOf);
      for (const card of layout.cards.filter((c) => c.kind === "pod" && c !== target)) {
        for (const box of boxes) expect([card.id, overlaps(box, card.rect)]).toEqual([card.id, false]);
      }
      expect(pathOf(walk, layout).legs[0]?.segments.at(-1)?.to.x).toBe(target?.rect.x);
    }
  });
});
