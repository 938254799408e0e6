/** A small cluster for tests, made of plain objects, without store or controllers. */
import { iptablesRules } from "../kernel/iptables/evaluate.ts";
import { parseSave } from "../kernel/iptables/parse.ts";
import type { Rules } from "../kernel/netfilter.ts";
import type { Container, Pod } from "../model/pod/types.ts";
import { DEFAULT_NETWORK, type LabNetwork } from "../model/kubehop/network.ts";
import type { CloudProvider } from "../model/kubehop/types.ts";
import type { Labels } from "../model/meta/types.ts";
import type { NetworkPolicy } from "../model/networkpolicy/types.ts";
import type { Node } from "../model/node/types.ts";
import type { Service } from "../model/service/types.ts";
import { nodeAddresses } from "./addresses.ts";
import type { ClusterView, OutsideClient } from "./types.ts";

export interface TestPod {
  readonly name: string;
  readonly node: string;
  readonly ip: string;
  readonly container?: Partial<Container>;
  readonly hostNetwork?: boolean;
  readonly listen?: string;
  /** Waiting containers listen on nothing. */
  readonly running?: boolean;
}

export interface TestCluster {
  readonly nodes?: readonly Node[];
  readonly pods?: readonly TestPod[];
  readonly services?: readonly Service[];
  readonly clients?: readonly OutsideClient[];
  readonly cloud?: Partial<CloudProvider["spec"]>;
  readonly network?: LabNetwork;
  readonly rules?: (node: string) => Rules;
  readonly sysctls?: ClusterView["sysctlsOf"];
  readonly healthy?: (node: string) => boolean;
  readonly down?: readonly string[];
  readonly processes?: ClusterView["processOf"];
  readonly proxySockets?: ClusterView["proxySockets"];
  readonly programs?: ClusterView["programOf"];
  readonly machines?: ReturnType<NonNullable<ClusterView["machines"]>>;
  readonly policies?: readonly NetworkPolicy[];
  readonly namespaces?: Readonly<Record<string, Labels>>;
  readonly now?: number;
}

export function testNode(name: string, ip: string, podCIDR: string): Node {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name },
    spec: { podCIDR, podCIDRs: [podCIDR] },
    status: { addresses: [{ type: "InternalIP", address: ip }] },
  };
}

/** worker-1..3 as a scenario has them by default. */
export const TEST_NODES: readonly Node[] = [1, 2, 3].map((i) =>
  testNode(`worker-${i}`, `192.168.56.${10 + i}`, `10.244.${i}.0/24`),
);

export function testPod(pod: TestPod): Pod {
  const name = pod.container?.name ?? "main";
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: pod.name,
      namespace: "default",
      ...(pod.listen === undefined ? {} : { annotations: { "kubehop.dev/listen": pod.listen } }),
    },
    spec: {
      nodeName: pod.node,
      ...(pod.hostNetwork === true ? { hostNetwork: true } : {}),
      containers: [{ name, image: "example.com/server", ...pod.container }],
    },
    status: {
      phase: pod.running === false ? "Pending" : "Running",
      podIP: pod.ip,
      podIPs: [{ ip: pod.ip }],
      containerStatuses: [
        {
          name,
          ready: pod.running !== false,
          restartCount: 0,
          state: pod.running === false ? { waiting: { reason: "ContainerCreating" } } : { running: {} },
        },
      ],
    },
  };
}

/** Rules of every node from `iptables-save` text. */
export function saveRules(text: string): (node: string) => Rules {
  const rules = iptablesRules(parseSave(text).ruleset);
  return () => rules;
}

export function testView(cluster: TestCluster): ClusterView {
  const nodes = cluster.nodes ?? TEST_NODES;
  const pods = (cluster.pods ?? []).map(testPod);
  const services = cluster.services ?? [];
  const none = iptablesRules({ family: 4, tables: {} });
  return {
    now: cluster.now ?? 0,
    cluster: {
      serviceSubnet: "10.96.0.0/12",
      podSubnet: "10.244.0.0/16",
      dnsDomain: "cluster.local",
      nodePortRange: { from: 30_000, to: 32_767 },
    },
    cloud: {
      loadBalancer: "nodePort",
      source: "keep",
      addresses: { from: "203.0.113.10", to: "203.0.113.250" },
      ...cluster.cloud,
    },
    network: { ...DEFAULT_NETWORK, ...cluster.network },
    node: (name) => nodes.find((n) => n.metadata.name === name),
    nodes: () => nodes,
    pod: (namespace, name) => pods.find((p) => p.metadata.namespace === namespace && p.metadata.name === name),
    podByIP: (ip) => pods.find((p) => p.status.podIP === ip && p.spec.hostNetwork !== true),
    podsOnNode: (node) => pods.filter((p) => p.spec.nodeName === node),
    service: (namespace, name) => services.find((s) => s.metadata.namespace === namespace && s.metadata.name === name),
    services: () => services,
    podsOfDeployment: (namespace, name) =>
      pods.filter((p) => p.metadata.namespace === namespace && p.metadata.name.startsWith(`${name}-`)),
    clients: () => cluster.clients ?? [{ name: "internet", ip: "198.51.100.24" }],
    loadBalancer: (ip) => services.find((s) => s.status.loadBalancer.ingress?.some((i) => i.ip === ip)),
    targetsOf: () =>
      nodes.map((node) => ({
        name: node.metadata.name,
        addresses: nodeAddresses(node),
        healthy: cluster.healthy?.(node.metadata.name) ?? true,
        pod: null,
      })),
    rulesOf: cluster.rules ?? (() => none),
    isDown: (node) => cluster.down?.includes(node) === true,
    ...(cluster.processes === undefined ? {} : { processOf: cluster.processes }),
    ...(cluster.proxySockets === undefined ? {} : { proxySockets: cluster.proxySockets }),
    ...(cluster.programs === undefined ? {} : { programOf: cluster.programs }),
    machines: () => cluster.machines ?? [],
    networkPolicies: () => cluster.policies ?? [],
    namespaceLabels: (name) => cluster.namespaces?.[name] ?? { "kubernetes.io/metadata.name": name },
    ...(cluster.sysctls === undefined ? {} : { sysctlsOf: cluster.sysctls }),
  };
}
