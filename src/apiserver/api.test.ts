import { beforeEach, describe, expect, test } from "vitest";
import { SECOND } from "../base/time.ts";
import type { Deployment } from "../model/deployment/types.ts";
import { type KubeObject, objectKey, type ObjectKey } from "../model/meta/types.ts";
import type { Pod } from "../model/pod/types.ts";
import type { Service, ServiceSpec } from "../model/service/types.ts";
import { kubectlText } from "../model/status.ts";
import { createApi } from "./api.ts";
import { createStore } from "./store.ts";
import type { Api, Store, WriteContext, Written } from "./types.ts";

let store: Store;
let api: Api;
let serviceSubnet: string;
let clock = 0;
const now = (): WriteContext => ({ at: clock, cause: 7, writer: "kubectl" });

function start(seed = 1): void {
  store = createStore();
  api = createApi(store, {
    seed,
    cluster: () => ({
      serviceSubnet,
      podSubnet: "10.244.0.0/16",
      dnsDomain: "cluster.local",
      nodePortRange: { from: 30000, to: 32767 },
    }),
  });
  api.bootstrap(now());
}

beforeEach(() => {
  serviceSubnet = "10.96.0.0/12";
  clock = 0;
  start();
});

const WEB = objectKey("Service", "default", "web");
const serviceObject = (name: string, spec: object, more: object = {}): KubeObject =>
  ({ apiVersion: "v1", kind: "Service", metadata: { name }, spec, ...more }) as KubeObject;
const ports80 = [{ port: 80 }];

function done(result: ReturnType<Api["create"]>): Written {
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}
const refusal = (result: ReturnType<Api["create"]>): string => (result.ok ? "accepted" : kubectlText(result.error));
const create = (object: KubeObject): Written => done(api.create(object, now()));
const createService = (name: string, spec: object): Service => create(serviceObject(name, spec)).object as Service;
const get = <T extends KubeObject = Service>(key: ObjectKey = WEB): T => {
  const object = store.get<T>(key);
  if (object === undefined) throw new Error(`no ${key}`);
  return object;
};
/** PUT of the Service with another spec, as `kubectl replace` sends it. */
const replaceSpec = (spec: object, name = "web") => api.update(serviceObject(name, spec), now());
/** PUT of what is stored with some fields changed; undefined takes a field away. */
function edit(changes: { [K in keyof ServiceSpec]?: ServiceSpec[K] | undefined }): ReturnType<Api["update"]> {
  const spec: Record<string, unknown> = { ...get().spec, ...changes };
  for (const field of Object.keys(spec)) if (spec[field] === undefined) delete spec[field];
  return api.update({ ...get(), spec } as unknown as KubeObject, now());
}

describe("bootstrap", () => {
  test("namespaces, and default/kubernetes with the endpoints that the API server writes", () => {
    expect(store.list("Namespace").map((o) => o.metadata.name)).toEqual([
      "default",
      "kube-node-lease",
      "kube-public",
      "kube-system",
    ]);
    expect(get(objectKey("Namespace", undefined, "default"))).toMatchObject({
      metadata: { labels: { "kubernetes.io/metadata.name": "default" } },
      status: { phase: "Active" },
    });
    const kubernetes = get(objectKey("Service", "default", "kubernetes"));
    expect(kubernetes.spec).toEqual({
      type: "ClusterIP",
      clusterIP: "10.96.0.1",
      clusterIPs: ["10.96.0.1"],
      ipFamilies: ["IPv4"],
      ipFamilyPolicy: "SingleStack",
      internalTrafficPolicy: "Cluster",
      sessionAffinity: "None",
      ports: [{ name: "https", protocol: "TCP", port: 443, targetPort: 6443 }],
    });
    expect(store.slicesOf("default", "kubernetes")[0]?.endpoints?.[0]?.addresses).toEqual(["192.168.56.10"]);
    expect(store.get(objectKey("Endpoints", "default", "kubernetes"))).toBeDefined();
  });

  test("default/kubernetes follows the API server to another address, and nothing else is written", () => {
    const before = store.revision;
    api.bootstrap(now());
    expect(store.revision).toBe(before);
    api.bootstrap(now(), ["10.89.0.10", "fd00:89::10"]);
    expect(store.slicesOf("default", "kubernetes")[0]?.endpoints?.map((e) => e.addresses)).toEqual([["10.89.0.10"]]);
    expect(store.revision).toBe(before + 2);
  });
});

describe("create", () => {
  test("metadata is the server's", () => {
    clock = 61 * SECOND;
    const { object, commit } = create({
      ...serviceObject("web", { ports: ports80 }),
      metadata: { name: "web", uid: "dump", resourceVersion: "812", creationTimestamp: "2020-01-01T00:00:00Z" },
    });
    expect(object.metadata).toMatchObject({
      namespace: "default",
      creationTimestamp: "2026-01-01T00:01:01Z",
      resourceVersion: String(store.revision),
    });
    expect(object.metadata.uid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    // Services carry no generation.
    expect(object.metadata.generation).toBeUndefined();
    expect(commit).toMatchObject({ writer: "kubectl", cause: 7, at: 61 * SECOND });
  });

  test("an object made again is another one", () => {
    const first = create(serviceObject("web", { ports: ports80 })).object.metadata.uid;
    done(api.delete(WEB, now()));
    expect(create(serviceObject("web", { ports: ports80 })).object.metadata.uid).not.toBe(first);
  });

  test("generated names are the base and five letters, all different", () => {
    const pod = (): KubeObject =>
      ({
        apiVersion: "v1",
        kind: "Pod",
        metadata: { generateName: `${"x".repeat(70)}-` },
        spec: { containers: [{ name: "c", image: "nginx" }] },
      }) as unknown as KubeObject;
    const names = Array.from({ length: 20 }, () => create(pod()).object.metadata.name);
    for (const name of names) expect(name).toMatch(/^x{58}[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    expect(new Set(names).size).toBe(20);
  });

  test("refusals in the server's words", () => {
    expect(
      refusal(api.create({ ...serviceObject("web", {}), metadata: { name: "web", namespace: "demo" } }, now())),
    ).toBe('Error from server (NotFound): namespaces "demo" not found');
    createService("web", { ports: ports80 });
    expect(refusal(api.create(serviceObject("web", { ports: ports80 }), now()))).toBe(
      'Error from server (AlreadyExists): services "web" already exists',
    );
    expect(refusal(api.create(serviceObject("db", {}), now()))).toBe(
      'The Service "db" is invalid: spec.ports: Required value',
    );
    expect(refusal(api.create(serviceObject("1web", { ports: ports80 }), now()))).toContain("a DNS-1035 label must");
  });

  test("a namespace that is going takes nothing new", () => {
    create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "demo" } });
    const inDemo = (name: string) => ({
      ...serviceObject(name, { ports: ports80 }),
      metadata: { name, namespace: "demo" },
    });
    create(inDemo("web"));
    done(api.delete(objectKey("Namespace", undefined, "demo"), now()));
    expect(get<KubeObject>(objectKey("Namespace", undefined, "demo"))).toMatchObject({
      status: { phase: "Terminating" },
    });
    expect(refusal(api.create(inDemo("x"), now()))).toBe(
      'Error from server (Forbidden): services "x" is forbidden: unable to create new content in namespace demo because it is being terminated',
    );
    done(api.delete(objectKey("Service", "demo", "web"), now()));
    done(api.finalizeDelete(objectKey("Namespace", undefined, "demo"), now()));
    expect(store.get(objectKey("Namespace", undefined, "demo"))).toBeUndefined();
    expect(refusal(api.delete(objectKey("Namespace", undefined, "default"), now()))).toBe(
      'Error from server (Forbidden): namespaces "default" is forbidden: this namespace may not be deleted',
    );
  });

  test("writing Endpoints is warned about", () => {
    const made = create({
      apiVersion: "v1",
      kind: "Endpoints",
      metadata: { name: "web" },
      subsets: [{ addresses: [{ ip: "10.9.9.9" }], ports: [{ port: 80 }] }],
    } as KubeObject);
    expect(made.warnings).toEqual(["v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"]);
  });
});

describe("cluster IPs", () => {
  test("are drawn from the dynamic band, by the Service's own name", () => {
    const web = createService("web", { ports: ports80 }).spec;
    expect(web).toMatchObject({ clusterIPs: [web.clusterIP], ipFamilies: ["IPv4"], ipFamilyPolicy: "SingleStack" });
    const [, second = 0, third = 0] = (web.clusterIP ?? "").split(".").map(Number);
    expect(second).toBeGreaterThanOrEqual(96);
    expect(second * 256 + third).toBeGreaterThan(96 * 256);
    start();
    createService("other", { ports: ports80 });
    expect(createService("web", { ports: ports80 }).spec.clusterIP).toBe(web.clusterIP);
    start(2);
    expect(createService("web", { ports: ports80 }).spec.clusterIP).not.toBe(web.clusterIP);
  });

  test("a taken or foreign one is refused", () => {
    createService("web", { ports: ports80, clusterIP: "10.96.0.10" });
    expect(refusal(api.create(serviceObject("dns", { ports: ports80, clusterIP: "10.96.0.10" }), now()))).toBe(
      'The Service "dns" is invalid: spec.clusterIPs: Invalid value: ["10.96.0.10"]: failed to allocate IP 10.96.0.10: provided IP is already allocated',
    );
    expect(refusal(api.create(serviceObject("dns", { ports: ports80, clusterIP: "1.2.3.4" }), now()))).toBe(
      'The Service "dns" is invalid: spec.clusterIPs: Invalid value: ["1.2.3.4"]: failed to allocate IP 1.2.3.4: the provided network does not match the current range',
    );
  });

  test("one that is released can be taken again at once", () => {
    createService("web", { ports: ports80, clusterIP: "10.96.0.10" });
    done(api.delete(WEB, now()));
    expect(createService("dns", { ports: ports80, clusterIP: "10.96.0.10" }).spec.clusterIP).toBe("10.96.0.10");
  });

  test("a full range says so", () => {
    serviceSubnet = "10.96.0.0/30";
    start();
    createService("web", { ports: ports80 });
    expect(refusal(api.create(serviceObject("x", { ports: ports80 }), now()))).toBe(
      'Error from server (InternalError): Internal error occurred: failed to allocate a serviceIP for Service "x": range is full',
    );
  });

  test("headless Services have none; without a selector they name both families", () => {
    expect(createService("a", { clusterIP: "None", selector: { app: "a" } }).spec).toMatchObject({
      clusterIP: "None",
      clusterIPs: ["None"],
      ipFamilies: ["IPv4"],
      ipFamilyPolicy: "SingleStack",
    });
    expect(createService("b", { clusterIP: "None" }).spec).toMatchObject({
      ipFamilies: ["IPv4", "IPv6"],
      ipFamilyPolicy: "RequireDualStack",
    });
  });

  test("dual-stack is for clusters that have it", () => {
    expect(refusal(api.create(serviceObject("x", { ports: ports80, ipFamilyPolicy: "RequireDualStack" }), now()))).toBe(
      'The Service "x" is invalid: spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
    );
    expect(refusal(api.create(serviceObject("x", { ports: ports80, ipFamilies: ["IPv6"] }), now()))).toBe(
      'The Service "x" is invalid: spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster',
    );
    serviceSubnet = "10.96.0.0/12,fd00::/108";
    start();
    const web = createService("web", { ports: ports80, ipFamilyPolicy: "PreferDualStack" }).spec;
    expect(web.ipFamilies).toEqual(["IPv4", "IPv6"]);
    expect(web.clusterIPs?.[1]).toMatch(/^fd00::/);
    expect(store.serviceByClusterIP(web.clusterIPs?.[1] ?? "")?.metadata.name).toBe("web");
    const single = done(edit({ ipFamilyPolicy: "SingleStack" })).object as Service;
    expect(single.spec).toMatchObject({ clusterIPs: [web.clusterIP], ipFamilies: ["IPv4"] });
    expect(store.serviceByClusterIP(web.clusterIPs?.[1] ?? "")).toBeUndefined();
  });
});

describe("node ports", () => {
  const nodePort = (...ports: object[]) => ({ type: "NodePort", ports });

  test("are drawn from the dynamic band and kept apart", () => {
    const taken = Array.from(
      { length: 40 },
      (_, i) => createService(`s${i}`, nodePort({ port: 80 })).spec.ports?.[0]?.nodePort ?? 0,
    );
    for (const port of taken) expect(port).toBeGreaterThanOrEqual(30086);
    expect(new Set(taken).size).toBe(40);
  });

  test("the draw belongs to Service and port: a second port does not shift the first", () => {
    const one = createService("web", nodePort({ port: 80 })).spec.ports?.[0]?.nodePort;
    start();
    const two = createService("web", nodePort({ name: "a", port: 443 }, { name: "b", port: 80 })).spec.ports;
    expect(two?.[1]?.nodePort).toBe(one);
    expect(two?.[0]?.nodePort).not.toBe(one);
  });

  test("one number serves both protocols of one port", () => {
    const dns = [
      { name: "udp", port: 53, protocol: "UDP" },
      { name: "tcp", port: 53, protocol: "TCP" },
    ];
    const [udp, tcp] = createService("dns", nodePort(...dns)).spec.ports ?? [];
    expect(udp?.nodePort).toBe(tcp?.nodePort);
    const [a, b] = createService("dns2", nodePort({ ...dns[0] }, { ...dns[1], nodePort: 30053 })).spec.ports ?? [];
    expect([a?.nodePort, b?.nodePort]).toEqual([30053, 30053]);
  });

  test("refusals", () => {
    createService("web", nodePort({ port: 80, nodePort: 30080 }));
    expect(refusal(api.create(serviceObject("x", nodePort({ port: 80, nodePort: 30080 })), now()))).toBe(
      'The Service "x" is invalid: spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated',
    );
    expect(
      refusal(api.create(serviceObject("x", nodePort({ port: 80, protocol: "UDP", nodePort: 30080 })), now())),
    ).toContain("provided port is already allocated");
    expect(refusal(api.create(serviceObject("x", nodePort({ port: 80, nodePort: 80 })), now()))).toBe(
      'The Service "x" is invalid: spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767',
    );
    expect(refusal(api.create(serviceObject("x", { ports: [{ port: 80, nodePort: 30081 }] }), now()))).toBe(
      "The Service \"x\" is invalid: spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
    );
    // Nothing of what was refused is held.
    expect(createService("y", nodePort({ port: 80, nodePort: 30081 })).spec.ports?.[0]?.nodePort).toBe(30081);
  });

  test("a balancer may do without them", () => {
    const lb = createService("lb", { type: "LoadBalancer", allocateLoadBalancerNodePorts: false, ports: ports80 });
    expect(lb.spec.ports?.[0]?.nodePort).toBeUndefined();
  });

  test("healthCheckNodePort comes from the same pool, for LoadBalancer with policy Local alone", () => {
    const local = { type: "LoadBalancer", externalTrafficPolicy: "Local", ports: ports80 };
    const lb = createService("lb", local).spec;
    expect(lb.healthCheckNodePort).toBeGreaterThanOrEqual(30086);
    expect(store.serviceByNodePort(lb.healthCheckNodePort ?? 0)?.metadata.name).toBe("lb");
    expect(createService("np", { ...local, type: "NodePort" }).spec.healthCheckNodePort).toBeUndefined();
    expect(
      refusal(api.create(serviceObject("x", { ...local, healthCheckNodePort: lb.healthCheckNodePort }), now())),
    ).toBe(
      `Error from server (InternalError): Internal error occurred: failed to allocate requested HealthCheck NodePort ${lb.healthCheckNodePort}: provided port is already allocated`,
    );
  });
});

describe("update", () => {
  test("what was allocated is carried over; node ports by their port's name", () => {
    const ports = [
      { name: "http", port: 80 },
      { name: "https", port: 443 },
    ];
    const before = createService("web", { type: "NodePort", ports }).spec;
    const after = done(
      replaceSpec({
        type: "NodePort",
        ports: [
          { name: "https", port: 8443 },
          { name: "http", port: 80 },
        ],
      }),
    ).object as Service;
    expect(after.spec.clusterIP).toBe(before.clusterIP);
    expect(after.spec.ports?.map((p) => p.nodePort)).toEqual([
      before.ports?.[1]?.nodePort,
      before.ports?.[0]?.nodePort,
    ]);
  });

  test("the same again changes nothing", () => {
    createService("web", { type: "NodePort", ports: ports80 });
    const { revision } = store;
    expect(done(replaceSpec({ type: "NodePort", ports: ports80 })).commit).toBeNull();
    expect(store.revision).toBe(revision);
  });

  test("the cluster IP cannot be changed", () => {
    createService("web", { ports: ports80 });
    expect(refusal(replaceSpec({ ports: ports80, clusterIP: "10.96.0.77" }))).toBe(
      'The Service "web" is invalid: spec.clusterIPs[0]: Invalid value: ["10.96.0.77"]: may not change once set',
    );
    expect(refusal(replaceSpec({ ports: ports80, clusterIP: "None" }))).toContain("may not change once set");
  });

  test("a stale resourceVersion or another incarnation is a conflict", () => {
    const stale = createService("web", { ports: ports80 });
    done(edit({ selector: { app: "web" } }));
    expect(refusal(api.update(stale, now()))).toBe(
      'Error from server (Conflict): Operation cannot be fulfilled on services "web": the object has been modified; please apply your changes to the latest version and try again',
    );
    expect(refusal(api.update({ ...get(), metadata: { ...get().metadata, uid: "other" } }, now()))).toContain(
      "Precondition failed: UID in precondition: other, UID in object meta:",
    );
    expect(refusal(api.update(serviceObject("nobody", {}), now()))).toBe(
      'Error from server (NotFound): services "nobody" not found',
    );
  });

  test("status is written through its own door, and nothing else with it", () => {
    createService("web", { type: "LoadBalancer", ports: ports80 });
    const ingress = [{ ip: "203.0.113.10", ipMode: "VIP" as const }];
    const sent = { ...get(), spec: { ...get().spec, selector: { app: "x" } }, status: { loadBalancer: { ingress } } };
    done(api.updateStatus(sent, now()));
    expect(get().status).toEqual({ loadBalancer: { ingress } });
    expect(get().spec.selector).toBeUndefined();
    done(api.update({ ...get(), status: { loadBalancer: {} } } as Service, now()));
    expect(get().status).toEqual({ loadBalancer: { ingress } });
  });

  test("generation counts spec changes of a Deployment, and its annotations", () => {
    const key = objectKey("Deployment", "default", "web");
    create({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web" },
      spec: {
        selector: { matchLabels: { app: "web" } },
        template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "c", image: "nginx" }] } },
      },
    } as unknown as KubeObject);
    const deployment = (): Deployment => get<Deployment>(key);
    expect(deployment().metadata.generation).toBe(1);
    done(api.update({ ...deployment(), spec: { ...deployment().spec, replicas: 3 } } as Deployment, now()));
    expect(deployment().metadata.generation).toBe(2);
    done(api.update({ ...deployment(), metadata: { ...deployment().metadata, annotations: { a: "b" } } }, now()));
    expect(deployment().metadata.generation).toBe(3);
    done(api.update({ ...deployment(), metadata: { ...deployment().metadata, labels: { a: "b" } } }, now()));
    done(api.updateStatus({ ...deployment(), status: { replicas: 3 } } as Deployment, now()));
    expect(deployment().metadata.generation).toBe(3);
  });
});

describe("type transitions", () => {
  test("ClusterIP → NodePort → LoadBalancer → NodePort → ClusterIP", () => {
    const clusterIP = createService("web", { ports: ports80 }).spec.clusterIP;
    done(edit({ type: "NodePort" }));
    const nodePort = get().spec.ports?.[0]?.nodePort ?? 0;
    expect(get().spec).toMatchObject({ clusterIP, externalTrafficPolicy: "Cluster" });
    done(edit({ type: "LoadBalancer", externalTrafficPolicy: "Local" }));
    const health = get().spec.healthCheckNodePort ?? 0;
    expect(get().spec).toMatchObject({ clusterIP, allocateLoadBalancerNodePorts: true, ports: [{ nodePort }] });
    done(
      api.updateStatus({ ...get(), status: { loadBalancer: { ingress: [{ ip: "203.0.113.10" }] } } } as Service, now()),
    );
    done(edit({ type: "NodePort" }));
    expect(get().spec).toMatchObject({ clusterIP, ports: [{ nodePort }] });
    expect(get().spec).not.toHaveProperty("healthCheckNodePort");
    expect(get().spec).not.toHaveProperty("allocateLoadBalancerNodePorts");
    expect(get().status).toEqual({ loadBalancer: {} });
    expect(store.serviceByNodePort(health)).toBeUndefined();
    done(edit({ type: "ClusterIP" }));
    expect(get().spec).toMatchObject({ clusterIP });
    expect(get().spec).not.toHaveProperty("externalTrafficPolicy");
    expect(get().spec.ports?.[0]).not.toHaveProperty("nodePort");
    expect(store.serviceByNodePort(nodePort)).toBeUndefined();
  });

  test("a new node port on the way to ClusterIP is the client's own wish, and refused", () => {
    createService("web", { type: "NodePort", ports: ports80 });
    expect(refusal(replaceSpec({ type: "ClusterIP", ports: [{ port: 80, nodePort: 30055 }] }))).toContain(
      "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
    );
  });

  test("to ExternalName everything allocated goes, and back it comes anew", () => {
    createService("web", { type: "NodePort", ports: [{ port: 80, nodePort: 30080 }], clusterIP: "10.96.0.50" });
    expect(refusal(edit({ type: "ExternalName" }))).toBe(
      'The Service "web" is invalid: spec.externalName: Required value',
    );
    expect(store.serviceByClusterIP("10.96.0.50")?.metadata.name).toBe("web");
    done(edit({ type: "ExternalName", externalName: "example.com" }));
    for (const field of ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "externalTrafficPolicy"]) {
      expect(get().spec).not.toHaveProperty(field);
    }
    expect(store.serviceByClusterIP("10.96.0.50")).toBeUndefined();
    expect(store.serviceByNodePort(30080)).toBeUndefined();
    createService("other", { ports: ports80, clusterIP: "10.96.0.50" });
    done(edit({ type: "ClusterIP" }));
    expect(get().spec.clusterIP).toMatch(/^10\./);
    expect(get().spec.clusterIP).not.toBe("10.96.0.50");
    expect(get().spec.externalName).toBe("example.com");
  });
});

describe("delete", () => {
  const pod = (name: string, spec: object = {}, more: object = {}): KubeObject =>
    ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, ...more },
      spec: { containers: [{ name: "c", image: "nginx" }], ...spec },
    }) as unknown as KubeObject;
  const POD = objectKey("Pod", "default", "p");

  test("a Service takes the Endpoints of its name along, and no slices", () => {
    createService("web", { ports: ports80 });
    create({ apiVersion: "v1", kind: "Endpoints", metadata: { name: "web" }, subsets: [] } as KubeObject);
    create({
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name: "web-1", labels: { "kubernetes.io/service-name": "web" } },
      addressType: "IPv4",
      endpoints: [],
    } as KubeObject);
    const { commit } = done(api.delete(WEB, now()));
    expect(commit?.removed.map((o) => o.kind)).toEqual(["Service", "Endpoints"]);
    expect(store.slicesOf("default", "web")).toHaveLength(1);
    expect(refusal(api.delete(WEB, now()))).toBe('Error from server (NotFound): services "web" not found');
  });

  test("a finalizer holds the Service and what it has until it is taken away", () => {
    create({
      ...serviceObject("web", { type: "NodePort", ports: [{ port: 80, nodePort: 30080 }] }),
      metadata: { name: "web", finalizers: ["service.kubernetes.io/load-balancer-cleanup"] },
    });
    clock = 5 * SECOND;
    done(api.delete(WEB, now()));
    expect(get().metadata.deletionTimestamp).toBe("2026-01-01T00:00:05Z");
    expect(store.serviceByNodePort(30080)).toBeDefined();
    expect(done(api.delete(WEB, now())).commit).toBeNull();
    const { finalizers: _, ...metadata } = get().metadata;
    done(api.update({ ...get(), metadata }, now()));
    expect(store.get(WEB)).toBeUndefined();
    expect(store.serviceByNodePort(30080)).toBeUndefined();
  });

  test("a pod on a node is given its grace; kubelet has the last word", () => {
    create(pod("p", { nodeName: "worker-1", terminationGracePeriodSeconds: 45 }));
    clock = 10 * SECOND;
    done(api.delete(POD, now()));
    expect(get<Pod>(POD).metadata).toMatchObject({
      deletionTimestamp: "2026-01-01T00:00:55Z",
      deletionGracePeriodSeconds: 45,
      generation: 2,
    });
    expect(done(api.delete(POD, now())).commit).toBeNull();
    done(api.finalizeDelete(POD, now()));
    expect(store.get(POD)).toBeUndefined();
  });

  test("a pod without a node, a finished one and a forced one go at once", () => {
    create(pod("p"));
    done(api.delete(POD, now()));
    expect(store.get(POD)).toBeUndefined();
    create({ ...pod("p", { nodeName: "worker-1" }), status: { phase: "Succeeded" } } as KubeObject);
    done(api.delete(POD, now()));
    expect(store.get(POD)).toBeUndefined();
    create(pod("p", { nodeName: "worker-1" }));
    done(api.delete(POD, now(), { force: true }));
    expect(store.get(POD)).toBeUndefined();
  });

  test("a precondition on the uid spares another incarnation", () => {
    create(pod("p"));
    expect(refusal(api.delete(POD, now(), { uid: "old" }))).toContain("Precondition failed: UID in precondition: old");
    expect(store.get(POD)).toBeDefined();
  });

  test("a pod is bound once", () => {
    create(pod("p"));
    done(api.bind(POD, "worker-1", now()));
    expect(get<Pod>(POD).spec.nodeName).toBe("worker-1");
    expect(get<Pod>(POD).status.conditions).toContainEqual({
      type: "PodScheduled",
      status: "True",
      lastTransitionTime: "2026-01-01T00:00:00Z",
    });
    expect(refusal(api.bind(POD, "worker-2", now()))).toBe(
      'Error from server (Conflict): Operation cannot be fulfilled on pods/binding "p": pod p is already assigned to node "worker-1"',
    );
  });
});

test("allocations survive snapshot and restore, for they are the store's", () => {
  createService("web", { type: "NodePort", ports: [{ port: 80, nodePort: 30080 }], clusterIP: "10.96.0.50" });
  const saved = store.snapshot();
  done(api.delete(WEB, now()));
  store.restore(saved);
  expect(refusal(api.create(serviceObject("x", { ports: ports80, clusterIP: "10.96.0.50" }), now()))).toContain(
    "already allocated",
  );
  start();
  store.restore(saved);
  expect(
    refusal(api.create(serviceObject("x", { type: "NodePort", ports: [{ port: 80, nodePort: 30080 }] }), now())),
  ).toContain("already allocated");
});
