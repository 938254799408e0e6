import { type Chooser, probabilityValue } from "../../base/choose.ts";

/** More branches than any capture has; beyond it something calls itself forever. */
const MOST_BRANCHES = 20_000;

/**
 * Runs `attempt` once for every way in which its random choices can fall, "taken" first, so results come in rule order. The chooser
 * answers equal questions equally within one attempt.
 */
export function exploreBranches<T>(attempt: (chooser: Chooser) => T): readonly T[] {
  const results: T[] = [];
  const stack: boolean[][] = [[]];
  while (stack.length > 0) {
    if (results.length > MOST_BRANCHES) throw new Error("too many branches");
    const script = stack.pop() as boolean[];
    const answers = new Map<string, boolean>();
    let asked = 0;
    const open: boolean[][] = [];
    const path: boolean[] = [];
    const chooser: Chooser = {
      chance(p, purpose) {
        let taken = answers.get(purpose);
        if (taken === undefined) {
          const chance = probabilityValue(p);
          if (asked < script.length) taken = script[asked] as boolean;
          else {
            taken = chance > 0;
            if (chance > 0 && chance < 1) open.push([...path, false]);
          }
          asked += 1;
          path.push(taken);
          answers.set(purpose, taken);
        }
        return { taken, draw: taken ? 0 : probabilityValue(p) };
      },
      pick: () => 0,
      sample: () => 0,
    };
    results.push(attempt(chooser));
    // The deepest open question is answered the other way first: depth-first, in rule order.
    stack.push(...open);
  }
  return results;
}
