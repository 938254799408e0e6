/** Names of the chains of ipvs mode. Upstream: pkg/proxy/ipvs/proxier.go. */
export const SERVICES = "KUBE-SERVICES";
export const POSTROUTING = "KUBE-POSTROUTING";
export const MARK_MASQ = "KUBE-MARK-MASQ";
export const NODE_PORT = "KUBE-NODE-PORT";
export const LOAD_BALANCER = "KUBE-LOAD-BALANCER";
export const FORWARD = "KUBE-FORWARD";
export const PROXY_FIREWALL = "KUBE-PROXY-FIREWALL";
export const SOURCE_RANGES = "KUBE-SOURCE-RANGES-FIREWALL";
export const IPVS_FILTER = "KUBE-IPVS-FILTER";
export const IPVS_OUT_FILTER = "KUBE-IPVS-OUT-FILTER";
