import { usePlayback } from "../playback.ts";
import { say } from "../shell/page.ts";
import { layoutNow, type Layout } from "../shell/useMedia.ts";
import { useUi } from "../state.ts";
import { isDiagnosis, isNothing, useWhy } from "./state.ts";
import { NOTHING } from "./words.ts";

/** Brings the card with the reasons into sight, with the focus on it; when there is nothing to tell, says so. */
export function openWhy(layout: Layout = layoutNow()): void {
  const { set, center } = useUi.getState();
  const { answer } = useWhy.getState();
  if (answer !== null && isNothing(answer) && usePlayback.getState().walk?.outcome === "delivered") {
    say(NOTHING);
    return;
  }
  if (layout === "phone") set({ phone: "walk" });
  else if (layout === "narrow") set({ drawer: "inspector" });
  if (center === "compare") set({ center: "map" });
  useWhy.setState({ wanted: true });
  if (answer === null) say("It is being worked out why.");
  else if (!isDiagnosis(answer.diagnosis)) say(answer.diagnosis.message);
  else say(answer.told[0]?.finding.cause ?? "No known cause explains it.");
}
