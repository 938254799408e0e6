import { deepEqual } from "../../base/json.ts";
import { SECOND, type Micros } from "../../base/time.ts";
import { applyCommands, emptyTable, type Command } from "../../kernel/nftables/command.ts";
import type { Element, Table } from "../../kernel/nftables/types.ts";
import type { ProxyConfig } from "../../model/config/types.ts";
import { entriesByService, sameEntries } from "../changes.ts";
import type { ProxyNode } from "../node.ts";
import type { ProxyView, ServiceEntry } from "../view.ts";
import type { Block } from "./block.ts";
import { BLOCKS, sameValue, tableId } from "./compile.ts";
import { HAIRPIN, TRACKED } from "./containers.ts";
import { isServiceChain } from "./names.ts";
import { settingsFor, type Settings } from "./settings.ts";
import { setupCommands } from "./setup.ts";

/** What a kube-proxy has written so far: enough to write only what changed. */
export interface SyncedTable {
  readonly table: Table;
  readonly view: ProxyView;
  readonly node: ProxyNode;
  readonly config: ProxyConfig;
  /** Chains that nothing leads to any more, flushed but still there, and when they were last seen so. */
  readonly stale: ReadonlyMap<string, Micros>;
  /** Chains that this sync deleted, in a transaction of their own before the other. */
  readonly deletion: readonly Command[];
  readonly transaction: readonly Command[];
  /** Service ports whose own chains this sync wrote. */
  readonly changed: readonly string[];
  readonly full: boolean;
}

export interface SyncOptions {
  /** Write everything again, as kube-proxy does at its start, after failures and hourly. */
  readonly full?: boolean;
}

/**
 * Before Linux 6.2 a chain counts as used for a moment after the last map element that pointed to it is gone: it is flushed at
 * once and deleted by a sync later than this.
 */
const STALE_FOR = SECOND;

/**
 * One sync at a point of virtual time: chains of changed Services are written anew, elements of sets and maps only where they
 * differ. A change of node or configuration makes the sync a full one.
 */
export function syncNftables(
  previous: SyncedTable | null,
  view: ProxyView,
  node: ProxyNode,
  config: ProxyConfig,
  now: Micros,
  options: SyncOptions = {},
): SyncedTable {
  const settings = settingsFor(view, node, config);
  const full =
    previous === null ||
    options.full === true ||
    !deepEqual(previous.node, node) ||
    !deepEqual(previous.config, config);
  let table = previous?.table ?? emptyTable(tableId(view.family));
  const deletion: Command[] = [];
  for (const [name, since] of previous?.stale ?? []) {
    if (now - since > STALE_FOR) deletion.push({ kind: "chain", verb: "delete", name });
  }
  if (deletion.length > 0) table = applyCommands(table, deletion);

  const writer = new SyncWriter(table, settings, previous === null);
  if (full) writer.setup();
  const before = previous === null ? new Map<string, readonly ServiceEntry[]>() : entriesByService(previous.view);
  const after = entriesByService(view);
  const same = new Map<string, boolean>();
  const changed: string[] = [];
  const blocks = BLOCKS.all(view, settings);
  view.entries.forEach((entry, i) => {
    const { service, name } = entry.port;
    let skip = !full && same.get(service);
    if (!full && skip === undefined) {
      skip = sameEntries(before.get(service), after.get(service) ?? []);
      same.set(service, skip);
    }
    if (skip !== true) changed.push(name);
    writer.service(blocks[i] as Block, skip === true);
  });
  const stale = writer.finish(now);
  return {
    table: applyCommands(table, writer.commands),
    view,
    node,
    config,
    stale,
    deletion,
    transaction: writer.commands,
    changed,
    full,
  };
}

/** Collects the commands of one transaction. */
class SyncWriter {
  readonly commands: Command[] = [];
  private readonly table: Table;
  private readonly s: Settings;
  private readonly first: boolean;
  private readonly activeChains = new Set<string>();
  private readonly activeSets = new Set<string>();
  /** What stands, or by this transaction will stand, in each set; and the keys that nobody has asked for yet. */
  private readonly elements = new Map<string, Map<string, Element>>();
  private readonly leftOver = new Map<string, Set<string>>();

  constructor(table: Table, s: Settings, first: boolean) {
    this.table = table;
    this.s = s;
    this.first = first;
    for (const name of TRACKED) {
      const known = new Map(table.sets.get(name)?.elements);
      this.elements.set(name, known);
      this.leftOver.set(name, new Set(known.keys()));
    }
  }

  setup(): void {
    this.commands.push(...setupCommands(this.s, this.first));
  }

  /** One Service port; a skipped one only says what it needs. */
  service(block: Block, skip: boolean): void {
    for (const { nodeName, chain, hairpin } of block.endpoints) {
      if (chain !== null && !skip) {
        this.commands.push(
          { kind: "chain", verb: "add", name: chain, chain: { base: null, comment: null } },
          { kind: "chain", verb: "flush", name: chain },
        );
      }
      if (nodeName === this.s.node.name) this.ensureElement(HAIRPIN, hairpin);
    }
    for (const name of block.chains.keys()) this.activeChains.add(name);
    for (const name of block.sets.keys()) this.activeSets.add(name);
    for (const command of block.commands) {
      if (command.kind === "element") this.ensureElement(command.set, command.element);
      else if (!skip) this.commands.push(command);
    }
  }

  private ensureElement(set: string, element: Element): void {
    const known = this.elements.get(set) as Map<string, Element>;
    const current = known.get(element.key);
    this.leftOver.get(set)?.delete(element.key);
    if (current !== undefined) {
      if (sameValue(current, element)) return;
      this.commands.push({ kind: "element", verb: "delete", set, element });
    }
    this.commands.push({ kind: "element", verb: "add", set, element });
    known.set(element.key, element);
  }

  /** Flushes chains, deletes sets and elements that no Service port needs any more. */
  finish(now: Micros): ReadonlyMap<string, Micros> {
    const stale = new Map<string, Micros>();
    for (const name of this.table.chains.keys()) {
      if (!isServiceChain(name) || this.activeChains.has(name)) continue;
      this.commands.push({ kind: "chain", verb: "flush", name });
      stale.set(name, now);
    }
    for (const [name, set] of this.table.sets) {
      if (!name.startsWith("affinity-") || this.activeSets.has(name)) continue;
      this.commands.push({ kind: "set", verb: "delete", name, set });
    }
    for (const set of TRACKED) {
      const known = this.elements.get(set) as Map<string, Element>;
      for (const key of this.leftOver.get(set) ?? []) {
        const element = known.get(key);
        if (element !== undefined) this.commands.push({ kind: "element", verb: "delete", set, element });
      }
    }
    return stale;
  }
}
