import type { ReactElement } from "react";
import type { OutcomeKind, Verdict } from "../../model/trace/types.ts";
import { classes } from "./classes.ts";
import { outcomeGlyph, RailGlyph, verdictGlyph } from "./glyphs.tsx";
import styles from "./Tag.module.css";
import { OUTCOMES, VERDICTS } from "./wording.ts";

const VERDICT_TONES: Partial<Record<Verdict, string>> = {
  dnat: "dnat",
  "undo-dnat": "dnat",
  snat: "snat",
  "undo-snat": "snat",
  reject: "reject",
  refuse: "reject",
  drop: "drop",
  lost: "drop",
  deliver: "reply",
};

/** What a hop did, as shape, word and colour. */
export function VerdictTag({ verdict }: { readonly verdict: Verdict }): ReactElement {
  const glyph = verdictGlyph(verdict);
  return (
    <span className={classes(styles.tag, styles[VERDICT_TONES[verdict] ?? "plain"])}>
      {glyph !== null && <RailGlyph kind={glyph} size={13} />}
      {VERDICTS[verdict]}
    </span>
  );
}

/** How a walk ended. */
export function OutcomeTag({ outcome }: { readonly outcome: OutcomeKind }): ReactElement {
  const glyph = outcomeGlyph(outcome);
  const tone = { delivered: "reply", dropped: "drop" }[glyph as string] ?? "reject";
  return (
    <span className={classes(styles.tag, styles[tone])}>
      <RailGlyph kind={glyph} size={13} />
      {OUTCOMES[outcome]}
    </span>
  );
}
