import { describe, expect, it } from "vitest";
import { placeAt } from "./outline.ts";

/** Where `|` stands in the text. */
function at(marked: string): ReturnType<typeof placeAt> {
  const offset = marked.indexOf("|");
  const before = marked.slice(0, offset).split("\n");
  const lines = (marked.slice(0, offset) + marked.slice(offset + 1)).split("\n");
  return placeAt(lines, before.length, (before.at(-1) ?? "").length + 1);
}
const short = (marked: string): string => {
  const { path, mode, word } = at(marked);
  return `${mode} ${path.join("/")} "${word}"`;
};

describe("the place of a caret in YAML", () => {
  it.each([
    ["kind: Service\nspec:\n  selector:\n    app: we|", 'value spec/selector/app "we"'],
    ["spec:\n  selector:\n    ap|", 'key spec/selector "ap"'],
    ["spec:\n  selector:\n    |", 'key spec/selector ""'],
    ["spec:\n  selector:\n    app: |\n  ports: []", 'value spec/selector/app ""'],
    ["spec:\n  ports:\n    - port: 80\n      targetPort: ht|", 'value spec/ports/0/targetPort "ht"'],
    ["spec:\n  ports:\n  - port: 80\n  - port: 81\n    targetPort: |", 'value spec/ports/1/targetPort ""'],
    ["spec:\n  ports:\n  - port: 80\n  type: |", 'value spec/type ""'],
    ["spec:\n  ports:\n    - |", 'key spec/ports/0 ""'],
    ["a: 1\n---\nb:\n  c: |\n---\nd: 1", 'value b/c ""'],
    ["data:\n  x: >-\n    y: z\n  k: |", 'value data/k ""'],
    ["spec:\n  selector:\n    app: web|b # no", 'value spec/selector/app "webb"'],
    ["spec:\n  sel|ector:\n    app: web", 'key spec "selector"'],
    ["metadata:\n  labels:\n    app.kubernetes.io/name: |", 'value metadata/labels/app.kubernetes.io/name ""'],
    [
      "rules:\n- http:\n    paths:\n    - backend:\n        service:\n          name: |",
      'value rules/0/http/paths/0/backend/service/name ""',
    ],
    ["spec:\n  args:\n    - on|e", 'key spec/args/0 "one"'],
  ])("%j", (marked, expected) => {
    expect(short(marked)).toBe(expected);
  });

  it("knows the document around it, what stands below the caret included", () => {
    const place = at(
      "kind: Pod\n---\nkind: Service\nspec:\n  selector: # s\n    app: |\n  ports:\n  - port: '80'\nmetadata:\n  name: web\n  namespace: shop\n---\nkind: X",
    );
    expect(place).toMatchObject({ kind: "Service", name: "web", namespace: "shop" });
    expect(place.scalars.get("spec.ports.0.port")).toBe("80");
  });

  it("spans the word that a completion replaces", () => {
    const { from, to } = at("spec:\n  selector:\n    app:   we|b");
    expect([from, to]).toEqual([12, 15]);
    const empty = at("spec:\n  selector:\n    app:|");
    expect(empty).toMatchObject({ mode: "value", from: 9, to: 9 });
  });
});
