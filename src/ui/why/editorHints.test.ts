import { expect, test } from "vitest";
import { objectKey } from "../../model/meta/types.ts";
import type { Finding } from "../../model/trace/finding.ts";
import { applyEdits } from "../editor/problems.ts";
import { hintsOf, textEdit } from "./editorHints.ts";
import { hopIn } from "./follow.ts";
import { checksText, expectsSomething, verdictText } from "./checkWords.ts";

const TEXT = "spec:\n  selector:\n    app: wbe\n";
const range = { startLine: 3, startColumn: 5, endLine: 3, endColumn: 13 };
const object = objectKey("Service", "default", "web");

const finding: Finding = {
  id: "SVC-SELECTOR-NO-MATCH",
  severity: "error",
  hop: null,
  evidence: [
    { kind: "walk", shows: "" },
    { kind: "object", object, path: "spec.selector", shows: "app=wbe", range },
  ],
  cause: "No pod carries app=wbe.",
  fix: { title: "Select app=web", edits: [], proof: "" },
  unfixed: null,
  command: "",
};
const request = { from: "node/a", to: "service/default/web:80", protocol: "tcp" } as const;
const answer = {
  request,
  text: TEXT,
  diagnosis: { request, mode: "iptables", outcome: "refused", delivered: 0, symptom: "", findings: [finding] },
} as const;

test("a finding stands where its first evidence does, with its edit as a quick fix that makes just that text", () => {
  const edited = TEXT.replace("wbe", "web");
  const [hint] = hintsOf({ ...answer, told: [{ finding, edited }] });
  expect(hint).toMatchObject({
    severity: "warning",
    source: "note",
    message: "SVC-SELECTOR-NO-MATCH: No pod carries app=wbe.",
    range,
    object,
  });
  expect(applyEdits(TEXT, hint?.fixes[0]?.edits ?? [])).toBe(edited);
});

test("a finding about nothing in the text has no place in it, and one without an edit no quick fix", () => {
  expect(hintsOf({ ...answer, told: [{ finding: { ...finding, evidence: [] }, edited: null }] })).toEqual([]);
  expect(hintsOf({ ...answer, told: [{ finding, edited: null }] })[0]?.fixes).toEqual([]);
  expect(textEdit(TEXT, TEXT)).toBeNull();
});

test("a failing hop is found by its place and its words, wherever it stands in the walk", () => {
  const hop = (place: string, note: string) => ({ place, note, label: "filter" });
  const walk = { hops: [hop("node/a", "x"), hop("node/b", "drops it")], reply: [] } as never;
  const failing = {
    walk: 0,
    child: [],
    leg: "request",
    index: 0,
    place: "node/b",
    label: "filter",
    note: "drops it",
  } as const;
  expect(hopIn(walk, failing)).toEqual({ leg: "request", index: 1 });
  expect(hopIn(walk, { ...failing, note: "told otherwise now", index: 1 })).toEqual({ leg: "request", index: 1 });
  expect(hopIn(walk, { ...failing, place: "node/c", index: 1 })).toBeNull();
});

test.each([
  ["kind: Expectation", true],
  ["a: b\n---\n  kind:  'Expectation'\n", true],
  ["- kind: Expectation", true],
  ['{"kind": "Expectation"}', true],
  ["# kind: Expectation", false],
  ["kind: ExpectationList", false],
  ["description: my kind of Expectation", false],
])("whether a text may expect something: %j", (text, is) => {
  expect(expectsSomething(text)).toBe(is);
});

test("what became of expectations, in words", () => {
  const expectation = { from: "node/a", to: "b:80", outcome: "delivered" } as const;
  const result = {
    name: "a",
    expectation,
    passed: false,
    got: "timeout on 2 of 3 branches",
    findings: [],
    document: 0,
    range,
  };
  expect(verdictText(result)).toBe("failed: timeout on 2 of 3 branches");
  expect(verdictText({ ...result, passed: true })).toBe("passed");
  expect(checksText({ results: [result, result], passed: 1, failed: 1 })).toBe("1 of 2 expectations pass");
  expect(checksText({ results: [result], passed: 0, failed: 1 })).toBe("0 of 1 expectation passes");
});
