/** What the page itself is showing beside the cluster: scenario, text being typed, notices. */
import { create } from "zustand";
import { DEFAULT_SCENARIO, type Scenario } from "../../scenarios/index.ts";

export type Notice =
  | { readonly kind: "damaged-link"; readonly why: string }
  | { readonly kind: "newer-link"; readonly version: number; readonly text: string | null }
  | { readonly kind: "refused"; readonly message: string }
  /** The address names a file that lies elsewhere. */
  | { readonly kind: "source"; readonly written: string }
  /** A newer version of the page is here; `take` reloads with it. */
  | { readonly kind: "newer-page"; readonly take: () => void }
  | { readonly kind: "shared"; readonly length: number; readonly copied: boolean; readonly url: string };

export interface PageState {
  /** What Reset goes back to. */
  readonly scenario: Scenario;
  /** The text as it stands in the editor, sent or not. */
  readonly draft: string;
  /** Counts changes of the draft that did not come from the editor: it takes them over as undoable edits. */
  readonly draftRevision: number;
  readonly notice: Notice | null;
  /** Last thing said to screen readers. A count keeps equal sentences apart. */
  readonly said: { readonly text: string; readonly count: number };
  readonly helpOpen: boolean;
  /** Commands of a history that are replayed; null: none is being replayed. */
  readonly replaying: { readonly done: number; readonly total: number } | null;
  /** Events of something long that the simulator is at (null: the picture of it is on its way); null: nothing is long. */
  readonly working: { readonly events: number | null } | null;
}

export const usePage = create<PageState>()(() => ({
  scenario: DEFAULT_SCENARIO,
  draft: DEFAULT_SCENARIO.text,
  draftRevision: 0,
  notice: null,
  said: { text: "", count: 0 },
  helpOpen: false,
  replaying: null,
  working: null,
}));

/** Says a sentence in the page's live region. */
export function say(text: string): void {
  usePage.setState(({ said }) => ({ said: { text, count: said.count + 1 } }));
}

/** Replaces the text from outside the editor. */
export function replaceDraft(text: string): void {
  usePage.setState(({ draft, draftRevision }) =>
    draft === text ? {} : { draft: text, draftRevision: draftRevision + 1 },
  );
}
