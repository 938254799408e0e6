import { create } from "zustand";
import { useUi } from "../state.ts";

interface DriftText {
  /** What was pasted, dropped or opened last; null: nothing yet. */
  readonly text: string | null;
  /** Counts what comes in, so that the same text again is compared again. */
  readonly revision: number;
}

/** Outlives the panel: another tab of the dock and back, and it is still there. */
export const useDriftText = create<DriftText>()(() => ({ text: null, revision: 0 }));

/** Shows the panel, with a new text or the one that it had. */
export function openDrift(text: string | null): void {
  if (text !== null) useDriftText.setState(({ revision }) => ({ text, revision: revision + 1 }));
  useUi.getState().set({ dock: "drift", center: "map", phone: "map" });
}
