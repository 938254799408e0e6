import { expect, it } from "vitest";
import { rect } from "../../graph/geometry.ts";
import { windowFrom } from "./camera.ts";

const at = (now: number, y: number, h: number): number => windowFrom(now, 300, 1000, rect(0, y, 0, h), "y");

it("stays where it is while it shows what is wanted", () => {
  expect(at(100, 150, 140)).toBe(100);
});

it("moves what is wanted into the middle, and shows nothing beyond the map", () => {
  expect(at(0, 500, 100)).toBe(400);
  expect(at(400, 0, 100)).toBe(0);
  expect(at(0, 950, 50)).toBe(700);
});

it("stands in the middle of a map that is smaller than it", () => {
  expect(windowFrom(77, 300, 200, rect(0, 0, 10, 10), "x")).toBe(-50);
});
