/** A lesson's question is answered by doing its step, with the lesson's own buttons. */
import type { LessonStep } from "../../model/lesson/types.ts";
import { useLesson, type LessonState } from "../lessons/state.ts";
import { solve } from "../lessons/steps.ts";
import type { Session } from "../shell/session.ts";
import { playOn } from "./control.ts";
import { isAnswered, shownQuestion, useShow } from "./show.ts";

/** The step on show, as long as there is something to do in it that has not been done. */
export function stepToDo({ lesson, step, met }: LessonState): LessonStep | null {
  const shown = lesson?.steps[step];
  return shown === undefined || shown.solution.length === 0 || met[step] === true ? null : shown;
}

/** Does the step before the room; its walk comes on stage. */
export function seeItHappen(session: Session): void {
  useShow.setState({ shown: null });
  void solve(session);
}

/** Space: after the answer to a lesson's question its step is done; else the walk plays, stops or tells the answer. */
export function goOn(session: Session): void {
  const state = useShow.getState();
  const question = shownQuestion(state);
  const isTold = question?.id === "lesson" && isAnswered(state, question);
  if (isTold && stepToDo(useLesson.getState()) !== null) seeItHappen(session);
  else playOn();
}
