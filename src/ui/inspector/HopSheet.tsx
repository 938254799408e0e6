import { useEffect, useRef, useState, type ReactElement } from "react";
import type { RuleRef } from "../../model/trace/types.ts";
import { useUi } from "../state.ts";
import { headerRows } from "./changes.ts";
import { HopDetail } from "./HopDetail.tsx";
import styles from "./HopSheet.module.css";
import { shownRule } from "./ruleText.ts";
import { VerdictTag } from "./Tag.tsx";
import type { PanelProps } from "./types.ts";
import { chanceOf, Summary } from "./Summary.tsx";
import { useCurrentHop, useWholeWalk } from "./useCurrentHop.ts";
import { hopStage, hostTitle } from "./wording.ts";
import { linksOf } from "./because.ts";

/** The current hop as a sheet at the bottom of a phone: the essentials, and all of it when pulled up. */
export function HopSheet({ mirror, query, exploration }: PanelProps): ReactElement | null {
  const { walk, selection, hop } = useCurrentHop();
  const [open, setOpen] = useState(false);
  const line = useLine(hop === null ? null : hop.rule, query);
  const from = useRef<number | null>(null);
  // A drag ends in a click as well, which must not undo it.
  const dragged = useRef(false);
  const whole = useWholeWalk();
  if (walk === null || selection === null || hop === null) return null;
  const changed = headerRows(hop).filter((row) => row.changed && (row.field === "src" || row.field === "dst"));
  const rule = hop.rule ?? shownRule(hop);
  return (
    <section className={styles.sheet} data-open={open} aria-label="Current hop">
      <button
        type="button"
        className={styles.grip}
        aria-expanded={open}
        aria-label={open ? "Show less of this hop" : "Show all of this hop"}
        onClick={() => {
          if (!dragged.current) setOpen(!open);
          dragged.current = false;
        }}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          from.current = event.clientY;
        }}
        onPointerUp={(event) => {
          const moved = from.current === null ? 0 : event.clientY - from.current;
          from.current = null;
          dragged.current = Math.abs(moved) > 24;
          if (dragged.current) setOpen(moved < 0);
        }}
      >
        <i />
      </button>
      {open ? (
        <div className={styles.full}>
          {whole ? (
            <Summary walk={walk} chance={chanceOf(walk, exploration)} />
          ) : (
            <HopDetail mirror={mirror} query={query} walk={walk} selection={selection} hop={hop} />
          )}
        </div>
      ) : whole ? (
        <div className={styles.brief}>
          <div className={styles.line}>
            <h3>What happened</h3>
          </div>
          {walk.outcome !== "delivered" && walk.symptom !== "" && <p className={styles.fact}>{walk.symptom}</p>}
          <p className={styles.note}>{walk.summary}</p>
          <div className={styles.chips}>
            <button type="button" onClick={() => setOpen(true)}>
              <span>Rules that decided</span>
            </button>
          </div>
        </div>
      ) : (
        <div className={styles.brief}>
          <div className={styles.line}>
            <h3>
              {selection.leg === "request" ? "Hop" : "Reply hop"} {hop.index + 1}
            </h3>
            {hop.verdict === "continue" ? (
              <span className={styles.where}>
                {hostTitle(hop.place)}, {hopStage(hop)}
              </span>
            ) : (
              <VerdictTag verdict={hop.verdict} />
            )}
            {hop.draw !== null && <span className={styles.draw}>draw {hop.draw}</span>}
          </div>
          {changed.length === 0 && <p className={styles.note}>{hop.note}</p>}
          {changed.map((row) => (
            <p key={row.field} className={styles.fact}>
              <span>{row.field}</span> {row.before} → <b className={styles[row.tone]}>{row.after}</b>
            </p>
          ))}
          {changed.length > 0 && rule !== null && (
            <p className={styles.fact}>
              <span>rule</span> {rule.chain}
            </p>
          )}
          <div className={styles.chips}>
            {line !== null && (
              <button
                type="button"
                className={styles.because}
                onClick={() => useUi.getState().set({ revealLine: line, phone: "yaml" })}
              >
                <span>Because line {line}</span>
              </button>
            )}
            {hop.considered > 0 && (
              <button type="button" onClick={() => setOpen(true)}>
                <span>{hop.considered} rules looked at</span>
              </button>
            )}
          </div>
        </div>
      )}
    </section>
  );
}

/** The first line of the text behind a rule. */
function useLine(rule: RuleRef | null, query: PanelProps["query"]): number | null {
  const [found, setFound] = useState<{ readonly rule: RuleRef | null; readonly line: number | null } | null>(null);
  useEffect(() => {
    let live = true;
    void Promise.all(
      linksOf(rule?.origin ?? null).map((link) =>
        query("locate", { object: link.object, path: link.path }).catch(() => null),
      ),
    ).then((answers) => {
      if (live) setFound({ rule, line: answers.find((answer) => answer?.range)?.range?.startLine ?? null });
    });
    return () => {
      live = false;
    };
  }, [rule, query]);
  return found?.rule === rule ? (found?.line ?? null) : null;
}
