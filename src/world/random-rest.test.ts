import { expect, test } from "vitest";
import type { Session } from "./commands.ts";
import { difference, firstFailure, offer } from "./random-compare.ts";
import { applied, completable, helped, mended, played, stuck, unfinished } from "./random-play.ts";
import type { Text } from "./random-text.ts";

const COUNT = Number(process.env["KUBEHOP_FUZZ"] ?? 200);

const NOTHING: Text = { apps: [], handMade: null };

/**
 * Controllers look at what is, not at how it came about, so where a run comes to rest is where settling does, with two
 * exceptions, which the real ones make too. (1) What is on its way out when a text comes takes it along, or holds what the
 * text asks for, and whether it is still there is a matter of pace: then the text is applied once more at rest. (2) What a
 * workload has at rest depends on the way there while its rollout is `unfinished`: its pods, counts and endpoints are compared
 * after it has been given a template that can become ready, everything else before.
 */
test("a run that has come to rest is what settling comes to", () => {
  const failure = firstFailure(COUNT, (acts) => {
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
