import type { RuleRef, TableName } from "../../model/trace/types.ts";
import { ruleRef } from "./evaluate.ts";
import { listedChains } from "./save.ts";
import type { Rule, Ruleset } from "./types.ts";

const TABLES: readonly TableName[] = ["filter", "mangle", "nat", "raw"];

export interface ListOptions {
  readonly table?: TableName | null;
  /** Case-insensitive text that the rule's line or its origin must contain. */
  readonly search?: string;
  readonly offset: number;
  readonly limit: number;
  /** Id of a rule whose place in the list is asked for. */
  readonly focus?: string;
}

export interface RuleList {
  /** Rules that pass the filter. */
  readonly total: number;
  /** The window asked for. */
  readonly rows: readonly RuleRef[];
  /** Place of the rule that `focus` named, from 0; null when the filter leaves it out or nothing was asked. */
  readonly focus: number | null;
}

/**
 * A window of the rules in the order of `iptables-save`: total after filtering, and the rows asked for. Text is made only for the
 * window, unless a search has to read it all.
 */
export function listRules(ruleset: Ruleset, options: ListOptions): RuleList {
  const search = options.search?.trim().toLowerCase() ?? "";
  const rows: RuleRef[] = [];
  let total = 0;
  let focus: number | null = null;
  const take = (id: string, make: () => RuleRef): void => {
    if (id === options.focus) focus = total;
    if (total >= options.offset && rows.length < options.limit) rows.push(make());
    total += 1;
  };
  for (const name of TABLES) {
    const table = ruleset.tables[name];
    if (table === undefined || (options.table && options.table !== name)) continue;
    for (const chain of listedChains(name, table)) {
      const rules = table.chains.get(chain)?.rules ?? [];
      rules.forEach((rule, position) => {
        const make = (): RuleRef => ruleRef(ruleset, name, chain, position, rule);
        if (search === "") return take(rule.id, make);
        const ref = make();
        if (rowContains(ref, search)) take(rule.id, () => ref);
      });
    }
  }
  return { total, rows, focus };
}

function rowContains(ref: RuleRef, search: string): boolean {
  return (
    ref.text.toLowerCase().includes(search) ||
    (ref.origin?.object ?? "").toLowerCase().includes(search) ||
    (ref.origin?.why ?? "").toLowerCase().includes(search)
  );
}

/** Every rule with its table and chain, in order of creation. */
export function* allRules(
  ruleset: Ruleset,
): Generator<{ readonly table: TableName; readonly chain: string; readonly position: number; readonly rule: Rule }> {
  for (const name of TABLES) {
    for (const [chain, { rules }] of ruleset.tables[name]?.chains ?? []) {
      for (let position = 0; position < rules.length; position++) {
        yield { table: name, chain, position, rule: rules[position] as Rule };
      }
    }
  }
}
