import { compareStrings } from "../../base/compare.ts";
import type { Origin, RuleRef, TableName } from "../../model/trace/types.ts";
import { elementRef, ruleId, ruleRef } from "./reference.ts";
import { elementText, sortedElements } from "./print.ts";
import { chainPurpose, setPurpose } from "./slots.ts";
import { ruleText } from "./text.ts";
import type { Element, Rule, Ruleset, Table } from "./types.ts";

export interface NftListOptions {
  /** `nat`: chains and maps that nat chains use; `filter`: all others. */
  readonly table?: TableName | null;
  /** Case-insensitive text that the row's line or its origin must contain. */
  readonly search?: string;
  readonly offset: number;
  readonly limit: number;
  /** Id of a row whose place in the list is asked for. */
  readonly focus?: string;
}

export interface NftRows {
  readonly total: number;
  readonly rows: readonly RuleRef[];
  /** Place of the row that `focus` named, from 0; null when the filter leaves it out or nothing was asked. */
  readonly focus: number | null;
}

/** A chain's rules or a set's elements: as many rows of one purpose. */
interface Group {
  readonly purpose: "nat" | "filter";
  readonly size: number;
  /** What ids of its rows begin with. */
  readonly prefix: string;
  id(position: number): string;
  ref(position: number): RuleRef;
  contains(position: number, search: string): boolean;
}

const GROUPS = new WeakMap<Table, readonly Group[]>();

/** Sets and maps, then chains, each by name, as a listing has them. */
function groupsOf(table: Table): readonly Group[] {
  let groups = GROUPS.get(table);
  if (groups === undefined) {
    const byName = <T>(map: ReadonlyMap<string, T>): (readonly [string, T])[] =>
      [...map].sort(([a], [b]) => compareStrings(a, b));
    groups = [
      ...byName(table.sets).map(([name, set]) => elementGroup(table, name, sortedElements(set))),
      ...byName(table.chains).map(([name, chain]) => ruleGroup(table, name, chain.rules)),
    ];
    GROUPS.set(table, groups);
  }
  return groups;
}

function ruleGroup(table: Table, chain: string, rules: readonly Rule[]): Group {
  const purpose = chainPurpose(table, chain);
  const at = (position: number): Rule => rules[position] as Rule;
  return {
    purpose,
    size: rules.length,
    prefix: `${table.family} ${table.name}/${chain}/`,
    id: (position) => ruleId(table, chain, at(position)),
    ref: (position) => ruleRef(table, chain, position, at(position), purpose),
    contains: (position, search) =>
      originContains(at(position).origin, search) ||
      chain.toLowerCase().includes(search) ||
      ruleText(at(position)).toLowerCase().includes(search),
  };
}

function elementGroup(table: Table, set: string, elements: readonly Element[]): Group {
  const purpose = setPurpose(table, set);
  const at = (position: number): Element => elements[position] as Element;
  const id = (position: number): string => `${table.family} ${table.name}/@${set}/${at(position).key}`;
  return {
    purpose,
    size: elements.length,
    prefix: `${table.family} ${table.name}/@${set}/`,
    id,
    ref: (position) => elementRef(table, set, position, at(position), purpose),
    contains: (position, search) =>
      originContains(at(position).origin, search) || elementText(at(position)).toLowerCase().includes(search),
  };
}

function originContains(origin: Origin | null, search: string): boolean {
  return (
    (origin?.object ?? "").toLowerCase().includes(search) ||
    (origin?.why ?? "").toLowerCase().includes(search) ||
    (origin?.because ?? []).some((link) => link.object.toLowerCase().includes(search))
  );
}

/** A window of rules and elements: total after filtering, and the rows asked for. Text is made for the window alone. */
export function listNft(ruleset: Ruleset, options: NftListOptions): NftRows {
  const search = options.search?.trim().toLowerCase() ?? "";
  const rows: RuleRef[] = [];
  let total = 0;
  let focus: number | null = null;
  for (const group of ruleset.tables.flatMap(groupsOf)) {
    if (options.table && options.table !== group.purpose) continue;
    const focused = options.focus?.startsWith(group.prefix) ?? false;
    const outside = rows.length >= options.limit || total + group.size <= options.offset;
    if (search === "" && outside && !focused) {
      total += group.size;
      continue;
    }
    for (let position = 0; position < group.size; position++) {
      if (search !== "" && !group.contains(position, search)) continue;
      if (focused && group.id(position) === options.focus) focus = total;
      if (total >= options.offset && rows.length < options.limit) rows.push(group.ref(position));
      total += 1;
    }
  }
  return { total, rows, focus };
}
