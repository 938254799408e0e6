import { cidrContains } from "../../base/ip.ts";
import type { Chain, Rule, Target } from "../../kernel/iptables/types.ts";
import type { Origin } from "../../model/trace/types.ts";
import { categorizeEndpoints, type Categorized } from "../categorize.ts";
import { portChains } from "../names.ts";
import { externallyAccessible, type EndpointView, type ServiceEntry, type ServicePortView } from "../view.ts";
import { NFACCT_LOCALHOST } from "./chains.ts";
import { endpointChains, endpointWords, ladder, offClusterRules } from "./endpoint-rules.ts";
import {
  ACCEPT,
  comment,
  dport,
  DROP,
  DST_LOCAL,
  jump,
  LOCALHOST,
  PROTOCOL,
  REJECT,
  rule,
  SRC_LOCAL,
  toAddress,
  TO_MARK_MASQ,
} from "./parts.ts";
import type { Settings } from "./settings.ts";

/** All rules that one Service port makes on one node: its share of the static chains, and chains of its own. */
export interface Block {
  readonly natServices: readonly Rule[];
  readonly natNodePorts: readonly Rule[];
  readonly filterServices: readonly Rule[];
  readonly filterExternal: readonly Rule[];
  readonly filterNodePorts: readonly Rule[];
  readonly filterFirewall: readonly Rule[];
  /** Chains of the nat table, in the order in which kube-proxy declares them: EXT, FW, SVC, SVL, then SEP. */
  readonly natChains: readonly (readonly [name: string, chain: Chain])[];
}

/** Most parts of most blocks are empty: they share one list. */
const NO_RULES: readonly Rule[] = [];

/** Compiles one entry for one node. */
export function compileBlock(entry: ServiceEntry, s: Settings): Block {
  const eps = categorizeEndpoints(entry.port, entry.endpoints, s.node);
  return new BlockWriter(entry.port, eps, s).write();
}

/** Follows the order of syncProxyRules in pkg/proxy/iptables/proxier.go. */
class BlockWriter {
  private readonly port: ServicePortView;
  private readonly eps: Categorized;
  private readonly s: Settings;
  private readonly svc: string;
  private readonly svl: string;
  private readonly ext: string;
  private readonly fw: string;
  private readonly hasInternal: boolean;
  private readonly hasExternal: boolean;
  private readonly internalChain: string;
  private readonly usesFirewall: boolean;
  private natServices: Rule[] | null = null;
  private natNodePorts: Rule[] | null = null;
  private filterServices: Rule[] | null = null;
  private filterExternal: Rule[] | null = null;
  private filterNodePorts: Rule[] | null = null;
  private filterFirewall: Rule[] | null = null;
  private readonly natChains: (readonly [string, Chain])[] = [];

  constructor(port: ServicePortView, eps: Categorized, s: Settings) {
    this.port = port;
    this.eps = eps;
    this.s = s;
    const { svc, svl, ext, fw } = portChains(port.name, port.protocol);
    this.svc = svc;
    this.svl = svl;
    this.ext = ext;
    this.fw = fw;
    const noneLocal = eps.local.length === 0;
    this.hasInternal = eps.hasAny && !(port.internalPolicyLocal && noneLocal);
    this.hasExternal = eps.hasAny && !(port.externalPolicyLocal && noneLocal);
    this.internalChain = port.internalPolicyLocal ? this.svl : this.svc;
    this.usesFirewall = eps.hasAny && port.loadBalancerVIPs.length > 0 && port.sourceRanges.length > 0;
  }

  write(): Block {
    this.captureClusterIP();
    this.captureExternalIPs();
    this.captureLoadBalancers();
    this.captureNodePort();
    this.captureHealthCheck();
    if (this.eps.hasAny && externallyAccessible(this.port)) this.addChain(this.ext, this.externalRules());
    if (this.usesFirewall) this.addChain(this.fw, this.firewallRules());
    const { port, s } = this;
    const { cluster, local, reachable } = this.eps;
    const words = endpointWords(port, reachable);
    const policy = (chain: string, endpoints: readonly EndpointView[]): void => {
      if (endpoints.length === 0) return;
      const own = endpoints === reachable ? words : endpointWords(port, endpoints);
      const rules = ladder(port, endpoints, own, s);
      const first = this.hasInternal && chain === this.internalChain ? offClusterRules(port, s) : null;
      this.addChain(chain, first === null ? rules : [...first, ...rules]);
    };
    policy(this.svc, cluster);
    policy(this.svl, local);
    this.natChains.push(...endpointChains(port, reachable, words, s));
    return {
      natServices: this.natServices ?? NO_RULES,
      natNodePorts: this.natNodePorts ?? NO_RULES,
      filterServices: this.filterServices ?? NO_RULES,
      filterExternal: this.filterExternal ?? NO_RULES,
      filterNodePorts: this.filterNodePorts ?? NO_RULES,
      filterFirewall: this.filterFirewall ?? NO_RULES,
      natChains: this.natChains,
    };
  }

  private addChain(name: string, rules: readonly Rule[]): void {
    this.natChains.push([name, { policy: null, rules }]);
  }

  private origin(path: string, why: string): Origin {
    return { object: this.port.service, path, why };
  }

  private get label(): string {
    return `${this.port.port}/${this.port.protocol.toUpperCase()}`;
  }

  private role(what: string): string {
    return `${this.port.name}/${what}`;
  }

  private captureClusterIP(): void {
    const { port } = this;
    const to = toAddress(port, port.clusterIP);
    if (this.hasInternal) {
      (this.natServices ??= []).push(
        rule(
          this.role("cluster-ip"),
          [comment(`${port.name} cluster IP`), ...to],
          jump(this.internalChain),
          this.origin("spec.clusterIP", `${port.clusterIP} port ${this.label} is this Service's cluster IP.`),
        ),
      );
      return;
    }
    const { text, target, origin } = this.refusal("internal", `cluster IP ${port.clusterIP}`);
    (this.filterServices ??= []).push(rule(this.role("cluster-ip"), [comment(text), ...to], target, origin));
  }

  /** REJECT when the Service has no endpoint anywhere, DROP when policy Local leaves none here. */
  private refusal(side: "internal" | "external", what: string): { text: string; target: Target; origin: Origin } {
    const { port, eps, s } = this;
    if (!eps.hasAny) {
      return {
        text: `${port.name} has no endpoints`,
        target: REJECT,
        origin: this.origin(
          "spec.selector",
          `${port.name} has no usable endpoints, so connections to its ${what} are refused.`,
        ),
      };
    }
    return {
      text: `${port.name} has no local endpoints`,
      target: DROP,
      origin: this.origin(
        side === "internal" ? "spec.internalTrafficPolicy" : "spec.externalTrafficPolicy",
        `The policy is Local and ${s.node.name} has no endpoint of ${port.name}, so packets to its ${what} are dropped.`,
      ),
    };
  }

  private captureExternalIPs(): void {
    const { port } = this;
    for (const { value: ip, path } of port.externalIPs) {
      const to = toAddress(port, ip);
      if (this.eps.hasAny) {
        (this.natServices ??= []).push(
          rule(
            this.role(`external-ip/${ip}`),
            [comment(`${port.name} external IP`), ...to],
            jump(this.ext),
            this.origin(path, `${ip} port ${this.label} is an external IP of this Service.`),
          ),
        );
      }
      if (!this.hasExternal) {
        const { text, target, origin } = this.refusal("external", `external IP ${ip}`);
        (this.filterExternal ??= []).push(rule(this.role(`external-ip/${ip}`), [comment(text), ...to], target, origin));
      }
    }
  }

  private captureLoadBalancers(): void {
    const { port } = this;
    for (const { value: ip, path } of port.loadBalancerVIPs) {
      const to = toAddress(port, ip);
      if (this.eps.hasAny) {
        (this.natServices ??= []).push(
          rule(
            this.role(`load-balancer/${ip}`),
            [comment(`${port.name} loadbalancer IP`), ...to],
            jump(this.usesFirewall ? this.fw : this.ext),
            this.origin(
              path,
              `${ip} port ${this.label} is this Service's load balancer address; nodes answer for it themselves.`,
            ),
          ),
        );
      }
      if (this.usesFirewall) {
        (this.filterFirewall ??= []).push(
          rule(
            this.role(`load-balancer/${ip}`),
            [comment(`${port.name} traffic not accepted by ${this.fw}`), ...to],
            DROP,
            this.origin("spec.loadBalancerSourceRanges", `Sources outside loadBalancerSourceRanges may not use ${ip}.`),
          ),
        );
      }
      if (!this.hasExternal) {
        const { text, target, origin } = this.refusal("external", `load balancer address ${ip}`);
        (this.filterExternal ??= []).push(
          rule(this.role(`load-balancer/${ip}`), [comment(text), ...to], target, origin),
        );
      }
    }
  }

  private captureNodePort(): void {
    const { port, s } = this;
    if (port.nodePort === null) return;
    const path = `${port.path}.nodePort`;
    if (this.eps.hasAny) {
      const proto = PROTOCOL[port.protocol];
      // A twin that counts use of node ports on localhost; it leads to the same chain.
      if (s.localhostNodePorts && s.nfacct) {
        (this.natNodePorts ??= []).push(
          rule(
            this.role("node-port/localhost"),
            [comment(port.name), ...proto, LOCALHOST, dport(port.nodePort), { kind: "nfacct", name: NFACCT_LOCALHOST }],
            jump(this.ext),
            this.origin(path, `Node port ${port.nodePort} dialled on localhost: counted, then treated like any other.`),
          ),
        );
      }
      (this.natNodePorts ??= []).push(
        rule(
          this.role("node-port"),
          [comment(port.name), ...proto, dport(port.nodePort)],
          jump(this.ext),
          this.origin(path, `${port.nodePort} is the node port of ${port.name} on every node.`),
        ),
      );
    }
    if (!this.hasExternal) {
      const { text, target, origin } = this.refusal("external", `node port ${port.nodePort}`);
      (this.filterExternal ??= []).push(
        rule(
          this.role("node-port"),
          [comment(text), DST_LOCAL, ...PROTOCOL[port.protocol], dport(port.nodePort)],
          target,
          origin,
        ),
      );
    }
  }

  private captureHealthCheck(): void {
    const { port } = this;
    if (port.healthCheckNodePort === null) return;
    (this.filterNodePorts ??= []).push(
      rule(
        this.role("health-check"),
        [comment(`${port.name} health check node port`), ...PROTOCOL.tcp, dport(port.healthCheckNodePort)],
        ACCEPT,
        this.origin("spec.healthCheckNodePort", "Load balancers ask here whether this node has an endpoint."),
      ),
    );
  }

  private externalRules(): readonly Rule[] {
    const { port, s } = this;
    const rules: Rule[] = [];
    if (!port.externalPolicyLocal) {
      rules.push(
        rule(
          "masquerade",
          [comment(`masquerade traffic for ${port.name} external destinations`)],
          TO_MARK_MASQ,
          this.origin(
            "spec.externalTrafficPolicy",
            "With policy Cluster the endpoint may be on another node, so the reply has to come back through this one.",
          ),
        ),
      );
    } else {
      if (s.ifLocal !== null) {
        rules.push(
          rule(
            "from-pods",
            [comment(`pod traffic for ${port.name} external destinations`), s.ifLocal],
            jump(this.svc),
            this.origin(
              "spec.externalTrafficPolicy",
              "Pods are not bound by policy Local: they may use every endpoint.",
            ),
          ),
        );
      }
      rules.push(
        rule(
          "masquerade-local",
          [comment(`masquerade LOCAL traffic for ${port.name} external destinations`), SRC_LOCAL],
          TO_MARK_MASQ,
          this.origin(
            "spec.externalTrafficPolicy",
            "The node's own traffic may leave for another node, so it is masqueraded.",
          ),
        ),
        rule(
          "from-node",
          [comment(`route LOCAL traffic for ${port.name} external destinations`), SRC_LOCAL],
          jump(this.svc),
          this.origin(
            "spec.externalTrafficPolicy",
            "The node itself is not bound by policy Local: it may use every endpoint.",
          ),
        ),
      );
    }
    if (this.hasExternal) {
      rules.push(
        rule(
          "policy",
          [],
          jump(port.externalPolicyLocal ? this.svl : this.svc),
          this.origin(
            "spec.externalTrafficPolicy",
            port.externalPolicyLocal
              ? "Policy Local: traffic from outside goes to endpoints on this node only, and keeps its source."
              : "Policy Cluster: traffic from outside goes to any endpoint.",
          ),
        ),
      );
    }
    return rules;
  }

  private firewallRules(): readonly Rule[] {
    const { port, s } = this;
    const text = comment(`${port.name} loadbalancer IP`);
    const rules = port.sourceRanges.map(({ value, path }) =>
      rule(
        `from/${value}`,
        [text, { kind: "src", cidr: value }],
        jump(this.ext),
        this.origin(path, `Sources in ${value} may use the load balancer address.`),
      ),
    );
    const nodeIP = s.nodeIP;
    if (nodeIP !== null && port.sourceRanges.some(({ value }) => cidrContains(value, nodeIP))) {
      for (const { value: ip, path } of port.loadBalancerVIPs) {
        rules.push(
          rule(
            `from/${ip}`,
            [text, { kind: "src", cidr: ip }],
            jump(this.ext),
            this.origin(
              path,
              "The node may use the address, and a packet it sends there can carry that very address as source.",
            ),
          ),
        );
      }
    }
    rules.push(
      rule(
        "rest",
        [comment(`other traffic to ${port.name} will be dropped by KUBE-PROXY-FIREWALL`)],
        { kind: "none" },
        this.origin(
          "spec.loadBalancerSourceRanges",
          "Other sources get no DNAT here and are dropped in the filter table.",
        ),
      ),
    );
    return rules;
  }
}
