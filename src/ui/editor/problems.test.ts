import { describe, expect, test } from "vitest";
import type { Diagnostic } from "../../model/trace/diagnostic.ts";
import { admittedWords, applyEdits, firstError, problemsOf } from "./problems.ts";

const at = (severity: Diagnostic["severity"], line: number, message: string, column = 1): Diagnostic => ({
  severity,
  source: "admission",
  message,
  range: { startLine: line, startColumn: column, endLine: line, endColumn: column + 1 },
  document: 0,
  object: null,
  fixes: [],
});

describe("problems", () => {
  test("stand from top to bottom, and what is said twice of one line counts once", () => {
    const all = [
      at("warning", 9, "b"),
      at("error", 4, "a"),
      at("error", 4, "a", 7),
      at("info", 1, "c"),
      at("error", 5, "a"),
    ];
    expect(problemsOf(all).map(({ range, message }) => [range.startLine, message])).toEqual([
      [4, "a"],
      [5, "a"],
      [9, "b"],
    ]);
  });

  test("the first error is the one highest up, whatever warnings stand above it", () => {
    expect(firstError([at("warning", 1, "w"), at("error", 7, "later"), at("error", 3, "first")])?.message).toBe(
      "first",
    );
    expect(firstError([at("warning", 1, "w")])).toBeNull();
  });
});

test("counts have their noun", () => {
  expect(admittedWords(1, 7)).toBe("1 object admitted, revision 7");
  expect(admittedWords(5, 42)).toBe("5 objects admitted, revision 42");
});

describe("applyEdits", () => {
  const text = "spec:\n  selectr:\n    app: web\n";

  test("replaces a span of one line", () => {
    const range = { startLine: 2, startColumn: 3, endLine: 2, endColumn: 10 };
    expect(applyEdits(text, [{ range, text: "selector" }])).toBe("spec:\n  selector:\n    app: web\n");
  });

  test("takes all edits to speak of the text before, in any order", () => {
    const first = { range: { startLine: 1, startColumn: 1, endLine: 1, endColumn: 5 }, text: "specification" };
    const second = { range: { startLine: 3, startColumn: 10, endLine: 3, endColumn: 13 }, text: "api" };
    const expected = "specification:\n  selectr:\n    app: api\n";
    expect(applyEdits(text, [first, second])).toBe(expected);
    expect(applyEdits(text, [second, first])).toBe(expected);
  });

  test("removes whole lines, and a range beyond the end means the end", () => {
    expect(applyEdits(text, [{ range: { startLine: 2, startColumn: 1, endLine: 4, endColumn: 1 }, text: "" }])).toBe(
      "spec:\n",
    );
    expect(applyEdits("a", [{ range: { startLine: 9, startColumn: 9, endLine: 9, endColumn: 9 }, text: "\nb" }])).toBe(
      "a\nb",
    );
  });
});
