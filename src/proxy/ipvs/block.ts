import { cidrContains } from "../../base/ip.ts";
import type { Rule } from "../../kernel/iptables/types.ts";
import { serverId, type Destination, type VirtualServer } from "../../kernel/ipvs/types.ts";
import type { Origin } from "../../model/trace/types.ts";
import { categorizeEndpoints, type Categorized } from "../categorize.ts";
import type { EndpointView, ServiceEntry, ServicePortView } from "../view.ts";
import type { SetName } from "./sets.ts";
import { serverFlags, type Settings } from "./settings.ts";

/** What one Service port asks of IPVS, of the ip sets and of iptables. */
export interface Block {
  /** Of the cluster IP, external IPs and load balancer addresses. */
  readonly servers: readonly VirtualServer[];
  /** The node port's virtual server but for its address: there is one per address of the node. */
  readonly nodePort: VirtualServer | null;
  readonly healthCheckNodePort: number | null;
  /** Addresses that kube-ipvs0 gets, unless another interface has them. */
  readonly addresses: readonly string[];
  readonly members: readonly (readonly [SetName, string])[];
  /** Endpoints of any state, each with its member of KUBE-LOOP-BACK, which only its own node takes. */
  readonly loopBack: readonly { readonly nodeName: string | null; readonly entry: string }[];
  /** Rules of KUBE-IPVS-OUT-FILTER. */
  readonly outFilter: readonly Rule[];
  /** Policy Local for node ports. */
  readonly externalPolicyLocal: boolean;
}

const ANY_ADDRESS = "";

function destination(port: ServicePortView, ep: EndpointView): Destination {
  return {
    key: ep.key,
    ip: ep.ip,
    port: ep.port,
    weight: 1,
    origin: {
      object: port.service,
      path: `${port.path}.targetPort`,
      why: `${ep.key} is an endpoint of ${port.name}.`,
      because: ep.because,
    },
  };
}

/**
 * Which endpoints a virtual server gets. Policy Local without a local endpoint does not drop: all of the Cluster set are used, so
 * that local pods still get through; what an outsider sends is answered from an address that it does not know. Upstream:
 * syncEndpoint in pkg/proxy/ipvs/proxier.go, PR 97081.
 */
function endpointsFor(local: boolean, categorized: Categorized): readonly EndpointView[] {
  return local && categorized.local.length > 0 ? categorized.local : categorized.cluster;
}

/** The virtual servers, set members and rules of one Service port. */
export function compileBlock(entry: ServiceEntry, s: Settings): Block {
  const { port, endpoints } = entry;
  const categorized = categorizeEndpoints(port, endpoints, s.node);
  const servers: VirtualServer[] = [];
  const addresses: string[] = [];
  const members: [SetName, string][] = [];
  const outFilter: Rule[] = [];
  const destinationsOf = (local: boolean): readonly Destination[] =>
    endpointsFor(local, categorized).map((ep) => destination(port, ep));
  const cluster = destinationsOf(port.internalPolicyLocal);
  const external = destinationsOf(port.externalPolicyLocal);
  const server = (ip: string, number: number, destinations: readonly Destination[], origin: Origin): VirtualServer => ({
    id: serverId(port.protocol, ip, number),
    ip,
    port: number,
    protocol: port.protocol,
    scheduler: s.scheduler,
    ...serverFlags(s.scheduler, port.affinitySeconds),
    destinations,
    origin,
  });
  const bind = (ip: string, destinations: readonly Destination[], path: string, why: string): void => {
    servers.push(server(ip, port.port, destinations, { object: port.service, path, why }));
    addresses.push(ip);
  };
  const ipPort = (ip: string, number = port.port): string => `${ip},${port.protocol}:${number}`;

  bind(
    port.clusterIP,
    cluster,
    "spec.clusterIP",
    `${port.clusterIP}:${port.port} is the cluster IP and port of ${port.name}.`,
  );
  members.push(["KUBE-CLUSTER-IP", ipPort(port.clusterIP)]);

  for (const { value: ip, path } of port.externalIPs) {
    members.push([port.externalPolicyLocal ? "KUBE-EXTERNAL-IP-LOCAL" : "KUBE-EXTERNAL-IP", ipPort(ip)]);
    bind(ip, external, path, `${ip} is an external IP of ${port.name}.`);
  }

  for (const { value: ip, path } of port.loadBalancerVIPs) {
    members.push(["KUBE-LOAD-BALANCER", ipPort(ip)]);
    if (port.externalPolicyLocal) members.push(["KUBE-LOAD-BALANCER-LOCAL", ipPort(ip)]);
    if (port.sourceRanges.length > 0) {
      members.push(["KUBE-LOAD-BALANCER-FW", ipPort(ip)]);
      for (const range of port.sourceRanges)
        members.push(["KUBE-LOAD-BALANCER-SOURCE-CIDR", `${ipPort(ip)},${range.value}`]);
      const { nodeIP } = s;
      if (nodeIP !== null && port.sourceRanges.some((range) => cidrContains(range.value, nodeIP))) {
        // The node sends to an address of kube-ipvs0 from that very address.
        members.push(["KUBE-LOAD-BALANCER-SOURCE-IP", `${ipPort(ip)},${ip}`]);
      } else {
        outFilter.push({
          role: `out/${ipPort(ip)}`,
          matches: [
            { kind: "src", cidr: ip },
            { kind: "ipvs", ip, port: port.port, protocol: port.protocol },
          ],
          target: { kind: "drop" },
          origin: {
            object: port.service,
            path: "spec.loadBalancerSourceRanges",
            why: `No source range of ${port.name} holds this node, so its own processes do not get through to ${ip}.`,
          },
        });
      }
    }
    bind(ip, external, path, `${ip} is a load balancer address of ${port.name}.`);
  }

  return {
    servers,
    nodePort:
      port.nodePort === null
        ? null
        : server(ANY_ADDRESS, port.nodePort, external, {
            object: port.service,
            path: `${port.path}.nodePort`,
            why: `${port.nodePort} is the node port of ${port.name}.`,
          }),
    healthCheckNodePort: port.healthCheckNodePort,
    addresses,
    members,
    loopBack: endpoints.map((ep) => ({
      nodeName: ep.nodeName,
      entry: `${ep.ip},${port.protocol}:${ep.port},${ep.ip}`,
    })),
    outFilter,
    externalPolicyLocal: port.externalPolicyLocal,
  };
}

/** The node port's virtual server at one address of the node. */
export function atAddress(server: VirtualServer, ip: string): VirtualServer {
  return { ...server, ip, id: serverId(server.protocol, ip, server.port) };
}
