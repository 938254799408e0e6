import fc from "fast-check";
import { expect, it } from "vitest";
import { stringify } from "yaml";
import { isRecord } from "../base/json.ts";
import { composeChunk } from "./compose.ts";
import { composeItems } from "./items.ts";

const WORDS = [
  "a",
  "web-0",
  "80",
  "true",
  "yes",
  "",
  " spaced ",
  "line\nline\n",
  "kept\n\n\n",
  "# none",
  "- dash",
  "k: v",
  "0755",
  '"q"',
  "é😀",
];

const arbValue = fc.letrec<{ value: unknown; map: Readonly<Record<string, unknown>> }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom<unknown>(...WORDS, null, 8080, false),
    fc.array(tie("value"), { maxLength: 3 }),
    tie("map"),
  ),
  map: fc.dictionary(fc.constantFrom("name", "items", "spec", "f:x", ".", "k", "kind"), tie("value"), { maxKeys: 4 }),
}));

const arbList = fc.record({
  items: fc.array(arbValue.map, { minLength: 1, maxLength: 4 }),
  // kubectl prints what surrounds the items in alphabetical order.
  before: fc.constantFrom({}, { apiVersion: "v1" }),
  after: fc.constantFrom({}, { kind: "List" }, { kind: "List", metadata: { resourceVersion: "" } }),
  indentSeq: fc.boolean(),
  blank: fc.constantFrom("", "\n", "---\n", "---\n# head\n"),
  cut: fc.boolean(),
});

it("reads a List item by item as it is read whole, every place included", () => {
  let taken = 0;
  fc.assert(
    fc.property(arbList, ({ items, before, after, indentSeq, blank, cut }) => {
      const printed = stringify(
        { ...before, items, ...after },
        { indentSeq, lineWidth: 0, aliasDuplicateObjects: false },
      );
      const text = blank + (cut ? printed.trimEnd() : printed);
      const composed = composeItems(text, 0);
      if (composed === null) return;
      taken += 1;
      expect([composed]).toEqual(composeChunk(text));
    }),
    { numRuns: Number(process.env["KUBEHOP_FUZZ"] ?? 150) },
  );
  expect(taken).toBeGreaterThan(50);
});

it("leaves what is written otherwise, or is wrong, to be read whole", () => {
  const list = (items: string): string => `apiVersion: v1\nitems:\n${items}kind: List\n`;
  expect(composeItems(list("- {a: 1}\n- b: 2\n"), 0)).not.toBeNull();
  const others = [
    "- &one {a: 1}\n- *one\n",
    "- a: 1\n# between\n- b: 2\n",
    "- a: [1\n- b: 2\n",
    "- a: 1\n  a: 2\n",
    "- a: 1\nitems:\n- b: 2\n",
    "  a: 1\n",
    "\t- a: 1\n",
    "- a: 1\r\n",
    "- a: !!int x\n",
    "",
  ];
  expect(others.map((items) => composeItems(list(items), 0))).toEqual(others.map(() => null));
});

it("reads only the item that was changed", () => {
  const text = (port: number): string =>
    `apiVersion: v1\nitems:\n${Array.from({ length: 9 }, (_, i) => `- name: web-${i}\n  port: ${i === 4 ? port : 80}\n`).join("")}kind: List\n`;
  const values = (port: number): readonly unknown[] => {
    const value = composeItems(text(port), 0)?.value;
    if (!isRecord(value)) throw new Error("it was not taken apart");
    return value["items"] as readonly unknown[];
  };
  const [before, after] = [values(80), values(81)];
  // The same objects, not only equal ones.
  expect(after.map((item, i) => item === before[i])).toEqual(before.map((_, i) => i !== 4));
});
