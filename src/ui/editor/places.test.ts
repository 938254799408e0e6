import { describe, expect, it } from "vitest";
import type { Diagnostic } from "../../model/trace/diagnostic.ts";
import { joinFiles } from "./files.ts";
import { placeDiagnostics, spotter } from "./places.ts";
import type { Tab } from "./tabs.ts";

const tabs: readonly Tab[] = [
  { id: 7, name: "scenario.yaml", text: "a: 1\nb: 1\n" },
  { id: 9, name: "web.yaml", text: "c: 1\nd: 1\n" },
];

describe("places in the files", () => {
  it("are found for lines of the whole text, and for those of a text from before the last keys", () => {
    const now = spotter(tabs, joinFiles(tabs));
    expect([1, 2, 4, 5].map(now)).toEqual([
      { tab: 7, line: 1 },
      { tab: 7, line: 2 },
      { tab: 9, line: 1 },
      { tab: 9, line: 2 },
    ]);
    const before = spotter(tabs, "a: 1\n--- # file: web.yaml\nc: 1\nd: 1\n");
    expect([1, 3, 4].map(before)).toEqual([
      { tab: 7, line: 1 },
      { tab: 9, line: 1 },
      { tab: 9, line: 2 },
    ]);
  });

  it("carry a diagnostic with its fixes, and end with the file", () => {
    const range = { startLine: 5, startColumn: 1, endLine: 5, endColumn: 2 };
    const one: Diagnostic = {
      severity: "error",
      source: "decode",
      message: "no",
      range,
      document: 1,
      object: null,
      fixes: [{ title: "mend", edits: [{ range, text: "e" }] }],
    };
    const here = { startLine: 2, startColumn: 1, endLine: 2, endColumn: 2 };
    const [placed] = placeDiagnostics(tabs, joinFiles(tabs), [one]);
    expect(placed).toMatchObject({ tab: 9, range: here });
    expect(placed?.fixes).toEqual([{ title: "mend", edits: [{ tab: 9, edit: { range: here, text: "e" } }] }]);
    const [far] = placeDiagnostics(tabs, joinFiles(tabs), [{ ...one, range: { ...range, startLine: 2, endLine: 5 } }]);
    expect(far).toMatchObject({ tab: 7, range: { startLine: 2, endLine: 3 } });
    const [yaml] = placeDiagnostics(tabs, joinFiles(tabs), [{ ...one, source: "yaml", message: "yaml: line 5: no" }]);
    expect(yaml?.message).toBe("yaml: line 2: no");
    // Sent before a line was typed above it.
    const [older] = placeDiagnostics(tabs, joinFiles(tabs).replace("b: 1\n", ""), [
      { ...one, range: { ...range, startLine: 4, endLine: 4 } },
    ]);
    expect(older).toMatchObject({ tab: 9, range: here });
  });
});
