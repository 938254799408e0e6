/** What keys and buttons of a presentation do to the walk: it stops where something is to be guessed. Without React. */
import { mirror } from "../../mirror/store.ts";
import type { Walk } from "../../model/trace/types.ts";
import { positionAt, sequence, SPEEDS, usePlayback } from "../playback.ts";
import { useUi } from "../state.ts";
import { hopBefore, questionAt, type Question } from "./questions.ts";
import { isAnswered, keyOfQuestion, shownQuestion, standing, useShow } from "./show.ts";

/** Wall seconds that a walk takes at least in front of a room, unless the presenter has chosen a speed. */
const SECONDS = 5;

export function roomSpeed(walk: Walk): number {
  const seconds = (walk.endedAt - walk.startedAt) / 1e6;
  return SPEEDS.findLast((speed) => speed <= 1 / 1000 && seconds / speed >= SECONDS) ?? SPEEDS[0];
}

/** The last moment before a hop: the packet stands at its door. */
const doorOf = (walk: Walk, question: Question): number => (hopBefore(walk, question)?.at ?? walk.startedAt) - 1;

/** Lets a question stand, the packet before the hop that answers it. */
export function ask(question: Question): void {
  const { walk } = usePlayback.getState();
  if (walk !== null && question.before >= 0)
    usePlayback.setState({ at: Math.max(walk.startedAt, doorOf(walk, question)), playing: false, reading: true });
  else usePlayback.getState().pause();
  useShow.setState(({ about }) => ({ shown: keyOfQuestion(about, question), breaking: false }));
}

/** The question at the step to a position, if one is to be asked there. */
function due(position: number): Question | null {
  const state = useShow.getState();
  return state.asking ? questionAt(state.questions, position, (question) => isAnswered(state, question)) : null;
}

/** While it plays: stops at the door of each question. */
export function watchPlay(): () => void {
  return usePlayback.subscribe((now, old) => {
    const { walk } = now;
    if (!now.playing || walk === null || old.walk !== walk) return;
    const state = useShow.getState();
    const next = state.questions.find((one) => one.before >= 0 && !isAnswered(state, one));
    if (!state.asking || next === undefined) return;
    const door = doorOf(walk, next);
    if (old.at < door && now.at >= door) ask(next);
  });
}

/** Shows what is so, and lets the packet take the hop. */
export function reveal(): void {
  const question = standing(useShow.getState());
  if (question === null) return;
  useShow.setState(({ about, answered }) => ({ answered: new Set([...answered, keyOfQuestion(about, question)]) }));
  const { walk } = usePlayback.getState();
  const hop = walk === null ? null : hopBefore(walk, question);
  if (hop !== null) usePlayback.setState({ at: hop.at, playing: false, reading: true });
}

/** Is the walk over, and what came of it on show? */
export const isOver = (): boolean => {
  const { walk, at, reading } = usePlayback.getState();
  return walk !== null && at >= walk.endedAt && !reading;
};

/** Puts the walk's end on show: what the client got. */
export function toEnd(walk: Walk): void {
  usePlayback.getState().show(walk, { paused: true, at: walk.endedAt });
}

/** One hop on; a question on the way stands first, and its answer is read before the packet goes on. */
export function forward(): void {
  const state = useShow.getState();
  if (standing(state) !== null) {
    reveal();
    return;
  }
  if (shownQuestion(state) !== null) {
    useShow.setState({ shown: null });
    const again = waiting();
    if (again !== null) ask(again);
    return;
  }
  const { walk, at, step } = usePlayback.getState();
  if (walk === null || isOver()) return;
  const all = sequence(walk);
  const next = positionAt(walk, at) + 1;
  const question = due(next);
  if (question !== null) ask(question);
  else if (next >= all.length) toEnd(walk);
  else step(1);
}

/** Another question at the hop that has just been answered for: it is asked before anybody goes on. */
function waiting(): Question | null {
  const { walk, at } = usePlayback.getState();
  return walk === null ? null : due(positionAt(walk, at));
}

/** One hop back; a question on show goes first. */
export function backward(): void {
  const { walk, at, step, select } = usePlayback.getState();
  const wasAsked = standing(useShow.getState()) !== null;
  useShow.setState({ shown: null });
  if (walk === null) return;
  if (isOver() || wasAsked) {
    const entry = sequence(walk)[positionAt(walk, at)];
    if (entry !== undefined) select({ leg: entry.leg, index: entry.hop.index });
  } else step(-1);
}

/** Space: shows the answer, goes on after it, and plays or stops where nothing is asked. */
export function playOn(): void {
  const state = useShow.getState();
  const { playing, pause, play, walk } = usePlayback.getState();
  if (standing(state) !== null) {
    reveal();
    return;
  }
  useShow.setState({ shown: null });
  const again = waiting();
  if (again !== null) ask(again);
  else if (playing) pause();
  else if (walk !== null) {
    if (isOver()) usePlayback.getState().show(walk, { paused: false });
    else {
      usePlayback.setState({ reading: false });
      play();
    }
  }
}

/** To the walk's start, where everything is asked anew, or to what came of it: past all questions. */
export function toEdge(edge: "start" | "end"): void {
  const { walk, show } = usePlayback.getState();
  if (walk === null) return;
  useShow.setState({ shown: null });
  if (edge === "start") {
    const { about, questions, answered, hands } = useShow.getState();
    const keys = new Set(questions.map((question) => keyOfQuestion(about, question)));
    useShow.setState({
      answered: new Set([...answered].filter((key) => !keys.has(key))),
      hands: Object.fromEntries(Object.entries(hands).filter(([key]) => !keys.has(key))),
    });
    show(walk, { paused: true });
  } else {
    useShow.setState(({ about, questions, answered }) => ({
      answered: new Set([...answered, ...questions.map((question) => keyOfQuestion(about, question))]),
    }));
    toEnd(walk);
  }
}

/** The walk before or after, at its start. */
export function otherWalk(by: 1 | -1): void {
  const { walks } = mirror.getState();
  const at = walks.findIndex(({ id }) => id === useUi.getState().walk);
  const next = walks[Math.min(walks.length - 1, Math.max(0, at + by))];
  if (next === undefined || next.id === useUi.getState().walk) return;
  useShow.setState({ shown: null });
  useUi.getState().set({ walk: next.id });
  usePlayback.getState().show(next, { paused: true });
}

/** Asks questions, or tells everything as it comes. */
export function toggleAsking(): void {
  useShow.setState(({ asking }) => ({ asking: !asking, shown: null }));
}
