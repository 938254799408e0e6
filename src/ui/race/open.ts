/** Brings the panel of races into sight, with a change chosen. */
import { type ObjectKey, splitKey } from "../../model/meta/types.ts";
import { focusRegion, REGIONS } from "../shell/useKeys.ts";
import { useUi } from "../state.ts";
import { useRace } from "./state.ts";

export function askAbout(type: "rollout" | "drain", object: ObjectKey): void {
  const what = type === "drain" ? `drain ${splitKey(object).name}` : `rollout ${object}`;
  useRace.setState(({ wish }) => ({ wish: { ...wish, what, replicas: null, from: "", to: "" } }));
  useUi.getState().set({ dock: "race", phone: "details" });
  focusRegion(REGIONS.dock);
}
