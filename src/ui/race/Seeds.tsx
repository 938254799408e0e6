import { useRef, useState, type KeyboardEvent, type ReactElement } from "react";
import { outcomeGlyph, RailGlyph } from "../inspector/glyphs.tsx";
import type { RaceRow } from "../../model/trace/race.ts";
import { useSession } from "../shell/session.ts";
import styles from "./Race.module.css";
import { openStory, useRace } from "./state.ts";
import {
  between,
  causeText,
  certainty,
  EFFECTS,
  kindsOf,
  meaning,
  seconds,
  seedText,
  shortTitle,
  whenOf,
  whenText,
  type Bins,
} from "./tally.ts";

/** The histories of one setting: a mark for each seed, when in the change requests are lost, how and why. */
export function Seeds(): ReactElement | null {
  const rows = useRace((state) => state.rows);
  const shown = useRace((state) => state.shown);
  const row = rows.find(({ knob, skipped }) => knob === shown && skipped === null) ?? rows[0];
  if (row === undefined) return null;
  const when = whenOf(row);
  const cause = causeText(row);
  return (
    <section className={styles["seeds"]} aria-label="Histories">
      <h3>Each mark is one history, {shortTitle(row.knob)}</h3>
      <Marks row={row} />
      {row.knob !== null && (
        <p>
          {EFFECTS[row.knob]} {certainty(row)}
        </p>
      )}
      {when !== null && (
        <>
          <p>{whenText(when)}</p>
          <When bins={when} />
        </>
      )}
      {cause !== null && <p>{cause}</p>}
      <ul className={styles["kinds"]}>
        {kindsOf(row).map(({ outcome, count, text }) => (
          <li key={outcome}>
            <RailGlyph kind={outcomeGlyph(outcome)} size={14} />
            <div>
              <b>{count}</b> {meaning(outcome)}
              <small>{text}</small>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Arrows go from seed to seed, Enter opens one. */
function Marks({ row }: { readonly row: RaceRow }): ReactElement {
  const session = useSession();
  const story = useRace((state) => state.story);
  const list = useRef<HTMLUListElement>(null);
  const [place, setPlace] = useState<number | null>(null);
  const first = row.runs.findIndex(({ lost }) => lost > 0);
  const at = Math.min(place ?? Math.max(0, first), row.runs.length - 1);
  const onKey = (event: KeyboardEvent): void => {
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: row.runs.length - 1 }[event.key];
    if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    const next = Math.min(row.runs.length - 1, Math.max(0, to));
    setPlace(next);
    list.current?.querySelectorAll<HTMLElement>("button")[next]?.focus();
  };
  return (
    <ul
      className={styles["marks"]}
      ref={list}
      aria-label={`Histories, ${shortTitle(row.knob)}`}
      data-arrows=""
      onKeyDown={onKey}
    >
      {row.runs.map((run, i) => (
        <li key={run.seed}>
          <button
            type="button"
            tabIndex={i === at ? 0 : -1}
            aria-label={seedText(run)}
            aria-pressed={story?.seed === run.seed && story.knob === row.knob}
            title={seedText(run)}
            data-lost={run.lost > 0 || undefined}
            onFocus={() => setPlace(i)}
            onClick={() => void openStory(session, run.seed, row.knob)}
          >
            {run.lost === 0 ? <span className={styles["dot"]} /> : run.lost}
          </button>
        </li>
      ))}
    </ul>
  );
}

/** Lost requests over the time since the change, all histories together. */
function When({ bins: { bins, width } }: { readonly bins: Bins }): ReactElement {
  const most = Math.max(1, ...bins.map(({ lost }) => lost));
  const high = 34;
  const last = bins.at(-1);
  return (
    <figure className={styles["when"]}>
      <svg viewBox={`0 0 ${String(bins.length * 8)} ${String(high)}`} preserveAspectRatio="none" aria-hidden="true">
        {bins.map(({ from, lost }, i) => {
          const tall = (lost / most) * high;
          return <rect key={from} x={i * 8} y={high - tall} width="7" height={tall} className={styles["lost-mark"]} />;
        })}
      </svg>
      <figcaption>
        <span>{seconds(bins[0]?.from ?? 0)}</span>
        <span>{seconds(width)} a bar</span>
        <span>{seconds((last?.from ?? 0) + width)}</span>
      </figcaption>
      <table className="kh-hidden">
        <caption>Lost requests by time since the change</caption>
        <tbody>
          {bins
            .filter(({ lost }) => lost > 0)
            .map(({ from, lost }) => (
              <tr key={from}>
                <th scope="row">{between(from, from + width)}</th>
                <td>{lost}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </figure>
  );
}
