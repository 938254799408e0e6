import { must } from "../base/assert.ts";
import { DEFAULT_CLUSTER } from "../model/config/cluster-config.ts";
import { proxyConfig } from "../model/config/proxy-config.ts";
import type { ClusterConfig, ProxyConfig } from "../model/config/types.ts";
import { KUBEHOP_VERSION, type Client, type CloudProvider } from "../model/kubehop/types.ts";
import type { KubeObject } from "../model/meta/types.ts";
import type { Node } from "../model/node/types.ts";
import { NODE_INFO } from "./node-info.ts";
import { systemObjects } from "./system.ts";

/** What a scenario text gets when it does not say otherwise. */

const WORKERS = 3;

/** worker-1..3 at 192.168.56.11–13, podCIDR 10.244.1–3.0/24; the control plane has .10 and the piece before theirs. */
export const DEFAULT_NODES: readonly Node[] = Array.from({ length: WORKERS }, (_, i) => {
  const name = `worker-${i + 1}`;
  const podCIDR = `10.244.${i + 1}.0/24`;
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, labels: { "kubernetes.io/hostname": name, "kubernetes.io/os": "linux" } },
    spec: { podCIDR, podCIDRs: [podCIDR] },
    status: {
      addresses: [
        { type: "InternalIP", address: `192.168.56.${11 + i}` },
        { type: "Hostname", address: name },
      ],
      nodeInfo: NODE_INFO,
    },
  };
});

export const DEFAULT_CLIENT: Client = {
  apiVersion: KUBEHOP_VERSION,
  kind: "Client",
  metadata: { name: "internet" },
  spec: { ip: "198.51.100.24" },
};

export const DEFAULT_CLOUD: CloudProvider["spec"] = {
  loadBalancer: "nodePort",
  source: "keep",
  addresses: { from: "203.0.113.10", to: "203.0.113.250" },
};

const withoutFile = proxyConfig(undefined, DEFAULT_CLUSTER);

/** kube-proxy as it starts with the file that kubeadm makes when nobody says anything. */
export const DEFAULT_PROXY: ProxyConfig = withServiceRanges(
  must(withoutFile.ok ? withoutFile.value : null, "kube-proxy's defaults are valid"),
  DEFAULT_CLUSTER,
);

/** kube-proxy learns the Services' ranges from the ServiceCIDR object that the API server makes of its own flag. */
export function withServiceRanges(proxy: ProxyConfig, cluster: ClusterConfig): ProxyConfig {
  return { ...proxy, serviceCIDRs: cluster.serviceSubnet.split(",").map((range) => range.trim()) };
}

/** Adds what a new cluster has, and the default nodes and client where the text names none. */
export function withDefaults(objects: readonly KubeObject[], cluster: ClusterConfig): readonly KubeObject[] {
  const has = (kind: string): boolean => objects.some((o) => o.kind === kind);
  return [
    ...systemObjects(objects, cluster),
    ...(has("Node") ? [] : DEFAULT_NODES),
    ...(has("Client") ? [] : [DEFAULT_CLIENT]),
    ...objects,
  ];
}

/** A Node that is only named has an address all the same: the next free one of the usual network. */
export function withAddress(node: Node, taken: Set<string>): Node {
  const { addresses = [] } = (node.status as Partial<Node["status"]> | undefined) ?? {};
  if (addresses.some(({ type }) => type === "InternalIP")) return node;
  let last = 11;
  while (taken.has(`192.168.56.${String(last)}`)) last += 1;
  const address = `192.168.56.${String(last)}`;
  taken.add(address);
  return { ...node, status: { ...node.status, addresses: [{ type: "InternalIP", address }, ...addresses] } };
}
