import type { Chain, Rule } from "../../kernel/iptables/types.ts";
import { proxyRuleText } from "../../kernel/iptables/text.ts";
import type { Block } from "./block.ts";
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
import { settingsFor } from "./settings.ts";
import { firewallRules, forwardRules, markMasqRules, nodePortTail, postroutingRules } from "./static.ts";
import type { SyncedRules } from "./sync.ts";

/**
 * What a sync feeds to `iptables-restore --noflush --counters`: always the top-level chains of both tables, and the chains of the
 * Services that changed; a line `:CHAIN` empties or makes the chain, `-X` deletes it. The order of chains to be deleted is that of a
 * Go map in the real one; here it is by name. Upstream: syncProxyRules in pkg/proxy/iptables/proxier.go.
 */
export function restoreInput(synced: SyncedRules): string {
  const settings = settingsFor(synced.view, synced.node, synced.config);
  const { family } = settings;
  const changed = new Set(synced.changed);
  const filterChains = [SERVICES, EXTERNAL_SERVICES, FORWARD, NODEPORTS, PROXY_FIREWALL];
  const filterRules: string[] = [];
  const natChains = [SERVICES, NODEPORTS, POSTROUTING, MARK_MASQ];
  const natRules: string[] = [];
  const add = (lines: string[], chain: string, rules: readonly Rule[]): void => {
    for (const rule of rules) lines.push(proxyRuleText(chain, rule, family, false));
  };

  const localnet = firewallRules(settings);
  if (localnet.length > 0) filterChains.push(KUBELET_FIREWALL);
  add(filterRules, KUBELET_FIREWALL, localnet);
  add(natRules, POSTROUTING, postroutingRules(settings));
  add(natRules, MARK_MASQ, markMasqRules(settings));

  for (const { port } of synced.view.entries) {
    const block = synced.written.get(port.name)?.block;
    if (block === undefined) continue;
    add(filterRules, SERVICES, block.filterServices);
    add(filterRules, EXTERNAL_SERVICES, block.filterExternal.filter(isExternalIP));
    add(filterRules, PROXY_FIREWALL, block.filterFirewall);
    add(
      filterRules,
      EXTERNAL_SERVICES,
      block.filterExternal.filter((rule) => !isExternalIP(rule)),
    );
    add(filterRules, NODEPORTS, block.filterNodePorts);
    add(natRules, SERVICES, block.natServices);
    add(natRules, NODEPORTS, block.natNodePorts);
    if (!changed.has(port.name)) continue;
    for (const [chain] of block.natChains) natChains.push(chain);
    for (const [chain, rules] of inOrderOfWriting(block)) add(natRules, chain, rules);
  }
  natChains.push(...synced.deleted);
  for (const chain of synced.deleted) natRules.push(`-X ${chain}`);
  add(natRules, SERVICES, nodePortTail(settings));
  add(filterRules, FORWARD, forwardRules(settings));
  return [...tableLines("filter", filterChains, filterRules), ...tableLines("nat", natChains, natRules), ""].join("\n");
}

const isExternalIP = (rule: Rule): boolean => rule.role.includes("/external-ip/");

function tableLines(name: string, chains: readonly string[], rules: readonly string[]): readonly string[] {
  return [`*${name}`, ...chains.map((chain) => `:${chain} - [0:0]`), ...rules, "COMMIT"];
}

/** The rule about who is no local pod is written before the chains for external traffic, although its chain comes after them. */
function inOrderOfWriting(block: Block): readonly (readonly [string, Chain["rules"]])[] {
  const early = block.natChains.flatMap(([name, { rules }]): [string, Chain["rules"]][] =>
    rules[0]?.role === "off-cluster" ? [[name, rules.slice(0, 1)]] : [],
  );
  const rest = block.natChains.map(([name, { rules }]): [string, Chain["rules"]] => [
    name,
    rules[0]?.role === "off-cluster" ? rules.slice(1) : rules,
  ]);
  return [...early, ...rest];
}
