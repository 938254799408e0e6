import type { ObjectReader } from "../apiserver/types.ts";
import { compareStrings } from "../base/compare.ts";
import type { Micros } from "../base/time.ts";
import type { Listener, Sysctls } from "../kernel/host.ts";
import type { Rules } from "../kernel/netfilter.ts";
import type { ClusterConfig } from "../model/config/types.ts";
import { networkOf } from "../model/kubehop/network.ts";
import type { Client, CloudProvider, Lab } from "../model/kubehop/types.ts";
import { objectKey, type ObjectKey } from "../model/meta/types.ts";
import type { NetworkPolicy } from "../model/networkpolicy/types.ts";
import { isControlPlane, type Node } from "../model/node/types.ts";
import type { Pod } from "../model/pod/types.ts";
import type { Service } from "../model/service/types.ts";
import type { ClusterView } from "../network/types.ts";
import type { Announcer } from "../controllers/metallb/speaker.ts";
import type { Balancers } from "./balancers.ts";
import { answererOf, learnedRoutes } from "./announced.ts";
import { controlPlane } from "./control-plane.ts";
import type { CoreDnsInputs } from "./coredns.ts";
import { nameService } from "./names.ts";
import { programOf } from "./programs.ts";
import { withPublished } from "./published.ts";

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
  /** As which a pod's container came up, for a name server that reads its configuration then. */
  readonly started: (pod: Pod) => Omit<CoreDnsInputs, "reader">;
  readonly balancers: Pick<Balancers, "addressesOf" | "targetsOf">;
  /** Who announces the Service's address for MetalLB. */
  readonly announcersOf: (service: ObjectKey) => readonly Announcer[];
  /** Was the node's kube-proxy started with ipvs.strictARP? */
  readonly isStrictARP: (node: string) => boolean;
  readonly seed: number;
}

/** The cluster as the network sees it at one moment. Nothing is copied: it reads through to the store. */
export function clusterView(given: ViewInputs): ClusterView {
  const { reader, now, cluster, cloud, rulesOf, sysctlsOf, isDown, processOf, balancers } = given;
  const known = new Map<string, readonly Listener[]>();
  const proxySockets = (node: string): readonly Listener[] => {
    let sockets = known.get(node);
    if (sockets === undefined) known.set(node, (sockets = given.proxySockets(node)));
    return sockets;
  };
  const published =
    cloud.status === "hostname" ? withPublished(reader, (service) => balancers.addressesOf(service)) : reader;
  let byAddress: ReadonlyMap<string, Service> | null = null;
  const balanced = (): ReadonlyMap<string, Service> =>
    (byAddress ??= new Map(
      reader
        .list<Service>("Service")
        .filter((service) => service.spec.type === "LoadBalancer")
        .flatMap((service) => balancers.addressesOf(service).map((ip) => [ip, service] as const)),
    ));
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
    programOf: (pod, listener) => programOf(published, cluster, given.started, pod, listener),
    names: nameService(published, cluster),
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
    loadBalancer: (ip) => balanced().get(ip),
    loadBalancers: () => [...balanced().keys()],
    balancerAddresses: (service) => balancers.addressesOf(service),
    targetsOf: (service) => balancers.targetsOf(service),
    answererOf: (ip, asker) => answererOf(given, ip, asker),
    learnedRoutes: () => learnedRoutes(given),
  };
}
