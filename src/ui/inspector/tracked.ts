import type { TrackedConnection } from "../../model/trace/connection.ts";
import type { Header, Hop } from "../../model/trace/types.ts";

type Ends = TrackedConnection["original"];

const isOf = (ends: Ends, { src, dst, sport, dport }: Header): boolean =>
  (ends.src === src && ends.dst === dst && ends.sport === sport && ends.dport === dport) ||
  (ends.src === dst && ends.dst === src && ends.sport === dport && ends.dport === sport);

/**
 * The entry that a packet belongs to: its header before or after the hop is one of the entry's two tuples, or one of them turned
 * round, as a packet that leaves POSTROUTING is the reply tuple seen from the other end.
 */
export function entryOf(
  table: readonly TrackedConnection[],
  hop: Pick<Hop, "before" | "after">,
): TrackedConnection | null {
  const { protocol } = hop.before;
  return (
    table.find(
      (entry) =>
        entry.protocol === protocol &&
        [entry.original, entry.reply].some((ends) => isOf(ends, hop.before) || isOf(ends, hop.after)),
    ) ?? null
  );
}

/** Hops at which a host's connection table has a say. */
export const isTracked = ({ stage, verdict }: Hop): boolean =>
  stage === "conntrack" ||
  (stage.startsWith("hook:nat/") && (verdict === "dnat" || verdict === "snat")) ||
  verdict.startsWith("undo-");
