import type { HookName, TableName } from "../../model/trace/types.ts";
import type { BaseHook, Chain, NftHook, Ruleset, Table, VerdictStatement } from "./types.ts";

/** A base chain where the packet path finds it. */
export interface HookedChain {
  readonly table: Table;
  readonly name: string;
  readonly chain: Chain;
  readonly base: BaseHook;
}

const HOOKS: Readonly<Partial<Record<NftHook, HookName>>> = {
  prerouting: "PREROUTING",
  input: "INPUT",
  forward: "FORWARD",
  output: "OUTPUT",
  postrouting: "POSTROUTING",
};

/** Linux's own places at a hook: conntrack, then DNAT; SNAT. */
const CONNTRACK = -200;
export const DSTNAT = -100;
const SRCNAT = 100;

/**
 * The step of the packet path in which a base chain runs. The path knows iptables' tables by name; chains of nftables have numbers
 * instead, so a filter chain goes where its number puts it between conntrack and nat: kube-proxy's at -110 before the destination
 * is rewritten, in the place of mangle.
 */
function slotOf(base: BaseHook): { readonly table: TableName; readonly hook: HookName } | null {
  const hook = HOOKS[base.hook];
  if (hook === undefined) return null;
  if (base.type === "nat") return { table: "nat", hook };
  const { priority } = base;
  switch (hook) {
    case "PREROUTING":
    case "OUTPUT":
      return { table: priority <= CONNTRACK ? "raw" : priority < DSTNAT ? "mangle" : "filter", hook };
    case "POSTROUTING":
      return { table: priority < SRCNAT ? "mangle" : "filter", hook };
    default:
      return { table: priority < 0 ? "mangle" : "filter", hook };
  }
}

export function slotKey(table: TableName, hook: HookName): string {
  return `${table}/${hook}`;
}

const BASE_CHAINS = new WeakMap<Table, readonly string[]>();

/** Names of a table's base chains, in the order in which they stand. Remembered: there can be 20,000 other chains. */
function baseChains(table: Table): readonly string[] {
  let names = BASE_CHAINS.get(table);
  if (names === undefined) {
    const found: string[] = [];
    for (const [name, chain] of table.chains) if (chain.base !== null) found.push(name);
    BASE_CHAINS.set(table, (names = found));
  }
  return names;
}

/** Says that the tables differ in chains that others call, not in base chains. */
export function inheritBaseChains(from: Table, to: Table): void {
  BASE_CHAINS.set(to, baseChains(from));
}

/** Base chains of tables that see IP packets, by step and in the order of their priorities. */
export function hookedChains(ruleset: Ruleset): ReadonlyMap<string, readonly HookedChain[]> {
  const slots = new Map<string, HookedChain[]>();
  for (const table of ruleset.tables) {
    if (table.family !== "ip" && table.family !== "ip6" && table.family !== "inet") continue;
    for (const name of baseChains(table)) {
      const chain = table.chains.get(name);
      const base = chain?.base ?? null;
      const slot = base === null ? null : slotOf(base);
      if (
        chain === undefined ||
        base === null ||
        slot === null ||
        (chain.rules.length === 0 && base.policy === "accept")
      )
        continue;
      const key = slotKey(slot.table, slot.hook);
      const list = slots.get(key);
      if (list === undefined) slots.set(key, [{ table, name, chain, base }]);
      else list.push({ table, name, chain, base });
    }
  }
  for (const list of slots.values()) list.sort((a, b) => a.base.priority - b.base.priority);
  return slots;
}

/** What nat base chains lead to and look into. */
interface NatParts {
  readonly chains: ReadonlySet<string>;
  readonly sets: ReadonlySet<string>;
}

const NAT_PARTS = new WeakMap<Table, NatParts>();

function natParts(table: Table): NatParts {
  let found = NAT_PARTS.get(table);
  if (found === undefined) NAT_PARTS.set(table, (found = reach(table)));
  return found;
}

function reach(table: Table): NatParts {
  const chains = new Set<string>();
  const sets = new Set<string>();
  const open: string[] = [];
  const visit = (name: string): void => {
    if (chains.has(name)) return;
    chains.add(name);
    open.push(name);
  };
  const follow = (verdict: VerdictStatement): void => {
    if (verdict.kind === "jump" || verdict.kind === "goto") visit(verdict.chain);
  };
  for (const [name, chain] of table.chains) if (chain.base?.type === "nat") visit(name);
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    for (const rule of table.chains.get(name)?.rules ?? []) {
      for (const s of rule.statements) {
        if (s.kind === "jump" || s.kind === "goto") follow(s);
        else if (s.kind === "match" && s.right.kind === "set") sets.add(s.right.name);
        else if (s.kind === "numgen-vmap") for (const { verdict } of s.branches) follow(verdict);
        else if (s.kind === "vmap-values") for (const [, verdict] of s.elements) follow(verdict);
        else if (s.kind === "vmap" && !sets.has(s.map)) {
          sets.add(s.map);
          for (const { value } of table.sets.get(s.map)?.elements.values() ?? []) {
            if (value !== null && typeof value !== "string") follow(value);
          }
        }
      }
    }
  }
  return { chains, sets };
}

/** iptables' name for what a chain is for: nat when some nat base chain leads to it. */
export function chainPurpose(table: Table, chain: string): "nat" | "filter" {
  return natParts(table).chains.has(chain) ? "nat" : "filter";
}

/** The same for a set or map: nat when a nat chain looks into it. */
export function setPurpose(table: Table, set: string): "nat" | "filter" {
  return natParts(table).sets.has(set) ? "nat" : "filter";
}
