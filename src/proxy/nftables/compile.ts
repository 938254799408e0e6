import { applyCommands, emptyTable, type TableId } from "../../kernel/nftables/command.ts";
import { BucketMap, LayeredMap } from "../../base/bucket-map.ts";
import { inheritBaseChains } from "../../kernel/nftables/slots.ts";
import {
  type Chain,
  countRules,
  type Element,
  type NftSet,
  rememberCount,
  type Ruleset,
  type Table,
} from "../../kernel/nftables/types.ts";
import type { ProxyConfig } from "../../model/config/types.ts";
import { blockCache, type BlockCache } from "../block-cache.ts";
import { changedEntries, mostChanges, patchedList } from "../changes.ts";
import { LastCompiled, sameSetup } from "../last-compiled.ts";
import type { ProxyNode } from "../node.ts";
import type { ProxyView, ServiceEntry } from "../view.ts";
import { compileBlock, type Block, type Placed } from "./block.ts";
import { HAIRPIN, TABLE, TRACKED } from "./containers.ts";
import { settingsFor, type Settings } from "./settings.ts";
import { setupCommands } from "./setup.ts";

/** The blocks of a view's entries, remembered for as long as the entries live. */
export const BLOCKS: BlockCache<Settings, Block> = blockCache(compileBlock);

export function tableId(family: 4 | 6): TableId {
  return { family: family === 4 ? "ip" : "ip6", name: TABLE };
}

/** A table with what it was made of: enough to make the next one at the cost of what changed. */
export interface Compiled {
  readonly node: ProxyNode;
  readonly config: ProxyConfig;
  readonly entries: readonly ServiceEntry[];
  readonly blocks: readonly Block[];
  readonly ruleset: Ruleset;
  /** Elements, as `set key`, that more than one Service has asked for: who else does is looked up when one of them stops. */
  readonly shared: BucketMap<true>;
  /** Rules and elements of Service ports that this compile put in or took out; all when it began from nothing. */
  readonly touched: number;
}

const COMPILED = new LastCompiled<Compiled>();

/**
 * The whole table that kube-proxy 1.36 in nftables mode writes on a node, as after its first sync. What was compiled last for the
 * node is taken over as far as it still holds, so what costs is what changed.
 */
export function compileNftables(view: ProxyView, node: ProxyNode, config: ProxyConfig): Ruleset {
  return COMPILED.next(view, node, (previous) => recompile(previous, view, node, config)).ruleset;
}

/** The table for a view, from the one for another view; null: from nothing. Both ways give the same. */
export function recompile(previous: Compiled | null, view: ProxyView, node: ProxyNode, config: ProxyConfig): Compiled {
  const settings = settingsFor(view, node, config);
  const { entries } = view;
  const changes =
    previous === null || !sameSetup(previous, node, config)
      ? null
      : changedEntries(previous.entries, entries, mostChanges(entries.length));
  if (previous === null || changes === null) {
    const blocks = BLOCKS.all(view, settings);
    const { table, shared } = assemble(settings, blocks);
    const ruleset: Ruleset = { tables: [table] };
    return { node, config, entries, blocks, ruleset, shared, touched: writesOf(blocks) };
  }
  if (changes.length === 0) return { ...previous, entries, touched: 0 };
  const blocks = patchedList(previous.blocks, changes, (entry) => BLOCKS.one(entry, view, settings));
  const gone = changes.flatMap(({ from, before }) => (before === null ? [] : [previous.blocks[from] as Block]));
  const come = changes.flatMap(({ to, after }) => (after === null ? [] : [blocks[to] as Block]));
  const { table, shared } = patched(previous, blocks, gone, come);
  const ruleset: Ruleset = { tables: [table] };
  const rules = (list: readonly Block[]): number => list.reduce((sum, block) => sum + rulesOf(block), 0);
  rememberCount(ruleset, countRules(previous.ruleset) - rules(gone) + rules(come));
  return { node, config, entries, blocks, ruleset, shared, touched: writesOf(gone) + writesOf(come) };
}

function rulesOf(block: Block): number {
  let count = 0;
  for (const { rules } of block.chains.values()) count += rules.length;
  return count;
}

function writesOf(blocks: readonly Block[]): number {
  return blocks.reduce((sum, block) => sum + rulesOf(block) + block.elements.length, 0);
}

/** Later elements win, and take the later place; an equal one changes nothing. */
function put(elements: Pick<Map<string, Element>, "get" | "set" | "delete">, element: Element): void {
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

/** What a Service port puts into the sets and maps that all share: elements, and who of its endpoints is on this node. */
function* elementsOf(block: Block, nodeName: string): Iterable<Placed> {
  for (const { nodeName: on, hairpin } of block.endpoints)
    if (on === nodeName) yield { set: HAIRPIN, element: hairpin };
  yield* block.elements;
}

const sharedKey = (set: string, key: string): string => `${set} ${key}`;

/** By about how many elements of one kind, and chains, a Service port has. */
const ENDPOINTS_PER_BLOCK = 2;

function assemble(s: Settings, blocks: readonly Block[]): { readonly table: Table; readonly shared: BucketMap<true> } {
  const base = applyCommands(emptyTable(tableId(s.family)), setupCommands(s, true));
  const chains = BucketMap.maker<Chain>(blocks.length);
  const sets = BucketMap.maker<NftSet>(1);
  const affinity: [string, NftSet][] = [];
  const elements = new Map(
    TRACKED.map((name) => [
      name as string,
      BucketMap.maker<Element>(name === HAIRPIN ? ENDPOINTS_PER_BLOCK * blocks.length : blocks.length),
    ]),
  );
  const shared: [string, true][] = [];
  for (const block of blocks) {
    for (const { set, element } of elementsOf(block, s.node.name)) {
      const bucket = (elements.get(set) as ReturnType<typeof BucketMap.maker<Element>>).bucket(element.key);
      const known = bucket.get(element.key);
      if (known !== undefined && known.origin?.object !== element.origin?.object)
        shared.push([sharedKey(set, element.key), true]);
      put(bucket, element);
    }
    for (const [name, chain] of block.chains) chains.bucket(name).set(name, chain);
    for (const own of block.sets) affinity.push(own);
  }
  const first = new Map<string, NftSet>(base.sets);
  for (const [name, own] of elements) {
    const set = first.get(name);
    if (set !== undefined) first.set(name, { ...set, elements: own.done() });
  }
  const table: Table = {
    ...base,
    chains: new LayeredMap(base.chains, chains.done()),
    sets: new LayeredMap(first, affinity.length === 0 ? sets.done() : BucketMap.of(affinity, affinity.length)),
  };
  return { table, shared: BucketMap.of(shared, shared.length) };
}

/** Changes of one set or map. */
interface SetChange {
  readonly gone: Set<string>;
  readonly come: Map<string, Element>;
}

/** The previous table with some blocks replaced; `blocks` are all there are then. */
function patched(
  previous: Compiled,
  blocks: readonly Block[],
  gone: readonly Block[],
  come: readonly Block[],
): { readonly table: Table; readonly shared: BucketMap<true> } {
  const table = previous.ruleset.tables[0] as Table;
  const nodeName = previous.node.name;
  const chains = table.chains as LayeredMap<Chain>;
  const sets = table.sets as LayeredMap<NftSet>;
  const changes = new Map<string, SetChange>();
  const changeOf = (set: string): SetChange => {
    let change = changes.get(set);
    if (change === undefined) changes.set(set, (change = { gone: new Set(), come: new Map() }));
    return change;
  };
  for (const block of gone)
    for (const { set, element } of elementsOf(block, nodeName)) changeOf(set).gone.add(element.key);
  const contested = new Set<string>();
  for (const block of come) {
    for (const { set, element } of elementsOf(block, nodeName)) {
      const known = changeOf(set).come.get(element.key);
      if (known !== undefined && known.origin?.object !== element.origin?.object)
        contested.add(sharedKey(set, element.key));
      put(changeOf(set).come, element);
    }
  }
  // Another Service has the same element, or may have: then all that do are asked, in their order.
  for (const [set, change] of changes) {
    const standing = sets.first.get(set)?.elements;
    for (const key of change.gone) if (previous.shared.has(sharedKey(set, key))) contested.add(sharedKey(set, key));
    for (const key of change.come.keys())
      if (!change.gone.has(key) && standing?.has(key) === true) contested.add(sharedKey(set, key));
  }
  if (contested.size > 0) {
    for (const [set, change] of changes)
      for (const key of change.come.keys()) if (contested.has(sharedKey(set, key))) change.come.delete(key);
    for (const block of blocks)
      for (const { set, element } of elementsOf(block, nodeName))
        if (contested.has(sharedKey(set, element.key))) put(changeOf(set).come, element);
  }

  const first = new Map(sets.first);
  for (const [name, change] of changes) {
    const set = first.get(name);
    if (set === undefined) continue;
    const elements = (set.elements as BucketMap<Element>).with(change.gone, change.come);
    first.set(name, { ...set, elements });
  }
  const names = <T>(list: readonly Block[], of: (block: Block) => ReadonlyMap<string, T>): readonly string[] =>
    list.flatMap((block) => [...of(block).keys()]);
  const all = <T>(of: (block: Block) => ReadonlyMap<string, T>): readonly (readonly [string, T])[] =>
    come.flatMap((block) => [...of(block)]);
  const next: Table = {
    ...table,
    chains: new LayeredMap(
      chains.first,
      chains.rest.with(
        names(gone, (block) => block.chains),
        all((block) => block.chains),
      ),
    ),
    sets: new LayeredMap(
      first,
      sets.rest.with(
        names(gone, (block) => block.sets),
        all((block) => block.sets),
      ),
    ),
  };
  inheritBaseChains(table, next);
  const shared = contested.size === 0 ? previous.shared : previous.shared.with([], [...contested].map(markShared));
  return { table: next, shared };
}

const markShared = (key: string): readonly [string, true] => [key, true];
