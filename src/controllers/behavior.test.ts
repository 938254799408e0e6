import { expect, test } from "vitest";
import { MILLISECOND, SECOND } from "../base/time.ts";
import type { Pod } from "../model/pod/types.ts";
import { behaviorOf, parseDuration } from "./behavior.ts";

function pod(text?: string): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p", ...(text === undefined ? {} : { annotations: { "kubehop.dev/behavior": text } }) },
    spec: { containers: [] },
    status: {},
  };
}

test.each([
  ["2s", 2 * SECOND],
  ["500ms", 500 * MILLISECOND],
  ["1m30s", 90 * SECOND],
  ["1.5s", 1_500_000],
  ["0", 0],
  ["2", null],
  ["", null],
  ["soon", null],
])("%s is %s", (text, micros) => {
  expect(parseDuration(text)).toBe(micros);
});

test("a pod that says nothing of itself behaves", () => {
  expect(behaviorOf(pod())).toEqual({
    start: null,
    readyAfter: 0,
    hangAfter: null,
    crashAfter: null,
    exitCode: 1,
    stop: 10 * MILLISECOND,
  });
});

test("all pairs; what is for others is passed over", () => {
  expect(behaviorOf(pod("start=2s, ready=false, hang=30s, crash=5s,exit=3 ,stop=never, latency=5ms"))).toEqual({
    start: 2 * SECOND,
    readyAfter: null,
    hangAfter: 30 * SECOND,
    crashAfter: 5 * SECOND,
    exitCode: 3,
    stop: null,
  });
  expect(behaviorOf(pod("hang, ready=5s")).hangAfter).toBe(0);
  expect(behaviorOf(pod("hang, ready=5s")).readyAfter).toBe(5 * SECOND);
});
