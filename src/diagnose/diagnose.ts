/** From what became of a request to what may be wrong: suspicions, in the order in which they are told. */
import { FINDING_IDS, type Severity } from "../model/trace/finding.ts";
import type { OutcomeKind } from "../model/trace/types.ts";
import { branchesOf } from "./branches.ts";
import { frontOf, targetBehind } from "./front.ts";
import { DIAGNOSERS } from "./registry.ts";
import { targetOf } from "./target.ts";
import type { Case, Suspicion } from "./types.ts";

const SEVERITIES: readonly Severity[] = ["error", "warning", "note"];

/** Puts a case together; everything but the cluster's own state is worked out here. */
export function caseOf(given: Omit<Case, "branches" | "failed" | "target" | "front">): Case {
  const branches = branchesOf(given.exploration);
  const front = frontOf(given, branches);
  const dialled = targetOf(given.view, given.request, given.exploration.walks);
  return {
    ...given,
    branches,
    failed: branches.filter(({ end }) => end !== null),
    front,
    // Whatever stands before the controller has done its work.
    target: front === null ? dialled : targetBehind(front, given.view, dialled),
  };
}

/** Errors before warnings before notes, the most specific first among each; one of an id at most. */
export function suspicionsOf(given: Case): readonly Suspicion[] {
  const rank = ({ id, severity }: Suspicion): number =>
    SEVERITIES.indexOf(severity) * FINDING_IDS.length + FINDING_IDS.indexOf(id);
  const all = DIAGNOSERS.flatMap((look) => look(given));
  const hasCause = all.some(({ id, severity }) => severity === "error" && id !== "SVC-NO-ENDPOINTS");
  // Questions in vain are of no interest where something else keeps the name from being found.
  const isBeside = ({ id }: Suspicion): boolean => hasCause && (id === "SVC-NO-ENDPOINTS" || id === "DNS-NDOTS");
  return all.filter((one) => !isBeside(one)).sort((a, b) => rank(a) - rank(b));
}

/** The likeliest way to fail and what the client sees of it; delivered when there is none. */
export function worstOf({ branches, failed }: Case): { readonly outcome: OutcomeKind; readonly symptom: string } {
  const worst = [...failed].sort((a, b) => b.walk.probability - a.walk.probability)[0]?.walk ?? branches[0]?.walk;
  return { outcome: worst?.outcome ?? "unreachable", symptom: worst?.symptom ?? "" };
}
