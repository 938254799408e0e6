/** What became of a text's expectations. */
import type { ExpectationSpec } from "../kubehop/expectation.ts";
import type { TextRange } from "./diagnostic.ts";
import type { FindingId } from "./finding.ts";

export interface CheckResult {
  /** `metadata.name`; empty when it has none. */
  readonly name: string;
  readonly expectation: ExpectationSpec;
  readonly passed: boolean;
  /** What happened, in a sentence: "timeout on 2 of 3 branches (66.67 %): POLICY-DENIES". */
  readonly got: string;
  /** Findings of the diagnosis, the first the most specific; empty where nobody asked why and it passed. */
  readonly findings: readonly FindingId[];
  /** Position of its document in the text, Lists taken apart, and where it stands; null for one that is not in the text. */
  readonly document: number | null;
  readonly range: TextRange | null;
}

export interface CheckReport {
  readonly results: readonly CheckResult[];
  readonly passed: number;
  readonly failed: number;
}
