import { beforeEach, expect, test } from "vitest";
import { mirror } from "../../mirror/store.ts";
import type { RaceChange, RaceKnob } from "../../model/trace/race.ts";
import type { Client } from "../../wire/client.ts";
import type { Queries } from "../../wire/protocol.ts";
import { usePage } from "../shell/page.ts";
import type { Session } from "../shell/session.ts";
import { clusterOf, isStale, openStory, runRace, stopRace, useRace, type Asked } from "./state.ts";
import { FIRST_WISH } from "./wish.ts";

type Params = Queries["race"]["params"];
type Answer = Queries["race"]["answer"];

const change: RaceChange = { type: "rollout", deployment: "Deployment/shop/web" as never };
const wish = { ...FIRST_WISH, seeds: 2 };

function played({ seed, knob, steps }: Params, lost: number): Answer {
  const times = { width: 200_000, lost: [] };
  const run = { seed, knob, sent: 100, lost, outcomes: {}, first: null, reasons: [], times, finished: true };
  const load = { from: "pod/shop/curl", to: "service/shop/web:80", protocol: "tcp", rate: 10, duration: 1 } as const;
  const command = { type: "text", text: `with ${knob ?? "nothing"}` } as const;
  const loss = { kind: "lost", at: 2, after: 1, event: 7, text: "lost", outcome: "refused" } as const;
  const begin = { kind: "change", at: 1, after: 0, event: 1, text: "kubectl" } as const;
  const history = { seed, commands: [{ at: 0, command }] };
  return { load, run, history, ...(steps === true ? { steps: [begin, loss] } : {}) };
}

/** A session whose second simulator answers as it is told. */
function sessionOf(answer: (params: Params) => Answer | Promise<Answer>): {
  readonly session: Session;
  readonly asked: [number, RaceKnob | null][];
  readonly closed: () => number;
} {
  const asked: [number, RaceKnob | null][] = [];
  let closed = 0;
  const aside = {
    load: () => Promise.resolve({ refusal: null, walk: null }),
    query: async (_: string, params: Params): Promise<Answer> => {
      asked.push([params.seed, params.knob]);
      const is = await answer(params);
      if (closed > 0) throw new Error("closed");
      return is;
    },
    close: () => (closed += 1),
  };
  const session = {
    flush: () => Promise.resolve(),
    client: { history: () => ({ seed: null, commands: [] }) },
    aside: () => aside as unknown as Client,
  } as unknown as Session;
  return { session, asked, closed: () => closed };
}

beforeEach(() => {
  stopRace("");
  usePage.setState({ draft: "the text" });
  mirror.setState({ report: { accepted: true, diagnostics: [], admitted: 1, revision: 1 } });
});

const LOSSES: Readonly<Record<RaceKnob | "none", number>> = {
  none: 4,
  preStop: 0,
  readinessProbe: 4,
  terminationGracePeriodSeconds: 4,
  minSyncPeriod: 1,
};

test("all seeds as it is, then with each knob; a knob that cannot be turned is passed over, with the reason", async () => {
  const { session, asked } = sessionOf((params) =>
    params.knob === "readinessProbe"
      ? { message: "The container names no port to probe.", field: null }
      : played(params, LOSSES[params.knob ?? "none"]),
  );
  await runRace(session, change, wish);
  expect(asked.map(([seed, knob]) => `${knob ?? ""}${String(seed)}`)).toEqual([
    "1",
    "2",
    "preStop1",
    "preStop2",
    "readinessProbe1",
    "terminationGracePeriodSeconds1",
    "terminationGracePeriodSeconds2",
    "minSyncPeriod1",
    "minSyncPeriod2",
  ]);
  const { rows, running, texts, load } = useRace.getState();
  expect(rows.map(({ lost, skipped }) => skipped ?? lost)).toEqual([
    8,
    0,
    "The container names no port to probe.",
    8,
    2,
  ]);
  expect([running, texts.get("preStop"), load?.from]).toEqual([false, "with preStop", "pod/shop/curl"]);
});

test("where nothing is lost no knob is tried; a refusal is said", async () => {
  const nothing = sessionOf((params) => played(params, 0));
  await runRace(nothing.session, change, wish);
  expect(nothing.asked).toHaveLength(2);
  const refused = sessionOf(() => ({ message: "No Service leads to the pods that would go.", field: "to" }));
  await runRace(refused.session, change, wish);
  expect(useRace.getState()).toMatchObject({ rows: [], running: false, ended: expect.stringContaining("No Service") });
});

test("an edit while it runs ends it: what was played stays, and the simulator that played is ended", async () => {
  const { session, asked, closed } = sessionOf((params) => {
    if (params.seed === 2) usePage.setState({ draft: "another text" });
    return played(params, 4);
  });
  await runRace(session, change, wish);
  const { rows, ended, running } = useRace.getState();
  expect(ended).toBe("The text or the cluster was changed: the race was ended after 1 of 2 histories. Run it again.");
  expect([rows[0]?.runs.length, running, asked.length, closed()]).toEqual([1, false, 2, 1]);
});

test("Cancel ends it in the middle of a history", async () => {
  const { session, closed } = sessionOf((params) => {
    if (params.seed === 2) stopRace("Cancelled.");
    return played(params, 4);
  });
  await runRace(session, change, wish);
  expect([useRace.getState().ended, useRace.getState().rows[0]?.runs.length, closed()]).toEqual(["Cancelled.", 1, 1]);
});

test("a text that the API server refuses is not raced", async () => {
  mirror.setState({ report: { accepted: false, diagnostics: [], admitted: 0, revision: 1 } });
  const { session, asked } = sessionOf((params) => played(params, 4));
  await runRace(session, change, wish);
  expect([asked.length, useRace.getState().ended]).toEqual([0, expect.stringContaining("refused: mend it first")]);
});

test("a history opens at its first lost request", async () => {
  const { session } = sessionOf((params) => played(params, 4));
  await runRace(session, change, wish);
  await openStory(session, 2, "minSyncPeriod");
  expect(useRace.getState().story).toMatchObject({ seed: 2, knob: "minSyncPeriod", at: 1 });
});

test("requests and passing time leave a race as it is; a command that changes the cluster does not", () => {
  const text = { at: 0, command: { type: "text", text: "a" } } as const;
  const send = { at: 1, command: { type: "send", request: { from: "x", to: "y", protocol: "tcp" } } } as const;
  const run = { at: 1, command: { type: "run", micros: 5 } } as const;
  const mode = { at: 2, command: { type: "mode", mode: "ipvs" } } as const;
  expect(clusterOf([text, send, run])).toBe(clusterOf([text]));
  expect(clusterOf([text, mode])).not.toBe(clusterOf([text]));
  const asked = { cluster: "before" } as Asked;
  expect(isStale({ asked, opened: null }, "after")).toBe(true);
  expect(isStale({ asked, opened: { fork: {} as never, seed: 1, knob: null } }, "after")).toBe(false);
});
