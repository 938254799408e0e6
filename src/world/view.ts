import type { ObjectReader } from "../apiserver/types.ts";
import { compareStrings } from "../base/compare.ts";
import type { Micros } from "../base/time.ts";
import type { Sysctls } from "../kernel/host.ts";
import type { Rules } from "../kernel/netfilter.ts";
import type { ClusterConfig } from "../model/config/types.ts";
import type { Client, CloudProvider } from "../model/kubehop/types.ts";
import { objectKey } from "../model/meta/types.ts";
import { type Node, nodeReady } from "../model/node/types.ts";
import type { Pod } from "../model/pod/types.ts";
import type { Service } from "../model/service/types.ts";
import type { ClusterView } from "../network/types.ts";

export interface ViewInputs {
  readonly reader: ObjectReader;
  readonly now: Micros;
  readonly cluster: ClusterConfig;
  readonly cloud: CloudProvider["spec"];
  readonly rulesOf: (node: string) => Rules;
  readonly sysctlsOf: (node: string) => Partial<Sysctls>;
  readonly isDown: (node: string) => boolean;
  readonly processOf: (pod: Pod) => "answers" | "hangs" | "closed";
}

/** Nodes whose health check port would answer 200: those with a ready endpoint of their own (externalTrafficPolicy Local). */
function nodesWithLocalEndpoints(reader: ObjectReader, service: Service): ReadonlySet<string> {
  const nodes = new Set<string>();
  for (const slice of reader.slicesOf(service.metadata.namespace ?? "", service.metadata.name)) {
    for (const endpoint of slice.endpoints ?? []) {
      if (endpoint.nodeName !== undefined && endpoint.conditions?.ready !== false) nodes.add(endpoint.nodeName);
    }
  }
  return nodes;
}

/**
 * Nodes that a cloud balancer forwards to. Membership is every Node but those that opt out; health is kube-proxy's own
 * /healthz (policy Cluster) or the Service's health check node port (policy Local).
 */
function healthyNodes(reader: ObjectReader, service: Service): readonly Node[] {
  const local = service.spec.externalTrafficPolicy === "Local" ? nodesWithLocalEndpoints(reader, service) : null;
  return reader.list<Node>("Node").filter((node) => {
    const excluded = node.metadata.labels?.["node.kubernetes.io/exclude-from-external-load-balancers"];
    if (excluded !== undefined && excluded !== "false") return false;
    return nodeReady(node) && (local === null || local.has(node.metadata.name));
  });
}

/** The cluster as the network sees it at one moment. Nothing is copied: it reads through to the store. */
export function clusterView({
  reader,
  now,
  cluster,
  cloud,
  rulesOf,
  sysctlsOf,
  isDown,
  processOf,
}: ViewInputs): ClusterView {
  return {
    now,
    cluster,
    cloud,
    attachment: "bridge",
    rulesOf,
    sysctlsOf,
    isDown,
    processOf,
    node: (name) => reader.get<Node>(objectKey("Node", undefined, name)),
    nodes: () => reader.list<Node>("Node"),
    pod: (namespace, name) => reader.get<Pod>(objectKey("Pod", namespace, name)),
    podByIP: (ip) => reader.podByIP(ip),
    podsOnNode: (node) => reader.podsOnNode(node),
    service: (namespace, name) => reader.get<Service>(objectKey("Service", namespace, name)),
    services: () => reader.list<Service>("Service"),
    podsOfDeployment: (namespace, name) => {
      const uid = reader.get(objectKey("Deployment", namespace, name))?.metadata.uid;
      if (uid === undefined) return [];
      return reader
        .ownedBy(uid)
        .flatMap((owned) => (owned.metadata.uid === undefined ? [] : reader.ownedBy(owned.metadata.uid)))
        .filter((object): object is Pod => object.kind === "Pod")
        .sort((a, b) => compareStrings(a.metadata.name, b.metadata.name));
    },
    clients: () => reader.list<Client>("Client").map((c) => ({ name: c.metadata.name, ip: c.spec.ip })),
    loadBalancer: (ip) =>
      reader
        .list<Service>("Service")
        .find((s) => s.spec.type === "LoadBalancer" && s.status.loadBalancer.ingress?.some((i) => i.ip === ip)),
    healthyNodes: (service) => healthyNodes(reader, service),
  };
}
