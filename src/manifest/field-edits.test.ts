import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { JsonValue } from "../base/json.ts";
import { applyFieldEdits, valueAt } from "./field-edits.ts";
import { parsePath } from "./locate.ts";
import { parseManifest } from "./manifest.ts";

const BLOCK = `# shop
kind: Service
metadata:
  name: web # its name
spec:
  selector:
    app: web
  ports:
    - port: 80
      targetPort: 8080
---
kind: Other
metadata: { name: x, labels: {} }
spec: { list: [{ a: 1 }], empty: [] }
`;

const edit = (document: number, path: string, to: JsonValue): string | null =>
  applyFieldEdits(BLOCK, [{ document, path, from: null, to }]);

describe("a change of one field", () => {
  it.each<readonly [number, string, JsonValue]>([
    [0, "spec.selector.app", "shop"],
    [0, "spec.selector[app.kubernetes.io/name]", "web"],
    [0, "spec.ports[0].targetPort", "http"],
    [0, "spec.ports[0].name", "web"],
    [0, "spec.ports[1]", { port: 443, targetPort: 8443 }],
    [0, "spec.externalTrafficPolicy", "Local"],
    [0, "spec.sessionAffinityConfig.clientIP.timeoutSeconds", 60],
    [0, "metadata.annotations[kubehop.dev/listen]", "127.0.0.1:80"],
    [0, "spec.ports", [{ port: 1 }]],
    [0, "spec.selector.app", null],
    [0, "spec.ports[0].targetPort", null],
    [0, "spec.ports[0]", null],
    [1, "spec.list[1]", { a: 2, b: ["x"] }],
    [1, "spec.list[0].b", { c: true }],
    [1, "spec.empty[0]", 1],
    [1, "metadata.labels.app", "web"],
    [1, "metadata.name", null],
    [1, "spec.list[0].a", null],
  ])("document %i, %s: %j", (document, path, to) => {
    const text = edit(document, path, to) ?? "";
    const before = parseManifest(BLOCK).documents;
    const { documents, diagnostics } = parseManifest(text);
    expect(diagnostics).toEqual([]);
    expect(documents).toHaveLength(2);
    const steps = parsePath(path);
    expect(valueAt(documents[document]?.value, steps)).toEqual(to === null ? undefined : to);
    // All else is as it was, comments included.
    expect(documents[1 - document]?.value).toEqual(before[1 - document]?.value);
    expect(text).toContain("# shop");
    expect(text).toContain("# its name");
  });

  it("adds and removes documents", () => {
    const added = edit(2, "", { kind: "Third", spec: { a: [1] } }) ?? "";
    expect(parseManifest(added).documents[2]?.value).toEqual({ kind: "Third", spec: { a: [1] } });
    const removed = edit(1, "", null) ?? "";
    expect(parseManifest(removed).documents).toHaveLength(1);
    expect(parse(removed.split("---")[0] ?? "")).toMatchObject({ kind: "Service" });
  });

  it("keeps the numbers of documents while it changes several", () => {
    const text = applyFieldEdits(BLOCK, [
      { document: 0, path: "", from: null, to: null },
      { document: 1, path: "metadata.name", from: "x", to: "y" },
    ]);
    expect(parseManifest(text ?? "").documents.map(({ name }) => name)).toEqual(["y"]);
  });

  it("is none where there is nothing to change", () => {
    expect(edit(0, "spec.nothing", null)).toBeNull();
    expect(edit(7, "spec.type", "x")).toBeNull();
    expect(applyFieldEdits("a: [1", [{ document: 0, path: "a", from: null, to: 1 }])).toBeNull();
  });
});
