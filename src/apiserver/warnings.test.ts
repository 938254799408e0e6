import { describe, expect, test } from "vitest";
import type { KubeObject } from "../model/meta/types.ts";
import { ENDPOINTS_DEPRECATED, writeWarnings } from "./warnings.ts";

const service = (spec: object, annotations: object = {}): KubeObject =>
  ({ apiVersion: "v1", kind: "Service", metadata: { name: "web", annotations }, spec }) as KubeObject;

describe("warnings of a write", () => {
  test.each<[string, object, readonly string[]]>([
    ["nothing to say", { type: "ClusterIP", clusterIPs: ["10.96.0.7"] }, []],
    [
      "external addresses",
      { externalIPs: ["198.51.100.7"], externalName: "x" },
      [
        "spec.externalIPs is deprecated and may no longer be implemented in some clusters",
        'spec.externalName is ignored when spec.type is not "ExternalName"',
      ],
    ],
    [
      "what a headless Service ignores",
      { clusterIP: "None", sessionAffinity: "ClientIP", loadBalancerIP: "1.2.3.4" },
      ["spec.loadBalancerIP is ignored for headless services", "spec.SessionAffinity is ignored for headless services"],
    ],
    [
      "what an alias ignores",
      { type: "ExternalName", externalName: "a.example", externalIPs: ["198.51.100.7"] },
      [
        "spec.externalIPs is deprecated and may no longer be implemented in some clusters",
        'spec.externalIPs is ignored when spec.type is "ExternalName"',
      ],
    ],
    [
      "an old word",
      { trafficDistribution: "PreferClose" },
      ['spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"'],
    ],
    [
      "an address written otherwise than others write it",
      { clusterIPs: ["FD00:96::0007"], loadBalancerIP: "2001:db8:0::1" },
      [
        'spec.clusterIPs[0]: IPv6 address "FD00:96::0007" should be in RFC 5952 canonical format ("fd00:96::7")',
        'spec.loadBalancerIP: IPv6 address "2001:db8:0::1" should be in RFC 5952 canonical format ("2001:db8::1")',
      ],
    ],
  ])("%s", (_, spec, warnings) => {
    expect(writeWarnings(service(spec))).toEqual(warnings);
  });

  test("annotations of old", () => {
    expect(writeWarnings(service({}, { "service.kubernetes.io/topology-aware-hints": "auto" }))).toEqual([
      "annotation service.kubernetes.io/topology-aware-hints is deprecated, please use service.kubernetes.io/topology-mode instead",
    ]);
    const metadata = { name: "a", annotations: { "kubernetes.io/ingress.class": "nginx" } };
    expect(writeWarnings({ apiVersion: "networking.k8s.io/v1", kind: "Ingress", metadata })).toEqual([
      "annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName' instead",
    ]);
  });

  test("Endpoints, always", () => {
    const endpoints = { apiVersion: "v1", kind: "Endpoints", metadata: { name: "web" } };
    expect(writeWarnings(endpoints)).toEqual([ENDPOINTS_DEPRECATED]);
  });
});
