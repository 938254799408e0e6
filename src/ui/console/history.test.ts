import { expect, test } from "vitest";
import { AT_DRAFT, browsed, LONGEST_KEPT, MOST_LINES, readLines, remembered, searched, writeLines } from "./history.ts";

test("lines are kept in order, without repeats, blanks, secrets behind a blank, and manifests", () => {
  const add = (lines: readonly string[], line: string): readonly string[] => remembered(lines, line);
  expect(["a", "a", "", " b", "x".repeat(LONGEST_KEPT + 1), "c", "a"].reduce(add, [])).toEqual(["a", "c", "a"]);
  const many = Array.from({ length: MOST_LINES + 5 }, (_, i) => `line ${String(i)}`).reduce<readonly string[]>(add, []);
  expect(many).toHaveLength(MOST_LINES);
  expect(many[0]).toBe("line 5");
});

test("what was written is read again; anything else on the disk is nothing", () => {
  expect(readLines(writeLines(["kubectl get svc", "é\n"]))).toEqual(["kubectl get svc", "é\n"]);
  for (const bad of [null, "", "{", "null", '{"a":1}']) expect(readLines(bad)).toEqual([]);
  expect(readLines('["a",1,null,""]')).toEqual(["a"]);
});

test("up and down come back to what was being typed", () => {
  const lines = ["one", "two"];
  const up = browsed(lines, AT_DRAFT, -1, "dra");
  expect(up?.text).toBe("two");
  const older = browsed(lines, up?.browsing ?? AT_DRAFT, -1, "two");
  expect(older?.text).toBe("one");
  expect(browsed(lines, older?.browsing ?? AT_DRAFT, -1, "one")).toBeNull();
  const down = browsed(lines, older?.browsing ?? AT_DRAFT, 1, "one");
  expect(browsed(lines, down?.browsing ?? AT_DRAFT, 1, "two")?.text).toBe("dra");
  expect(browsed(lines, AT_DRAFT, 1, "dra")).toBeNull();
});

test("the search goes from the newest line back", () => {
  const lines = ["kubectl get svc", "dig web", "kubectl get pods"];
  expect(searched(lines, "get").found).toBe(2);
  expect(searched(lines, "get", 1).found).toBe(0);
  expect(searched(lines, "nslookup").found).toBeNull();
  expect(searched(lines, "").found).toBeNull();
});
