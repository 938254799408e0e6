import { describe, expect, it } from "vitest";
import { layoutOf } from "./layout.ts";
import { settled } from "./settled.ts";
import { mirrorOf, WALKS } from "./testing/fixture.ts";
import type { KubeObject, ObjectKey } from "../model/meta/types.ts";

const mirror = mirrorOf();
const made = () => layoutOf(mirror, { walk: WALKS.vip() });

describe("a layout made anew", () => {
  it("is the last one where nothing differs", () => {
    const first = made();
    expect(settled(first, made())).toBe(first);
  });

  it("keeps the cards of what did not change", () => {
    const first = made();
    const key = [...mirror.objects.keys()].find((one) => one.startsWith("Pod/")) ?? ("" as ObjectKey);
    const failed: object = { ...mirror.objects.get(key), status: { phase: "Failed", conditions: [] } };
    const objects = new Map(mirror.objects).set(key, failed as KubeObject);
    const next = settled(first, layoutOf({ ...mirror, objects }, { walk: WALKS.vip() }));
    expect(next).not.toBe(first);
    const other = next.cards.filter((card, i) => card !== first.cards[i]);
    expect(other.map((card) => card.object)).toEqual([key]);
    expect(next.wires).toBe(first.wires);
    expect(next.slots).toBe(first.slots);
  });

  it("keeps no card that is gone, and says so of its list", () => {
    const first = made();
    const objects = new Map([...mirror.objects].filter(([, object]) => object.kind !== "Node"));
    const next = settled(first, layoutOf({ ...mirror, objects }, { walk: null }));
    expect(next.cards.some((card) => card.kind === "node" || card.kind === "pod")).toBe(false);
    expect(next.slots).not.toBe(first.slots);
  });
});
