import type { Hop, RuleRef } from "../../model/trace/types.ts";

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

/** The chain in which a hop chose among endpoints; null when it made no draw. */
const drawChain = (hop: Hop): string | null =>
  hop.steps.findLast((step) => step.draw !== undefined)?.rule.chain ?? null;

/** The rule to show for a hop: where a draw chose among endpoints, the one that was taken there; else the deciding rule. */
export function shownRule(hop: Hop): RuleRef | null {
  const chain = drawChain(hop);
  if (chain === null) return hop.rule;
  return hop.steps.findLast((step) => step.matched && step.rule.chain === chain)?.rule ?? hop.rule;
}

/** A statistic match with the draw it made. */
export interface DrawStep {
  readonly label: string;
  /** Null for the last endpoint of all: it takes what is left without a draw. */
  readonly value: number | null;
  readonly threshold: number;
  readonly taken: boolean;
  /** "0.41 < 1/2" */
  readonly text: string;
}

/** What to call a choice: the endpoint that the rule's comment names, else the rule's target. */
const labelOf = (rule: RuleRef): string => /-> (\[[0-9a-f:]+\]|[0-9.]+)/i.exec(rule.text)?.[1] ?? rule.target;

/** The draws of a hop in the order they were made; if none was taken, the rule that then takes every packet closes the list. */
export function drawsOf(hop: Hop): readonly DrawStep[] {
  const draws = hop.steps.flatMap(({ rule, draw }): readonly DrawStep[] => {
    if (draw === undefined) return [];
    const { value, threshold, of } = draw;
    const bound = of === null ? threshold.toFixed(2) : `1/${of}`;
    const taken = value < threshold;
    return [
      { label: labelOf(rule), value, threshold, taken, text: `${value.toFixed(2)} ${taken ? "<" : "≥"} ${bound}` },
    ];
  });
  const rest = shownRule(hop);
  if (draws.length === 0 || draws.some((draw) => draw.taken) || rest === null || rest.chain !== drawChain(hop))
    return draws;
  return [...draws, { label: labelOf(rest), value: null, threshold: 1, taken: true, text: "the rest" }];
}
