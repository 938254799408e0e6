import { expect, it } from "vitest";
import { formatTable } from "./table.ts";

it("pads every column but the last to its longest cell and three blanks", () => {
  expect(
    formatTable([
      ["NAME", "TYPE", "AGE"],
      ["kubernetes", "ClusterIP", "5m22s"],
      ["web", "NodePort", "2m"],
    ]),
  ).toBe("NAME         TYPE        AGE\nkubernetes   ClusterIP   5m22s\nweb          NodePort    2m\n");
});

it("never makes a column narrower than six", () => {
  expect(formatTable([["A", "B"]])).toBe("A     B\n");
});

it("prints nothing for no rows", () => {
  expect(formatTable([])).toBe("");
});
