import { describe, expect, test } from "vitest";
import { objectKey } from "../model/meta/types.ts";
import { MAX_ALIASED, MAX_DEPTH, MAX_DOCUMENTS, MAX_TEXT } from "./limits.ts";
import { decodeManifest, findDocument, parseManifest } from "./manifest.ts";

const values = (text: string): readonly unknown[] => parseManifest(text).documents.map((document) => document.value);
const messages = (text: string): readonly string[] => parseManifest(text).diagnostics.map((d) => d.message);
const lines = (text: string): readonly number[] => parseManifest(text).diagnostics.map((d) => d.range.startLine);

describe("documents", () => {
  test("empty ones and comments are skipped", () => {
    expect(values("")).toEqual([]);
    expect(values("# nothing\n---\n\n---\n# still nothing\n")).toEqual([]);
    expect(values("# head\n\n---\na: 1\n---\n---\nb: 2\n...\n")).toEqual([{ a: 1 }, { b: 2 }]);
    expect(values("%YAML 1.2\n---\na: 1\n")).toEqual([{ a: 1 }]);
    expect(values("--- {a: 1}\n--- # two\nb: 2\n")).toEqual([{ a: 1 }, { b: 2 }]);
    expect(values("a: 1\r\n---\r\nb: 2\r\n")).toEqual([{ a: 1 }, { b: 2 }]);
  });

  test("a --- inside a block scalar is text", () => {
    expect(values("a: |\n  x\n  ---\n  y\nb: 1\n")).toEqual([{ a: "x\n---\ny\n", b: 1 }]);
  });

  test("what is said of one", () => {
    const [document] = parseManifest(
      "# c\napiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\n",
    ).documents;
    expect(document).toMatchObject({
      index: 0,
      apiVersion: "v1",
      kind: "Service",
      name: "web",
      namespace: "shop",
      valid: true,
      range: { startLine: 2, startColumn: 1, endLine: 4 },
    });
  });

  test("JSON is YAML", () => {
    const text = JSON.stringify(
      { apiVersion: "v1", kind: "Service", metadata: { name: "a\tb" }, spec: { x: [1, null, true] } },
      null,
      "\t",
    );
    expect(values(text)).toEqual([JSON.parse(text)]);
  });

  test("Lists are taken apart, each item with its own place", () => {
    const text =
      "apiVersion: v1\nkind: List\nitems:\n- kind: A\n- kind: List\n  items:\n  - kind: B\nmetadata: {resourceVersion: ''}\n";
    const { documents } = parseManifest(text);
    expect(documents.map((document) => [document.kind, document.index, document.range.startLine])).toEqual([
      ["A", 0, 4],
      ["B", 1, 7],
    ]);
    expect(values("kind: PodList\nitems: []\n")).toEqual([]);
    expect(values("kind: AllowList\nspec: {}\n")).toHaveLength(1);
  });

  test("scalars are what kubectl makes of them", () => {
    expect(values("a: yes\nb: 'yes'\nc: 0755\nd: !!str 80\ne: 22:22\nf:\non: x\n80: y\n")).toEqual([
      { a: true, b: "yes", c: 493, d: "80", e: "22:22", f: null, true: "x", "80": true },
    ]);
  });

  test("anchors, aliases and merges", () => {
    expect(values("a: &x {p: 1, q: 2}\nb: *x\nc: {<<: *x, q: 3}\nd:\n  <<: [{q: 4}, *x]\n")).toEqual([
      { a: { p: 1, q: 2 }, b: { p: 1, q: 2 }, c: { p: 1, q: 3 }, d: { p: 1, q: 4 } },
    ]);
  });

  test("keys of Object.prototype are keys", () => {
    const [value] = values("__proto__: {polluted: 1}\nconstructor: 2\n");
    expect(Object.keys(value as object)).toEqual(["__proto__", "constructor"]);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  test("equal text gives the same value, by identity", () => {
    const text = "apiVersion: v1\nkind: Namespace\nmetadata: {name: identity}\n";
    const [first] = parseManifest(`a: 1\n---\n${text}`).documents;
    const again = parseManifest(`a: 1\n---\n${text}---\nc: 1\n`).documents;
    expect(again[0]?.value).toBe(first?.value);
    expect(again.map((document) => document.range.startLine)).toEqual([1, 3, 7]);
  });

  test("they survive a clone", () => {
    const manifest = parseManifest("a: [1, {b: &x 2}, *x]\n");
    expect(structuredClone(manifest)).toEqual(manifest);
  });
});

describe("errors in kubectl's words, at their place", () => {
  const prefix = "error converting YAML to JSON: yaml: ";
  test.each<[string, string, number]>([
    ["a: 1\nb\nc: 2", "line 2: could not find expected ':'", 2],
    ["a: 1\n  b: 2", "line 1: mapping values are not allowed in this context", 1],
    ["a: b: c", "line 1: mapping values are not allowed in this context", 1],
    ["a:\n  - b\n c: d", "line 3: did not find expected key", 3],
    ["x: 1\na: [1, 2\n", "line 2: did not find expected ',' or ']'", 2],
    ["x: 1\na: {b: 2\n", "line 2: did not find expected ',' or '}'", 2],
    ['a: "x', "line 1: found unexpected end of stream", 1],
    ["a:\n\t- b", "line 2: found character that cannot start any token", 2],
    ["a: @x", "line 1: found character that cannot start any token", 1],
    ['a: "\\q"', "line 1: found unknown escape character", 1],
    ["a: }", "line 1: did not find expected node content", 1],
    ["- a\nb: c", "line 2: did not find expected key", 2],
    ["a: *x", "unknown anchor 'x' referenced", 1],
    ["a: &x [*x]", "anchor 'x' value contains itself", 1],
    ["a: 1\nb: 2\na: 3", 'unmarshal errors:\n  line 3: key "a" already set in map', 3],
    ["s:\n  app: x\n  app: x", 'unmarshal errors:\n  line 3: key "app" already set in map', 3],
    ["a: .inf", "json: unsupported value: +Inf", 1],
    ["a: !!int x", "cannot decode !!str `x` as a !!int", 1],
    ["a: {<<: 3}", "map merge requires map or sequence of maps as the value", 1],
  ])("%j", (text, message, line) => {
    expect(messages(text)).toEqual([prefix + message]);
    expect(lines(text)).toEqual([line]);
  });

  test("lines are counted from the top of the text, not of the document", () => {
    const text = "a: 1\n---\nb: 1\nb: 2\n---\nc: [\n---\nd: 1\n";
    expect(messages(text)).toEqual([
      `${prefix}unmarshal errors:\n  line 4: key "b" already set in map`,
      `${prefix}line 6: did not find expected ',' or ']'`,
    ]);
    expect(parseManifest(text).documents.map((document) => document.valid)).toEqual([true, false, false, true]);
  });
});

describe("texts made to hurt", () => {
  test("aliases of aliases of aliases", () => {
    const rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
    for (let i = 1; i < 12; i++)
      rows.push(
        `a${i}: &a${i} [${Array(10)
          .fill(`*a${i - 1}`)
          .join(", ")}]`,
      );
    const manifest = parseManifest(rows.join("\n"));
    expect(manifest.diagnostics.map((d) => d.message)).toEqual([
      "error converting YAML to JSON: yaml: document contains excessive aliasing",
    ]);
    expect(manifest.documents[0]?.valid).toBe(false);
    // Honest use is far from the limit.
    expect(messages(`a: &a {b: 1}\n${Array.from({ length: 1000 }, (_, i) => `k${i}: *a`).join("\n")}`)).toEqual([]);
    expect(MAX_ALIASED).toBeGreaterThan(10_000);
  });

  test.each([
    ["[".repeat(100_000)],
    ["{a: ".repeat(100_000)],
    ["- ".repeat(50_000)],
    ["? ".repeat(50_000)],
    [Array.from({ length: 500 }, (_, i) => `${" ".repeat(i)}a:`).join("\n")],
    [`a: ${"[".repeat(MAX_DEPTH + 1)}${"]".repeat(MAX_DEPTH + 1)}`],
  ])("deeper than %#", (text) => {
    expect(messages(text)[0]).toMatch(new RegExp(`exceeded max depth of ${MAX_DEPTH}`));
  });

  test("just deep enough", () => {
    expect(messages(`a: ${"[".repeat(MAX_DEPTH - 1)}${"]".repeat(MAX_DEPTH - 1)}`)).toEqual([]);
  });

  test("too long, too many", () => {
    expect(messages("#".repeat(MAX_TEXT + 1))).toEqual(["the text is larger than 4 MiB: split it up"]);
    const many = parseManifest("a\n---\n".repeat(MAX_DOCUMENTS + 1));
    expect(many.diagnostics.map((d) => d.message)).toEqual([`more than ${MAX_DOCUMENTS} documents: split the text up`]);
    expect(many.documents).toHaveLength(MAX_DOCUMENTS);
  });
});

test("an object is found by its key; the later document wins", () => {
  const service = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n";
  const manifest = parseManifest(
    `${service}---\n${service}---\napiVersion: v1\nkind: Node\nmetadata: {name: n1, namespace: x}\n`,
  );
  expect(findDocument(manifest, objectKey("Service", "default", "web"))?.index).toBe(1);
  expect(findDocument(manifest, objectKey("Node", undefined, "n1"))?.index).toBe(2);
  expect(findDocument(manifest, objectKey("Service", "shop", "web"))).toBeUndefined();
  expect(decodeManifest(manifest).diagnostics.map((d) => d.message)).toEqual([
    'Service "web" stands in the text twice (first in line 1): the later one wins.',
  ]);
});
