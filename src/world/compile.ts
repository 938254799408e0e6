import type { ObjectReader } from "../apiserver/types.ts";
import type { Ruleset } from "../kernel/iptables/types.ts";
import type { ProxyConfig } from "../model/config/types.ts";
import type { Node } from "../model/node/types.ts";
import { compileIptables } from "../proxy/iptables/compile.ts";
import type { ProxyNode } from "../proxy/node.ts";
import { buildView } from "../proxy/view.ts";

/** Before kube-proxy's first sync a node has no rules at all: not even the static chains. */
const NO_RULES: Ruleset = { family: 4, tables: {} };

/** What kube-proxy needs to know of the node it runs on. */
export function proxyNode(node: Node): ProxyNode {
  return {
    name: node.metadata.name,
    ips: (node.status.addresses ?? []).filter((a) => a.type === "InternalIP").map((a) => a.address),
    zone: node.metadata.labels?.["topology.kubernetes.io/zone"] ?? null,
    podCIDRs: node.spec.podCIDRs ?? (node.spec.podCIDR === undefined ? [] : [node.spec.podCIDR]),
  };
}

/** The rules that a node's kube-proxy writes for the objects of a reader. */
export function compileFor(reader: ObjectReader, node: Node | undefined, config: ProxyConfig): Ruleset {
  return node === undefined ? NO_RULES : compileIptables(buildView(reader, 4), proxyNode(node), config);
}
