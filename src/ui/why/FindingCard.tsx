import { useId, useMemo, useState, type ReactElement } from "react";
import type { Finding } from "../../model/trace/finding.ts";
import type { Exploration, Request } from "../../model/trace/types.ts";
import { lineDiff } from "../controlplane/diff.ts";
import { CopyButton } from "../inspector/CopyButton.tsx";
import { Button } from "../shell/Button.tsx";
import { useSession } from "../shell/session.ts";
import { useUi } from "../state.ts";
import { applyFix } from "./apply.ts";
import { followEvidence, followHop } from "./follow.ts";
import { SeverityGlyph } from "./glyphs.tsx";
import { numbered, type NumberedLine } from "./numbered.ts";
import { MEANINGS } from "./meanings.ts";
import { aboutText, headline, placeText, SEVERITIES } from "./words.ts";
import styles from "./WhyCard.module.css";

export interface FindingProps {
  readonly finding: Finding;
  /** The text as the fix would leave it; null: it cannot be made in the text as it stands. */
  readonly edited: string | null;
  /** The text that the finding speaks of. */
  readonly text: string;
  readonly request: Request;
  readonly exploration: Exploration | null;
  /** What stands above it already. */
  readonly said: string;
}

/** How grave it is, in shape and word, and its id. */
export function FindingHead({ finding }: Pick<FindingProps, "finding">): ReactElement {
  return (
    <span className={styles["kind"]}>
      <span className={styles["severity"]} data-severity={finding.severity}>
        <SeverityGlyph severity={finding.severity} />
        {SEVERITIES[finding.severity]}
      </span>
      <code>{finding.id}</code>
    </span>
  );
}

/** One finding in full: what it is, what it means, what shows it, the one edit that mends it and how that was proved. */
export function FindingBody({ finding, edited, text, request, exploration, said }: FindingProps): ReactElement {
  const { head, rest } = headline(finding.cause);
  return (
    <>
      <h3 className={styles["headline"]}>{head}</h3>
      {rest !== "" && <p className={styles["rest"]}>{rest}</p>}
      <p className={styles["meaning"]}>{MEANINGS[finding.id]}</p>
      <EvidenceList finding={finding} exploration={exploration} said={said} />
      {finding.fix !== null && (
        <FixBox finding={finding} fix={finding.fix} edited={edited} text={text} request={request} />
      )}
      {finding.unfixed !== null && (
        <div className={styles["unfixed"]}>
          <b>No edit is proved to mend it.</b> {finding.unfixed}
          {finding.id === "ROLLOUT-RULES-LAG" && <RaceButton finding={finding} />}
        </div>
      )}
      <RealCluster command={finding.command} />
    </>
  );
}

/** Chance decides who is lost: many histories tell how many, and what closes the race. */
function RaceButton({ finding }: Pick<FindingProps, "finding">): ReactElement | null {
  const deployment = finding.evidence.find((one) => one.kind === "object" && one.object.startsWith("Deployment/"));
  if (deployment?.kind !== "object") return null;
  return (
    <Button
      className={styles["race"]}
      onClick={() => void import("../race/open.ts").then(({ askAbout }) => askAbout("rollout", deployment.object))}
    >
      Race the rollout over many seeds
    </Button>
  );
}

function EvidenceList({
  finding,
  exploration,
  said,
}: Pick<FindingProps, "finding" | "exploration" | "said">): ReactElement | null {
  const { evidence, hop } = finding;
  const named = evidence.some(({ kind }) => kind === "walk");
  if (evidence.length === 0 && hop === null) return null;
  return (
    <div role="group" className={styles["evidence"]} aria-label="Evidence">
      <h4>Evidence</h4>
      <ol>
        {evidence.map((one, i) => (
          <li key={i}>
            <button type="button" onClick={() => followEvidence(one, hop, exploration)}>
              <span className={styles["about"]}>{aboutText(one)}</span>
              <span className={styles["place"]}>{placeText(one)}</span>
              <code>{one.shows}</code>
            </button>
          </li>
        ))}
        {hop !== null && !named && (
          <li>
            <button type="button" onClick={() => followHop(hop, exploration)}>
              <span className={styles["about"]}>
                {hop.place.slice(hop.place.indexOf("/") + 1)}, {hop.label}
              </span>
              <span className={styles["place"]}>
                {hop.leg === "reply" ? "reply hop" : "hop"} {hop.index + 1}
              </span>
              {!said.includes(hop.note.replace(/\.$/, "")) && <code>{hop.note}</code>}
            </button>
          </li>
        )}
      </ol>
    </div>
  );
}

interface FixProps extends Pick<FindingProps, "edited" | "text" | "request"> {
  readonly finding: Finding;
  readonly fix: NonNullable<Finding["fix"]>;
}

function FixBox({ fix, edited, text, request }: FixProps): ReactElement {
  const session = useSession();
  const title = useId();
  const [busy, setBusy] = useState(false);
  const lines = useMemo(() => (edited === null ? [] : numbered(lineDiff(text, edited, 1))), [text, edited]);
  const first = lines.find(({ kind }) => kind === "removed") ?? lines.find(({ kind }) => kind === "added");
  const apply = async (): Promise<void> => {
    if (busy) return;
    setBusy(true);
    await applyFix(session, fix, request).finally(() => setBusy(false));
  };
  return (
    <div
      role="group"
      className={styles["fix"]}
      aria-labelledby={title}
      onKeyDown={(event) => {
        if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
        event.preventDefault();
        void apply();
      }}
    >
      <h4 id={title}>
        <svg width="15" height="15" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
          <path
            d="m2.5 13.5 7-7M8 8l-.5-.5M11 2v2.500M14 5h-2.500M12.8 8.200l-1-1M12.8 3.200l-1 1M9 3.400l.7.7"
            fill="none"
            stroke="currentColor"
            strokeWidth="1.5"
            strokeLinecap="round"
          />
        </svg>
        One edit makes it arrive: {fix.title}
      </h4>
      {edited === null ? (
        <p className={styles["cannot"]}>
          The text as it stands is not the one in which it was proved. Mend what is refused, and it can be applied.
        </p>
      ) : (
        <Diff lines={lines} />
      )}
      <p className={styles["proof"]}>
        <svg width="15" height="15" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
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
        <span>
          <b>Proved:</b> {fix.proof}. Nothing has changed yet.
        </span>
      </p>
      <div className={styles["deeds"]}>
        <Button look="primary" aria-disabled={busy || edited === null} onClick={() => edited !== null && void apply()}>
          Apply this edit
        </Button>
        {first !== undefined && (
          <Button onClick={() => useUi.getState().set({ revealLine: first.before ?? first.after ?? 1 })}>
            Show in YAML
          </Button>
        )}
      </div>
    </div>
  );
}

const SIGNS = { same: " ", added: "+", removed: "-", gap: "…" } as const;
const SPOKEN = { same: "", added: "added ", removed: "removed ", gap: "" } as const;

function Diff({ lines }: { readonly lines: readonly NumberedLine[] }): ReactElement {
  return (
    <ol className={styles["diff"]} aria-label="The edit">
      {lines.map((line, i) => (
        <li key={i} data-kind={line.kind}>
          <span className={styles["number"]} aria-hidden="true">
            {SIGNS[line.kind]}
            {line.kind === "gap" ? "" : (line.after ?? line.before)}
          </span>
          <code>
            <span className="kh-hidden">{SPOKEN[line.kind]}</span>
            {line.text}
          </code>
        </li>
      ))}
    </ol>
  );
}

function RealCluster({ command }: { readonly command: string }): ReactElement | null {
  if (command === "") return null;
  return (
    <div role="group" className={styles["real"]} aria-label="See it on a real cluster">
      <div>
        <h4>See it on a real cluster</h4>
        <CopyButton className={styles["copy"]} text={() => command}>
          Copy
        </CopyButton>
      </div>
      <pre tabIndex={0}>
        {command.split("\n").map((line, i) => (
          <span key={i}>
            <i aria-hidden="true">$ </i>
            {line}
            {"\n"}
          </span>
        ))}
      </pre>
    </div>
  );
}
