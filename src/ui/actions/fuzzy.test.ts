import { expect, test } from "vitest";
import { best, fuzzy } from "./fuzzy.ts";

const words = (typed: string, ...texts: readonly string[]): readonly string[] =>
  best(
    texts.map((text) => ({ words: text })),
    typed,
    10,
  ).map((item) => item.words);

test("every word must be found, in any order and in either case", () => {
  expect(fuzzy("Kill its process: Pod shop/web-1", "WEB kill")).toBeGreaterThan(0);
  expect(fuzzy("Kill its process: Pod shop/web-1", "kill api")).toBe(0);
});

test("the start of a word counts more than its middle, and that more than single letters", () => {
  expect(words("pod", "tripod", "Delete the pod", "p of old deeds")).toEqual([
    "Delete the pod",
    "tripod",
    "p of old deeds",
  ]);
});

test("letters in order find a line, unless they are far apart", () => {
  expect(fuzzy("Cordon worker-1", "crdn")).toBeGreaterThan(0);
  expect(fuzzy("Cordon worker-1", "ndrc")).toBe(0);
  expect(fuzzy("c, and very much later r, and very much later d", "crd")).toBe(0);
});

test("of two that match alike the shorter one comes first; nothing typed leaves the order", () => {
  expect(words("web", "web-frontend", "web")).toEqual(["web", "web-frontend"]);
  expect(words(" ", "b", "a")).toEqual(["b", "a"]);
});
