import { create } from "zustand";
import type { Micros } from "../base/time.ts";
import type { Hop, Walk } from "../model/trace/types.ts";
import type { HopSelection } from "./state.ts";

/**
 * Virtual seconds per wall second. A walk from outside lasts about 2 ms, so 1/1000 is the speed to watch it at; one between pods of a
 * node is over after 0.14 ms and needs the slower ones.
 */
export const SPEEDS = [1 / 20000, 1 / 5000, 1 / 2000, 1 / 1000, 1 / 300, 1 / 100, 1 / 10, 1, 10, 100] as const;

const USUAL = 1 / 1000;
/** Wall seconds that a walk takes at least, unless the reader has chosen a speed: shorter, nothing of it can be seen. */
const WATCHABLE = 1.5;

/** The fastest speed, 1/1000 at most, at which the walk can be watched. */
export function watchableSpeed(walk: Walk): number {
  const seconds = (walk.endedAt - walk.startedAt) / 1e6;
  return SPEEDS.findLast((speed) => speed <= USUAL && seconds / speed >= WATCHABLE) ?? SPEEDS[0];
}

/** The playhead. Only the stage's frame loop moves it while playing; everyone may set it. */
export interface PlaybackState {
  readonly walk: Walk | null;
  /** Virtual time of the playhead, within [walk.startedAt, walk.endedAt]. Changes every frame: select derived values, not this, in React. */
  readonly at: Micros;
  readonly playing: boolean;
  readonly speed: number;
  /** The reader has set the speed: it is not fitted to walks any more. */
  readonly speedChosen: boolean;
  /** The reader has gone to a hop or a time of this walk: from then on the hop under the playhead is what is read, else the whole walk. */
  readonly reading: boolean;
  /** Puts a walk on stage at its start; plays it unless `paused`. */
  readonly show: (walk: Walk | null, options?: { readonly paused?: boolean; readonly at?: Micros }) => void;
  readonly seek: (at: Micros) => void;
  readonly play: () => void;
  readonly pause: () => void;
  readonly setSpeed: (speed: number) => void;
  /** Jumps to a hop and pauses. */
  readonly select: (hop: HopSelection) => void;
  /** One hop on or back (across the turn from request to reply), paused. */
  readonly step: (by: 1 | -1) => void;
  /** Moves the playhead by wall time; pauses at the end. */
  readonly advance: (wallMs: number) => void;
}

/** All hops in the order the packet makes them. */
export function sequence(walk: Walk): readonly { readonly leg: "request" | "reply"; readonly hop: Hop }[] {
  return [
    ...walk.hops.map((hop) => ({ leg: "request" as const, hop })),
    ...walk.reply.map((hop) => ({ leg: "reply" as const, hop })),
  ];
}

/** The last hop that has begun at `at`, as a position in {@link sequence}; 0 before the first. */
export function positionAt(walk: Walk, at: Micros): number {
  const all = sequence(walk);
  let position = 0;
  for (let i = 0; i < all.length; i++) if ((all[i]?.hop.at ?? Infinity) <= at) position = i;
  return position;
}

/** The hop under the playhead, as ladder and inspector show it. */
export function currentHop(state: Pick<PlaybackState, "walk" | "at">): HopSelection | null {
  if (state.walk === null) return null;
  const entry = sequence(state.walk)[positionAt(state.walk, state.at)];
  return entry === undefined ? null : { leg: entry.leg, index: entry.hop.index };
}

const clamp = (walk: Walk, at: Micros): Micros => Math.min(walk.endedAt, Math.max(walk.startedAt, at));

export const usePlayback = create<PlaybackState>()((set, get) => ({
  walk: null,
  at: 0,
  playing: false,
  speed: USUAL,
  speedChosen: false,
  reading: false,
  show: (walk, options = {}) =>
    set(({ speed, speedChosen }) => ({
      walk,
      speed: walk === null || speedChosen ? speed : watchableSpeed(walk),
      at: walk === null ? 0 : clamp(walk, options.at ?? walk.startedAt),
      playing: walk !== null && options.paused !== true,
      reading: false,
    })),
  seek: (at) => set(({ walk }) => (walk === null ? {} : { at: clamp(walk, at), reading: true })),
  play: () =>
    set(({ walk, at }) => (walk === null ? {} : { playing: true, at: at >= walk.endedAt ? walk.startedAt : at })),
  pause: () => set({ playing: false, reading: true }),
  setSpeed: (speed) => set({ speed, speedChosen: true }),
  select: (target) => {
    const { walk } = get();
    const hop = walk === null ? undefined : (target.leg === "request" ? walk.hops : walk.reply)[target.index];
    if (hop !== undefined) set({ at: hop.at, playing: false, reading: true });
  },
  step: (by) => {
    const { walk, at } = get();
    if (walk === null) return;
    const all = sequence(walk);
    const next = all[Math.min(all.length - 1, Math.max(0, positionAt(walk, at) + by))];
    if (next !== undefined) set({ at: next.hop.at, playing: false, reading: true });
  },
  advance: (wallMs) => {
    const { walk, at, speed, playing } = get();
    if (walk === null || !playing) return;
    const next = at + wallMs * 1000 * speed;
    set(next >= walk.endedAt ? { at: walk.endedAt, playing: false } : { at: next });
  },
}));
