import { expect, test } from "vitest";
import type { EndpointSlice } from "../../model/endpointslice/types.ts";
import type { KubeObject } from "../../model/meta/types.ts";
import { deployment, node, service, TestCluster } from "../testing.ts";
import { allocateHints } from "./hints.ts";

const zoned = (name: string, n: number, zone: string | null, cpu = "4"): KubeObject =>
  ({
    ...node(name, n, zone === null ? {} : { labels: { "topology.kubernetes.io/zone": zone } }),
    status: { addresses: [{ type: "InternalIP", address: `192.168.56.${10 + n}` }], allocatable: { cpu } },
  }) as KubeObject;

function cluster(replicas: number, nodes: readonly KubeObject[]): TestCluster {
  const c = new TestCluster({ nodes });
  const web = service("web");
  const annotations = { "service.kubernetes.io/topology-mode": "Auto" };
  c.apply({ ...web, metadata: { ...web.metadata, annotations } }, deployment("web", replicas));
  c.rest();
  expect(c.refusals).toEqual([]);
  return c;
}

const hints = (c: TestCluster): readonly string[] =>
  c
    .list<EndpointSlice>("EndpointSlice")
    .filter((slice) => slice.metadata.name.startsWith("web-"))
    .flatMap((slice) => slice.endpoints ?? [])
    .map((e) => `${e.zone ?? "-"} for ${e.hints?.forZones?.map(({ name }) => name).join(",") ?? "anyone"}`)
    .toSorted();
const told = (c: TestCluster): readonly string[] => c.events.filter((e) => e.includes("TopologyAwareHints"));

test("each zone gets its share", () => {
  const c = cluster(4, [zoned("a", 1, "z1"), zoned("b", 2, "z2")]);
  expect(hints(c)).toEqual(["z1 for z1", "z1 for z1", "z2 for z2", "z2 for z2"]);
  expect(told(c).at(-1)).toBe(
    "endpointslice-controller TopologyAwareHintsEnabled Topology Aware Hints has been enabled, addressType: IPv4",
  );
});

test("too few endpoints for the zones: no hints, and an event that says why", () => {
  const c = cluster(2, [zoned("a", 1, "z1"), zoned("b", 2, "z2"), zoned("c", 3, "z3")]);
  expect(hints(c)).toEqual(["z1 for anyone", "z2 for anyone"]);
  expect(told(c).at(-1)).toContain("Insufficient number of endpoints (2 endpoints, 3 zones), addressType: IPv4");
});

test("nodes without a zone or CPUs: no hints", () => {
  const c = cluster(4, [zoned("a", 1, "z1"), zoned("b", 2, null)]);
  expect(hints(c).every((text) => text.endsWith("anyone"))).toBe(true);
});

test("a zone that has more than its share lends to one that has none", () => {
  const nodes = [zoned("a", 1, "z1", "2"), zoned("b", 2, "z2", "2")].map(
    (n) =>
      ({
        ...n,
        status: { ...(n as { status?: object }).status, conditions: [{ type: "Ready", status: "True" }] },
      }) as never,
  );
  const endpoints = ["1", "2", "3", "4"].map((id) => ({ id, zone: "z1" }));
  const allocation = allocateHints(endpoints, nodes, "IPv4");
  const zones = allocation.ok ? [...allocation.zoneOf.values()].toSorted() : [];
  expect(zones).toEqual(["z1", "z1", "z2", "z2"]);
});
