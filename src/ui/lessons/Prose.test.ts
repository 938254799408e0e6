import { describe, expect, it } from "vitest";
import { blocksOf } from "./Prose.tsx";

describe("a lesson's Markdown", () => {
  it("is paragraphs, lists and code", () => {
    const text = "One\nline.\n\n- first\n  goes on\n- second\n\n```\na: b\n\nc: d\n```\nafter\n\n1. x\n2. y\n";
    expect(blocksOf(text)).toEqual([
      { kind: "text", lines: ["One", "line."] },
      { kind: "list", ordered: false, items: ["first goes on", "second"] },
      { kind: "code", text: "a: b\n\nc: d" },
      { kind: "text", lines: ["after"] },
      { kind: "list", ordered: true, items: ["x", "y"] },
    ]);
  });

  it("ends although a code block does not", () => {
    expect(blocksOf("```\na")).toEqual([{ kind: "code", text: "a" }]);
  });
});
