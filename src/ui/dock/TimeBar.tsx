import { Popover } from "radix-ui";
import { useMemo, type ReactElement } from "react";
import { useMirror } from "../../mirror/store.ts";
import { clock } from "../inspector/wording.ts";
import { useSession } from "../shell/session.ts";
import { MapIcon } from "../stage/icons.tsx";
import { choicesOf } from "../time/filter.ts";
import { failuresOf, paceOf } from "../time/moments.ts";
import { useTime } from "../time/time.ts";
import { ApplyChip } from "../controlplane/ApplyChip.tsx";
import { overPage } from "../shell/portal.ts";
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
  const chosen = [filter.namespace !== "", filter.kind !== "", filter.quiet].filter(Boolean).length;
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
      <Popover.Root>
        <Popover.Trigger className={styles["button"]} data-on={chosen > 0 || undefined}>
          <MapIcon name="filter" size={14} />
          Filter
          {chosen > 0 && <span className={styles["count"]}>{chosen}</span>}
        </Popover.Trigger>
        <Popover.Portal container={overPage()}>
          <Popover.Content
            className={styles["sheet"]}
            aria-label="Filter of the timeline"
            align="start"
            sideOffset={4}
            collisionPadding={8}
          >
            <label className={styles["field"]}>
              Namespace
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
            </label>
            <label className={styles["field"]}>
              Kind
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
            </label>
            <label className={styles["check"]}>
              <input
                type="checkbox"
                checked={filter.quiet}
                onChange={() => set({ filter: { ...filter, quiet: !filter.quiet } })}
              />
              <span>
                Hide upkeep
                <small>what only keeps status fields and legacy Endpoints up to date</small>
              </span>
            </label>
            <button
              type="button"
              className={styles["button"]}
              disabled={chosen === 0}
              onClick={() => set({ filter: { ...filter, namespace: "", kind: "", quiet: false } })}
            >
              Show everything
            </button>
          </Popover.Content>
        </Popover.Portal>
      </Popover.Root>
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
          {fork.told === undefined
            ? `Back to what was put aside at ${clock(fork.at)}: ${String(fork.aside)} ${fork.aside === 1 ? "command" : "commands"}`
            : `Back to my own history, of ${clock(fork.end)}`}
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
      aria-label={count === 0 ? "Next failure: there is none" : `Next failure of ${String(count)}`}
      disabled={count === 0}
      onClick={() => time.nextFailure()}
    >
      <svg width="12" height="12" viewBox="0 0 16 16" aria-hidden="true">
        <path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z" fill="var(--reject)" />
        <path d="M4 8h8" stroke="var(--surface)" strokeWidth="2.4" />
      </svg>
      <span className={styles["wide"]}>Next failure</span>
      {count > 0 && <span className={styles["count"]}>{count}</span>}
    </button>
  );
}

function PaceControl(): ReactElement {
  const { time } = useSession();
  const pace = useMirror((state) => paceOf(state.commands));
  return (
    <label className={styles["pace"]}>
      <span className={styles["wide"]}>Changes</span>
      <select
        className={styles["select"]}
        aria-label="How changes go"
        value={pace}
        onChange={(event) => void time.setPace(event.target.value === "run" ? "run" : "settle")}
      >
        <option value="settle">settle at once</option>
        <option value="run">take their time</option>
      </select>
    </label>
  );
}
