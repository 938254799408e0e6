/** Expectations as the command line prints them. */
import { type ExpectationSpec, reasonsOf } from "../model/kubehop/expectation.ts";
import type { CheckReport, CheckResult } from "../model/trace/check.ts";

/** "timeout on 1/3 because POLICY-DENIES". */
function expected(spec: ExpectationSpec): string {
  const { outcome, share, sourceSeen, backend, status } = spec;
  const reasons = reasonsOf(spec);
  return [
    outcome,
    ...(share === undefined ? [] : [`on ${String(share)}`]),
    ...(sourceSeen === undefined ? [] : [`from ${sourceSeen}`]),
    ...(backend === undefined ? [] : [`by ${backend}`]),
    ...(status === undefined ? [] : [`with status ${String(status)}`]),
    ...(reasons.length === 0 ? [] : [`because ${reasons.join(", ")}`]),
  ].join(" ");
}

function line({ name, expectation, passed, got, range }: CheckResult, place: (line: number) => string): string {
  const { from, to, mode } = expectation;
  const where = range === null ? "" : `${place(range.startLine)}: `;
  const what = `${name === "" ? "" : `${name}: `}${from} to ${to}${mode === undefined ? "" : ` in ${mode} mode`}`;
  const detail = passed ? expected(expectation) : `expected ${expected(expectation)}\n        got ${got}`;
  return `${passed ? "passed" : "failed"}  ${where}${what}: ${detail}`;
}

/** A line per expectation, one more for each that failed, and the sum. `place`: where a line of the text stands. */
export function checkText({ results, passed, failed }: CheckReport, place: (line: number) => string): string {
  const lines = results.map((one) => line(one, place));
  return `${[...lines, `${String(passed)} passed, ${String(failed)} failed`].join("\n")}\n`;
}
