import { describe, expect, test } from "vitest";
import { droppedWalk, refusedWalk, workbenchWalk } from "../inspector/testing/fixture.ts";
import { stripOf } from "./strip.ts";
import { nth } from "../inspector/testing/pick.ts";

describe("stripOf", () => {
  test("strands change colour where the header does, and stop at the turn", () => {
    const { pieces } = stripOf(workbenchWalk, 860);
    expect(pieces.map((p) => `${p.leg} ${p.strands.src} ${p.strands.dst}`)).toEqual([
      "request request request",
      "request request dnat",
      "request snat dnat",
      "reply dnat snat",
      "reply dnat reply",
      "reply reply reply",
    ]);
    for (let i = 1; i < pieces.length; i++) expect(nth(pieces, i).from).toBeGreaterThanOrEqual(nth(pieces, i - 1).to);
  });

  test.each([workbenchWalk, refusedWalk, droppedWalk])("glyphs never overlap and stay on the strip (%#)", (walk) => {
    const glyphs = stripOf(walk, 860).hops.filter((h) => h.glyph !== null);
    for (let i = 1; i < glyphs.length; i++)
      expect(nth(glyphs, i).x - nth(glyphs, i - 1).x).toBeGreaterThanOrEqual(19.9);
    expect(nth(glyphs, 0).x).toBe(0);
    expect(nth(glyphs, -1).x).toBeLessThanOrEqual(860);
  });

  test("pixel and time are each other's inverse at the hops", () => {
    const strip = stripOf(workbenchWalk, 860);
    for (const { hop } of strip.hops) expect(strip.at(strip.x(hop.at))).toBeCloseTo(hop.at, 3);
  });
});
