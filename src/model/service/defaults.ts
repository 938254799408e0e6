/** Source: pkg/apis/core/v1/defaults.go, SetDefaults_Service. */
import { isIPv6 } from "../../base/ip.ts";
import type { IPFamily, LoadBalancerIngress, Service, ServicePort, ServiceSpec } from "./types.ts";

/** NodePort, LoadBalancer, or a ClusterIP Service with externalIPs: who has an externalTrafficPolicy. */
export function externallyAccessible(spec: ServiceSpec): boolean {
  return (
    spec.type === "NodePort" ||
    spec.type === "LoadBalancer" ||
    (spec.type === "ClusterIP" && (spec.externalIPs?.length ?? 0) > 0)
  );
}

/** LoadBalancer with policy Local: who has a healthCheckNodePort. */
export function needsHealthCheckNodePort(spec: ServiceSpec): boolean {
  return spec.type === "LoadBalancer" && spec.externalTrafficPolicy === "Local";
}

function defaultPort(port: ServicePort): ServicePort {
  const target = port.targetPort as number | string | undefined;
  return {
    ...port,
    protocol: port.protocol ?? "TCP",
    ...(target === undefined || target === 0 || target === "" ? { targetPort: port.port } : {}),
  };
}

function defaultIngress(ingress: LoadBalancerIngress): LoadBalancerIngress {
  return ingress.ip !== undefined && ingress.ipMode === undefined ? { ...ingress, ipMode: "VIP" } : ingress;
}

/** Families and addresses are not here: they are given by the allocator. */
export function defaultService(service: Service): Service {
  const given = (service.spec ?? {}) as Partial<ServiceSpec>;
  const type = given.type ?? "ClusterIP";
  const sessionAffinity = given.sessionAffinity ?? "None";
  const { sessionAffinityConfig: _, ...rest } = given;
  const spec: ServiceSpec = {
    ...rest,
    type,
    sessionAffinity,
    ...(sessionAffinity === "ClientIP"
      ? {
          sessionAffinityConfig: {
            ...given.sessionAffinityConfig,
            clientIP: {
              ...given.sessionAffinityConfig?.clientIP,
              timeoutSeconds: given.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10_800,
            },
          },
        }
      : sessionAffinity !== "None" && given.sessionAffinityConfig !== undefined
        ? { sessionAffinityConfig: given.sessionAffinityConfig }
        : {}),
    ...(given.ports === undefined ? {} : { ports: given.ports.map(defaultPort) }),
    ...(given.internalTrafficPolicy === undefined &&
    (type === "ClusterIP" || type === "NodePort" || type === "LoadBalancer")
      ? { internalTrafficPolicy: "Cluster" as const }
      : {}),
    ...(type === "LoadBalancer" && given.allocateLoadBalancerNodePorts === undefined
      ? { allocateLoadBalancerNodePorts: true }
      : {}),
  };
  const withPolicy: ServiceSpec =
    externallyAccessible(spec) && spec.externalTrafficPolicy === undefined
      ? { ...spec, externalTrafficPolicy: "Cluster" }
      : spec;
  const ingress = service.status?.loadBalancer?.ingress;
  return {
    ...service,
    spec: withPolicy,
    status: {
      ...service.status,
      loadBalancer: {
        ...service.status?.loadBalancer,
        ...(ingress === undefined ? {} : { ingress: ingress.map(defaultIngress) }),
      },
    },
  };
}

/** What a single-stack IPv4 cluster gives a Service that says nothing (headless without selector: both families, see the API server's alloc.go). */
export function defaultFamilies(
  service: Service,
  cluster: IPFamily = "IPv4",
): Pick<ServiceSpec, "ipFamilies" | "ipFamilyPolicy"> {
  const spec = service.spec;
  if (spec.type === "ExternalName") return {};
  const asked = spec.clusterIP !== undefined && spec.clusterIP !== "" && spec.clusterIP !== "None";
  const family: IPFamily = asked ? (isIPv6(spec.clusterIP ?? "") ? "IPv6" : "IPv4") : cluster;
  const headlessWithoutSelector = spec.clusterIP === "None" && Object.keys(spec.selector ?? {}).length === 0;
  if (headlessWithoutSelector && spec.ipFamilyPolicy === undefined) {
    const other: IPFamily = family === "IPv4" ? "IPv6" : "IPv4";
    return { ipFamilyPolicy: "RequireDualStack", ipFamilies: spec.ipFamilies ?? [family, other] };
  }
  return { ipFamilyPolicy: spec.ipFamilyPolicy ?? "SingleStack", ipFamilies: spec.ipFamilies ?? [family] };
}
