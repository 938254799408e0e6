import type { KubeObject } from "../meta/types.ts";
import type { LabNetwork, StaticRoute } from "./network.ts";

/** The one group of our own: what a scenario needs that Kubernetes has no kind for. */
export const KUBEHOP_VERSION = "kubehop.dev/v1alpha1";

/** A machine outside the cluster. */
export interface Client extends KubeObject {
  readonly apiVersion: typeof KUBEHOP_VERSION;
  readonly kind: "Client";
  readonly spec: {
    readonly ip: string;
    /** Routes of its own besides the default route. */
    readonly routes?: readonly StaticRoute[];
    /** Names that resolvers outside the cluster have for it. */
    readonly names?: readonly string[];
    /** What it listens on, as `kubehop.dev/listen` has it for pods; absent: it only sends. */
    readonly listen?: string;
    /** Its own resolv.conf; absent: a resolver outside the cluster. */
    readonly nameservers?: readonly string[];
    readonly searches?: readonly string[];
  };
}

export interface CloudProvider extends KubeObject {
  readonly apiVersion: typeof KUBEHOP_VERSION;
  readonly kind: "CloudProvider";
  readonly spec: {
    /**
     * nodePort: DNAT to nodeIP:nodePort on a healthy node, replies return through the balancer. vip: the header is kept and
     * the node's own rules answer, replies go straight back. pod: DNAT to a ready pod's own address and target port, no node port.
     * none: no controller hands out addresses.
     */
    readonly loadBalancer: "nodePort" | "vip" | "pod" | "none";
    /** What the Service's status tells of the balancer: its address, or only a DNS name, as on AWS. Absent: its address. */
    readonly status?: "ip" | "hostname";
    /** ipMode of an address in the status. Absent: VIP, nodes answer for it themselves. */
    readonly ipMode?: "VIP" | "Proxy";
    /** closed: the nodes' security group lets nobody outside reach node ports but the balancers. Absent: open. */
    readonly nodePorts?: "open" | "closed";
    /** Whether a nodePort or pod balancer keeps the client's address or dials nodes from its own. */
    readonly source: "keep" | "snat";
    /** First and last address it hands out, inclusive. */
    readonly addresses: { readonly from: string; readonly to: string };
    /** When its balancers take a node out and in again; absent fields: every 8 s, out after 3 failures, in after one success. */
    readonly healthCheck?: {
      readonly intervalSeconds?: number;
      readonly unhealthyThreshold?: number;
      readonly healthyThreshold?: number;
    };
  };
}

export interface Lab extends KubeObject {
  readonly apiVersion: typeof KUBEHOP_VERSION;
  readonly kind: "Lab";
  readonly spec: {
    readonly seed?: number;
    /** Title shown in the scenario picker. */
    readonly title?: string;
    /** `send` lines that the app runs by itself on opening: from and to as the CLI writes them. */
    readonly open?: { readonly from: string; readonly to: string };
    /** What happens once the cluster stands: lines of a terminal, and faults. The command line does it before it looks. */
    readonly after?: readonly string[];
    readonly network?: LabNetwork;
  };
}

/** `kubehop.dev/listen: "8080/TCP, 127.0.0.1:9000/TCP, 53/UDP"` on a Pod says exactly what its process listens on. */
export const LISTEN_ANNOTATION = "kubehop.dev/listen";
/** `kubehop.dev/behavior`: start delay, latency, crash, hang. */
export const BEHAVIOR_ANNOTATION = "kubehop.dev/behavior";
