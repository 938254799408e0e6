import { expect, test } from "vitest";
import type { Endpoints } from "../../model/endpoints/types.ts";
import type { KubeObject } from "../../model/meta/types.ts";
import { deployment, keyIn, service, TestCluster } from "../testing.ts";

/** A ready pod with an address of our choice. */
function pod(
  name: string,
  ip: string,
  options: { readonly ready?: boolean; readonly ports?: readonly object[]; readonly labels?: object } = {},
): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default", labels: { app: "web", ...options.labels } },
    spec: {
      nodeName: "worker-1",
      containers: [
        {
          name: "c",
          image: "nginx",
          ...(options.ports === undefined ? {} : { ports: options.ports }),
          readinessProbe: { tcpSocket: { port: 1 } },
        },
      ],
    },
    status: {
      phase: "Running",
      startTime: "2026-01-01T00:00:00Z",
      podIP: ip,
      podIPs: [{ ip }],
      conditions: [{ type: "Ready", status: options.ready === false ? "False" : "True" }],
    },
  } as KubeObject;
}

function endpoints(c: TestCluster, name = "web"): Endpoints {
  return c.get<Endpoints>("Endpoints", "default", name) as Endpoints;
}

/** `10.0.0.1,10.0.0.2 (10.0.0.3): http 80, 443` for each subset. */
function brief(object: Endpoints): readonly string[] | null {
  return (
    object.subsets?.map((subset) => {
      const ips = (list: typeof subset.addresses): string => (list ?? []).map((a) => a.ip).join(",");
      const not = ips(subset.notReadyAddresses);
      const ports = (subset.ports ?? []).map((p) => `${p.name === undefined ? "" : `${p.name} `}${p.port}`).join(", ");
      return `${ips(subset.addresses)}${not === "" ? "" : ` (${not})`}: ${ports}`;
    }) ?? null
  );
}

test("no pods: an object without subsets, labelled as its maker's", () => {
  const c = new TestCluster();
  c.apply(service("web"));
  c.rest();
  expect(endpoints(c)).not.toHaveProperty("subsets");
  expect(endpoints(c).metadata.labels).toEqual({ "endpoints.kubernetes.io/managed-by": "endpoint-controller" });
});

test("addresses sort as text, unready ones stand apart, two ports share a subset", () => {
  const c = new TestCluster();
  const ports = [
    { name: "http", port: 80, targetPort: 8080 },
    { name: "admin", port: 81, targetPort: 9090 },
  ];
  c.apply(
    service("web", { ports }),
    pod("a", "10.244.1.2"),
    pod("b", "10.244.1.10"),
    pod("c", "10.244.1.3", { ready: false }),
  );
  c.rest();
  expect(brief(endpoints(c))).toEqual(["10.244.1.10,10.244.1.2 (10.244.1.3): admin 9090, http 8080"]);
  expect(endpoints(c).subsets?.[0]?.addresses?.[0]).toMatchObject({
    ip: "10.244.1.10",
    nodeName: "worker-1",
    targetRef: { kind: "Pod", namespace: "default", name: "b" },
  });
  expect(c.refusals).toEqual([]);
});

test("a named targetPort: by name and protocol, each pod its own number, and who has none is left out", () => {
  const c = new TestCluster();
  c.apply(
    service("web", { ports: [{ port: 80, targetPort: "http" }] }),
    pod("a", "10.244.1.2", { ports: [{ name: "http", containerPort: 8080 }] }),
    pod("b", "10.244.1.3", { ports: [{ name: "http", containerPort: 9090 }] }),
    pod("udp", "10.244.1.4", { ports: [{ name: "http", containerPort: 8080, protocol: "UDP" }] }),
    pod("none", "10.244.1.5"),
  );
  c.rest();
  expect(brief(endpoints(c))).toEqual(["10.244.1.2: 8080", "10.244.1.3: 9090"]);
});

test("publishNotReadyAddresses makes everyone ready", () => {
  const c = new TestCluster();
  c.apply(service("web", { publishNotReadyAddresses: true }), pod("a", "10.244.1.2", { ready: false }));
  c.rest();
  expect(brief(endpoints(c))).toEqual(["10.244.1.2: 8080"]);
});

test("all pairs of the selector must match, in the same namespace", () => {
  const c = new TestCluster();
  c.apply(
    service("web", { selector: { app: "web", tier: "fe" } }),
    pod("a", "10.244.1.2"),
    pod("b", "10.244.1.3", { labels: { tier: "fe" } }),
  );
  c.rest();
  expect(brief(endpoints(c))).toEqual(["10.244.1.3: 8080"]);
  c.edit(keyIn("Pod", "a"), (p) => ({ ...p, metadata: { ...p.metadata, labels: { app: "web", tier: "fe" } } }));
  c.edit(keyIn("Pod", "b"), (p) => ({ ...p, metadata: { ...p.metadata, labels: { app: "web" } } }));
  c.rest();
  expect(brief(endpoints(c))).toEqual(["10.244.1.2: 8080"]);
});

test("a terminating pod is out at once", () => {
  const c = new TestCluster({ pace: "run" });
  c.apply(service("web"), deployment("web", 1, { annotations: { "kubehop.dev/behavior": "stop=20s" } }));
  c.run(10_000_000);
  expect(brief(endpoints(c))).toEqual(["10.244.1.2: 8080"]);
  c.delete(c.store.list("Pod", "default").map((p) => keyIn("Pod", p.metadata.name))[0] as never);
  c.run(50_000);
  expect(brief(endpoints(c))).toBeNull();
});

test("no selector or ExternalName: nothing is made; hand-made Endpoints stay", () => {
  const c = new TestCluster();
  c.apply(
    { ...service("db"), spec: { ports: [{ port: 5432 }] } } as KubeObject,
    {
      ...service("out"),
      spec: { type: "ExternalName", externalName: "example.com", selector: { app: "web" } },
    } as KubeObject,
    {
      apiVersion: "v1",
      kind: "Endpoints",
      metadata: { name: "db", namespace: "default" },
      subsets: [{ addresses: [{ ip: "192.0.2.7" }], ports: [{ port: 5432 }] }],
    } as KubeObject,
  );
  c.rest();
  expect(endpoints(c, "out")).toBeUndefined();
  expect(brief(endpoints(c, "db"))).toEqual(["192.0.2.7: 5432"]);
});

test("more than a thousand addresses are cut, ready ones first, and it says so", () => {
  const c = new TestCluster();
  const pods = Array.from({ length: 1010 }, (_, i) =>
    pod(`p${i}`, `10.250.${Math.floor(i / 250)}.${(i % 250) + 1}`, { ready: i >= 20 }),
  );
  c.apply(service("web"), ...pods);
  c.rest();
  const subset = endpoints(c).subsets?.[0];
  expect([subset?.addresses?.length, subset?.notReadyAddresses?.length]).toEqual([990, 10]);
  expect(endpoints(c).metadata.annotations).toEqual({ "endpoints.kubernetes.io/over-capacity": "truncated" });
  expect(c.refusals).toEqual([]);
});
