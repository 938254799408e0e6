/** Findings in words. Pure. */
import { splitKey } from "../../model/meta/types.ts";
import type { Diagnosis, Evidence, Finding, Severity } from "../../model/trace/finding.ts";
import { OUTCOMES } from "../inspector/wording.ts";
import { percent } from "../inspector/fraction.ts";

export const SEVERITIES: Readonly<Record<Severity, string>> = { error: "error", warning: "warning", note: "note" };

export const NOTHING = "Nothing to explain: every branch of this request arrives, and nothing about it is unusual.";

/** Letters of the shortest headline that says something. */
const SHORTEST = 12;

/**
 * A finding's cause as a headline and what is left of the sentence: it is parted where the sentence itself parts, unless that leaves
 * a headline that says nothing.
 */
export function headline(cause: string): { readonly head: string; readonly rest: string } {
  const parting = [...cause.matchAll(/; |: |\. (?=[A-Z])/g)].find(({ index }) => index >= SHORTEST);
  if (parting === undefined) return { head: cause.replace(/\.$/, ""), rest: "" };
  const rest = cause.slice(parting.index + parting[0].length);
  return { head: cause.slice(0, parting.index), rest: rest.charAt(0).toUpperCase() + rest.slice(1) };
}

/** What an evidence is about: "Service web, spec.selector", "rule on worker-1", "the walk". */
export function aboutText(evidence: Evidence): string {
  if (evidence.kind === "rule") return `rule on ${evidence.node}`;
  if (evidence.kind === "walk") return "the walk";
  const { kind, name } = splitKey(evidence.object);
  return evidence.path === "" ? `${kind} ${name}` : `${kind} ${name}, ${evidence.path}`;
}

/** Where an evidence leads, as its link says it. */
export function placeText(evidence: Evidence): string {
  if (evidence.kind === "rule") return "rule";
  if (evidence.kind === "walk") return "hop";
  return evidence.range === null ? "object" : `line ${String(evidence.range.startLine)}`;
}

/** How it ends, over all branches: "timeout, 2/3 of requests arrive". */
export function fateText({ outcome, delivered }: Diagnosis): string {
  if (outcome === "not-sent") return "not sent";
  if (delivered <= 0 || outcome === "delivered") return OUTCOMES[outcome];
  return `${OUTCOMES[outcome]}, ${percent(delivered)} of requests arrive`;
}

/** "1 error", "2 errors, 1 note", nothing for none. */
export function tallyText(findings: readonly Pick<Finding, "severity">[]): string {
  return (["error", "warning", "note"] as const)
    .flatMap((severity) => {
      const n = findings.filter((finding) => finding.severity === severity).length;
      return n === 0 ? [] : [`${String(n)} ${severity}${n === 1 ? "" : "s"}`];
    })
    .join(", ");
}
