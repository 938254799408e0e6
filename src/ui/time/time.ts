/** The one playhead over the whole history: where it stands, how it moves, what came after it, and forks. Without React. */
import { create } from "zustand";
import type { Micros } from "../../base/time.ts";
import { mirror } from "../../mirror/store.ts";
import type { Walk } from "../../model/trace/types.ts";
import type { CommandRecord, Frame, JournalEntry, SavedHistory } from "../../wire/protocol.ts";
import type { Client } from "../../wire/client.ts";
import { SPEEDS, usePlayback } from "../playback.ts";
import { say } from "../shell/page.ts";
import { useUi } from "../state.ts";
import {
  fittingSpeed,
  isEvent,
  nextFailure,
  paceOf,
  placeOf,
  stepFrom,
  type Failure,
  type Place,
  type Whole,
} from "./moments.ts";

/** What was put aside when something was done in a look back. */
export interface Fork {
  readonly id: number;
  /** All that was, to go back to. */
  readonly history: SavedHistory;
  /** Where the two part. */
  readonly at: Micros;
  readonly end: Micros;
  readonly walk: number | null;
  /** Commands that were put aside. */
  readonly aside: number;
  /** What was opened in its place, in a sentence, and how many commands it had; absent: it parted in a look back. */
  readonly told?: string;
  readonly opened?: number;
}

export interface TimeState {
  /** The history up to its end, also while the view stands before it. */
  readonly whole: Whole;
  /** Does the view stand before the end? */
  readonly looking: boolean;
  /** The event right after which the view stands, where a moment alone does not say it. */
  readonly after: number | null;
  /** What play, steps, digits and speeds move: the packet on stage, or the cluster's time. */
  readonly scope: "walk" | "history";
  readonly playing: boolean;
  /** Virtual seconds per wall second; null: as fits the history. */
  readonly chosenSpeed: number | null;
  /** While it plays: the moment between two frames. */
  readonly at: Micros;
  readonly forks: readonly Fork[];
  /** The fork that was just begun, and can be undone with one click. */
  readonly fresh: Fork | null;
  readonly view: "lanes" | "list";
  readonly filter: Filter;
  /** Entry that is explained below the lanes, by seq. */
  readonly picked: number | null;
  readonly set: (patch: Partial<Omit<TimeState, "set">>) => void;
}

export interface Filter {
  readonly words: string;
  /** "" is all of them. */
  readonly namespace: string;
  readonly kind: string;
  /** Leaves out what only keeps status fields and legacy Endpoints up to date. */
  readonly quiet: boolean;
}

export const NO_FILTER: Filter = { words: "", namespace: "", kind: "", quiet: false };

const EMPTY: Whole = { journal: [], walks: [], commands: [], end: 0 };

export const useTime = create<TimeState>()((set) => ({
  whole: EMPTY,
  looking: false,
  after: null,
  scope: "walk",
  playing: false,
  chosenSpeed: null,
  at: 0,
  forks: [],
  fresh: null,
  view: "lanes",
  filter: NO_FILTER,
  picked: null,
  set: (patch) => set(patch),
}));

/** The speed at which the history plays: new time passes as it does, old time so that it can be watched. */
export function speedOf({ chosenSpeed, whole, looking }: TimeState): number {
  if (chosenSpeed !== null) return chosenSpeed;
  return !looking && paceOf(whole.commands) === "run" ? 1 : fittingSpeed(SPEEDS, whole.end);
}

/** Index of the last event that has happened in the view; -1 before all of them. */
const shownIndex = (): number => mirror.getState().journal.findLastIndex(isEvent);

/** Wall milliseconds between two events of one instant: there time stands still. */
const STEP_MS = 90;
/** Wall milliseconds between two stretches of new time. */
const LIVE_MS = 100;
const FORKS = 8;

/** How many commands two histories have in common at their beginning. */
function sharedBy(a: readonly CommandRecord[], b: readonly CommandRecord[]): number {
  const apart = a.findIndex((record, i) => JSON.stringify(record) !== JSON.stringify(b[i]));
  return apart < 0 ? a.length : apart;
}

export interface TimeControl {
  /** Every frame of the worker passes here after the mirror has it. */
  frame(frame: Frame): void;
  /** Another history is opened: nothing of this one is kept. */
  forget(): void;
  /** `walk`: what is put on stage there, in the place of the last that had been sent by then. */
  look(place: Place, walk?: Walk | null): void;
  toPresent(): Promise<void>;
  /** The next event or the one before, from where the view stands. */
  stepEvent(by: 1 | -1, count?: number): void;
  /** A tenth part of the history. */
  jump(tenth: number): void;
  play(): void;
  pause(): void;
  nextFailure(): void;
  setPace(pace: "settle" | "run"): Promise<void>;
  /** Opens another history, and puts this one aside: `undoFork` goes back to it. Null: it was refused, and all is as it was. */
  open(history: SavedHistory, told: string): Promise<Fork | null>;
  undoFork(fork: Fork): Promise<void>;
  close(): void;
}

/** Says where the view stands. */
function tell(entry: JournalEntry): void {
  say(`${(entry.at / 1e6).toFixed(6)} s: ${entry.title}`);
}

export function createTime(client: Client): TimeControl {
  let busy = false;
  /** Index of the event that is on its way to be shown. */
  let aimed: number | null = null;
  let following = false;
  let wanted: Place | "present" | null = null;
  let lastFailure: Failure | null = null;
  /** Walk that was on stage when the look back began. */
  let walkBefore: number | null = null;
  /** Walk that is not of the history's sends, and is looked at. */
  let pinned: Walk | null = null;
  let forkCount = 0;
  let clock: number | null = null;
  let waited = 0;
  const { getState, setState } = useTime;

  /** One look at a time; while the worker is at one, only the newest waits. */
  const go = async (place: Place | "present", walk: Walk | null = null): Promise<void> => {
    wanted = place;
    pinned = walk;
    if (busy) return;
    busy = true;
    try {
      for (let next = wanted as Place | "present" | null; next !== null; next = wanted) {
        wanted = null;
        setState({ after: next === "present" ? null : next.after });
        if (next === "present") await client.seek(getState().whole.end);
        else await client.seek(next.at, next.after);
      }
    } finally {
      busy = false;
      aimed = null;
    }
  };

  /** The packet of the moment is on stage: the last that had been sent by then. */
  const follow = (): void => {
    const { walks, now } = mirror.getState();
    if (pinned !== null) {
      following = true;
      usePlayback.getState().show(pinned, { paused: true, at: pinned.endedAt });
      following = false;
      return;
    }
    const last = walks.at(-1);
    if (last === undefined) {
      if (usePlayback.getState().walk !== null) usePlayback.getState().show(null);
      return;
    }
    following = true;
    useUi.getState().set({ walk: last.id });
    usePlayback.getState().show(last, { paused: true, at: Math.min(now, last.endedAt) });
    following = false;
  };

  const frame = (next: Frame): void => {
    const { looking, whole, after } = getState();
    const { journal, walks, commands, now, end } = mirror.getState();
    if (next.later !== undefined) {
      if (!looking) walkBefore = useUi.getState().walk;
      setState({
        looking: true,
        fresh: null,
        ...(getState().playing ? {} : { at: now }),
        // A link that opens in the past, a restart: what came later is known by its commands only.
        ...(whole.commands.length === 0
          ? { whole: { journal, walks, commands: [...commands, ...next.later], end } }
          : {}),
      });
      if (getState().scope === "history") follow();
      return;
    }
    const moved = next.full || next.sought === true;
    const begun = looking && !moved;
    if (begun) {
      // What was done in the look back is now the history; the old one is kept.
      const shared = sharedBy(whole.commands, commands);
      const fork: Fork = {
        id: ++forkCount,
        history: { seed: client.history().seed, commands: whole.commands },
        at: commands.at(-1)?.at ?? now,
        end: whole.end,
        walk: walkBefore,
        aside: whole.commands.length - shared,
      };
      setState(({ forks }) => ({ forks: [...forks, fork].slice(-FORKS), fresh: fork }));
      say("A fork has begun: what came later is put aside.");
    }
    setState({
      looking: false,
      after: moved ? null : begun ? null : after,
      whole: { journal, walks, commands, end },
      ...(getState().playing ? {} : { at: now }),
    });
  };

  const toPresent = async (): Promise<void> => {
    pause();
    await go("present");
    const id = walkBefore;
    if (id !== null && mirror.getState().walks.some((walk) => walk.id === id)) useUi.getState().set({ walk: id });
    say("Back at the present.");
  };

  const lookAt = (index: number): void => {
    const entry = getState().whole.journal[index];
    if (entry === undefined) return;
    setState({ scope: "history", picked: entry.seq, at: entry.at });
    const isLast = stepFrom(getState().whole.journal, index, 1) === null;
    aimed = index;
    void go(isLast && getState().whole.end === entry.at ? "present" : placeOf(entry));
    tell(entry);
  };

  /** New time passes, a tenth of a wall second at a time. */
  const live = async (): Promise<void> => {
    const micros = Math.max(1, Math.round(waited * 1000 * speedOf(getState())));
    waited = 0;
    busy = true;
    try {
      const { refusal } = await client.command({ type: "run", micros });
      if (refusal !== null) pause();
    } finally {
      busy = false;
    }
    setState({ at: mirror.getState().now });
  };

  const tick = (now: number): void => {
    if (!getState().playing) {
      clock = null;
      return;
    }
    requestAnimationFrame(tick);
    const wall = clock === null ? 0 : Math.min(100, now - clock);
    clock = now;
    waited += wall;
    const { looking, whole, at } = getState();
    if (!looking && wanted === null && !busy) {
      if (paceOf(whole.commands) === "settle") pause();
      else if (waited >= LIVE_MS) void live();
      return;
    }
    if (busy) return;
    const next = stepFrom(whole.journal, shownIndex(), 1);
    const entry = next === null ? undefined : whole.journal[next];
    if (entry !== undefined && entry.at <= at) {
      if (waited < STEP_MS) return;
      waited = 0;
      setState({ picked: entry.seq });
      void go(placeOf(entry));
      return;
    }
    waited = 0;
    const moved = Math.min(at + wall * 1000 * speedOf(getState()), entry?.at ?? whole.end, whole.end);
    setState({ at: moved });
    if (entry === undefined && moved >= whole.end) {
      if (paceOf(whole.commands) === "settle") pause();
      void go("present");
    }
  };

  const play = (): void => {
    const { looking, whole } = getState();
    if (usePlayback.getState().playing) usePlayback.getState().pause();
    const begin = (): void => {
      waited = 0;
      clock = null;
      setState({ scope: "history", playing: true, at: mirror.getState().now });
      requestAnimationFrame(tick);
    };
    // At the end, where nothing happens by itself, it plays once more from the start.
    if (!looking && paceOf(whole.commands) === "settle") {
      setState({ scope: "history" });
      void go({ at: 0, after: whole.journal[0]?.seq ?? null }).then(begin);
    } else begin();
  };

  const pause = (): void => setState({ playing: false });

  // Whoever goes to a packet or its hop means that packet from then on.
  const unwatch = usePlayback.subscribe((now, before) => {
    if (following || now.walk === null) return;
    const touched =
      now.walk !== before.walk || (now.playing && !before.playing) || (!now.playing && now.at !== before.at);
    if (touched && getState().scope === "history") setState({ scope: "walk", playing: false });
  });

  return {
    frame,
    forget: () => {
      wanted = null;
      lastFailure = null;
      walkBefore = null;
      setState({
        whole: EMPTY,
        looking: false,
        after: null,
        scope: "walk",
        playing: false,
        at: 0,
        forks: [],
        fresh: null,
        picked: null,
      });
    },
    look: (place, walk = null) => {
      pause();
      setState({ scope: "history", at: place.at });
      void go(place, walk);
    },
    toPresent,
    stepEvent: (by, count = 1) => {
      pause();
      const { journal } = getState().whole;
      let at = aimed ?? shownIndex();
      for (let n = 0; n < count; n++) at = stepFrom(journal, at, by) ?? at;
      if (journal[at] !== undefined) lookAt(at);
    },
    jump: (tenth) => {
      pause();
      const { whole } = getState();
      const at = Math.round((whole.end * tenth) / 9);
      setState({ scope: "history", at });
      void go(tenth >= 9 ? "present" : { at, after: null });
    },
    play,
    pause,
    nextFailure: () => {
      pause();
      const { whole, at, looking } = getState();
      const found = nextFailure(whole, lastFailure, looking ? at : 0);
      lastFailure = found;
      if (found === null) {
        say("Nothing failed in this history.");
        return;
      }
      if (found.kind === "event") {
        lookAt(whole.journal.indexOf(found.entry));
        return;
      }
      const { walk } = found;
      const show = (): void => {
        useUi.getState().set({ walk: walk.id });
        usePlayback.getState().show(walk, { paused: true, at: walk.endedAt });
        setState({ scope: "walk" });
        say(`Walk ${String(walk.id)}, ${walk.outcome}: ${walk.summary}`);
      };
      if (mirror.getState().walks.some(({ id }) => id === walk.id)) show();
      else void go({ at: walk.endedAt, after: null }).then(show);
    },
    setPace: async (pace) => {
      if (paceOf(mirror.getState().commands) !== pace) await client.command({ type: "pace", pace });
    },
    open: async (history, told) => {
      pause();
      const { whole } = getState();
      const before: SavedHistory = { seed: client.history().seed, commands: whole.commands };
      const fork: Fork = {
        id: ++forkCount,
        history: before,
        at: whole.end,
        end: whole.end,
        walk: walkBefore ?? useUi.getState().walk,
        aside: 0,
        told,
        opened: history.commands.length,
      };
      setState({ looking: false, fresh: null, whole: EMPTY });
      usePlayback.getState().show(null);
      const { refusal } = await client.load(history, null);
      if (refusal !== null) {
        await client.load(before, null);
        return null;
      }
      setState(({ forks }) => ({ forks: [...forks, fork].slice(-FORKS), fresh: fork }));
      say(`${told} Your own history is put aside.`);
      return fork;
    },
    undoFork: async (fork) => {
      pause();
      const { whole } = getState();
      // What was done in the fork is not lost either.
      const left: Fork = {
        id: ++forkCount,
        history: { seed: client.history().seed, commands: whole.commands },
        at: fork.at,
        end: whole.end,
        walk: useUi.getState().walk,
        aside: whole.commands.length - sharedBy(whole.commands, fork.history.commands),
      };
      setState({ looking: false, fresh: null, whole: EMPTY });
      await client.load(fork.history, null);
      // What was only opened can be opened again from where it came.
      const isNew = fork.opened !== whole.commands.length;
      setState(({ forks }) => ({ forks: [...forks.filter(({ id }) => id !== fork.id), ...(isNew ? [left] : [])] }));
      const back = mirror.getState().walks.find(({ id }) => id === fork.walk);
      if (back !== undefined) usePlayback.getState().show(back, { paused: true, at: back.endedAt });
      if (fork.walk !== null) useUi.getState().set({ walk: fork.walk });
      say("The fork is undone: the history is again as it was.");
    },
    close: () => {
      pause();
      unwatch();
    },
  };
}
