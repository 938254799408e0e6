import { describe, expect, test } from "vitest";
import type { KubeObject, ObjectKey } from "../../model/meta/types.ts";
import { objectKey } from "../../model/meta/types.ts";
import type { Service } from "../../model/service/types.ts";
import { keyIn, service, TestCluster } from "../testing.ts";

const FROM = "metallb.io/ip-allocated-from-pool";

const pool = (name: string, addresses: readonly string[], spec: object = {}): KubeObject =>
  ({
    apiVersion: "metallb.io/v1beta1",
    kind: "IPAddressPool",
    metadata: { name, namespace: "metallb-system" },
    spec: { addresses, ...spec },
  }) as unknown as KubeObject;

const balanced = (
  name: string,
  { annotations, labels, ...spec }: { annotations?: object; labels?: object; [field: string]: unknown } = {},
): KubeObject => {
  const made = service(name, { type: "LoadBalancer", ...spec });
  return {
    ...made,
    metadata: { ...made.metadata, ...(annotations && { annotations }), ...(labels && { labels }) },
  } as KubeObject;
};

const NAMESPACE = { apiVersion: "v1", kind: "Namespace", metadata: { name: "metallb-system" } } as KubeObject;

function cluster(...objects: readonly KubeObject[]): TestCluster {
  const c = new TestCluster({ cloud: { loadBalancer: "none" } });
  c.apply(NAMESPACE);
  add(c, ...objects);
  return c;
}

/** One after the other, so that who came first is first. */
function add(c: TestCluster, ...objects: readonly KubeObject[]): void {
  for (const object of objects) {
    c.apply(object);
    c.rest();
  }
}

const stored = (c: TestCluster, name: string): Service | undefined => c.get<Service>("Service", "default", name);
const ips = (c: TestCluster, name = "web"): readonly (string | undefined)[] =>
  (stored(c, name)?.status.loadBalancer.ingress ?? []).map(({ ip }) => ip);
const told = (c: TestCluster): readonly string[] =>
  c.events
    .splice(0)
    .filter((e) => e.startsWith("metallb-controller"))
    .map((e) => e.slice("metallb-controller ".length));

describe("MetalLB's controller", () => {
  test("assigns the first free address, notes the pool, and sets no finalizer", () => {
    const c = cluster(pool("lan", ["172.18.255.200-172.18.255.250"]), balanced("web"));
    expect(stored(c, "web")?.status.loadBalancer).toEqual({ ingress: [{ ip: "172.18.255.200", ipMode: "VIP" }] });
    expect(stored(c, "web")?.metadata.annotations?.[FROM]).toBe("lan");
    expect(stored(c, "web")?.metadata.finalizers).toBeUndefined();
    expect(told(c)).toEqual(['IPAllocated Assigned IP ["172.18.255.200"]']);
    expect(c.refusals).toEqual([]);
  });

  test("a Service that gets none stays pending, and gets the next that is freed", () => {
    const c = cluster(pool("lan", ["172.18.255.200/32"]), balanced("a"), balanced("b"));
    expect([ips(c, "a"), ips(c, "b")]).toEqual([["172.18.255.200"], []]);
    expect(told(c).at(-1)).toBe('AllocationFailed Failed to allocate IP for "default/b": no available IPs');
    c.delete(keyIn("Service", "a"));
    c.rest();
    expect(ips(c, "b")).toEqual(["172.18.255.200"]);
  });

  test.each<[string, Parameters<typeof balanced>[1], string]>([
    [
      "an unknown pool",
      { annotations: { "metallb.io/address-pool": "x" } },
      'Failed to allocate IP for "default/web": unknown pool "x"',
    ],
    [
      "a pool that is used up",
      { annotations: { "metallb.universe.tf/address-pool": "tiny" } },
      'Failed to allocate IP for "default/web": no available IPs in pool "tiny" for ipv4 IPFamily',
    ],
    [
      "an address outside of all pools",
      { annotations: { "metallb.io/loadBalancerIPs": "1.2.3.4" } },
      'Failed to allocate IP for "default/web": ["1.2.3.4"] is not allowed in config',
    ],
    [
      "an address that another Service has",
      { loadBalancerIP: "172.18.1.1" },
      'Failed to allocate IP for "default/web": can\'t change sharing key for "default/web", address also in use by default/first',
    ],
    [
      "an address of another pool than the one asked for",
      { loadBalancerIP: "172.18.255.201", annotations: { "metallb.io/address-pool": "tiny" } },
      'Failed to allocate IP for "default/web": requested loadBalancer IP(s) ["172.18.255.201"] is not compatible with requested address pool tiny',
    ],
    [
      "an address of the wrong family",
      { loadBalancerIP: "fd00::1" },
      'Failed to allocate IP for "default/web": requested loadBalancer IP(s) ["fd00::1"] does not match the ipFamily of the service',
    ],
  ])("refuses %s, in its own words", (_what, spec, message) => {
    const c = cluster(
      pool("lan", ["172.18.255.200-172.18.255.250"]),
      pool("tiny", ["172.18.1.1/32"], { autoAssign: false }),
      balanced("first", { annotations: { "metallb.io/address-pool": "tiny" } }),
    );
    told(c);
    add(c, balanced("web", spec));
    expect([ips(c), told(c)]).toEqual([[], [`AllocationFailed ${message}`]]);
  });

  test("autoAssign, avoidBuggyIPs and serviceAllocation decide which pool and which address", () => {
    const c = cluster(
      pool("a-manual", ["172.18.1.0/24"], { autoAssign: false }),
      pool("b-open", ["172.18.2.0/24"], { avoidBuggyIPs: true }),
      pool("c-late", ["172.18.3.1/32"], { serviceAllocation: { priority: 20, namespaces: ["default"] } }),
      pool("d-first", ["172.18.4.1/32"], {
        serviceAllocation: { priority: 10, serviceSelectors: [{ matchLabels: { tier: "gold" } }] },
      }),
      balanced("plain"),
      balanced("gold", { labels: { tier: "gold" } }),
      balanced("rest"),
      balanced("asks", { annotations: { "metallb.io/address-pool": "a-manual" } }),
    );
    expect(["plain", "gold", "rest", "asks"].map((name) => ips(c, name)[0])).toEqual([
      "172.18.3.1",
      "172.18.4.1",
      "172.18.2.1",
      "172.18.1.0",
    ]);
  });

  test("one address for two Services with one sharing key, but not for one port, nor with policy Local for other pods", () => {
    const shared = { annotations: { "metallb.io/allow-shared-ip": "key" } };
    const port = (n: number): object => ({ ports: [{ port: n, targetPort: 8080 }] });
    const c = cluster(
      pool("lan", ["172.18.255.200-172.18.255.250"]),
      balanced("a", { ...shared, ...port(80) }),
      balanced("b", { ...shared, ...port(443) }),
      balanced("c", { ...shared, ...port(80) }),
      balanced("d", { ...shared, ...port(81), externalTrafficPolicy: "Local" }),
      balanced("e", { ...shared, ...port(82), loadBalancerIP: "172.18.255.200" }),
    );
    expect(["a", "b", "c", "d", "e"].map((name) => ips(c, name)[0])).toEqual([
      "172.18.255.200",
      "172.18.255.200",
      "172.18.255.201",
      "172.18.255.202",
      "172.18.255.200",
    ]);
    told(c);
    add(c, balanced("f", { ...shared, ...port(443), loadBalancerIP: "172.18.255.200" }));
    expect(told(c)).toEqual([
      'AllocationFailed Failed to allocate IP for "default/f": port TCP/443 is already in use on "172.18.255.200"',
    ]);
  });

  test("another type: address and annotation go at once", () => {
    const c = cluster(pool("lan", ["172.18.255.200/32"]), balanced("web"));
    add(c, service("web", { type: "ClusterIP" }));
    expect(ips(c)).toEqual([]);
    expect(stored(c, "web")?.metadata.annotations?.[FROM]).toBeUndefined();
    expect(c.refusals).toEqual([]);
  });

  test("a pool that no longer holds the address: it is told, and another is given", () => {
    const c = cluster(pool("lan", ["172.18.255.200/32"]), balanced("web"));
    told(c);
    add(c, pool("lan", ["172.18.255.210/32"]));
    expect([ips(c), told(c)]).toEqual([
      ["172.18.255.210"],
      [
        'ClearAssignment current IP for "default/web" not allowed by config, will attempt for new IP assignment: ["172.18.255.200"] is not allowed in config',
        'IPAllocated Assigned IP ["172.18.255.210"]',
      ],
    ]);
    c.delete(objectKey("IPAddressPool", "metallb-system", "lan") as ObjectKey);
    c.rest();
    expect([ips(c), stored(c, "web")?.metadata.annotations?.[FROM]]).toEqual([[], undefined]);
  });

  test("loadBalancerClass: without a cloud none, beside a cloud its own", () => {
    const c = cluster(
      pool("lan", ["172.18.255.200-172.18.255.250"]),
      balanced("web", { loadBalancerClass: "example.com/x" }),
    );
    expect(ips(c)).toEqual([]);
    c.cloud = { ...c.cloud, loadBalancer: "nodePort" };
    add(c, balanced("ours", { loadBalancerClass: "metallb" }), balanced("clouds"));
    expect([ips(c, "ours"), ips(c, "clouds")]).toEqual([["172.18.255.200"], ["203.0.113.10"]]);
  });
});
