import { useEffect, useState, type ReactElement } from "react";
import { joined } from "../../mirror/joined.ts";
import type { Exploration, Request, Walk } from "../../model/trace/types.ts";
import type { Refusal } from "../../wire/protocol.ts";
import { classes } from "../inspector/classes.ts";
import { fraction, percent } from "../inspector/fraction.ts";
import { OutcomeTag } from "../inspector/Tag.tsx";
import type { PanelProps, Query } from "../inspector/types.ts";
import { commandLine, endpoint } from "../inspector/wording.ts";
import { usePlayback } from "../playback.ts";
import { useUi } from "../state.ts";
import { useNothingSent } from "../shell/useNothingSent.ts";
import styles from "./Outcomes.module.css";

const sameRequest = (a: Request, b: Request): boolean =>
  a.from === b.from && a.to === b.to && a.protocol === b.protocol && a.family === b.family;

/** All that may happen to the request on show, each with its exact weight: every branch is followed, nothing is sampled. */
export function Outcomes({ mirror, query, exploration }: PanelProps): ReactElement {
  const nothing = useNothingSent();
  const walk = usePlayback((state) => state.walk);
  const request = walk?.request ?? null;
  const given =
    exploration !== null && request !== null && exploration.walks.some((w) => sameRequest(w.request, request))
      ? exploration
      : null;
  const answer = useExploration(query, given === null ? request : null, mirror.revision);
  const found = given ?? answer;

  if (walk === null || request === null)
    return <p className={styles.none}>{nothing}. Send a request and all its possible outcomes stand here.</p>;
  if (found === null)
    return (
      <p className={styles.none}>
        Following every branch of {request.from} to {request.to}.
      </p>
    );
  if (!("walks" in found)) return <p className={styles.none}>{found.message}</p>;
  const walks = found.walks.toSorted((a, b) => b.probability - a.probability);
  const { command, from } = commandLine(walk);
  return (
    <div className={styles.outcomes}>
      <p className={styles.lead}>
        <span className={styles.mono}>{command}</span> from <span className={styles.mono}>{from}</span>:{" "}
        {walks.length === 1 ? "one outcome" : `${walks.length} outcomes`}, every branch followed in a fork at revision{" "}
        {mirror.revision}.
      </p>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col" colSpan={2}>
              probability
            </th>
            <th scope="col">outcome</th>
            <th scope="col">backend</th>
            <th scope="col">server sees</th>
            <th scope="col">client shows</th>
            <th scope="col">
              <span className={styles.hidden}>Walk</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {walks.map((one, i) => (
            <OutcomeRow key={i} walk={one} shown={one === walk} taken={matches(one, walk)} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Whether a send came out as this outcome says: same end, same backend. */
function matches(outcome: Walk, sent: Walk): boolean {
  return (
    sent.id !== 0 &&
    outcome.outcome === sent.outcome &&
    outcome.backend?.ip === sent.backend?.ip &&
    outcome.sourceSeen === sent.sourceSeen
  );
}

function OutcomeRow({
  walk,
  shown,
  taken,
}: {
  readonly walk: Walk;
  readonly shown: boolean;
  readonly taken: boolean;
}): ReactElement {
  const { backend } = walk;
  return (
    <tr className={classes((shown || taken) && styles.shown)}>
      <th scope="row" className={styles.fraction}>
        {fraction(walk.probability)}
      </th>
      <td className={styles.percent}>
        <span className={styles.bar} aria-hidden="true">
          <i style={{ width: `${walk.probability * 100}%` }} />
        </span>
        {percent(walk.probability)}
      </td>
      <td>
        <OutcomeTag outcome={walk.outcome} />
      </td>
      <td className={styles.mono}>
        {backend === null ? (
          <span className={styles.quiet}>none</span>
        ) : (
          `${backend.pod === null ? "" : `${backend.pod.slice(backend.pod.indexOf("/") + 1)} `}${endpoint(backend.ip, backend.port)}`
        )}
      </td>
      <td className={styles.mono}>{walk.sourceSeen ?? <span className={styles.quiet}>–</span>}</td>
      <td className={styles.symptom}>{walk.symptom}</td>
      <td className={styles.action}>
        {shown ? (
          <span className={styles.now}>on show</span>
        ) : (
          <button
            type="button"
            onClick={() => {
              usePlayback.getState().show(walk);
              useUi.getState().set({ center: "map" });
            }}
            aria-label={`Show this walk: ${fraction(walk.probability)}, ${backend?.ip ?? walk.outcome}`}
          >
            Show this walk
          </button>
        )}
      </td>
    </tr>
  );
}

/** Asks for all outcomes of a request; null until the answer is there. */
function useExploration(query: Query, request: Request | null, revision: number): Exploration | Refusal | null {
  const [answer, setAnswer] = useState<{ readonly key: string; readonly value: Exploration | Refusal } | null>(null);
  const key = request === null ? "" : JSON.stringify([request, revision]);
  useEffect(() => {
    if (request === null || key === "") return undefined;
    let live = true;
    query("explore", { request }).then(
      (value) => {
        if (live) setAnswer({ key, value: "walks" in value ? { ...value, walks: value.walks.map(joined) } : value });
      },
      (error: unknown) => {
        if (live)
          setAnswer({
            key,
            value: { message: error instanceof Error ? error.message : "The simulator did not answer.", field: null },
          });
      },
    );
    return () => {
      live = false;
    };
    // The key holds all of the request that counts.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [query, key]);
  return answer?.key === key ? answer.value : null;
}
