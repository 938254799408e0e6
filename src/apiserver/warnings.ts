import { formatIP, parseIP } from "../base/ip.ts";
import { INGRESS_CLASS_ANNOTATION } from "../model/ingress/types.ts";
import type { KubeObject } from "../model/meta/types.ts";
import type { Service } from "../model/service/types.ts";
import { quote } from "../model/status.ts";

/** Said on every read and write of Endpoints since 1.33. */
export const ENDPOINTS_DEPRECATED = "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice";

/** Source: pkg/registry/networking/ingress/strategy.go. */
const INGRESS_CLASS_DEPRECATED = `annotation "${INGRESS_CLASS_ANNOTATION}" is deprecated, please use 'spec.ingressClassName' instead`;

/** Source: apimachinery/pkg/util/validation/ip.go, GetWarningsForIP. */
function addressWarnings(text: string, field: string): readonly string[] {
  const ip = parseIP(text);
  if (ip === null || ip.family === 4 || formatIP(ip) === text) return [];
  return [`${field}: IPv6 address ${quote(text)} should be in RFC 5952 canonical format (${quote(formatIP(ip))})`];
}

/** Source: pkg/api/service/warnings.go. */
function serviceWarnings({ spec, metadata }: Service): readonly string[] {
  const out: string[] = [];
  const externalIPs = (spec.externalIPs?.length ?? 0) > 0;
  if (metadata.annotations?.["service.kubernetes.io/topology-aware-hints"] !== undefined) {
    out.push(
      "annotation service.kubernetes.io/topology-aware-hints is deprecated, please use service.kubernetes.io/topology-mode instead",
    );
  }
  for (const [i, ip] of (spec.clusterIPs ?? []).entries()) out.push(...addressWarnings(ip, `spec.clusterIPs[${i}]`));
  for (const [i, ip] of (spec.externalIPs ?? []).entries()) out.push(...addressWarnings(ip, `spec.externalIPs[${i}]`));
  if (spec.loadBalancerIP) out.push(...addressWarnings(spec.loadBalancerIP, "spec.loadBalancerIP"));
  if (externalIPs) out.push("spec.externalIPs is deprecated and may no longer be implemented in some clusters");
  if (spec.clusterIP === "None") {
    if (spec.loadBalancerIP) out.push("spec.loadBalancerIP is ignored for headless services");
    if (externalIPs) out.push("spec.externalIPs is ignored for headless services");
    if (spec.sessionAffinity !== undefined && spec.sessionAffinity !== "None") {
      out.push("spec.SessionAffinity is ignored for headless services");
    }
  }
  if (spec.type === "ExternalName") {
    if (externalIPs) out.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  } else if (spec.externalName) {
    out.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  }
  if (spec.trafficDistribution === "PreferClose") {
    out.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"');
  }
  return out;
}

/** What the server warns about when this object is written: the texts of `Warning: 299` headers. */
export function writeWarnings(object: KubeObject): readonly string[] {
  if (object.kind === "Endpoints") return [ENDPOINTS_DEPRECATED];
  if (object.kind === "Ingress") {
    const old = object.metadata.annotations?.[INGRESS_CLASS_ANNOTATION] !== undefined;
    return old ? [INGRESS_CLASS_DEPRECATED] : [];
  }
  return object.kind === "Service" ? serviceWarnings(object as Service) : [];
}
