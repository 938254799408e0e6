/** The text's expectations, as they were held against the cluster last. */
import { useEffect } from "react";
import { create } from "zustand";
import { mirror, useMirror } from "../../mirror/store.ts";
import type { CheckReport } from "../../model/trace/check.ts";
import type { MountedEditor } from "../editor/mount.ts";
import { spotter } from "../editor/places.ts";
import { useTabs } from "../editor/tabs.ts";
import { useSession } from "../shell/session.ts";
import { expectsSomething, verdictText } from "./checkWords.ts";

/** How long text and cluster rest before expectations are looked into. */
const REST_MS = 300;

interface Checks {
  /** null: the text has no expectation. */
  readonly report: CheckReport | null;
  /** The text that it is about. */
  readonly text: string;
}

export const useChecks = create<Checks>()(() => ({ report: null, text: "" }));

/** Holds the text's expectations against the cluster whenever either has changed, and marks them in the editor. */
export function useExpectations(editor: MountedEditor | null, shape: string): void {
  const session = useSession();
  const text = useMirror((state) => state.text);
  const accepted = useMirror((state) => state.report.accepted);
  const ready = useMirror((state) => state.status === "ready");
  const moment = useMirror(({ now, revision, commands }) => `${String(now)} ${String(revision)} ${commands.length}`);
  const { report, text: about } = useChecks();
  const wanted = expectsSomething(text);
  useEffect(() => {
    if (!ready || !accepted) return;
    let current = true;
    const timer = setTimeout(
      () => {
        if (!wanted) {
          useChecks.setState({ report: null, text: "" });
          return;
        }
        session.client.query("check", {}).then(
          (found) => {
            if (current) useChecks.setState({ report: found, text: mirror.getState().text });
          },
          () => {},
        );
      },
      wanted ? REST_MS : 0,
    );
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [session, wanted, moment, accepted, ready]);
  useEffect(() => {
    if (editor === null) return;
    const spot = spotter(useTabs.getState().tabs, about);
    const placed = (report?.results ?? []).flatMap((result) => {
      const at = result.range === null ? null : spot(result.range.startLine);
      return at === null ? [] : [{ ...at, result }];
    });
    editor.setFacts(
      placed.map(({ tab, line, result }) => ({
        tab,
        line,
        words: verdictText(result),
        wanting: !result.passed,
        passed: result.passed,
      })),
      "checks",
    );
    editor.setMarks(
      placed.map(({ tab, line, result }) => ({
        tab,
        line,
        className: result.passed ? "kh-passed" : "kh-failed",
        words: `Expectation ${result.name} ${verdictText(result)}.`,
      })),
      "checks",
    );
  }, [editor, report, about, shape]);
}
