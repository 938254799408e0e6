import { closeStory, useStory } from "../controlplane/state.ts";
import { useLesson } from "../lessons/state.ts";
import { openPresent } from "../present/state.ts";
import { say, usePage } from "../shell/page.ts";
import { focusRegion, REGIONS } from "../shell/useKeys.ts";
import { useUi } from "../state.ts";
import { toggleTheme } from "../theme/theme.ts";
import type { Action } from "./registry.ts";

/** Where to go on the page, and what can be done with the whole of it. */
export const PAGE_ACTIONS: readonly Action[] = [
  {
    id: "page.palette",
    title: "Command palette: everything there is to do, by name",
    group: "The page",
    // In the editor Ctrl+K begins chords of the editor's own.
    keys: ["Ctrl+K", "F1"],
    anywhere: true,
    keyOnly: true,
    run: () => useUi.getState().set({ palette: true }),
  },
  {
    id: "page.lessons",
    title: "Lessons: learn it step by step",
    group: "The page",
    hint: "course tutorial teach exercise",
    run: () => useLesson.setState({ listing: true }),
  },
  {
    id: "page.present",
    title: "Present: full screen for a room, with questions before what decides",
    group: "The page",
    keys: ["P"],
    hint: "teach projector class slides spotlight laser notes predict",
    run: openPresent,
  },
  {
    id: "page.editor",
    title: "Go to the editor",
    group: "The page",
    keys: ["E"],
    hint: "YAML text manifest",
    run: ({ layout }) => {
      const { set } = useUi.getState();
      if (layout === "phone") set({ phone: "yaml" });
      else if (layout !== "wide") set({ drawer: "editor" });
      focusRegion(REGIONS.editor);
    },
  },
  {
    id: "page.map",
    title: "Go to the map",
    group: "The page",
    keys: ["M"],
    run: ({ layout }) => {
      const { set } = useUi.getState();
      if (layout === "phone") set({ phone: "map" });
      else set({ drawer: null, center: "map" });
      focusRegion(REGIONS.map);
    },
  },
  {
    id: "page.inspector",
    title: "Go to the inspector",
    group: "The page",
    keys: ["I"],
    hint: "hop ladder",
    run: ({ layout }) => {
      const { set } = useUi.getState();
      if (layout === "phone") set({ phone: "walk" });
      else if (layout === "narrow") set({ drawer: "inspector" });
      focusRegion(REGIONS.inspector);
    },
  },
  {
    id: "page.timeline",
    title: "Go to the timeline",
    group: "The page",
    keys: ["T"],
    run: () => {
      useUi.getState().set({ dock: "timeline", phone: "details" });
      focusRegion(REGIONS.dock);
    },
  },
  {
    id: "page.send",
    title: "Send a request: go to the form",
    group: "Send",
    keys: ["S"],
    run: ({ layout }) => {
      if (layout === "phone") useUi.getState().set({ phone: "map" });
      requestAnimationFrame(() =>
        document.querySelector<HTMLElement>("form[aria-label='Send a request'] input")?.focus(),
      );
    },
  },
  {
    id: "page.theme",
    title: "Switch between the light and the dark theme",
    group: "The page",
    run: () => say(`${toggleTheme() === "dark" ? "Dark" : "Light"} theme.`),
  },
  {
    id: "page.reset",
    title: "Reset: back to the start of the scenario",
    group: "The page",
    run: ({ session }) => void session.reset(),
  },
  {
    id: "page.out",
    title: "Back out: close what is open",
    group: "The page",
    keys: ["Esc"],
    keyOnly: true,
    run: ({ session }) => {
      const ui = useUi.getState();
      if (ui.drawer !== null) ui.set({ drawer: null });
      else if (ui.center !== "map") ui.set({ center: "map" });
      else if (useStory.getState().story !== null) closeStory(session);
      else if (ui.object !== null) ui.set({ object: null });
      else return false;
      return true;
    },
  },
  {
    id: "page.help",
    title: "Help: all keys, how to read the picture",
    group: "The page",
    keys: ["?"],
    run: () => usePage.setState({ helpOpen: true }),
  },
];
