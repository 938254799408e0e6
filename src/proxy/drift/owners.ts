/** Whose chains and rules are whose on a node. */
import { isBuiltin } from "../../kernel/iptables/types.ts";
import type { TableName } from "../../model/trace/types.ts";

/** kube-proxy's chains in any mode and version: what it makes by name, and what it makes per Service port and endpoint. */
const KUBE_PROXY =
  /^KUBE-((SERVICES|EXTERNAL-SERVICES|NODEPORTS|POSTROUTING|MARK-MASQ|FORWARD|PROXY-FIREWALL|FIREWALL|PROXY-CANARY)$|(SVC|SVL|XLB|EXT|FW|SEP)-[A-Z2-7]{16}$|(NODE-PORT|LOAD-BALANCER|SOURCE-RANGES-FIREWALL|IPVS-FILTER|IPVS-OUT-FILTER)$|(PORTALS-CONTAINER|PORTALS-HOST|NODEPORT-CONTAINER|NODEPORT-HOST|NODEPORT-NON-LOCAL)$)/;

/** Is it a chain that kube-proxy writes? */
export function isProxyChain(chain: string): boolean {
  return KUBE_PROXY.test(chain);
}

/** Chains of Service ports share the last 16 characters; the others stand on every node. */
export function isServiceChain(chain: string): boolean {
  return /^KUBE-(SVC|SVL|XLB|EXT|FW|SEP)-/.test(chain);
}

/** A canary is an empty chain by which its owner notices that somebody flushed the tables. */
export const CANARY = "KUBE-PROXY-CANARY";

/** Prefixes of others' chains, and the set or comment words that give a rule away. */
const OWNERS: readonly (readonly [of: RegExp, owner: string])[] = [
  [/^KUBE-(KUBELET-CANARY|MARK-DROP|IPTABLES-HINT)/, "the kubelet"],
  [/^cali[-:]|^felix-|\bcali:/i, "Calico"],
  [/^CILIUM_|cilium/i, "Cilium"],
  [/^FLANNEL-|flanneld/, "flannel"],
  [/^CNI-|^CNI_|portfwd/, "a CNI plug-in"],
  [/^(DOCKER|BRIDGE-NF)|docker0/, "Docker"],
  [/^KIND-MASQ|kind-masq-agent/, "kindnet"],
  [/^IP-MASQ/, "ip-masq-agent"],
  [/^KUBE-(ROUTER|NWPLCY|POD-FW|DEFAULT-NETPOL|SVC-MASQ)/, "kube-router"],
  [/^WEAVE/, "Weave Net"],
  [/^ANTREA/, "Antrea"],
  [/^AWS-|AWS, (SNAT|CONN|primary)/, "the AWS VPC CNI"],
  [/^(ISTIO_|PROXY_INIT_)/, "a service mesh"],
  [
    /^(IN_|FWDI_|FWDO_|FWD_|INPUT_ZONES|FORWARD_ZONES|FORWARD_IN_|FORWARD_OUT_|POST_|PRE_|PREROUTING_ZONES|POSTROUTING_ZONES|filter_|nat_|mangle_|raw_)/,
    "firewalld",
  ],
  [/^ufw6?-/, "ufw"],
  [/^LIBVIRT_|virbr\d/, "libvirt"],
  [/^f2b-|^fail2ban/, "fail2ban"],
  [/^(NETAVARK|PODMAN)/, "Podman"],
  [/^ts-|tailscale/, "Tailscale"],
];

/** Who may have made a chain or a rule that is not kube-proxy's. */
export function ownerOf(chain: string, target: string, text: string): string {
  for (const name of [chain, target, text]) {
    const found = OWNERS.find(([of]) => of.test(name));
    if (name !== "" && found !== undefined) return found[1];
  }
  return "somebody else";
}

/** Owners of whole tables of nftables. */
export function ownerOfTable(name: string): string {
  if (/^(f2b|fail2ban)/.test(name)) return "fail2ban";
  if (name === "firewalld") return "firewalld";
  if (/^(kindnet|kube-network-policies)/.test(name)) return "kindnet";
  if (/^(nat|filter|mangle|raw|security)$/.test(name)) return "iptables-nft";
  return ownerOf(name, "", name);
}

/** Does kube-proxy have a rule of this kind: in a chain of its own, or a jump to one from a built-in chain? */
export function isProxyRule(table: TableName, chain: string, target: string, text: string): boolean {
  // The kubelet of 1.27 and before keeps its mark for drops in the chain that both write.
  if (chain === "KUBE-FIREWALL") return !/--mark 0x8000\/0x8000|marked packets/.test(text);
  if (isProxyChain(chain)) return true;
  return isBuiltin(table, chain) && isProxyChain(target);
}
