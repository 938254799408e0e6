import { compareStrings } from "../../base/compare.ts";
import { deepEqual } from "../../base/json.ts";
import type { Chain, Ruleset, Table } from "../../kernel/iptables/types.ts";
import type { ProxyConfig } from "../../model/config/types.ts";
import type { TableName } from "../../model/trace/types.ts";
import { entriesByService, sameEntries } from "../changes.ts";
import type { ProxyNode } from "../node.ts";
import type { ProxyView, ServiceEntry } from "../view.ts";
import type { Block } from "./block.ts";
import { BLOCKS } from "./block-cache.ts";
import { assemble } from "./compile.ts";
import { settingsFor } from "./settings.ts";

/** What a kube-proxy has written so far: enough to write only what changed. */
export interface SyncedRules {
  readonly ruleset: Ruleset;
  readonly view: ProxyView;
  readonly node: ProxyNode;
  readonly config: ProxyConfig;
  /** Name of a Service port → its entry and the block that stands in the kernel for it. */
  readonly written: ReadonlyMap<string, { readonly entry: ServiceEntry; readonly block: Block }>;
  /** Service ports whose own chains this sync wrote. */
  readonly changed: readonly string[];
  /** Chains of table nat that this sync deleted, by name. */
  readonly deleted: readonly string[];
  readonly full: boolean;
}

export interface SyncOptions {
  /** Write everything again, as kube-proxy does at its start, after failures and hourly. */
  readonly full?: boolean;
  /** In large-cluster mode stale chains are only removed once per syncPeriod; true when it has passed. */
  readonly cleanUp?: boolean;
}

/**
 * One sync: a partial one rewrites the top-level chains and the chains of changed Services only. What it leaves alone stays as it
 * was written, comments included, even when the cluster has meanwhile become large (or small again). A change of node or
 * configuration makes the sync a full one.
 */
export function syncIptables(
  previous: SyncedRules | null,
  view: ProxyView,
  node: ProxyNode,
  config: ProxyConfig,
  options: SyncOptions = {},
): SyncedRules {
  const settings = settingsFor(view, node, config);
  const full =
    previous === null ||
    options.full === true ||
    !deepEqual(previous.node, node) ||
    !deepEqual(previous.config, config);
  const before = previous === null ? new Map<string, readonly ServiceEntry[]>() : entriesByService(previous.view);
  const after = entriesByService(view);
  const written = new Map<string, { entry: ServiceEntry; block: Block }>();
  const changed: string[] = [];
  const current = BLOCKS.all(view, settings);
  const blocks = view.entries.map((entry, i) => {
    const fresh = current[i] as Block;
    const old = previous?.written.get(entry.port.name);
    const same =
      !full && old !== undefined && sameEntries(before.get(entry.port.service), after.get(entry.port.service) ?? []);
    const block = same ? { ...fresh, natChains: old.block.natChains } : fresh;
    if (!same) changed.push(entry.port.name);
    written.set(entry.port.name, { entry, block });
    return block;
  });
  const fresh = assemble(settings, blocks);
  const keepStale = settings.large && options.cleanUp !== true;
  const ruleset = previous === null ? fresh : carryOver(previous.ruleset, fresh, keepStale);
  const deleted = [...(previous?.ruleset.tables.nat?.chains.keys() ?? [])]
    .filter((chain) => ruleset.tables.nat?.chains.has(chain) !== true)
    .sort(compareStrings);
  return { ruleset, view, node, config, written, changed, deleted, full };
}

/** In the kernel a chain keeps its place; new ones come last, and what nothing refers to any more is deleted or left behind. */
function carryOver(previous: Ruleset, fresh: Ruleset, keepStale: boolean): Ruleset {
  const tables: Partial<Record<TableName, Table>> = {};
  for (const name of Object.keys(fresh.tables) as TableName[]) {
    const now = fresh.tables[name]?.chains ?? new Map<string, Chain>();
    const chains = new Map<string, Chain>();
    for (const [chain, old] of previous.tables[name]?.chains ?? []) {
      const current = now.get(chain);
      if (current !== undefined) chains.set(chain, current);
      else if (keepStale) chains.set(chain, old);
    }
    for (const [chain, current] of now) chains.set(chain, current);
    tables[name] = { chains };
  }
  return { family: fresh.family, tables };
}
