import { useEffect, useState, type ReactNode } from "react";
import { timeText } from "../../graph/names.ts";
import { useMirror } from "../../mirror/store.ts";
import type { LoadReport, LoadSpec } from "../../model/trace/load.ts";
import type { Exploration, Walk } from "../../model/trace/types.ts";
import { command, stage } from "../actions/perform.ts";
import { Combobox } from "../controls/Combobox.tsx";
import { offered } from "../controls/requests.ts";
import { percent } from "../inspector/fraction.ts";
import { usePlayback } from "../playback.ts";
import { Button } from "../shell/Button.tsx";
import { usePage } from "../shell/page.ts";
import { useSession } from "../shell/session.ts";
import { useUi } from "../state.ts";
import { expectedShares, fit, shareRows } from "./shares.ts";
import styles from "./Traffic.module.css";
import { useAnswer } from "./useAnswer.ts";

/** Senders whose shares are looked up one by one; of more, the first. */
const SENDERS = 4;

interface Wish {
  readonly from: string;
  readonly to: string;
  readonly protocol: "tcp" | "udp";
}

/** Many requests at an even pace, and what became of them. */
export function LoadView() {
  const report = useAnswer("loadReport", { id: null });
  return (
    <div className={styles["load"]}>
      <LoadForm />
      {report === null ? (
        <p className={styles["none"]}>
          Nothing was loaded yet. A load shows shares as they come out, and what is lost while pods come and go.
        </p>
      ) : (
        <Report report={report} />
      )}
    </div>
  );
}

function LoadForm() {
  const session = useSession();
  const choices = useAnswer("choices", {}) ?? { from: [], to: [] };
  const last = useMirror((state) => state.walks.at(-1)?.request ?? null);
  const open = usePage((state) => state.scenario.open);
  const offer = offered(choices, last ?? open);
  const [wish, setWish] = useState<Wish | null>(null);
  const [rate, setRate] = useState(100);
  const [seconds, setSeconds] = useState(3);
  const [clients, setClients] = useState(1);
  const [keepAlive, setKeepAlive] = useState(false);
  const [busy, setBusy] = useState(false);
  const { from, to, protocol } = wish ?? { ...offer, protocol: last?.protocol === "udp" ? "udp" : "tcp" };
  const change = (part: Partial<Wish>): void => setWish({ from, to, protocol, ...part });

  const start = async (): Promise<void> => {
    if (busy) return;
    setBusy(true);
    const spec: LoadSpec = {
      from: from.split(/[\s,]+/).filter((one) => one !== ""),
      to: to.trim(),
      protocol,
      rate,
      duration: Math.round(seconds * 1e6),
      keepAlive,
      clients,
    };
    await command(session, { type: "load", ...spec });
    setBusy(false);
  };

  return (
    <form
      className={styles["form"]}
      aria-label="Steady load"
      onSubmit={(event) => {
        event.preventDefault();
        void start();
      }}
    >
      <Combobox
        label="From"
        value={from}
        choices={choices.from}
        onChange={(to_) => change({ from: to_ })}
        onSubmit={() => void start()}
      />
      <Combobox
        label="to"
        value={to}
        choices={choices.to.filter((choice) => choice.protocol !== "sctp")}
        protocol={protocol}
        onChange={(value, chosen) =>
          change({
            to: value,
            ...(chosen?.protocol === "udp" || chosen?.protocol === "tcp" ? { protocol: chosen.protocol } : {}),
          })
        }
        onSubmit={() => void start()}
      />
      <Field label="per second" value={rate} min={1} max={10_000} onChange={setRate} />
      <Field label="for seconds" value={seconds} min={0.1} max={3_600} step={0.1} onChange={setSeconds} />
      <Field label="clients" value={clients} min={1} max={1_000} onChange={setClients} />
      <label className={styles["check"]}>
        <input type="checkbox" checked={keepAlive} onChange={(event) => setKeepAlive(event.target.checked)} />{" "}
        keep-alive
      </label>
      <Button look="primary" icon="send" type="submit" aria-disabled={busy || undefined}>
        Start {Math.round(rate * seconds).toLocaleString("en")} requests
      </Button>
    </form>
  );
}

interface FieldProps {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step?: number;
  readonly onChange: (value: number) => void;
}

function Field({ label, value, min, max, step = 1, onChange }: FieldProps) {
  return (
    <label className={styles["number"]}>
      <input
        type="number"
        required
        value={Number.isNaN(value) ? "" : value}
        min={min}
        max={max}
        step={step}
        onChange={(event) => onChange(event.target.valueAsNumber)}
      />
      {label}
    </label>
  );
}

const OUTCOMES: readonly (readonly [Walk["outcome"], string])[] = [
  ["delivered", "answered"],
  ["refused", "refused"],
  ["reset", "reset"],
  ["timeout", "timed out"],
  ["unreachable", "unreachable"],
  ["name-error", "name errors"],
];

function Report({ report }: { readonly report: LoadReport }) {
  const { id, spec, sent, total, done, outcomes, sources, reasons, connections } = report;
  const shares = useShares(spec);
  const rows = shareRows(report, shares ?? new Map());
  const judged = shares === null ? null : fit(rows, spec.keepAlive);
  const shown = OUTCOMES.filter(([outcome]) => outcome === "delivered" || (outcomes[outcome] ?? 0) > 0);
  return (
    <section className={styles["report"]} aria-label={`Load ${String(id)}`}>
      <h3>
        Load {id}: {spec.rate}/s for {timeText(spec.duration)}, {spec.from.join(", ")} to {spec.to}
        {spec.keepAlive && `, keep-alive over ${String(connections)} connections`}
      </h3>
      <ul className={styles["facts"]}>
        <Fact n={sent} words={done ? "sent" : `of ${String(total)} sent`} />
        {shown.map(([outcome, words]) => (
          <Fact key={outcome} n={outcomes[outcome] ?? 0} words={words} bad={outcome !== "delivered"} />
        ))}
      </ul>
      <Spark report={report} />
      <div className={styles["columns"]}>
        <table className={styles["table"]}>
          <caption className={styles["caption"]}>Who answered, and the share that the rules give now</caption>
          <thead>
            <tr>
              <th scope="col">backend</th>
              <th scope="col">answered</th>
              <th scope="col">exact share</th>
              <th scope="col">expected</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ name, count, share, expected }) => (
              <tr key={name}>
                <th scope="row" className={styles["mono"]}>
                  {name}
                </th>
                <td>
                  <b>{count}</b>
                </td>
                <td>{share === null ? "none now" : percent(share)}</td>
                <td>{expected === null ? "" : expected.toFixed(1)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        <div className={styles["said"]}>
          {judged !== null && (
            <p>
              {typeof judged === "string" ? (
                judged
              ) : (
                <>
                  <b>
                    chi² = {judged.chi2.toFixed(2)} {judged.chi2 <= judged.limit ? "≤" : ">"} {judged.limit}
                  </b>{" "}
                  with {judged.freedom} {judged.freedom === 1 ? "degree" : "degrees"} of freedom:{" "}
                  {judged.chi2 <= judged.limit
                    ? "as even as chance makes it."
                    : "chance alone does this once in twenty, or the rules changed meanwhile."}
                </>
              )}
            </p>
          )}
          <p>
            Servers saw{" "}
            {Object.entries(sources)
              .map(([ip, count]) => `${ip} ${String(count)}×`)
              .join(", ") || "nobody"}
            .
          </p>
        </div>
      </div>
      {reasons.length > 0 && (
        <table className={styles["table"]}>
          <caption className={styles["caption"]}>What was lost, by reason</caption>
          <thead>
            <tr>
              <th scope="col">lost</th>
              <th scope="col">when</th>
              <th scope="col">where and why</th>
              <th scope="col">
                <span className="kh-hidden">Walk</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {reasons.map(({ key, count, outcome, place, text, firstAt, lastAt }, at) => {
              const walk = report.losses[at];
              return (
                <tr key={key}>
                  <th scope="row">
                    {count} {outcome}
                  </th>
                  <td>{count === 1 ? timeText(firstAt) : `${timeText(firstAt)} to ${timeText(lastAt)}`}</td>
                  <td className={styles["wide"]}>
                    {place.slice(place.indexOf("/") + 1)}: {text}
                  </td>
                  <td>{walk !== undefined && <Button onClick={() => showLoss(walk)}>Show the first</Button>}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
    </section>
  );
}

/** The walk of a lost request: not a send of the history, so only the playhead has it. */
function showLoss(walk: Walk): void {
  if (walk.id > 0) stage(walk);
  else usePlayback.getState().show(walk);
  useUi.getState().set({ center: "map", phone: "walk" });
}

function Fact({
  n,
  words,
  bad = false,
}: {
  readonly n: number;
  readonly words: string;
  readonly bad?: boolean;
}): ReactNode {
  return (
    <li data-bad={bad || undefined}>
      <b>{n.toLocaleString("en")}</b> {words}
    </li>
  );
}

/** Requests over time: a bar per stretch, what was lost on top of it. The numbers stand beside it. */
function Spark({ report: { buckets, bucket } }: { readonly report: LoadReport }) {
  const most = Math.max(1, ...buckets.map(({ sent }) => sent));
  const lost = buckets.filter(({ sent, delivered }) => delivered < sent);
  return (
    <figure className={styles["spark"]}>
      <svg viewBox={`0 0 ${String(Math.max(1, buckets.length) * 4)} 32`} preserveAspectRatio="none" aria-hidden="true">
        {buckets.map(({ at, sent, delivered }, i) => {
          const high = (n: number): number => (n / most) * 32;
          return (
            <g key={at}>
              <rect x={i * 4} y={32 - high(delivered)} width="3" height={high(delivered)} className={styles["good"]} />
              <rect x={i * 4} y={32 - high(sent)} width="3" height={high(sent - delivered)} className={styles["bad"]} />
            </g>
          );
        })}
      </svg>
      <figcaption>
        {timeText(bucket)} a bar;{" "}
        {lost.length === 0 ? "no bar lost any" : `${String(lost.length)} of ${String(buckets.length)} bars lost some`}
      </figcaption>
    </figure>
  );
}

/** Exact weights of the backends under the rules as they are now: every branch of the request followed, nothing sampled. */
function useShares(spec: LoadSpec): ReadonlyMap<string, number> | null {
  const session = useSession();
  const revision = useMirror((state) => state.revision);
  const [found, setFound] = useState<ReadonlyMap<string, number> | null>(null);
  const asked = JSON.stringify([
    spec.from.slice(0, SENDERS),
    spec.to,
    spec.protocol,
    spec.family ?? null,
    spec.says ?? null,
  ]);
  useEffect(() => {
    let current = true;
    const { says, family } = spec;
    const all = spec.from.slice(0, SENDERS).map((from) =>
      session.client.query("explore", {
        request: {
          from,
          to: spec.to,
          protocol: spec.protocol,
          ...(family === undefined ? {} : { family }),
          ...(says === undefined ? {} : { says }),
        },
      }),
    );
    Promise.all(all).then(
      (answers) => current && setFound(expectedShares(answers.filter((one): one is Exploration => "walks" in one))),
      () => {},
    );
    return () => {
      current = false;
    };
    // `asked` stands for the parts of the spec that matter.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [session, revision, asked]);
  return found;
}
