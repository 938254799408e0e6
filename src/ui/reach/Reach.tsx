import { useEffect, useMemo, type ReactElement } from "react";
import { useMirror } from "../../mirror/store.ts";
import { Button } from "../shell/Button.tsx";
import { useSession } from "../shell/session.ts";
import { Icon } from "../shell/icons.tsx";
import styles from "./Reach.module.css";
import { ReachGrid } from "./ReachGrid.tsx";
import { useReach, workOut, type Modes } from "./state.ts";
import { shown, tallyText } from "./table.ts";

/** How long the cluster rests before the table is worked out anew. */
const REST_MS = 400;

const MODES: readonly (readonly [Modes, string])[] = [
  ["current", "As the cluster runs"],
  ["iptables", "iptables"],
  ["nftables", "nftables"],
  ["ipvs", "IPVS"],
  ["userspace", "userspace"],
  ["all", "All four modes"],
];

/** Who reaches what: every kind of client against every address of every Service port, each with the exact share of requests that arrive. */
export function Reach(): ReactElement {
  useTable();
  const { table, modes, failing, progress, refused, changed } = useReach();
  const mode = useMirror((state) => state.mode);
  const part = useMemo(() => (table === null ? null : shown(table, failing)), [table, failing]);
  return (
    <div className={styles["reach"]}>
      <div className={styles["bar"]}>
        <label className={styles["modes"]}>
          <span>Mode</span>
          <select value={modes} onChange={(event) => useReach.setState({ modes: event.target.value as Modes })}>
            {MODES.map(([value, label]) => (
              <option key={value} value={value}>
                {value === "current" ? `${label} (${mode})` : label}
              </option>
            ))}
          </select>
        </label>
        <Button
          className={styles["toggle"]}
          aria-pressed={failing}
          onClick={() => useReach.setState({ failing: !failing })}
        >
          Only what fails
        </Button>
        <p className={styles["tally"]} role="status">
          {progress !== null
            ? `${String(progress.known)} of ${String(progress.total)} requests followed`
            : table === null
              ? ""
              : `${tallyText(table)}${changed.size > 0 ? `, ${String(changed.size)} changed` : ""}`}
        </p>
        <Legend />
      </div>
      {refused !== null ? (
        <p className={styles["none"]}>{refused}</p>
      ) : table === null || part === null ? (
        <p className={styles["none"]}>Every client dials every Service port, every branch followed.</p>
      ) : table.rows.length === 0 || table.columns.length === 0 ? (
        <div className={styles["none"]}>
          <h3>{table.rows.length === 0 ? "Nobody is there to send" : "There is no Service to reach"}</h3>
          <p>
            {table.rows.length === 0
              ? "Clients, nodes and pods of the text stand here as rows."
              : "Every port of every Service stands here as a column for each of its addresses. Add a Service to the text."}
          </p>
        </div>
      ) : part.rows.length === 0 ? (
        <div className={styles["none"]}>
          <h3>Nothing fails</h3>
          <p>Every client reaches every Service port, on every branch.</p>
        </div>
      ) : (
        <ReachGrid table={table} rows={part.rows} columns={part.columns} changed={changed} />
      )}
      {table !== null && table.omitted.rows + table.omitted.columns > 0 && (
        <p className={styles["omitted"]}>
          Too many to show: {table.omitted.rows} rows and {table.omitted.columns} columns are left out.
        </p>
      )}
    </div>
  );
}

/** Shapes and their words; the words also stand in the cells. */
function Legend(): ReactElement {
  return (
    <p className={styles["legend"]}>
      <Icon name="rules" size={14} />
      Arrows move, Enter shows a walk
    </p>
  );
}

/** Works the table out for what the cluster is now, while somebody looks. */
function useTable(): void {
  const session = useSession();
  const ready = useMirror((state) => state.status === "ready");
  const accepted = useMirror((state) => state.report.accepted);
  const moment = useMirror(({ now, revision, commands }) => `${String(now)} ${String(revision)} ${commands.length}`);
  const modes = useReach((state) => state.modes);
  const key = `${modes} ${moment}`;
  useEffect(() => {
    if (!ready || !accepted || useReach.getState().key === key) return;
    let current = true;
    const timer = setTimeout(() => void workOut(session, key, () => current), REST_MS);
    return () => {
      current = false;
      clearTimeout(timer);
      useReach.setState({ progress: null });
    };
  }, [session, key, ready, accepted]);
}
