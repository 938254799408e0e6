import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gridOf, nextSlot, placeOf, slotAt } from "./grid.ts";

const slotsTo = (count: number) => new Map(Array.from({ length: count }, (_, i) => [`pod ${String(i)}`, i]));

describe("the places of pods in a node's card", () => {
  it("are one band until the node is full, with few nodes, and one band always with many", () => {
    expect(gridOf(3, slotsTo(12))).toMatchObject({ columns: 6, bands: 1, height: 140, pitch: 148 });
    expect(gridOf(3, slotsTo(13))).toMatchObject({ columns: 6, bands: 2, height: 268, pitch: 276 });
    expect(gridOf(5, slotsTo(200))).toMatchObject({ bands: 1, height: 140 });
  });

  it("are found again from where they are drawn", () => {
    fc.assert(
      fc.property(fc.nat(60), fc.constantFrom(1, 5), (slot, nodes) => {
        const grid = gridOf(nodes, slotsTo(61));
        const { x, y } = placeOf(slot, grid);
        expect(slotAt(x, y, grid)).toBe(slot);
        expect(slotAt(x + 20, y - 12, grid)).toBe(slot);
      }),
    );
  });

  it("lie next to each other as they are seen: there and back is where one was", () => {
    const grid = gridOf(1, slotsTo(61));
    const back = { up: "down", down: "up", left: "right", right: "left" } as const;
    fc.assert(
      fc.property(fc.nat(60), fc.constantFrom("up", "down", "left", "right"), (slot, way) => {
        const next = nextSlot(slot, way, grid);
        if (next === null) return;
        const [a, b] = [placeOf(slot, grid), placeOf(next, grid)];
        expect([Math.sign(b.x - a.x), Math.sign(b.y - a.y)]).toEqual(
          { up: [0, -1], down: [0, 1], left: [-1, 0], right: [1, 0] }[way],
        );
        expect(nextSlot(next, back[way], grid)).toBe(slot);
      }),
    );
    expect(nextSlot(12, "left", grid)).toBeNull();
    expect(nextSlot(11, "right", grid)).toBeNull();
    expect(nextSlot(0, "up", grid)).toBeNull();
  });
});
