import { expect, test } from "vitest";
import type { RaceKnob, RaceMoment, RaceReason, RaceRow, RaceRun } from "../../model/trace/race.ts";
import {
  causeText,
  certainty,
  headline,
  kindsOf,
  shareInterval,
  shareText,
  verdict,
  whenOf,
  whenText,
  wilson,
  withRun,
  withSkipped,
} from "./tally.ts";

const reason = (count: number, first: number, last = first, more: Partial<RaceReason> = {}): RaceReason => ({
  outcome: "unreachable",
  text: "nobody answers",
  count,
  first,
  last,
  ...more,
});

function run(seed: number, reasons: readonly RaceReason[] = [], more: Partial<RaceRun> = {}): RaceRun {
  const lost = reasons.reduce((sum, { count }) => sum + count, 0);
  const times = { width: 200_000, lost: reasons.map(({ first, count }) => [first, count] as const) };
  return { seed, knob: null, sent: 200, lost, outcomes: {}, first: null, reasons, times, finished: true, ...more };
}

const rowOf = (runs: readonly RaceRun[]): RaceRow => {
  const [row] = runs.reduce<readonly RaceRow[]>(withRun, []);
  if (row === undefined) throw new Error("no row");
  return row;
};

const moment = (podTerminating: number | null, after: readonly (number | null)[]): RaceMoment => ({
  at: 0,
  outcome: "unreachable",
  text: "",
  podTerminating,
  sliceUpdated: null,
  rulesWritten: after.map((one, i) => ({ node: `worker-${String(i)}`, after: one })),
});

test("runs add up in the row of their knob; a knob that cannot be turned says why", () => {
  const preStop = { knob: "preStop" as RaceKnob };
  let rows = [run(1, [reason(4, 0)]), run(2), run(1, [], preStop)].reduce<readonly RaceRow[]>(withRun, []);
  rows = withSkipped(rows, "readinessProbe", "The container names no port to probe.");
  expect(rows.map(({ knob, sent, lost, runs, skipped }) => [knob, sent, lost, runs.length, skipped])).toEqual([
    [null, 400, 4, 2, null],
    ["preStop", 200, 0, 1, null],
    ["readinessProbe", 0, 0, 0, "The container names no port to probe."],
  ]);
});

test("Wilson's interval is that of the books: 0 and 10 of 20, and 1 of 1", () => {
  const rounded = (hits: number, of: number): readonly string[] => wilson(hits, of).map((share) => share.toFixed(3));
  expect(rounded(0, 20)).toEqual(["0.000", "0.161"]);
  expect(rounded(10, 20)).toEqual(["0.299", "0.701"]);
  expect(rounded(1, 1)).toEqual(["0.207", "1.000"]);
});

test("the share of requests is as sure as histories are alike", () => {
  // 2, 4 and 6 of 200: mean 2 %, standard error 1 % / √3, t 4.303.
  const [low, high] =
    shareInterval(rowOf([run(1, [reason(2, 0)]), run(2, [reason(4, 0)]), run(3, [reason(6, 0)])])) ?? [];
  expect([low, high?.toFixed(4)]).toEqual([0, "0.0448"]);
  expect(shareInterval(rowOf([run(1, [reason(2, 0)]), run(2)]))).toBeNull();
  expect(shareInterval(rowOf([run(1), run(2), run(3)]))).toBeNull();
});

test("the finding in words, and how sure it is", () => {
  const losing = rowOf([run(1, [reason(3, 0)]), run(2, [reason(3, 0)]), run(3), run(4, [reason(1, 0)])]);
  expect(headline(losing)).toBe("7 of 800 requests are lost: 0.88 %.");
  expect(certainty(losing)).toMatch(
    /^3 of 4 histories lose some; of all that there could be 30 to 95 %, and of their requests 0 to \d\.\d\d % \(95 %\)\.$/,
  );
  const none = rowOf([run(1), run(2), run(3)]);
  expect(headline(none)).toBe("None of 600 requests is lost in 3 histories.");
  expect(certainty(none)).toBe("Of all histories that there could be, at most 56 % lose any (95 %).");
  expect(certainty(rowOf([run(1, [reason(1, 0)])]))).toBe("1 of 1 history loses some: too few to say how often.");
});

test("shares keep two digits, and 0 is only nothing", () => {
  expect([0, 0.000_01, 0.0125, 0.333].map(shareText)).toEqual(["0 %", "< 0.01 %", "1.25 %", "33.3 %"]);
});

test("when requests are lost: stretches of all histories on one axis, gaps included", () => {
  const row = rowOf([run(1, [reason(2, 1_200_000)]), run(2, [reason(1, 1_200_000), reason(3, 1_800_000, 1_950_000)])]);
  const when = whenOf(row);
  expect(when?.bins).toEqual([
    { from: 1_200_000, lost: 3 },
    { from: 1_400_000, lost: 0 },
    { from: 1_600_000, lost: 0 },
    { from: 1_800_000, lost: 3 },
  ]);
  expect(when === null ? "" : whenText(when)).toBe("Lost 1.20 to 1.95 s after the change was made.");
  expect(whenOf(rowOf([run(1)]))).toBeNull();
});

test("what is lost before the change is not the change's doing", () => {
  const before = whenOf(rowOf([run(1, [reason(5, -1_000_000, -200_000)])]));
  expect(before === null ? "" : whenText(before)).toBe(
    "Lost 0.20 to 1.00 s before the change was made: it is not to blame.",
  );
  const both = whenOf(rowOf([run(1, [reason(5, -1_000_000, 3_000_000)])]));
  expect(both === null ? "" : whenText(both)).toContain("Some are lost before the change is made");
});

test("how they are lost: the commonest first, with the words of its commonest reason", () => {
  const refused = { outcome: "refused" as const };
  const row = rowOf([
    run(1, [reason(1, 0, 0, { ...refused, text: "rare" }), reason(2, 0)]),
    run(2, [reason(4, 0, 0, { ...refused, text: "common" })]),
  ]);
  expect(kindsOf(row)).toEqual([
    { outcome: "refused", count: 5, text: "common" },
    { outcome: "unreachable", count: 2, text: "nobody answers" },
  ]);
});

test("why: a pod was told to end, and the rules come later", () => {
  const first = [moment(-60_000, [18_000, 20_000, null]), moment(-280_000, [620_000])];
  const row = rowOf(first.map((one, i) => run(i + 1, [reason(1, 0)], { first: one })));
  expect(causeText(row)).toBe(
    "A history loses its first request 0.06 to 0.28 s after a pod was told to end; kube-proxy writes the rules that leave it out 0.02 to 0.62 s too late.",
  );
  expect(causeText(rowOf([run(1, [reason(1, 0)], { first: moment(null, []) })]))).toBeNull();
});

test("a knob closes the race only when all histories are played and none loses", () => {
  const plain = rowOf([1, 2, 3, 4].map((seed) => run(seed, [reason(4 + (seed % 2), 0)])));
  const knob = "minSyncPeriod" as const;
  const turned = (...counts: readonly number[]): RaceRow =>
    rowOf(counts.map((n, i) => run(i + 1, n === 0 ? [] : [reason(n, 0)], { knob })));
  expect(verdict(turned(0, 0), plain, false)).toBe("none so far");
  expect(verdict(turned(0, 0, 0, 0), plain, true)).toBe("closes it");
  expect(verdict(turned(1, 0, 1, 1), plain, true)).toBe("loses less");
  expect(verdict(turned(5, 4, 5, 4), plain, true)).toBe("about the same");
  expect(verdict(plain, plain, true)).toBe("");
});
