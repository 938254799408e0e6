import { cidrContains } from "../../base/ip.ts";
import type { Command } from "../../kernel/nftables/command.ts";
import type { Branch, Chain, Element, NatTarget, NftSet, Rule, VerdictStatement } from "../../kernel/nftables/types.ts";
import type { Origin } from "../../model/trace/types.ts";
import { categorizeEndpoints, type Categorized } from "../categorize.ts";
import { externallyAccessible, type EndpointView, type ServiceEntry, type ServicePortView } from "../view.ts";
import {
  affinitySet,
  CLUSTER_IPS,
  FIREWALL_IPS,
  NO_ENDPOINT_NODEPORTS,
  NO_ENDPOINT_SERVICES,
  SERVICE_IPS,
  SERVICE_NODEPORTS,
} from "./containers.ts";
import { endpointBase, portChains } from "./names.ts";
import { DROP, element, goTo, inSet, PROTOCOL, REJECT, rule, SRC_LOCAL } from "./parts.ts";
import type { Settings } from "./settings.ts";

/** An endpoint that this port may lead to: with affinity it has a chain, and if it stands on the node, a hairpin element. */
export interface ReachableEndpoint {
  readonly nodeName: string | null;
  readonly chain: string | null;
  readonly hairpin: Element;
}

/** An element of one of the static sets and maps. */
export interface Placed {
  readonly set: string;
  readonly element: Element;
}

/** All that one Service port makes on one node. */
export interface Block {
  readonly endpoints: readonly ReachableEndpoint[];
  /** In the order of a transaction, after the endpoints' part. */
  readonly commands: readonly Command[];
  /** Those that the commands add, by themselves. */
  readonly elements: readonly Placed[];
  /** What the commands come to: chains, and with affinity sets, of this port alone. */
  readonly chains: ReadonlyMap<string, Chain>;
  readonly sets: ReadonlyMap<string, NftSet>;
}

/** Compiles one entry for one node. */
export function compileBlock(entry: ServiceEntry, s: Settings): Block {
  const eps = categorizeEndpoints(entry.port, entry.endpoints, s.node);
  return new BlockWriter(entry.port, eps, s).write();
}

const newChain = (): Chain & { readonly rules: Rule[] } => ({ base: null, comment: null, rules: [] });

const HAIRPIN_WHY =
  "A pod that calls the Service and gets itself needs a new source, or it would answer itself directly.";

/** Follows the order of syncProxyRules in pkg/proxy/nftables/proxier.go. */
class BlockWriter {
  private readonly port: ServicePortView;
  private readonly eps: Categorized;
  private readonly s: Settings;
  private readonly service: string;
  private readonly local: string;
  private readonly external: string;
  private readonly firewall: string;
  private readonly hasInternal: boolean;
  private readonly hasExternal: boolean;
  private readonly usesExternal: boolean;
  private readonly usesFirewall: boolean;
  private readonly commands: Command[] = [];
  private readonly elements: Placed[] = [];
  private readonly chains = new Map<string, Chain & { readonly rules: Rule[] }>();
  private readonly sets = new Map<string, NftSet>();

  constructor(port: ServicePortView, eps: Categorized, s: Settings) {
    this.port = port;
    this.eps = eps;
    this.s = s;
    const { service, local, external, firewall } = portChains(port);
    this.service = service;
    this.local = local;
    this.external = external;
    this.firewall = firewall;
    const noneLocal = eps.local.length === 0;
    this.hasInternal = eps.hasAny && !(port.internalPolicyLocal && noneLocal);
    this.hasExternal = eps.hasAny && !(port.externalPolicyLocal && noneLocal);
    this.usesExternal = eps.hasAny && externallyAccessible(port);
    // Unlike in iptables mode, ranges are enforced even when there is nothing to reach.
    this.usesFirewall = port.loadBalancerVIPs.length > 0 && port.sourceRanges.length > 0;
  }

  write(): Block {
    const { port, eps } = this;
    const endpoints = eps.reachable.map((endpoint) => this.reachable(endpoint));
    for (const { chain } of endpoints) if (chain !== null) this.chains.set(chain, newChain());
    if (eps.cluster.length > 0) this.ensureChain(this.service);
    if (eps.local.length > 0) this.ensureChain(this.local);
    if (this.usesExternal) this.ensureChain(this.external);
    this.captureClusterIP();
    this.captureExternalIPs();
    if (this.usesFirewall) this.ensureChain(this.firewall);
    this.captureLoadBalancers();
    this.captureNodePort();
    if (this.usesExternal) this.addRules(this.external, this.externalRules());
    if (this.usesFirewall) this.addRules(this.firewall, [this.firewallRule()]);
    if (port.affinitySeconds !== null) {
      const set = affinitySet(this.s.family, port.affinitySeconds);
      for (const endpoint of eps.reachable) {
        const name = this.affinityName(endpoint);
        this.commands.push({ kind: "set", verb: "add", name, set });
        this.sets.set(name, set);
      }
    }
    if (eps.cluster.length > 0) this.addRules(this.service, this.balancing(eps.cluster));
    if (eps.local.length > 0) this.addRules(this.local, this.balancing(eps.local));
    if (port.affinitySeconds !== null) {
      for (const endpoint of eps.reachable) this.addRules(this.endpointName(endpoint), this.endpointRules(endpoint));
    }
    const { commands, elements, chains, sets } = this;
    return { endpoints, commands, elements, chains, sets };
  }

  private origin(path: string, why: string): Origin {
    return { object: this.port.service, path, why };
  }

  private targetOrigin(path: string, endpoint: EndpointView, why: string): Origin {
    return { object: this.port.service, path, why, because: endpoint.because };
  }

  private get label(): string {
    return `${this.port.port}/${this.port.protocol.toUpperCase()}`;
  }

  private endpointName(endpoint: EndpointView): string {
    return `endpoint-${endpointBase(this.port, endpoint)}`;
  }

  private affinityName(endpoint: EndpointView): string {
    return `affinity-${endpointBase(this.port, endpoint)}`;
  }

  private reachable(endpoint: EndpointView): ReachableEndpoint {
    const { port } = this;
    return {
      nodeName: endpoint.nodeName,
      chain: port.affinitySeconds === null ? null : this.endpointName(endpoint),
      hairpin: element(
        `${endpoint.ip} . ${endpoint.ip} . ${port.protocol} . ${endpoint.port}`,
        null,
        this.targetOrigin(`${port.path}.targetPort`, endpoint, HAIRPIN_WHY),
      ),
    };
  }

  private ensureChain(name: string): void {
    this.commands.push(
      { kind: "chain", verb: "add", name, chain: { base: null, comment: null } },
      { kind: "chain", verb: "flush", name },
    );
    this.chains.set(name, newChain());
  }

  private addRules(chain: string, rules: readonly Rule[]): void {
    for (const one of rules) this.commands.push({ kind: "rule", chain, rule: one });
    this.chains.get(chain)?.rules.push(...rules);
  }

  private addElement(set: string, one: Element): void {
    this.commands.push({ kind: "element", verb: "add", set, element: one });
    this.elements.push({ set, element: one });
  }

  private key(ip: string): string {
    return `${ip} . ${this.port.protocol} . ${this.port.port}`;
  }

  private captureClusterIP(): void {
    const { port } = this;
    this.addElement(
      CLUSTER_IPS,
      element(
        port.clusterIP,
        null,
        this.origin(
          "spec.clusterIP",
          `${port.clusterIP} is this Service's cluster IP; ports that it does not have are refused.`,
        ),
      ),
    );
    if (this.hasInternal) {
      this.addElement(
        SERVICE_IPS,
        element(
          this.key(port.clusterIP),
          goTo(port.internalPolicyLocal ? this.local : this.service),
          this.origin("spec.clusterIP", `${port.clusterIP} port ${this.label} is this Service's cluster IP.`),
        ),
      );
    } else this.refuse(NO_ENDPOINT_SERVICES, this.key(port.clusterIP), "internal", `cluster IP ${port.clusterIP}`);
  }

  /** Reject when the Service has no endpoint anywhere, drop when policy Local leaves none here. */
  private refuse(map: string, key: string, side: "internal" | "external", what: string): void {
    const { port, eps, s } = this;
    const verdict: VerdictStatement = eps.hasAny ? DROP : REJECT;
    const origin = eps.hasAny
      ? this.origin(
          side === "internal" ? "spec.internalTrafficPolicy" : "spec.externalTrafficPolicy",
          `The policy is Local and ${s.node.name} has no endpoint of ${port.name}, so packets to its ${what} are dropped.`,
        )
      : this.origin(
          "spec.selector",
          `${port.name} has no usable endpoints, so connections to its ${what} are refused.`,
        );
    this.addElement(map, element(key, verdict, origin, port.name));
  }

  private captureExternalIPs(): void {
    for (const { value: ip, path } of this.port.externalIPs) {
      if (this.eps.hasAny) {
        this.addElement(
          SERVICE_IPS,
          element(
            this.key(ip),
            goTo(this.external),
            this.origin(path, `${ip} port ${this.label} is an external IP of this Service.`),
          ),
        );
      }
      if (!this.hasExternal) this.refuse(NO_ENDPOINT_SERVICES, this.key(ip), "external", `external IP ${ip}`);
    }
  }

  private captureLoadBalancers(): void {
    const { port } = this;
    for (const { value: ip, path } of port.loadBalancerVIPs) {
      if (this.eps.hasAny) {
        this.addElement(
          SERVICE_IPS,
          element(
            this.key(ip),
            goTo(this.external),
            this.origin(
              path,
              `${ip} port ${this.label} is this Service's load balancer address; nodes answer for it themselves.`,
            ),
          ),
        );
      }
      if (this.usesFirewall) {
        this.addElement(
          FIREWALL_IPS,
          element(
            this.key(ip),
            goTo(this.firewall),
            this.origin("spec.loadBalancerSourceRanges", `Only loadBalancerSourceRanges may use ${ip}.`),
          ),
        );
      }
    }
    if (this.hasExternal) return;
    for (const { value: ip } of port.loadBalancerVIPs) {
      this.refuse(NO_ENDPOINT_SERVICES, this.key(ip), "external", `load balancer address ${ip}`);
    }
  }

  private captureNodePort(): void {
    const { port } = this;
    if (port.nodePort === null) return;
    const key = `${port.protocol} . ${port.nodePort}`;
    if (this.eps.hasAny) {
      this.addElement(
        SERVICE_NODEPORTS,
        element(
          key,
          goTo(this.external),
          this.origin(`${port.path}.nodePort`, `${port.nodePort} is the node port of ${port.name} on every node.`),
        ),
      );
    }
    if (!this.hasExternal) this.refuse(NO_ENDPOINT_NODEPORTS, key, "external", `node port ${port.nodePort}`);
  }

  private externalRules(): readonly Rule[] {
    const { port, s } = this;
    const path = "spec.externalTrafficPolicy";
    const rules: Rule[] = [];
    const toMark = { kind: "mark-set", operation: "or", value: s.mark } as const;
    if (!port.externalPolicyLocal) {
      const why =
        "With policy Cluster the endpoint may be on another node, so the reply has to come back through this one.";
      rules.push(rule("masquerade", [toMark], this.origin(path, why), "masquerade"));
    } else {
      if (s.ifLocal !== null) {
        const why = "Pods are not bound by policy Local: they may use every endpoint.";
        rules.push(
          rule("from-pods", [s.ifLocal, goTo(this.service)], this.origin(path, why), "short-circuit pod traffic"),
        );
      }
      rules.push(
        rule(
          "masquerade-local",
          [SRC_LOCAL, toMark],
          this.origin(path, "The node's own traffic may leave for another node, so it is masqueraded."),
          "masquerade local traffic",
        ),
        rule(
          "from-node",
          [SRC_LOCAL, goTo(this.service)],
          this.origin(path, "The node itself is not bound by policy Local: it may use every endpoint."),
          "short-circuit local traffic",
        ),
      );
    }
    if (this.hasExternal) {
      const why = port.externalPolicyLocal
        ? "Policy Local: traffic from outside goes to endpoints on this node only, and keeps its source."
        : "Policy Cluster: traffic from outside goes to any endpoint.";
      rules.push(rule("policy", [goTo(port.externalPolicyLocal ? this.local : this.service)], this.origin(path, why)));
    }
    return rules;
  }

  private firewallRule(): Rule {
    const { port, s } = this;
    const values = port.sourceRanges.map(({ value }) => value);
    const nodeIP = s.nodeIP;
    if (nodeIP !== null && values.some((value) => cidrContains(value, nodeIP))) {
      // The node may use the address, and a packet it sends there can carry that very address as source.
      values.push(...port.loadBalancerVIPs.map(({ value }) => value));
    }
    return rule(
      "ranges",
      [
        {
          kind: "match",
          fields: [`${s.ip} saddr`],
          invert: true,
          right: { kind: "values", values, braces: true, separator: " , " },
        },
        DROP,
      ],
      this.origin(
        "spec.loadBalancerSourceRanges",
        "Sources outside loadBalancerSourceRanges may not use the load balancer address.",
      ),
    );
  }

  /** Affinity first, then one rule that gives each endpoint the same chance. Upstream: writeServiceToEndpointRules. */
  private balancing(endpoints: readonly EndpointView[]): readonly Rule[] {
    const { port, s } = this;
    const n = endpoints.length;
    const path = `${port.path}.targetPort`;
    const why = n === 1 ? "The only endpoint." : `One of ${n} endpoints: each gets 1/${n} of new connections.`;
    const origin = this.origin(path, n === 1 ? why : `${n} endpoints: each gets 1/${n} of new connections.`);
    const seconds = port.affinitySeconds;
    if (seconds === null) {
      const targets = endpoints.map((endpoint): NatTarget => ({
        ip: endpoint.ip,
        port: endpoint.port,
        origin: this.targetOrigin(path, endpoint, why),
      }));
      return [rule("balance", [PROTOCOL[port.protocol], { kind: "numgen-dnat", family: s.ip, targets }], origin)];
    }
    const again = `A client that used this endpoint within ${seconds} s goes there again.`;
    const branches = endpoints.map((endpoint): Branch => ({
      verdict: goTo(this.endpointName(endpoint)),
      origin: this.targetOrigin(path, endpoint, why),
    }));
    return [
      ...endpoints.map((endpoint) =>
        rule(
          `affinity/${endpoint.key}`,
          [inSet([`${s.ip} saddr`], this.affinityName(endpoint)), goTo(this.endpointName(endpoint))],
          this.targetOrigin("spec.sessionAffinity", endpoint, again),
        ),
      ),
      rule("balance", [{ kind: "numgen-vmap", branches }], origin),
    ];
  }

  private endpointRules(endpoint: EndpointView): readonly Rule[] {
    const { port, s } = this;
    return [
      rule(
        "affinity",
        [{ kind: "update", verb: "update", set: this.affinityName(endpoint), field: `${s.ip} saddr` }],
        this.targetOrigin(
          "spec.sessionAffinity",
          endpoint,
          `The client is remembered for ${port.affinitySeconds ?? 0} s.`,
        ),
      ),
      rule(
        "dnat",
        [PROTOCOL[port.protocol], { kind: "dnat", ip: endpoint.ip, port: endpoint.port, word: null, flags: "" }],
        this.targetOrigin(
          `${port.path}.targetPort`,
          endpoint,
          "The endpoint that was chosen: the packet is readdressed to it.",
        ),
      ),
    ];
  }
}
