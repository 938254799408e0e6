import type { Session } from "../shell/session.ts";
import { joinFiles } from "./files.ts";
import type { PlacedFix } from "./places.ts";
import { applyEdits } from "./problems.ts";
import { activate, useTabs } from "./tabs.ts";

/** Makes a mend's edits, each file's as one step of undo, with the file in sight. */
export function applyFix(session: Session, { edits }: PlacedFix): void {
  const { tabs } = useTabs.getState();
  const first = edits[0];
  if (first === undefined) return;
  activate(first.tab);
  session.replaceText(
    joinFiles(
      tabs.map((tab) => {
        const own = edits.filter((one) => one.tab === tab.id).map(({ edit }) => edit);
        return own.length === 0 ? tab : { ...tab, text: applyEdits(tab.text, own) };
      }),
    ),
  );
}
