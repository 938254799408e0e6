import { describe, expect, it } from "vitest";
import { objectKey } from "../model/meta/types.ts";
import { CELL, cellAt, cellLabel, cellsOf, cellTowards, isMany, shadeOf } from "./cells.ts";
import { mirrorOf, pod } from "./testing/fixture.ts";

const WEB = objectKey("Service", "shop", "web");

describe("a cluster as cells", () => {
  const mirror = mirrorOf({
    nodes: 60,
    lagging: 40,
    pods: [pod("a", "worker-1", "10.244.1.2"), pod("b", "worker-1", "10.244.1.3")],
    broken: { nodes: ["worker-5"] },
  });
  const cells = cellsOf(mirror, WEB, 1.6);

  it("takes over where cards would be too many", () => {
    expect(isMany(mirror.objects)).toBe(true);
    expect(isMany(mirrorOf().objects)).toBe(false);
  });

  it("has every node once, each with its own pods and the state of its rules", () => {
    expect(new Set(cells.cells.map(({ node }) => node)).size).toBe(60);
    expect(cells.counts).toEqual({ current: 58, old: 1, silent: 0, down: 1 });
    const of = (node: string): (typeof cells.cells)[number] | undefined => cells.cells.find((c) => c.node === node);
    expect(of("worker-1")).toMatchObject({ pods: 2, ready: 2, state: "current" });
    expect(of("worker-3")).toMatchObject({ pods: 0, state: "old", syncedRevision: 40 });
    expect(of("worker-5")?.state).toBe("down");
    const labels = cells.cells.map(cellLabel);
    expect(labels.filter((text) => text.startsWith("worker-1, 2 pods, 2 ready, rules of revision 42"))).toHaveLength(1);
  });

  it("finds each cell under its own middle and none in the gaps, and lays none over another", () => {
    cells.cells.forEach((cell, i) => {
      expect(cellAt(cells, { x: cell.x + CELL.w / 2, y: cell.y + CELL.h / 2 })).toBe(i);
    });
    expect(new Set(cells.cells.map(({ x, y }) => `${String(x)} ${String(y)}`)).size).toBe(60);
    expect(cellAt(cells, { x: -5, y: 20 })).toBe(-1);
    expect(cellAt(cells, { x: 5, y: 2 })).toBe(-1);
  });

  it("goes from cell to cell by the arrows and stays at the edge", () => {
    const right = cellTowards(cells, 0, "ArrowRight");
    expect(right).toBe(1);
    const down = cellTowards(cells, right, "ArrowDown");
    expect(down).toBe(1 + cells.columns);
    expect(cellTowards(cells, down, "ArrowUp")).toBe(1);
    expect(cellTowards(cells, 0, "ArrowLeft")).toBe(0);
    expect(cellTowards(cells, 0, "ArrowUp")).toBe(0);
    expect(cellTowards(cells, 0, "End")).toBe(59);
  });

  it("tells the age of rules in four shades", () => {
    expect([0, 1_000_000, 1_000_001, 10_000_001, 61_000_000, null].map(shadeOf)).toEqual([0, 0, 1, 2, 3, 3]);
  });
});
