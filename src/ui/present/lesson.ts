/** A lesson's question is answered by doing its step, with the lesson's own buttons. */
import { mirror } from "../../mirror/store.ts";
import type { LessonStep } from "../../model/lesson/types.ts";
import { useLesson, type LessonState } from "../lessons/state.ts";
import { goTo, solve } from "../lessons/steps.ts";
import type { Session } from "../shell/session.ts";
import { forward, isOver, playOn } from "./control.ts";
import { isAnswered, shownQuestion, useShow } from "./show.ts";

/** The step on show, as long as there is something to do in it that has not been done. */
export function stepToDo({ lesson, step, met }: LessonState): LessonStep | null {
  const shown = lesson?.steps[step];
  return shown === undefined || shown.solution.length === 0 || met[step] === true ? null : shown;
}

/** Is the step on show still to be begun? Then its task is what there is to be read. */
export const isToBegin = (state: LessonState): boolean =>
  stepToDo(state) !== null && state.mark.walks === mirror.getState().walks.length;

/** The step that comes next, once the one on show has been done. */
export function nextStep({ lesson, step, met }: LessonState): LessonStep | null {
  return met[step] === true ? (lesson?.steps[step + 1] ?? null) : null;
}

export function toNextStep(): void {
  useShow.setState({ shown: null });
  goTo(useLesson.getState().step + 1);
}

/** One hop on; where the walk is over and the step done, on to the next. */
export function goForward(): void {
  const isDone = shownQuestion(useShow.getState()) === null && isOver() && nextStep(useLesson.getState()) !== null;
  if (isDone) toNextStep();
  else forward();
}

/** Does the step before the room; its walk comes on stage. */
export function seeItHappen(session: Session): void {
  useShow.setState({ shown: null });
  void solve(session);
}

/** Space: a lesson's step that is to be begun is done, after the answer to its question; else the walk plays, stops or tells the answer. */
export function goOn(session: Session): void {
  const state = useShow.getState();
  const question = shownQuestion(state);
  const isTold = question === null || isAnswered(state, question);
  if (isTold && isToBegin(useLesson.getState())) seeItHappen(session);
  else playOn();
}
