/** Drift as the command line prints it: findings, then chain by chain what differs, and a summary. */
import type { Drift, DriftRow } from "../model/trace/drift.ts";

const plural = (n: number, one: string, many = `${one}s`): string =>
  `${n.toLocaleString("en-US")} ${n === 1 ? one : many}`;

function rowLines(row: DriftRow): readonly string[] {
  const line = row.line === null ? "" : `  (line ${row.line})`;
  const means = row.means === "" ? [] : [`    ${row.means}`];
  switch (row.kind) {
    case "dump":
      return [`  - ${row.dump ?? ""}${line}`, ...means];
    case "expected":
      return [`  + ${row.expected ?? ""}`, ...means];
    default:
      return [`  - ${row.dump ?? ""}${line}`, `  + ${row.expected ?? ""}`, ...means];
  }
}

/** `-`: in the dump; `+`: what kube-proxy would write. Rules that are the same are only counted. */
export function driftText(drift: Drift): string {
  const { counts } = drift;
  const different = drift.rows.filter(({ kind }) => kind !== "same" && kind !== "counters");
  const lines = [...drift.findings];
  let chain = "";
  for (const row of different) {
    const place = `${row.table} ${row.chain}`;
    if (place !== chain) lines.push(place);
    chain = place;
    lines.push(...rowLines(row));
  }
  if (drift.services.length > 0) {
    lines.push(
      `Affected: ${drift.services.map(({ service, rows }) => `${service} (${plural(rows, "row")})`).join(", ")}.`,
    );
  }
  lines.push(
    `${drift.node}, ${drift.mode} mode: ${counts.same + counts.counters} the same, ${counts.differs} differ, ` +
      `${counts.dump} only in the dump, ${counts.expected} missing; ${plural(drift.foreign.length, "rule is", "rules are")} not kube-proxy's.`,
  );
  return `${lines.join("\n")}\n`;
}
