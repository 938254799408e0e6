import fc from "fast-check";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { commentsOf, formatYaml } from "./format.ts";

const valuesOf = (text: string): unknown =>
  parseAllDocuments(text, { version: "1.1", uniqueKeys: false, logLevel: "silent" }).map((one): unknown => {
    try {
      return one.toJSON();
    } catch {
      // An alias of nothing.
      return "unresolved";
    }
  });

/** Lines of which most texts are YAML, with comments wherever they may stand. */
const line = fc.constantFrom(
  "a: 1",
  "b:   yes  # beside",
  "# above",
  "  # deep",
  "c:",
  "    d:  [1,  2] # in flow",
  "    e: {x: 1}",
  "l:",
  "  - 1",
  "  -   x: 0755",
  "      y: 'q'",
  "  # between",
  "- top",
  "",
  "---",
  "--- # file: web.yaml",
  "t: |",
  "    block # no comment",
  "f: >-",
  "  folded",
  "  more",
  'q: "a # b"',
  "r: &x {z: 1}",
  "s: *x",
  "broken: [",
);
const text = fc.array(line, { maxLength: 14 }).map((lines) => `${lines.join("\n")}\n`);

describe("formatting", () => {
  it("lays out evenly, and keeps comments, order, quotes and words", () => {
    const { text: out, left } = formatYaml(
      `# head\nkind:   Service # k\nspec:\n    ports:\n        -   port:   80 # web\n            name: "http"\n\n\n    # why\n    on: yes\n--- # file: b.yaml\nmode: 0755\n`,
    );
    expect(left).toBe(0);
    expect(out).toBe(
      `# head\nkind: Service # k\nspec:\n  ports:\n    - port: 80 # web\n      name: "http"\n\n  # why\n  on: yes\n--- # file: b.yaml\nmode: 0755\n`,
    );
  });

  it("never loses a comment or changes a value, and twice is once", () => {
    let changed = 0;
    fc.assert(
      fc.property(text, (before) => {
        const { text: after } = formatYaml(before);
        expect(commentsOf(after)).toEqual(commentsOf(before));
        expect(valuesOf(after)).toEqual(valuesOf(before));
        expect(formatYaml(after).text).toBe(after);
        if (after !== before) changed++;
      }),
      { numRuns: 250 },
    );
    expect(changed).toBeGreaterThan(20);
  });

  it("leaves what is broken as it is", () => {
    const broken = "a:   1\n---\nb: [1\n---\nc:   1\n";
    expect(formatYaml(broken)).toEqual({ text: "a: 1\n---\nb: [1\n---\nc: 1\n", left: 1 });
  });

  it("can lay out every scenario", () => {
    for (const slug of readdirSync("src/scenarios", { withFileTypes: true })) {
      if (!slug.isDirectory()) continue;
      const before = readFileSync(`src/scenarios/${slug.name}/scenario.yaml`, "utf8");
      const { text: after, left } = formatYaml(before);
      expect([slug.name, left]).toEqual([slug.name, 0]);
      expect(valuesOf(after)).toEqual(valuesOf(before));
      // They are laid out so already.
      expect(after).toBe(before);
    }
  });
});
