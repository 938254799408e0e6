/** The address bar follows what is looked at, once the page has a link: a walk or a fork is a step of the browser's history. */
import { mirror } from "../../mirror/store.ts";
import { currentHop, usePlayback } from "../playback.ts";
import { useUi } from "../state.ts";
import { useTime } from "./time.ts";

/** How long the view rests before the address follows. */
const REST_MS = 500;
/** A longer link stays as it was last: an address bar is not a file. */
const MAX_LENGTH = 60_000;

/** What a link tells of the view and of the history, short. `place` is what makes a step of its own. */
function view(): { readonly place: string; readonly all: string } {
  const { walk, object, center } = useUi.getState();
  const { looking, after, whole, forks } = useTime.getState();
  const { commands, now } = mirror.getState();
  const playback = usePlayback.getState();
  const place = `${String(walk)} ${String(forks.at(-1)?.id ?? 0)}`;
  const moment = looking ? `${String(now)} ${String(after)}` : "";
  const last = JSON.stringify(whole.commands.at(-1) ?? null).slice(0, 200);
  const hop = JSON.stringify(currentHop(playback));
  return { place, all: [place, moment, commands.length, last, hop, object, center].join("\n") };
}

export interface Follow {
  /** What is shown now is what the address says. */
  rest(): void;
  close(): void;
}

/**
 * Keeps the hash in step with the view. `busy`: something is typed or opened, and the address waits. `wrote` is told of every address
 * that was written.
 */
export function followUrl(options: {
  readonly hash: () => Promise<string | null>;
  readonly busy: () => boolean;
  readonly wrote: (hash: string) => void;
}): Follow {
  let base = view();
  let timer: ReturnType<typeof setTimeout> | null = null;
  let closed = false;

  const rest = (): void => {
    base = view();
    if (timer !== null) clearTimeout(timer);
    timer = null;
  };

  const write = async (): Promise<void> => {
    timer = null;
    const now = view();
    if (closed || now.all === base.all || !/^#v\d/.test(location.hash)) return;
    if (options.busy() || usePlayback.getState().playing || useTime.getState().playing) {
      wait();
      return;
    }
    const from = location.hash;
    const hash = await options.hash();
    // Meanwhile another page was opened, or the view went on: that is written next.
    if (closed || location.hash !== from || hash === null || hash.length > MAX_LENGTH) return;
    if (hash !== from) {
      if (now.place === base.place) history.replaceState(null, "", hash);
      else history.pushState(null, "", hash);
      options.wrote(hash);
    }
    base = now;
    if (view().all !== now.all) wait();
  };

  const wait = (): void => {
    if (!/^#v\d/.test(location.hash)) {
      base = view();
      return;
    }
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(() => void write(), REST_MS);
  };

  const stops = [usePlayback.subscribe(wait), useUi.subscribe(wait), useTime.subscribe(wait), mirror.subscribe(wait)];
  return {
    rest,
    close: () => {
      closed = true;
      if (timer !== null) clearTimeout(timer);
      for (const stop of stops) stop();
    },
  };
}
