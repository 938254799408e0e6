/** The simulated side: a scenario brought to rest, and for every node the rules that both the walks and the real kernel run. */
import { isIPv6 } from "../../src/base/ip.ts";
import { dualStackRules, iptablesRules } from "../../src/kernel/iptables/evaluate.ts";
import { parseSave } from "../../src/kernel/iptables/parse.ts";
import type { ProxyConfig } from "../../src/model/config/types.ts";
import type { Rules } from "../../src/kernel/netfilter.ts";
import { nftablesRules } from "../../src/kernel/nftables/evaluate.ts";
import { parseRuleset } from "../../src/kernel/nftables/parse.ts";
import { bridgeAddress, podCidrs } from "../../src/network/addresses.ts";
import type { ClusterView } from "../../src/network/types.ts";
import { compilerOf } from "../../src/proxy/modes.ts";
import { proxyNode } from "../../src/proxy/node.ts";
import { buildView } from "../../src/proxy/view.ts";
import type { Command } from "../../src/wire/protocol.ts";
import { Session } from "../../src/world/commands.ts";

export type Mode = "iptables" | "nftables";
export const MODES: readonly Mode[] = ["iptables", "nftables"];

/** A node's rules: as text for the real kernel, as data for the walks. */
export interface NodeRules {
  /** What `iptables-restore`, `ip6tables-restore` or, as one text of both families, `nft -f` is given. */
  readonly texts: readonly { readonly family: 4 | 6; readonly text: string }[];
  readonly rules: Rules;
}

export interface Twist {
  /** What a firewall of another hand does to the node's rules. The walks then run the text read back. */
  readonly rules?: (text: string, mode: Mode, family: 4 | 6) => string;
  readonly view?: (view: ClusterView) => ClusterView;
}

export class SimulatedCluster {
  private readonly session = new Session(1);
  private readonly mode: Mode;
  private readonly twist: Twist;
  /** What each node's kube-proxy was last started with. */
  private readonly started = new Map<string, ProxyConfig>();

  constructor(yaml: string, mode: Mode, twist: Twist) {
    this.mode = mode;
    this.twist = twist;
    this.dispatch({ type: "text", text: yaml });
    const { report } = this.session;
    if (!report.accepted)
      throw new Error(
        `the scenario is refused: ${report.diagnostics.map((d) => `${d.range.startLine}: ${d.message}`).join("; ")}`,
      );
    this.dispatch({ type: "mode", mode });
  }

  dispatch(command: Command): void {
    const { refusal } = this.session.dispatch(command);
    if (refusal !== null) throw new Error(refusal.message);
  }

  /** The cluster at this moment, with rules compiled once per node. */
  view(): { readonly view: ClusterView; readonly rulesOf: (node: string) => NodeRules } {
    const { cluster } = this.session;
    const plain = cluster.view();
    const compiled = new Map<string, NodeRules>();
    const rulesOf = (name: string): NodeRules => {
      let rules = compiled.get(name);
      if (rules === undefined) compiled.set(name, (rules = this.compile(name)));
      return rules;
    };
    const view: ClusterView = { ...plain, rulesOf: (name) => rulesOf(name).rules };
    return { view: this.twist.view?.(view) ?? view, rulesOf };
  }

  private compile(name: string): NodeRules {
    const { cluster } = this.session;
    const node = cluster.view().node(name);
    // A kube-proxy that has stopped leaves the rules that it wrote by its last configuration.
    const started = cluster.proxyOf(name).config ?? this.started.get(name);
    if (node === undefined || started === undefined) throw new Error(`no rules for ${name} in ${this.mode} mode`);
    this.started.set(name, started);
    // nfacct objects have to be made over netlink before a rule may name them; they only count.
    const config = { ...started, mode: this.mode, nfacct: false };
    const plain = proxyNode(node);
    const hasFamily = (family: 4 | 6): boolean => plain.ips.some((ip) => isIPv6(ip) === (family === 6));
    const bridges = podCidrs(node)
      .map(bridgeAddress)
      .filter((ip) => hasFamily(isIPv6(ip) ? 6 : 4));
    const reader = cluster.store.readAt(cluster.rulesRevision(name));
    const sides = ([4, 6] as const).filter(hasFamily).map((family) => {
      const { text, rules } = compilerOf(this.mode)(buildView(reader, family), proxyNode(node, bridges), config);
      const { rules: twist } = this.twist;
      if (twist === undefined) return { family, text: text(), rules };
      const twisted = twist(text(), this.mode, family);
      return { family, text: twisted, rules: this.readBack(twisted, family) };
    });
    const [first, second] = sides;
    if (first === undefined) throw new Error(`${name} has no address`);
    return {
      texts: sides.map(({ family, text }) => ({ family, text })),
      rules: second === undefined ? first.rules : dualStackRules(first.rules, second.rules),
    };
  }

  private readBack(text: string, family: 4 | 6): Rules {
    if (this.mode === "nftables") return nftablesRules(parseRuleset(text).ruleset);
    return iptablesRules(parseSave(text, family).ruleset);
  }
}
