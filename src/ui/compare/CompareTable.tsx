import type { ReactElement } from "react";
import type { ComparedMode, Trial } from "../../model/trace/comparison.ts";
import { RailGlyph, outcomeGlyph } from "../inspector/glyphs.tsx";
import type { Strands } from "../inspector/strands.ts";
import { OUTCOMES } from "../inspector/wording.ts";
import type { Cell, Row } from "./rows.ts";
import { useCompare } from "./state.ts";
import { useSwitch } from "./useSwitch.ts";
import { lookedText, MODE_AGE, MODE_NAMES, picksText, sharesText, writtenText } from "./words.ts";
import styles from "./Compare.module.css";

interface TableProps {
  readonly columns: readonly ComparedMode[];
  readonly rows: readonly Row[];
  /** Columns that are shown, by their place among all. */
  readonly visible: readonly number[];
  readonly narrow: boolean;
}

/** A row per place, a column per mode. */
export function CompareTable({ columns, rows, visible, narrow }: TableProps): ReactElement {
  const { row: selected, onlyDifferences, leg, set } = useCompare();
  const switchTo = useSwitch();
  const first = rows.find((row) => row.differs);
  const current = rows.some((row) => row.key === selected) ? selected : rows[0]?.key;
  const shown = onlyDifferences ? rows.filter((row) => row.differs) : rows;
  const node = columns.find((column) => column.written !== null)?.written?.node;
  return (
    <div className={styles.scroll} tabIndex={0} role="region" aria-label="Places and modes">
      <table className={styles.table}>
        <caption className="kh-hidden">
          The {leg} in {columns.map(({ mode }) => MODE_NAMES[mode]).join(", ")} mode, place by place
        </caption>
        <colgroup>
          <col className={styles.placeColumn} />
          {visible.map((i) => (
            <col key={i} />
          ))}
        </colgroup>
        <thead>
          <tr>
            <th scope="col" className={styles.corner}>
              <span>
                before the rewrite
                {node !== undefined && (
                  <>
                    {" "}
                    on <span className={styles.whole}>{node}</span>
                  </>
                )}
              </span>
            </th>
            {visible.map((i) => {
              const column = columns[i];
              if (column === undefined) return null;
              const { mode, looked } = column;
              return (
                <th key={mode} scope="col" className={styles.mode}>
                  <span className={styles.modeLine}>
                    <button
                      type="button"
                      className={styles.modeName}
                      disabled={column.current}
                      title={
                        column.current
                          ? "Every node runs it now"
                          : `Restart kube-proxy on every node in ${MODE_NAMES[mode]} mode`
                      }
                      onClick={() => switchTo(mode)}
                    >
                      {MODE_NAMES[mode]}
                    </button>
                    <span className={styles.age} data-mode={mode}>
                      {MODE_AGE[mode]}
                    </span>
                    {column.current && <span className={styles.now}>runs now</span>}
                  </span>
                  <span className={styles.looked}>
                    <strong>{looked.rules}</strong>
                    <span>{lookedText(looked)}</span>
                  </span>
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <tr
              key={row.key}
              data-compare-row={row.key}
              data-hook={row.node === null ? undefined : true}
              data-opens={row.opens || undefined}
              data-selected={row.key === current || undefined}
              aria-current={row.key === current ? "step" : undefined}
              onClick={() => set({ row: row.key })}
            >
              <th scope="row" className={styles.place}>
                <button type="button" onClick={() => set({ row: row.key })}>
                  {row.node !== null && row.opens && <small>{row.node}</small>}
                  <span>{row.title}</span>
                </button>
                {row.differs && (
                  <span className={styles.differs} title={row === first ? "The first difference" : "Modes differ here"}>
                    <span aria-hidden="true">≠</span>
                    <span className={row === first ? undefined : "kh-hidden"}>
                      {" "}
                      {row === first ? "first" : "differs"}
                    </span>
                  </span>
                )}
              </th>
              {visible.map((i) => (
                <PlaceCell key={i} cell={row.cells[i] ?? null} past={row.past[i] ?? null} />
              ))}
            </tr>
          ))}
          {shown.length === 0 && (
            <tr>
              <td colSpan={visible.length + 1} className={styles.nothing}>
                {rows.length === 0 ? `There is no ${leg}.` : "These modes do the same at every place."}
              </td>
            </tr>
          )}
        </tbody>
        <tfoot>
          <Fact title="How it picks" columns={columns} visible={visible} text={picksText} />
          <Fact title="Exact ends" columns={columns} visible={visible} text={sharesText} />
          <Fact title="Written for it" columns={columns} visible={visible} text={writtenText} />
          <TrialRow
            title={(to) => `Dial ${to} instead`}
            of={(column) => column.otherPort}
            columns={columns}
            visible={visible}
          />
          <TrialRow
            title={(to) => `Ping ${to.replace(/:0$/, "")}`}
            of={(column) => column.ping}
            columns={columns}
            visible={visible}
          />
        </tfoot>
      </table>
      {narrow && <p className={styles.hint}>One mode at a time here; a wider window shows them side by side.</p>}
    </div>
  );
}

function PlaceCell({ cell, past }: { readonly cell: Cell | null; readonly past: Strands | null }): ReactElement {
  if (cell === null) {
    return (
      <td className={styles.cell} data-empty>
        <Rails above={past} below={past} />
        <span className="kh-hidden">{past === null ? "not reached" : "does not come by"}</span>
      </td>
    );
  }
  return (
    <td className={styles.cell} data-tone={cell.tone}>
      <Rails above={cell.above} below={cell.below} />
      <span className={styles.glyph}>
        {cell.glyph === "process" ? (
          <ProcessGlyph />
        ) : (
          <RailGlyph kind={cell.glyph} size={cell.glyph === "ring" ? 22 : 18} />
        )}
      </span>
      <span className={styles.text}>{cell.text}</span>
    </td>
  );
}

/** Destination left and source right: travel goes down, and the source is on the left of travel. */
function Rails({ above, below }: { readonly above: Strands | null; readonly below: Strands | null }): ReactElement {
  const half = (strands: Strands | null, where: "above" | "below"): ReactElement | null =>
    strands === null ? null : (
      <span
        className={styles.rail}
        data-half={where}
        style={{ borderLeftColor: `var(--${strands.dst})`, borderRightColor: `var(--${strands.src})` }}
      />
    );
  return (
    <span className={styles.rails} aria-hidden="true">
      {half(above, "above")}
      {half(below, "below")}
    </span>
  );
}

/** Two bars in a box: one connection ends, another begins. */
function ProcessGlyph(): ReactElement {
  return (
    <svg width="22" height="22" viewBox="0 0 22 22" aria-hidden="true">
      <rect x="1" y="1" width="20" height="20" rx="5" fill="var(--snat-soft)" stroke="var(--snat)" strokeWidth="1.5" />
      <path d="M8 6.5v9M14 6.5v9" stroke="var(--snat)" strokeWidth="1.8" strokeLinecap="round" />
    </svg>
  );
}

interface FactProps {
  readonly title: string;
  readonly columns: readonly ComparedMode[];
  readonly visible: readonly number[];
  readonly text: (column: ComparedMode) => string;
}

function Fact({ title, columns, visible, text }: FactProps): ReactElement {
  return (
    <tr>
      <th scope="row">{title}</th>
      {visible.map((i) => {
        const column = columns[i];
        return <td key={i}>{column === undefined ? "" : text(column)}</td>;
      })}
    </tr>
  );
}

interface TrialProps {
  readonly title: (to: string) => string;
  readonly of: (column: ComparedMode) => Trial | null;
  readonly columns: readonly ComparedMode[];
  readonly visible: readonly number[];
}

function TrialRow({ title, of, columns, visible }: TrialProps): ReactElement | null {
  const trials = columns.map(of);
  const to = trials.find((trial) => trial !== null)?.to;
  if (to === undefined) return null;
  return (
    <tr>
      <th scope="row">{title(to)}</th>
      {visible.map((i) => {
        const trial = trials[i] ?? null;
        return (
          <td key={i} title={trial?.symptom}>
            {trial !== null && (
              <span className={styles.trial}>
                <RailGlyph kind={outcomeGlyph(trial.outcome)} size={14} />
                {OUTCOMES[trial.outcome]}
              </span>
            )}
          </td>
        );
      })}
    </tr>
  );
}
