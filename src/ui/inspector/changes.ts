import type { Header, Hop } from "../../model/trace/types.ts";
import { destination, mark, source } from "./wording.ts";

/** A line of the before/after table. */
export interface HeaderRow {
  readonly field: "src" | "dst" | "mark" | "ttl";
  readonly before: string;
  readonly after: string;
  readonly changed: boolean;
  /** Which translation the change belongs to; marks announce a later SNAT. */
  readonly tone: "dnat" | "snat" | "plain";
}

const FIELDS: readonly (readonly [HeaderRow["field"], (header: Header) => string])[] = [
  ["src", source],
  ["dst", destination],
  ["mark", (header) => mark(header.mark)],
  ["ttl", (header) => String(header.ttl)],
];

/**
 * The header before and after a hop. On the way there the source belongs to SNAT and the destination to DNAT; on
 * the way back it is the other way round.
 */
export function headerRows(hop: Hop): readonly HeaderRow[] {
  const undoing = hop.verdict === "undo-dnat" || hop.verdict === "undo-snat";
  return FIELDS.map(([field, read]) => {
    const before = read(hop.before);
    const after = read(hop.after);
    const tone =
      field === "ttl" ? "plain" : field === "mark" ? "snat" : (field === "dst") !== undoing ? "dnat" : "snat";
    return { field, before, after, changed: before !== after, tone };
  });
}

/** The changes of a hop in one line, "dst 203.0.113.10:80 → 10.244.2.3:8080, mark 0x0 → 0x4000"; empty when it changed nothing. */
export function changesText(hop: Hop): string {
  return headerRows(hop)
    .filter((row) => row.changed)
    .map((row) => `${row.field} ${row.before} → ${row.after}`)
    .join(", ");
}
