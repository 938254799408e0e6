import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { keyOf, type KubeObject, type LabelSelector, objectKey, type ObjectKey } from "../model/meta/types.ts";
import type { Pod } from "../model/pod/types.ts";
import { labelSelectorMatches } from "../model/selectors.ts";
import { Indexes } from "./indexes.ts";
import { createStore } from "./store.ts";
import type { ObjectReader, Store, WriteContext } from "./types.ts";

const context = (at: number): WriteContext => ({ at, cause: at, writer: "test" });
const owner = (uid: string) => [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: "rs", uid, controller: true }];

function pod(
  namespace: string,
  name: string,
  more: {
    app?: string;
    tier?: string;
    node?: string;
    ip?: string;
    phase?: string;
    uid?: string;
    hostNetwork?: boolean;
    away?: boolean;
  } = {},
): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      namespace,
      name,
      labels: { ...(more.app !== undefined && { app: more.app }), ...(more.tier !== undefined && { tier: more.tier }) },
      ...(more.uid !== undefined && { ownerReferences: owner(more.uid) }),
    },
    spec: {
      containers: [{ name: "c" }],
      ...(more.node !== undefined && { nodeName: more.node }),
      ...(more.hostNetwork !== undefined && { hostNetwork: more.hostNetwork }),
      ...(more.away === true && { affinity: { podAntiAffinity: {} } }),
    },
    status: { phase: (more.phase ?? "Running") as "Running", ...(more.ip !== undefined && { podIP: more.ip }) },
  };
}

const slice = (namespace: string, name: string, service: string, port: number): KubeObject =>
  ({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { namespace, name, labels: { "kubernetes.io/service-name": service } },
    addressType: "IPv4",
    endpoints: [],
    ports: [{ port }],
  }) as KubeObject;

const service = (namespace: string, name: string, clusterIP: string, nodePort: number): KubeObject =>
  ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { namespace, name },
    spec: { type: "NodePort", clusterIP, clusterIPs: [clusterIP], ports: [{ port: 80, protocol: "TCP", nodePort }] },
    status: { loadBalancer: {} },
  }) as KubeObject;

const names = (objects: readonly KubeObject[]): string[] =>
  objects.map((o) => `${o.metadata.namespace ?? ""}/${o.metadata.name}`);

describe("commits", () => {
  test("one commit is one revision, stamped on what it wrote and on nothing else", () => {
    const store = createStore();
    store.commit({ puts: [pod("a", "one"), pod("a", "two")] }, context(1));
    const one = store.get(objectKey("Pod", "a", "one"));
    const made = store.commit({ puts: [pod("a", "two", { app: "web" })], removes: [] }, context(2));
    expect(store.revision).toBe(2);
    expect(store.get(objectKey("Pod", "a", "one"))).toBe(one);
    expect(one?.metadata.resourceVersion).toBe("1");
    expect(store.get(objectKey("Pod", "a", "two"))?.metadata.resourceVersion).toBe("2");
    expect(made).toMatchObject({ revision: 2, at: 2, cause: 2, writer: "test", added: [], removed: [] });
    expect(made?.updated[0]?.[0].metadata.labels).toEqual({});
    expect(store.journal).toHaveLength(2);
  });

  test("a write that changes nothing makes no revision", () => {
    const store = createStore();
    store.commit({ puts: [pod("a", "one", { app: "web" })] }, context(1));
    expect(store.commit({ puts: [pod("a", "one", { app: "web" })] }, context(2))).toBeNull();
    expect(store.commit({ removes: [objectKey("Pod", "a", "nobody")] }, context(2))).toBeNull();
    expect(store.commit({}, context(2))).toBeNull();
    expect(store.revision).toBe(1);
  });

  test("a commit may not write an object twice", () => {
    expect(() => createStore().commit({ puts: [pod("a", "one"), pod("a", "one")] }, context(1))).toThrow(/once/);
  });
});

describe("queries", () => {
  test("lists are sorted by namespace, then name, and stay as they were handed out", () => {
    const store = createStore();
    store.commit({ puts: [pod("b", "x"), pod("a-b", "y"), pod("a", "z"), pod("a", "a")] }, context(1));
    const before = store.list("Pod");
    expect(names(before)).toEqual(["a/a", "a/z", "a-b/y", "b/x"]);
    store.commit({ puts: [pod("a", "m")], removes: [objectKey("Pod", "b", "x")] }, context(2));
    expect(names(before)).toEqual(["a/a", "a/z", "a-b/y", "b/x"]);
    expect(names(store.list("Pod"))).toEqual(["a/a", "a/m", "a/z", "a-b/y"]);
    expect(names(store.list("Pod", "a"))).toEqual(["a/a", "a/m", "a/z"]);
    expect(store.list("Pod")).toBe(store.list("Pod"));
  });

  test("pods by labels, node, address and owner", () => {
    const store = createStore();
    store.commit(
      {
        puts: [
          pod("a", "one", { app: "web", tier: "front", node: "n1", ip: "10.244.1.2", uid: "u1" }),
          pod("a", "two", { app: "web", node: "n2", ip: "10.244.2.2", uid: "u1" }),
          pod("b", "one", { app: "web", tier: "front", node: "n1" }),
        ],
      },
      context(1),
    );
    expect(names(store.podsMatching("a", { app: "web" }))).toEqual(["a/one", "a/two"]);
    expect(names(store.podsMatching("a", { app: "web", tier: "front" }))).toEqual(["a/one"]);
    expect(names(store.podsMatching("a", { app: "web", tier: "back" }))).toEqual([]);
    expect(names(store.podsMatching("a", {}))).toEqual(["a/one", "a/two"]);
    expect(names(store.podsOnNode("n1"))).toEqual(["a/one", "b/one"]);
    expect(store.podByIP("10.244.2.2")?.metadata.name).toBe("two");
    expect(names(store.ownedBy("u1"))).toEqual(["a/one", "a/two"]);
    expect(names(store.inNamespace("b"))).toEqual(["b/one"]);
  });

  test("an address belongs to a pod that lives in the pod network", () => {
    const store = createStore();
    store.commit(
      {
        puts: [
          pod("a", "done", { ip: "10.244.1.2", phase: "Succeeded" }),
          pod("a", "host", { ip: "192.168.56.11", hostNetwork: true }),
        ],
      },
      context(1),
    );
    expect(store.podByIP("10.244.1.2")).toBeUndefined();
    expect(store.podByIP("192.168.56.11")).toBeUndefined();
    store.commit({ puts: [pod("a", "live", { ip: "10.244.1.2" })] }, context(2));
    expect(store.podByIP("10.244.1.2")?.metadata.name).toBe("live");
  });

  test("slices by their Service's label, Services by what they hold", () => {
    const store = createStore();
    store.commit(
      { puts: [slice("a", "web-2", "web", 80), slice("a", "web-1", "web", 80), slice("a", "db-1", "db", 1)] },
      context(1),
    );
    expect(names(store.slicesOf("a", "web"))).toEqual(["a/web-1", "a/web-2"]);
    store.commit({ puts: [service("a", "web", "10.96.1.5", 30100)] }, context(2));
    expect(store.serviceByClusterIP("10.96.1.5")?.metadata.name).toBe("web");
    expect(store.serviceByNodePort(30100)?.metadata.name).toBe("web");
    store.commit({ removes: [objectKey("Service", "a", "web")] }, context(3));
    expect(store.serviceByClusterIP("10.96.1.5")).toBeUndefined();
    expect(store.serviceByNodePort(30100)).toBeUndefined();
  });

  test("a query looks at what it returns, not at the cluster", () => {
    const store = createStore();
    const puts = Array.from({ length: 2000 }, (_, i) =>
      pod("a", `p${i}`, { app: `app-${i % 400}`, tier: "all", node: `n${i % 50}` }),
    );
    store.commit({ puts }, context(1));
    const before = store.scanned;
    expect(store.podsMatching("a", { tier: "all", app: "app-7" })).toHaveLength(5);
    expect(store.scanned - before).toBe(5);
  });
});

/* Random histories: what the store keeps up to date must equal what is made from scratch. */

type Step = { readonly put: readonly KubeObject[]; readonly remove: readonly ObjectKey[] };

const arbName = fc.constantFrom("p0", "p1", "p2", "p3", "p4");
const arbNamespace = fc.constantFrom("a", "b", "a-b");
const arbPod = fc
  .record({
    namespace: arbNamespace,
    name: arbName,
    app: fc.option(fc.constantFrom("web", "db"), { nil: undefined }),
    tier: fc.option(fc.constantFrom("front", "back"), { nil: undefined }),
    node: fc.option(fc.constantFrom("n1", "n2"), { nil: undefined }),
    ip: fc.option(fc.constantFrom("10.244.1.2", "10.244.1.3", "10.244.2.2"), { nil: undefined }),
    phase: fc.constantFrom("Running", "Pending", "Succeeded"),
    uid: fc.option(fc.constantFrom("u1", "u2"), { nil: undefined }),
    hostNetwork: fc.boolean(),
    away: fc.boolean(),
  })
  .map(({ namespace, name, app, tier, node, ip, phase, uid, hostNetwork, away }) =>
    pod(namespace, name, {
      away,
      phase,
      hostNetwork,
      ...(app !== undefined && { app }),
      ...(tier !== undefined && { tier }),
      ...(node !== undefined && { node }),
      ...(ip !== undefined && { ip }),
      ...(uid !== undefined && { uid }),
    }),
  );
const arbSlice = fc
  .tuple(arbNamespace, arbName, fc.constantFrom("web", "db"), fc.integer({ min: 1, max: 3 }))
  .map(([namespace, name, of, port]) => slice(namespace, name, of, port));
const arbService = fc
  .tuple(arbNamespace, fc.constantFrom("web", "db"), fc.integer({ min: 1, max: 4 }))
  .map(([namespace, name, n]) => service(namespace, name, `10.96.1.${n}`, 30100 + n));
const SELECTORS = [
  { matchLabels: { app: "web" } },
  { matchLabels: { app: "web", tier: "front" } },
  { matchLabels: { tier: "front", app: "db" } },
  { matchExpressions: [{ key: "app", operator: "In", values: ["web", "db"] }] },
] as const;
const arbWorkload = fc
  .record({
    kind: fc.constantFrom("ReplicaSet", "ReplicationController"),
    namespace: arbNamespace,
    name: arbName,
    selector: fc.constantFrom(...SELECTORS),
    uid: fc.option(fc.constantFrom("u1", "u2"), { nil: undefined }),
  })
  .map(({ kind, namespace, name, selector, uid }): KubeObject => {
    const plain = kind === "ReplicationController";
    const labels = "matchLabels" in selector ? selector.matchLabels : {};
    const ownerReferences = [
      { apiVersion: "apps/v1", kind: "Deployment", name: "d", uid: uid ?? "", controller: true },
    ];
    return {
      apiVersion: plain ? "v1" : "apps/v1",
      kind,
      metadata: { namespace, name, ...(uid !== undefined && { ownerReferences }) },
      spec: { selector: plain ? labels : selector },
    } as KubeObject;
  });
const arbObject = fc.oneof({ weight: 3, arbitrary: arbPod }, arbSlice, arbService, arbWorkload);
const arbStep: fc.Arbitrary<Step> = fc
  .record({
    put: fc.uniqueArray(arbObject, { maxLength: 4, selector: keyOf }),
    remove: fc.uniqueArray(arbObject.map(keyOf), { maxLength: 2 }),
  })
  .map(({ put, remove }) => ({ put, remove: remove.filter((key) => !put.some((o) => keyOf(o) === key)) }));
const arbHistory = fc.array(arbStep, { minLength: 1, maxLength: 25 });

const KINDS = ["Pod", "EndpointSlice", "Service", "ReplicaSet", "ReplicationController"];
const LABELS = { app: "web", tier: "front" };

/** Everything a reader can answer. */
function picture(reader: ObjectReader): unknown {
  return {
    lists: KINDS.map((kind) => [reader.list(kind), ...["a", "b", "a-b"].map((ns) => reader.list(kind, ns))]),
    matching: ["a", "b", "a-b"].map((ns) => [
      reader.podsMatching(ns, {}),
      reader.podsMatching(ns, { app: "web" }),
      reader.podsMatching(ns, { app: "web", tier: "front" }),
    ]),
    nodes: ["n1", "n2"].map((node) => reader.podsOnNode(node)),
    ips: ["10.244.1.2", "10.244.1.3", "10.244.2.2"].map((ip) => reader.podByIP(ip) ?? null),
    slices: ["web", "db"].map((name) => ["a", "b"].map((ns) => reader.slicesOf(ns, name))),
    owned: ["u1", "u2"].map((uid) => reader.ownedBy(uid)),
    counts: ["n1", "n2"].map((node) => reader.podCountOnNode(node)),
    away: ["n1", "n2"].map((node) => reader.podsKeepingAway(node)),
    orphans: ["a", "b"].map((ns) => reader.replicaSetsWithoutOwner(ns)),
    workloads: ["ReplicaSet", "ReplicationController"].map((kind) => reader.workloadsFor(kind, "a", LABELS)),
  };
}

const play = (store: Store, steps: readonly Step[]): void => {
  for (const [i, step] of steps.entries()) store.commit({ puts: step.put, removes: step.remove }, context(i));
};

const keepsAway = ({ spec }: Pod): boolean =>
  (spec as { readonly affinity?: { readonly podAntiAffinity?: object } }).affinity?.podAntiAffinity !== undefined;

function rebuilt(store: Store): Store {
  const fresh = createStore();
  fresh.restore(structuredClone(store.snapshot()));
  return fresh;
}

describe("random histories", () => {
  test("indexes that were kept up to date equal indexes made from scratch", () => {
    fc.assert(
      fc.property(arbHistory, (steps) => {
        const store = createStore();
        for (const [i, step] of steps.entries()) {
          store.commit({ puts: step.put, removes: step.remove }, context(i));
          // Listing now and then exercises both the merged and the pending state of lists.
          if (i % 3 === 0) picture(store);
        }
        const scratch = new Indexes();
        const kept = new Indexes();
        for (const object of KINDS.flatMap((kind) => store.list(kind)))
          scratch.change(keyOf(object), undefined, object);
        for (const { added, updated, removed } of store.journal) {
          for (const object of added) kept.change(keyOf(object), undefined, object);
          for (const [from, to] of updated) kept.change(keyOf(to), from, to);
          for (const object of removed) kept.change(keyOf(object), object, undefined);
        }
        expect(kept.names()).toEqual(scratch.names());
        for (const name of scratch.names()) {
          expect(kept.list(name)).toEqual(scratch.list(name));
          expect(kept.count(name)).toBe(scratch.list(name).length);
        }
        expect(picture(rebuilt(store))).toEqual(picture(store));
        const byHand = (want: (o: Pod) => boolean): readonly Pod[] => store.list<Pod>("Pod").filter(want);
        expect(store.podsOnNode("n1")).toEqual(byHand((p) => p.spec.nodeName === "n1"));
        expect(store.podsMatching("a", { app: "web" })).toEqual(
          byHand((p) => p.metadata.namespace === "a" && p.metadata.labels?.["app"] === "web"),
        );
        expect(store.ownedBy("u1").filter((o) => o.kind === "Pod")).toEqual(
          byHand((p) => p.metadata.ownerReferences?.[0]?.uid === "u1"),
        );
        expect(store.podCountOnNode("n1")).toBe(store.podsOnNode("n1").length);
        expect(store.podsKeepingAway("n1")).toEqual(byHand((p) => p.spec.nodeName === "n1" && keepsAway(p)));
        const sets = store.list<KubeObject & { readonly spec: { readonly selector: LabelSelector } }>(
          "ReplicaSet",
          "a",
        );
        expect(store.replicaSetsWithoutOwner("a")).toEqual(sets.filter((rs) => !rs.metadata.ownerReferences));
        const selects = (rs: (typeof sets)[number]): boolean => labelSelectorMatches(rs.spec.selector, LABELS);
        const candidates: typeof sets = store.workloadsFor("ReplicaSet", "a", LABELS);
        expect(candidates.filter(selects)).toEqual(sets.filter(selects));
        expect(store.size).toBe(KINDS.reduce((sum, kind) => sum + store.list(kind).length, 0));
      }),
      { numRuns: Number(process.env["KUBEHOP_FUZZ"] ?? 80) },
    );
  });

  test("readAt shows every revision as it was when it was the present", () => {
    fc.assert(
      fc.property(arbHistory, fc.nat(24), (steps, openAt) => {
        const store = createStore();
        const seen = [picture(store)];
        const early: ObjectReader[] = [];
        for (const [i, step] of steps.entries()) {
          if (store.commit({ puts: step.put, removes: step.remove }, context(i)) === null) continue;
          seen.push(structuredClone(picture(store)));
          // Some views are opened while their revision is the present, and must not follow it.
          if (i >= openAt) early.push(store.readAt(store.revision));
        }
        for (let revision = 0; revision <= store.revision; revision++) {
          const reader = store.readAt(revision);
          expect(reader.revision).toBe(revision);
          expect(picture(reader)).toEqual(seen[revision]);
        }
        for (const reader of early) expect(picture(reader)).toEqual(seen[reader.revision]);
      }),
      { numRuns: Number(process.env["KUBEHOP_FUZZ"] ?? 60) },
    );
  });

  test("restoring a snapshot brings everything back, whatever came after, and again", () => {
    fc.assert(
      fc.property(arbHistory, arbHistory, arbHistory, (first, second, third) => {
        const store = createStore();
        play(store, first);
        const before = picture(store);
        const journal = [...store.journal];
        const saved = store.snapshot();
        play(store, second);
        const after = picture(store);
        const later = store.snapshot();
        store.restore(saved);
        expect(picture(store)).toEqual(before);
        expect(store.journal).toEqual(journal);
        expect(store.revision).toBe(saved.revision);
        play(store, third);
        store.restore(later);
        expect(picture(store)).toEqual(after);
        const other = createStore();
        other.restore(saved);
        expect(picture(other)).toEqual(before);
        play(other, third);
        store.restore(saved);
        play(store, third);
        expect(picture(store)).toEqual(picture(other));
        expect(store.journal).toEqual(other.journal);
      }),
      { numRuns: Number(process.env["KUBEHOP_FUZZ"] ?? 60) },
    );
  });
});

test("snapshots share what did not change", () => {
  const store = createStore();
  store.commit({ puts: Array.from({ length: 3000 }, (_, i) => pod("a", `p${i}`)) }, context(1));
  const one = store.snapshot();
  store.commit({ puts: [pod("a", "p7", { app: "web" })] }, context(2));
  const two = store.snapshot();
  expect(two.buckets.filter((bucket, i) => bucket !== one.buckets[i])).toHaveLength(1);
});

test("a view does not outlive the history it belongs to", () => {
  const store = createStore();
  store.commit({ puts: [pod("a", "one")] }, context(1));
  const view = store.readAt(1);
  store.restore(store.snapshot());
  expect(() => view.list("Pod")).toThrow(/replaced/);
});
