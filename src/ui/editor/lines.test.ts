import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lineMap } from "./lines.ts";

describe("lines of an edited text", () => {
  it("are found again wherever else lines come, go or change", () => {
    // Every line is one of a kind, so that there is no doubt which one it has become.
    const unique = (n: number, prefix: string): readonly string[] =>
      Array.from({ length: n }, (_, at) => `${prefix}${String(at)}:`);
    fc.assert(
      fc.property(fc.nat(6), fc.nat(3), fc.nat(3), fc.nat(6), (head, gone, come, tail) => {
        const top = unique(head, "top");
        const bottom = unique(tail, "end");
        const before = [...top, ...unique(gone, "old"), ...bottom];
        const after = [...top, ...unique(come, "new"), ...bottom];
        const map = lineMap(before.join("\n"), after.join("\n"));
        // Lines next to the change may be taken for a part of it, others not.
        const far = [...top.slice(0, -1), ...bottom.slice(1)];
        const found = far.map((words) => after[(map(before.indexOf(words) + 1) ?? 0) - 1]);
        expect(found).toEqual(far);
      }),
    );
  });

  it("stay where they are while something is typed above, in or below them", () => {
    const text = "a: 1\nb: 2\nc: 3\n";
    expect([1, 2, 3].map(lineMap(text, text))).toEqual([1, 2, 3]);
    expect([1, 2, 3].map(lineMap(text, "a: 1\nb: 2x\nc: 3\n"))).toEqual([1, 2, 3]);
    expect([1, 2, 3].map(lineMap(text, "new\na: 1\nb: 2\nc: 3\n"))).toEqual([2, 3, 4]);
    expect([1, 2, 3].map(lineMap(text, "a: 1\nb: 2\n\n\nc: 3\n"))).toEqual([1, 2, 5]);
    expect([1, 2, 3].map(lineMap(text, "a: 1\nc: 3\n"))).toEqual([1, null, 2]);
  });
});
