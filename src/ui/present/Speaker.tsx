import { useState } from "react";
import { useLesson } from "../lessons/state.ts";
import { useWholeWalk } from "../inspector/useCurrentHop.ts";
import { usePlayback } from "../playback.ts";
import { usePage } from "../shell/page.ts";
import { LETTERS } from "./QuestionPanel.tsx";
import { isAnswered, shownQuestion, useShow } from "./show.ts";

/** Says questions, answers and ends to screen readers; the map says the hops. */
export function Speaker() {
  const state = useShow();
  const question = shownQuestion(state);
  const walk = usePlayback((playback) => playback.walk);
  const playing = usePlayback((playback) => playback.playing);
  const whole = useWholeWalk();
  const lesson = useLesson((open) => open.lesson !== null);
  // What was said before is not news to anybody here.
  const [before] = useState(() => usePage.getState().said.count);
  const said = usePage((page) => (page.said.count > before ? page.said.text : ""));
  const right = question?.choices.find(({ id }) => id === question.right);
  const words =
    question === null
      ? whole && !playing && walk !== null && !lesson
        ? walk.summary
        : ""
      : isAnswered(state, question)
        ? `Answer: ${right?.text ?? ""}. ${question.why}`
        : `Question: ${question.ask} ${question.choices.map(({ text }, i) => `${LETTERS[i] ?? ""} ${text}`).join(", ")}.`;
  return (
    <div className="kh-hidden" aria-live="polite" data-testid="present-live">
      <p>{words}</p>
      <p>{said}</p>
    </div>
  );
}
