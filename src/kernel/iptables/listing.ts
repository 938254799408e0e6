import type { RuleRef, TableName } from "../../model/trace/types.ts";
import { ruleRef } from "./evaluate.ts";
import { listedChains } from "./save.ts";
import { kernelRuleText } from "./text.ts";
import { ruleId, type Rule, type Ruleset } from "./types.ts";

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
 * A window of the rules in the order of `iptables-save`: total after filtering, and the rows asked for. Without a search whole
 * chains outside the window are only counted; text is made for the window alone. A search reads everything.
 */
export function listRules(ruleset: Ruleset, options: ListOptions): RuleList {
  const search = options.search?.trim().toLowerCase() ?? "";
  const rows: RuleRef[] = [];
  let total = 0;
  let focus: number | null = null;
  for (const name of TABLES) {
    const table = ruleset.tables[name];
    if (table === undefined || (options.table && options.table !== name)) continue;
    for (const chain of listedChains(name, table)) {
      const rules = table.chains.get(chain)?.rules ?? [];
      const focused = options.focus?.startsWith(`${name}/${chain}/`) ?? false;
      const outside = rows.length >= options.limit || total + rules.length <= options.offset;
      if (search === "" && outside && !focused) {
        total += rules.length;
        continue;
      }
      for (let position = 0; position < rules.length; position++) {
        const rule = rules[position] as Rule;
        if (search !== "" && !ruleContains(ruleset, chain, rule, search)) continue;
        if (focused && ruleId(name, chain, rule) === options.focus) focus = total;
        if (total >= options.offset && rows.length < options.limit)
          rows.push(ruleRef(ruleset, name, chain, position, rule));
        total += 1;
      }
    }
  }
  return { total, rows, focus };
}

/** `search` is in lower case. The origin is asked first: its objects are short, the line has to be made. */
function ruleContains(ruleset: Ruleset, chain: string, rule: Rule, search: string): boolean {
  const origin = rule.origin;
  return (
    (origin?.object ?? "").toLowerCase().includes(search) ||
    (origin?.why ?? "").toLowerCase().includes(search) ||
    (origin?.because ?? []).some((link) => link.object.toLowerCase().includes(search)) ||
    kernelRuleText(chain, rule, ruleset.family).toLowerCase().includes(search)
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
