import type { ReactElement } from "react";
import { RailGlyph } from "../inspector/glyphs.tsx";
import type { RaceKnob, RaceRow } from "../../model/trace/race.ts";
import { Button } from "../shell/Button.tsx";
import { usePage } from "../shell/page.ts";
import { useSession } from "../shell/session.ts";
import { useTime } from "../time/time.ts";
import { applyKnob } from "./apply.ts";
import styles from "./Race.module.css";
import { clusterKey, isStale, useRace } from "./state.ts";
import { certainty, headline, losing, rangeText, shareInterval, shareText, shortTitle, verdict } from "./tally.ts";
import { changeText } from "./wish.ts";

/** The finding, and the settings side by side: what each loses, and which closes the race. */
export function Settings(): ReactElement | null {
  const { rows, asked, load, shown, running } = useRace();
  const [plain] = rows;
  if (plain === undefined || asked === null) return null;
  const seeds = asked.seeds;
  return (
    <section className={styles["settings"]} aria-label="What is lost">
      <h2>{headline(plain)}</h2>
      <p className={styles["sure"]}>{certainty(plain)}</p>
      {plain.runs.some(({ finished }) => !finished) && (
        <p className={styles["warn"]}>
          In {plain.runs.filter(({ finished }) => !finished).length} of {plain.runs.length} the change was not over when
          the load ended: what comes after is not counted. Make the load longer.
        </p>
      )}
      <table className={styles["table"]} aria-label="Settings side by side">
        <thead>
          <tr>
            <th scope="col">Setting</th>
            <th scope="col">Lost</th>
            <th scope="col">Histories</th>
            <th scope="col">
              <span className="kh-hidden">Verdict and edit</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row
              key={row.knob ?? ""}
              row={row}
              plain={plain}
              whole={row.runs.length >= seeds}
              current={row.knob === shown}
            />
          ))}
        </tbody>
      </table>
      {!running && plain.lost === 0 && plain.runs.length >= seeds && (
        <p className={styles["sure"]}>Nothing is lost: there is no race to close, and no setting was tried.</p>
      )}
      <p className={styles["asked"]}>
        {changeText(asked.change)}
        {load !== null && (
          <>
            : <span className={styles["mono"]}>{load.from}</span> to <span className={styles["mono"]}>{load.to}</span>,{" "}
            {load.rate}/s for {load.duration / 1e6} s
          </>
        )}
      </p>
    </section>
  );
}

interface RowProps {
  readonly row: RaceRow;
  readonly plain: RaceRow;
  readonly whole: boolean;
  readonly current: boolean;
}

function Row({ row, plain, whole, current }: RowProps): ReactElement {
  const { knob, title, skipped, sent, lost, runs } = row;
  const said = verdict(row, plain, whole);
  if (skipped !== null)
    return (
      <tr>
        <th scope="row">
          <span className={styles["title"]}>{shortTitle(knob)}</span>
        </th>
        <td colSpan={3} className={styles["skipped"]}>
          Not tried: {skipped}
        </td>
      </tr>
    );
  const interval = shareInterval(row);
  return (
    <tr data-current={current || undefined} data-closes={said === "closes it" || undefined}>
      <th scope="row">
        <button
          type="button"
          className={styles["title"]}
          aria-pressed={current}
          onClick={() => useRace.setState({ shown: knob })}
        >
          {shortTitle(knob)}
        </button>
      </th>
      <td>
        <b>{sent === 0 ? "" : shareText(lost / sent)}</b>
        <small className={styles["span"]}>
          {interval === null ? `${String(lost)} of ${String(sent)}` : rangeText(interval)}
        </small>
      </td>
      <td>
        <Strip row={row} />
        <small>
          {losing(row)} of {runs.length}
        </small>
      </td>
      <td>
        {said !== "" && (
          <span className={styles["verdict"]}>
            {said === "closes it" && <RailGlyph kind="delivered" size={14} />}
            {said}
          </span>
        )}
        {knob !== null && <Apply knob={knob} title={title} primary={said === "closes it"} />}
      </td>
    </tr>
  );
}

function Apply({
  knob,
  title,
  primary,
}: {
  readonly knob: RaceKnob;
  readonly title: string;
  readonly primary: boolean;
}): ReactElement | null {
  const session = useSession();
  const { asked, opened, texts, running } = useRace();
  usePage((state) => state.draft);
  useTime((state) => state.whole.commands);
  if (!texts.has(knob) || running || isStale({ asked, opened }, clusterKey())) return null;
  return (
    <Button
      look={primary ? "primary" : "plain"}
      className={styles["apply"]}
      aria-label={`Apply ${title} to the text`}
      onClick={() => void applyKnob(session, knob)}
    >
      Apply
    </Button>
  );
}

/** One mark for each history, as small as they must be to stand side by side: the numbers stand below. */
function Strip({ row: { runs } }: { readonly row: RaceRow }): ReactElement {
  const most = Math.max(1, ...runs.map(({ lost }) => lost));
  const step = Math.min(4, 60 / Math.max(1, runs.length));
  return (
    <svg className={styles["strip"]} width={Math.ceil(runs.length * step)} height="14" aria-hidden="true">
      {runs.map(({ seed, lost }, i) => {
        const high = lost === 0 ? 2 : 4 + (lost / most) * 10;
        return (
          <rect
            key={seed}
            x={i * step}
            y={14 - high}
            width={Math.max(0.5, step - 1)}
            height={high}
            className={lost === 0 ? styles["none-mark"] : styles["lost-mark"]}
          />
        );
      })}
    </svg>
  );
}
