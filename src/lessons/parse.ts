/** A lesson's four files, put together. */
import { parse } from "yaml";
import type { Lesson, LessonStep } from "../model/lesson/types.ts";
import { checked, LESSON, SOLUTION } from "./schema.ts";

export interface LessonFiles {
  readonly "scenario.yaml": string;
  readonly "lesson.md": string;
  readonly "lesson.yaml": string;
  readonly "solution.yaml": string;
}

interface Section {
  readonly heading: string;
  readonly body: string;
}

/** What stands before the first `## heading`, and each section. Fenced code is code, whatever it begins with. */
export function sectionsOf(markdown: string): { readonly intro: string; readonly sections: readonly Section[] } {
  const parts: { heading: string | null; lines: string[] }[] = [{ heading: null, lines: [] }];
  let fenced = false;
  for (const line of markdown.split("\n")) {
    if (line.startsWith("```")) fenced = !fenced;
    const heading = fenced ? undefined : /^## (.+)$/.exec(line)?.[1];
    if (heading === undefined) parts.at(-1)?.lines.push(line);
    else parts.push({ heading: heading.trim(), lines: [] });
  }
  const [first, ...rest] = parts.map(({ heading, lines }) => ({
    heading: heading ?? "",
    body: lines.join("\n").trim(),
  }));
  return { intro: first?.body ?? "", sections: rest };
}

/**
 * Throws where a file does not fit: a step without its section or solution, a section or solution that is no step's. The last section of
 * lesson.md may stand for itself: it closes the lesson.
 */
export function parseLesson(slug: string, files: LessonFiles): Lesson {
  const file = (name: keyof LessonFiles): string => `${slug}/${name}`;
  const lesson = checked(LESSON, parse(files["lesson.yaml"]), file("lesson.yaml"));
  const solution = checked(SOLUTION, parse(files["solution.yaml"]), file("solution.yaml"));
  const { intro, sections } = sectionsOf(files["lesson.md"]);
  const number = Number.parseInt(slug, 10);
  if (!Number.isInteger(number)) throw new Error(`${slug}: the folder's name begins with the lesson's number`);

  const steps = lesson.steps.map(({ predict, ...step }, i): LessonStep => {
    const section = sections[i];
    if (section?.heading !== step.heading) {
      throw new Error(`${file("lesson.md")}: section ${i + 1} is not ${JSON.stringify(step.heading)}`);
    }
    const actions = solution[step.heading];
    if (actions === undefined) throw new Error(`${file("solution.yaml")}: nothing for ${JSON.stringify(step.heading)}`);
    return { ...step, prose: section.body, predict: predict ?? null, solution: actions };
  });
  const extra = Object.keys(solution).find((heading) => steps.every((step) => step.heading !== heading));
  if (extra !== undefined) throw new Error(`${file("solution.yaml")}: no step is ${JSON.stringify(extra)}`);
  const closing = sections.slice(steps.length);
  if (closing.length > 1) throw new Error(`${file("lesson.md")}: ${closing.length} sections after the last step's`);

  const { title, minutes, concepts, begin } = lesson;
  return {
    slug,
    number,
    title,
    minutes,
    concepts,
    text: files["scenario.yaml"],
    begin,
    intro,
    closing: closing.map(({ heading, body }) => `## ${heading}\n\n${body}`).join("\n"),
    steps,
  };
}
