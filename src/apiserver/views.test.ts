import { beforeEach, describe, expect, test } from "vitest";
import { DEFAULT_CLUSTER } from "../model/config/cluster-config.ts";
import type { Ingress } from "../model/ingress/types.ts";
import { type KubeObject, objectKey } from "../model/meta/types.ts";
import { createApi } from "./api.ts";
import { defaultServiceCIDR, ipAddresses } from "./derived.ts";
import { etcdEntries, etcdKey } from "./etcd.ts";
import { createStore } from "./store.ts";
import type { Api, Store, WriteContext, Written } from "./types.ts";

let store: Store;
let api: Api;
let clock = 0;
const now = (): WriteContext => ({ at: clock, cause: 0, writer: "kubectl" });

beforeEach(() => {
  clock = 0;
  store = createStore();
  api = createApi(store, { seed: 1, cluster: () => DEFAULT_CLUSTER });
  api.bootstrap(now());
});

function create(apiVersion: string, kind: string, name: string, more: object = {}): Written {
  const { metadata = {}, ...rest } = more as { readonly metadata?: object };
  const result = api.create(
    { apiVersion, kind, metadata: { name, ...metadata }, ...rest } as unknown as KubeObject,
    now(),
  );
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}
const service = (name: string, spec: object = {}): Written =>
  create("v1", "Service", name, { spec: { ports: [{ port: 80 }], ...spec } });

describe("etcd", () => {
  test("keys are those of the real registry", () => {
    const key = (apiVersion: string, kind: string, namespace?: string): string =>
      etcdKey({ apiVersion, kind, metadata: { name: "x", ...(namespace === undefined ? {} : { namespace }) } });
    expect([
      key("v1", "Service", "default"),
      key("v1", "Endpoints", "default"),
      key("v1", "Pod", "default"),
      key("v1", "Node"),
      key("v1", "ReplicationController", "default"),
      key("apps/v1", "Deployment", "prod"),
      key("discovery.k8s.io/v1", "EndpointSlice", "default"),
      key("networking.k8s.io/v1", "Ingress", "default"),
      key("networking.k8s.io/v1", "NetworkPolicy", "default"),
      key("metallb.io/v1beta1", "IPAddressPool", "metallb-system"),
    ]).toEqual([
      "/registry/services/specs/default/x",
      "/registry/services/endpoints/default/x",
      "/registry/pods/default/x",
      "/registry/minions/x",
      "/registry/controllers/default/x",
      "/registry/deployments/prod/x",
      "/registry/endpointslices/default/x",
      "/registry/ingress/default/x",
      "/registry/networkpolicies/default/x",
      "/registry/metallb.io/ipaddresspools/metallb-system/x",
    ]);
  });

  test("every object has its key, and the revisions that made and changed it", () => {
    const made = service("web").commit?.revision;
    service("other");
    const changed = api.update(
      { apiVersion: "v1", kind: "Service", metadata: { name: "web" }, spec: { ports: [{ port: 81 }] } } as never,
      now(),
    );
    const entries = etcdEntries(store);
    const keys = entries.map(({ key }) => key);
    expect(keys).toEqual([...keys].sort());
    expect(entries.find(({ key }) => key === "/registry/services/specs/default/web")).toEqual({
      key: "/registry/services/specs/default/web",
      object: "Service/default/web",
      createRevision: made,
      modRevision: changed.ok && changed.value.commit?.revision,
      version: 2,
    });
    for (const { object, modRevision } of entries) {
      expect(store.get(object)?.metadata.resourceVersion).toBe(String(modRevision));
    }
    api.delete(objectKey("Service", "default", "web"), now());
    expect(etcdEntries(store).map(({ key }) => key)).not.toContain("/registry/services/specs/default/web");
  });
});

describe("the allocator's objects", () => {
  test("an IPAddress for every cluster IP", () => {
    service("web", { clusterIP: "10.96.0.50" });
    service("headless", { clusterIP: "None" });
    expect(ipAddresses(store)).toMatchObject([
      { metadata: { name: "10.96.0.1" }, spec: { parentRef: { namespace: "default", name: "kubernetes" } } },
      {
        metadata: { name: "10.96.0.50", labels: { "ipaddress.kubernetes.io/ip-family": "IPv4" } },
        spec: { parentRef: { resource: "services", namespace: "default", name: "web" } },
      },
    ]);
    expect(defaultServiceCIDR(DEFAULT_CLUSTER)).toMatchObject({
      metadata: { name: "kubernetes" },
      spec: { cidrs: ["10.96.0.0/12"] },
    });
  });
});

describe("admission", () => {
  test("pods bear with broken nodes for five minutes and run as somebody", () => {
    const pod = create("v1", "Pod", "web", { spec: { containers: [{ name: "web", image: "nginx" }] } }).object;
    expect(pod).toMatchObject({
      spec: {
        serviceAccountName: "default",
        enableServiceLinks: true,
        tolerations: [
          { key: "node.kubernetes.io/not-ready", operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 },
          { key: "node.kubernetes.io/unreachable", operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 },
        ],
      },
    });
    const own = [{ operator: "Exists" }];
    const spec = { containers: [{ name: "web", image: "nginx" }], tolerations: own, serviceAccountName: "me" };
    expect(create("v1", "Pod", "daemon", { spec }).object).toMatchObject({
      spec: { tolerations: own, serviceAccountName: "me" },
    });
  });

  test("an Ingress gets the newest default class", () => {
    const ingress = (name: string, more: object = {}): Ingress =>
      create("networking.k8s.io/v1", "Ingress", name, {
        spec: { defaultBackend: { service: { name: "web", port: { number: 80 } } }, ...more },
      }).object as Ingress;
    const ingressClass = (name: string, standard: string): Written =>
      create("networking.k8s.io/v1", "IngressClass", name, {
        metadata: { annotations: { "ingressclass.kubernetes.io/is-default-class": standard } },
        spec: { controller: "example.com/ingress" },
      });
    expect(ingress("none").spec).not.toHaveProperty("ingressClassName");
    ingressClass("old", "true");
    clock = 5_000_000;
    ingressClass("b", "true");
    ingressClass("a", "true");
    ingressClass("c", "false");
    expect(ingress("some").spec.ingressClassName).toBe("a");
    expect(ingress("own", { ingressClassName: "old" }).spec.ingressClassName).toBe("old");
  });
});

test("applying a text's object again is not taken for done when somebody else has changed what is stored", () => {
  const object = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web" },
    spec: { selector: { app: "web" }, ports: [{ port: 80 }] },
  } as unknown as KubeObject;
  const apply = (): string => {
    const result = api.apply(object, now());
    return result.ok ? result.value.operation : result.error.message;
  };
  expect([apply(), apply(), apply()]).toEqual(["created", "unchanged", "unchanged"]);
  const stored = store.get(objectKey("Service", "default", "web")) as KubeObject & { readonly spec: object };
  expect(api.update({ ...stored, spec: { ...stored.spec, selector: { app: "other" } } } as never, now()).ok).toBe(true);
  expect([apply(), apply()]).toEqual(["configured", "unchanged"]);
  api.delete(objectKey("Service", "default", "web"), now());
  expect(apply()).toBe("created");
});
