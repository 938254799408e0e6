import { useMemo, useState } from "react";
import { useMirror } from "../../mirror/store.ts";
import { splitKey } from "../../model/meta/types.ts";
import { Button } from "../shell/Button.tsx";
import { Icon } from "../shell/icons.tsx";
import { say } from "../shell/page.ts";
import { useSession } from "../shell/session.ts";
import { useSettled } from "../shell/useSettled.ts";
import { admittedWords, count, errorsOf, problemsOf, warningsOf } from "./problems.ts";
import { ClosedNote, ForgetfulNote, ImportNote } from "./FooterNotes.tsx";
import type { PlacedDiagnostic } from "./places.ts";
import { useTabs } from "./tabs.ts";
import { applyFix } from "./applyFix.ts";
import { EditorChips } from "../why/EditorChips.tsx";
import type { Offer } from "./useOffers.ts";
import styles from "./EditorPanel.module.css";

interface FooterProps {
  readonly placed: readonly PlacedDiagnostic[];
  readonly offers: readonly Offer[];
  readonly goTo: (tab: number, line: number, column: number) => void;
  readonly onFormat: () => void;
}

/** What the API server made of the text, and what could be added to it. */
export function EditorFooter({ placed, offers, goTo, onFormat }: FooterProps) {
  const report = useMirror((state) => state.report);
  const problems = useMemo(() => problemsOf(report.diagnostics), [report.diagnostics]);
  const errors = errorsOf(problems).length;
  const warnings = warningsOf(problems).length;
  const inPlace = useMemo(() => {
    const at = new Map(placed.map((one) => [one.diagnostic, one]));
    return problems.flatMap((one) => at.get(one) ?? []);
  }, [placed, problems]);
  // A word half typed is no reason to move the text about.
  const settled = useSettled(inPlace, inPlace.length === 0);
  return (
    <footer className={styles["footer"]}>
      <div className={styles["notes"]}>
        <ImportNote />
        <ClosedNote />
        <ForgetfulNote />
        <Offers offers={offers} />
        <Problems all={settled} goTo={goTo} />
      </div>
      <EditorChips goTo={goTo} />
      <div className={styles["last"]}>
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
          <span>
            {report.accepted
              ? admittedWords(report.admitted, report.revision)
              : `Not applied: the cluster is that of revision ${String(report.revision)}`}
          </span>
        </p>
        <Button
          look="bare"
          className={styles["format"] ?? ""}
          title="Format this file (Shift+Alt+F)"
          onClick={onFormat}
        >
          Format
        </Button>
      </div>
    </footer>
  );
}

function Offers({ offers }: { readonly offers: readonly Offer[] }) {
  const session = useSession();
  return offers.map(({ service, fixes }) => (
    <div key={service} className={styles["offer"]}>
      <p>
        <b>No pod matches {splitKey(service).name}.</b> Its addresses answer with a refusal until one does.
      </p>
      {fixes.map((fix) => (
        <Button
          key={fix.title}
          className={styles["wide"] ?? ""}
          onClick={() => {
            applyFix(session, fix);
            say(`Done: ${fix.title}`);
          }}
        >
          {fix.title}
        </Button>
      ))}
    </div>
  ));
}

/** Problems shown before the list is unfolded. */
const FEW = 2;

function Problems({ all, goTo }: { readonly all: readonly PlacedDiagnostic[]; readonly goTo: FooterProps["goTo"] }) {
  const session = useSession();
  const tabs = useTabs((state) => state.tabs);
  const [open, setOpen] = useState(false);
  if (all.length === 0) return null;
  const shown = open ? all : all.slice(0, FEW);
  const fileOf = (id: number): string => (tabs.length === 1 ? "" : `${tabs.find((tab) => tab.id === id)?.name ?? ""} `);
  return (
    <div className={styles["problems"]}>
      <ul aria-label="Problems">
        {shown.map(({ tab, range, message, diagnostic, fixes }) => (
          <li key={`${String(tab)}:${String(range.startLine)}:${String(range.startColumn)} ${diagnostic.message}`}>
            <button
              type="button"
              className={styles["problem"]}
              data-tone={diagnostic.severity === "error" ? "reject" : "warn"}
              onClick={() => goTo(tab, range.startLine, range.startColumn)}
            >
              <Icon name={diagnostic.severity === "error" ? "error" : "warning"} size={14} />
              <span>
                <b>
                  {fileOf(tab)}Line {range.startLine}
                </b>{" "}
                <code>{message}</code>
              </span>
            </button>
            {fixes[0] !== undefined && (
              <FixButton title={fixes[0].title} onFix={() => fixes[0] !== undefined && applyFix(session, fixes[0])} />
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
