import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import type { Deployment } from "../model/deployment/types.ts";
import type { Node } from "../model/node/types.ts";
import { type KubeObject, objectKey, type ObjectKey } from "../model/meta/types.ts";
import type { Pod } from "../model/pod/types.ts";
import type { Service } from "../model/service/types.ts";
import { kubectlText } from "../model/status.ts";
import { createApi } from "./api.ts";
import { LAST_APPLIED } from "./apply.ts";
import { threeWayMerge } from "./merge.ts";
import { createStore } from "./store.ts";
import type { Api, Applied, Store } from "./types.ts";

let store: Store;
let api: Api;
const now = { at: 0, cause: 1, writer: "kubectl" };

beforeEach(() => {
  store = createStore();
  api = createApi(store, {
    seed: 1,
    cluster: () => ({
      serviceSubnet: "10.96.0.0/12",
      podSubnet: "10.244.0.0/16",
      dnsDomain: "cluster.local",
      nodePortRange: { from: 30000, to: 32767 },
    }),
  });
  api.bootstrap(now);
});

const WEB = objectKey("Service", "default", "web");
const as = (object: object): KubeObject => object as KubeObject;
const service = (name: string, spec: object, metadata: object = {}): KubeObject =>
  as({ apiVersion: "v1", kind: "Service", metadata: { name, ...metadata }, spec });
const web = (spec: object = { selector: { app: "web" }, ports: [{ port: 80, targetPort: 8080 }] }): KubeObject =>
  service("web", spec);
const pod = (name: string, labels: object = {}, more: object = {}): KubeObject =>
  as({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels },
    spec: { containers: [{ name: "c", image: "nginx", ports: [{ containerPort: 80 }] }] },
    ...more,
  });
const deployment = (spec: object = {}, containers: readonly object[] = [{ name: "c", image: "nginx" }]): KubeObject =>
  as({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web" },
    spec: {
      selector: { matchLabels: { app: "web" } },
      template: { metadata: { labels: { app: "web" } }, spec: { containers } },
      ...spec,
    },
  });

function apply(object: KubeObject): Applied {
  const result = api.apply(object, now);
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}
const get = <T extends KubeObject>(key: ObjectKey): T => {
  const object = store.get<T>(key);
  if (object === undefined) throw new Error(`no ${key}`);
  return object;
};
const applyAll = (objects: readonly KubeObject[], prune: readonly ObjectKey[] = []) =>
  api.applyAll(objects, now, { prune });

describe("apply of one object", () => {
  test("creates, and notes what was applied as compact JSON with a newline", () => {
    const { operation, object, warnings } = apply(web());
    expect(operation).toBe("created");
    expect(warnings).toEqual([]);
    expect(object.metadata.annotations?.[LAST_APPLIED]).toBe(
      '{"apiVersion":"v1","kind":"Service","metadata":{"annotations":{},"name":"web","namespace":"default"},"spec":{"ports":[{"port":80,"targetPort":8080}],"selector":{"app":"web"}}}\n',
    );
  });

  test("escapes what HTML would take for markup, as Go does", () => {
    const { object } = apply(service("web", { ports: [{ port: 80 }] }, { annotations: { a: "<b>&c" } }));
    expect(object.metadata.annotations?.[LAST_APPLIED]).toContain('"a":"\\u003cb\\u003e\\u0026c"');
  });

  test("the same text again is unchanged and writes nothing", () => {
    apply(web());
    const { revision } = store;
    expect(apply(web())).toMatchObject({ operation: "unchanged", commit: null });
    expect(store.revision).toBe(revision);
  });

  test("a changed text is configured; address and node ports stay", () => {
    const before = apply(web({ type: "NodePort", ports: [{ port: 80 }] })).object as Service;
    const { operation, object } = apply(web({ type: "NodePort", ports: [{ port: 8080 }], selector: { app: "x" } }));
    expect(operation).toBe("configured");
    const { spec } = object as Service;
    expect(spec.clusterIP).toBe(before.spec.clusterIP);
    expect(spec.ports).toEqual([
      { port: 8080, targetPort: 8080, protocol: "TCP", nodePort: before.spec.ports?.[0]?.nodePort },
    ]);
    expect(spec.selector).toEqual({ app: "x" });
  });

  test("a field that the text no longer states goes; one that somebody else set stays", () => {
    apply(service("web", { ports: [{ port: 80 }], externalIPs: ["192.0.2.1"] }, { labels: { a: "1", b: "2" } }));
    const mine = get<Service>(WEB);
    api.update({ ...mine, metadata: { ...mine.metadata, labels: { ...mine.metadata.labels, c: "3" } } }, now);
    apply(service("web", { ports: [{ port: 80 }] }, { labels: { a: "1" } }));
    expect(get(WEB).metadata.labels).toEqual({ a: "1", c: "3" });
    expect(get<Service>(WEB).spec).not.toHaveProperty("externalIPs");
    expect(get<Service>(WEB).spec).not.toHaveProperty("externalTrafficPolicy");
  });

  test("an object that apply did not make is warned about, and nothing of it is taken away", () => {
    api.create(service("web", { ports: [{ port: 80 }] }, { labels: { old: "1" } }), now);
    const { operation, warnings } = apply(web());
    expect(operation).toBe("configured");
    expect(warnings).toEqual([
      "resource services/web is missing the kubectl.kubernetes.io/last-applied-configuration annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.",
    ]);
    expect(get(WEB).metadata.labels).toEqual({ old: "1" });
    expect(apply(web())).toMatchObject({ operation: "unchanged", warnings: [] });
  });

  test("scaling by hand survives a text that does not state replicas, not one that does", () => {
    const key = objectKey("Deployment", "default", "web");
    apply(deployment());
    const scale = (replicas: number): void => {
      const current = get<Deployment>(key);
      api.update({ ...current, spec: { ...current.spec, replicas } } as Deployment, now);
    };
    scale(5);
    apply(deployment({ minReadySeconds: 3 }));
    expect(get<Deployment>(key).spec.replicas).toBe(5);
    apply(deployment({ replicas: 2 }));
    scale(7);
    expect(apply(deployment({ replicas: 2 })).operation).toBe("configured");
    expect(get<Deployment>(key).spec.replicas).toBe(2);
  });

  test("containers are matched by name", () => {
    const key = objectKey("Deployment", "default", "web");
    apply(
      deployment({}, [
        { name: "a", image: "nginx" },
        { name: "b", image: "redis" },
      ]),
    );
    apply(deployment({}, [{ name: "b", image: "redis:7" }]));
    expect(get<Deployment>(key).spec.template.spec.containers.map((c) => `${c.name} ${c.image}`)).toEqual([
      "b redis:7",
    ]);
  });

  test("a change of type wipes what the new type has no use for", () => {
    apply(web({ type: "LoadBalancer", ports: [{ port: 80 }] }));
    api.updateStatus(
      { ...get<Service>(WEB), status: { loadBalancer: { ingress: [{ ip: "203.0.113.10" }] } } } as Service,
      now,
    );
    apply(web({ ports: [{ port: 80 }] }));
    const after = get<Service>(WEB);
    expect(after.spec).toMatchObject({ type: "ClusterIP", ports: [{ port: 80, protocol: "TCP", targetPort: 80 }] });
    expect(after.spec.ports?.[0]).not.toHaveProperty("nodePort");
    expect(after.spec).not.toHaveProperty("allocateLoadBalancerNodePorts");
    expect(after.status).toEqual({ loadBalancer: {} });
    expect(apply(web({ ports: [{ port: 80 }] })).operation).toBe("unchanged");
  });

  test("53/UDP and 53/TCP are two ports", () => {
    const dns = (target: number): KubeObject =>
      web({
        ports: [
          { name: "udp", port: 53, protocol: "UDP" },
          { name: "tcp", port: 53, protocol: "TCP", targetPort: target },
        ],
      });
    apply(dns(53));
    apply(dns(5353));
    expect(get<Service>(WEB).spec.ports?.map((p) => `${p.name} ${p.targetPort}`)).toEqual(["udp 53", "tcp 5353"]);
  });

  test("generateName is not for apply", () => {
    const result = api.apply(
      as({ apiVersion: "v1", kind: "Pod", metadata: { name: "", generateName: "p-" }, spec: {} }),
      now,
    );
    expect(result.ok ? "" : result.error.message).toBe("from p-: cannot use generate name with apply");
  });
});

describe("a pasted dump", () => {
  test("keeps addresses, ports and status, and drops what belonged to the other cluster", () => {
    const dump = [
      service(
        "web",
        {
          type: "LoadBalancer",
          clusterIP: "10.100.1.2",
          clusterIPs: ["10.100.1.2"],
          ports: [{ port: 80, protocol: "TCP", targetPort: 80, nodePort: 31234 }],
        },
        { uid: "aaaa", resourceVersion: "991", creationTimestamp: "2024-01-01T00:00:00Z", generation: 4 },
      ),
      pod(
        "web-1",
        { app: "web" },
        { status: { phase: "Running", podIP: "10.244.1.9", podIPs: [{ ip: "10.244.1.9" }] } },
      ),
      as({
        apiVersion: "v1",
        kind: "Node",
        metadata: { name: "n1" },
        spec: { podCIDR: "10.244.1.0/24" },
        status: { addresses: [{ type: "InternalIP", address: "10.89.0.11" }] },
      }),
    ];
    const withStatus = { ...dump[0], status: { loadBalancer: { ingress: [{ ip: "203.0.113.99" }] } } };
    expect(applyAll([as(withStatus), ...dump.slice(1)]).ok).toBe(true);
    const stored = get<Service>(WEB);
    expect(stored.spec).toMatchObject({ clusterIP: "10.100.1.2", ports: [{ nodePort: 31234 }] });
    expect(stored.status.loadBalancer.ingress).toEqual([{ ip: "203.0.113.99", ipMode: "VIP" }]);
    expect(stored.metadata.uid).not.toBe("aaaa");
    expect(stored.metadata.creationTimestamp).toBe("2026-01-01T00:00:00Z");
    expect(stored.metadata).not.toHaveProperty("generation");
    expect(store.podByIP("10.244.1.9")?.metadata.name).toBe("web-1");
    expect(get<Node>(objectKey("Node", undefined, "n1")).status.addresses).toHaveLength(1);
  });

  test("its status is not put back when the cluster has moved on, unless the text changes it", () => {
    const key = objectKey("Pod", "default", "p");
    const stated = (phase: string): KubeObject => pod("p", {}, { status: { phase, podIP: "10.244.1.9" } });
    apply(stated("Running"));
    api.updateStatus(
      { ...get<Pod>(key), status: { phase: "Failed", podIP: "10.244.1.9", reason: "Evicted" } } as Pod,
      now,
    );
    expect(apply(stated("Running")).operation).toBe("unchanged");
    expect(get<Pod>(key).status.phase).toBe("Failed");
    apply(stated("Succeeded"));
    expect(get<Pod>(key).status).toMatchObject({ phase: "Succeeded", reason: "Evicted" });
  });

  test("owners are found by name, whatever their uid was; strangers' children are nobody's", () => {
    const owned = (name: string, owner: string): KubeObject => {
      const ownerReferences = [
        { apiVersion: "apps/v1", kind: "Deployment", name: owner, uid: "old", controller: true },
      ];
      return as({ ...pod(name, { app: "web" }), metadata: { name, labels: { app: "web" }, ownerReferences } });
    };
    expect(applyAll([owned("a", "web"), owned("b", "gone"), deployment()]).ok).toBe(true);
    const uid = get(objectKey("Deployment", "default", "web")).metadata.uid ?? "";
    expect(store.ownedBy(uid).map((o) => o.metadata.name)).toEqual(["a"]);
    expect(get(objectKey("Pod", "default", "b")).metadata).not.toHaveProperty("ownerReferences");
    expect(applyAll([owned("a", "web"), owned("b", "gone"), deployment()]).applied.map((a) => a.operation)).toEqual([
      "unchanged",
      "unchanged",
      "unchanged",
    ]);
  });
});

describe("apply of a whole text", () => {
  test("reports in the order of the text, whatever order it needed", () => {
    const report = applyAll([
      pod("p"),
      web(),
      as({ apiVersion: "v1", kind: "Node", metadata: { name: "n1" } }),
      as({ apiVersion: "v1", kind: "Namespace", metadata: { name: "demo" } }),
    ]);
    expect(report.applied.map(({ index, key, operation }) => `${index} ${key} ${operation}`)).toEqual([
      "0 Pod/default/p created",
      "1 Service/default/web created",
      "2 Node//n1 created",
      "3 Namespace//demo created",
    ]);
    expect(report.commits.map((c) => c.added[0]?.kind)).toEqual(["Namespace", "Node", "Service", "Pod"]);
    expect(report.commits.map((c) => c.revision)).toEqual(report.commits.map((_, i) => store.revision - 3 + i));
  });

  test("a namespace that is used but not declared is made, and said", () => {
    const report = applyAll([service("web", { ports: [{ port: 80 }] }, { namespace: "shop" })]);
    expect(report.namespaces).toEqual(["shop"]);
    expect(report.notes).toEqual([
      {
        key: "Service/shop/web",
        index: 0,
        message: 'namespace "shop" was created for you; a real cluster answers: namespaces "shop" not found',
      },
    ]);
    expect(applyAll([service("web", { ports: [{ port: 80 }] }, { namespace: "shop" })]).notes).toEqual([]);
    const declared = [as({ apiVersion: "v1", kind: "Namespace", metadata: { name: "b" } })];
    expect(applyAll([service("x", { ports: [{ port: 80 }] }, { namespace: "b" }), ...declared]).notes).toEqual([]);
  });

  test("all or nothing: every refusal is told, and the store is as it was", () => {
    applyAll([web()]);
    const before = { revision: store.revision, journal: [...store.journal], services: store.list("Service") };
    const report = applyAll(
      [
        service("good", { ports: [{ port: 80 }] }, { namespace: "shop" }),
        service("1bad", { ports: [{ port: 80 }] }),
        service("dup", { clusterIP: "10.96.0.1", ports: [{ port: 80 }] }),
      ],
      [WEB],
    );
    expect(report.ok).toBe(false);
    expect(report.refusals.map(({ index, key, status }) => [index, key, status.reason])).toEqual([
      [2, "Service/default/dup", "Invalid"],
      [1, "Service/default/1bad", "Invalid"],
    ]);
    expect(kubectlText(report.refusals[0]?.status as never)).toContain("provided IP is already allocated");
    expect([report.applied, report.commits, report.pruned, report.namespaces]).toEqual([[], [], [], []]);
    expect(store.revision).toBe(before.revision);
    expect(store.journal).toEqual(before.journal);
    expect(store.list("Service")).toEqual(before.services);
    expect(store.get(objectKey("Namespace", undefined, "shop"))).toBeUndefined();
  });

  test("values that are asked for are given before values that are drawn", () => {
    const drawn = (): Service => get<Service>(objectKey("Service", "default", "drawn"));
    applyAll([service("drawn", { type: "NodePort", ports: [{ port: 80 }] })]);
    const { clusterIP } = drawn().spec;
    const nodePort = drawn().spec.ports?.[0]?.nodePort;
    api.delete(objectKey("Service", "default", "drawn"), now);
    const report = applyAll([
      service("drawn", { type: "NodePort", ports: [{ port: 80 }] }),
      service("asks", { type: "NodePort", clusterIP, ports: [{ port: 80, nodePort }] }),
    ]);
    expect(report.ok).toBe(true);
    expect(drawn().spec.clusterIP).not.toBe(clusterIP);
    expect(drawn().spec.ports?.[0]?.nodePort).not.toBe(nodePort);
  });

  test("what the text no longer names is deleted, in time for others to have its place", () => {
    const fixed = { type: "NodePort", clusterIP: "10.96.0.50", ports: [{ port: 80, nodePort: 30080 }] };
    applyAll([service("old", fixed), pod("p")]);
    const report = applyAll(
      [service("new", fixed), pod("p")],
      [objectKey("Service", "default", "old"), objectKey("Pod", "default", "never")],
    );
    expect(report).toMatchObject({ ok: true, pruned: ["Service/default/old"] });
    expect(store.list("Service", "default").map((o) => o.metadata.name)).toEqual(["kubernetes", "new"]);
  });

  test("warnings carry their object", () => {
    const { warnings } = applyAll([
      as({ apiVersion: "v1", kind: "Endpoints", metadata: { name: "web" }, subsets: [] }),
    ]);
    expect(warnings).toEqual([
      {
        key: "Endpoints/default/web",
        index: 0,
        message: "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
      },
    ]);
  });

  test("files that are no API objects are passed over", () => {
    const config = as({
      apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
      kind: "KubeProxyConfiguration",
      metadata: { name: "" },
    });
    expect(applyAll([config]).applied).toEqual([]);
  });
});

describe("three-way merge", () => {
  const arbFields = fc.dictionary(
    fc.constantFrom("a", "b", "c", "d"),
    fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constant("x")),
  );
  const arbTree = fc.dictionary(fc.constantFrom("p", "q", "r"), fc.oneof(arbFields, fc.integer({ min: 0, max: 3 })));

  test("states everything of the new text, nothing that only the old one stated, and all of others' that neither did", () => {
    fc.assert(
      fc.property(arbTree, arbTree, arbTree, (original, modified, current) => {
        const merged = threeWayMerge(original, modified, current) as Record<string, unknown>;
        expect(threeWayMerge(original, modified, merged)).toEqual(merged);
        const names = ["p", "q", "r"];
        const isTree = (value: unknown): boolean => typeof value === "object";
        for (const name of names.filter((n) => n in modified && !isTree(modified[n]))) {
          expect(merged[name]).toEqual(modified[name]);
        }
        for (const name of names.filter((n) => isTree(modified[n]))) {
          expect(merged[name]).toMatchObject(modified[name] as object);
        }
        for (const name of names.filter((n) => !(n in modified))) {
          expect(merged[name]).toEqual(name in original ? undefined : current[name]);
        }
      }),
    );
  });

  test("an unchanged object is given back as equal, so that nobody writes it", () => {
    const current = { spec: { ports: [{ port: 80, protocol: "TCP", nodePort: 30080 }], externalIPs: ["192.0.2.1"] } };
    const text = { spec: { ports: [{ port: 80 }] } };
    expect(threeWayMerge(text, text, current)).toEqual(current);
  });
});
