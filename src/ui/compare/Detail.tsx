import type { ReactElement } from "react";
import type { ComparedMode } from "../../model/trace/comparison.ts";
import type { Hop, RuleStep } from "../../model/trace/types.ts";
import { headerRows } from "../inspector/changes.ts";
import { hopStage } from "../inspector/wording.ts";
import type { Row } from "./rows.ts";
import { useCompare } from "./state.ts";
import { MODE_NAMES } from "./words.ts";
import styles from "./Compare.module.css";

interface DetailProps {
  readonly columns: readonly ComparedMode[];
  readonly rows: readonly Row[];
  readonly visible: readonly number[];
}

/** The place that all columns stand on: the header before and after, and every rule that was looked at, mode by mode. */
export function Detail({ columns, rows, visible }: DetailProps): ReactElement | null {
  const selected = useCompare((state) => state.row);
  const row = rows.find((one) => one.key === selected) ?? rows[0];
  if (row === undefined) return null;
  const where = row.node === null || row.node === row.title ? row.title : `${row.title} on ${row.node}`;
  return (
    <section className={styles.detail} aria-label={`At ${where}`} tabIndex={0}>
      <div
        className={styles.detailGrid}
        style={{ gridTemplateColumns: `var(--place) repeat(${String(visible.length)}, minmax(0, 1fr))` }}
      >
        <h3>
          {row.node !== null && row.node !== row.title && <small>{row.node}</small>}
          {row.title}
        </h3>
        {visible.map((i) => {
          const column = columns[i];
          const cell = row.cells[i] ?? null;
          if (column === undefined) return null;
          return (
            <div key={column.mode} className={styles.detailCell}>
              <h4>{MODE_NAMES[column.mode]}</h4>
              {cell === null ? (
                <p className={styles.quiet}>
                  {(row.past[i] ?? null) === null ? "It never gets here." : "It does not come by here."}
                </p>
              ) : (
                cell.hops.map((hop) => <HopDetail key={hop.index} hop={hop} alone={cell.hops.length === 1} />)
              )}
            </div>
          );
        })}
      </div>
    </section>
  );
}

function HopDetail({ hop, alone }: { readonly hop: Hop; readonly alone: boolean }): ReactElement {
  const changed = headerRows(hop).filter((line) => line.changed && line.field !== "ttl");
  return (
    <article className={styles.hop}>
      {(!alone || hop.considered > 0) && (
        <p className={styles.stage}>
          <span className={styles.mono}>{hopStage(hop)}</span>
          {hop.considered > 0 && ` ${String(hop.considered)} considered, ${String(hop.matched)} matched`}
          {hop.draw !== null && <span className={styles.mono}>, draw {hop.draw}</span>}
        </p>
      )}
      <p>{hop.note}</p>
      {changed.length > 0 && (
        <dl className={styles.changes}>
          {changed.map((line) => (
            <div key={line.field} data-tone={line.tone}>
              <dt>{line.field}</dt>
              <dd>
                <span>{line.before}</span> → <strong>{line.after}</strong>
              </dd>
            </div>
          ))}
        </dl>
      )}
      {hop.steps.length > 0 && (
        <ol className={styles.steps} aria-label="Rules looked at">
          {hop.skipped.map((skipped) => (
            <li key={`${skipped.chain} ${String(skipped.from)}`} data-matched="false">
              {skipped.chain} {skipped.from} to {skipped.to}: none matches
            </li>
          ))}
          {hop.steps.map((step, i) => (
            <Step key={i} step={step} />
          ))}
        </ol>
      )}
    </article>
  );
}

/** `-A CHAIN` is said by the step's own heading. */
const bare = (text: string): string =>
  text
    .replace(/^-A \S+ ?/, "")
    .replace(/-m comment --comment ("[^"]*"|\S+) ?/, "")
    .replace(/ comment "[^"]*"/, "");

function Step({ step }: { readonly step: RuleStep }): ReactElement {
  return (
    <li
      data-matched={step.matched}
      style={{ paddingLeft: 14 + Math.min(step.depth, 5) * 8 }}
      title={`${step.rule.text}\n${step.because}`}
    >
      <span className={styles.chain}>
        {step.rule.chain} {step.rule.position}
      </span>{" "}
      <span>{bare(step.rule.text)}</span>
      <span className="kh-hidden">
        {step.matched ? " matches: " : " does not match: "}
        {step.because}
      </span>
    </li>
  );
}
