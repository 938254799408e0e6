/** All keys, as the help lists them: those of the registered actions, and those that controls have while focus is in them. */
import "../actions/all.ts";
import { allActions, GROUPS } from "../actions/registry.ts";
import { caps } from "../actions/strokes.ts";

export interface KeySection {
  readonly title: string;
  readonly keys: readonly { readonly press: readonly string[]; readonly does: string }[];
}

/** What no action of the page is: keys of single controls. */
const OF_CONTROLS: readonly KeySection[] = [
  {
    title: "On a card of the map",
    keys: [
      { press: ["←", "→", "↑", "↓"], does: "The next card that way" },
      { press: ["Enter"], does: "Open: the node’s rules" },
      { press: ["Menu"], does: "What can be done with it (also ⇧F10)" },
      { press: ["Esc"], does: "Out of the cards" },
    ],
  },
  {
    title: "While presenting",
    keys: [
      { press: ["Space"], does: "Play, pause; show the answer" },
      { press: ["←", "→"], does: "Hop; also Page Up and Page Down" },
      { press: ["Home", "End"], does: "To the start, with all questions; to what came of it" },
      { press: ["A–F"], does: "Count a hand (also 1–6); with ⇧ take one back" },
      { press: ["S"], does: "Spotlight" },
      { press: ["L"], does: "Laser" },
      { press: ["N"], does: "Notes" },
      { press: ["Q"], does: "Questions, or none" },
      { press: ["X"], does: "Break something" },
      { press: ["M"], does: "Mend it" },
      { press: ["Esc"], does: "Leave" },
    ],
  },
  {
    title: "In the editor",
    keys: [
      { press: ["Ctrl", "Space"], does: "Complete" },
      { press: ["Ctrl", "."], does: "Quick fixes" },
      { press: ["F8"], does: "Next problem" },
      { press: ["Esc", "Tab"], does: "Leave the editor with the keyboard" },
    ],
  },
];

/** Sections in the order of the help; actions without a key are in the palette alone. */
export function keySections(): readonly KeySection[] {
  const actions = allActions();
  const ofActions = GROUPS.map((title) => ({
    title,
    keys: actions
      .filter((action) => action.group === title)
      .flatMap(({ keys = [], title: does }) => keys.map((stroke) => ({ press: caps(stroke), does }))),
  }));
  return [...ofActions.filter(({ keys }) => keys.length > 0), ...OF_CONTROLS];
}
