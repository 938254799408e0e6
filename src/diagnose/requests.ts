/** Which requests show whether a cluster does what its text means: each Service by each way to it, from those who are meant to come that way. */
import type { ObjectReader } from "../apiserver/types.ts";
import { joinHostPort, parseIP } from "../base/ip.ts";
import type { Ingress } from "../model/ingress/types.ts";
import type { Client, Lab } from "../model/kubehop/types.ts";
import { keyOf, type ObjectKey, objectKey } from "../model/meta/types.ts";
import type { Node } from "../model/node/types.ts";
import type { Service, ServicePort } from "../model/service/types.ts";
import type { StatefulSet } from "../model/statefulset/types.ts";
import type { Pod } from "../model/pod/types.ts";
import type { Protocol, Request } from "../model/trace/types.ts";
import { doorOf } from "./door.ts";
import { endpointsOf, podsBehind } from "./endpoints.ts";
import { AT_BALANCER } from "./findings/load-balancer.ts";
import { clusterIPsOf, isHeadless } from "./target.ts";

/** The same question by several senders or through several nodes: one that arrives will do. */
export interface Question {
  readonly about: ObjectKey | null;
  /** The likeliest to arrive first. */
  readonly requests: readonly Request[];
  /** Asked by the text itself: each must arrive. */
  readonly isExplicit: boolean;
}

export interface Asked {
  readonly objects: ObjectReader;
  readonly dnsDomain: string;
  /** `pod/NS/NAME`: one pod of each kind that differs from others. */
  readonly pods: readonly string[];
  /** Requests that the text expects to arrive. */
  readonly expected: readonly Request[];
  /** Does the text hold this object? */
  isWritten(object: ObjectKey): boolean;
}

/** Senders tried for one question: enough to find the one that a policy lets through. */
const MAX_SENDERS = 12;
const MAX_NODES = 6;
const DNS_PORT = 53;

const request = (from: string, to: string, protocol: Protocol = "tcp"): Request => ({ from, to, protocol });
const spoken = ({ protocol }: ServicePort): Protocol => protocol.toLowerCase() as Protocol;

/** Pods of the Service's namespace, then others; those that answer for it themselves last. */
function sendersTo({ objects, pods }: Asked, service: Service, nodes: readonly string[]): readonly string[] {
  const namespace = service.metadata.namespace ?? "default";
  const own = new Set(
    podsBehind(objects, service).map(({ metadata }) => `pod/${metadata.namespace ?? "default"}/${metadata.name}`),
  );
  const rank = (pod: string): number => {
    if (own.has(pod)) return 3;
    if (pod.startsWith(`pod/${namespace}/`)) return 0;
    return pod.startsWith("pod/kube-system/") ? 2 : 1;
  };
  const sorted = [...pods].sort((a, b) => rank(a) - rank(b));
  const others = sorted.filter((pod) => rank(pod) < 3).slice(0, MAX_SENDERS);
  return [
    ...others,
    ...sorted.filter((pod) => rank(pod) === 3).slice(0, 2),
    ...nodes.slice(-1).map((node) => `node/${node}`),
  ];
}

/** Does this sender ask the cluster's name servers? A node does not, nor a pod that lives with its node's resolver or with its own. */
function asksCluster({ objects }: Asked, from: string): boolean {
  const [kind, namespace = "", name = ""] = from.split("/");
  const spec = kind === "pod" ? objects.get<Pod>(objectKey("Pod", namespace, name))?.spec : undefined;
  if (spec === undefined) return false;
  const { dnsPolicy = "ClusterFirst", hostNetwork = false } = spec;
  return dnsPolicy === "ClusterFirstWithHostNet" || (dnsPolicy === "ClusterFirst" && !hostNetwork);
}

/** Nodes that have an endpoint first: with a Local policy only they answer. */
function nodesFor(objects: ObjectReader, service: Service, nodes: readonly string[]): readonly string[] {
  const local = new Set(
    endpointsOf(objects, service).slices.flatMap(({ endpoints }) =>
      (endpoints ?? []).flatMap(({ nodeName }) => nodeName ?? []),
    ),
  );
  return [...nodes].sort((a, b) => Number(local.has(b)) - Number(local.has(a))).slice(0, MAX_NODES);
}

function toService(
  asked: Asked,
  service: Service,
  clients: readonly string[],
  nodes: readonly string[],
): readonly Question[] {
  const { objects, dnsDomain } = asked;
  const about = keyOf(service);
  const { namespace = "default", name } = service.metadata;
  const senders = sendersTo(asked, service, nodes);
  const ask = (requests: readonly Request[]): readonly Question[] =>
    requests.length === 0 ? [] : [{ about, requests, isExplicit: false }];
  const { spec } = service;
  // The DNS Service of a new cluster before name servers of the text's own: what else they listen on is their own affair.
  const isImplied = namespace === "kube-system" && name === "kube-dns" && !asked.isWritten(about);
  const ports = (spec.ports ?? []).filter(({ port }) => !isImplied || port === DNS_PORT);
  return ports.flatMap((port) => {
    const protocol = spoken(port);
    const inside = isHeadless(service)
      ? senders
          .filter((from) => asksCluster(asked, from))
          .map((from) => request(from, `${name}.${namespace}.svc.${dnsDomain}:${port.port}`, protocol))
      : clusterIPsOf(service).length === 0
        ? []
        : senders.map((from) => request(from, `service/${namespace}/${name}:${port.port}`, protocol));
    const outside =
      spec.type === "LoadBalancer"
        ? clients.map((from) => request(from, `lb/${namespace}/${name}:${port.port}`, protocol))
        : (port.nodePort ?? 0) === 0
          ? []
          : nodesFor(objects, service, nodes).flatMap((node) =>
              clients.slice(0, 2).map((from) => request(from, `node/${node}:${port.nodePort ?? 0}`, protocol)),
            );
    const external = (spec.externalIPs ?? []).flatMap((ip) => {
      const to = joinHostPort(ip, port.port);
      const others = objects.list<Service>("Service").some((one) => one !== service && clusterIPsOf(one).includes(ip));
      const within = senders.slice(0, 1).map((from) => request(from, to, protocol));
      // An address of another Service is nobody's outside; whoever is within may be caught as well.
      return [...(others ? [] : ask(clients.map((from) => request(from, to, protocol)))), ...ask(within)];
    });
    // What a balancer does before the nodes, it does not do for those within.
    const isBalancers = Object.keys(service.metadata.annotations ?? {}).some((key) => AT_BALANCER.test(key));
    const short =
      spec.type === "LoadBalancer" && isBalancers
        ? senders.slice(0, 1).map((from) => request(from, `lb/${namespace}/${name}:${port.port}`, protocol))
        : [];
    return [...ask(inside), ...ask(outside), ...external, ...ask(short)];
  });
}

/** An alias that leads back into the cluster, or that is no name at all: whatever the world outside has, it can be followed. */
function toAlias(asked: Asked, service: Service): readonly Question[] {
  const { objects, pods, dnsDomain } = asked;
  const { namespace = "default", name } = service.metadata;
  const external = service.spec.externalName?.replace(/\.$/, "") ?? "";
  if (!external.endsWith(`.${dnsDomain}`) && parseIP(external) === null) return [];
  const [first = "", within = ""] = external.split(".");
  const meant = objects.get<Service>(objectKey("Service", within, first));
  const ports = [service.spec.ports?.[0]?.port, meant?.spec.ports?.[0]?.port];
  const port = ports.find((one) => one !== undefined) ?? 80;
  const senders = pods.filter((pod) => !pod.startsWith("pod/kube-system/") && asksCluster(asked, pod)).slice(0, 1);
  const to = `${name}.${namespace}.svc.${dnsDomain}:${String(port)}`;
  return senders.map((from) => ({ about: keyOf(service), requests: [request(from, to)], isExplicit: false }));
}

/** Each member's own name, as a StatefulSet promises it. */
function toMember(asked: Asked, set: StatefulSet): readonly Question[] {
  const { pods, dnsDomain } = asked;
  const { namespace = "default", name } = set.metadata;
  const { serviceName = "", replicas, template } = set.spec;
  const port = template.spec?.containers[0]?.ports?.[0]?.containerPort;
  if (serviceName === "" || replicas === 0 || port === undefined) return [];
  const senders = pods
    .filter((from) => asksCluster(asked, from))
    .sort((a, b) => Number(b.startsWith(`pod/${namespace}/`)) - Number(a.startsWith(`pod/${namespace}/`)));
  const to = `${name}-0.${serviceName}.${namespace}.svc.${dnsDomain}:${port}`;
  const requests = senders.slice(0, MAX_SENDERS).map((from) => request(from, to));
  return requests.length === 0 ? [] : [{ about: keyOf(set), requests, isExplicit: false }];
}

/** Each host of an Ingress, where an ingress controller is there to ask. */
function toIngress(objects: ObjectReader, ingress: Ingress, clients: readonly string[]): readonly Question[] {
  const stated = (ingress.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? [])[0];
  const to = doorOf(objects, ingress) ?? (stated === undefined ? null : joinHostPort(stated, 80));
  if (to === null) return [];
  return (ingress.spec.rules ?? []).flatMap(({ host = "", http }) =>
    (http?.paths ?? []).flatMap(({ path = "/", pathType }) => {
      // A pattern names no path.
      if (host.startsWith("*") || (pathType === "ImplementationSpecific" && /[^\w./-]/.test(path))) return [];
      const says = {
        kind: "http",
        method: "GET",
        scheme: "http",
        host: host === "" ? to.replace(/:\d+$/, "") : host,
        path,
        headers: [],
      } as const;
      const requests = clients.map((from): Request => ({ ...request(from, to), says }));
      return requests.length === 0 ? [] : [{ about: keyOf(ingress), requests, isExplicit: false }];
    }),
  );
}

/** All questions, those of the text first. ClusterIPs are asked for from within only. */
export function questionsOf(asked: Asked): readonly Question[] {
  const { objects, expected, pods, dnsDomain } = asked;
  const clients = objects.list<Client>("Client").map(({ metadata }) => `client/${metadata.name}`);
  const nodes = objects.list<Node>("Node").map(({ metadata }) => metadata.name);
  const open = objects
    .list<Lab>("Lab")
    .flatMap(({ spec }) => (spec.open === undefined ? [] : [request(spec.open.from, spec.open.to)]));
  const explicit = [...open, ...expected].map((one): Question => ({ about: null, requests: [one], isExplicit: true }));
  const names: readonly Question[] = pods
    .filter((pod) => !pod.startsWith("pod/kube-system/") && asksCluster(asked, pod))
    .slice(0, 1)
    .map((from) => ({
      about: null,
      requests: [request(from, `kubernetes.default.svc.${dnsDomain}:443`)],
      isExplicit: false,
    }));
  const services = objects
    .list<Service>("Service")
    .filter(
      ({ spec, metadata }) =>
        spec.type !== "ExternalName" && !(metadata.namespace === "default" && metadata.name === "kubernetes"),
    );
  return [
    ...explicit,
    ...services.flatMap((service) => toService(asked, service, clients, nodes)),
    ...objects
      .list<Service>("Service")
      .filter(({ spec }) => spec.type === "ExternalName")
      .flatMap((service) => toAlias(asked, service)),
    ...objects.list<StatefulSet>("StatefulSet").flatMap((set) => toMember(asked, set)),
    ...objects.list<Ingress>("Ingress").flatMap((ingress) => toIngress(objects, ingress, clients)),
    ...names,
  ];
}
