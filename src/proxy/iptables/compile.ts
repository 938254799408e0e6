import type { Chain, Rule, Ruleset } from "../../kernel/iptables/types.ts";
import { BUILTIN_CHAINS, countRules, rememberCount } from "../../kernel/iptables/types.ts";
import type { ProxyConfig } from "../../model/config/types.ts";
import type { ProxyNode } from "../node.ts";
import { changedEntries, type EntryChange, mostChanges, patchedList } from "../changes.ts";
import { LastCompiled, sameSetup } from "../last-compiled.ts";
import type { ProxyView, ServiceEntry } from "../view.ts";
import type { Block } from "./block.ts";
import { BLOCKS } from "./block-cache.ts";
import {
  EXTERNAL_SERVICES,
  FORWARD,
  KUBELET_FIREWALL,
  MARK_MASQ,
  NODEPORTS,
  POSTROUTING,
  PROXY_FIREWALL,
  SERVICES,
} from "./chains.ts";
import { NatChains } from "./chain-map.ts";
import { patchedItems } from "./patch.ts";
import { settingsFor, type Settings } from "./settings.ts";
import {
  BUILTIN_POLICY,
  builtinRules,
  firewallRules,
  forwardRules,
  markMasqRules,
  nodePortTail,
  postroutingRules,
} from "./static.ts";

/** A ruleset with what it was made of: enough to make the next one at the cost of what changed. */
export interface Compiled {
  readonly node: ProxyNode;
  readonly config: ProxyConfig;
  readonly settings: Settings;
  readonly entries: readonly ServiceEntry[];
  readonly blocks: readonly Block[];
  readonly ruleset: Ruleset;
  /** Rules of blocks that this compile put in or took out; all of them when it began from nothing. */
  readonly touched: number;
}

const COMPILED = new LastCompiled<Compiled>();

/**
 * The whole ruleset that kube-proxy 1.36 in iptables mode writes on a node, as after a full sync on a fresh machine. What was
 * compiled last for the node is taken over as far as it still holds, so what costs is what changed.
 */
export function compileIptables(view: ProxyView, node: ProxyNode, config: ProxyConfig): Ruleset {
  return COMPILED.next(view, node, (previous) => recompile(previous, view, node, config)).ruleset;
}

/** The ruleset for a view, from the one for another view; null: from nothing. Both ways give the same. */
export function recompile(previous: Compiled | null, view: ProxyView, node: ProxyNode, config: ProxyConfig): Compiled {
  const settings = settingsFor(view, node, config);
  const { entries } = view;
  const made = { node, config, settings, entries };
  const changes =
    previous === null || previous.settings.large !== settings.large || !sameSetup(previous, node, config)
      ? null
      : changedEntries(previous.entries, entries, mostChanges(entries.length));
  if (previous === null || changes === null) {
    const blocks = BLOCKS.all(view, settings);
    const ruleset = assemble(settings, blocks);
    const touched = blocks.reduce((sum, block) => sum + rulesOf(block), 0);
    countRules(ruleset);
    return { ...made, blocks, ruleset, touched };
  }
  if (changes.length === 0) return { ...made, blocks: previous.blocks, ruleset: previous.ruleset, touched: 0 };
  const blocks = patchedList(previous.blocks, changes, (entry) => BLOCKS.one(entry, view, settings));
  const gone = changes.flatMap(({ from, before }) => (before === null ? [] : [previous.blocks[from] as Block]));
  const come = changes.flatMap(({ to, after }) => (after === null ? [] : [blocks[to] as Block]));
  const ruleset = patched(previous, blocks, changes, gone, come);
  const removed = gone.reduce((sum, block) => sum + rulesOf(block), 0);
  const added = come.reduce((sum, block) => sum + rulesOf(block), 0);
  rememberCount(ruleset, countRules(previous.ruleset) - removed + added);
  return { ...made, blocks, ruleset, touched: removed + added };
}

/** What a Service port adds to chains that it shares with others. */
type SharedPart = Exclude<keyof Block, "natChains">;

function rulesOf(block: Block): number {
  let count = 0;
  for (const part of PARTS) count += block[part].length;
  for (const [, { rules }] of block.natChains) count += rules.length;
  return count;
}

const PARTS: readonly SharedPart[] = [
  "natServices",
  "natNodePorts",
  "filterServices",
  "filterExternal",
  "filterNodePorts",
  "filterFirewall",
];

function collect(blocks: readonly Block[], part: SharedPart): Rule[] {
  const rules: Rule[] = [];
  for (const block of blocks) for (const rule of block[part]) rules.push(rule);
  return rules;
}

const own = (rules: readonly Rule[]): Chain => ({ policy: null, rules });

function builtins(table: "nat" | "filter"): [string, Chain][] {
  return BUILTIN_CHAINS[table].map((chain) => [chain, { policy: BUILTIN_POLICY, rules: builtinRules(table, chain) }]);
}

/** Chains that always stand in table nat, in the order in which a fresh kube-proxy creates them. */
function natStatics(s: Settings, services: readonly Rule[], nodePorts: Chain): ReadonlyMap<string, Chain> {
  return new Map<string, Chain>([
    ...builtins("nat"),
    [SERVICES, own(services)],
    [POSTROUTING, own(postroutingRules(s))],
    [NODEPORTS, nodePorts],
    [MARK_MASQ, own(markMasqRules(s))],
  ]);
}

/** Puts blocks and static rules together. Chains stand in the order in which a fresh kube-proxy creates them. */
export function assemble(s: Settings, blocks: readonly Block[]): Ruleset {
  const services = collect(blocks, "natServices");
  services.push(...nodePortTail(s));
  const statics = natStatics(s, services, own(collect(blocks, "natNodePorts")));
  const filter = new Map<string, Chain>([
    ...builtins("filter"),
    [EXTERNAL_SERVICES, own(collect(blocks, "filterExternal"))],
    [NODEPORTS, own(collect(blocks, "filterNodePorts"))],
    [SERVICES, own(collect(blocks, "filterServices"))],
    [FORWARD, own(forwardRules(s))],
    [PROXY_FIREWALL, own(collect(blocks, "filterFirewall"))],
    [KUBELET_FIREWALL, own(firewallRules(s))],
  ]);
  return {
    family: s.family,
    tables: {
      nat: { chains: NatChains.of(statics, blocks) },
      filter: { chains: filter },
      mangle: { chains: new Map() },
    },
  };
}

/** Which part of a block stands in which chain that all Service ports share. */
const SHARED: readonly (readonly [table: "nat" | "filter", chain: string, part: SharedPart])[] = [
  ["nat", SERVICES, "natServices"],
  ["nat", NODEPORTS, "natNodePorts"],
  ["filter", EXTERNAL_SERVICES, "filterExternal"],
  ["filter", NODEPORTS, "filterNodePorts"],
  ["filter", SERVICES, "filterServices"],
  ["filter", PROXY_FIREWALL, "filterFirewall"],
];

/** The previous ruleset with some blocks replaced. */
function patched(
  previous: Compiled,
  blocks: readonly Block[],
  changes: readonly EntryChange[],
  gone: readonly Block[],
  come: readonly Block[],
): Ruleset {
  const { tables } = previous.ruleset;
  const nat = tables.nat?.chains as NatChains;
  const statics = { nat: new Map(nat.statics), filter: new Map(tables.filter?.chains) };
  const replaced = { nat: false, filter: false };
  for (const [table, name, part] of SHARED) {
    const chain = statics[table].get(name) as Chain;
    const rules = patchedItems(chain.rules, previous.blocks, blocks, changes, (block) => block[part]);
    if (rules === chain.rules) continue;
    replaced[table] = true;
    statics[table].set(name, own(rules));
  }
  return {
    ...previous.ruleset,
    tables: {
      ...tables,
      nat: { chains: nat.with(replaced.nat ? statics.nat : nat.statics, blocks, gone, come) },
      ...(replaced.filter ? { filter: { chains: statics.filter } } : {}),
    },
  };
}
