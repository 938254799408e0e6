/** What a request dials: which Service, by which of its addresses. */
import type { Service, ServicePort } from "../model/service/types.ts";
import type { Protocol, Request, Walk } from "../model/trace/types.ts";
import { nodeAddresses } from "../network/addresses.ts";
import { parseHostPort, parseURL } from "../network/names.ts";
import type { ClusterView } from "../network/types.ts";
import type { Road, Target } from "./types.ts";

const NOTHING: Target = { road: "unknown", service: null, port: null, name: null, ip: null, number: 0, node: null };

/** Addresses of a Service that are its own in the cluster. */
export function clusterIPsOf({ spec }: Service): readonly string[] {
  const ips = spec.clusterIPs ?? (spec.clusterIP === undefined ? [] : [spec.clusterIP]);
  return ips.filter((ip) => ip !== "" && ip !== "None");
}

export const isHeadless = ({ spec }: Service): boolean => spec.clusterIP === "None";

const balancerIPs = (view: ClusterView, service: Service): readonly string[] => [
  ...(service.status.loadBalancer.ingress ?? []).flatMap(({ ip }) => (ip === undefined ? [] : [ip])),
  ...(service.spec.type === "LoadBalancer" ? (view.balancerAddresses?.(service) ?? []) : []),
];

/** The Service's port with this number, or by name, for the protocol if there are several. */
function portOf(service: Service, wanted: number | string, protocol: Protocol): ServicePort | null {
  const ports = (service.spec.ports ?? []).filter((port) =>
    typeof wanted === "number" ? port.port === wanted : wanted === "" || port.name === wanted,
  );
  return (
    ports.find((port) => port.protocol.toLowerCase() === protocol) ?? (protocol === "icmp" ? null : (ports[0] ?? null))
  );
}

/** Which Service answers for this address and port. */
function ofAddress(view: ClusterView, ip: string, number: number, protocol: Protocol): Target {
  const base: Target = { ...NOTHING, road: "direct", ip, number };
  const found = (road: Road, service: Service): Target => ({
    ...base,
    road,
    service,
    port: portOf(service, number, protocol),
  });
  const services = view.services();
  const own = services.find((service) => clusterIPsOf(service).includes(ip));
  if (own !== undefined) return found("cluster-ip", own);
  const balanced = view.loadBalancer(ip) ?? services.find((service) => balancerIPs(view, service).includes(ip));
  if (balanced !== undefined) return found("load-balancer", balanced);
  const external = services.find((service) => (service.spec.externalIPs ?? []).includes(ip));
  if (external !== undefined && portOf(external, number, protocol) !== null) return found("external-ip", external);
  const node = view.nodes().find((one) => nodeAddresses(one).includes(ip));
  const loopback = ip === "::1" || ip.startsWith("127.");
  if (node === undefined && !loopback) return base;
  return ofNode(view, { ...base, node: node?.metadata.name ?? null });
}

/** A node's address: a nodePort's, or something of the node itself. */
function ofNode(view: ClusterView, base: Target): Target {
  for (const service of view.services()) {
    const port = (service.spec.ports ?? []).find(({ nodePort }) => nodePort === base.number && base.number !== 0);
    if (port !== undefined) return { ...base, road: "node-port", service, port };
  }
  return { ...base, road: "direct" };
}

/** The Service that a name means in the sender's eyes, whether or not it resolves: `web`, `web.shop`, `web.shop.svc.cluster.local`. */
export function serviceOfName(view: ClusterView, name: string, namespace: string): Service | null {
  const labels = name.replace(/\.$/, "").split(".");
  const domain = view.cluster.dnsDomain.split(".");
  const rest = labels.slice(-domain.length).join(".") === domain.join(".") ? labels.slice(0, -domain.length) : labels;
  const short = rest.at(-1) === "svc" ? rest.slice(0, -1) : rest;
  const [first = "", second] = short.slice(-2);
  if (short.length === 1) return view.service(namespace, first) ?? null;
  return second === undefined ? null : (view.service(second, first) ?? null);
}

function ofName(view: ClusterView, request: Request, name: string, number: number, walks: readonly Walk[]): Target {
  // The first packet that is no question to a name server goes to what the name came to.
  const ip = walks.flatMap(({ hops }) => hops.filter(({ stage }) => stage !== "dns"))[0]?.before.dst ?? null;
  const reached = ip === null || walks.some(({ outcome }) => outcome === "name-error") ? null : ip;
  const service = serviceOfName(view, name, namespaceOf(request.from));
  const base: Target = { ...NOTHING, name, number, ip: reached };
  if (service === null) {
    return reached === null ? base : { ...ofAddress(view, reached, number, request.protocol), name };
  }
  const road: Road =
    service.spec.type === "ExternalName" ? "external-name" : isHeadless(service) ? "headless" : "cluster-ip";
  return { ...base, road, service, port: portOf(service, number, request.protocol) };
}

/** Namespace of a sender; the default one for nodes and clients. */
export function namespaceOf(from: string): string {
  const [kind, namespace] = from.split("/");
  return kind === "pod" || kind?.startsWith("deploy") === true ? (namespace ?? "default") : "default";
}

const numberOf = (text: string | undefined | null): number => (/^\d{1,5}$/.test(text ?? "") ? Number(text) : 0);

/** What this request dials. `walks`: what became of it, for names. */
export function targetOf(view: ClusterView, request: Request, walks: readonly Walk[]): Target {
  const { to, protocol } = request;
  const url = parseURL(to);
  if (url?.ok === true) {
    const { host, port } = url.value;
    return /^[\d.]+$|:/.test(host)
      ? ofAddress(view, host, numberOf(port), protocol)
      : ofName(view, request, host, numberOf(port), walks);
  }
  const [, ipv6, ipv6Port] = /^\[([^\]]+)\](?::(\d+))?$/.exec(to) ?? [];
  if (ipv6 !== undefined) return ofAddress(view, ipv6, numberOf(ipv6Port), protocol);
  const [, ipv4, ipv4Port] = /^(\d+\.\d+\.\d+\.\d+)(?::(\d+))?$/.exec(to) ?? [];
  if (ipv4 !== undefined) return ofAddress(view, ipv4, numberOf(ipv4Port), protocol);
  const [, kind = "", path = "", written = ""] = /^([a-z]+)\/([^:]+)(?::(.*))?$/.exec(to) ?? [];
  const [a = "", b = ""] = path.split("/");
  const wanted = /^\d+$/.test(written) ? Number(written) : written;
  switch (kind) {
    case "service":
    case "svc":
    case "lb": {
      const service = view.service(a, b);
      if (service === undefined) return NOTHING;
      const port = portOf(service, wanted, protocol);
      const number = typeof wanted === "number" ? wanted : (port?.port ?? 0);
      const ip = (kind === "lb" ? balancerIPs(view, service) : clusterIPsOf(service))[0] ?? null;
      if (kind === "lb") return { ...NOTHING, road: "load-balancer", service, port, ip, number };
      const road: Road =
        service.spec.type === "ExternalName" ? "external-name" : isHeadless(service) ? "headless" : "cluster-ip";
      return { ...NOTHING, road, service, port, ip, number };
    }
    case "node": {
      const node = view.node(a);
      const base: Target = { ...NOTHING, road: "direct", number: numberOf(written), node: a };
      return node === undefined ? base : ofNode(view, { ...base, ip: nodeAddresses(node)[0] ?? null });
    }
    case "pod":
    case "client":
      return { ...NOTHING, road: "direct", number: numberOf(written), ip: null };
    default: {
      const named = parseHostPort(to);
      return named === null ? NOTHING : ofName(view, request, named.host, numberOf(named.port), walks);
    }
  }
}
