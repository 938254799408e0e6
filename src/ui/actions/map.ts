import { say } from "../shell/page.ts";
import { REGIONS } from "../shell/useKeys.ts";
import { useUi } from "../state.ts";
import type { Action } from "./registry.ts";

/** The map has these keys when focus is in it; from elsewhere they are passed on. False: there is no map on show. */
function passOn(key: string): boolean {
  const map = document.querySelector(`#${REGIONS.map} [data-lod]`);
  return map?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })) === false;
}

const zoom = (key: "+" | "-" | "=", id: string, title: string): Action => ({
  id,
  title,
  group: "The map",
  keys: [key],
  // What was passed on and nobody took comes back here.
  run: (_, event) => (event?.isTrusted === false ? false : passOn(key)),
});

/** What is done with the map as a whole. */
export const MAP_ACTIONS: readonly Action[] = [
  {
    id: "map.fold",
    title: "Fold or unfold the intent band",
    group: "The map",
    keys: ["F"],
    run: () => {
      const ui = useUi.getState();
      ui.set({ intentFolded: !ui.intentFolded });
      say(ui.intentFolded ? "Intent band unfolded." : "Intent band folded.");
    },
  },
  zoom("+", "map.in", "Zoom in"),
  zoom("-", "map.out", "Zoom out"),
  zoom("=", "map.fit", "Fit everything"),
];
