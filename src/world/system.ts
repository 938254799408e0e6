/**
 * What every cluster made by kubeadm has before anybody applies anything: the control plane's node and the cluster's DNS, whose pods
 * run there (they started before any worker had joined). Source: cmd/kubeadm/app/phases/addons/dns/manifests.go [1.36].
 */
import { CONTROL_PLANE } from "../apiserver/bootstrap.ts";
import { cidrNth, cidrOf, isIPv6, parseIP } from "../base/ip.ts";
import { freePiece } from "../controllers/node-ipam.ts";
import type { ClusterConfig } from "../model/config/types.ts";
import type { ConfigMap } from "../model/configmap/types.ts";
import type { KubeObject } from "../model/meta/types.ts";
import { CONTROL_PLANE_LABEL, isControlPlane, MASTER_LABEL, type Node } from "../model/node/types.ts";
import { NODE_INFO } from "./node-info.ts";

const NAMESPACE = "kube-system";
const DNS_LABELS = { "k8s-app": "kube-dns" } as const;
const COREDNS_IMAGE = "registry.k8s.io/coredns/coredns:v1.14.2";

/** kubeadm's GetDNSIP: the tenth address of the service range. */
const DNS_OFFSET = 10;

/** The control plane's node and the DNS add-on, each as far as the text does not bring its own. */
export function systemObjects(objects: readonly KubeObject[], cluster: ClusterConfig): readonly KubeObject[] {
  const nodes = objects.filter((o): o is Node => o.kind === "Node");
  const named = nodes.find(isControlPlane);
  const label =
    named === undefined || CONTROL_PLANE_LABEL in (named.metadata.labels ?? {}) ? CONTROL_PLANE_LABEL : MASTER_LABEL;
  return [
    ...(named === undefined ? [controlPlaneNode(nodes, cluster)] : []),
    ...(objects.some(isDnsOfItsOwn) ? missingOf(dnsAddon(cluster, label), objects) : dnsAddon(cluster, label)),
  ];
}

/** Kinds that only a running cluster has, or that bring a DNS server of the text's own. */
const RUNNING: ReadonlySet<string> = new Set([
  "Pod",
  "ReplicaSet",
  "EndpointSlice",
  "Endpoints",
  "DaemonSet",
  "Deployment",
]);

/** A text that changes one part of the add-on has the others as they are; what was read out of a cluster is complete. */
function missingOf(addon: readonly KubeObject[], objects: readonly KubeObject[]): readonly KubeObject[] {
  const same = (a: KubeObject, b: KubeObject): boolean =>
    a.kind === b.kind && a.metadata.name === b.metadata.name && a.metadata.namespace === b.metadata.namespace;
  const isPart = (one: KubeObject): boolean => addon.some((other) => same(one, other));
  const isRead = objects.some((one) => one.metadata.namespace === NAMESPACE && RUNNING.has(one.kind) && !isPart(one));
  // A Service without a selector has its servers somewhere else.
  const isElsewhere = objects.some(
    (one) =>
      one.kind === "Service" &&
      isDnsOfItsOwn(one) &&
      (one as { spec?: { selector?: unknown } }).spec?.selector === undefined,
  );
  return isRead || isElsewhere ? [] : addon.filter((one) => !objects.some((other) => same(one, other)));
}

function isDnsOfItsOwn({ kind, metadata }: KubeObject): boolean {
  if (metadata.namespace !== NAMESPACE) return false;
  return (kind === "Service" && metadata.name === "kube-dns") || (kind === "Deployment" && metadata.name === "coredns");
}

/** Stands in the network of the text's nodes, at .10 where that is free, with the first piece of the pod subnet that none of them has. */
function controlPlaneNode(nodes: readonly Node[], cluster: ClusterConfig): Node {
  const name = "control-plane";
  const podCIDRs = freePodCidrs(nodes, cluster);
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name: freeName(nodes, name),
      labels: {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/exclude-from-external-load-balancers": "",
        [CONTROL_PLANE_LABEL]: "",
      },
    },
    spec: {
      ...(podCIDRs[0] === undefined ? {} : { podCIDR: podCIDRs[0], podCIDRs }),
      taints: [{ key: CONTROL_PLANE_LABEL, effect: "NoSchedule" }],
    },
    status: {
      addresses: [
        ...freeAddresses(nodes).map((address) => ({ type: "InternalIP" as const, address })),
        { type: "Hostname", address: name },
      ],
      nodeInfo: NODE_INFO,
    },
  };
}

function freeName(nodes: readonly Node[], wanted: string): string {
  return nodes.some((n) => n.metadata.name === wanted) ? `kubehop-${wanted}` : wanted;
}

/** What a text says of a Node has not been through the API server yet: any part may be missing. */
type StatedNode = { readonly [K in keyof Node]?: Partial<Node[K]> };

/** One address per family that the nodes have; the usual one when the text names no node. */
function freeAddresses(nodes: readonly Node[]): readonly string[] {
  const taken = (nodes as readonly StatedNode[])
    .flatMap((n) => n.status?.addresses ?? [])
    .filter((a) => a.type === "InternalIP" && parseIP(a.address) !== null)
    .map((a) => a.address);
  if (taken.length === 0) return [CONTROL_PLANE.ip];
  return [false, true].flatMap((six) => {
    const first = taken.find((ip) => isIPv6(ip) === six);
    if (first === undefined) return [];
    const network = `${first}/${six ? 64 : 24}`;
    let offset = DNS_OFFSET;
    while (taken.includes(cidrNth(network, offset))) offset += 1;
    return [cidrNth(network, offset)];
  });
}

/** Per family of the pod subnet the first piece that no node of the text has. */
function freePodCidrs(nodes: readonly Node[], cluster: ClusterConfig): readonly string[] {
  const taken = (nodes as readonly StatedNode[])
    .flatMap((n) => [...(n.spec?.podCIDRs ?? []), n.spec?.podCIDR ?? ""])
    .flatMap((text) => cidrOf(text) ?? []);
  return cluster.podSubnet.split(",").flatMap((subnet) => freePiece(subnet, taken) ?? []);
}

function dnsAddon(cluster: ClusterConfig, label: string): readonly KubeObject[] {
  const range = cluster.serviceSubnet.split(",")[0]?.trim() ?? "";
  const configMap: ConfigMap = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { namespace: NAMESPACE, name: "coredns" },
    data: { Corefile: corefile(cluster.dnsDomain) },
  };
  const service: KubeObject & { readonly spec: object } = {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      namespace: NAMESPACE,
      name: "kube-dns",
      labels: { ...DNS_LABELS, "kubernetes.io/cluster-service": "true", "kubernetes.io/name": "CoreDNS" },
      annotations: { "prometheus.io/port": "9153", "prometheus.io/scrape": "true" },
    },
    spec: {
      clusterIP: cidrNth(range, DNS_OFFSET),
      selector: DNS_LABELS,
      ports: [
        { name: "dns", protocol: "UDP", port: 53, targetPort: 53 },
        { name: "dns-tcp", protocol: "TCP", port: 53, targetPort: 53 },
        { name: "metrics", protocol: "TCP", port: 9153, targetPort: 9153 },
      ],
    },
  };
  const deployment: KubeObject & { readonly spec: object } = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { namespace: NAMESPACE, name: "coredns", labels: DNS_LABELS },
    spec: {
      replicas: 2,
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } },
      selector: { matchLabels: DNS_LABELS },
      template: { metadata: { labels: DNS_LABELS }, spec: corednsPod(label) },
    },
  };
  return [configMap, service, deployment];
}

/** kubeadm's Corefile; its forwarder is the outside world's resolver. */
function corefile(domain: string): string {
  return `.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes ${domain} in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30 {
       disable success ${domain}
       disable denial ${domain}
    }
    loop
    reload
    loadbalance
}
`;
}

function corednsPod(label: string): object {
  const probe = (path: string, port: number): object => ({ httpGet: { path, port, scheme: "HTTP" } });
  return {
    // kubeadm has no such selector: there the pods stay where they first ran, because no other node existed yet.
    nodeSelector: { [label]: "" },
    tolerations: [
      { key: "CriticalAddonsOnly", operator: "Exists" },
      { key: label, effect: "NoSchedule" },
    ],
    dnsPolicy: "Default",
    containers: [
      {
        name: "coredns",
        image: COREDNS_IMAGE,
        args: ["-conf", "/etc/coredns/Corefile"],
        ports: [
          { name: "dns", containerPort: 53, protocol: "UDP" },
          { name: "dns-tcp", containerPort: 53, protocol: "TCP" },
          { name: "metrics", containerPort: 9153, protocol: "TCP" },
          { name: "liveness-probe", containerPort: 8080, protocol: "TCP" },
          { name: "readiness-probe", containerPort: 8181, protocol: "TCP" },
        ],
        livenessProbe: { ...probe("/health", 8080), initialDelaySeconds: 60, timeoutSeconds: 5, failureThreshold: 5 },
        readinessProbe: probe("/ready", 8181),
      },
    ],
  };
}
