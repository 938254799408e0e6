import { useState } from "react";
import { useMirror } from "../../mirror/store.ts";
import type { Diagnostic } from "../../model/trace/diagnostic.ts";
import { splitKey } from "../../model/meta/types.ts";
import { Button } from "../shell/Button.tsx";
import { Icon } from "../shell/icons.tsx";
import { say, usePage } from "../shell/page.ts";
import { useSession } from "../shell/session.ts";
import { useUi } from "../state.ts";
import { admittedWords, applyEdits, byPlace, count, errorsOf, warningsOf } from "./problems.ts";
import { useOffers } from "./useOffers.ts";
import type { Provenance } from "./useProvenance.ts";
import styles from "./EditorPanel.module.css";

interface FooterProps {
  readonly goTo: (line: number, column: number) => void;
  readonly provenance: Provenance;
}

/** What the API server made of the text, what the line under the caret made, and what could be added. */
export function EditorFooter({ goTo, provenance }: FooterProps) {
  const report = useMirror((state) => state.report);
  const nodes = useMirror((state) => state.proxies.length);
  const errors = errorsOf(report.diagnostics);
  const warnings = warningsOf(report.diagnostics);
  return (
    <footer className={styles["footer"]}>
      <Made provenance={provenance} nodes={nodes} />
      <Offers />
      <Problems all={[...errors, ...warnings].sort(byPlace)} goTo={goTo} />
      <p className={styles["status"]} role="status">
        {errors.length > 0 && (
          <b data-tone="reject">
            <Icon name="error" size={14} /> {count(errors.length, "error")}
          </b>
        )}
        {warnings.length > 0 && (
          <b data-tone="warn">
            <Icon name="warning" size={14} /> {count(warnings.length, "warning")}
          </b>
        )}
        <span>{admittedWords(report.admitted, report.revision)}</span>
      </p>
    </footer>
  );
}

function Made({ provenance, nodes }: { readonly provenance: Provenance; readonly nodes: number }) {
  const set = useUi((state) => state.set);
  const rulesNode = useUi((state) => state.rulesNode);
  const firstNode = useMirror((state) => state.proxies[0]?.node ?? null);
  const rules = provenance?.rules ?? [];
  const rule = rules[0];
  if (provenance === null || rule === undefined) return null;
  const field = provenance.path === "" ? splitKey(provenance.object).kind : (provenance.path.split(".").at(-1) ?? "");
  return (
    <p className={styles["made"]}>
      <span>
        <code>{field}</code> made {count(rules.length, "rule")} on {nodes === 1 ? "the node" : "each node"}
      </span>
      <Button
        look="bare"
        icon="rules"
        onClick={() => {
          set({ dock: "rules", rulesNode: rulesNode ?? firstNode, rulesFocus: rule.id });
          say(`Rules tab: ${rule.text}`);
        }}
      >
        Show
      </Button>
    </p>
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
