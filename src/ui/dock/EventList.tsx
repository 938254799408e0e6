import { useEffect, useMemo, useRef, useState, type ReactElement } from "react";
import { useMirror } from "../../mirror/store.ts";
import { splitKey } from "../../model/meta/types.ts";
import type { JournalEntry } from "../../wire/protocol.ts";
import { clock } from "../inspector/wording.ts";
import { useSession } from "../shell/session.ts";
import { useUi } from "../state.ts";
import { placeOf } from "../time/moments.ts";
import { useTime } from "../time/time.ts";
import { whoOf } from "../time/words.ts";
import styles from "./EventList.module.css";

/** Rows at once: a long history is read in parts. */
const PART = 200;

/** Every event of the history as a table, each with what caused it and what it caused. */
export function EventList({ entries }: { readonly entries: readonly JournalEntry[] }): ReactElement {
  const { time } = useSession();
  const picked = useTime((state) => state.picked);
  const set = useTime((state) => state.set);
  const journal = useTime((state) => state.whole.journal);
  const here = useMirror((state) => state.journal.findLast(({ lane }) => lane !== "api")?.seq ?? null);
  const done = useMirror((state) => state.journal.length);
  const bySeq = useMemo(() => new Map(journal.map((entry, i) => [entry.seq, { entry, i }])), [journal]);
  const effects = useMemo(() => {
    const counts = new Map<number, number[]>();
    for (const { seq, cause } of journal) {
      if (cause === null) continue;
      const known = counts.get(cause);
      if (known === undefined) counts.set(cause, [seq]);
      else known.push(seq);
    }
    return counts;
  }, [journal]);
  const [chosen, setStart] = useState<number | null>(null);
  const at = entries.findIndex(({ seq }) => seq === picked);
  const last = Math.max(0, entries.length - PART);
  const around = at < 0 ? last : Math.min(last, Math.max(0, at - PART / 2));
  const start = chosen === null || (at >= 0 && (at < chosen || at >= chosen + PART)) ? around : Math.min(chosen, last);
  const table = useRef<HTMLTableElement>(null);

  useEffect(() => {
    if (picked === null) return;
    table.current?.querySelector(`[data-seq="${picked}"]`)?.scrollIntoView({ block: "nearest" });
  }, [picked]);

  const pick = (seq: number): void => set({ picked: seq });
  if (entries.length === 0) return <p className={styles["none"]}>No event is left by the filter.</p>;
  return (
    <div className={styles["scroll"]} tabIndex={0} role="group" aria-label="All events">
      {entries.length > PART && (
        <p className={styles["part"]}>
          {start + 1}–{Math.min(entries.length, start + PART)} of {entries.length}{" "}
          <button type="button" disabled={start === 0} onClick={() => setStart(Math.max(0, start - PART))}>
            Earlier
          </button>
          <button type="button" disabled={start >= last} onClick={() => setStart(Math.min(last, start + PART))}>
            Later
          </button>
        </p>
      )}
      <table ref={table} className={styles["table"]} aria-label="Events">
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Who</th>
            <th scope="col">What</th>
            <th scope="col">Objects</th>
            <th scope="col">Because</th>
            <th scope="col">Led to</th>
          </tr>
        </thead>
        <tbody>
          {entries.slice(start, start + PART).map((entry) => {
            const cause = entry.cause === null ? undefined : bySeq.get(entry.cause)?.entry;
            const led = effects.get(entry.seq) ?? [];
            const [first] = led;
            return (
              <tr
                key={entry.seq}
                data-seq={entry.seq}
                data-later={(bySeq.get(entry.seq)?.i ?? 0) >= done || undefined}
                data-picked={entry.seq === picked || undefined}
                {...(entry.seq === here ? { "aria-current": "time" as const } : {})}
              >
                <td className={styles["mono"]}>
                  <button
                    type="button"
                    aria-label={`Look at the moment after: ${entry.title}`}
                    onClick={() => {
                      pick(entry.seq);
                      time.look(placeOf(entry));
                    }}
                  >
                    {clock(entry.at)}
                  </button>
                </td>
                <td>{whoOf(entry)}</td>
                <th scope="row">
                  {entry.title}
                  {entry.revision !== null && <span className={styles["rev"]}> r{entry.revision}</span>}
                </th>
                <td>
                  {entry.objects.slice(0, 2).map((key) => (
                    <button key={key} type="button" title={key} onClick={() => useUi.getState().set({ object: key })}>
                      {splitKey(key).name}
                    </button>
                  ))}
                  {entry.objects.length > 2 && ` +${String(entry.objects.length - 2)}`}
                </td>
                <td>
                  {cause !== undefined && (
                    <button type="button" onClick={() => pick(cause.seq)} aria-label={`Because: ${cause.title}`}>
                      ← {cause.title}
                    </button>
                  )}
                </td>
                <td>
                  {first !== undefined && (
                    <button
                      type="button"
                      onClick={() => pick(first)}
                      aria-label={`Led to ${String(led.length)}: ${bySeq.get(first)?.entry.title ?? ""}`}
                    >
                      → {led.length}
                    </button>
                  )}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
