import { describe, expect, it } from "vitest";
import { endpoint, reader, service, slice } from "./testing.ts";
import { buildView, type ProxyView } from "./view.ts";

function viewOf(
  s: ReturnType<typeof service>,
  slices: Parameters<typeof reader>[1] = [],
  family: 4 | 6 = 4,
): ProxyView {
  return buildView(reader([s], slices), family);
}

describe("buildView", () => {
  it("skips what has no rules: headless, ExternalName, other proxies, other families", () => {
    expect(viewOf(service("a", { clusterIP: "None", clusterIPs: ["None"] })).entries).toEqual([]);
    expect(viewOf(service("b", { type: "ExternalName", externalName: "x.test" })).entries).toEqual([]);
    expect(
      viewOf(service("c", {}, { labels: { "service.kubernetes.io/service-proxy-name": "mesh" } })).entries,
    ).toEqual([]);
    expect(viewOf(service("d", {}), [], 6).entries).toEqual([]);
    expect(
      viewOf(service("e", { clusterIP: "fd00:96::1", clusterIPs: ["fd00:96::1", "10.96.0.9"] })).entries[0]?.port
        .clusterIP,
    ).toBe("10.96.0.9");
  });

  it("names ports as kube-proxy does and sorts by that name", () => {
    const ports = [
      { name: "http", protocol: "TCP", port: 80, targetPort: 80 },
      { name: "dns", protocol: "UDP", port: 53, targetPort: 53 },
    ] as const;
    const view = buildView(reader([service("web", { ports }), service("web-2", {})], []));
    expect(view.entries.map((e) => e.port.name)).toEqual(["default/web-2", "default/web:dns", "default/web:http"]);
    expect(view.entries.map((e) => e.port.path)).toEqual(["spec.ports[0]", "spec.ports[1]", "spec.ports[0]"]);
  });

  it("matches slice ports by name and protocol, never by number", () => {
    const s = service("web", { ports: [{ name: "http", protocol: "TCP", port: 80, targetPort: 8080 }] });
    const keys = (ports: NonNullable<Parameters<typeof slice>[2]>["ports"]): string[] =>
      viewOf(service("web", s.spec), [
        slice("web", [endpoint("10.244.1.5", "n1")], { ports: ports ?? null }),
      ]).entries[0]?.endpoints.map((e) => e.key) ?? [];
    expect(keys([{ name: "http", protocol: "TCP", port: 9 }])).toEqual(["10.244.1.5:9"]);
    expect(keys([{ name: "web", protocol: "TCP", port: 80 }])).toEqual([]);
    expect(keys([{ name: "http", protocol: "UDP", port: 80 }])).toEqual([]);
    expect(keys([{ name: "http", protocol: "TCP" }])).toEqual([]);
    expect(keys(null)).toEqual([]);
  });

  it("sorts endpoints as strings, takes first addresses only, and merges slices", () => {
    const view = viewOf(service("web", {}), [
      slice("web", [endpoint("10.244.1.2", "n1"), endpoint("10.244.1.10", "n1")]),
      slice("web", [{ addresses: ["10.244.1.100", "10.244.1.101"] }, { addresses: ["fd00::1"] }], { name: "web-b" }),
    ]);
    expect(view.entries[0]?.endpoints.map((e) => e.key)).toEqual([
      "10.244.1.100:8080",
      "10.244.1.10:8080",
      "10.244.1.2:8080",
    ]);
    expect(view.totalEndpoints).toBe(3);
  });

  it("fills in conditions as kube-proxy does", () => {
    const state = (conditions: NonNullable<Parameters<typeof endpoint>[2]>["conditions"]): boolean[] => {
      const ep = { addresses: ["10.244.1.2"], ...(conditions ? { conditions } : {}) };
      const found = viewOf(service("web", {}), [slice("web", [ep])]).entries[0]?.endpoints[0];
      return found ? [found.ready, found.serving, found.terminating] : [];
    };
    expect(state(undefined)).toEqual([true, true, false]);
    expect(state({ ready: false })).toEqual([false, true, false]);
    expect(state({ ready: false, serving: false, terminating: true })).toEqual([false, false, true]);
  });

  it("lets an endpoint that stays win over the same one terminating", () => {
    const ending = endpoint("10.244.1.2", "n1", { conditions: { ready: false, serving: true, terminating: true } });
    for (const eps of [
      [ending, endpoint("10.244.1.2", "n1")],
      [endpoint("10.244.1.2", "n1"), ending],
    ]) {
      const found = viewOf(service("web", {}), [slice("web", eps)]).entries[0]?.endpoints;
      expect(found?.map((e) => e.terminating)).toEqual([false]);
    }
  });

  it("takes only load balancer addresses that nodes answer for, and cancels ranges of everything", () => {
    const s = service(
      "lb",
      { type: "LoadBalancer", loadBalancerSourceRanges: [" 198.51.100.7/24 ", "fd00::/64"] },
      {
        ingress: [
          { hostname: "x.test" },
          { ip: "203.0.113.1", ipMode: "Proxy" },
          { ip: "203.0.113.2" },
          { ip: "fd00::2", ipMode: "VIP" },
        ],
      },
    );
    const port = viewOf(s).entries[0]?.port;
    expect(port?.loadBalancerVIPs).toEqual([{ value: "203.0.113.2", path: "status.loadBalancer.ingress[2].ip" }]);
    expect(port?.sourceRanges).toEqual([{ value: "198.51.100.0/24", path: "spec.loadBalancerSourceRanges[0]" }]);
    const open = service("lb", { ...s.spec, loadBalancerSourceRanges: ["198.51.100.0/24", "0.0.0.0/0"] });
    expect(viewOf(open).entries[0]?.port.sourceRanges).toEqual([]);
  });

  it("believes externalTrafficPolicy only where there is something external, and health checks only with it", () => {
    const port = (spec: Parameters<typeof service>[1]) =>
      viewOf(service("x", { externalTrafficPolicy: "Local", healthCheckNodePort: 32000, ...spec })).entries[0]?.port;
    expect(port({})?.externalPolicyLocal).toBe(false);
    expect(port({ externalIPs: ["198.51.100.1"] })?.externalPolicyLocal).toBe(true);
    expect(port({ type: "NodePort" })?.healthCheckNodePort).toBeNull();
    expect(port({ type: "LoadBalancer" })?.healthCheckNodePort).toBe(32000);
    expect(port({ type: "LoadBalancer", externalTrafficPolicy: "Cluster" })?.healthCheckNodePort).toBeNull();
  });

  it("gives the very same entries as long as Service and slices are the same objects", () => {
    const s = service("same", {});
    const one = slice("same", [endpoint("10.244.1.2", "n1")]);
    const first = viewOf(s, [one]).entries[0];
    expect(viewOf(s, [one]).entries[0]).toBe(first);
    expect(viewOf(s, [one, slice("same", [], { name: "b" })]).entries[0]).not.toBe(first);
    expect(viewOf({ ...s }, [one]).entries[0]).not.toBe(first);
  });

  it("says where an endpoint comes from: slice, then pod", () => {
    const ep = endpoint("10.244.1.2", "n1", { targetRef: { kind: "Pod", namespace: "default", name: "web-x" } });
    expect(
      viewOf(service("web", {}), [slice("web", [ep])]).entries[0]?.endpoints[0]?.because.map((b) => [b.object, b.path]),
    ).toEqual([
      ["EndpointSlice/default/web-a", "endpoints[0].addresses[0]"],
      ["Pod/default/web-x", "status.podIP"],
    ]);
  });
});
