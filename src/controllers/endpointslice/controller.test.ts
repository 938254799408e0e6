import { expect, test } from "vitest";
import { SECOND } from "../../base/time.ts";
import type { EndpointSlice } from "../../model/endpointslice/types.ts";
import type { KubeObject } from "../../model/meta/types.ts";
import { deployment, keyIn, node, service, TestCluster } from "../testing.ts";

const slices = (c: TestCluster, name = "web"): readonly EndpointSlice[] =>
  c.store.slicesOf("default", name).toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
const states = (c: TestCluster): readonly string[] =>
  slices(c).flatMap((slice) =>
    (slice.endpoints ?? []).map(({ addresses, conditions: x }) =>
      [addresses[0], x?.ready && "ready", x?.serving && "serving", x?.terminating && "terminating"]
        .filter(Boolean)
        .join(" "),
    ),
  );

function pod(name: string, ip: string, extra: { readonly spec?: object; readonly port?: number } = {}): KubeObject {
  const ports = extra.port === undefined ? {} : { ports: [{ name: "http", containerPort: extra.port }] };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default", labels: { app: "web" } },
    spec: { nodeName: "worker-1", containers: [{ name: "c", image: "nginx", ...ports }], ...extra.spec },
    status: { podIP: ip, podIPs: [{ ip }] },
  } as KubeObject;
}

test("a Service without pods has one placeholder slice, and it stays put", () => {
  const c = new TestCluster();
  c.apply(service("web"));
  c.rest();
  const [slice] = slices(c);
  expect(slices(c)).toHaveLength(1);
  expect(slice).toMatchObject({ addressType: "IPv4", endpoints: null, ports: null });
  expect(slice?.metadata).toMatchObject({
    generateName: "web-",
    labels: {
      "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
      "kubernetes.io/service-name": "web",
    },
    ownerReferences: [{ kind: "Service", name: "web", controller: true, blockOwnerDeletion: true }],
  });
  expect(slice?.metadata.name).toMatch(/^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  const revision = c.store.revision;
  c.edit(keyIn("Service", "web"), (s) => ({ ...s, metadata: { ...s.metadata, annotations: { a: "b" } } }));
  c.rest();
  expect(c.store.revision).toBe(revision + 1);
});

test("the placeholder becomes the first slice and comes back as the last", () => {
  const c = new TestCluster();
  c.apply(service("web"));
  c.rest();
  const name = slices(c)[0]?.metadata.name;
  c.apply(deployment("web", 2));
  c.rest();
  expect(slices(c).map((s) => [s.metadata.name, s.endpoints?.length])).toEqual([[name, 2]]);
  expect(slices(c)[0]?.ports).toEqual([{ name: "", port: 8080, protocol: "TCP" }]);
  c.apply(deployment("web", 0));
  c.rest();
  expect(slices(c).map((s) => [s.metadata.name, s.endpoints, s.ports])).toEqual([[name, null, null]]);
  expect(c.refusals).toEqual([]);
});

test("an endpoint says its pod, node and zone", () => {
  const c = new TestCluster({ nodes: [node("worker-1", 1, { labels: { "topology.kubernetes.io/zone": "z1" } })] });
  c.apply(service("web"), pod("a", "10.244.1.7", { spec: { hostname: "a0", subdomain: "web" } }));
  c.rest();
  expect(slices(c)[0]?.endpoints).toMatchObject([
    {
      addresses: ["10.244.1.7"],
      conditions: { ready: true, serving: true, terminating: false },
      hostname: "a0",
      nodeName: "worker-1",
      zone: "z1",
      targetRef: { kind: "Pod", namespace: "default", name: "a" },
    },
  ]);
  c.apply(node("worker-1", 1, { labels: { "topology.kubernetes.io/zone": "z2" } }));
  c.rest();
  expect(slices(c)[0]?.endpoints?.[0]?.zone).toBe("z2");
});

test("a terminating pod stays, serving, until it is gone; its replacement comes in when it is ready", () => {
  const c = new TestCluster({ pace: "run" });
  c.apply(service("web"), deployment("web", 1, { annotations: { "kubehop.dev/behavior": "stop=8s" } }));
  c.run(10 * SECOND);
  expect(states(c)).toEqual(["10.244.1.2 ready serving"]);
  c.delete(keyIn("Pod", c.list("Pod")[0]?.metadata.name ?? ""));
  c.run(0.1 * SECOND);
  expect(states(c)).toEqual(["10.244.1.2 serving terminating"]);
  c.run(1.3 * SECOND);
  expect(states(c)).toEqual(["10.244.1.2 serving terminating", "10.244.2.2 ready serving"]);
  c.run(10 * SECOND);
  expect(states(c)).toEqual(["10.244.2.2 ready serving"]);
});

test("a killed pod is not ready until it is up again", () => {
  const c = new TestCluster({ pace: "run" });
  c.apply(service("web"), deployment("web", 1));
  c.run(10 * SECOND);
  c.kill(keyIn("Pod", c.list("Pod")[0]?.metadata.name ?? ""));
  c.run(0.1 * SECOND);
  expect(states(c)).toEqual(["10.244.1.2"]);
  c.run(2 * SECOND);
  expect(states(c)).toEqual(["10.244.1.2 ready serving"]);
});

test("pods that map a named port differently stand in different slices", () => {
  const c = new TestCluster();
  c.apply(
    service("web", { ports: [{ name: "web", port: 80, targetPort: "http" }] }),
    pod("a", "10.244.1.2", { port: 8080 }),
    pod("b", "10.244.1.3", { port: 9090 }),
    pod("c", "10.244.1.4"),
  );
  c.rest();
  const found = slices(c).map(
    (s) => `${s.ports?.[0]?.port ?? "-"}: ${(s.endpoints ?? []).map((e) => e.addresses[0]).join()}`,
  );
  expect(found.toSorted()).toEqual(["-: 10.244.1.4", "8080: 10.244.1.2", "9090: 10.244.1.3"]);
});

test("a hundred endpoints to a slice; one more makes a second; nothing moves to even out", () => {
  const c = new TestCluster({ nodes: Array.from({ length: 3 }, (_, i) => node(`n${i}`, i + 1)) });
  const fill = (replicas: number): readonly number[] => {
    c.apply(deployment("web", replicas));
    c.rest();
    return slices(c)
      .map((s) => s.endpoints?.length ?? 0)
      .toSorted((a, b) => b - a);
  };
  c.apply(service("web"));
  expect(fill(100)).toEqual([100]);
  expect(fill(101)).toEqual([100, 1]);
  const first = new Map(slices(c).map((s) => [s.metadata.name, s.metadata.resourceVersion]));
  expect(fill(150)).toEqual([100, 50]);
  // The full slice was not written again.
  expect(slices(c).filter((s) => first.get(s.metadata.name) === s.metadata.resourceVersion)).toHaveLength(1);
  expect(fill(200)).toEqual([100, 100]);
  expect(c.refusals).toEqual([]);
});

test.each([
  ["PreferSameZone", { forZones: [{ name: "z1" }] }],
  ["PreferClose", { forZones: [{ name: "z1" }] }],
  ["PreferSameNode", { forNodes: [{ name: "worker-1" }], forZones: [{ name: "z1" }] }],
  [undefined, undefined],
])("trafficDistribution %s gives hints", (trafficDistribution, hints) => {
  const c = new TestCluster({ nodes: [node("worker-1", 1, { labels: { "topology.kubernetes.io/zone": "z1" } })] });
  c.apply(service("web", trafficDistribution === undefined ? {} : { trafficDistribution }), deployment("web", 1));
  c.rest();
  expect(slices(c)[0]?.endpoints?.[0]?.hints).toEqual(hints);
});

test("headless: labelled, and without ports the slice has none", () => {
  const c = new TestCluster();
  c.apply(service("web", { clusterIP: "None" }), deployment("web", 1));
  c.apply({ ...service("bare"), spec: { clusterIP: "None", selector: { app: "web" } } } as KubeObject);
  c.rest();
  expect(slices(c)[0]?.metadata.labels).toMatchObject({ "service.kubernetes.io/headless": "" });
  expect(slices(c, "bare")[0]).toMatchObject({ ports: null, endpoints: [{ addresses: ["10.244.1.2"] }] });
  expect(c.refusals).toEqual([]);
});

test("Service labels are on its slices, and slices go with the Service", () => {
  const c = new TestCluster();
  const labelled = service("web");
  c.apply({ ...labelled, metadata: { ...labelled.metadata, labels: { team: "a" } } });
  c.rest();
  expect(slices(c)[0]?.metadata.labels?.["team"]).toBe("a");
  c.apply({ ...labelled, metadata: { ...labelled.metadata, labels: { team: "b" } } });
  c.rest();
  expect(slices(c)[0]?.metadata.labels?.["team"]).toBe("b");
  c.delete(keyIn("Service", "web"));
  c.rest();
  expect(slices(c)).toEqual([]);
});

const handMade = (extra: object = {}, labels?: Readonly<Record<string, string>>): KubeObject =>
  ({
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: { name: "db", namespace: "default", ...(labels === undefined ? {} : { labels }) },
    subsets: [
      {
        addresses: [{ ip: "192.0.2.7" }],
        notReadyAddresses: [{ ip: "192.0.2.8" }],
        ports: [{ name: "pg", port: 5432 }],
      },
    ],
    ...extra,
  }) as KubeObject;
const selectorless = { ...service("db"), spec: { ports: [{ name: "pg", port: 5432 }] } } as KubeObject;

test("hand-made Endpoints of a Service without selector are mirrored", () => {
  const c = new TestCluster();
  c.apply(selectorless, handMade());
  c.rest();
  expect(slices(c, "db")).toMatchObject([
    {
      addressType: "IPv4",
      ports: [{ name: "pg", port: 5432, protocol: "TCP" }],
      endpoints: [
        { addresses: ["192.0.2.7"], conditions: { ready: true } },
        { addresses: ["192.0.2.8"], conditions: { ready: false } },
      ],
      metadata: { labels: { "endpointslice.kubernetes.io/managed-by": "endpointslicemirroring-controller.k8s.io" } },
    },
  ]);
  const name = slices(c, "db")[0]?.metadata.name;
  c.apply(handMade({ subsets: [{ addresses: [{ ip: "192.0.2.9" }], ports: [{ name: "pg", port: 5432 }] }] }));
  c.rest();
  expect(slices(c, "db").map((s) => [s.metadata.name, s.endpoints?.[0]?.addresses])).toEqual([[name, ["192.0.2.9"]]]);
  c.delete(keyIn("Endpoints", "db"));
  c.rest();
  expect(slices(c, "db")).toEqual([]);
  expect(c.refusals).toEqual([]);
});

test("both families make two mirrors", () => {
  const c = new TestCluster();
  const ports = [{ name: "pg", port: 5432 }];
  c.apply(selectorless, handMade({ subsets: [{ addresses: [{ ip: "192.0.2.7" }, { ip: "2001:db8::7" }], ports }] }));
  c.rest();
  expect(
    slices(c, "db")
      .map((s) => s.addressType)
      .toSorted(),
  ).toEqual(["IPv4", "IPv6"]);
});

test("no mirror: with a selector, with skip-mirror, without a Service; a selector that comes later ends it", () => {
  const c = new TestCluster();
  c.apply(handMade());
  c.rest();
  expect(slices(c, "db")).toEqual([]);
  c.apply(selectorless);
  c.rest();
  expect(slices(c, "db")).toHaveLength(1);
  c.apply(handMade({}, { "endpointslice.kubernetes.io/skip-mirror": "true" }));
  c.rest();
  expect(slices(c, "db")).toEqual([]);
  c.apply(handMade({}, {}));
  c.rest();
  c.apply(service("db"));
  c.rest();
  expect(slices(c, "db").map((s) => s.metadata.labels?.["endpointslice.kubernetes.io/managed-by"])).toEqual([
    "endpointslice-controller.k8s.io",
  ]);
  expect(c.refusals).toEqual([]);
});

test("a slice given without pods behind its endpoints stands until a pod matches", () => {
  const c = new TestCluster();
  const given = {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: "web-given",
      namespace: "default",
      labels: {
        "kubernetes.io/service-name": "web",
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
      },
    },
    addressType: "IPv4",
    endpoints: [{ addresses: ["10.244.1.40"], conditions: { ready: true, serving: true, terminating: false } }],
    ports: [{ name: "", protocol: "TCP", port: 8080 }],
  } as KubeObject;
  c.apply(service("web"), given);
  c.rest();
  expect(slices(c).map((s) => s.metadata.name)).toEqual(["web-given"]);
  expect(states(c)).toEqual(["10.244.1.40 ready serving"]);
  c.apply(pod("web-1", "10.244.1.5"));
  c.rest();
  expect(slices(c).map((s) => s.metadata.name)).toEqual(["web-given"]);
  expect(states(c).map((s) => s.split(" ")[0])).toEqual(["10.244.1.5"]);
});
