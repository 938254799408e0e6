import { type Chooser, probabilityValue } from "../../base/choose.ts";

/** More branches than any capture has; beyond it something calls itself forever. */
const MOST_BRANCHES = 20_000;

/**
 * Runs `attempt` once for every way in which its random choices can fall, "taken" first and numbers from 0, so results come in rule
 * order. The chooser answers equal questions equally within one attempt.
 */
export function exploreBranches<T>(attempt: (chooser: Chooser) => T): readonly T[] {
  const results: T[] = [];
  const stack: (readonly number[])[] = [[]];
  while (stack.length > 0) {
    if (results.length > MOST_BRANCHES) throw new Error("too many branches");
    const script = stack.pop() as readonly number[];
    const answers = new Map<string, number>();
    const open: (readonly number[])[] = [];
    const path: number[] = [];
    /** One of `options` answers, the first of them unless the script says otherwise; the others are left for later attempts. */
    const decide = (options: number, first: number, purpose: string): number => {
      const known = answers.get(purpose);
      if (known !== undefined) return known;
      const scripted = script[path.length];
      if (scripted === undefined) for (let i = options - 1; i > first; i--) open.push([...path, i]);
      const answer = scripted ?? first;
      path.push(answer);
      answers.set(purpose, answer);
      return answer;
    };
    const chooser: Chooser = {
      chance(p, purpose) {
        const chance = probabilityValue(p);
        const taken = decide(chance >= 1 ? 1 : 2, chance > 0 ? 0 : 1, purpose) === 0;
        return { taken, draw: taken ? 0 : chance };
      },
      pick: (n, purpose) => decide(n, 0, purpose),
      turn(weights, next, purpose) {
        const open = weights.flatMap((weight, i) => (weight > 0 ? [i] : []));
        return open[decide(Math.max(1, open.length), 0, purpose)] ?? next;
      },
      sample: () => 0,
    };
    results.push(attempt(chooser));
    // The deepest open question is answered the other way first: depth-first, in rule order.
    stack.push(...open);
  }
  return results;
}
