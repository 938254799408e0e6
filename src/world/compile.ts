import type { ObjectReader } from "../apiserver/types.ts";
import type { Ruleset } from "../kernel/iptables/types.ts";
import type { ProxyConfig } from "../model/config/types.ts";
import type { Node } from "../model/node/types.ts";
import { compileIptables } from "../proxy/iptables/compile.ts";
import { proxyNode } from "../proxy/node.ts";
import { buildView } from "../proxy/view.ts";

/** Before kube-proxy's first sync a node has no rules at all: not even the static chains. */
const NO_RULES: Ruleset = { family: 4, tables: {} };

/** The rules that a node's kube-proxy writes for the objects of a reader. */
export function compileFor(reader: ObjectReader, node: Node | undefined, config: ProxyConfig): Ruleset {
  return node === undefined ? NO_RULES : compileIptables(buildView(reader, 4), proxyNode(node), config);
}
