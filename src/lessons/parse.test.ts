import { describe, expect, it } from "vitest";
import { type LessonFiles, parseLesson, sectionsOf } from "./parse.ts";

const files: LessonFiles = {
  "scenario.yaml": "",
  "lesson.md":
    "# Pods\n\nFirst.\n\n## One\n\nDo it.\n\n```sh\n## no heading\n```\n\n## Two\n\nAgain.\n\n## Last\n\nBye.\n",
  "lesson.yaml": `
title: Pods
minutes: 3
concepts: [pod]
steps:
  - { heading: One, task: Send., goal: { sent: { times: 1 } }, hints: [Send it.] }
  - { heading: Two, task: Send., goal: { all: [{ mode: ipvs }] }, hints: [Send it.] }
`,
  "solution.yaml": "One: [{ run: 1 }]\nTwo: [{ mode: ipvs }]\n",
};

const withFile = (name: keyof LessonFiles, from: string, to: string): LessonFiles => ({
  ...files,
  [name]: files[name].replace(from, to),
});

describe("parseLesson", () => {
  it("puts a step, its prose and its solution together", () => {
    const lesson = parseLesson("01-pods", files);
    expect(lesson).toMatchObject({ slug: "01-pods", number: 1, intro: "# Pods\n\nFirst.", closing: "## Last\n\nBye." });
    expect(lesson.steps.map(({ heading, prose }) => [heading, prose])).toEqual([
      ["One", "Do it.\n\n```sh\n## no heading\n```"],
      ["Two", "Again."],
    ]);
    expect(lesson.steps[1]?.solution).toEqual([{ mode: "ipvs" }]);
  });

  it.each<[string, LessonFiles, RegExp]>([
    ["a member that is not known", withFile("lesson.yaml", "minutes: 3", "minuets: 3"), /01-pods\/lesson\.yaml: .*min/],
    ["a slip within a goal", withFile("lesson.yaml", "times: 1", "times: -1"), /steps\.0\.goal\.sent\.times/],
    ["a goal within goals", withFile("lesson.yaml", "mode: ipvs", "mode: ipv"), /steps\.1\.goal\.all\.0\.mode/],
    ["what is no goal", withFile("lesson.yaml", "{ sent:", "{ snet:"), /steps\.0\.goal: a goal: one of all, any/],
    ["what is no action", withFile("solution.yaml", "run:", "rnu:"), /One\.0: an action: one of send/],
    ["a step without its section", withFile("lesson.md", "## Two", "## Tow"), /section 2 is not "Two"/],
    ["a step without its solution", withFile("solution.yaml", "Two:", "Tow:"), /nothing for "Two"/],
    ["a solution of no step", withFile("solution.yaml", "One:", "Zero: [{ run: 1 }]\nOne:"), /no step is "Zero"/],
  ])("says where: %s", (_what, wrong, message) => {
    expect(() => parseLesson("01-pods", wrong)).toThrow(message);
  });

  it("takes code for code", () => {
    expect(sectionsOf("```\n## a\n```\n## b\n").sections).toEqual([{ heading: "b", body: "" }]);
  });
});
