import fc from "fast-check";
import { expect, test } from "vitest";
import { minimalEdit } from "./minimalEdit.ts";

const apply = (before: string, after: string): string => {
  const edit = minimalEdit(before, after);
  return edit === null ? before : before.slice(0, edit.from) + edit.insert + before.slice(edit.to);
};

test("touches only what differs", () => {
  expect(minimalEdit("port: 80\nname: web\n", "port: 8080\nname: web\n")).toEqual({ from: 8, to: 8, insert: "80" });
  expect(minimalEdit("aaa", "aa")).toEqual({ from: 2, to: 3, insert: "" });
  expect(minimalEdit("same", "same")).toBeNull();
});

test("does not cut a surrogate pair in two", () => {
  // 😀 is D83D DE00 and 😁 is D83D DE01: they share their first half.
  expect(minimalEdit("a😀b", "a😁b")).toEqual({ from: 1, to: 3, insert: "😁" });
});

test("always leads from one text to the other", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "\n", "😀", "😁") });
  fc.assert(
    fc.property(text, text, (before, after) => {
      expect(apply(before, after)).toBe(after);
    }),
  );
});
