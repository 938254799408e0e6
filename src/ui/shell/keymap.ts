/** The keys as the help lists them. What each does stands in useKeys.ts. */
export const KEYS: readonly {
  readonly title: string;
  readonly keys: readonly { readonly press: readonly string[]; readonly does: string }[];
}[] = [
  {
    title: "The walk",
    keys: [
      { press: ["Space"], does: "Play or pause" },
      { press: ["←", "→"], does: "One hop back or on" },
      { press: ["J", "K"], does: "Down or up the ladder" },
      { press: ["⇧←", "⇧→"], does: "Previous or next walk" },
      { press: ["0", "–", "9"], does: "Jump along the walk" },
      { press: ["B"], does: "Because: show the line behind this hop’s rule" },
    ],
  },
  {
    title: "The page",
    keys: [
      { press: ["E"], does: "Editor" },
      { press: ["M"], does: "Map" },
      { press: ["I"], does: "Inspector" },
      { press: ["T"], does: "Timeline" },
      { press: ["S"], does: "Send: the form’s first field" },
      { press: ["Esc"], does: "Back out: close what is open" },
      { press: ["?"], does: "This help" },
    ],
  },
  {
    title: "The map",
    keys: [
      { press: ["F"], does: "Fold the intent band" },
      { press: ["+", "-"], does: "Zoom in or out" },
      { press: ["="], does: "Fit everything" },
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
