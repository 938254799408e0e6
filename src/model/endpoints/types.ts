import type { KubeObject } from "../meta/types.ts";
import type { TransportProtocol } from "../pod/types.ts";

export interface ObjectReference {
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly uid?: string;
}

export interface EndpointAddress {
  readonly ip: string;
  readonly hostname?: string;
  readonly nodeName?: string;
  readonly targetRef?: ObjectReference;
}

export interface EndpointSubset {
  readonly addresses?: readonly EndpointAddress[];
  readonly notReadyAddresses?: readonly EndpointAddress[];
  readonly ports?: readonly {
    readonly name?: string;
    readonly port: number;
    readonly protocol?: TransportProtocol;
    readonly appProtocol?: string;
  }[];
}

/** The legacy v1 Endpoints, linked to its Service by name alone. kube-proxy never reads it. */
export interface Endpoints extends KubeObject {
  readonly apiVersion: "v1";
  readonly kind: "Endpoints";
  readonly subsets?: readonly EndpointSubset[];
}
