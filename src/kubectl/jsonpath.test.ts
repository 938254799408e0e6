import { describe, expect, it } from "vitest";
import { jsonPath, jsonPathValues } from "./jsonpath.ts";

const LIST = {
  kind: "List",
  items: [
    {
      metadata: { name: "a", labels: { "app.io/x": "1" } },
      status: { phase: "Running", ips: ["1.1.1.1", "2.2.2.2"] },
      n: 3,
    },
    { metadata: { name: "b" }, status: { phase: "Pending", ips: [] }, n: 1 },
  ],
};

const filled = (template: string): string => {
  const done = jsonPath(template, LIST);
  return done.ok ? done.value : done.error;
};

describe("a template", () => {
  it.each([
    ["{.kind}", "List"],
    ["{.items[*].metadata.name}", "a b"],
    ["{.items[0].status.ips[-1]}", "2.2.2.2"],
    ["{.items[0:1].metadata.name}", "a"],
    ["{.items[0]['metadata']['name']}", "a"],
    ["{.items[0].metadata.labels.app\\.io/x}", "1"],
    ["{.items[?(@.status.phase=='Running')].metadata.name}", "a"],
    ["{.items[?(@.n<2)].metadata.name}", "b"],
    ["{.items[?(@.metadata.labels)].metadata.name}", "a"],
    ["{..name}", "a b"],
    ['{range .items[*]}{.metadata.name}{"\\t"}{.status.phase}{"\\n"}{end}', "a\tRunning\nb\tPending\n"],
    ["{range .items[*]}{.metadata.name}={.n};{end}", "a=3;b=1;"],
    ["{.items[0].status}", '{"phase":"Running","ips":["1.1.1.1","2.2.2.2"]}'],
    ["{.nope}", ""],
    [".kind", ".kind"],
    ["name: {.kind}!", "name: List!"],
  ])("%s", (template, text) => expect(filled(template)).toBe(text));

  it.each(["{.items[}", "{.items", "{range .items[*]}{.n}", "{end}"])("refuses %s", (template) =>
    expect(filled(template)).toMatch(/^error: error parsing jsonpath /),
  );
});

it("reads relaxed expressions", () => {
  for (const path of [".kind", "kind", "{.kind}"])
    expect(jsonPathValues(path, LIST)).toEqual({ ok: true, value: ["List"] });
});
