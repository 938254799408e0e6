/** Small builders of API objects and configurations for tests of the proxy. */
import type { ProxyConfig } from "../model/config/types.ts";
import { SERVICE_NAME_LABEL, type Endpoint, type EndpointSlice } from "../model/endpointslice/types.ts";
import type { KubeObject } from "../model/meta/types.ts";
import type { Service, ServiceSpec } from "../model/service/types.ts";
import type { ProxyNode } from "./node.ts";
import type { ServiceReader } from "./view.ts";

export const CONFIG: ProxyConfig = {
  mode: "iptables",
  detectLocalMode: "ClusterCIDR",
  detectLocal: ["10.244.0.0/16"],
  masqueradeAll: false,
  masqueradeBit: 14,
  localhostNodePorts: true,
  nodePortAddresses: null,
  minSyncPeriod: 1_000_000,
  syncPeriod: 30_000_000,
  nfacct: false,
  conntrackTCPBeLiberal: false,
  randomFully: true,
};

export const NODE: ProxyNode = { name: "n1", ips: ["192.168.56.11"], zone: "z1", podCIDRs: ["10.244.1.0/24"] };

export function service(
  name: string,
  spec: Partial<ServiceSpec>,
  more: {
    readonly ingress?: Service["status"]["loadBalancer"]["ingress"];
    readonly labels?: Record<string, string>;
  } = {},
): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: "default", ...(more.labels ? { labels: more.labels } : {}) },
    spec: {
      type: "ClusterIP",
      clusterIP: "10.96.0.50",
      clusterIPs: [spec.clusterIP ?? "10.96.0.50"],
      ports: [{ protocol: "TCP", port: 80, targetPort: 8080 }],
      internalTrafficPolicy: "Cluster",
      sessionAffinity: "None",
      ...spec,
    },
    status: { loadBalancer: more.ingress ? { ingress: more.ingress } : {} },
  };
}

export function endpoint(ip: string, nodeName: string, more: Partial<Endpoint> = {}): Endpoint {
  return { addresses: [ip], nodeName, conditions: { ready: true, serving: true, terminating: false }, ...more };
}

export function slice(
  serviceName: string,
  endpoints: readonly Endpoint[],
  more: Partial<Pick<EndpointSlice, "ports" | "addressType">> & { readonly name?: string } = {},
): EndpointSlice {
  const { name, ...rest } = more;
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: name ?? `${serviceName}-a`, namespace: "default", labels: { [SERVICE_NAME_LABEL]: serviceName } },
    addressType: "IPv4",
    endpoints,
    ports: [{ name: "", protocol: "TCP", port: 8080 }],
    ...rest,
  };
}

export function reader(services: readonly Service[], slices: readonly EndpointSlice[]): ServiceReader {
  return {
    list: <T extends KubeObject>(kind: string) => (kind === "Service" ? (services as unknown as readonly T[]) : []),
    slicesOf: (namespace, name) =>
      slices.filter((s) => s.metadata.namespace === namespace && s.metadata.labels?.[SERVICE_NAME_LABEL] === name),
  };
}
