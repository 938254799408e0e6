import { expect, test } from "vitest";
import { lineDiff } from "../controlplane/diff.ts";
import { numbered } from "./numbered.ts";

const TEXT = Array.from({ length: 12 }, (_, i) => `line ${String(i + 1)}`).join("\n");

test("lines have the numbers of the text that they stand in, before and after", () => {
  const after = TEXT.replace("line 5", "other 5\nnew 6").replace("line 11\n", "");
  const lines = numbered(lineDiff(TEXT, after, 1));
  expect(lines.map(({ kind, before, after: now, text }) => [kind, before, now, text])).toEqual([
    ["same", 4, 4, "line 4"],
    ["removed", 5, null, "line 5"],
    ["added", null, 5, "other 5"],
    ["added", null, 6, "new 6"],
    ["same", 6, 7, "line 6"],
    ["gap", null, null, "3 lines as before"],
    ["same", 10, 11, "line 10"],
    ["removed", 11, null, "line 11"],
    ["same", 12, 12, "line 12"],
  ]);
});
