import fc from "fast-check";
import { expect, it } from "vitest";
import type { ObjectReader } from "../apiserver/types.ts";
import type { Labels } from "../model/meta/types.ts";
import type { Pod } from "../model/pod/types.ts";
import { type Alike, PodTally, talliedPods } from "./tally.ts";

const LABELS: readonly (Labels | undefined)[] = [{ app: "web" }, { app: "web" }, undefined];
const CONDITIONS: readonly Pod["status"]["conditions"][] = [undefined, [], [{ type: "Ready", status: "True" }]];
const NAMES = ["a", "b", "c", "d", "e", "f"];

const arbPod = fc
  .record({
    name: fc.constantFrom(...NAMES),
    labels: fc.constantFrom(...LABELS),
    conditions: fc.constantFrom(...CONDITIONS),
    phase: fc.constantFrom("Running", "Failed"),
    deleting: fc.boolean(),
  })
  .map(
    ({ name, labels, conditions, phase, deleting }) =>
      ({
        apiVersion: "v1",
        kind: "Pod",
        metadata: {
          name,
          namespace: "default",
          labels,
          ...(deleting ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {}),
        },
        spec: { containers: [] },
        status: { phase, conditions },
      }) as Pod,
  );

/** Counts in no particular order, labels and conditions by identity. */
const comparable = (alike: readonly Alike[]): readonly string[] =>
  alike
    .filter(({ active, over }) => active + over > 0)
    .map(({ labels, conditions, active, over }) =>
      [LABELS.indexOf(labels), CONDITIONS.indexOf(conditions), active, over].join(" "),
    )
    .sort();

it("counts from list to list what it would count of each alone", () => {
  fc.assert(
    // Each step keeps some pods, and brings others under names that were there or were not.
    fc.property(
      fc.array(fc.array(fc.oneof(arbPod, fc.constantFrom(...NAMES)), { maxLength: 8 }), { maxLength: 6 }),
      (steps) => {
        const tally = new PodTally();
        let last = new Map<string, Pod>();
        for (const step of steps) {
          const next = new Map<string, Pod>();
          for (const part of step) {
            const pod = typeof part === "string" ? last.get(part) : part;
            if (pod !== undefined) next.set(pod.metadata.name, pod);
          }
          const list = [...next.values()].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
          expect(comparable(tally.of(list))).toEqual(comparable(new PodTally().of(list)));
          const active = list.filter((p) => p.status.phase === "Running" && p.metadata.deletionTimestamp === undefined);
          expect(tally.of(list).reduce((sum, group) => sum + group.active, 0)).toBe(active.length);
          last = next;
        }
      },
    ),
  );
});

it("does not look at a pod again that is where it was", () => {
  let looked = 0;
  const pod = (name: string): Pod =>
    ({
      apiVersion: "v1",
      get kind() {
        looked += 1;
        return "Pod";
      },
      metadata: { name, namespace: "default" },
      spec: { containers: [] },
      status: { phase: "Running" },
    }) as Pod;
  const many = Array.from({ length: 1000 }, (_, i) => pod(`web-${String(i).padStart(4, "0")}`));
  let owned = many;
  const reader = { ownedBy: () => owned } as unknown as ObjectReader;
  expect(talliedPods("u", reader)?.map(({ active }) => active)).toEqual([1000]);
  const before = looked;
  owned = [...many.slice(0, 500), pod("web-0499x"), ...many.slice(501)];
  expect(talliedPods("u", reader)?.[0]?.active).toBe(1000);
  expect(looked - before).toBeLessThan(10);
});
