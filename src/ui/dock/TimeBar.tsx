import { useMemo, type ReactElement } from "react";
import { useMirror } from "../../mirror/store.ts";
import { clock } from "../inspector/wording.ts";
import { useSession } from "../shell/session.ts";
import { choicesOf } from "../time/filter.ts";
import { failuresOf, paceOf } from "../time/moments.ts";
import { useTime } from "../time/time.ts";
import { ApplyChip } from "../controlplane/ApplyChip.tsx";
import styles from "./TimeBar.module.css";

/** What the timeline shows and how time goes: lanes or list, a filter, the next failure, the pace of commands. */
export function TimeBar(): ReactElement {
  const view = useTime((state) => state.view);
  const set = useTime((state) => state.set);
  return (
    <div className={styles["bar"]} role="toolbar" aria-label="Timeline">
      <div className={styles["group"]} role="group" aria-label="Shown as">
        {(["lanes", "list"] as const).map((one) => (
          <button
            key={one}
            type="button"
            className={styles["toggle"]}
            aria-pressed={view === one}
            onClick={() => set({ view: one })}
          >
            {one === "lanes" ? "Lanes" : "List"}
          </button>
        ))}
      </div>
      <FilterFields />
      <span className={styles["space"]} />
      <ApplyChip />
      <Forks />
      <FailureButton />
      <PaceControl />
    </div>
  );
}

function FilterFields(): ReactElement {
  const journal = useTime((state) => state.whole.journal);
  const filter = useTime((state) => state.filter);
  const set = useTime((state) => state.set);
  const { namespaces, kinds } = useMemo(() => choicesOf(journal), [journal]);
  return (
    <>
      <input
        type="search"
        className={styles["words"]}
        aria-label="Filter events"
        placeholder="Filter events"
        value={filter.words}
        onChange={(event) => set({ filter: { ...filter, words: event.target.value } })}
      />
      <select
        className={styles["select"]}
        aria-label="Namespace of events"
        value={filter.namespace}
        onChange={(event) => set({ filter: { ...filter, namespace: event.target.value } })}
      >
        <option value="">all namespaces</option>
        {namespaces.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      <select
        className={styles["select"]}
        aria-label="Kind of objects"
        value={filter.kind}
        onChange={(event) => set({ filter: { ...filter, kind: event.target.value } })}
      >
        <option value="">all kinds</option>
        {kinds.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      <button
        type="button"
        className={styles["toggle"]}
        aria-pressed={filter.quiet}
        title="Without what only keeps status fields and legacy Endpoints up to date"
        onClick={() => set({ filter: { ...filter, quiet: !filter.quiet } })}
      >
        Hide upkeep
      </button>
    </>
  );
}

/** Histories that forks have put aside in this tab, to go back to. */
function Forks(): ReactElement | null {
  const { time } = useSession();
  const forks = useTime((state) => state.forks);
  if (forks.length === 0) return null;
  return (
    <select
      className={styles["select"]}
      aria-label="Histories put aside"
      value=""
      onChange={(event) => {
        const fork = forks.find(({ id }) => String(id) === event.target.value);
        if (fork !== undefined) void time.undoFork(fork);
      }}
    >
      <option value="">{forks.length} put aside</option>
      {forks.map((fork) => (
        <option key={fork.id} value={fork.id}>
          Back to what was put aside at {clock(fork.at)}: {fork.aside} {fork.aside === 1 ? "command" : "commands"}
        </option>
      ))}
    </select>
  );
}

function FailureButton(): ReactElement {
  const { time } = useSession();
  const whole = useTime((state) => state.whole);
  const count = useMemo(() => failuresOf(whole).length, [whole]);
  return (
    <button
      type="button"
      className={styles["button"]}
      aria-keyshortcuts="X"
      disabled={count === 0}
      onClick={() => time.nextFailure()}
    >
      <svg width="12" height="12" viewBox="0 0 16 16" aria-hidden="true">
        <path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z" fill="var(--reject)" />
        <path d="M4 8h8" stroke="var(--surface)" strokeWidth="2.4" />
      </svg>
      Next failure
      {count > 0 && <span className={styles["count"]}>{count}</span>}
    </button>
  );
}

function PaceControl(): ReactElement {
  const { time } = useSession();
  const pace = useMirror((state) => paceOf(state.commands));
  return (
    <label className={styles["pace"]}>
      Changes
      <select
        className={styles["select"]}
        aria-label="How changes go"
        value={pace}
        onChange={(event) => void time.setPace(event.target.value === "run" ? "run" : "settle")}
      >
        <option value="settle">come to rest at once</option>
        <option value="run">take their time</option>
      </select>
    </label>
  );
}
