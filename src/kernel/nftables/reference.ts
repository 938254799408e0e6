import type { RuleRef } from "../../model/trace/types.ts";
import { elementText } from "./print.ts";
import { ruleText, targetName, verdictText } from "./text.ts";
import type { Element, Rule, Table } from "./types.ts";

/** The id of a rule: `ip kube-proxy/services/off-cluster`. */
export function ruleId(table: Table, chain: string, rule: Rule): string {
  return `${table.family} ${table.name}/${chain}/${rule.role}`;
}

/** Texts are made once: a walk names the same few rules again and again. */
const REFS = new WeakMap<Rule, RuleRef>();

/** Names a rule as walks and listings show it. `position` counts from 0. */
export function ruleRef(table: Table, chain: string, position: number, rule: Rule, purpose: "nat" | "filter"): RuleRef {
  const id = ruleId(table, chain, rule);
  const known = REFS.get(rule);
  if (known?.id === id && known.position === position + 1 && known.table === purpose) return known;
  const ref: RuleRef = {
    id,
    table: purpose,
    chain,
    position: position + 1,
    text: ruleText(rule),
    target: targetName(rule),
    origin: rule.origin,
  };
  REFS.set(rule, ref);
  return ref;
}

/** Names an element of a set or map as a row of a listing; its "chain" is `@set`. */
export function elementRef(
  table: Table,
  set: string,
  position: number,
  element: Element,
  purpose: "nat" | "filter",
): RuleRef {
  const { value } = element;
  return {
    id: `${table.family} ${table.name}/@${set}/${element.key}`,
    table: purpose,
    chain: `@${set}`,
    position: position + 1,
    text: elementText(element),
    target: value === null ? "" : typeof value === "string" ? value : verdictText(value),
    origin: element.origin,
  };
}
