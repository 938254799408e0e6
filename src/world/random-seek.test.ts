import { expect, test } from "vitest";
import { draw, drawBelow } from "../base/draw.ts";
import { SECOND } from "../base/time.ts";
import type { Command, CommandRecord } from "../wire/protocol.ts";
import { Session } from "./commands.ts";
import { historyOf } from "./random.ts";
import { difference, firstFailure, stateOf } from "./random-compare.ts";
import { played } from "./random-play.ts";

const COUNT = Number(process.env["KUBEHOP_FUZZ"] ?? 200);

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
  const failure = firstFailure(COUNT, (acts, n) => {
    const { session } = played(acts, "run");
    session.dispatch({ type: "run", micros: SECOND });
    const end = stateOf(session);
    const { commands, endOfHistory } = session;
    // Any moment, or one at which something was done.
    const given = commands[drawBelow(n, "command", commands.length)]?.at ?? 0;
    const t = drawBelow(n, "which", 2) === 0 ? given : Math.floor(draw(n, "moment") * (endOfHistory + 1));
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
