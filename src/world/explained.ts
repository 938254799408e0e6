/** What single steps of a history did: to an object, to a node's rules, to packets. Pure look-ups. */
import type { Commit } from "../apiserver/types.ts";
import { keyOf, type ObjectKey } from "../model/meta/types.ts";
import type { Hop, Origin, Walk } from "../model/trace/types.ts";
import type { Queries, RuleRow, RuleUse } from "../wire/protocol.ts";

/** What a revision did to an object; null when it did not write it. `journal[i]` made revision i + 1. */
export function objectDiff(
  journal: readonly Commit[],
  object: ObjectKey,
  revision: number,
): Queries["objectDiff"]["answer"] {
  const commit = journal[revision - 1];
  if (commit === undefined) return null;
  const { writer, at } = commit;
  const added = commit.added.find((one) => keyOf(one) === object);
  if (added !== undefined) return { before: null, after: added, writer, at };
  const updated = commit.updated.find(([, to]) => keyOf(to) === object);
  if (updated !== undefined) return { before: updated[0], after: updated[1], writer, at };
  const removed = commit.removed.find((one) => keyOf(one) === object);
  return removed === undefined ? null : { before: removed, after: null, writer, at };
}

/** A rule by what it says, wherever in its chain it stands. */
const lineOf = ({ family, table, text }: RuleRow): string => `${family} ${table} ${text}`;

/** Rules that are in one listing and not in the other; a rule that stands twice counts twice. */
export function rulesChanged(
  before: readonly RuleRow[],
  after: readonly RuleRow[],
): { readonly added: readonly RuleRow[]; readonly removed: readonly RuleRow[] } {
  return { added: without(after, before), removed: without(before, after) };
}

function without(rows: readonly RuleRow[], others: readonly RuleRow[]): readonly RuleRow[] {
  const left = new Map<string, number>();
  for (const other of others) left.set(lineOf(other), (left.get(lineOf(other)) ?? 0) + 1);
  return rows.filter((one) => {
    const count = left.get(lineOf(one)) ?? 0;
    if (count === 0) return true;
    left.set(lineOf(one), count - 1);
    return false;
  });
}

/** Hops of all walks that matched a rule of such an origin, one line for each hop: its own rule, else the last that it matched. */
export function ruleUses(walks: readonly Walk[], isOf: (origin: Origin | null) => boolean): readonly RuleUse[] {
  return walks.flatMap((walk) =>
    (["request", "reply"] as const).flatMap((leg) =>
      (leg === "request" ? walk.hops : walk.reply).flatMap((hop): readonly RuleUse[] => {
        const rule = ruleOf(hop, isOf);
        return rule === null ? [] : [{ walk: walk.id, leg, index: hop.index, rule }];
      }),
    ),
  );
}

function ruleOf(hop: Hop, isOf: (origin: Origin | null) => boolean): string | null {
  if (hop.rule !== null && isOf(hop.rule.origin)) return hop.rule.id;
  return hop.steps.findLast(({ matched, rule }) => matched && isOf(rule.origin))?.rule.id ?? null;
}
