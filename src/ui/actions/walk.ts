import { mirror } from "../../mirror/store.ts";
import { currentHop, usePlayback } from "../playback.ts";
import { say } from "../shell/page.ts";
import type { Session } from "../shell/session.ts";
import { useUi } from "../state.ts";
import { stepStory } from "../controlplane/state.ts";
import { useTime } from "../time/time.ts";
import type { Action } from "./registry.ts";

const hasWalk = (): boolean => usePlayback.getState().walk !== null;

/** The next walk in order, or the one before, put on stage at its start. */
function stepWalk(by: 1 | -1): void {
  const { walks } = mirror.getState();
  const at = walks.findIndex(({ id }) => id === useUi.getState().walk);
  const next = walks[Math.min(walks.length - 1, Math.max(0, at + by))];
  if (next === undefined) return;
  useUi.getState().set({ walk: next.id });
  usePlayback.getState().show(next, { paused: true });
  say(`Walk ${String(next.id)}, ${next.outcome}: ${next.summary}`);
}

/** Follows the rule of the hop on show back to the line that made it. */
async function because(session: Session): Promise<void> {
  const { walk } = usePlayback.getState();
  const at = currentHop(usePlayback.getState());
  const hop = walk === null || at === null ? undefined : (at.leg === "request" ? walk.hops : walk.reply)[at.index];
  const origin =
    hop?.rule?.origin ?? hop?.steps.findLast(({ matched, rule }) => matched && rule.origin !== null)?.rule.origin;
  if (origin === undefined || origin === null || origin.object === null) {
    say("No line of the text made this hop.");
    return;
  }
  const found = await session.client.query("locate", { object: origin.object, path: origin.path }).catch(() => null);
  if (found === null) {
    say(`${origin.object} is not in the text.`);
    return;
  }
  useUi.getState().set({ revealLine: found.range.startLine });
  say(`Line ${String(found.range.startLine)}: ${origin.why}`);
}

/** What is done with the walk on stage. */
export const WALK_ACTIONS: readonly Action[] = [
  {
    id: "walk.play",
    title: "Play or pause",
    group: "The walk",
    keys: ["Space"],
    yields: "pressable",
    enabled: () => hasWalk() || useTime.getState().scope === "history",
    run: ({ session }) => {
      const { playing, pause, play } = usePlayback.getState();
      const time = useTime.getState();
      if (time.playing) session.time.pause();
      else if (time.scope === "history") session.time.play();
      else if (playing) pause();
      else play();
    },
  },
  {
    id: "walk.back",
    title: "One hop back",
    group: "The walk",
    keys: ["←"],
    yields: "arrowed",
    run: ({ session }) => stepStory(session, -1) || usePlayback.getState().step(-1),
  },
  {
    id: "walk.on",
    title: "One hop on",
    group: "The walk",
    keys: ["→"],
    yields: "arrowed",
    run: ({ session }) => stepStory(session, 1) || usePlayback.getState().step(1),
  },
  {
    id: "walk.down",
    title: "Down the ladder",
    group: "The walk",
    keys: ["J"],
    run: ({ session }) => stepStory(session, 1) || usePlayback.getState().step(1),
  },
  {
    id: "walk.up",
    title: "Up the ladder",
    group: "The walk",
    keys: ["K"],
    run: ({ session }) => stepStory(session, -1) || usePlayback.getState().step(-1),
  },
  {
    id: "walk.previous",
    title: "Previous walk",
    group: "The walk",
    keys: ["⇧←"],
    yields: "arrowed",
    run: () => stepWalk(-1),
  },
  {
    id: "walk.next",
    title: "Next walk",
    group: "The walk",
    keys: ["⇧→"],
    yields: "arrowed",
    run: () => stepWalk(1),
  },
  {
    id: "walk.jump",
    title: "Jump along the walk, or along the history",
    group: "The walk",
    keys: ["0–9"],
    keyOnly: true,
    enabled: () => hasWalk() || useTime.getState().scope === "history",
    run: ({ session }, event) => {
      const { walk, pause, seek } = usePlayback.getState();
      if (event === undefined) return false;
      if (useTime.getState().scope === "history") {
        session.time.jump(Number(event.key));
        return true;
      }
      if (walk === null) return false;
      pause();
      seek(walk.startedAt + ((walk.endedAt - walk.startedAt) * Number(event.key)) / 9);
      return true;
    },
  },
  {
    id: "walk.why",
    title: "Why not: what keeps the packet from arriving, and the edit that mends it",
    group: "The walk",
    keys: ["W"],
    hint: "diagnosis finding fix",
    enabled: hasWalk,
    run: ({ layout }) => void import("../why/open.ts").then(({ openWhy }) => openWhy(layout)),
  },
  {
    id: "walk.because",
    title: "Because: show the line behind this hop’s rule",
    group: "The walk",
    keys: ["B"],
    enabled: hasWalk,
    run: ({ session }) => void because(session),
  },
];
