import { expect, it } from "vitest";
import { traceJson, traceText } from "./trace.ts";

it("says how much of an exploration was not followed, and nothing when all was", () => {
  expect(JSON.parse(traceJson({ walks: [], unexplored: 0.25 }))).toEqual({ outcomes: [], walks: [], unexplored: 0.25 });
  expect(JSON.parse(traceJson({ walks: [] }))).toEqual({ outcomes: [], walks: [] });
  expect(traceText({ walks: [], unexplored: 0.25 })).toBe("25.00 %  not followed: the branches are too many\n");
});
