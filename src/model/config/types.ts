import type { KubeObject } from "../meta/types.ts";

/** Schedulers of IPVS that are simulated. */
export type IpvsScheduler = "rr" | "wrr" | "lc" | "wlc" | "sh" | "dh" | "sed" | "nq" | "mh";

export type ProxyMode = "iptables" | "nftables" | "ipvs" | "userspace";

/** kubeproxy.config.k8s.io/v1alpha1 with defaults filled in; durations in microseconds. Read once, at kube-proxy's start. */
export interface ProxyConfig {
  readonly mode: ProxyMode;
  readonly detectLocalMode: "ClusterCIDR" | "NodeCIDR" | "BridgeInterface" | "InterfaceNamePrefix";
  /** The CIDRs (ClusterCIDR, NodeCIDR) or the interface name or prefix that mark local traffic. Empty: no detector. */
  readonly detectLocal: readonly string[];
  readonly masqueradeAll: boolean;
  readonly masqueradeBit: number;
  readonly localhostNodePorts: boolean;
  /** null: the mode's own default. */
  readonly nodePortAddresses: readonly string[] | null;
  readonly minSyncPeriod: number;
  readonly syncPeriod: number;
  /** What kube-proxy finds on the node rather than in its file. */
  readonly nfacct: boolean;
  readonly conntrackTCPBeLiberal: boolean;
  readonly randomFully: boolean;
  /** Ranges of all ServiceCIDR objects: nftables mode drops what is sent to addresses in them that no Service has. */
  readonly serviceCIDRs?: readonly string[];
  /** `logging.verbosity`; absent: what its command line says. */
  readonly verbosity?: number;
  /** `ipvs.scheduler`; absent: rr. */
  readonly ipvsScheduler?: IpvsScheduler;
  /** `ipvs.strictARP`: arp_ignore 1 and arp_announce 2, so that the node does not answer ARP for what is on kube-ipvs0. */
  readonly strictARP?: boolean;
  /** `portRange`, for userspace mode: where its proxy ports come from; absent: any free ephemeral port. */
  readonly proxyPorts?: { readonly from: number; readonly to: number };
}

/** kubeadm's ClusterConfiguration, reduced to what the network needs, with defaults filled in. */
export interface ClusterConfig {
  readonly serviceSubnet: string;
  readonly podSubnet: string;
  readonly dnsDomain: string;
  readonly nodePortRange: { readonly from: number; readonly to: number };
}

export interface ConfigObject extends KubeObject {
  readonly [field: string]: unknown;
}
