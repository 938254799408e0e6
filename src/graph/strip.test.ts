import { describe, expect, it } from "vitest";
import { motionOf, momentAt } from "./motion.ts";
import { stripOf, stripText } from "./strip.ts";
import { mirrorOf, WALKS } from "./testing/fixture.ts";

const strips = Object.entries(WALKS).map(([name, make]) => ({
  name,
  walk: make(),
  strip: stripOf(make(), mirrorOf()),
}));

describe.each(strips)("strip of $name", ({ walk, strip }) => {
  it("stands in one row from left to right, nothing over another", () => {
    strip.boxes.slice(1).forEach((box, i) => {
      const before = strip.boxes[i]?.rect ?? box.rect;
      expect(box.rect.x).toBeGreaterThanOrEqual(before.x + before.w + 12);
    });
    const last = strip.boxes.at(-1)?.rect;
    expect((last?.x ?? 0) + (last?.w ?? 0)).toBeLessThanOrEqual(strip.width);
  });

  it("has a place for every hop, in order", () => {
    for (const leg of strip.path.legs) {
      expect(leg.stations).toHaveLength((leg.leg === "request" ? walk.hops : walk.reply).length);
      leg.stations.slice(1).forEach((station, i) => expect(station.s).toBeGreaterThanOrEqual(leg.stations[i]?.s ?? 0));
      for (const { from, to } of leg.segments) expect(from.x === to.x || from.y === to.y).toBe(true);
    }
  });

  it("goes right on the way out and left on the way back", () => {
    const [request, reply] = strip.path.legs;
    for (const { from, to } of request?.segments ?? []) expect(to.x).toBeGreaterThanOrEqual(from.x);
    for (const { from, to } of reply?.segments ?? []) expect(to.x).toBeLessThanOrEqual(from.x);
  });

  it("moves", () => {
    const motion = motionOf(strip.path);
    expect(momentAt(motion, walk.startedAt, { flip: 0, discrete: false })).not.toBeNull();
  });
});

it("says the way in words, a host visited twice twice", () => {
  expect(stripText(stripOf(WALKS.remote(), mirrorOf()))).toBe(
    "shop/curl, then worker-1, then worker-2, then shop/web-6c8b5d7f9-m4tqz",
  );
  expect(stripText(stripOf(WALKS.vip(), mirrorOf()))).toContain("load balancer, then worker-1");
});
