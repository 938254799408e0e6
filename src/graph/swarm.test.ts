import { describe, expect, it } from "vitest";
import type { Flights } from "../model/trace/flights.ts";
import { layoutOf } from "./layout.ts";
import { momentAt, motionOf } from "./motion.ts";
import { pathOf } from "./path.ts";
import { emptyPicture, placeSwarm, swarmOf, TINTS, type SwarmPicture } from "./swarm.ts";
import { mirrorOf, WALKS } from "./testing/fixture.ts";

const VIP = WALKS.vip();
const LAYOUT = layoutOf(mirrorOf(), { walk: null, folded: false });

function drawn(packets: Flights["packets"], at: number, discrete = false): SwarmPicture {
  const swarm = swarmOf({ at, ways: [VIP], packets }, (walk) => pathOf(walk, LAYOUT));
  const picture = emptyPicture(packets.length);
  placeSwarm(swarm, at, discrete, picture);
  return picture;
}

describe("a swarm", () => {
  it("is where one packet of that way is at every moment, in its colours", () => {
    const motion = motionOf(pathOf(VIP, LAYOUT));
    const span = VIP.endedAt - VIP.startedAt;
    for (let i = 0; i < 100; i++) {
      const since = (span * i) / 100;
      // It started later than the one whose way it goes.
      const picture = drawn([[0, 9_000_000]], 9_000_000 + since);
      const moment = momentAt(motion, VIP.startedAt + since, { flip: 0, discrete: false });
      expect(picture.count).toBe(1);
      const { x, y } = moment?.point ?? { x: Number.NaN, y: Number.NaN };
      expect(Math.hypot((picture.x[0] ?? 0) - x, (picture.y[0] ?? 0) - y)).toBeLessThan(0.5);
    }
    const after = motion.path.legs[0]?.stations.find(({ hop }) => hop.verdict === "dnat")?.hop.at ?? 0;
    const turned = drawn([[0, VIP.startedAt]], after + 10);
    expect([TINTS[turned.source[0] ?? 9], TINTS[turned.destination[0] ?? 9]]).toEqual(["request", "dnat"]);
  });

  it("shows only packets that have started and not arrived", () => {
    const length = VIP.endedAt - VIP.startedAt;
    const packets: Flights["packets"] = [
      [0, 1_000],
      [0, 1_000 + length],
      [0, 1_000 + length + 1],
    ];
    expect(drawn(packets, 999).count).toBe(0);
    expect(drawn(packets, 1_000).count).toBe(1);
    expect(drawn(packets, 1_000 + length).count).toBe(1);
    expect(drawn(packets, 1_001 + length).count).toBe(2);
  });

  it("lets packets that left together go abreast, near their line", () => {
    const many = drawn(
      Array.from({ length: 300 }, () => [0, 0] as const),
      40,
    );
    const places = new Set(Array.from({ length: 300 }, (_, i) => `${many.x[i] ?? 0} ${many.y[i] ?? 0}`));
    expect(places.size).toBe(300);
    for (let i = 0; i < 300; i++) {
      expect(Math.hypot((many.x[i] ?? 0) - (many.x[0] ?? 0), (many.y[i] ?? 0) - (many.y[0] ?? 0))).toBeLessThan(10.01);
    }
  });

  it("stands on hops where motion is reduced", () => {
    const motion = motionOf(pathOf(VIP, LAYOUT));
    const [, edge] = motion.edges;
    const at = ((edge?.from ?? 0) + (edge?.to ?? 0)) / 2;
    const standing = drawn([[0, VIP.startedAt]], at, true);
    expect(standing.x[0]).toBeCloseTo(edge?.points[0] ?? Number.NaN, 2);
    expect(standing.y[0]).toBeCloseTo(edge?.points[1] ?? Number.NaN, 2);
  });

  it("leaves out a way that passes nothing of the map", () => {
    const swarm = swarmOf({ at: 0, ways: [VIP], packets: [[0, 0]] }, (walk) => ({ walk, legs: [], glyphs: [] }));
    const picture = emptyPicture(1);
    placeSwarm(swarm, 10, false, picture);
    expect(picture.count).toBe(0);
  });
});
