import { useEffect, useMemo, useRef, useState, type ReactElement } from "react";
import { joined } from "../../mirror/joined.ts";
import { useMirror } from "../../mirror/store.ts";
import type { ComparedMode, Comparison } from "../../model/trace/comparison.ts";
import type { Walk } from "../../model/trace/types.ts";
import type { Refusal } from "../../wire/protocol.ts";
import { commandLine, endpoint, hostTitle } from "../inspector/wording.ts";
import { usePlayback } from "../playback.ts";
import { Button } from "../shell/Button.tsx";
import { say } from "../shell/page.ts";
import { useSession } from "../shell/session.ts";
import { useUi } from "../state.ts";
import { CompareTable } from "./CompareTable.tsx";
import { Detail } from "./Detail.tsx";
import { rowsOf, type Row } from "./rows.ts";
import { COMPARABLE, useCompare } from "./state.ts";
import { MODE_NAMES, summaryOf } from "./words.ts";
import styles from "./Compare.module.css";

export interface CompareProps {
  /** Sends what the scenario opens with: the one thing to do when nothing was sent. */
  readonly onSend: () => void;
  /** One column at a time, chosen by tabs. */
  readonly narrow?: boolean;
}

/** One packet, several modes of kube-proxy, side by side and in step. */
export function Compare({ onSend, narrow = false }: CompareProps): ReactElement {
  const walk = useShownWalk();
  const { answer, asking } = useComparison(walk);
  const leg = useCompare((state) => state.leg);
  const shown = useCompare((state) => state.shown);
  const all = useMemo(() => (answer !== null && "columns" in answer ? answer.columns : []), [answer]);
  const rows = useMemo(
    () =>
      rowsOf(
        all.map((column) => joined(column.walk)),
        leg,
      ),
    [all, leg],
  );
  const main = useRef<HTMLElement>(null);
  useStepping(rows);
  useEffect(() => main.current?.focus({ preventScroll: true }), []);

  if (walk === null) {
    return (
      <section ref={main} className={styles.compare} aria-label="Compare modes" tabIndex={-1}>
        <div className={styles.empty}>
          <h2>Nothing to compare yet</h2>
          <p>
            Send one request, and it is walked in iptables, nftables, IPVS and userspace mode side by side, each in a
            fork of this cluster.
          </p>
          <Button look="primary" icon="send" onClick={onSend}>
            Send the scenario’s request
          </Button>
        </div>
      </section>
    );
  }
  const only = all.findIndex(({ mode }) => mode === shown);
  const columns = narrow && all.length > 0 ? [Math.max(0, only)] : all.map((_, i) => i);
  return (
    <section
      ref={main}
      className={styles.compare}
      aria-label="Compare modes"
      aria-busy={asking}
      tabIndex={-1}
      data-narrow={narrow || undefined}
    >
      <Head walk={walk} columns={all} rows={rows} narrow={narrow} />
      {answer !== null && "message" in answer && (
        <p className={styles.refused} role="alert">
          {answer.message}
        </p>
      )}
      {all.length > 0 && (
        <>
          <CompareTable columns={all} rows={rows} visible={columns} narrow={narrow} />
          <Detail columns={all} rows={rows} visible={columns} />
        </>
      )}
    </section>
  );
}

/** The walk on stage, or the last one that was sent. */
function useShownWalk(): Walk | null {
  const onStage = usePlayback((state) => state.walk);
  const last = useMirror((state) => state.walks.at(-1) ?? null);
  return onStage ?? last;
}

const UNANSWERED: Refusal = {
  message:
    "The simulator did not answer. The comparison is asked anew when the request, a mode or the cluster changes.",
  field: null,
};

interface Asked {
  readonly answer: Comparison | Refusal | null;
  /** The answer is of an earlier question. */
  readonly asking: boolean;
}

/** Asked anew when the request, the modes or the cluster change; the old answer stays until the new one is there. */
function useComparison(walk: Walk | null): Asked {
  const session = useSession();
  const modes = useCompare((state) => state.modes);
  const revision = useMirror((state) => state.revision);
  const at = useMirror((state) => state.now);
  const mode = useMirror((state) => state.mode);
  const ready = useMirror((state) => state.status === "ready");
  const key = JSON.stringify([walk?.request, walk?.backend, modes, revision, at, mode]);
  const [found, setFound] = useState<{ readonly key: string; readonly answer: Comparison | Refusal } | null>(null);
  useEffect(() => {
    if (walk === null || !ready) return;
    let current = true;
    session.client.query("compare", { request: walk.request, modes, backend: walk.backend }).then(
      (answer) => current && setFound({ key, answer }),
      () => current && setFound({ key, answer: UNANSWERED }),
    );
    return () => {
      current = false;
    };
  }, [session, walk, modes, key, ready]);
  return { answer: found?.answer ?? null, asking: found?.key !== key };
}

/** The keys of this view: J, K and the arrows step all columns, D jumps to what differs. */
function useStepping(rows: readonly Row[]): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
      const target = event.target instanceof Element ? event.target : null;
      if (target !== null && target.closest("input, textarea, select, [role=dialog], [role=radio], .xterm") !== null)
        return;
      const by = { j: 1, ArrowDown: 1, ArrowRight: 1, k: -1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
      if (by !== undefined) stepBy(rows, by > 0 ? 1 : -1);
      else if (event.key === "d") jumpToDifference(rows);
      else return;
      event.preventDefault();
      event.stopPropagation();
    };
    addEventListener("keydown", onKey, { capture: true });
    return () => removeEventListener("keydown", onKey, { capture: true });
  }, [rows]);
}

function shownRows(rows: readonly Row[]): readonly Row[] {
  return useCompare.getState().onlyDifferences ? rows.filter((row) => row.differs) : rows;
}

function stepBy(all: readonly Row[], by: 1 | -1): void {
  const rows = shownRows(all);
  const at = Math.max(
    0,
    rows.findIndex((row) => row.key === useCompare.getState().row),
  );
  goTo(rows[Math.min(rows.length - 1, Math.max(0, at + by))]);
}

/** The next row that differs; from the last one on to the first again. */
function jumpToDifference(all: readonly Row[]): void {
  const at = all.findIndex((row) => row.key === useCompare.getState().row);
  goTo(all.find((row, i) => i > at && row.differs) ?? all.find((row) => row.differs));
}

function goTo(row: Row | undefined): void {
  if (row === undefined) return;
  const { modes, set } = useCompare.getState();
  set({ row: row.key });
  const told = row.cells.map((cell, i) => `${MODE_NAMES[modes[i] ?? "iptables"]}: ${cell?.text ?? "does not come by"}`);
  say(`${row.title}${row.differs ? ", differs" : ""}. ${told.join(". ")}.`);
  document.querySelector(`[data-compare-row="${CSS.escape(row.key)}"]`)?.scrollIntoView({ block: "nearest" });
}

interface HeadProps {
  readonly walk: Walk;
  readonly columns: readonly ComparedMode[];
  readonly rows: readonly Row[];
  readonly narrow: boolean;
}

const NUMBERS = ["no", "one", "two", "three", "four"] as const;

function Head({ walk, columns, rows, narrow }: HeadProps): ReactElement {
  const { modes, leg, onlyDifferences, shown, set, toggle } = useCompare();
  const first = rows.find((row) => row.differs);
  const dialled = commandLine(walk);
  const start = walk.hops[0];
  const pinned = columns.filter((column) => column.pinned);
  const from = start === undefined ? walk.request.from : hostTitle(start.place);
  return (
    <header className={styles.head}>
      <div className={styles.title}>
        <h2>One packet, {NUMBERS[columns.length === 0 ? modes.length : columns.length]} proxy modes</h2>
        <p>
          <span className={styles.mono}>{dialled.command}</span> from {from}. Same cluster, same seed
          {columns.length === 0 ? (
            ": it is walked in each mode now."
          ) : pinned.length === columns.length && walk.backend !== null ? (
            <>
              , draws pinned to <span className={styles.mono}>{endpoint(walk.backend.ip, walk.backend.port)}</span>.
            </>
          ) : (
            ", draws as they come."
          )}
        </p>
      </div>
      <div className={styles.tools}>
        <div className={styles.group} role="group" aria-label={narrow ? "Mode shown" : "Modes compared"}>
          {COMPARABLE.map((mode) => (
            <button
              key={mode}
              type="button"
              className={styles.chip}
              aria-pressed={narrow ? shown === mode : modes.includes(mode)}
              disabled={!narrow && modes.length <= 2 && modes.includes(mode)}
              onClick={() => {
                if (!narrow) toggle(mode);
                else {
                  if (!modes.includes(mode)) toggle(mode);
                  set({ shown: mode });
                }
              }}
            >
              {MODE_NAMES[mode]}
            </button>
          ))}
        </div>
        <div className={styles.group} role="group" aria-label="Way">
          {(["request", "reply"] as const).map((way) => (
            <button
              key={way}
              type="button"
              className={styles.chip}
              aria-pressed={leg === way}
              onClick={() => set({ leg: way, row: null })}
            >
              {way === "request" ? "Request" : "Reply"}
            </button>
          ))}
        </div>
        <button
          type="button"
          className={styles.toggle}
          aria-pressed={onlyDifferences}
          onClick={() => set({ onlyDifferences: !onlyDifferences })}
        >
          Only differences
        </button>
        <Button icon="next" disabled={first === undefined} aria-keyshortcuts="D" onClick={() => jumpToDifference(rows)}>
          {first === undefined ? "No difference" : "Next difference"}
        </Button>
        {!narrow && (
          <Button
            icon="close"
            aria-label="Close the comparison"
            onClick={() => useUi.getState().set({ center: "map" })}
          />
        )}
      </div>
      {columns.length > 0 && (
        <p className={styles.summary} data-testid="compare-summary">
          {summaryOf(columns)}
        </p>
      )}
    </header>
  );
}
