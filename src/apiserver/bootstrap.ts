import { assert } from "../base/assert.ts";
import type { ClusterConfig } from "../model/config/types.ts";
import { type EndpointSlice, SERVICE_NAME_LABEL } from "../model/endpointslice/types.ts";
import type { Endpoints } from "../model/endpoints/types.ts";
import { keyOf, type KubeObject } from "../model/meta/types.ts";
import type { Service } from "../model/service/types.ts";
import { clusterIPRanges } from "./allocators/clusterip.ts";
import { formatIP, isIPv6 } from "../base/ip.ts";
import type { Api, Store, WriteContext } from "./types.ts";

/** Where the API server answers, unless the node of the control plane has another address. */
export const CONTROL_PLANE = { ip: "192.168.56.10", port: 6443 } as const;

const meta = (namespace: string, name: string, labels: Readonly<Record<string, string>>) => ({
  namespace,
  name,
  labels,
});

/** The first address belongs to default/kubernetes, whose endpoints the API server writes itself. Source: pkg/controlplane. */
function apiServerObjects(ip: string, servers: readonly string[]): readonly KubeObject[] {
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
      {
        addresses: servers.map((server) => ({ ip: server })),
        ports: [{ name: "https", port: CONTROL_PLANE.port, protocol: "TCP" }],
      },
    ],
  };
  const slice: EndpointSlice = {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: meta("default", "kubernetes", { [SERVICE_NAME_LABEL]: "kubernetes" }),
    addressType: isIPv6(ip) ? "IPv6" : "IPv4",
    endpoints: servers.map((server) => ({ addresses: [server], conditions: { ready: true } })),
    ports: [{ name: "https", port: CONTROL_PLANE.port, protocol: "TCP" }],
  };
  return [service, endpoints, slice];
}

/**
 * Writes what a new cluster has before anybody has applied anything, as far as it is not there. `servers`: where API servers
 * answer; default/kubernetes follows when they have moved, as the lease reconciler of pkg/controlplane does.
 */
export function bootstrapCluster(
  writes: {
    readonly create: Api["create"];
    readonly update: Api["update"];
    readonly delete: Api["delete"];
    readonly cluster: ClusterConfig;
    readonly store: Pick<Store, "get">;
  },
  context: WriteContext,
  servers: readonly string[],
): void {
  const range = clusterIPRanges(writes.cluster.serviceSubnet)[0];
  assert(range !== undefined, `serviceSubnet ${writes.cluster.serviceSubnet} is no CIDR`);
  const first = formatIP({ family: range.cidr.family, value: range.cidr.base + 1n });
  const fitting = servers.filter((server) => isIPv6(server) === isIPv6(first));
  const objects: KubeObject[] = ["default", "kube-system", "kube-public", "kube-node-lease"].map((name) => ({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name },
  }));
  objects.push(...apiServerObjects(first, fitting.length > 0 ? fitting : [CONTROL_PLANE.ip]));
  for (const object of objects) {
    const known = writes.store.get(keyOf(object));
    const isAddress = object.kind === "Endpoints" || object.kind === "EndpointSlice";
    if (known !== undefined && (!isAddress || serversOf(known) === serversOf(object))) continue;
    // Of another IP family it has to be another slice (EnsureEndpointSliceFromEndpoints in pkg/controlplane/reconcilers).
    const isOther =
      known?.kind === "EndpointSlice" && (known as EndpointSlice).addressType !== (object as EndpointSlice).addressType;
    if (isOther) writes.delete(keyOf(object), context, { force: true });
    const made =
      known === undefined || isOther
        ? writes.create(object, context)
        : writes.update({ ...known, ...object, metadata: known.metadata } as KubeObject, context);
    assert(made.ok, `bootstrap: ${made.ok ? "" : made.error.message}`);
  }
}

/** The addresses behind default/kubernetes, in one text to compare. */
function serversOf(object: KubeObject): string {
  if (object.kind === "EndpointSlice")
    return (object as EndpointSlice).endpoints?.flatMap((e) => e.addresses).join() ?? "";
  return ((object as Endpoints).subsets ?? []).flatMap((s) => (s.addresses ?? []).map((a) => a.ip)).join();
}
