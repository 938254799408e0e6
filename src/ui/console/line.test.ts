import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { KeyName } from "./keys.ts";
import { edited, insert, isUnfinished, type Line, lineOf, LONGEST_LINE, pasted, vertical } from "./line.ts";

/** A line with its cursor written as |. */
const at = (text: string, cut = ""): Line => ({ text: text.replace("|", ""), cursor: text.indexOf("|"), cut });
const shown = ({ text, cursor }: Line): string => `${text.slice(0, cursor)}|${text.slice(cursor)}`;

describe("keys", () => {
  test.each<readonly [KeyName, string, string]>([
    ["left", "ab|c", "a|bc"],
    ["left", "|abc", "|abc"],
    ["right", "ab|c", "abc|"],
    ["left", "a👩‍👩‍👧|", "a|👩‍👩‍👧"],
    ["right", "|é́x", "é́|x"],
    ["backspace", "a👩‍👩‍👧|b", "a|b"],
    ["home", "kubectl get| svc", "|kubectl get svc"],
    ["end", "kubectl| get svc", "kubectl get svc|"],
    ["home", "one\ntw|o", "one\n|two"],
    ["end", "o|ne\ntwo", "one|\ntwo"],
    ["word-left", "kubectl get deploy/web|", "kubectl get deploy/|web"],
    ["word-left", "kubectl get deploy/|web", "kubectl get |deploy/web"],
    ["word-right", "|kubectl get", "kubectl| get"],
    ["delete", "a|bc", "a|c"],
    ["delete-word-left", "kubectl get deploy/web|", "kubectl get |"],
    ["delete-word-left", "kubectl get   |x", "kubectl |x"],
    ["delete-word-right", "kubectl |get-it now", "kubectl |-it now"],
    ["delete-to-end", "kubectl| get svc", "kubectl|"],
    ["delete-to-end", "o|ne\ntwo", "o|\ntwo"],
    ["delete-to-start", "kubectl get| svc", "| svc"],
    ["transpose", "gte|", "get|"],
    ["transpose", "|ab", "|ab"],
  ])("%s: %s", (key, before, after) => {
    expect(shown(edited(at(before), key) ?? at("nothing|"))).toBe(after);
  });

  test("what was cut is put back with Ctrl-Y; Backspace cuts nothing", () => {
    const cut = edited(at("kubectl get svc|"), "delete-word-left") ?? at("|");
    const erased = edited(cut, "backspace") ?? at("|");
    expect(shown(edited(erased, "yank") ?? at("|"))).toBe("kubectl getsvc|");
  });

  test("whatever is pressed, the cursor stays in the line and no half of a character is left", () => {
    const keys: readonly KeyName[] = [
      ...(["left", "right", "home", "end", "word-left", "word-right", "backspace", "delete"] as const),
      ...(["delete-word-left", "delete-word-right", "delete-to-start", "delete-to-end", "yank", "transpose"] as const),
    ];
    const step = fc.oneof(
      fc.constantFrom(...keys),
      fc.string({ unit: "grapheme", maxLength: 4 }).map((text) => ({ text })),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        let line = lineOf("");
        for (const one of steps) {
          line = typeof one === "string" ? (edited(line, one) ?? line) : insert(line, one.text);
          expect(line.cursor).toBeGreaterThanOrEqual(0);
          expect(line.cursor).toBeLessThanOrEqual(line.text.length);
          expect(line.text.isWellFormed()).toBe(true);
        }
      }),
    );
  });

  test("a line has an end", () => {
    expect(insert(lineOf("x".repeat(LONGEST_LINE - 1)), "abc").text).toHaveLength(LONGEST_LINE);
  });
});

test("Up and Down move between lines of one text, and are the history's at its edges", () => {
  expect(shown(vertical(at("first\nse|cond"), -1) ?? at("|"))).toBe("fi|rst\nsecond");
  expect(shown(vertical(at("a\nlon|ger"), -1) ?? at("|"))).toBe("a|\nlonger");
  expect(shown(vertical(at("lon|ger\na"), 1) ?? at("|"))).toBe("longer\na|");
  expect(vertical(at("fi|rst\nsecond"), -1)).toBeNull();
  expect(vertical(at("first\nse|cond"), 1)).toBeNull();
});

test("a paste loses carriage returns, prompts, control characters and the last line break", () => {
  expect(pasted("$ kubectl get svc\r\n$ kubectl get pods\r\n")).toBe("kubectl get svc\nkubectl get pods");
  expect(pasted("echo \u001b[31mred\u0007\n")).toBe("echo [31mred");
  expect(pasted("a:\n\tb")).toBe("a:\n  b");
});

test.each([
  ["kubectl get svc", false],
  ["kubectl get svc \\", true],
  ["echo 'it", true],
  ["echo 'it'", false],
  ['echo "a \\" b', true],
  ['echo "it\'s"', false],
  ["kubectl get pods # don't", false],
  ["cat <<EOF | kubectl apply -f -", true],
  ["cat <<EOF | kubectl apply -f -\nkind: Pod", true],
  ["cat <<'EOF' | kubectl apply -f -\nkind: \"Pod\nEOF", false],
  ["cat <<EOF\nx\nEOF\necho 'more", true],
])("%j is unfinished: %s", (text, unfinished) => {
  expect(isUnfinished(text)).toBe(unfinished);
});
