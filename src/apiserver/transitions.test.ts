/** What a change of type allocates, keeps and gives back. */
import { describe, expect, test } from "vitest";
import { clusterConfig } from "../model/config/cluster-config.ts";
import type { ConfigObject } from "../model/config/types.ts";
import { type KubeObject, objectKey } from "../model/meta/types.ts";
import type { Service, ServiceSpec, ServiceType } from "../model/service/types.ts";
import { kubectlText } from "../model/status.ts";
import { createApi } from "./api.ts";
import { createStore } from "./store.ts";
import type { Api, Store, WriteContext } from "./types.ts";

const NOW: WriteContext = { at: 0, cause: 0, writer: "kubectl" };
const WEB = objectKey("Service", "default", "web");

interface Cluster {
  readonly api: Api;
  readonly store: Store;
}

function start(networking: object = {}): Cluster {
  const store = createStore();
  const object = {
    apiVersion: "kubeadm.k8s.io/v1beta4",
    kind: "ClusterConfiguration",
    metadata: { name: "" },
    networking,
  };
  const cluster = clusterConfig(object as ConfigObject);
  if (!cluster.ok) throw new Error(cluster.error.map(({ field, message }) => `${field}: ${message}`).join());
  const api = createApi(store, { seed: 1, cluster: () => cluster.value });
  api.bootstrap(NOW);
  return { api, store };
}

const service = (name: string, spec: object): KubeObject =>
  ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name },
    spec: { selector: { app: "web" }, ports: [{ port: 80 }], ...spec },
  }) as unknown as KubeObject;

function put({ api, store }: Cluster, spec: object, name = "web"): ServiceSpec {
  const there = store.get(objectKey("Service", "default", name)) !== undefined;
  const result = there ? api.update(service(name, spec), NOW) : api.create(service(name, spec), NOW);
  if (!result.ok) throw new Error(kubectlText(result.error));
  return (result.value.object as Service).spec;
}

function refused({ api }: Cluster, spec: object): string {
  const result = api.update(service("web", spec), NOW);
  return result.ok ? "accepted" : kubectlText(result.error);
}

const TYPES: readonly ServiceType[] = ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"];
const body = (type: ServiceType): object => ({
  type,
  ...(type === "ExternalName" && { externalName: "db.example.com" }),
  ...(type === "LoadBalancer" && { externalTrafficPolicy: "Local" }),
});
const published = (type: ServiceType): boolean => type === "NodePort" || type === "LoadBalancer";

const PAIRS = TYPES.flatMap((from) => TYPES.filter((to) => to !== from).map((to) => [from, to] as const));

describe.each(PAIRS)("%s → %s", (from, to) => {
  test("has what the new type needs, and nothing more", () => {
    const cluster = start();
    put(cluster, body(from));
    const after = put(cluster, body(to));
    const has = (field: keyof ServiceSpec): boolean => after[field] !== undefined;
    const alias = to === "ExternalName";
    for (const field of ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"] as const) {
      expect([field, has(field)]).toEqual([field, !alias]);
    }
    expect(after.ports?.[0]?.nodePort !== undefined).toBe(published(to));
    expect(has("externalTrafficPolicy")).toBe(published(to));
    expect(has("healthCheckNodePort")).toBe(to === "LoadBalancer");
    expect(after.allocateLoadBalancerNodePorts).toBe(to === "LoadBalancer" ? true : undefined);
  });
});

test.each(PAIRS.filter((pair) => !pair.includes("ExternalName")))("%s → %s keeps what both have", (from, to) => {
  const cluster = start();
  const before = put(cluster, body(from));
  const after = put(cluster, body(to));
  expect(after.clusterIPs).toEqual(before.clusterIPs);
  const both = published(from) && published(to);
  expect(after.ports?.[0]?.nodePort === before.ports?.[0]?.nodePort).toBe(both);
});

/** Numbers that the change gives back. */
const released = (from: ServiceType, to: ServiceType, { ports, healthCheckNodePort }: ServiceSpec): readonly number[] =>
  [
    ...(published(from) && !published(to) ? [ports?.[0]?.nodePort] : []),
    ...(from === "LoadBalancer" ? [healthCheckNodePort] : []),
  ].filter((port) => port !== undefined);

test.each(PAIRS.filter(([from]) => published(from)))("what %s → %s gives back another may take at once", (from, to) => {
  const cluster = start();
  const before = put(cluster, body(from));
  put(cluster, body(to));
  const free = released(from, to, before);
  expect(free.length).toBe(Number(from === "LoadBalancer") + Number(!published(to)));
  for (const nodePort of free) {
    const heir = put(cluster, { type: "NodePort", ports: [{ port: 80, nodePort }] }, `heir-${nodePort}`);
    expect(heir.ports).toMatchObject([{ nodePort }]);
  }
});

test.each(TYPES.slice(0, 3))("%s → ExternalName gives the address back", (from) => {
  const cluster = start();
  const { clusterIP } = put(cluster, body(from));
  put(cluster, body("ExternalName"));
  expect(put(cluster, { clusterIP }, "heir").clusterIP).toBe(clusterIP);
});

test("leaving LoadBalancer clears the status at once, and the class", () => {
  const cluster = start();
  put(cluster, { type: "LoadBalancer", loadBalancerClass: "example.com/lb" });
  const ingress = [{ ip: "203.0.113.10", ipMode: "VIP" }];
  const balanced = {
    ...cluster.store.get<Service>(WEB),
    status: { loadBalancer: { ingress } },
  } as unknown as KubeObject;
  expect(cluster.api.updateStatus(balanced, NOW).ok).toBe(true);
  expect(put(cluster, { type: "NodePort" })).not.toHaveProperty("loadBalancerClass");
  expect(cluster.store.get<Service>(WEB)?.status).toEqual({ loadBalancer: {} });
});

test("a balancer that is to do without node ports keeps those that are repeated, and drops those that are not", () => {
  const cluster = start();
  const nodePort = put(cluster, { type: "LoadBalancer" }).ports?.[0]?.nodePort;
  const without = { type: "LoadBalancer", allocateLoadBalancerNodePorts: false };
  expect(put(cluster, { ...without, ports: [{ port: 80, nodePort }] }).ports).toMatchObject([{ nodePort }]);
  expect(put(cluster, without).ports?.[0]).not.toHaveProperty("nodePort");
});

test("a refused update gives nothing back", () => {
  const cluster = start();
  const { clusterIP } = put(cluster, { type: "NodePort" });
  expect(refused(cluster, { type: "ExternalName" })).toMatch(/spec.externalName: Required value/);
  expect(cluster.store.serviceByClusterIP(clusterIP ?? "")?.metadata.name).toBe("web");
});

describe("a cluster of two families", () => {
  const DUAL = { serviceSubnet: "10.96.0.0/16,fd00:96::/112", podSubnet: "10.244.0.0/16,fd00:244::/56" };

  test("one family unless more is asked for", () => {
    expect(put(start(DUAL), {})).toMatchObject({
      ipFamilyPolicy: "SingleStack",
      ipFamilies: ["IPv4"],
      clusterIPs: [expect.stringMatching(/^10\.96\./)],
    });
    expect(put(start(DUAL), { ipFamilies: ["IPv6"] })).toMatchObject({
      ipFamilyPolicy: "SingleStack",
      clusterIP: expect.stringMatching(/^fd00:96::/),
    });
  });

  test.each(["PreferDualStack", "RequireDualStack"])("%s gets both, the primary first", (ipFamilyPolicy) => {
    const { clusterIP, clusterIPs, ipFamilies } = put(start(DUAL), { ipFamilyPolicy });
    expect(ipFamilies).toEqual(["IPv4", "IPv6"]);
    expect(clusterIPs).toEqual([expect.stringMatching(/^10\.96\./), expect.stringMatching(/^fd00:96::/)]);
    expect(clusterIPs?.[0]).toBe(clusterIP);
  });

  test("the order of families is the client's", () => {
    const asked = { ipFamilyPolicy: "RequireDualStack", ipFamilies: ["IPv6", "IPv4"] };
    expect(put(start(DUAL), asked).clusterIPs).toEqual([expect.stringMatching(/^fd/), expect.stringMatching(/^10\./)]);
  });

  test("the second family can be added and given back, the first not", () => {
    const cluster = start(DUAL);
    const [first] = put(cluster, {}).clusterIPs ?? [];
    const both = put(cluster, { ipFamilyPolicy: "PreferDualStack" });
    expect(both.clusterIPs?.[0]).toBe(first);
    const second = both.clusterIPs?.[1] ?? "";
    expect(
      refused(cluster, {
        ipFamilyPolicy: "PreferDualStack",
        ipFamilies: ["IPv4"],
        clusterIPs: [first],
        clusterIP: first,
      }),
    ).toMatch(/must be 'SingleStack' to release the secondary/);
    expect(refused(cluster, { ipFamilyPolicy: "RequireDualStack", ipFamilies: ["IPv6", "IPv4"] })).toMatch(
      /Invalid value: .*: may not change once set|expected an IPv6 value/,
    );
    expect(put(cluster, { ipFamilyPolicy: "SingleStack" }).clusterIPs).toEqual([first]);
    expect(put(cluster, { ipFamilies: ["IPv6"], clusterIP: second }, "heir").clusterIP).toBe(second);
  });

  test("two names of one Service for one family are refused", () => {
    const cluster = start(DUAL);
    put(cluster, {});
    expect(refused(cluster, { ipFamilyPolicy: "SingleStack", ipFamilies: ["IPv4", "IPv6"] })).toBe(
      `The Service "web" is invalid: spec.ipFamilyPolicy: Invalid value: "SingleStack": must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified`,
    );
  });

  test("kubeadm takes one subnet of each family", () => {
    expect(() => start({ serviceSubnet: "10.96.0.0/16,10.97.0.0/16" })).toThrow(
      "expected one (IPv4 or IPv6) CIDR or two CIDRs from each family for dual-stack networking",
    );
  });
});
