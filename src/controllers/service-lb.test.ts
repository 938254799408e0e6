import { describe, expect, test } from "vitest";
import { SECOND } from "../base/time.ts";
import type { KubeObject } from "../model/meta/types.ts";
import type { Service } from "../model/service/types.ts";
import { keyIn, node, service, TestCluster } from "./testing.ts";

const balanced = (name: string, spec: object = {}): KubeObject => service(name, { type: "LoadBalancer", ...spec });
const stored = (c: TestCluster, name = "web"): Service | undefined => c.get<Service>("Service", "default", name);
const addresses = (c: TestCluster, name = "web"): readonly (string | undefined)[] =>
  (stored(c, name)?.status.loadBalancer.ingress ?? []).map(({ ip }) => ip);
const CLEANUP = "service.kubernetes.io/load-balancer-cleanup";

describe.each(["nodePort", "vip"] as const)("a cloud of kind %s", (loadBalancer) => {
  test("finalizer first, then after the cloud's time the address, mode VIP", () => {
    const c = new TestCluster({ pace: "run", cloud: { loadBalancer } });
    c.apply(balanced("web"));
    c.run(0.1 * SECOND);
    expect(stored(c)?.metadata.finalizers).toEqual([CLEANUP]);
    expect(addresses(c)).toEqual([]);
    c.run(2 * SECOND);
    expect(stored(c)?.status.loadBalancer).toEqual({ ingress: [{ ip: "203.0.113.10", ipMode: "VIP" }] });
    expect(c.refusals).toEqual([]);
  });
});

test("the lowest free address, each its own; a freed one goes to who waits", () => {
  const c = new TestCluster({ cloud: { addresses: { from: "203.0.113.10", to: "203.0.113.11" } } });
  c.apply(balanced("a"), balanced("b"), balanced("c"));
  expect(c.rest().quiet).toBe(true);
  expect([addresses(c, "a"), addresses(c, "b"), addresses(c, "c")]).toEqual([["203.0.113.10"], ["203.0.113.11"], []]);
  expect(c.titles).toContain(
    "service-controller: Error syncing load balancer: failed to ensure load balancer: no free address in 203.0.113.10-203.0.113.11",
  );
  c.delete(keyIn("Service", "a"));
  c.rest();
  expect(stored(c, "a")).toBeUndefined();
  expect(addresses(c, "c")).toEqual(["203.0.113.10"]);
});

test("who came first is served first, also by a cloud that came in the same text", () => {
  const c = new TestCluster();
  c.apply(balanced("web"), balanced("api"), {
    apiVersion: "kubehop.dev/v1alpha1",
    kind: "CloudProvider",
    metadata: { name: "cloud" },
    spec: { loadBalancer: "nodePort" },
  } as unknown as KubeObject);
  c.rest();
  expect([addresses(c, "web"), addresses(c, "api")]).toEqual([["203.0.113.10"], ["203.0.113.11"]]);
});

test("loadBalancerIP is honoured when it is free", () => {
  const c = new TestCluster();
  c.apply(balanced("a", { loadBalancerIP: "203.0.113.99" }), balanced("b", { loadBalancerIP: "203.0.113.99" }));
  c.rest();
  expect([addresses(c, "a"), addresses(c, "b")]).toEqual([["203.0.113.99"], []]);
});

test.each<[string, object, "nodePort" | "none"]>([
  ["without a cloud it is pending for ever", {}, "none"],
  ["a loadBalancerClass is someone else's", { loadBalancerClass: "example.com/lb" }, "nodePort"],
])("%s", (_name, spec, loadBalancer) => {
  const c = new TestCluster({ cloud: { loadBalancer } });
  c.apply(balanced("web", spec));
  c.rest();
  expect(addresses(c)).toEqual([]);
  expect(stored(c)?.metadata.finalizers).toBeUndefined();
});

test("an address that the text states is kept, and given to nobody else", () => {
  const c = new TestCluster();
  c.apply(
    { ...balanced("web"), status: { loadBalancer: { ingress: [{ ip: "203.0.113.10" }] } } } as KubeObject,
    balanced("b"),
  );
  c.rest();
  expect(addresses(c)).toEqual(["203.0.113.10"]);
  expect(addresses(c, "b")).toEqual(["203.0.113.11"]);
});

test("deletion waits for the cloud, then the finalizer goes and the object with it", () => {
  const c = new TestCluster({ pace: "run" });
  c.apply(balanced("web"));
  c.run(10 * SECOND);
  c.delete(keyIn("Service", "web"));
  c.run(SECOND);
  expect(stored(c)?.metadata.deletionTimestamp).toBeDefined();
  expect(addresses(c)).toEqual(["203.0.113.10"]);
  c.run(2 * SECOND);
  expect(stored(c)).toBeUndefined();
  expect(c.refusals).toEqual([]);
});

test("a Service that is no LoadBalancer any more loses address and finalizer, and may come back", () => {
  const c = new TestCluster();
  c.apply(balanced("web"));
  c.rest();
  c.apply(service("web", { type: "ClusterIP" }));
  c.rest();
  expect(addresses(c)).toEqual([]);
  expect(stored(c)?.metadata.finalizers).toBeUndefined();
  c.apply(balanced("web"));
  c.rest();
  expect(addresses(c)).toEqual(["203.0.113.10"]);
  expect(c.refusals).toEqual([]);
});

test("events tell what the cloud does, and nodes that come are told to the balancer", () => {
  const c = new TestCluster({ pace: "run" });
  const told = (): readonly string[] => c.events.splice(0).filter((e) => e.startsWith("service-controller"));
  c.apply(balanced("web"));
  c.run(3 * SECOND);
  expect(told()).toEqual([
    "service-controller EnsuringLoadBalancer Ensuring load balancer",
    "service-controller EnsuredLoadBalancer Ensured load balancer",
  ]);
  c.apply(node("worker-9", 9));
  c.run(3 * SECOND);
  expect(told()).toEqual(["service-controller UpdatedLoadBalancer Updated load balancer with new hosts"]);
  c.edit(keyIn("Service", "web"), (s: Service) => ({
    ...s,
    spec: { ...s.spec, loadBalancerSourceRanges: ["10.0.0.0/8"] },
  }));
  c.run(3 * SECOND);
  expect(told()).toEqual([
    "service-controller EnsuringLoadBalancer Ensuring load balancer",
    "service-controller EnsuredLoadBalancer Ensured load balancer",
  ]);
  expect(addresses(c)).toEqual(["203.0.113.10"]);
  c.edit(keyIn("Service", "web"), (s: Service) => {
    const { loadBalancerSourceRanges: _, ...spec } = s.spec;
    return { ...s, spec: { ...spec, type: "ClusterIP" } } as Service;
  });
  c.run(3 * SECOND);
  expect(told()).toEqual([
    "service-controller DeletingLoadBalancer Deleting load balancer",
    "service-controller DeletedLoadBalancer Deleted load balancer",
  ]);
  expect(addresses(c)).toEqual([]);
  expect(stored(c)?.metadata.finalizers).toBeUndefined();
  expect(c.refusals).toEqual([]);
});

test("a failure is told and tried again, further and further apart", () => {
  const c = new TestCluster({ pace: "run", cloud: { addresses: { from: "203.0.113.10", to: "203.0.113.10" } } });
  c.apply(balanced("a"), balanced("b"));
  c.run(60 * SECOND);
  const failures = c.events.filter((e) => e.includes("SyncLoadBalancerFailed"));
  expect(failures.length).toBe(4);
  c.delete(keyIn("Service", "a"));
  c.run(10 * SECOND);
  expect(addresses(c, "b")).toEqual(["203.0.113.10"]);
});

test.each([
  [{ ipMode: "Proxy" } as const, { ip: "203.0.113.10", ipMode: "Proxy" }],
  [{ loadBalancer: "pod" } as const, { ip: "203.0.113.10", ipMode: "VIP" }],
])("a cloud with %o tells %o", (cloud, ingress) => {
  const c = new TestCluster({ cloud });
  c.apply(balanced("web"));
  c.rest();
  expect(stored(c)?.status.loadBalancer.ingress).toEqual([ingress]);
});

test("a cloud that tells names: of the Service's uid, each balancer with an address of its own, gone with its type", () => {
  const c = new TestCluster({
    pace: "run",
    cloud: { status: "hostname", addresses: { from: "203.0.113.10", to: "203.0.113.11" } },
  });
  c.apply(balanced("a"), balanced("b"), balanced("c"));
  c.run(3 * SECOND);
  const uid = stored(c, "a")?.metadata.uid?.replaceAll("-", "") ?? "";
  const [named] = stored(c, "a")?.status.loadBalancer.ingress ?? [];
  expect(named).toEqual({ hostname: expect.stringContaining(`a${uid.slice(0, 31)}-`) as string });
  expect(c.titles.at(-1)).toContain("no free address in 203.0.113.10-203.0.113.11");
  c.apply(service("a", { type: "ClusterIP" }));
  c.run(10 * SECOND);
  expect(stored(c, "a")?.status.loadBalancer).toEqual({});
  expect(stored(c, "a")?.metadata.finalizers).toBeUndefined();
  expect(stored(c, "c")?.status.loadBalancer.ingress?.[0]?.hostname).toMatch(/amazonaws\.com$/);
});
