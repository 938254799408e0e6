import type { ReactElement } from "react";
import { spotter } from "../editor/places.ts";
import { useTabs } from "../editor/tabs.ts";
import { useChecks } from "./checks.ts";
import { checksText, verdictText } from "./checkWords.ts";
import styles from "./EditorChips.module.css";
import { SeverityGlyph } from "./glyphs.tsx";
import { openWhy } from "./open.ts";
import { useWhy } from "./state.ts";

interface Props {
  readonly goTo: (tab: number, line: number, column: number) => void;
}

/** Under the editor: findings about the walk on stage, and how many of the text's expectations hold. */
export function EditorChips({ goTo }: Props): ReactElement | null {
  const told = useWhy((state) => state.answer?.told ?? NONE);
  const { report, text } = useChecks();
  const grave = told.filter(({ finding }) => finding.severity !== "note").length;
  const severity = told[0]?.finding.severity ?? "note";
  if (grave === 0 && report === null) return null;
  const failed = report?.results.find(({ passed }) => !passed);
  const go = (): void => {
    const result = failed ?? report?.results[0];
    const line = result?.range?.startLine;
    const spot = line === undefined ? null : spotter(useTabs.getState().tabs, text)(line);
    if (spot !== null) goTo(spot.tab, spot.line, 1);
  };
  return (
    <div className={styles["chips"]}>
      {grave > 0 && (
        <button type="button" data-severity={severity} onClick={() => openWhy()}>
          <SeverityGlyph severity={severity} />
          {grave} {grave === 1 ? "finding" : "findings"}
        </button>
      )}
      {report !== null && (
        <button
          type="button"
          data-severity={failed === undefined ? "passed" : "error"}
          title={failed === undefined ? undefined : `${failed.name} ${verdictText(failed)}`}
          onClick={go}
        >
          {failed === undefined ? <Check /> : <SeverityGlyph severity="error" />}
          {checksText(report)}
        </button>
      )}
    </div>
  );
}

const NONE: readonly never[] = [];

function Check(): ReactElement {
  return (
    <svg width="13" height="13" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <circle cx="8" cy="8" r="7" fill="currentColor" />
      <path
        d="m4.9 8.2 2.2 2.2 4-4.6"
        fill="none"
        stroke="var(--surface)"
        strokeWidth="1.8"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
