import type { NftSet } from "../../kernel/nftables/types.ts";

/** Names of what kube-proxy always has in its table. Upstream: pkg/proxy/nftables/proxier.go. */
export const TABLE = "kube-proxy";

export const CLUSTER_IPS = "cluster-ips";
export const NODEPORT_IPS = "nodeport-ips";
export const HAIRPIN = "hairpin-connections";
export const SERVICE_IPS = "service-ips";
export const SERVICE_NODEPORTS = "service-nodeports";
export const NO_ENDPOINT_SERVICES = "no-endpoint-services";
export const NO_ENDPOINT_NODEPORTS = "no-endpoint-nodeports";
export const FIREWALL_IPS = "firewall-ips";

export const SERVICES = "services";
export const MASQUERADING = "masquerading";
export const CLUSTER_IPS_CHECK = "cluster-ips-check";
export const NODEPORT_ENDPOINTS_CHECK = "nodeport-endpoints-check";
export const SERVICE_ENDPOINTS_CHECK = "service-endpoints-check";
export const FIREWALL_CHECK = "firewall-check";
export const REJECT_CHAIN = "reject-chain";

/** Sets and maps that follow the Services, in the order in which a sync removes what is left over in them. */
export const TRACKED = [
  CLUSTER_IPS,
  SERVICE_IPS,
  FIREWALL_IPS,
  NO_ENDPOINT_SERVICES,
  NO_ENDPOINT_NODEPORTS,
  SERVICE_NODEPORTS,
  HAIRPIN,
] as const;

function container(type: string, valueType: string | null, comment: string): NftSet {
  return {
    type,
    valueType,
    comment,
    size: null,
    flags: [],
    timeoutSeconds: null,
    opaque: [],
    elements: new Map(),
  };
}

function containersOf(address: string): Readonly<Record<string, NftSet>> {
  const toService = `${address} . inet_proto . inet_service`;
  const toPort = "inet_proto . inet_service";
  return {
    [CLUSTER_IPS]: container(address, null, "Active ClusterIPs"),
    [NODEPORT_IPS]: container(address, null, "IPs that accept NodePort traffic"),
    [HAIRPIN]: container(`${address} . ${toService}`, null, "service hairpin connections"),
    [SERVICE_IPS]: container(toService, "verdict", "ClusterIP, ExternalIP and LoadBalancer IP traffic"),
    [SERVICE_NODEPORTS]: container(toPort, "verdict", "NodePort traffic"),
    [NO_ENDPOINT_SERVICES]: container(
      toService,
      "verdict",
      "vmap to drop or reject packets to services with no endpoints",
    ),
    [NO_ENDPOINT_NODEPORTS]: container(
      toPort,
      "verdict",
      "vmap to drop or reject packets to service nodeports with no endpoints",
    ),
    [FIREWALL_IPS]: container(toService, "verdict", "destinations that are subject to LoadBalancerSourceRanges"),
  };
}

const CONTAINERS: Readonly<Record<4 | 6, Readonly<Record<string, NftSet>>>> = {
  4: containersOf("ipv4_addr"),
  6: containersOf("ipv6_addr"),
};

/** A set or map of the table, empty. */
export function containerOf(family: 4 | 6, name: string): NftSet {
  return CONTAINERS[family][name] as NftSet;
}

/** The set in which an endpoint's clients are remembered. */
export function affinitySet(family: 4 | 6, seconds: number): NftSet {
  return {
    type: family === 4 ? "ipv4_addr" : "ipv6_addr",
    valueType: null,
    comment: null,
    size: null,
    flags: ["dynamic", "timeout"],
    timeoutSeconds: seconds,
    opaque: [],
    elements: new Map(),
  };
}
