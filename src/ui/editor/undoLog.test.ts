import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { emptyLog, logged, MOST_CHARACTERS, MOST_VERSIONS, readLog, versionsOf } from "./undoLog.ts";

describe("the log of a text's versions", () => {
  it("gives every version back, in order", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 8 }), { minLength: 1, maxLength: 8 }), (texts) => {
        const log = texts.slice(1).reduce((all, text) => logged(all, text), emptyLog("shop-web", texts[0] ?? ""));
        // What did not change is no version.
        const expected = texts.filter((text, at) => text !== texts[at - 1]);
        expect(versionsOf(log)).toEqual(expected);
        expect(readLog(structuredClone(log))).toEqual(log);
      }),
    );
  });

  it("takes away what undo went back over, and nothing when the same text is typed anew", () => {
    const log = ["b", "c", "d"].reduce((all, text) => logged(all, text), emptyLog("x", "a"));
    expect(versionsOf(logged(log, "c", true))).toEqual(["a", "b", "c"]);
    expect(versionsOf(logged(log, "a", true))).toEqual(["a"]);
    expect(versionsOf(logged(log, "c"))).toEqual(["a", "b", "c", "d", "c"]);
    expect(versionsOf(logged(log, "e", true))).toEqual(["a", "b", "c", "d", "e"]);
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
