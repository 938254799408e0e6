import { create } from "zustand";
import type { ObjectKey } from "../model/meta/types.ts";

/** Which hop the reader is looking at. `leg` says on which rail of the ladder. */
export interface HopSelection {
  readonly leg: "request" | "reply";
  readonly index: number;
}

export type DockTab = "timeline" | "rules" | "drift" | "trace" | "outcomes" | "reach" | "race" | "traffic" | "console";
export type CenterView = "map" | "netfilter" | "compare";
/** On a phone one of these fills the screen; wider windows show them side by side. */
export type PhoneTab = "walk" | "map" | "details" | "yaml";

/** What the reader has chosen to look at. Nothing of the cluster lives here. */
export interface UiState {
  /** Walk on show: an id in the mirror, or null before anything was sent. */
  readonly walk: number | null;
  readonly object: ObjectKey | null;
  readonly theme: "light" | "dark";
  readonly dock: DockTab;
  readonly center: CenterView;
  readonly phone: PhoneTab;
  /** Node whose rules the dock shows. */
  readonly rulesNode: string | null;
  /** Rule to scroll to and mark there. */
  readonly rulesFocus: string | null;
  readonly intentFolded: boolean;
  /** Editor or inspector drawer on middle-sized windows. */
  readonly drawer: "editor" | "inspector" | null;
  /** The text, or in its place the list of objects, or the text beside the live objects. */
  readonly editorView: "text" | "objects" | "live";
  /** A line of the text to reveal and mark in the editor, set by "because". */
  readonly revealLine: number | null;
  /** The command palette is open. */
  readonly palette: boolean;
  readonly set: (patch: Partial<Omit<UiState, "set">>) => void;
}

export const useUi = create<UiState>()((set) => ({
  walk: null,
  object: null,
  theme: "light",
  dock: "timeline",
  center: "map",
  phone: "walk",
  rulesNode: null,
  rulesFocus: null,
  intentFolded: false,
  drawer: null,
  editorView: "text",
  revealLine: null,
  palette: false,
  set: (patch) => set(patch),
}));
