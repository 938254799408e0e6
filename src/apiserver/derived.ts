/**
 * IPAddress and ServiceCIDR objects, which the ClusterIP allocator keeps beside the Services since 1.33. Here the Services
 * themselves are the allocator's memory, so these are views of them: read-only, and never out of step.
 */
import { compareStrings } from "../base/compare.ts";
import { isIPv6 } from "../base/ip.ts";
import type { ClusterConfig } from "../model/config/types.ts";
import type { KubeObject } from "../model/meta/types.ts";
import type { Service } from "../model/service/types.ts";
import type { ObjectReader } from "./types.ts";

export interface IPAddress extends KubeObject {
  readonly apiVersion: "networking.k8s.io/v1";
  readonly kind: "IPAddress";
  readonly spec: {
    readonly parentRef: {
      readonly group: "";
      readonly resource: "services";
      readonly namespace: string;
      readonly name: string;
    };
  };
}

export interface ServiceCIDR extends KubeObject {
  readonly apiVersion: "networking.k8s.io/v1";
  readonly kind: "ServiceCIDR";
  readonly spec: { readonly cidrs: readonly string[] };
}

/** One per ClusterIP, named by it, in order of names. */
export function ipAddresses(reader: ObjectReader): readonly IPAddress[] {
  const out: IPAddress[] = [];
  for (const { metadata, spec } of reader.list<Service>("Service")) {
    if (spec.type === "ExternalName") continue;
    for (const ip of spec.clusterIPs ?? []) {
      if (ip === "None" || ip === "") continue;
      out.push({
        apiVersion: "networking.k8s.io/v1",
        kind: "IPAddress",
        metadata: {
          name: ip,
          labels: {
            "ipaddress.kubernetes.io/ip-family": isIPv6(ip) ? "IPv6" : "IPv4",
            "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
          },
          ...(metadata.creationTimestamp === undefined ? {} : { creationTimestamp: metadata.creationTimestamp }),
        },
        spec: {
          parentRef: { group: "", resource: "services", namespace: metadata.namespace ?? "", name: metadata.name },
        },
      });
    }
  }
  return out.sort((a, b) => compareStrings(a.metadata.name, b.metadata.name));
}

/** The one that the API server makes of its `--service-cluster-ip-range`. */
export function defaultServiceCIDR(cluster: ClusterConfig): ServiceCIDR {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "ServiceCIDR",
    metadata: { name: "kubernetes", finalizers: ["networking.k8s.io/service-cidr-finalizer"] },
    spec: { cidrs: cluster.serviceSubnet.split(",").map((part) => part.trim()) },
  };
}
