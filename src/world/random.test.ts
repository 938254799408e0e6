import { expect, test } from "vitest";
import { draw, drawBelow } from "../base/draw.ts";
import { SECOND } from "../base/time.ts";
import type { Command, CommandRecord } from "../wire/protocol.ts";
import { Session } from "./commands.ts";
import { type Act, historyOf } from "./random.ts";
import type { Text } from "./random-text.ts";
import { difference, offer, shrunk, stateOf } from "./random-compare.ts";
import { KEPT } from "./random-kept.ts";
import { applied, completable, helped, mended, played, stuck, unfinished } from "./random-play.ts";

const COUNT = Number(process.env["KUBEHOP_FUZZ"] ?? 200);

/** Histories that failed once are played first, for ever. */
const HISTORIES: readonly (readonly [number, readonly Act[]])[] = [
  ...KEPT.map((acts, i) => [-1 - i, acts] as const),
  ...Array.from({ length: COUNT }, (_, i) => [i + 1, historyOf(i + 1)] as const),
];

const NOTHING: Text = { apps: [], handMade: null };

/** The first history that fails, as short as it can be made; null when none does. */
function firstFailure(fails: (acts: readonly Act[], n: number) => string | null): string | null {
  for (const [n, history] of HISTORIES) {
    const found = shrunk(history, (acts) => fails(acts, n));
    if (found !== null) return [`history ${n}: ${found.why}`, ...found.acts.map((a) => JSON.stringify(a))].join("\n");
  }
  return null;
}

/**
 * Controllers look at what is, not at how it came about, so where a run comes to rest is where settling does, with two
 * exceptions, which the real ones make too. (1) What is on its way out when a text comes takes it along, or holds what the
 * text asks for, and whether it is still there is a matter of pace: then the text is applied once more at rest. (2) What a
 * workload has at rest depends on the way there while its rollout is `unfinished`: its pods, counts and endpoints are compared
 * after it has been given a template that can become ready, everything else before.
 */
test("a run that has come to rest is what settling comes to", () => {
  const failure = firstFailure((acts) => {
    const worlds = [played(acts, "run", false), played(acts, "settle", false)] as const;
    const both = worlds.map(({ session }) => session) as [Session, Session];
    const [run, settled] = both;
    if (!both.map(mended).every(Boolean)) return "it never rests";
    const text = acts.findLast((act) => act.do === "text") ?? NOTHING;
    if (worlds.some(({ lost }) => lost)) {
      let answers = both.map((session) => applied(session, text));
      // A port moves from one Service to another in two steps.
      if (answers.includes("refused")) answers = [NOTHING, text].flatMap((t) => both.map((s) => applied(s, t)));
      if (answers.some((answer) => answer !== "rests")) return `applied once more: ${answers.join()}`;
    }
    const open = new Set(both.flatMap((session) => [...unfinished(session)]));
    const differs = difference(offer(run, open), offer(settled, open));
    if (differs !== null || open.size === 0) return differs;
    const stuckHere = difference(stuck(run), stuck(settled));
    if (stuckHere !== null) return `stuck: ${stuckHere}`;
    const answers = both.map((session) => applied(session, completable(text)));
    if (answers.some((answer) => answer !== "rests")) return `completed: ${answers.join()}`;
    if (!both.map(helped).every(Boolean)) return "completed, it never rests";
    const atLast = difference(offer(run), offer(settled));
    return atLast === null ? null : `completed: ${atLast}`;
  });
  expect(failure).toBeNull();
});

/** The commands of a history up to `t`, the last run cut short there. Null when a send spans that moment. */
function upTo(commands: readonly CommandRecord[], t: number, seed = 1): Session | null {
  const session = new Session(seed);
  for (const { at, command } of commands) {
    if (at > t) break;
    const cut: Command = command.type === "run" ? { type: "run", micros: Math.min(command.micros, t - at) } : command;
    session.dispatch(cut);
    if (session.cluster.now > t) return null;
  }
  return session;
}

test("seek(t) is the run to t; going on from there is going on; the end is as it was", () => {
  const failure = firstFailure((acts, n) => {
    const { session } = played(acts, "run");
    session.dispatch({ type: "run", micros: SECOND });
    const end = stateOf(session);
    const { commands, endOfHistory } = session;
    const t = Math.floor(draw(n, "moment") * (endOfHistory + 1));
    const fresh = upTo(commands, t);
    session.seek(t);
    if (fresh !== null) {
      const differs = difference(stateOf(session), stateOf(fresh));
      if (differs !== null) return `seek(${t}) is not the run: ${differs}`;
    }
    session.seek(endOfHistory);
    const differs = difference(stateOf(session), end);
    if (differs !== null) return `the end after seek(${t}) is not the end: ${differs}`;
    session.seek(t);
    if (fresh === null) return null;
    const next: readonly Command[] = [
      { type: "fault", fault: "node", node: drawBelow(n, "node", 2) === 0 ? "a" : "b", on: false },
      { type: "run", micros: 70 * SECOND },
    ];
    for (const command of next) for (const world of [session, fresh]) world.dispatch(command);
    const apart = difference([stateOf(session, true), session.commands], [stateOf(fresh, true), fresh.commands]);
    return apart === null ? null : `going on after seek(${t}) differs: ${apart}`;
  });
  expect(failure).toBeNull();
});

test("the same history is the same world", () => {
  for (const n of [1, 2, 3]) {
    const [a, b] = [1, 2].map(() => stateOf(played(historyOf(n), "run").session));
    expect(difference(a, b)).toBeNull();
  }
});
