import { expect, test } from "vitest";
import { draw, drawBelow } from "../base/draw.ts";
import { SECOND } from "../base/time.ts";
import type { Command, CommandRecord } from "../wire/protocol.ts";
import { Session } from "./commands.ts";
import { type Act, difference, historyOf, mended, offer, played, shrunk, stateOf } from "./random.ts";

/** Histories that failed once. They are played first, for ever. */
const KEPT: readonly number[] = [80, 615];
const COUNT = Number(process.env["KUBEHOP_FUZZ"] ?? 200);
const NUMBERS = [...KEPT, ...Array.from({ length: COUNT }, (_, i) => i + 1)];

/** The first history that fails, as short as it can be made; null when none does. */
function firstFailure(fails: (acts: readonly Act[], n: number) => string | null): string | null {
  for (const n of NUMBERS) {
    const found = shrunk(historyOf(n), (acts) => fails(acts, n));
    if (found !== null) return [`history ${n}: ${found.why}`, ...found.acts.map((a) => JSON.stringify(a))].join("\n");
  }
  return null;
}

/** A rollout that can never end keeps what was there before it, and that a run may have passed over. */
function completable(act: Act): Act {
  if (act.do !== "text") return act;
  return { ...act, apps: act.apps.map((app) => (app.behavior === "ready=false" ? { ...app, behavior: "" } : app)) };
}

test("a run that has come to rest is what settling comes to", () => {
  const failure = firstFailure((all) => {
    const acts = all.map(completable);
    const run = played(acts, "run", true);
    const settled = played(acts, "settle", true);
    if (!mended(settled)) return "settling never rests";
    if (!mended(run)) return "the run never rests";
    return difference(offer(run), offer(settled));
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
    const session = played(acts, "run");
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
    expect(difference(stateOf(played(historyOf(n), "run")), stateOf(played(historyOf(n), "run")))).toBeNull();
  }
});
