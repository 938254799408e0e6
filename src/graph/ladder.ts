import type { Hop } from "../model/trace/types.ts";
import type { UnreachedRule } from "./staircase.ts";

/** The random choice among endpoints, rule by rule. */
export interface LadderStep {
  /** Denominator of this rule's probability among those that reach it; 1 for the last, which has no draw. */
  readonly of: number;
  readonly draw: number | null;
  readonly taken: boolean;
  readonly reached: boolean;
  readonly endpoint: string;
}

export interface Ladder {
  readonly steps: readonly LadderStep[];
  /** As the first rule prints its probability. */
  readonly printed: string;
}

/** Reads the statistic steps of a hop; null when nothing was drawn or the thresholds are not plain 1/n. */
export function ladderOf(hop: Hop, unreached: readonly UnreachedRule[] = []): Ladder | null {
  const drawn = hop.steps.filter((s) => s.draw !== undefined);
  const first = drawn[0];
  const n = first?.draw?.of ?? null;
  if (first === undefined || n === null) return null;
  const chain = first.rule.chain;
  const taken = drawn.findIndex((s) => s.matched);
  const steps = Array.from({ length: n }, (_, i): LadderStep => {
    const step = drawn[i];
    const rest =
      i >= drawn.length
        ? hop.steps.find((s) => s.rule.chain === chain && s.rule.position === first.rule.position + i)
        : undefined;
    const text =
      step?.rule.text ??
      rest?.rule.text ??
      unreached.find((r) => r.chain === chain && r.position === first.rule.position + i)?.text ??
      "";
    return {
      of: n - i,
      draw: step?.draw?.value ?? null,
      taken: taken >= 0 ? i === taken : rest !== undefined && rest.matched,
      reached: step !== undefined || rest !== undefined,
      endpoint: /-> (\[[0-9a-f:]+\]|[0-9.]+)/i.exec(text)?.[1] ?? "",
    };
  });
  return { steps, printed: /--probability (\S+)/.exec(first.rule.text)?.[1] ?? "" };
}
