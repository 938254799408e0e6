import { compareStrings } from "../base/compare.ts";
import { externallyAccessible, type EndpointView, type ServicePortView } from "./view.ts";

/** The node for which endpoints are judged. */
export interface NodePlace {
  readonly name: string;
  /** Label topology.kubernetes.io/zone, or null. */
  readonly zone: string | null;
}

/** Which endpoints one node uses for one Service port. Upstream: CategorizeEndpoints in pkg/proxy/topology.go. */
export interface Categorized {
  /** For policy Cluster: ready ones, after topology; failing that, serving ones that terminate. */
  readonly cluster: readonly EndpointView[];
  /** For policy Local: those on this node, with a fallback of their own. */
  readonly local: readonly EndpointView[];
  /** Union of both, sorted. */
  readonly reachable: readonly EndpointView[];
  /** Some endpoint of the cluster could serve, even if not from here: the difference between DROP and REJECT. */
  readonly hasAny: boolean;
}

export type TopologyMode = "" | "PreferSameNode" | "PreferSameZone";

/**
 * Does the port ever use policy Cluster? Even with both policies Local it does when it is externally accessible: traffic from
 * local pods and from the node itself is short-circuited to all endpoints.
 */
export function usesCluster(port: ServicePortView): boolean {
  return !port.internalPolicyLocal || externallyAccessible(port);
}

export function usesLocal(port: ServicePortView): boolean {
  return port.internalPolicyLocal || (port.externalPolicyLocal && externallyAccessible(port));
}

/**
 * Topology follows from hints alone, never from `trafficDistribution`: every ready endpoint must carry the hint and one must be
 * meant for this node (or its zone); same node goes before same zone.
 */
export function topologyMode(endpoints: readonly EndpointView[], node: NodePlace): TopologyMode {
  let allNodeHints = true;
  let allZoneHints = true;
  let forNode = false;
  let forZone = false;
  for (const endpoint of endpoints) {
    if (!endpoint.ready) continue;
    if (endpoint.nodeHints.length === 0) allNodeHints = false;
    else if (endpoint.nodeHints.includes(node.name)) forNode = true;
    if (endpoint.zoneHints.length === 0) allZoneHints = false;
    else if (node.zone !== null && endpoint.zoneHints.includes(node.zone)) forZone = true;
  }
  if (allNodeHints && forNode) return "PreferSameNode";
  if (allZoneHints && forZone) return "PreferSameZone";
  return "";
}

function availableFor(endpoint: EndpointView, mode: TopologyMode, node: NodePlace): boolean {
  if (mode === "PreferSameNode") return endpoint.nodeHints.includes(node.name);
  if (mode === "PreferSameZone") return node.zone !== null && endpoint.zoneHints.includes(node.zone);
  return true;
}

const draining = (endpoint: EndpointView): boolean => endpoint.serving && endpoint.terminating;

/** Which of a port's endpoints this node would use, by policy. */
export function categorizeEndpoints(
  port: ServicePortView,
  endpoints: readonly EndpointView[],
  node: NodePlace,
): Categorized {
  const clusterWanted = usesCluster(port);
  const localWanted = usesLocal(port);
  let mode: TopologyMode = "";
  let cluster: readonly EndpointView[] = [];
  if (clusterWanted) {
    mode = topologyMode(endpoints, node);
    cluster = endpoints.filter((ep) => ep.ready && availableFor(ep, mode, node));
    if (cluster.length === 0) cluster = endpoints.filter(draining);
  }
  if (!localWanted) return { cluster, local: [], reachable: cluster, hasAny: cluster.length > 0 };

  const hasAny = endpoints.some((ep) => ep.ready || draining(ep));
  const here = endpoints.filter((ep) => ep.nodeName === node.name);
  let local = here.filter((ep) => ep.ready);
  const fallback = local.length === 0;
  if (fallback) local = here.filter(draining);
  if (!clusterWanted) return { cluster, local, reachable: local, hasAny };
  // Without topology the Cluster set holds every ready endpoint, so also the local ones.
  if (mode === "" && (!fallback || local.length === 0)) return { cluster, local, reachable: cluster, hasAny };
  const union = new Map([...cluster, ...local].map((ep) => [ep.key, ep]));
  const reachable = [...union.values()].sort((a, b) => compareStrings(a.key, b.key));
  return { cluster, local, reachable, hasAny };
}

/** False when every node sees the same endpoints of this port: its rules can then be shared by all nodes. */
export function dependsOnNode(port: ServicePortView, endpoints: readonly EndpointView[]): boolean {
  return usesLocal(port) || endpoints.some((ep) => ep.nodeHints.length > 0 || ep.zoneHints.length > 0);
}
