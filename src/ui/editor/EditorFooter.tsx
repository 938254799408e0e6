import { useMemo, useState } from "react";
import { useMirror } from "../../mirror/store.ts";
import type { Diagnostic } from "../../model/trace/diagnostic.ts";
import { splitKey } from "../../model/meta/types.ts";
import { Button } from "../shell/Button.tsx";
import { Icon } from "../shell/icons.tsx";
import { say, usePage } from "../shell/page.ts";
import { useSession } from "../shell/session.ts";
import { useSettled } from "../shell/useSettled.ts";
import { admittedWords, applyEdits, count, errorsOf, problemsOf, warningsOf } from "./problems.ts";
import { useOffers } from "./useOffers.ts";
import styles from "./EditorPanel.module.css";

interface FooterProps {
  readonly goTo: (line: number, column: number) => void;
}

/** What the API server made of the text, and what could be added to it. */
export function EditorFooter({ goTo }: FooterProps) {
  const report = useMirror((state) => state.report);
  const problems = useMemo(() => problemsOf(report.diagnostics), [report.diagnostics]);
  const errors = errorsOf(problems).length;
  const warnings = warningsOf(problems).length;
  // A word half typed is no reason to move the text about.
  const settled = useSettled(problems, problems.length === 0);
  return (
    <footer className={styles["footer"]}>
      <Offers />
      <Problems all={settled} goTo={goTo} />
      <p className={styles["status"]} role="status">
        {errors > 0 && (
          <b data-tone="reject">
            <Icon name="error" size={14} /> {count(errors, "error")}
          </b>
        )}
        {warnings > 0 && (
          <b data-tone="warn">
            <Icon name="warning" size={14} /> {count(warnings, "warning")}
          </b>
        )}
        <span>{admittedWords(report.admitted, report.revision)}</span>
      </p>
    </footer>
  );
}

function Offers() {
  const session = useSession();
  const offers = useOffers();
  return offers.map(({ service, text }) => (
    <div key={service} className={styles["offer"]}>
      <p>
        <b>No pod matches {splitKey(service).name}.</b> Its addresses answer with a refusal until one does.
      </p>
      <Button
        onClick={() => {
          const { draft } = usePage.getState();
          const between = draft.trim() === "" ? "" : `${draft.replace(/\n*$/, "\n")}---\n`;
          session.replaceText(between + text);
          say("A Deployment was added at the end of the text.");
        }}
      >
        Add a Deployment that matches
      </Button>
    </div>
  ));
}

/** Problems shown before the list is unfolded. */
const FEW = 2;

function Problems({ all, goTo }: { readonly all: readonly Diagnostic[]; readonly goTo: FooterProps["goTo"] }) {
  const session = useSession();
  const [open, setOpen] = useState(false);
  if (all.length === 0) return null;
  const shown = open ? all : all.slice(0, FEW);
  return (
    <div className={styles["problems"]}>
      <ul aria-label="Problems">
        {shown.map((one) => (
          <li key={`${String(one.range.startLine)}:${String(one.range.startColumn)} ${one.message}`}>
            <button
              type="button"
              className={styles["problem"]}
              data-tone={one.severity === "error" ? "reject" : "warn"}
              onClick={() => goTo(one.range.startLine, one.range.startColumn)}
            >
              <Icon name={one.severity === "error" ? "error" : "warning"} size={14} />
              <span>
                <b>Line {one.range.startLine}</b> <code>{one.message}</code>
              </span>
            </button>
            {one.fixes[0] !== undefined && (
              <FixButton
                title={one.fixes[0].title}
                onFix={() => session.replaceText(applyEdits(usePage.getState().draft, one.fixes[0]?.edits ?? []))}
              />
            )}
          </li>
        ))}
      </ul>
      {all.length > FEW && (
        <Button look="bare" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? "Show fewer" : `Show all ${String(all.length)}`}
        </Button>
      )}
    </div>
  );
}

function FixButton({ title, onFix }: { readonly title: string; readonly onFix: () => void }) {
  return (
    <Button
      className={styles["fix"] ?? ""}
      onClick={() => {
        onFix();
        say(`Done: ${title}`);
      }}
    >
      {title}
    </Button>
  );
}
