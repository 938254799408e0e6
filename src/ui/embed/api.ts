/** The frame's end of postMessage. */
import { mirror } from "../../mirror/store.ts";
import { positionAt, sequence, usePlayback } from "../playback.ts";
import { useUi } from "../state.ts";
import { type Asked, readAsked, type Told } from "./messages.ts";

function tell(message: Told): void {
  // Whoever embeds may listen: it gave the scenario, and nothing else is in the frame.
  window.parent.postMessage(message, "*");
}

function state(): Told {
  const { walk, at, playing } = usePlayback.getState();
  const all = walk === null ? [] : sequence(walk);
  const position = walk === null ? 0 : positionAt(walk, at);
  const hop = all[position]?.hop ?? null;
  return {
    kubehop: 1,
    event: "state",
    walks: mirror.getState().walks.map(({ id, outcome, summary }) => ({ walk: id, outcome, summary })),
    walk: walk?.id ?? null,
    hop: walk === null ? 0 : position + 1,
    of: all.length,
    playing,
    place: hop?.place ?? null,
    note: hop?.note ?? null,
    before: hop?.before ?? null,
    after: hop?.after ?? null,
  };
}

function perform(asked: Asked): string | null {
  const playback = usePlayback.getState();
  const { walk } = playback;
  switch (asked.do) {
    case "play":
      playback.play();
      return null;
    case "pause":
      playback.pause();
      return null;
    case "step":
      playback.step(asked.by);
      return null;
    case "seek": {
      const wanted = walk === null ? undefined : sequence(walk)[asked.hop - 1];
      if (wanted === undefined) return `There is no hop ${String(asked.hop)}.`;
      playback.select({ leg: wanted.leg, index: wanted.hop.index });
      return null;
    }
    case "select": {
      const found = mirror.getState().walks.find(({ id }) => id === asked.walk);
      if (found === undefined) return `There is no walk ${String(asked.walk)}.`;
      useUi.getState().set({ walk: found.id });
      playback.show(found, { paused: true });
      return null;
    }
    case "state":
      tell(state());
      return null;
  }
}

/** Listens to the page around, and tells it of every hop. Returns how to end that. */
export function startApi(): () => void {
  const onMessage = (event: MessageEvent<unknown>): void => {
    if (event.source !== window.parent || window.parent === window) return;
    const asked = readAsked(event.data);
    if (asked === null) return;
    const why = typeof asked === "string" ? asked : perform(asked);
    if (why !== null) tell({ kubehop: 1, event: "refused", why });
  };
  let last = "";
  const changed = (): void => {
    const { walk, at, playing } = usePlayback.getState();
    const key = `${String(walk?.id)} ${walk === null ? "" : String(positionAt(walk, at))} ${String(playing)} ${String(mirror.getState().walks.length)}`;
    if (key === last) return;
    last = key;
    tell(state());
  };
  addEventListener("message", onMessage);
  const stopped = [usePlayback.subscribe(changed), mirror.subscribe(changed)];
  tell({ kubehop: 1, event: "ready" });
  changed();
  return () => {
    removeEventListener("message", onMessage);
    for (const stop of stopped) stop();
  };
}
