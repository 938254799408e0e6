import { useMemo, type ReactElement } from "react";
import type { Hop, Walk } from "../../model/trace/types.ts";
import { usePlayback } from "../playback.ts";
import { useUi, type HopSelection } from "../state.ts";
import { Because } from "./Because.tsx";
import { headerRows } from "./changes.ts";
import { classes } from "./classes.ts";
import { ConntrackEntry } from "./Conntrack.tsx";
import { isTracked } from "./tracked.ts";
import styles from "./HopDetail.module.css";
import { drawsOf, shownRule, type DrawStep } from "./ruleText.ts";
import { RuleText } from "./RuleText.tsx";
import { rungIndexOf, rungsOf } from "./rungs.ts";
import { VerdictTag } from "./Tag.tsx";
import type { PanelProps } from "./types.ts";
import { destination, hopStage, hostTitle, nodeOf, source } from "./wording.ts";

interface Props extends Pick<PanelProps, "mirror" | "query"> {
  readonly walk: Walk;
  readonly selection: HopSelection;
  readonly hop: Hop;
}

/** One hop in full: header before and after, the rule, the draws, one plain sentence, and why the rule exists. */
export function HopDetail({ mirror, query, walk, selection, hop }: Props): ReactElement {
  const rule = shownRule(hop);
  const draws = drawsOf(hop);
  return (
    <section className={styles.detail} aria-label="Hop">
      <header className={styles.head}>
        <h3>
          {selection.leg === "request" ? "Hop" : "Reply hop"} {hop.index + 1}
        </h3>
        <span className={styles.where}>
          {hostTitle(hop.place)}, {hopStage(hop)}
        </span>
        <VerdictTag verdict={hop.verdict} />
      </header>
      <Siblings walk={walk} selection={selection} />
      <HeaderTable hop={hop} />
      {hop.note !== "" && <p className={styles.note}>{hop.note}</p>}
      {(hop.verdict === "undo-dnat" || hop.verdict === "undo-snat") && <Conntrack hop={hop} walk={walk} />}
      {isTracked(hop) && walk.id !== 0 && <ConntrackEntry mirror={mirror} query={query} hop={hop} />}
      {(hop.considered > 0 || rule !== null) && (
        <>
          <div className={styles.row}>
            <h4>{rule === null ? "Rules" : "Matched rule"}</h4>
            <span className={styles.count}>
              {hop.considered} considered, {hop.matched} matched
            </span>
            {hop.steps.length > 0 && nodeOf(hop.place) !== null && (
              <button
                type="button"
                className={styles.open}
                onClick={() => useUi.getState().set({ center: "netfilter", phone: "map" })}
              >
                Open netfilter
              </button>
            )}
          </div>
          {rule !== null && <RuleText text={rule.text} className={styles.rule} />}
          {rule === null && (
            <p className={styles.note}>None of them matched; the chain's policy lets the packet pass.</p>
          )}
          {draws.length > 0 && <Draws draws={draws} />}
        </>
      )}
      {hop.rule !== null && (
        <Because
          mirror={mirror}
          query={query}
          rule={hop.rule}
          // A NetworkPolicy's rules are not among those that the node's own tools list.
          node={hop.stage === "policy" ? null : nodeOf(hop.place)}
          tone={hop.verdict}
        />
      )}
    </section>
  );
}

/** The hops that share the rung, so that none is out of reach. */
function Siblings({ walk, selection }: { readonly walk: Walk; readonly selection: HopSelection }): ReactElement | null {
  const rungs = useMemo(() => rungsOf(walk), [walk]);
  const hops = rungs[rungIndexOf(rungs, selection.leg, selection.index)]?.[selection.leg]?.hops ?? [];
  if (hops.length < 2) return null;
  return (
    <div className={styles.siblings} role="group" aria-label="Hops on this rung">
      {hops.map((hop) => (
        <button
          key={hop.index}
          type="button"
          {...(hop.index === selection.index ? { "aria-current": "step" as const } : {})}
          onClick={() => usePlayback.getState().select({ leg: selection.leg, index: hop.index })}
        >
          <span className={styles.number}>{hop.index + 1}</span>{" "}
          {hop.stage === "hook:filter/FORWARD" ? "FORWARD" : hopStage(hop)}
        </button>
      ))}
    </div>
  );
}

function HeaderTable({ hop }: { readonly hop: Hop }): ReactElement {
  return (
    <table className={styles.header}>
      <thead>
        <tr>
          <td />
          <th scope="col">before</th>
          <th scope="col">after</th>
        </tr>
      </thead>
      <tbody>
        {headerRows(hop)
          .filter((row) => row.field !== "ttl" || row.changed)
          .map((row) => (
            <tr key={row.field}>
              <th scope="row">{row.field}</th>
              <td className={styles.value}>{row.before}</td>
              <td className={classes(styles.value, row.changed ? styles[`new-${row.tone}`] : styles.same)}>
                {row.after}
                {row.changed && <span className={styles.hidden}> (changed)</span>}
              </td>
            </tr>
          ))}
      </tbody>
    </table>
  );
}

/** Threshold as a bar, the number drawn as a tick across it; the comparison stands beside it in words. */
function Draws({ draws }: { readonly draws: readonly DrawStep[] }): ReactElement {
  return (
    <ul className={styles.draws} aria-label="Draws">
      {draws.map((draw, i) => (
        <li key={i}>
          <span className={styles.drawLabel}>{draw.label}</span>
          <span className={styles.track} aria-hidden="true">
            <i className={draw.taken ? styles.taken : styles.passed} style={{ width: `${draw.threshold * 100}%` }} />
            {draw.value !== null && <b style={{ left: `${draw.value * 100}%` }} />}
          </span>
          <span className={classes(styles.drawText, draw.taken && styles.drawTaken)}>{draw.text}</span>
        </li>
      ))}
    </ul>
  );
}

const TRANSLATED: ReadonlySet<string> = new Set(["dnat", "snat"]);
const UNDONE: ReadonlySet<string> = new Set(["undo-dnat", "undo-snat"]);

/**
 * What conntrack goes by when it undoes a translation, read off the walk: the connection as it came to this host, the reply
 * as it came back, and the hop that is undone.
 */
function Conntrack({ hop, walk }: { readonly hop: Hop; readonly walk: Walk }): ReactElement | null {
  const done = walk.hops.findLast((h) => h.place === hop.place && `undo-${h.verdict}` === hop.verdict);
  const original = walk.hops.find((h) => h.place === hop.place && TRANSLATED.has(h.verdict))?.before;
  const reply = walk.reply.find((h) => h.place === hop.place && UNDONE.has(h.verdict))?.before;
  if (done === undefined || original === undefined || reply === undefined) return null;
  const facts: readonly (readonly [string, string])[] = [
    ["undoes", `hop ${done.index + 1}`],
    ["original", `${source(original)} → ${destination(original)}`],
    ["reply", `${source(reply)} → ${destination(reply)}`],
  ];
  return (
    <dl className={styles.conntrack} aria-label="conntrack">
      {facts.map(([term, text]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd className={styles.mono}>
            {term === "undoes" ? (
              <button
                type="button"
                className={styles.link}
                onClick={() => usePlayback.getState().select({ leg: "request", index: done.index })}
              >
                {text}, {hopStage(done)}
              </button>
            ) : (
              text
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}
