import { describe, expect, test } from "vitest";
import { FINDING_IDS } from "../../model/trace/finding.ts";
import { objectKey } from "../../model/meta/types.ts";
import { MEANINGS } from "./meanings.ts";
import { aboutText, fateText, headline, placeText, tallyText } from "./words.ts";

describe("a cause is parted into a headline and the rest", () => {
  test.each([
    [
      "No pod carries app=web; the nearest is pod web-x with app=api.",
      "No pod carries app=web",
      "The nearest is pod web-x with app=api.",
    ],
    [
      "10.96.0.1 is the ClusterIP of Service a/b: no router outside has a route to it.",
      "10.96.0.1 is the ClusterIP of Service a/b",
      "No router outside has a route to it.",
    ],
    ["Nothing listens on 8080.", "Nothing listens on 8080", ""],
    // Too short to say anything by itself.
    ["DNS: nobody answers questions.", "DNS: nobody answers questions", ""],
  ])("%s", (cause, head, rest) => {
    expect(headline(cause)).toEqual({ head, rest });
  });
});

test("every finding has a meaning that is a whole sentence", () => {
  for (const id of FINDING_IDS) expect(MEANINGS[id]).toMatch(/^[A-Za-z].{40,}\.$/);
});

test("evidence says what it is about and where it leads", () => {
  const object = objectKey("Service", "shop", "web");
  const range = { startLine: 7, startColumn: 1, endLine: 7, endColumn: 9 };
  const there = { kind: "object", object, path: "spec.selector", shows: "app=web", range } as const;
  expect([aboutText(there), placeText(there)]).toEqual(["Service web, spec.selector", "line 7"]);
  expect([aboutText({ ...there, path: "" }), placeText({ ...there, range: null })]).toEqual(["Service web", "object"]);
  const rule = { kind: "rule", node: "worker-1", rule: "r", shows: "-j DROP" } as const;
  expect([aboutText(rule), placeText(rule)]).toEqual(["rule on worker-1", "rule"]);
  expect(placeText({ kind: "walk", shows: "" })).toBe("hop");
});

test("how a request fares names the share that arrives only where some do", () => {
  const diagnosis = {
    request: { from: "client/a", to: "b:80", protocol: "tcp" },
    mode: "iptables",
    symptom: "",
    findings: [],
  } as const;
  expect(fateText({ ...diagnosis, outcome: "timeout", delivered: 0 })).toBe("timeout");
  expect(fateText({ ...diagnosis, outcome: "timeout", delivered: 2 / 3 })).toBe("timeout, 66.7 % of requests arrive");
  expect(fateText({ ...diagnosis, outcome: "delivered", delivered: 1 })).toBe("delivered");
  expect(fateText({ ...diagnosis, outcome: "not-sent", delivered: 0 })).toBe("not sent");
});

test("findings are counted by severity, the gravest first", () => {
  const of = (...all: readonly ("error" | "warning" | "note")[]) => all.map((severity) => ({ severity }));
  expect(tallyText(of("note", "error", "note"))).toBe("1 error, 2 notes");
  expect(tallyText(of())).toBe("");
});
