/** What a CNI plug-in and the machine's owner write beside kube-proxy's rules, in the words of the Lab. */
import { type OtherRules, joined } from "../kernel/iptables/merge.ts";
import { parseSave } from "../kernel/iptables/parse.ts";
import type { Rule, Ruleset, Table } from "../kernel/iptables/types.ts";
import { type NetworkSettings, nodeNetwork } from "../model/kubehop/network.ts";
import type { Node } from "../model/node/types.ts";
import type { TableName } from "../model/trace/types.ts";
import { type Family, podCidrs } from "./addresses.ts";
import { familyOfCidr } from "./topology/overlay.ts";

const MULTICAST: Readonly<Record<Family, string>> = { 4: "224.0.0.0/4", 6: "ff00::/8" };

const WHY = {
  masquerade: "The pod network masquerades what leaves it (ip-masq), behind kube-proxy's rules.",
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

/** flannel's masquerading. Source: masqRules in pkg/trafficmngr/iptables/iptables.go. */
function masquerade(family: Family, cluster: string, own: string): Ruleset {
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
 * families in one text as kubeadm has it.
 */
export function otherRules(lab: NetworkSettings, node: Node, podSubnet: string, family: Family): OtherRules | null {
  const network = nodeNetwork(lab, node.metadata.annotations);
  const cluster = podSubnet.split(",").find((cidr) => familyOfCidr(cidr) === family);
  const own = podCidrs(node).find((cidr) => familyOfCidr(cidr) === family);
  const empty: Ruleset = { family, tables: {} };
  const first = network.isolatedPods && cluster !== undefined ? isolation(family, cluster.trim()) : empty;
  const masq =
    network.masquerade && cluster !== undefined && own !== undefined ? masquerade(family, cluster.trim(), own) : empty;
  const policy = network.forwardPolicy === "DROP" ? parseSave(DOCKER, family).ruleset : empty;
  if (first === empty && masq === empty && policy === empty) return null;
  return { first, last: joined([masq, policy]) };
}
