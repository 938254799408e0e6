import { describe, expect, it } from "vitest";
import type { Walk } from "../../model/trace/types.ts";
import type { JournalEntry } from "../../wire/protocol.ts";
import { SPEEDS } from "../playback.ts";
import { choicesOf, filtered } from "./filter.ts";
import { fittingSpeed, indexAt, nextFailure, paceOf, placeOf, stepFrom } from "./moments.ts";
import { NO_FILTER } from "./time.ts";

const entry = (seq: number, over: Partial<JournalEntry> = {}): JournalEntry => ({
  seq,
  at: seq * 10,
  lane: "controllers",
  node: "",
  title: `event ${String(seq)}`,
  detail: "",
  revision: null,
  cause: null,
  objects: [],
  ...over,
});
const walk = (id: number, startedAt: number, outcome: Walk["outcome"]): Walk =>
  ({ id, startedAt, endedAt: startedAt + 5, outcome }) as Walk;

describe("places", () => {
  it("are right after an event, and for what the API server tells right after the event that wrote it", () => {
    expect(placeOf(entry(3))).toEqual({ at: 30, after: 3 });
    expect(placeOf(entry(1e9 + 4, { at: 30, lane: "api", cause: 3 }))).toEqual({ at: 30, after: 3 });
  });

  it("are gone to from event to event, never to a revision by itself", () => {
    const journal = [entry(1), entry(2), entry(1e9, { lane: "api", cause: 2 }), entry(3)];
    expect(stepFrom(journal, 1, 1)).toBe(3);
    expect(stepFrom(journal, 3, -1)).toBe(1);
    expect(stepFrom(journal, 3, 1)).toBeNull();
    expect(stepFrom(journal, -1, 1)).toBe(0);
  });

  it("are found by their time", () => {
    const journal = [entry(1), entry(2), entry(3, { at: 20 }), entry(4)];
    expect([5, 10, 20, 39, 99].map((at) => indexAt(journal, at))).toEqual([-1, 0, 2, 2, 3]);
  });
});

describe("the next failure", () => {
  const journal = [entry(1), entry(2, { title: "Container web failed its readiness probe" }), entry(3)];
  const walks = [walk(1, 5, "delivered"), walk(2, 20, "refused"), walk(3, 40, "timeout")];
  const names: string[] = [];

  it("goes from the event to the walks and round again", () => {
    let last = null;
    for (let n = 0; n < 4; n++) {
      const found = nextFailure({ journal, walks }, last, 0);
      last = found;
      names.push(found === null ? "none" : found.kind === "walk" ? `walk ${String(found.walk.id)}` : found.entry.title);
    }
    expect(names).toEqual([
      "Container web failed its readiness probe",
      "walk 2",
      "walk 3",
      "Container web failed its readiness probe",
    ]);
  });

  it("begins at the moment shown, and is null where all went well", () => {
    const found = nextFailure({ journal, walks }, null, 30);
    expect(found?.kind === "walk" ? found.walk.id : null).toBe(3);
    expect(nextFailure({ journal: [entry(1)], walks: [walk(1, 5, "delivered")] }, null, 0)).toBeNull();
  });
});

describe("pace and speed", () => {
  it("settles until told otherwise", () => {
    expect(paceOf([])).toBe("settle");
    expect(
      paceOf([
        { at: 0, command: { type: "pace", pace: "run" } },
        { at: 1, command: { type: "run", micros: 5 } },
      ]),
    ).toBe("run");
  });

  it("shows a history of 80 s in about 8 s, one of 2 ms slowly", () => {
    expect(fittingSpeed(SPEEDS, 80e6)).toBe(10);
    expect(fittingSpeed(SPEEDS, 2_000)).toBe(1 / 5000);
    expect(fittingSpeed(SPEEDS, 0)).toBe(SPEEDS[0]);
  });
});

describe("a filter", () => {
  const journal = [
    entry(1, { lane: "user", title: "kubectl apply" }),
    entry(2, { title: "reconcile Deployment/shop/web", objects: ["Deployment/shop/web" as never] }),
    entry(3, { title: "Created pod: web-1", objects: ["Pod/shop/web-1" as never] }),
    entry(4, { title: "Created pod: dns-1", objects: ["Pod/kube-system/dns-1" as never] }),
    entry(5, { lane: "kube-proxy", node: "worker-1", title: "rules written" }),
  ];
  const left = (over: Partial<typeof NO_FILTER>): readonly number[] =>
    filtered(journal, { ...NO_FILTER, ...over }).map(({ seq }) => seq);

  it("keeps what the reader did, and else only what it asks for", () => {
    expect(left({})).toEqual([1, 2, 3, 4, 5]);
    expect(left({ namespace: "shop" })).toEqual([1, 2, 3, 5]);
    expect(left({ kind: "Pod" })).toEqual([1, 3, 4]);
    expect(left({ words: "CREATED dns" })).toEqual([1, 4]);
    expect(left({ quiet: true })).toEqual([1, 3, 4, 5]);
    expect(choicesOf(journal)).toEqual({ namespaces: ["kube-system", "shop"], kinds: ["Deployment", "Pod"] });
  });
});
