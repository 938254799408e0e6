import { describe, expect, test } from "vitest";
import { kindByName, kindInfo, KINDS, qualifiedKind, qualifiedResource } from "./kinds.ts";
import { tableOf } from "./tables.ts";

describe("kinds", () => {
  test.each([
    ["po", "Pod"],
    ["pods", "Pod"],
    ["Pod", "Pod"],
    ["deploy", "Deployment"],
    ["deployments.apps", "Deployment"],
    ["deployments.v1.apps", "Deployment"],
    ["svc", "Service"],
    ["services", "Service"],
    ["ep", "Endpoints"],
    ["endpoints", "Endpoints"],
    ["endpointslices", "EndpointSlice"],
    ["endpointslices.discovery.k8s.io", "EndpointSlice"],
    ["rs", "ReplicaSet"],
    ["no", "Node"],
    ["ns", "Namespace"],
    ["cm", "ConfigMap"],
    ["netpol", "NetworkPolicy"],
    ["ingressclasses", "IngressClass"],
    ["clients.kubehop.dev", "Client"],
  ])("%s names %s", (text, kind) => {
    expect(kindByName(text)?.kind).toBe(kind);
  });

  test("what is no resource has no name", () => {
    expect(kindByName("servces")).toBeUndefined();
    expect(kindByName("kubeproxyconfigurations")).toBeUndefined();
  });

  test.each([
    ["Service", "services", "Service"],
    ["Deployment", "deployments.apps", "Deployment.apps"],
    ["Endpoints", "endpoints", "Endpoints"],
    ["EndpointSlice", "endpointslices.discovery.k8s.io", "EndpointSlice.discovery.k8s.io"],
    ["Ingress", "ingresses.networking.k8s.io", "Ingress.networking.k8s.io"],
    ["NetworkPolicy", "networkpolicies.networking.k8s.io", "NetworkPolicy.networking.k8s.io"],
  ])("%s in messages", (kind, resource, qualified) => {
    expect(qualifiedResource(kind)).toBe(resource);
    expect(qualifiedKind(kind)).toBe(qualified);
  });

  test("old versions are not served", () => {
    expect(kindInfo("extensions/v1beta1", "Deployment")).toBeUndefined();
    expect(kindInfo("apps/v1", "Deployment")?.namespaced).toBe(true);
  });

  test("every modelled and config kind has a field table, no kept one has", () => {
    const described = KINDS.filter((info) => tableOf(info) !== undefined);
    expect(described).toEqual(KINDS.filter((info) => info.support !== "kept"));
  });
});
