/** What a CNI plug-in and the machine's owner write beside kube-proxy's rules, in the words of the Lab. */
import { type OtherRules, joined } from "../kernel/iptables/merge.ts";
import { cidrContains, cidrOf, formatCidr } from "../base/ip.ts";
import { parseSave } from "../kernel/iptables/parse.ts";
import type { Rule, Ruleset, Table } from "../kernel/iptables/types.ts";
import { type NetworkSettings, nodeNetwork } from "../model/kubehop/network.ts";
import type { Node } from "../model/node/types.ts";
import type { TableName } from "../model/trace/types.ts";
import { type Family, familyOf, nodeAddresses, podCidrs } from "./addresses.ts";
import { familyOfCidr } from "./topology/overlay.ts";

const MULTICAST: Readonly<Record<Family, string>> = { 4: "224.0.0.0/4", 6: "ff00::/8" };

/** What no router of the internet carries: RFC 1918, which is ip-masq-agent's default, and unique local addresses (RFC 4193). */
const PRIVATE: Readonly<Record<Family, readonly string[]>> = {
  4: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"],
  6: ["fc00::/7"],
};
const LINK_LOCAL: Readonly<Record<Family, string>> = { 4: "169.254.0.0/16", 6: "fe80::/10" };

const WHY = {
  masquerade: "Packets leave with their node's address (masquerading), behind kube-proxy's rules.",
  isolatedPods: "The pod network is isolated from the hosts' network.",
} as const;

/** The rules of a text, each with the Lab's field that they are there for. */
function because(field: keyof typeof WHY, family: Family, text: string): Ruleset {
  const { ruleset } = parseSave(text, family);
  const origin = { object: null, path: `spec.network.${field}`, why: WHY[field] };
  const tables: Partial<Record<TableName, Table>> = {};
  for (const [name, table] of Object.entries(ruleset.tables) as [TableName, Table][]) {
    const chains = [...table.chains].map(
      ([chain, { policy, rules }]) =>
        [chain, { policy, rules: rules.map((rule): Rule => ({ ...rule, origin })) }] as const,
    );
    tables[name] = { chains: new Map(chains) };
  }
  return { ...ruleset, tables };
}

/** flannel's masquerading, of all that leaves the pod network. Source: masqRules in pkg/trafficmngr/iptables/iptables.go. */
function masqueradeAll(family: Family, cluster: string, own: string): Ruleset {
  const rule = (text: string): string => `-A FLANNEL-POSTRTG ${text}`;
  const comment = '-m comment --comment "flanneld masq"';
  return because(
    "masquerade",
    family,
    [
      "*nat",
      ":POSTROUTING ACCEPT [0:0]",
      ":FLANNEL-POSTRTG - [0:0]",
      `-A POSTROUTING ${comment} -j FLANNEL-POSTRTG`,
      rule(`-m mark --mark 0x4000/0x4000 ${comment} -j RETURN`),
      rule(`-s ${own} -d ${cluster} ${comment} -j RETURN`),
      rule(`-s ${cluster} -d ${own} ${comment} -j RETURN`),
      rule(`! -s ${cluster} -d ${own} ${comment} -j RETURN`),
      rule(`-s ${cluster} ! -d ${MULTICAST[family]} ${comment} -j MASQUERADE --random-fully`),
      rule(`! -s ${cluster} -d ${cluster} ${comment} -j MASQUERADE --random-fully`),
      "COMMIT",
      "",
    ].join("\n"),
  );
}

/** Does a private range hold all of it? Whatever is wider than the range counts as public. */
function isPrivate(cidr: string, family: Family): boolean {
  const asked = cidrOf(cidr);
  return PRIVATE[family].some(
    (range) =>
      asked !== null && cidrContains(range, cidr.split("/")[0] ?? "") && asked.prefix >= (cidrOf(range)?.prefix ?? 0),
  );
}

/** The networks (/24, IPv6 /64) of all nodes whose addresses are public: they are the cluster's own all the same. */
export function publicNodeNetworks(nodes: readonly Node[]): readonly string[] {
  const networks = nodes.flatMap(nodeAddresses).flatMap((ip) => {
    const family = familyOf(ip);
    const cidr = cidrOf(`${ip}/${family === 4 ? 24 : 64}`);
    return cidr === null || isPrivate(ip, family) ? [] : [formatCidr(cidr)];
  });
  return [...new Set(networks)].toSorted();
}

/**
 * ip-masq-agent's: what goes to link-local and private addresses, and to the cluster's own ranges where they are public (its
 * nonMasqueradeCIDRs), keeps its source. Source: syncMasqRules and syncMasqRulesIPv6 in kubernetes-sigs/ip-masq-agent,
 * cmd/ip-masq-agent/ip-masq-agent.go.
 */
function masqueradeOutside(family: Family, own: readonly string[]): Ruleset {
  const inside = [LINK_LOCAL[family], ...PRIVATE[family], ...own.filter((cidr) => !isPrivate(cidr, family))];
  const comment = (text: string): string => `-m comment --comment "ip-masq-agent: ${text}"`;
  const stays = comment("local traffic is not subject to MASQUERADE");
  return because(
    "masquerade",
    family,
    [
      "*nat",
      ":POSTROUTING ACCEPT [0:0]",
      ":IP-MASQ-AGENT - [0:0]",
      `-A POSTROUTING ${comment("ensure nat POSTROUTING directs all non-LOCAL destination traffic to our custom IP-MASQ-AGENT chain")} -m addrtype ! --dst-type LOCAL -j IP-MASQ-AGENT`,
      ...inside.map((cidr) => `-A IP-MASQ-AGENT -d ${cidr} ${stays} -j RETURN`),
      `-A IP-MASQ-AGENT ${comment("outbound traffic is subject to MASQUERADE (must be last in chain)")} -j MASQUERADE --random-fully`,
      "COMMIT",
      "",
    ].join("\n"),
  );
}

/** Only pods and pods: what a network with a routing table of its own comes to. The hosts' errors about pods' packets still arrive. */
function isolation(family: Family, cluster: string): Ruleset {
  return because(
    "isolatedPods",
    family,
    [
      "*filter",
      ":INPUT ACCEPT [0:0]",
      ":FORWARD ACCEPT [0:0]",
      ":OUTPUT ACCEPT [0:0]",
      ":CNI-ISOLATION-FWD - [0:0]",
      ":CNI-ISOLATION-IN - [0:0]",
      ":CNI-ISOLATION-OUT - [0:0]",
      "-A INPUT -j CNI-ISOLATION-IN",
      "-A FORWARD -j CNI-ISOLATION-FWD",
      "-A OUTPUT -j CNI-ISOLATION-OUT",
      `-A CNI-ISOLATION-FWD -s ${cluster} -d ${cluster} -j RETURN`,
      `-A CNI-ISOLATION-FWD -s ${cluster} -j DROP`,
      `-A CNI-ISOLATION-FWD -d ${cluster} -j DROP`,
      "-A CNI-ISOLATION-IN -i lo -j RETURN",
      `-A CNI-ISOLATION-IN -s ${cluster} -j DROP`,
      "-A CNI-ISOLATION-OUT -o lo -j RETURN",
      "-A CNI-ISOLATION-OUT -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN",
      `-A CNI-ISOLATION-OUT -d ${cluster} -j DROP`,
      "COMMIT",
      "",
    ].join("\n"),
  );
}

const DOCKER = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n";

/**
 * The iptables rules of a node that are not kube-proxy's, in one family; null when there are none. `podSubnet` is the cluster's, both
 * families in one text as kubeadm has it. `nodeNetworks`: {@link publicNodeNetworks} of all nodes.
 */
export function otherRules(
  lab: NetworkSettings,
  node: Node,
  podSubnet: string,
  nodeNetworks: readonly string[],
  family: Family,
): OtherRules | null {
  const network = nodeNetwork(lab, node.metadata.annotations);
  const cluster = podSubnet.split(",").find((cidr) => familyOfCidr(cidr) === family);
  const own = podCidrs(node).find((cidr) => familyOfCidr(cidr) === family);
  const empty: Ruleset = { family, tables: {} };
  const first = network.isolatedPods && cluster !== undefined ? isolation(family, cluster.trim()) : empty;
  const masq = (): Ruleset => {
    if (network.masquerade === "none" || cluster === undefined) return empty;
    if (network.masquerade === "all") return own === undefined ? empty : masqueradeAll(family, cluster.trim(), own);
    const nodes = nodeNetworks.filter((cidr) => familyOfCidr(cidr) === family);
    return masqueradeOutside(family, [cluster.trim(), ...nodes]);
  };
  const behind = masq();
  const policy = network.forwardPolicy === "DROP" ? parseSave(DOCKER, family).ruleset : empty;
  if (first === empty && behind === empty && policy === empty) return null;
  return { first, last: joined([behind, policy]) };
}
