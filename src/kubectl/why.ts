/** Findings as the command line prints them. */
import type { ClusterDiagnosis, Diagnosis, Evidence, Finding, RefusedDocument } from "../model/trace/finding.ts";

const evidenceLine = (evidence: Evidence): string => {
  switch (evidence.kind) {
    case "object":
      return `${evidence.object}${evidence.path === "" ? "" : ` ${evidence.path}`}: ${evidence.shows}`;
    case "rule":
      return `${evidence.node}: ${evidence.rule}  (${evidence.shows})`;
    case "walk":
      return evidence.shows;
  }
};

function findingLines({ id, severity, cause, hop, evidence, fix, unfixed, command }: Finding): readonly string[] {
  return [
    `${severity}  ${id}`,
    `  ${cause}`,
    ...(hop === null ? [] : [`  at ${hop.place}, ${hop.label}: ${hop.note}`]),
    ...evidence.map((one) => `  - ${evidenceLine(one)}`),
    ...(fix === null
      ? [`  no edit: ${unfixed ?? ""}`]
      : [
          `  fix: ${fix.title}`,
          ...fix.edits.map(
            ({ document, path, from, to }) =>
              `       document ${String(document)}, ${path === "" ? "all of it" : path}: ${JSON.stringify(from)} -> ${JSON.stringify(to)}`,
          ),
          `       ${fix.proof}`,
        ]),
    `  on a cluster: ${command}`,
  ];
}

/** Documents that were left out, and why. */
const refusedLines = (refused: readonly RefusedDocument[] = []): readonly string[] =>
  refused.map(
    ({ document, object, messages }) =>
      `refused, and left out: ${object ?? `document ${String(document)}`}: ${messages.join("; ")}`,
  );

/** A finding for programs: its fix is always there, without edits where none is proved, and its proof says so. */
const plain = <T extends Finding>(finding: T) => ({
  ...finding,
  fix: finding.fix ?? { title: "", edits: [], proof: `no edit is proved: ${finding.unfixed ?? ""}` },
});

export const whyJson = (diagnosis: Diagnosis): string =>
  `${JSON.stringify({ ...diagnosis, findings: diagnosis.findings.map(plain) }, null, 2)}\n`;

/** What became of the request, then each finding with its evidence, its edit and the proof of that. */
export function whyText({ request, outcome, delivered, symptom, findings, refused }: Diagnosis): string {
  const share = delivered > 0 && delivered < 1 ? `, ${(delivered * 100).toFixed(2)} % arrive` : "";
  const head = [`${request.from} to ${request.to}: ${outcome}${share}`, ...(symptom === "" ? [] : [`  ${symptom}`])];
  const isWell = outcome === "delivered" && delivered > 0.999999;
  const none =
    findings.length > 0
      ? []
      : [isWell ? "Nothing was found that is wrong." : "No finding explains it: kubehop trace shows every hop."];
  return `${[refusedLines(refused), head, none, ...findings.map(findingLines)]
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

export const clusterJson = (diagnosis: ClusterDiagnosis): string =>
  `${JSON.stringify({ ...diagnosis, findings: diagnosis.findings.map(plain) }, null, 2)}\n`;

/** How many findings of which kind there are, then each with the request that shows it. */
export function clusterText({ asked, findings, refused }: ClusterDiagnosis): string {
  const counts = (["error", "warning", "note"] as const).flatMap((severity) => {
    const count = findings.filter((one) => one.severity === severity).length;
    return count === 0 ? [] : [`${String(count)} ${severity}${count === 1 ? "" : "s"}`];
  });
  const head = [
    `${String(asked)} requests followed: ${counts.length === 0 ? "nothing was found that is wrong" : counts.join(", ")}.`,
  ];
  const parts = findings.map((finding) => {
    const [first = "", ...rest] = findingLines(finding);
    const { from, to, says } = finding.request;
    const what = says?.kind === "http" ? ` (${says.method} http://${says.host}${says.path})` : "";
    return [`${first}  ${from} to ${to}${what}`, ...rest];
  });
  return `${[refusedLines(refused), head, ...parts]
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}
