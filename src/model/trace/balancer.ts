import type { Micros } from "../../base/time.ts";
import type { ObjectKey } from "../meta/types.ts";
import type { TransportProtocol } from "../pod/types.ts";

/** A load balancer as it stands: the data behind a Service's EXTERNAL-IP. */
export interface BalancerReport {
  readonly service: ObjectKey;
  readonly addresses: readonly string[];
  /** The DNS name in the Service's status; null when it has an address there. */
  readonly name: string | null;
  /** What it does with a packet; metallb: nodes announce the address, and nothing stands before them. */
  readonly kind: "nodePort" | "vip" | "pod" | "metallb";
  readonly listeners: readonly {
    readonly port: number;
    readonly protocol: TransportProtocol;
    /** The port that targets are dialled on: a node port, or a pod's (by number or name); null: the header is kept. */
    readonly targetPort: number | string | null;
  }[];
  /** `GET :10256/healthz`; null: it asks nothing. */
  readonly check: string | null;
  /** Nodes or pods that are registered, or nodes that announce. */
  readonly targets: readonly BalancerReportTarget[];
}

export interface BalancerReportTarget {
  /** "worker-1", "default/web-x". */
  readonly name: string;
  readonly addresses: readonly string[];
  /** announcing: MetalLB's speaker there does. */
  readonly state: "healthy" | "unhealthy" | "announcing";
  /** When enough checks will have said otherwise; null while what is believed is so. */
  readonly turns: Micros | null;
  /** "layer2" or "bgp" for MetalLB, else null. */
  readonly protocol: "layer2" | "bgp" | null;
}
