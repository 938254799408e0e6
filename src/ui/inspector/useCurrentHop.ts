import { useMemo } from "react";
import { currentHop, usePlayback } from "../playback.ts";
import type { Hop, Walk } from "../../model/trace/types.ts";
import type { HopSelection } from "../state.ts";

/** The hop under the playhead. Redraws only when that hop changes, not with every frame. */
export function useCurrentHop(): {
  readonly walk: Walk | null;
  readonly selection: HopSelection | null;
  readonly hop: Hop | null;
} {
  const walk = usePlayback((state) => state.walk);
  const id = usePlayback((state) => {
    const at = currentHop(state);
    return at === null ? "" : `${at.leg}:${at.index}`;
  });
  return useMemo(() => {
    if (walk === null || id === "") return { walk, selection: null, hop: null };
    const [leg, index] = id.split(":");
    const selection: HopSelection = { leg: leg === "reply" ? "reply" : "request", index: Number(index) };
    const hop = (selection.leg === "request" ? walk.hops : walk.reply)[selection.index] ?? null;
    return { walk, selection, hop };
  }, [walk, id]);
}

/** Whether the walk is to be read as a whole: while it plays, and after it, until the reader goes to a hop. */
export function useWholeWalk(): boolean {
  return usePlayback(({ walk, at, playing, reading }) => walk !== null && !reading && (playing || at >= walk.endedAt));
}
