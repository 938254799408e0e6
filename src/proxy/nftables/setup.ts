import type { Command } from "../../kernel/nftables/command.ts";
import type { BaseHook, NftHook, Rule, Statement } from "../../kernel/nftables/types.ts";
import type { Origin } from "../../model/trace/types.ts";
import {
  CLUSTER_IPS,
  CLUSTER_IPS_CHECK,
  containerOf,
  FIREWALL_CHECK,
  FIREWALL_IPS,
  HAIRPIN,
  MASQUERADING,
  NO_ENDPOINT_NODEPORTS,
  NO_ENDPOINT_SERVICES,
  NODEPORT_ENDPOINTS_CHECK,
  NODEPORT_IPS,
  REJECT_CHAIN,
  SERVICE_ENDPOINTS_CHECK,
  SERVICE_IPS,
  SERVICE_NODEPORTS,
  SERVICES,
} from "./containers.ts";
import { CT_NEW, DROP, DST_LOCAL, element, inSet, is, jump, rule } from "./parts.ts";
import type { Settings } from "./settings.ts";

/** Base chains in the order in which kube-proxy makes them; dstnat is -100, srcnat 100, filter 0. */
const BASE_CHAINS: readonly (readonly [name: string, type: BaseHook["type"], hook: NftHook, priority: number])[] = [
  ["filter-prerouting-pre-dnat", "filter", "prerouting", -110],
  ["filter-output-pre-dnat", "filter", "output", -110],
  ["filter-input", "filter", "input", 0],
  ["filter-forward", "filter", "forward", 0],
  ["filter-output", "filter", "output", 0],
  ["nat-prerouting", "nat", "prerouting", -100],
  ["nat-output", "nat", "output", -100],
  ["nat-postrouting", "nat", "postrouting", 100],
];

/** Chains and who jumps to them; only first packets of a connection are checked, and only they meet nat chains anyway. */
const JUMPS: readonly (readonly [to: string, from: string, onlyNew: boolean])[] = [
  [NODEPORT_ENDPOINTS_CHECK, "filter-input", true],
  [SERVICE_ENDPOINTS_CHECK, "filter-input", true],
  [SERVICE_ENDPOINTS_CHECK, "filter-forward", true],
  [SERVICE_ENDPOINTS_CHECK, "filter-output", true],
  [FIREWALL_CHECK, "filter-prerouting-pre-dnat", true],
  [FIREWALL_CHECK, "filter-output-pre-dnat", true],
  [SERVICES, "nat-output", false],
  [SERVICES, "nat-prerouting", false],
  [MASQUERADING, "nat-postrouting", false],
  [CLUSTER_IPS_CHECK, "filter-forward", true],
  [CLUSTER_IPS_CHECK, "filter-output", true],
];

const because = (why: string): Origin => ({ object: null, path: "", why });

/**
 * What a full sync writes before it comes to the Services. The first one takes down the base chains and makes them anew, so that
 * hooks and priorities of another version do not stay. Upstream: setupNFTables in pkg/proxy/nftables/proxier.go.
 */
export function setupCommands(s: Settings, first: boolean): readonly Command[] {
  return new SetupWriter(s).write(first);
}

class SetupWriter {
  private readonly s: Settings;
  private readonly commands: Command[] = [];
  private readonly ensured = new Set<string>();

  constructor(s: Settings) {
    this.s = s;
  }

  write(first: boolean): readonly Command[] {
    this.commands.push({ kind: "table", comment: "rules for kube-proxy" });
    this.baseChains(first);
    for (const [to, from, onlyNew] of JUMPS) {
      this.ensureChain(to);
      this.addRule(from, rule(`jump/${to}`, onlyNew ? [CT_NEW, jump(to)] : [jump(to)], null));
    }
    this.masquerading();
    this.clusterIPs();
    this.nodePortIPs();
    this.noEndpoints();
    this.dispatch();
    return this.commands;
  }

  private ensureChain(name: string): void {
    if (this.ensured.has(name)) return;
    this.ensured.add(name);
    this.commands.push(
      { kind: "chain", verb: "add", name, chain: { base: null, comment: null } },
      { kind: "chain", verb: "flush", name },
    );
  }

  private addRule(chain: string, one: Rule): void {
    this.commands.push({ kind: "rule", chain, rule: one });
  }

  private addSet(name: string): void {
    this.commands.push({ kind: "set", verb: "add", name, set: containerOf(this.s.family, name) });
  }

  private get daddr(): "ip daddr" | "ip6 daddr" {
    return `${this.s.ip} daddr`;
  }

  private baseChains(first: boolean): void {
    if (first) {
      for (const [name] of BASE_CHAINS) {
        this.commands.push(
          { kind: "chain", verb: "add", name, chain: { base: null, comment: null } },
          { kind: "chain", verb: "delete", name },
        );
      }
    }
    for (const [name, type, hook, priority] of BASE_CHAINS) {
      const base: BaseHook = { type, hook, priority, policy: "accept" };
      this.commands.push(
        { kind: "chain", verb: "add", name, chain: { base, comment: null } },
        { kind: "chain", verb: "flush", name },
      );
    }
  }

  private masquerading(): void {
    const { ip, mark } = this.s;
    const masquerade: Statement = { kind: "masquerade", flags: "fully-random" };
    this.addSet(HAIRPIN);
    this.addRule(
      MASQUERADING,
      rule(
        "marked",
        [
          { kind: "mark-match", mask: mark, value: 0, invert: true },
          { kind: "mark-set", operation: "xor", value: mark },
          masquerade,
        ],
        because("Packets marked earlier get this node's address, so that the reply comes back here."),
      ),
    );
    this.addRule(
      MASQUERADING,
      rule(
        "hairpin",
        [
          is("ct status", "dnat"),
          inSet([`${ip} saddr`, `${ip} daddr`, "meta l4proto", "th dport"], HAIRPIN),
          masquerade,
        ],
        because("The pod got itself as endpoint: it needs another source, or it would answer itself directly."),
      ),
    );
  }

  private clusterIPs(): void {
    const { serviceCIDRs } = this.s;
    this.addSet(CLUSTER_IPS);
    this.addRule(
      CLUSTER_IPS_CHECK,
      rule(
        "invalid-port",
        [inSet([this.daddr], CLUSTER_IPS), { kind: "reject", with: "" }],
        because("The address is a cluster IP, but no Service has this port or protocol there."),
        "Reject traffic to invalid ports of ClusterIPs",
      ),
    );
    if (serviceCIDRs.length === 0) return;
    this.addRule(
      CLUSTER_IPS_CHECK,
      rule(
        "unallocated",
        [
          {
            kind: "match",
            fields: [this.daddr],
            invert: false,
            right: { kind: "values", values: serviceCIDRs, braces: true, separator: "," },
          },
          DROP,
        ],
        because("The address belongs to the Services' range, but to no Service."),
        "Drop traffic to unallocated ClusterIPs",
      ),
    );
  }

  private nodePortIPs(): void {
    const { family, nodePortIPs } = this.s;
    this.addSet(NODEPORT_IPS);
    const set = containerOf(family, NODEPORT_IPS);
    this.commands.push({
      kind: "set",
      verb: nodePortIPs === null ? "delete" : "flush",
      name: NODEPORT_IPS,
      set,
    });
    for (const ip of nodePortIPs ?? []) {
      const origin = because(`Node ports answer on ${ip}, as nodePortAddresses says (by default the primary address).`);
      this.commands.push({ kind: "element", verb: "add", set: NODEPORT_IPS, element: element(ip, null, origin) });
    }
  }

  private get notLocalhost(): Statement {
    return is(this.daddr, this.s.family === 4 ? "127.0.0.0/8" : "::1", true);
  }

  private noEndpoints(): void {
    const { nodePortIPs } = this.s;
    this.addSet(NO_ENDPOINT_SERVICES);
    this.addSet(NO_ENDPOINT_NODEPORTS);
    this.commands.push(
      {
        kind: "chain",
        verb: "add",
        name: REJECT_CHAIN,
        chain: { base: null, comment: "helper for @no-endpoint-services / @no-endpoint-nodeports" },
      },
      { kind: "chain", verb: "flush", name: REJECT_CHAIN },
    );
    this.addRule(
      REJECT_CHAIN,
      rule("reject", [{ kind: "reject", with: "" }], because("The Service has no usable endpoints.")),
    );
    this.addRule(
      SERVICE_ENDPOINTS_CHECK,
      rule(
        "no-endpoints",
        [{ kind: "vmap", fields: [this.daddr, "meta l4proto", "th dport"], map: NO_ENDPOINT_SERVICES }],
        null,
      ),
    );
    this.addRule(
      NODEPORT_ENDPOINTS_CHECK,
      rule(
        "no-endpoints",
        [
          nodePortIPs === null ? this.notLocalhost : inSet([this.daddr], NODEPORT_IPS),
          { kind: "vmap", fields: ["meta l4proto", "th dport"], map: NO_ENDPOINT_NODEPORTS },
        ],
        null,
      ),
    );
  }

  private dispatch(): void {
    const { s } = this;
    const address = [this.daddr, "meta l4proto", "th dport"] as const;
    this.addSet(FIREWALL_IPS);
    this.addRule(FIREWALL_CHECK, rule("firewall", [{ kind: "vmap", fields: address, map: FIREWALL_IPS }], null));
    this.addSet(SERVICE_IPS);
    this.addSet(SERVICE_NODEPORTS);
    const toMark: Statement = { kind: "mark-set", operation: "or", value: s.mark };
    const toClusterIP = inSet([this.daddr], CLUSTER_IPS);
    if (s.masqueradeAll) {
      this.addRule(
        SERVICES,
        rule(
          "off-cluster",
          [toClusterIP, toMark],
          because("masqueradeAll: everything to a cluster IP gets this node's address."),
          "masquerade all clusterIP traffic",
        ),
      );
    } else if (s.ifNotLocal !== null) {
      this.addRule(
        SERVICES,
        rule(
          "off-cluster",
          [toClusterIP, s.ifNotLocal, toMark],
          because("The sender is not a local pod: the reply has to come back through this node."),
          "masquerade clusterIP traffic from outside cluster",
        ),
      );
    }
    this.addRule(SERVICES, rule("service-ips", [{ kind: "vmap", fields: address, map: SERVICE_IPS }], null));
    this.addRule(
      SERVICES,
      rule(
        "node-ports",
        [
          ...(s.nodePortIPs === null ? [DST_LOCAL, this.notLocalhost] : [inSet([this.daddr], NODEPORT_IPS)]),
          { kind: "vmap", fields: ["meta l4proto", "th dport"], map: SERVICE_NODEPORTS },
        ],
        null,
      ),
    );
  }
}
