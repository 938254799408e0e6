import type { KubeObject, LabelSelector } from "../meta/types.ts";
import type { TransportProtocol } from "../pod/types.ts";

export interface NetworkPolicyPort {
  readonly protocol?: TransportProtocol;
  /** Absent: every port. */
  readonly port?: number | string;
  readonly endPort?: number;
}

export interface NetworkPolicyPeer {
  readonly podSelector?: LabelSelector;
  readonly namespaceSelector?: LabelSelector;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}

export interface NetworkPolicy extends KubeObject {
  readonly apiVersion: "networking.k8s.io/v1";
  readonly kind: "NetworkPolicy";
  readonly spec: {
    /** Empty: every pod of the namespace. */
    readonly podSelector: LabelSelector;
    readonly policyTypes?: readonly ("Ingress" | "Egress")[];
    readonly ingress?: readonly {
      readonly ports?: readonly NetworkPolicyPort[];
      readonly from?: readonly NetworkPolicyPeer[];
    }[];
    readonly egress?: readonly {
      readonly ports?: readonly NetworkPolicyPort[];
      readonly to?: readonly NetworkPolicyPeer[];
    }[];
  };
}
