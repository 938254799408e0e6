/** Names of the chains that kube-proxy always has. Upstream: pkg/proxy/iptables/proxier.go. */
export const SERVICES = "KUBE-SERVICES";
export const EXTERNAL_SERVICES = "KUBE-EXTERNAL-SERVICES";
export const NODEPORTS = "KUBE-NODEPORTS";
export const POSTROUTING = "KUBE-POSTROUTING";
export const MARK_MASQ = "KUBE-MARK-MASQ";
export const FORWARD = "KUBE-FORWARD";
export const PROXY_FIREWALL = "KUBE-PROXY-FIREWALL";
/** The kubelet's chain; kube-proxy writes the same rule into it. */
export const KUBELET_FIREWALL = "KUBE-FIREWALL";

/** nfacct counters. Upstream: pkg/proxy/metrics. */
export const NFACCT_INVALID = "ct_state_invalid_dropped_pkts";
export const NFACCT_LOCALHOST = "localhost_nps_accepted_pkts";
