import type { ObjectReader } from "../apiserver/types.ts";
import { compareStrings } from "../base/compare.ts";
import type { Micros } from "../base/time.ts";
import type { Listener, Sysctls } from "../kernel/host.ts";
import type { Rules } from "../kernel/netfilter.ts";
import type { ClusterConfig } from "../model/config/types.ts";
import { networkOf } from "../model/kubehop/network.ts";
import type { Client, CloudProvider, Lab } from "../model/kubehop/types.ts";
import { objectKey } from "../model/meta/types.ts";
import type { NetworkPolicy } from "../model/networkpolicy/types.ts";
import { isControlPlane, type Node } from "../model/node/types.ts";
import type { Pod } from "../model/pod/types.ts";
import type { Service } from "../model/service/types.ts";
import type { ClusterView } from "../network/types.ts";
import { controlPlane } from "./control-plane.ts";
import { programOf } from "./programs.ts";

export interface ViewInputs {
  readonly reader: ObjectReader;
  readonly now: Micros;
  readonly cluster: ClusterConfig;
  readonly cloud: CloudProvider["spec"];
  readonly rulesOf: (node: string) => Rules;
  readonly sysctlsOf: (node: string) => Partial<Sysctls>;
  readonly isDown: (node: string) => boolean;
  readonly processOf: (pod: Pod) => "answers" | "hangs" | "closed";
  /** What the node's kube-proxy listens on; none while it does not run. */
  readonly proxySockets: (node: string) => readonly Listener[];
  /** How balancers last saw a node's health check, where that is out of date; null: as it is. */
  readonly seenUp: (node: string) => boolean | null;
}

/** Has the node a ready endpoint of the Service? What its kube-proxy said last, if it says nothing now. */
function hasLocalEndpoint(reader: ObjectReader, { metadata }: Service, node: string): boolean {
  return reader
    .slicesOf(metadata.namespace ?? "", metadata.name)
    .some((slice) => slice.endpoints?.some((e) => e.nodeName === node && e.conditions?.ready !== false));
}

/** kube-proxy's own health check, which balancers ask where the Service has none. */
const HEALTHZ = 10_256;

/**
 * Nodes that a cloud balancer forwards to. Membership is every Node but those that opt out, ready or not: health alone decides,
 * which is what kube-proxy answers on its /healthz (policy Cluster) or on the Service's health check node port (Local). A node that
 * stops answering stays in until enough checks have failed; how many endpoints it has, balancers know at once.
 */
function healthyNodes({ reader, proxySockets, seenUp }: ViewInputs, service: Service): readonly Node[] {
  const port = service.spec.healthCheckNodePort;
  const asked = port === undefined || port === 0 ? HEALTHZ : port;
  return reader.list<Node>("Node").filter(({ metadata: { name, labels } }) => {
    const excluded = labels?.["node.kubernetes.io/exclude-from-external-load-balancers"];
    if (excluded !== undefined && excluded !== "false") return false;
    const seen = seenUp(name);
    if (seen !== null) return seen && (asked === HEALTHZ || hasLocalEndpoint(reader, service, name));
    return proxySockets(name).some((socket) => socket.port === asked && socket.response?.status === 200);
  });
}

/** The cluster as the network sees it at one moment. Nothing is copied: it reads through to the store. */
export function clusterView(given: ViewInputs): ClusterView {
  const { reader, now, cluster, cloud, rulesOf, sysctlsOf, isDown, processOf } = given;
  const known = new Map<string, readonly Listener[]>();
  const proxySockets = (node: string): readonly Listener[] => {
    let sockets = known.get(node);
    if (sockets === undefined) known.set(node, (sockets = given.proxySockets(node)));
    return sockets;
  };
  return {
    now,
    cluster,
    cloud,
    network: networkOf(reader.list<Lab>("Lab")),
    rulesOf,
    sysctlsOf,
    isDown,
    processOf,
    proxySockets,
    programOf: (pod, listener) => programOf(reader, cluster, pod, listener),
    machines: () =>
      reader
        .list<Node>("Node")
        .filter(isControlPlane)
        .map((node) => controlPlane(node, now)),
    networkPolicies: () => reader.list<NetworkPolicy>("NetworkPolicy"),
    namespaceLabels: (name) => reader.get(objectKey("Namespace", undefined, name))?.metadata.labels,
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
    clients: () => reader.list<Client>("Client").map((c) => ({ name: c.metadata.name, ...c.spec })),
    loadBalancer: (ip) =>
      reader
        .list<Service>("Service")
        .find((s) => s.spec.type === "LoadBalancer" && s.status.loadBalancer.ingress?.some((i) => i.ip === ip)),
    healthyNodes: (service) => healthyNodes({ ...given, proxySockets }, service),
  };
}
