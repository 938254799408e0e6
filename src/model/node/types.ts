import type { Condition, KubeObject } from "../meta/types.ts";

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
  readonly timeAdded?: string;
}

export interface NodeAddress {
  readonly type: "InternalIP" | "ExternalIP" | "Hostname" | "InternalDNS" | "ExternalDNS";
  readonly address: string;
}

export interface Node extends KubeObject {
  readonly apiVersion: "v1";
  readonly kind: "Node";
  readonly spec: {
    readonly podCIDR?: string;
    readonly podCIDRs?: readonly string[];
    readonly unschedulable?: boolean;
    readonly taints?: readonly Taint[];
  };
  readonly status: {
    readonly addresses?: readonly NodeAddress[];
    readonly conditions?: readonly Condition[];
    readonly nodeInfo?: Readonly<Record<string, string>>;
  };
}

/** The Node's first InternalIP (the address it is dialled by), or undefined. */
export function nodeInternalIP(node: Node): string | undefined {
  return node.status.addresses?.find((a) => a.type === "InternalIP")?.address;
}

/** True unless the Ready condition says otherwise; a Node without conditions has not been judged yet and counts as ready. */
export function nodeReady(node: Node): boolean {
  const ready = node.status.conditions?.find((c) => c.type === "Ready");
  return ready === undefined || ready.status === "True";
}

/** kubeadm labels the nodes that run the control plane with it, and taints them with the same key. */
export const CONTROL_PLANE_LABEL = "node-role.kubernetes.io/control-plane";

/** Its name up to 1.23. */
export const MASTER_LABEL = "node-role.kubernetes.io/master";

export function isControlPlane(node: Node): boolean {
  const labels = node.metadata.labels ?? {};
  return CONTROL_PLANE_LABEL in labels || MASTER_LABEL in labels;
}
