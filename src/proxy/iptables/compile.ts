import type { Chain, Rule, Ruleset } from "../../kernel/iptables/types.ts";
import { BUILTIN_CHAINS } from "../../kernel/iptables/types.ts";
import type { ProxyConfig } from "../../model/config/types.ts";
import type { ProxyNode } from "../node.ts";
import type { ProxyView } from "../view.ts";
import type { Block } from "./block.ts";
import { blocksOf } from "./block-cache.ts";
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

/**
 * The whole ruleset that kube-proxy 1.36 in iptables mode writes on a node, as after a full sync on a fresh machine. Blocks of
 * unchanged Services come from a cache, so what costs is assembling them.
 */
export function compileIptables(view: ProxyView, node: ProxyNode, config: ProxyConfig): Ruleset {
  const settings = settingsFor(view, node, config);
  return assemble(settings, blocksOf(view, settings));
}

function collect(blocks: readonly Block[], part: Exclude<keyof Block, "natChains">): Rule[] {
  const rules: Rule[] = [];
  for (const block of blocks) for (const rule of block[part]) rules.push(rule);
  return rules;
}

const own = (rules: readonly Rule[]): Chain => ({ policy: null, rules });

function builtins(table: "nat" | "filter"): [string, Chain][] {
  return BUILTIN_CHAINS[table].map((chain) => [chain, { policy: BUILTIN_POLICY, rules: builtinRules(table, chain) }]);
}

/** Puts blocks and static rules together. Chains stand in the order in which a fresh kube-proxy creates them. */
export function assemble(s: Settings, blocks: readonly Block[]): Ruleset {
  const nat = new Map<string, Chain>([
    ...builtins("nat"),
    [SERVICES, own([...collect(blocks, "natServices"), ...nodePortTail(s)])],
    [POSTROUTING, own(postroutingRules(s))],
    [NODEPORTS, own(collect(blocks, "natNodePorts"))],
    [MARK_MASQ, own(markMasqRules(s))],
  ]);
  for (const block of blocks) for (const [name, chain] of block.natChains) nat.set(name, chain);
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
    tables: { nat: { chains: nat }, filter: { chains: filter }, mangle: { chains: new Map() } },
  };
}
