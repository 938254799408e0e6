import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededChooser } from "../base/draw.ts";
import type { Rules } from "../kernel/netfilter.ts";
import type { RuleRef } from "../model/trace/types.ts";
import { toNumber } from "./branches.ts";
import { explore } from "./explore.ts";
import { type TestPod, testView } from "./testing.ts";
import { EMPTY_NETWORK } from "./types.ts";

const VIP = "10.96.0.50";
const ref: RuleRef = { id: "x", table: "nat", chain: "SVC", position: 1, text: "", target: "DNAT", origin: null };

/** A hand-made nat table: walks a ladder of probabilities and sends to the pod of the first rung that is taken. */
function ladder(
  rungs: readonly ({ readonly of: number } | { readonly value: number })[],
  ips: readonly string[],
): Rules {
  return {
    has: (table, hook) => table === "nat" && hook === "PREROUTING",
    remembers: () => false,
    run(_table, context) {
      const still = { mark: 0, rule: ref, considered: 1, matched: 1, steps: [], skipped: [], draw: null };
      if (context.packet.dst !== VIP) return { ...still, verdict: { kind: "accept" } };
      const taken = rungs.findIndex((p, i) => context.chooser.chance(p, `${context.flow} rung ${i}`).taken);
      const ip = ips[taken < 0 ? rungs.length : taken] ?? "";
      return { ...still, verdict: { kind: "dnat", to: { ip, port: 8080 } } };
    },
  };
}

function weights(rungs: readonly ({ readonly of: number } | { readonly value: number })[], limit?: number) {
  const ips = Array.from({ length: rungs.length + 1 }, (_, i) => `10.244.2.${10 + i}`);
  const pods: TestPod[] = ips.map((ip, i) => ({ name: `web-${i}`, node: "worker-2", ip, listen: "8080/TCP" }));
  const view = testView({
    pods: [...pods, { name: "curl", node: "worker-1", ip: "10.244.1.9" }],
    rules: () => ladder(rungs, ips),
  });
  const result = explore(
    view,
    EMPTY_NETWORK,
    { from: "pod/default/curl", to: `${VIP}:80`, protocol: "tcp" },
    { id: 0, chooser: seededChooser(1), ...(limit === undefined ? {} : { limit }) },
  );
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

describe("explore", () => {
  it("gives exactly 1/n each for kube-proxy's ladder 1/n, 1/(n-1), ... 1/2, else", () => {
    for (let n = 1; n <= 30; n++) {
      const rungs = Array.from({ length: n - 1 }, (_, i) => ({ of: n - i }));
      const { walks, unexplored } = weights(rungs);
      expect(walks.map((w) => w.probability)).toEqual(Array.from({ length: n }, () => 1 / n));
      expect(walks.map((w) => w.backend?.pod)).toEqual(Array.from({ length: n }, (_, i) => `default/web-${i}`));
      expect(unexplored).toBeUndefined();
    }
  });

  it("weighs whatever else a rule says; all branches together weigh 1", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 }), (values) => {
        const { walks } = weights(values.map((value) => ({ value })));
        expect(walks.reduce((sum, w) => sum + w.probability, 0)).toBeCloseTo(1, 12);
        expect(walks.every((w) => w.probability > 0)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it("follows no branch that cannot be", () => {
    expect(weights([{ value: 0 }, { value: 1 }, { of: 2 }]).walks.map((w) => w.backend?.pod)).toEqual([
      "default/web-1",
    ]);
  });

  it("stops at its limit and says what weight it left out", () => {
    const { walks, unexplored } = weights([{ of: 4 }, { of: 3 }, { of: 2 }], 2);
    expect([walks.length, unexplored]).toEqual([2, 0.5]);
  });

  it("divides long fractions to the nearest double", () => {
    expect(toNumber({ num: 10n ** 40n, den: 3n * 10n ** 40n })).toBe(1 / 3);
    expect(toNumber({ num: 1n, den: 3n ** 200n })).toBeCloseTo(3 ** -200, 110);
    expect(toNumber({ num: 0n, den: 7n })).toBe(0);
  });
});
