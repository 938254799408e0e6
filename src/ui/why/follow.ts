/** Where an evidence or a finding's hop leads. */
import type { Evidence, FailingHop } from "../../model/trace/finding.ts";
import type { Exploration, Walk } from "../../model/trace/types.ts";
import { usePlayback } from "../playback.ts";
import { say } from "../shell/page.ts";
import { useUi, type HopSelection } from "../state.ts";

/** The hop in a walk, which may be told otherwise than where it was found: through a relay as one way, or sent at another time. */
export function hopIn(walk: Walk, { leg, index, place, label, note }: FailingHop): HopSelection | null {
  const hops = leg === "request" ? walk.hops : walk.reply;
  const same = hops.findIndex((hop) => hop.place === place && hop.note === note);
  if (same >= 0) return { leg, index: same };
  const hop = hops[index];
  return hop?.place === place && hop.label === label ? { leg, index } : null;
}

/** The walk that a hop is of: a branch of the exploration, or one within it. */
export function walkOf({ walk, child }: FailingHop, { walks }: Exploration): Walk | null {
  return child.reduce<Walk | null>((outer, at) => outer?.children[at] ?? null, walks[walk] ?? null);
}

/** Goes to the hop on the ladder; when the walk on stage does not have it, a possible walk that does comes on stage. */
export function followHop(hop: FailingHop, exploration: Exploration | null): void {
  const { walk, show, select } = usePlayback.getState();
  const here = walk === null ? null : hopIn(walk, hop);
  if (here !== null) {
    select(here);
    return;
  }
  const other = exploration === null ? null : walkOf(hop, exploration);
  const there = other === null ? null : hopIn(other, hop);
  if (other === null || there === null) {
    say("No walk of the present has this hop any more.");
    return;
  }
  show(other, { paused: true });
  select(there);
  useUi.getState().set({ center: "map" });
}

export function followEvidence(evidence: Evidence, hop: FailingHop | null, exploration: Exploration | null): void {
  const { set } = useUi.getState();
  if (evidence.kind === "rule")
    set({ dock: "rules", rulesNode: evidence.node, rulesFocus: evidence.rule, phone: "details" });
  else if (evidence.kind === "walk") {
    if (hop !== null) followHop(hop, exploration);
  } else if (evidence.range === null) set({ object: evidence.object });
  else set({ object: evidence.object, revealLine: evidence.range.startLine });
}
