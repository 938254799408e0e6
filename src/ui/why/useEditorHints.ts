import { useEffect, useMemo } from "react";
import type { MountedEditor } from "../editor/mount.ts";
import { placeDiagnostics, type PlacedDiagnostic } from "../editor/places.ts";
import { useTabs } from "../editor/tabs.ts";
import { hintsOf } from "./editorHints.ts";
import { useWhy } from "./state.ts";

/** What is told of the walk on stage, in the files: a squiggle with the finding's id, and a mark in the margin that leads to the card. */
export function useEditorHints(editor: MountedEditor | null, shape: string): readonly PlacedDiagnostic[] {
  const answer = useWhy((state) => state.answer);
  const placed = useMemo(
    () => (answer === null ? [] : placeDiagnostics(useTabs.getState().tabs, answer.text, hintsOf(answer))),
    // Files that come or go move those behind them.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
    [answer, shape],
  );
  useEffect(() => {
    editor?.setMarks(
      placed.map(({ tab, range, message, diagnostic }) => ({
        tab,
        line: range.startLine,
        className: diagnostic.severity === "info" ? "kh-why kh-why-note" : "kh-why",
        words: `${message} Press W for all of it.`,
      })),
      "why",
    );
  }, [editor, placed]);
  return placed;
}
