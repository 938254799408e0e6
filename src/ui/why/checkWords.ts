/** Expectations in words. Pure. */
import type { CheckReport, CheckResult } from "../../model/trace/check.ts";

/** Whether a text may have an expectation: asking costs a walk for each. */
export const expectsSomething = (text: string): boolean => /^["'{\s-]*kind["']?\s*:\s*["']?Expectation\b/m.test(text);

/** As it stands behind the document: "passed", "failed: timeout on 2 of 3 branches". */
export const verdictText = ({ passed, got }: CheckResult): string => (passed ? "passed" : `failed: ${got}`);

/** "3 of 4 expectations pass" */
export function checksText({ passed, results }: CheckReport): string {
  const all = results.length;
  return `${String(passed)} of ${String(all)} ${all === 1 ? "expectation passes" : "expectations pass"}`;
}
