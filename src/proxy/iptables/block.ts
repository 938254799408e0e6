import { cidrContains } from "../../base/ip.ts";
import type { Chain, Match, Rule, Target } from "../../kernel/iptables/types.ts";
import type { Origin } from "../../model/trace/types.ts";
import { categorizeEndpoints, dependsOnNode, type Categorized } from "../categorize.ts";
import { clusterPolicyChain, endpointChain, externalChain, firewallChain, localPolicyChain } from "../names.ts";
import {
  externallyAccessible,
  type EndpointView,
  type ProxyView,
  type ServiceEntry,
  type ServicePortView,
} from "../view.ts";
import { MARK_MASQ, NFACCT_LOCALHOST } from "./chains.ts";
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

/** Settings key → name of the Service port → its block, good as long as the entry is the same object. */
const BLOCKS = new Map<string, Map<string, { readonly entry: ServiceEntry; readonly block: Block }>>();
/** One key per cluster configuration, and one per node that someone has looked at. */
const MOST_KEYS = 512;
/** Ports that are gone stay until a key holds this many times as many as there are. */
const SLACK = 2;

/**
 * The rules of the view's entries, remembered for as long as the entries live. An entry that every node sees alike is compiled
 * once per cluster; one with Local policies, hints or source ranges once per node. (Plain maps, not weak ones: a weak map of 10,000
 * entries triples the cost of a compile in garbage collection.)
 */
export function blocksOf(view: ProxyView, s: Settings): readonly Block[] {
  const shared = blocksUnder(s.key, view.entries.length);
  const perNode = blocksUnder(s.nodeKey, view.entries.length);
  return view.entries.map((entry) => {
    const { port, endpoints } = entry;
    const blocks = port.sourceRanges.length > 0 || dependsOnNode(port, endpoints) ? perNode : shared;
    const known = blocks.get(port.name);
    if (known?.entry === entry) return known.block;
    const block = compileBlock(entry, s);
    blocks.set(port.name, { entry, block });
    return block;
  });
}

function blocksUnder(
  key: string,
  expected: number,
): Map<string, { readonly entry: ServiceEntry; readonly block: Block }> {
  let blocks = BLOCKS.get(key);
  if (blocks === undefined || blocks.size > SLACK * expected + 100) {
    // The oldest key goes first: a map keeps the order of insertion.
    const [oldest] = BLOCKS.keys();
    if (BLOCKS.size >= MOST_KEYS && oldest !== undefined) BLOCKS.delete(oldest);
    BLOCKS.set(key, (blocks = new Map()));
  }
  return blocks;
}

const DROP: Target = { kind: "drop" };
const REJECT: Target = { kind: "reject", with: "icmp-port-unreachable" };
const ACCEPT: Target = { kind: "accept" };
const TO_MARK_MASQ: Target = { kind: "jump", chain: MARK_MASQ };
const DST_LOCAL: Match = { kind: "addrtype", side: "dst", type: "LOCAL" };
const SRC_LOCAL: Match = { kind: "addrtype", side: "src", type: "LOCAL" };
const LOCALHOST: Match = { kind: "dst", cidr: "127.0.0.0/8" };

const jump = (chain: string): Target => ({ kind: "jump", chain });
const comment = (text: string): Match => ({ kind: "comment", text });
const dport = (port: number): Match => ({ kind: "dport", from: port, to: port });

const HAIRPIN = "A pod that calls the Service and gets itself needs a new source, or it would answer itself directly.";
const CHOSEN = "The endpoint that was chosen: the packet is readdressed to it.";

const ONE_IN: Match[] = [];

/** `--probability 1/of`, the same object each time. */
function oneIn(of: number): Match {
  return (ONE_IN[of] ??= { kind: "statistic", probability: { of } });
}

/** `-m tcp -p tcp`, in this order. */
const PROTOCOL: Readonly<Record<ServicePortView["protocol"], readonly [Match, Match]>> = {
  tcp: [
    { kind: "module", protocol: "tcp" },
    { kind: "protocol", protocol: "tcp" },
  ],
  udp: [
    { kind: "module", protocol: "udp" },
    { kind: "protocol", protocol: "udp" },
  ],
  sctp: [
    { kind: "module", protocol: "sctp" },
    { kind: "protocol", protocol: "sctp" },
  ],
};

function rule(role: string, matches: readonly Match[], target: Target, origin: Origin): Rule {
  return { role, matches, target, origin };
}

function compileBlock(entry: ServiceEntry, s: Settings): Block {
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
  private readonly targetPath: string;
  /** `-j KUBE-SEP-...` by endpoint, shared by all rules that jump there. */
  private readonly toEndpoint = new Map<EndpointView, Target & { readonly kind: "jump" }>();
  private readonly natServices: Rule[] = [];
  private readonly natNodePorts: Rule[] = [];
  private readonly filterServices: Rule[] = [];
  private readonly filterExternal: Rule[] = [];
  private readonly filterNodePorts: Rule[] = [];
  private readonly filterFirewall: Rule[] = [];
  private readonly natChains: [string, Chain][] = [];

  constructor(port: ServicePortView, eps: Categorized, s: Settings) {
    this.port = port;
    this.eps = eps;
    this.s = s;
    this.svc = clusterPolicyChain(port.name, port.protocol);
    this.svl = localPolicyChain(port.name, port.protocol);
    this.ext = externalChain(port.name, port.protocol);
    this.fw = firewallChain(port.name, port.protocol);
    const noneLocal = eps.local.length === 0;
    this.hasInternal = eps.hasAny && !(port.internalPolicyLocal && noneLocal);
    this.hasExternal = eps.hasAny && !(port.externalPolicyLocal && noneLocal);
    this.internalChain = port.internalPolicyLocal ? this.svl : this.svc;
    this.targetPath = `${port.path}.targetPort`;
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
    const usesCluster = this.eps.cluster.length > 0;
    const usesLocal = this.eps.local.length > 0;
    if (usesCluster) this.addChain(this.svc, this.policyRules(this.svc, this.eps.cluster));
    if (usesLocal) this.addChain(this.svl, this.policyRules(this.svl, this.eps.local));
    this.addEndpoints();
    const { natServices, natNodePorts, filterServices, filterExternal, filterNodePorts, filterFirewall, natChains } =
      this;
    return { natServices, natNodePorts, filterServices, filterExternal, filterNodePorts, filterFirewall, natChains };
  }

  private addChain(name: string, rules: readonly Rule[]): void {
    this.natChains.push([name, { policy: null, rules }]);
  }

  private origin(path: string, why: string): Origin {
    return { object: this.port.service, path, why };
  }

  private endpointOrigin(endpoint: EndpointView, why: string): Origin {
    return { object: this.port.service, path: this.targetPath, why, because: endpoint.because };
  }

  private get label(): string {
    return `${this.port.port}/${this.port.protocol.toUpperCase()}`;
  }

  private role(what: string): string {
    return `${this.port.name}/${what}`;
  }

  private captureClusterIP(): void {
    const { port } = this;
    const to = [...PROTOCOL[port.protocol], { kind: "dst", cidr: port.clusterIP } as const, dport(port.port)];
    if (this.hasInternal) {
      this.natServices.push(
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
    this.filterServices.push(rule(this.role("cluster-ip"), [comment(text), ...to], target, origin));
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
      const to = [...PROTOCOL[port.protocol], { kind: "dst", cidr: ip } as const, dport(port.port)];
      if (this.eps.hasAny) {
        this.natServices.push(
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
        this.filterExternal.push(rule(this.role(`external-ip/${ip}`), [comment(text), ...to], target, origin));
      }
    }
  }

  private captureLoadBalancers(): void {
    const { port } = this;
    for (const { value: ip, path } of port.loadBalancerVIPs) {
      const to = [...PROTOCOL[port.protocol], { kind: "dst", cidr: ip } as const, dport(port.port)];
      if (this.eps.hasAny) {
        this.natServices.push(
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
        this.filterFirewall.push(
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
        this.filterExternal.push(rule(this.role(`load-balancer/${ip}`), [comment(text), ...to], target, origin));
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
        this.natNodePorts.push(
          rule(
            this.role("node-port/localhost"),
            [comment(port.name), ...proto, LOCALHOST, dport(port.nodePort), { kind: "nfacct", name: NFACCT_LOCALHOST }],
            jump(this.ext),
            this.origin(path, `Node port ${port.nodePort} dialled on localhost: counted, then treated like any other.`),
          ),
        );
      }
      this.natNodePorts.push(
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
      this.filterExternal.push(
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
    this.filterNodePorts.push(
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

  /** KUBE-SVC or KUBE-SVL: who must be masqueraded, then affinity, then the ladder of equal chances: 1/n, 1/(n-1), ... */
  private policyRules(chain: string, endpoints: readonly EndpointView[]): readonly Rule[] {
    const { port, s } = this;
    const rules: Rule[] = [];
    if (this.hasInternal && chain === this.internalChain && (s.masqueradeAll || s.ifNotLocal !== null)) {
      rules.push(
        rule(
          "off-cluster",
          [
            comment(`${port.name} cluster IP`),
            ...PROTOCOL[port.protocol],
            { kind: "dst", cidr: port.clusterIP },
            dport(port.port),
            ...(s.masqueradeAll || s.ifNotLocal === null ? [] : [s.ifNotLocal]),
          ],
          TO_MARK_MASQ,
          this.origin(
            "spec.clusterIP",
            s.masqueradeAll
              ? "masqueradeAll: everything to a cluster IP gets this node's address."
              : "The sender is not a local pod: the reply has to come back through this node.",
          ),
        ),
      );
    }
    if (port.affinitySeconds !== null) {
      for (const endpoint of endpoints) rules.push(this.affinityRule(endpoint, port.affinitySeconds));
    }
    const n = endpoints.length;
    const why = n === 1 ? "The only endpoint." : `One of ${n} endpoints: each gets 1/${n} of new connections.`;
    for (let i = 0; i < n; i++) {
      const endpoint = endpoints[i] as EndpointView;
      const text = this.endpointComment(endpoint);
      const matches = i < n - 1 ? [...text, oneIn(n - i)] : text;
      rules.push(rule(`to/${endpoint.key}`, matches, this.jumpTo(endpoint), this.endpointOrigin(endpoint, why)));
    }
    return rules;
  }

  private affinityRule(endpoint: EndpointView, seconds: number): Rule {
    const target = this.jumpTo(endpoint);
    return rule(
      `affinity/${endpoint.key}`,
      [...this.endpointComment(endpoint), { kind: "recent-check", list: target.chain, seconds, reap: true }],
      target,
      {
        object: this.port.service,
        path: "spec.sessionAffinity",
        why: `A client that used this endpoint within ${seconds} s goes there again.`,
        because: endpoint.because,
      },
    );
  }

  /** Large clusters go without comments on endpoint rules. */
  private endpointComment(endpoint: EndpointView): readonly Match[] {
    return this.s.large ? [] : [comment(`${this.port.name} -> ${endpoint.key}`)];
  }

  private jumpTo(endpoint: EndpointView): Target & { readonly kind: "jump" } {
    let target = this.toEndpoint.get(endpoint);
    if (target === undefined) {
      target = { kind: "jump", chain: endpointChain(this.port.name, this.port.protocol, endpoint.key) };
      this.toEndpoint.set(endpoint, target);
    }
    return target;
  }

  private addEndpoints(): void {
    const { port, s, eps } = this;
    const text: readonly Match[] = s.large ? [] : [comment(port.name)];
    const plain: readonly Match[] = [...text, ...PROTOCOL[port.protocol]];
    for (const endpoint of eps.reachable) {
      const sep = this.jumpTo(endpoint).chain;
      this.addChain(sep, [
        rule(
          "hairpin",
          [...text, { kind: "src", cidr: endpoint.ip }],
          TO_MARK_MASQ,
          this.endpointOrigin(endpoint, HAIRPIN),
        ),
        rule(
          "dnat",
          port.affinitySeconds === null
            ? plain
            : [...text, { kind: "recent-set", list: sep }, ...PROTOCOL[port.protocol]],
          { kind: "dnat", ip: endpoint.ip, port: endpoint.port },
          this.endpointOrigin(endpoint, CHOSEN),
        ),
      ]);
    }
  }
}
