import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { emptyLog, logged, MOST_CHARACTERS, MOST_VERSIONS, readLog, versionsOf } from "./undoLog.ts";

describe("the log of a text's versions", () => {
  it("gives every version back, in order", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary", maxLength: 12 }), { minLength: 1, maxLength: 20 }), (texts) => {
        const log = texts.slice(1).reduce(logged, emptyLog("shop-web", texts[0] ?? ""));
        // What was undone is gone, what did not change is no version.
        const expected: string[] = [];
        for (const text of texts) {
          if (expected.at(-2) === text) expected.pop();
          else if (expected.at(-1) !== text) expected.push(text);
        }
        expect(versionsOf(log)).toEqual(expected);
        expect(readLog(structuredClone(log))).toEqual(log);
      }),
    );
  });

  it("forgets the oldest versions first, and never the newest", () => {
    let log = emptyLog("x", "0");
    for (let n = 1; n <= MOST_VERSIONS + 20; n++) log = logged(log, String(n));
    const versions = versionsOf(log) ?? [];
    expect(versions).toHaveLength(MOST_VERSIONS);
    expect(versions.at(-1)).toBe(String(MOST_VERSIONS + 20));
    const large = "x".repeat(MOST_CHARACTERS);
    expect(versionsOf(logged(log, large))).toEqual([large]);
  });

  it("takes nothing from disk that is not a log", () => {
    for (const bad of [null, 1, {}, { base: "x", oldest: "", changes: [{ from: 0, to: 1, insert: "" }] }])
      expect(readLog(bad)).toBeNull();
  });
});
