import type { ObjectReference } from "../endpoints/types.ts";
import type { KubeObject } from "../meta/types.ts";
import type { TransportProtocol } from "../pod/types.ts";

/** The label that ties a slice to its Service: nothing else does. */
export const SERVICE_NAME_LABEL = "kubernetes.io/service-name";
export const MANAGED_BY_LABEL = "endpointslice.kubernetes.io/managed-by";
/** Its value on the slices of Services with a selector. */
export const ENDPOINTSLICE_CONTROLLER = "endpointslice-controller.k8s.io";

export interface Endpoint {
  readonly addresses: readonly string[];
  /** nil semantics: ready nil ⇒ true, serving nil ⇒ ready, terminating nil ⇒ false. */
  readonly conditions?: { readonly ready?: boolean; readonly serving?: boolean; readonly terminating?: boolean };
  readonly hostname?: string;
  readonly nodeName?: string;
  readonly zone?: string;
  readonly targetRef?: ObjectReference;
  readonly hints?: {
    readonly forZones?: readonly { readonly name: string }[];
    readonly forNodes?: readonly { readonly name: string }[];
  };
}

export interface EndpointPort {
  readonly name?: string;
  readonly protocol?: TransportProtocol;
  readonly port?: number;
  readonly appProtocol?: string;
}

export interface EndpointSlice extends KubeObject {
  readonly apiVersion: "discovery.k8s.io/v1";
  readonly kind: "EndpointSlice";
  readonly addressType: "IPv4" | "IPv6" | "FQDN";
  readonly endpoints: readonly Endpoint[] | null;
  readonly ports: readonly EndpointPort[] | null;
}
