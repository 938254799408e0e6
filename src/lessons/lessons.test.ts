/** Every lesson, done headlessly: the start fails, each step fails before its solution and passes after it, and no answer is a guess. */
import { describe, expect, it } from "vitest";
import { goalsMet, markNow } from "../world/lesson.ts";
import type { ProxyMode } from "../model/config/types.ts";
import type { FindingId } from "../model/trace/finding.ts";
import { LESSONS } from "./index.ts";
import { errorsIn, inMode, opened, played } from "./testing.ts";

const MODES: readonly ProxyMode[] = ["iptables", "nftables", "ipvs", "userspace"];

/** Lessons that end with something broken on purpose: by their text, or by what was done after it. */
const LEFT: Readonly<Record<string, { readonly text?: readonly FindingId[]; readonly after?: readonly FindingId[] }>> =
  {
    // The client was given the label of the pods.
    "04-selector": { after: ["SVC-TARGET-PORT-CLOSED"] },
    // A selector that picks nothing keeps the address.
    "15-metallb": { text: ["SVC-SELECTOR-NO-MATCH"] },
    // The pod was deleted.
    "18-dns": { after: ["SVC-SELECTOR-NO-MATCH"] },
    // A Service of which only the variables matter.
    "19-env": { text: ["SVC-SELECTOR-NO-MATCH"] },
    // An alias was made of an address.
    "21-externalname": { text: ["EXTERNALNAME-LIMITS"] },
    // An address of somebody outside was claimed.
    "23-external-ips": { text: ["EXTERNALIP-HIJACK"] },
    // Nobody listens on the SCTP port.
    "26-protocols": { text: ["SVC-TARGET-PORT-CLOSED"] },
  };

describe.each(LESSONS.map((lesson) => [lesson.slug, lesson] as const))("%s", (_slug, lesson) => {
  it("fails its goals at the start", () => {
    const { world, wrong } = opened(lesson);
    expect(wrong).toEqual([]);
    const goals = lesson.steps.map(({ goal }) => goal);
    expect(goalsMet(world, { goals, since: markNow(world) })).not.toContain(true);
  });

  it("is solved step by step, and then nothing is wrong that it has not left so, in any mode", () => {
    const { world, wrong } = played(lesson);
    expect(wrong).toEqual([]);
    const { text = [], after = text } = LEFT[lesson.slug] ?? {};
    expect(errorsIn(world)).toEqual(after);
    const mode = MODES[LESSONS.indexOf(lesson) % MODES.length] ?? "iptables";
    expect(errorsIn(inMode(world, mode))).toEqual(text);
  });

  it("asks the learner to predict", () => {
    expect(lesson.steps.filter(({ predict }) => predict !== null)).not.toEqual([]);
  });
});
