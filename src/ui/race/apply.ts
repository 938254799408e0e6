/** Puts the text with a knob turned into the editor, as one edit that can be undone. */
import { mirror } from "../../mirror/store.ts";
import { KNOB_TITLES, type RaceKnob } from "../../model/trace/race.ts";
import { useActs } from "../actions/state.ts";
import { say } from "../shell/page.ts";
import type { Session } from "../shell/session.ts";
import { useUi } from "../state.ts";
import { firstChanged } from "../why/apply.ts";
import { clusterKey, closeHistory, isStale, useRace } from "./state.ts";

function tell(message: string, refused: boolean): void {
  useActs.setState({ note: { object: null, message, refused } });
  say(message);
}

/** True when the text was taken. */
export async function applyKnob(session: Session, knob: RaceKnob): Promise<boolean> {
  await session.flush();
  await closeHistory(session);
  const { texts, asked } = useRace.getState();
  const edited = texts.get(knob);
  if (edited === undefined || asked === null) return false;
  if (!mirror.getState().report.accepted) {
    tell("Not applied: the text as it stands is refused. Mend that first, below the editor.", true);
    return false;
  }
  if (isStale(useRace.getState(), clusterKey())) {
    tell("Not applied: the text has changed since. Run the race again.", true);
    return false;
  }
  session.replaceText(edited);
  await session.flush();
  if (!mirror.getState().report.accepted) {
    tell(`${KNOB_TITLES[knob]}: the edit stands in the text, and the API server refuses it. Undo takes it back.`, true);
    return false;
  }
  useUi.getState().set({ revealLine: firstChanged(asked.text, edited) });
  useRace.setState({ applied: knob });
  const { diagnostics } = mirror.getState().report;
  const again = diagnostics.some(({ message }) => message.startsWith("kube-proxy reads this only when it starts"))
    ? "kube-proxy must be started anew first, as it says below the editor; then run the race again."
    : "Run the race again to see it.";
  tell(`Applied: ${KNOB_TITLES[knob]}. ${again} Undo in the editor takes the edit back.`, false);
  return true;
}
