import { applyCommands, emptyTable, type TableId } from "../../kernel/nftables/command.ts";
import type { Chain, Element, NftSet, Ruleset, Table } from "../../kernel/nftables/types.ts";
import type { ProxyConfig } from "../../model/config/types.ts";
import { blockCache, type BlockCache } from "../block-cache.ts";
import type { ProxyNode } from "../node.ts";
import type { ProxyView } from "../view.ts";
import { compileBlock, type Block } from "./block.ts";
import { HAIRPIN, TABLE, TRACKED } from "./containers.ts";
import { settingsFor, type Settings } from "./settings.ts";
import { setupCommands } from "./setup.ts";

/** The blocks of a view's entries, remembered for as long as the entries live. */
export const BLOCKS: BlockCache<Settings, Block> = blockCache(compileBlock);

export function tableId(family: 4 | 6): TableId {
  return { family: family === 4 ? "ip" : "ip6", name: TABLE };
}

/**
 * The whole table that kube-proxy 1.36 in nftables mode writes on a node, as after its first sync. Blocks of unchanged Services
 * come from a cache, so what costs is assembling them.
 */
export function compileNftables(view: ProxyView, node: ProxyNode, config: ProxyConfig): Ruleset {
  const settings = settingsFor(view, node, config);
  return { tables: [assemble(settings, BLOCKS.all(view, settings))] };
}

/** Later elements win, and take the later place; an equal one changes nothing. */
function put(elements: Map<string, Element>, element: Element): void {
  const known = elements.get(element.key);
  if (known !== undefined) {
    if (sameValue(known, element)) return;
    elements.delete(element.key);
  }
  elements.set(element.key, element);
}

export function sameValue(a: Element, b: Element): boolean {
  if (a.value === b.value) return true;
  if (a.value === null || b.value === null || typeof a.value === "string" || typeof b.value === "string") return false;
  return a.value.kind === b.value.kind && chainOf(a.value) === chainOf(b.value);
}

function chainOf(value: Exclude<Element["value"], string | null>): string | null {
  return value.kind === "jump" || value.kind === "goto" ? value.chain : null;
}

function assemble(s: Settings, blocks: readonly Block[]): Table {
  const base = applyCommands(emptyTable(tableId(s.family)), setupCommands(s, true));
  const chains = new Map<string, Chain>(base.chains);
  const sets = new Map<string, NftSet>(base.sets);
  const elements = new Map<string, Map<string, Element>>(TRACKED.map((name) => [name, new Map()]));
  const hairpins = elements.get(HAIRPIN) as Map<string, Element>;
  for (const block of blocks) {
    for (const { nodeName, hairpin } of block.endpoints) if (nodeName === s.node.name) put(hairpins, hairpin);
    for (const { set, element } of block.elements) put(elements.get(set) as Map<string, Element>, element);
    for (const [name, chain] of block.chains) chains.set(name, chain);
    for (const [name, set] of block.sets) sets.set(name, set);
  }
  for (const [name, own] of elements) {
    const set = sets.get(name);
    if (set !== undefined) sets.set(name, { ...set, elements: own });
  }
  return { ...base, chains, sets };
}
