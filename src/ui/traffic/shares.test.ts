import { expect, test } from "vitest";
import type { Exploration, Walk } from "../../model/trace/types.ts";
import { expectedShares, fit, shareRows } from "./shares.ts";

const branch = (pod: string | null, probability: number, outcome: Walk["outcome"] = "delivered"): Walk =>
  ({ outcome, probability, backend: pod === null ? null : { pod, ip: "10.244.1.2", port: 80 } }) as Walk;
const explored = (...walks: readonly Walk[]): Exploration => ({ walks });
const counted = (counts: Readonly<Record<string, number>>) => ({
  backends: Object.entries(counts).map(([pod, count]) => ({ pod, count, ip: "10.244.1.2", port: 80 })),
});

test("senders that ask equally often are averaged, and what does not arrive has no share", () => {
  const shares = expectedShares([
    explored(branch("a", 0.5), branch("b", 0.25), branch("b", 0.25)),
    explored(branch("a", 1 / 3), branch(null, 1 / 3, "timeout"), branch("c", 1 / 3, "refused")),
  ]);
  expect([...shares]).toEqual([
    ["a", 0.25 + 1 / 6],
    ["b", 0.25],
  ]);
});

test("expected counts are of the requests that were answered", () => {
  const rows = shareRows(
    counted({ a: 30, b: 10 }),
    new Map([
      ["a", 0.4],
      ["b", 0.4],
    ]),
  );
  expect(rows.map(({ name, count, expected }) => [name, count, expected])).toEqual([
    ["a", 30, 20],
    ["b", 10, 20],
  ]);
});

test("chi² by hand: (30 - 20)²/20 + (10 - 20)²/20 = 10, beyond chance", () => {
  const rows = shareRows(
    counted({ a: 30, b: 10 }),
    new Map([
      ["a", 0.5],
      ["b", 0.5],
    ]),
  );
  expect(fit(rows, false)).toEqual({ chi2: 10, freedom: 1, limit: 3.841 });
});

test("where the test says nothing it says why", () => {
  const even = new Map([
    ["a", 0.5],
    ["b", 0.5],
  ]);
  expect(fit(shareRows(counted({ a: 30, b: 10 }), even), true)).toContain("once per connection");
  expect(fit(shareRows(counted({ a: 3, b: 1 }), even), false)).toContain("Too few");
  expect(fit(shareRows(counted({ a: 30 }), new Map([["a", 1]])), false)).toContain("One backend");
  expect(fit(shareRows(counted({ a: 30, gone: 10 }), even), false)).toContain("changed");
});
