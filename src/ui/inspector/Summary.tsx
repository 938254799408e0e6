import type { ReactElement } from "react";
import { rewriteOf } from "../../graph/path.ts";
import type { Exploration, Hop, Walk } from "../../model/trace/types.ts";
import { usePlayback } from "../playback.ts";
import { headerRows } from "./changes.ts";
import { classes } from "./classes.ts";
import { fraction } from "./fraction.ts";
import { Response } from "./Response.tsx";
import { RuleText } from "./RuleText.tsx";
import { shownRule } from "./ruleText.ts";
import styles from "./Summary.module.css";
import { VerdictTag } from "./Tag.tsx";
import { hopStage, hostTitle } from "./wording.ts";

/** How likely it was that this walk's pod would answer; null when it was certain, or is not known. */
export function chanceOf(walk: Walk | null, exploration: Exploration | null): number | null {
  const pod = walk?.backend?.pod ?? null;
  if (pod === null || exploration === null) return null;
  const sum = exploration.walks
    .filter((branch) => branch.backend?.pod === pod)
    .reduce((p, branch) => p + branch.probability, 0);
  return sum > 0 && sum < 1 - 1e-9 ? sum : null;
}

const ENDS: ReadonlySet<string> = new Set(["reject", "drop", "refuse", "lost"]);

/** The hops that decided: every rewrite of the request and, when it did not arrive, where it ended. */
const deciding = (walk: Walk): readonly Hop[] =>
  walk.hops.filter((hop) => {
    const { source, destination } = rewriteOf(hop);
    return source || destination || ENDS.has(hop.verdict);
  });

/** The walk as a whole, to be read while it plays and after it: nothing in it changes with time. */
export function Summary({ walk, chance }: { readonly walk: Walk; readonly chance: number | null }): ReactElement {
  const hops = deciding(walk);
  return (
    <section className={styles.summary} aria-label="Summary">
      <h3>What happened</h3>
      {walk.outcome === "delivered" && <p>{walk.summary}</p>}
      <Response walk={walk} />
      {chance !== null && (
        <p>
          This pod answers <b>{fraction(chance)}</b> of such requests.
        </p>
      )}
      {hops.length === 0 && <p>No rule rewrote the packet: the pod got it as it was sent.</p>}
      <ol className={styles.hops} aria-label="Hops that decided">
        {hops.map((hop) => (
          <Decision key={hop.index} hop={hop} undone={undoing(walk, hop)} said={walk.summary} />
        ))}
      </ol>
      <p className={styles.hint}>Choose a rung above for every hop, its rule and the line of YAML behind it.</p>
    </section>
  );
}

/** The reply hop that takes a rewrite back, on the same host. */
const undoing = (walk: Walk, hop: Hop): Hop | null =>
  hop.verdict === "dnat" || hop.verdict === "snat"
    ? (walk.reply.find((back) => back.place === hop.place && back.verdict === `undo-${hop.verdict}`) ?? null)
    : null;

interface DecisionProps {
  readonly hop: Hop;
  readonly undone: Hop | null;
  /** What stands above it already. */
  readonly said: string;
}

function Decision({ hop, undone, said }: DecisionProps): ReactElement {
  const { select } = usePlayback.getState();
  const rule = shownRule(hop);
  const changed = headerRows(hop).filter((row) => row.changed && (row.field === "src" || row.field === "dst"));
  return (
    <li>
      <button type="button" className={styles.hop} onClick={() => select({ leg: "request", index: hop.index })}>
        <VerdictTag verdict={hop.verdict} />
        <span className={styles.where}>
          {hostTitle(hop.place)}, {hopStage(hop)}
        </span>
        <span className={styles.number}>hop {hop.index + 1}</span>
      </button>
      {changed.map((row) => (
        <p key={row.field} className={styles.fact}>
          {row.field} {row.before} → <b className={styles[row.tone]}>{row.after}</b>
        </p>
      ))}
      {changed.length === 0 && !said.includes(hop.note.replace(/\.$/, "")) && <p className={styles.note}>{hop.note}</p>}
      {rule !== null && <RuleText text={rule.text} className={styles.rule} />}
      {undone !== null && (
        <button
          type="button"
          className={classes(styles.hop, styles.back)}
          onClick={() => select({ leg: "reply", index: undone.index })}
        >
          undone for the reply by conntrack
          <span className={styles.number}>reply hop {undone.index + 1}</span>
        </button>
      )}
    </li>
  );
}
