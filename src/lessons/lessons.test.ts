/** Every lesson, done headlessly: the start fails, each step fails before its solution and passes after it, and no answer is a guess. */
import { describe, expect, it } from "vitest";
import { goalsMet, markNow } from "../world/lesson.ts";
import { LESSONS } from "./index.ts";
import { opened, played } from "./testing.ts";

describe.each(LESSONS.map((lesson) => [lesson.slug, lesson] as const))("%s", (_slug, lesson) => {
  it("fails its goals at the start", () => {
    const { world, wrong } = opened(lesson);
    expect(wrong).toEqual([]);
    const goals = lesson.steps.map(({ goal }) => goal);
    expect(goalsMet(world, { goals, since: markNow(world) })).not.toContain(true);
  });

  it("is solved step by step", () => {
    expect(played(lesson)).toEqual([]);
  });

  it("asks the learner to predict", () => {
    expect(lesson.steps.filter(({ predict }) => predict !== null)).not.toEqual([]);
  });
});
