import { isIPv6 } from "../base/ip.ts";
import { must } from "../base/assert.ts";
import { dualStackRules, NO_RULES } from "../kernel/iptables/evaluate.ts";
import type { ProxyConfig } from "../model/config/types.ts";
import type { Node } from "../model/node/types.ts";
import { bridgeAddress, podCidrs } from "../network/addresses.ts";
import { type CompiledRules, type CompileMode, compilerOf } from "../proxy/modes.ts";
import { proxyNode, type ProxyNode } from "../proxy/node.ts";
import type { ProxyView } from "../proxy/view.ts";

/** Before kube-proxy's first sync a node has no rules at all: not even the static chains. */
const NOTHING: CompiledRules = {
  rules: NO_RULES,
  count: 0,
  text: () => "",
  form: () => "",
  list: () => ({ total: 0, rows: [], focus: null }),
};

/** Addresses of cni0, which kube-proxy finds on the machine and not in its Node. */
function bridgeAddresses(node: Node): readonly string[] {
  const families = new Set(proxyNode(node).ips.map(isIPv6));
  return podCidrs(node)
    .map(bridgeAddress)
    .filter((ip) => families.has(isIPv6(ip)));
}

/** The node as its own kube-proxy finds it. */
export function selfOf(node: Node): ProxyNode {
  return proxyNode(node, bridgeAddresses(node));
}

/** What the kube-proxies see of the cluster in one IP family. */
export type ViewOf = (family: 4 | 6) => ProxyView;

function compile(mode: CompileMode, viewOf: ViewOf, node: Node, config: ProxyConfig): CompiledRules {
  const self = selfOf(node);
  const v4 = mode(viewOf(4), self, config);
  // A node without an address of a family has no proxier for it.
  if (!self.ips.some(isIPv6)) return v4;
  const v6 = mode(viewOf(6), self, config);
  const rules = dualStackRules(v4.rules, v6.rules);
  // What a node lists is its IPv4 side, as `iptables-save` does; where Services have IPv6 addresses only, the other.
  const ranges = config.serviceCIDRs ?? [];
  const isIPv6Only = self.ips.every(isIPv6) || (ranges.length > 0 && ranges.every(isIPv6));
  return { ...(isIPv6Only ? v6 : v4), rules, count: v4.count + v6.count };
}

/** What a node's kube-proxy writes for what it sees. The configuration's mode must be one that is simulated. */
export function compileFor(node: Node | undefined, config: ProxyConfig, viewOf: ViewOf): CompiledRules {
  if (node === undefined) return NOTHING;
  const mode = compilerOf(config.mode);
  return compile(must(mode.ok ? mode.value : null, `mode ${config.mode} was let in`), viewOf, node, config);
}
