import type { KubeObject, LabelSelector } from "../meta/types.ts";

/** metallb.io/v1beta1: addresses that MetalLB may hand out. */
export interface IPAddressPool extends KubeObject {
  readonly apiVersion: "metallb.io/v1beta1";
  readonly kind: "IPAddressPool";
  readonly spec: {
    /** CIDRs, or ranges `192.168.1.240-192.168.1.250`. */
    readonly addresses: readonly string[];
    /** False: only for Services that ask for this pool. */
    readonly autoAssign: boolean;
    /** Leave out addresses that end in .0 and .255. */
    readonly avoidBuggyIPs?: boolean;
    /** Which Services may use it; the lower the number the sooner it is tried. */
    readonly serviceAllocation?: {
      readonly priority?: number;
      readonly namespaces?: readonly string[];
      readonly namespaceSelectors?: readonly LabelSelector[];
      readonly serviceSelectors?: readonly LabelSelector[];
    };
  };
}

/** metallb.io/v1beta1: pools whose addresses are announced by ARP and NDP. No pools named: all of them. */
export interface L2Advertisement extends KubeObject {
  readonly apiVersion: "metallb.io/v1beta1";
  readonly kind: "L2Advertisement";
  readonly spec: {
    readonly ipAddressPools?: readonly string[];
    readonly ipAddressPoolSelectors?: readonly LabelSelector[];
    readonly nodeSelectors?: readonly LabelSelector[];
    readonly interfaces?: readonly string[];
  };
}

/** metallb.io/v1beta1: pools whose addresses are announced to BGP peers. */
export interface BGPAdvertisement extends KubeObject {
  readonly apiVersion: "metallb.io/v1beta1";
  readonly kind: "BGPAdvertisement";
  readonly spec: {
    readonly ipAddressPools?: readonly string[];
    readonly ipAddressPoolSelectors?: readonly LabelSelector[];
    readonly nodeSelectors?: readonly LabelSelector[];
    readonly peers?: readonly string[];
    readonly aggregationLength?: number;
    readonly aggregationLengthV6?: number;
    readonly localPref?: number;
    readonly communities?: readonly string[];
  };
}

/** metallb.io/v1beta2: a router that the nodes speak BGP with. v1beta1 is converted to it. */
export interface BGPPeer extends KubeObject {
  readonly apiVersion: "metallb.io/v1beta2";
  readonly kind: "BGPPeer";
  readonly spec: {
    readonly myASN: number;
    readonly peerASN?: number;
    readonly dynamicASN?: string;
    readonly peerAddress?: string;
    readonly peerPort?: number;
    readonly sourceAddress?: string;
    readonly holdTime?: string;
    readonly keepaliveTime?: string;
    readonly routerID?: string;
    readonly nodeSelectors?: readonly LabelSelector[];
    readonly ebgpMultiHop?: boolean;
  };
}
