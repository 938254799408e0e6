/** What a presentation shows and has counted. All of it is local: hands are counted in this tab, and nothing leaves it. */
import { create } from "zustand";
import type { Walk } from "../../model/trace/types.ts";
import type { SavedHistory } from "../../wire/protocol.ts";
import { positionAt, usePlayback } from "../playback.ts";
import { recall, remember } from "../shell/storage.ts";
import type { Question } from "./questions.ts";

/** Something that was broken in front of the room, and what was before. */
export interface Broken {
  readonly title: string;
  readonly before: SavedHistory;
  /** Walk that was on stage. */
  readonly walk: number | null;
}

export interface ShowState {
  /** What the questions are about: a walk, or a lesson's step. */
  readonly about: string;
  readonly questions: readonly Question[];
  /** Are questions asked at all? */
  readonly asking: boolean;
  /** The question on show, asked or answered. */
  readonly shown: string | null;
  readonly answered: ReadonlySet<string>;
  /** Hands by question, in the order of its choices. */
  readonly hands: Readonly<Record<string, readonly number[]>>;
  /** How many there are in the room; null: it is not known. */
  readonly room: number | null;
  readonly spotlight: boolean;
  readonly laser: boolean;
  readonly notes: boolean;
  /** The ways to break something are on show. */
  readonly breaking: boolean;
  readonly broken: Broken | null;
  /** What an attempt to break something came to, when it could not be done. */
  readonly trouble: string | null;
  /** Full screen is being left by its own button: that is no wish to leave the presentation. */
  readonly windowed: boolean;
}

const ROOM = "present.room";

const roomBefore = (): number | null => {
  const count = Number(recall(ROOM) ?? "");
  return Number.isInteger(count) && count > 0 ? count : null;
};

const fresh = (): ShowState => ({
  about: "",
  questions: [],
  asking: true,
  shown: null,
  answered: new Set(),
  hands: {},
  room: roomBefore(),
  spotlight: false,
  laser: false,
  notes: false,
  breaking: false,
  broken: null,
  trouble: null,
  windowed: false,
});

export const useShow = create<ShowState>()(fresh);

export const beginShow = (): void => useShow.setState(fresh());

export const aboutWalk = ({ id, startedAt, endedAt }: Walk): string =>
  [id, startedAt, endedAt].map((part) => String(part)).join(" ");

/** Takes up the questions about a walk; those that the packet has passed already are not asked any more. */
export function takeUp(about: string, questions: readonly Question[], walk: Walk): void {
  const position = positionAt(walk, usePlayback.getState().at);
  const passed = questions.filter(({ before }) => before <= position);
  useShow.setState(({ answered }) => ({
    about,
    questions,
    answered: new Set([...answered, ...passed.map((question) => keyOfQuestion(about, question))]),
  }));
}

/** A question among all that were asked in this presentation. */
export const keyOfQuestion = (about: string, { id }: Question): string => `${about} ${id}`;

export const isAnswered = ({ about, answered }: ShowState, question: Question): boolean =>
  answered.has(keyOfQuestion(about, question));

/** The question on show. */
export function shownQuestion(state: ShowState): Question | null {
  return state.questions.find((one) => keyOfQuestion(state.about, one) === state.shown) ?? null;
}

/** The question that waits for its answer. */
export function standing(state: ShowState): Question | null {
  const question = shownQuestion(state);
  return question === null || isAnswered(state, question) ? null : question;
}

/** Is something of the walk on stage still to be guessed? Then what is ahead is not drawn. */
export const isVeiled = (state: ShowState): boolean =>
  state.asking && state.questions.some((one) => one.before >= 0 && !isAnswered(state, one));

export function handsOf({ hands, about }: ShowState, question: Question): readonly number[] {
  return hands[keyOfQuestion(about, question)] ?? question.choices.map(() => 0);
}

/** One hand more, or one back, for a choice of the question that waits. */
export function count(choice: number, by: 1 | -1): void {
  const state = useShow.getState();
  const question = standing(state);
  if (question === null || question.choices[choice] === undefined) return;
  const counted = handsOf(state, question).map((n, i) => (i === choice ? Math.max(0, n + by) : n));
  useShow.setState({ hands: { ...state.hands, [keyOfQuestion(state.about, question)]: counted } });
}

export function setRoom(room: number | null): void {
  remember(ROOM, room === null ? null : String(room));
  useShow.setState({ room });
}
