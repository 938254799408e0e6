import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { LabelSelector } from "./meta/types.ts";
import * as selectors from "./selectors.ts";

const labels = { app: "web", tier: "fe", "app.kubernetes.io/name": "x" };

describe("selectors", () => {
  test("all pairs must match", () => {
    expect(selectors.matchLabels({ app: "web", tier: "fe" }, labels)).toBe(true);
    expect(selectors.matchLabels({ app: "web", tier: "be" }, labels)).toBe(false);
    expect(selectors.matchLabels({ app: "web" }, undefined)).toBe(false);
    expect(selectors.matchLabels({}, labels)).toBe(true);
    // Members of Object.prototype are no labels.
    expect(selectors.matchLabels({ toString: "x" }, labels)).toBe(false);
  });

  test.each<[LabelSelector | undefined, boolean]>([
    [undefined, false],
    [{}, true],
    [{ matchLabels: { app: "web" } }, true],
    [{ matchExpressions: [{ key: "app", operator: "In", values: ["a", "web"] }] }, true],
    [{ matchExpressions: [{ key: "app", operator: "NotIn", values: ["web"] }] }, false],
    [{ matchExpressions: [{ key: "nope", operator: "NotIn", values: ["web"] }] }, true],
    [{ matchExpressions: [{ key: "nope", operator: "Exists" }] }, false],
    [{ matchExpressions: [{ key: "nope", operator: "DoesNotExist" }] }, true],
    [{ matchLabels: { app: "web" }, matchExpressions: [{ key: "tier", operator: "DoesNotExist" }] }, false],
  ])("%o → %s", (selector, matches) => {
    expect(selectors.labelSelectorMatches(selector, labels)).toBe(matches);
  });

  test.each([
    ["app=web", true],
    ["app==web,tier!=be", true],
    ["app in (a, web),!nope", true],
    ["app notin (web)", false],
    ["nope notin (web)", true],
    ["app.kubernetes.io/name", true],
    ["nope", false],
    ["", true],
  ])("-l '%s' → %s", (text, matches) => {
    const parsed = selectors.parseSelector(text);
    expect(parsed.ok && selectors.requirementsMatch(parsed.value, labels)).toBe(matches);
  });

  test.each([
    ["a=b=c", "found '=', expected: ',' or 'end of string'"],
    ["a,", "found '', expected: identifier after ','"],
    ["a in b", "unable to parse requirement: found 'b', expected: '('"],
    ["a like b", "unable to parse requirement: found 'like', expected: in, notin, =, ==, !=, gt, lt"],
    ["=b", "found '=', expected: !, identifier, or 'end of string'"],
  ])("-l '%s' is refused", (text, message) => {
    expect(selectors.parseSelector(text)).toEqual({ ok: false, error: message });
  });

  test("a selector with a bad key says the rule", () => {
    const parsed = selectors.parseSelector("-a=b");
    expect(!parsed.ok && parsed.error).toContain("name part must consist of alphanumeric characters");
  });

  test("never throws, and what parses prints and parses back", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[ab=!,() \-.in]{0,16}$/), (text) => {
        const parsed = selectors.parseSelector(text);
        if (!parsed.ok) return;
        const again = selectors.parseSelector(selectors.formatRequirements(parsed.value));
        expect(again.ok && selectors.formatRequirements(again.value)).toBe(selectors.formatRequirements(parsed.value));
      }),
    );
  });

  test("printing", () => {
    expect(selectors.formatLabels(undefined)).toBe("<none>");
    expect(selectors.formatLabels({ tier: "fe", app: "web" })).toBe("app=web,tier=fe");
    expect(selectors.formatSelector({ matchLabels: { b: "2", a: "1" } })).toBe("a=1,b=2");
    expect(
      selectors.formatSelector({
        matchExpressions: [
          { key: "x", operator: "In", values: ["q", "p"] },
          { key: "y", operator: "Exists" },
        ],
      }),
    ).toBe("x in (p,q),y");
  });
});
