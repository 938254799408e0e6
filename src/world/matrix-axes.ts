/** Rows and columns of the table of who reaches what. */
import { compareStrings } from "../base/compare.ts";
import { cidrContains, isIPv6, joinHostPort } from "../base/ip.ts";
import type { EndpointSlice } from "../model/endpointslice/types.ts";
import type { Client } from "../model/kubehop/types.ts";
import { keyOf, type Labels } from "../model/meta/types.ts";
import type { NetworkPolicy } from "../model/networkpolicy/types.ts";
import type { Node } from "../model/node/types.ts";
import { isAttached } from "../network/topology/pod.ts";
import type { Pod } from "../model/pod/types.ts";
import { labelSelectorMatches } from "../model/selectors.ts";
import type { Service, ServicePort } from "../model/service/types.ts";
import type { MatrixColumn, MatrixRoad, MatrixRow } from "../model/trace/matrix.ts";
import { clusterIPsOf, isHeadless } from "../diagnose/target.ts";
import { podAddresses } from "../network/addresses.ts";
import type { Cluster } from "./simulation.ts";

const nameOf = ({ metadata }: Pod | Service): string => `${metadata.namespace ?? "default"}/${metadata.name}`;

const MEMBERS = 5;

/** Can packets of one client go another way than those of the next on the same node, by a hash of addresses? */
function hashesClients(cluster: Cluster): boolean {
  const nodes = cluster.store.list<Node>("Node").map(({ metadata }) => metadata.name);
  const view = cluster.view();
  const routes = [
    ...view.network.routerRoutes,
    ...(view.learnedRoutes?.() ?? []),
    ...view.clients().flatMap((client) => client.routes ?? []),
  ];
  const hashing = new Set(["sh", "mh"]);
  return (
    routes.some(({ via }) => via.length > 1) ||
    nodes.some((node) => hashing.has(cluster.proxyOf(node).config?.ipvsScheduler ?? ""))
  );
}

/** What of a pod can make a difference to what it reaches. Equal texts: nothing does. */
function traitsOf(cluster: Cluster): (pod: Pod) => string {
  const { store, state } = cluster;
  const policies = store.list<NetworkPolicy>("NetworkPolicy");
  const peers = policies.flatMap(({ spec }) => [
    ...(spec.ingress ?? []).flatMap(({ from = [] }) => from),
    ...(spec.egress ?? []).flatMap(({ to = [] }) => to),
  ]);
  const selectors = [
    ...policies.map(({ spec }) => spec.podSelector),
    ...peers.flatMap((peer) => peer.podSelector ?? []),
  ];
  const blocks = peers.flatMap(({ ipBlock }) =>
    ipBlock === undefined ? [] : [ipBlock.cidr, ...(ipBlock.except ?? [])],
  );
  const slices = store.list<EndpointSlice>("EndpointSlice");
  const known = JSON.stringify(state.network);
  const alone = hashesClients(cluster);
  return (pod) => {
    const { namespace, labels = {} as Labels } = pod.metadata;
    const { nodeName, hostNetwork, dnsPolicy, dnsConfig, hostAliases } = pod.spec as Pod["spec"] & {
      readonly dnsConfig?: unknown;
      readonly hostAliases?: unknown;
    };
    const ips = podAddresses(pod);
    const isOwn = ({ endpoints }: EndpointSlice): boolean =>
      (endpoints ?? []).some(({ addresses }) => addresses.some((ip) => ips.includes(ip)));
    // A pod that has sent something may have connections and an affinity of its own.
    const isKnown = ips.some((ip) => known.includes(`"${ip}"`));
    return JSON.stringify([
      namespace,
      nodeName,
      hostNetwork,
      dnsPolicy,
      dnsConfig,
      hostAliases,
      ips.map(isIPv6),
      selectors.map((selector) => labelSelectorMatches(selector, labels)),
      blocks.map((cidr) => ips.some((ip) => cidrContains(cidr, ip))),
      slices.filter(isOwn).map(keyOf),
      alone || isKnown ? pod.metadata.name : "",
    ]);
  };
}

/** Outside clients, nodes, and one pod of each group. */
export function rowsOf(cluster: Cluster): readonly MatrixRow[] {
  const { store } = cluster;
  const one = (kind: MatrixRow["kind"], name: string): MatrixRow => ({
    from: `${kind}/${name}`,
    kind,
    label: name,
    count: 1,
    members: [name],
  });
  const traits = traitsOf(cluster);
  const groups = new Map<string, Pod[]>();
  for (const pod of store.list<Pod>("Pod")) {
    if (pod.spec.nodeName === undefined || podAddresses(pod).length === 0 || !isAttached(pod)) continue;
    if (pod.metadata.deletionTimestamp !== undefined) continue;
    const trait = traits(pod);
    groups.set(trait, [...(groups.get(trait) ?? []), pod]);
  }
  const pods = [...groups.values()].map((group): MatrixRow => {
    const names = group.map(nameOf).sort(compareStrings);
    const [first = ""] = names;
    const node = group[0]?.spec.nodeName ?? "";
    return {
      from: `pod/${first}`,
      kind: "pod",
      label: `${first} on ${node}`,
      count: names.length,
      members: names.slice(0, MEMBERS),
    };
  });
  return [
    ...store.list<Client>("Client").map(({ metadata }) => one("client", metadata.name)),
    ...store.list<Node>("Node").map(({ metadata }) => one("node", metadata.name)),
    ...pods.sort((a, b) => compareStrings(a.from, b.from)),
  ];
}

function columnsOfPort(
  cluster: Cluster,
  nodes: readonly string[],
  service: Service,
  port: ServicePort,
): readonly MatrixColumn[] {
  const name = nameOf(service);
  const number = String(port.port);
  const column = (road: MatrixRoad, to: string, suffix: string, family?: 4 | 6): MatrixColumn => ({
    service: keyOf(service),
    portName: port.name ?? "",
    port: port.port,
    protocol: port.protocol.toLowerCase() as MatrixColumn["protocol"],
    road,
    to,
    ...(family === undefined ? {} : { family }),
    label: `${name}:${number}${port.protocol === "TCP" ? "" : `/${port.protocol}`}${suffix}`,
  });
  const { spec } = service;
  const ips = clusterIPsOf(service);
  const dual = ips.length > 1;
  const own = ips.map((ip) => {
    const family = isIPv6(ip) ? 6 : 4;
    return column(
      "cluster-ip",
      `service/${name}:${number}`,
      dual ? ` IPv${String(family)}` : "",
      dual ? family : undefined,
    );
  });
  const { namespace = "default", name: short } = service.metadata;
  const host = `${short}.${namespace}.svc.${cluster.state.cluster.dnsDomain}`;
  const headless = isHeadless(service) ? [column("headless", `${host}:${number}`, " headless")] : [];
  const nodePort = port.nodePort ?? 0;
  const onNodes =
    nodePort === 0
      ? []
      : nodes.map((node) => column("node-port", `node/${node}:${String(nodePort)}`, ` ${node}:${String(nodePort)}`));
  const balanced =
    spec.type === "LoadBalancer" ? [column("load-balancer", `lb/${name}:${number}`, " load balancer")] : [];
  const external = (spec.externalIPs ?? []).map((ip) => column("external-ip", joinHostPort(ip, port.port), ` ${ip}`));
  return [...own, ...headless, ...onNodes, ...balanced, ...external];
}

/** Each address of each port of each Service, by namespace and name. */
export function columnsOf(cluster: Cluster): readonly MatrixColumn[] {
  const nodes = cluster.store.list<Node>("Node").map(({ metadata }) => metadata.name);
  return cluster.store
    .list<Service>("Service")
    .filter(({ spec }) => spec.type !== "ExternalName")
    .flatMap((service) => (service.spec.ports ?? []).flatMap((port) => columnsOfPort(cluster, nodes, service, port)));
}
