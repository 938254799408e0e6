import type { Hop, RuleRef, RuleStep } from "../../model/trace/types.ts";

/** A rule's text in pieces; the strong one is what decided. */
export interface RulePiece {
  readonly text: string;
  readonly strong: boolean;
}

const DECISIVE = [
  /--probability \S+/,
  /-j (?:DNAT|SNAT|MASQUERADE|REJECT|DROP|MARK|REDIRECT|ACCEPT|RETURN)\b.*$/,
  /-j \S+/,
];

/** Splits a line of iptables-save around its decisive part: the probability, else what the target does. */
export function decisive(text: string): readonly RulePiece[] {
  for (const pattern of DECISIVE) {
    const found = pattern.exec(text);
    if (found === null) continue;
    const end = found.index + found[0].length;
    return [
      { text: text.slice(0, found.index), strong: false },
      { text: found[0], strong: true },
      { text: text.slice(end), strong: false },
    ].filter((piece) => piece.text !== "");
  }
  return [{ text, strong: false }];
}

/** The target with its options: "DNAT --to-destination 10.244.2.3:8080". */
export function targetText(rule: RuleRef): string {
  return /(?:^| )-j (.*)$/.exec(rule.text)?.[1] ?? rule.target;
}

/** The rule to show for a hop: where a draw chose among endpoints, the rule that the draw took; else the deciding rule. */
export function shownRule(hop: Hop): RuleRef | null {
  return hop.steps.findLast((step) => step.matched && step.draw !== undefined)?.rule ?? hop.rule;
}

/** A statistic match with the draw it made. */
export interface DrawStep {
  readonly label: string;
  readonly value: number;
  readonly threshold: number;
  readonly taken: boolean;
  /** "0.41 < 1/2" */
  readonly text: string;
}

/** The draws of a hop in the order they were made. The label is the endpoint that the rule's comment names, else its target. */
export function drawsOf(hop: Hop): readonly DrawStep[] {
  return hop.steps.flatMap((step: RuleStep) => {
    if (step.draw === undefined) return [];
    const { value, threshold, of } = step.draw;
    const bound = of === null ? threshold.toFixed(2) : `1/${of}`;
    return [
      {
        label: /-> (\[[0-9a-f:]+\]|[0-9.]+)/i.exec(step.rule.text)?.[1] ?? step.rule.target,
        value,
        threshold,
        taken: value < threshold,
        text: `${value.toFixed(2)} ${value < threshold ? "<" : "≥"} ${bound}`,
      },
    ];
  });
}
