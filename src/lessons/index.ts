/** The lessons that ship with the page: each a folder of four files. A chunk of its own: the page loads it when lessons are opened. */
import type { Lesson } from "../model/lesson/types.ts";
import { type LessonFiles, parseLesson } from "./parse.ts";

const files = import.meta.glob<string>("./*/*.{yaml,md}", { query: "?raw", import: "default", eager: true });

const folders = [...new Set(Object.keys(files).map((path) => path.split("/")[1] ?? ""))].sort();

const fileOf = (slug: string, name: keyof LessonFiles): string => {
  const text = files[`./${slug}/${name}`];
  if (text === undefined) throw new Error(`${slug}/${name} is missing`);
  return text;
};

/** In their order. */
export const LESSONS: readonly Lesson[] = folders.map((slug) =>
  parseLesson(slug, {
    "scenario.yaml": fileOf(slug, "scenario.yaml"),
    "lesson.md": fileOf(slug, "lesson.md"),
    "lesson.yaml": fileOf(slug, "lesson.yaml"),
    "solution.yaml": fileOf(slug, "solution.yaml"),
  }),
);
