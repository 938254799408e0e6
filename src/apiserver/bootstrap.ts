import { assert } from "../base/assert.ts";
import type { ClusterConfig } from "../model/config/types.ts";
import { type EndpointSlice, SERVICE_NAME_LABEL } from "../model/endpointslice/types.ts";
import type { Endpoints } from "../model/endpoints/types.ts";
import { keyOf, type KubeObject } from "../model/meta/types.ts";
import type { Service } from "../model/service/types.ts";
import { clusterIPRanges } from "./allocators/clusterip.ts";
import { formatIP } from "../base/ip.ts";
import type { Api, Store, WriteContext } from "./types.ts";

/** The control plane stands outside the nodes of a scenario. */
export const CONTROL_PLANE = { ip: "192.168.56.10", port: 6443 } as const;

/** kubeadm's GetDNSIP: the tenth address of the service range. */
const DNS_OFFSET = 10n;

const meta = (namespace: string, name: string, labels: Readonly<Record<string, string>>) => ({
  namespace,
  name,
  labels,
});

/** The first address belongs to default/kubernetes, whose endpoints the API server writes itself. Source: pkg/controlplane. */
function apiServerObjects(ip: string): readonly KubeObject[] {
  const service: Omit<Service, "status"> = {
    apiVersion: "v1",
    kind: "Service",
    metadata: meta("default", "kubernetes", { component: "apiserver", provider: "kubernetes" }),
    spec: {
      type: "ClusterIP",
      clusterIP: ip,
      ipFamilyPolicy: "SingleStack",
      ports: [{ name: "https", protocol: "TCP", port: 443, targetPort: CONTROL_PLANE.port }],
    },
  };
  const endpoints: Endpoints = {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: meta("default", "kubernetes", { "endpointslice.kubernetes.io/skip-mirror": "true" }),
    subsets: [
      { addresses: [{ ip: CONTROL_PLANE.ip }], ports: [{ name: "https", port: CONTROL_PLANE.port, protocol: "TCP" }] },
    ],
  };
  const slice: EndpointSlice = {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: meta("default", "kubernetes", { [SERVICE_NAME_LABEL]: "kubernetes" }),
    addressType: "IPv4",
    endpoints: [{ addresses: [CONTROL_PLANE.ip], conditions: { ready: true } }],
    ports: [{ name: "https", port: CONTROL_PLANE.port, protocol: "TCP" }],
  };
  return [service, endpoints, slice];
}

/** The Service of the cluster's DNS as kubeadm makes it. */
function dnsService(ip: string): KubeObject {
  const service: Omit<Service, "status"> = {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      ...meta("kube-system", "kube-dns", {
        "k8s-app": "kube-dns",
        "kubernetes.io/cluster-service": "true",
        "kubernetes.io/name": "CoreDNS",
      }),
      annotations: { "prometheus.io/port": "9153", "prometheus.io/scrape": "true" },
    },
    spec: {
      type: "ClusterIP",
      clusterIP: ip,
      selector: { "k8s-app": "kube-dns" },
      ports: [
        { name: "dns", protocol: "UDP", port: 53, targetPort: 53 },
        { name: "dns-tcp", protocol: "TCP", port: 53, targetPort: 53 },
        { name: "metrics", protocol: "TCP", port: 9153, targetPort: 9153 },
      ],
    },
  };
  return service;
}

/** Writes what a new cluster has before anybody has applied anything, as far as it is not there. */
export function bootstrapCluster(
  writes: { readonly create: Api["create"]; readonly cluster: ClusterConfig; readonly store: Pick<Store, "get"> },
  context: WriteContext,
  dns: boolean,
): void {
  const range = clusterIPRanges(writes.cluster.serviceSubnet)[0];
  assert(range !== undefined, `serviceSubnet ${writes.cluster.serviceSubnet} is no CIDR`);
  const address = (offset: bigint): string => formatIP({ family: range.cidr.family, value: range.cidr.base + offset });
  const objects: KubeObject[] = ["default", "kube-system", "kube-public", "kube-node-lease"].map((name) => ({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name },
  }));
  objects.push(...apiServerObjects(address(1n)));
  if (dns) objects.push(dnsService(address(DNS_OFFSET)));
  for (const object of objects) {
    if (writes.store.get(keyOf(object)) !== undefined) continue;
    const made = writes.create(object, context);
    assert(made.ok, `bootstrap: ${made.ok ? "" : made.error.message}`);
  }
}
