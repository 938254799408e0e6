import { describe, expect, test } from "vitest";
import type { KubeObject } from "../model/meta/types.ts";
import type { Pod } from "../model/pod/types.ts";
import { deployment, node, TestCluster } from "./testing.ts";

function pod(name: string, spec: object = {}): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default" },
    spec: { containers: [{ name: "c", image: "nginx" }], ...spec },
  } as KubeObject;
}

const nodeOf = (c: TestCluster, name: string): string | undefined => c.get<Pod>("Pod", "default", name)?.spec.nodeName;

test("pods of one owner spread; ties go to the emptier node, then by name", () => {
  const c = new TestCluster();
  c.apply(deployment("web", 4), deployment("api", 2));
  c.rest();
  const perNode = (app: string): readonly number[] =>
    ["worker-1", "worker-2", "worker-3"].map(
      (name) => c.list<Pod>("Pod").filter((p) => p.metadata.labels?.["app"] === app && p.spec.nodeName === name).length,
    );
  expect(perNode("web")).toEqual([2, 1, 1]);
  expect(perNode("api")).toEqual([0, 1, 1]);
  c.apply(pod("lonely"));
  c.rest();
  expect(nodeOf(c, "lonely")).toBe("worker-1");
});

test("a pod that names its node stands there, taints or not", () => {
  const c = new TestCluster({ nodes: [node("n", 1, { spec: { unschedulable: true } })] });
  c.apply(pod("p", { nodeName: "n" }));
  c.rest();
  expect(c.get<Pod>("Pod", "default", "p")?.status.phase).toBe("Running");
});

test("a pod whose address is stated and whose node is not goes where the address is at home", () => {
  const c = new TestCluster();
  c.apply(
    { ...pod("p"), status: { podIP: "10.244.2.50" } } as KubeObject,
    { ...pod("q"), status: { podIP: "10.9.9.9" } } as KubeObject,
  );
  c.rest();
  expect([nodeOf(c, "p"), nodeOf(c, "q")]).toEqual(["worker-2", "worker-1"]);
});

describe("what does not fit says why", () => {
  const taint = (key: string, effect: string): object => ({ taints: [{ key, effect }] });
  const none = "preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.";
  test.each<[string, readonly KubeObject[], object, string]>([
    ["no nodes", [], {}, "no nodes available to schedule pods"],
    [
      "taint, cordon and selector, sorted",
      [
        node("a", 1, { spec: taint("node-role.kubernetes.io/control-plane", "NoSchedule") }),
        node("b", 2, { spec: { unschedulable: true } }),
        node("c", 3),
      ],
      { nodeSelector: { disk: "ssd" } },
      "0/3 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) had untolerated taint(s), " +
        `1 node(s) were unschedulable. ${none}`,
    ],
    [
      "all tainted",
      [
        node("a", 1, { spec: taint("x", "NoSchedule") }),
        node("b", 2, { spec: taint("x", "NoExecute") }),
        node("c", 3, { spec: taint("y", "NoSchedule") }),
      ],
      { tolerations: [{ key: "x", operator: "Exists", effect: "NoExecute" }], nodeSelector: { no: "where" } },
      "0/3 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 2 node(s) had untolerated taint(s). " +
        none,
    ],
  ])("%s", (_name, nodes, spec, message) => {
    const c = new TestCluster({ nodes });
    c.apply(pod("p", spec));
    c.rest();
    const stored = c.get<Pod>("Pod", "default", "p");
    expect(stored?.spec.nodeName).toBeUndefined();
    expect(stored?.status).toMatchObject({
      phase: "Pending",
      conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }],
    });
  });

  test("two pods cannot have one host port on one node", () => {
    const c = new TestCluster({ nodes: [node("a", 1)] });
    const spec = { containers: [{ name: "c", image: "nginx", ports: [{ containerPort: 80, hostPort: 8080 }] }] };
    c.apply(pod("first", spec), pod("second", spec));
    c.rest();
    expect(nodeOf(c, "first")).toBe("a");
    expect(c.get<Pod>("Pod", "default", "second")?.status.conditions?.[0]?.message).toContain(
      "1 node(s) didn't have free ports for the requested pod ports",
    );
    c.delete("Pod/default/first" as never);
    c.rest();
    expect(nodeOf(c, "second")).toBe("a");
  });
});

test.each([
  ["PreferNoSchedule does not keep away", { taints: [{ key: "x", effect: "PreferNoSchedule" }] }, [], true],
  [
    "Equal needs the value",
    { taints: [{ key: "x", value: "1", effect: "NoSchedule" }] },
    [{ key: "x", value: "2" }],
    false,
  ],
  [
    "Equal is the default",
    { taints: [{ key: "x", value: "1", effect: "NoSchedule" }] },
    [{ key: "x", value: "1" }],
    true,
  ],
  ["Exists without key takes all", { taints: [{ key: "x", effect: "NoExecute" }] }, [{ operator: "Exists" }], true],
  [
    "a cordon can be tolerated",
    { unschedulable: true },
    [{ key: "node.kubernetes.io/unschedulable", operator: "Exists" }],
    true,
  ],
])("%s", (_name, spec, tolerations, fits) => {
  const c = new TestCluster({ nodes: [node("a", 1, { spec })] });
  c.apply(pod("p", { tolerations }));
  c.rest();
  expect(nodeOf(c, "p") !== undefined).toBe(fits);
});

test("waiting pods are looked at again when a node comes or changes", () => {
  const c = new TestCluster({ nodes: [] });
  c.apply(pod("p", { nodeSelector: { disk: "ssd" } }));
  c.rest();
  c.apply(node("a", 1));
  c.rest();
  expect(nodeOf(c, "p")).toBeUndefined();
  c.apply(node("a", 1, { labels: { disk: "ssd" } }));
  c.rest();
  expect(nodeOf(c, "p")).toBe("a");
  expect(c.refusals).toEqual([]);
});

describe("placement", () => {
  const zoned = (name: string, n: number, zone: string): KubeObject =>
    node(name, n, { labels: { "topology.kubernetes.io/zone": zone } });
  const required = (matchExpressions: readonly object[]): object => ({
    affinity: {
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] } },
    },
  });

  test.each<[string, readonly object[], string | undefined]>([
    ["In", [{ key: "topology.kubernetes.io/zone", operator: "In", values: ["z2"] }], "c"],
    ["NotIn", [{ key: "topology.kubernetes.io/zone", operator: "NotIn", values: ["z1"] }], "c"],
    ["Exists and nothing to match", [{ key: "gpu", operator: "Exists" }], undefined],
    ["no demand at all", [], undefined],
  ])("required node affinity: %s", (_name, expressions, where) => {
    const c = new TestCluster({ nodes: [zoned("a", 1, "z1"), zoned("c", 2, "z2")] });
    c.apply(pod("p", required(expressions)));
    c.rest();
    expect(nodeOf(c, "p")).toBe(where);
  });

  test("preferred node affinity outweighs an emptier node", () => {
    const c = new TestCluster({ nodes: [zoned("a", 1, "z1"), zoned("b", 2, "z2")] });
    const preference = { matchExpressions: [{ key: "topology.kubernetes.io/zone", operator: "In", values: ["z2"] }] };
    const spec = {
      affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference }] } },
    };
    c.apply(pod("p", spec), pod("q", spec));
    c.rest();
    expect([nodeOf(c, "p"), nodeOf(c, "q")]).toEqual(["b", "b"]);
  });

  test("replicas spread over zones", () => {
    const c = new TestCluster({ nodes: [zoned("a", 1, "z1"), zoned("b", 2, "z1"), zoned("c", 3, "z2")] });
    c.apply(deployment("web", 2));
    c.rest();
    expect(
      c
        .list<Pod>("Pod")
        .map((p) => p.spec.nodeName ?? "-")
        .toSorted(),
    ).toEqual(["a", "c"]);
  });

  test("cpu that the node has not left, where it says what it has", () => {
    const small = { ...node("a", 1), status: { allocatable: { cpu: "1500m", memory: "1Gi" } } } as KubeObject;
    const c = new TestCluster({ nodes: [small] });
    const spec = { containers: [{ name: "c", image: "nginx", resources: { requests: { cpu: "1" } } }] };
    c.apply(pod("p", spec));
    c.rest();
    c.apply(pod("q", spec));
    c.rest();
    expect(nodeOf(c, "p")).toBe("a");
    expect(c.events.at(-1)).toContain("FailedScheduling 0/1 nodes are available: 1 Insufficient cpu.");
    c.delete("Pod/default/p" as never);
    c.rest();
    expect(nodeOf(c, "q")).toBe("a");
  });

  test("anti-affinity by host: one each, the rest wait", () => {
    const c = new TestCluster({ nodes: [node("a", 1), node("b", 2)] });
    const labelSelector = { matchLabels: { app: "web" } };
    const term = { labelSelector, topologyKey: "kubernetes.io/hostname" };
    const pods = { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } };
    for (const name of ["a", "b"]) {
      c.edit(`Node//${name}` as never, (n) => ({
        ...n,
        metadata: { ...n.metadata, labels: { "kubernetes.io/hostname": name } },
      }));
    }
    c.apply(deployment("web", 3, { pod: pods }));
    c.rest();
    expect(
      c
        .list<Pod>("Pod")
        .map((p) => p.spec.nodeName ?? "-")
        .toSorted(),
    ).toEqual(["-", "a", "b"]);
    expect(c.events.join("\n")).toContain("2 node(s) didn't match pod anti-affinity rules");
  });

  test("a spread constraint that must hold", () => {
    const c = new TestCluster({ nodes: [zoned("a", 1, "z1"), zoned("b", 2, "z2")] });
    const constraint = {
      maxSkew: 1,
      topologyKey: "topology.kubernetes.io/zone",
      whenUnsatisfiable: "DoNotSchedule",
      labelSelector: { matchLabels: { app: "web" } },
    };
    c.edit(
      "Node//b" as never,
      (n) => ({ ...n, spec: { ...(n as unknown as Pod).spec, unschedulable: true } }) as never,
    );
    c.apply(deployment("web", 3, { pod: { topologySpreadConstraints: [constraint] } }));
    c.rest();
    expect(
      c
        .list<Pod>("Pod")
        .map((p) => p.spec.nodeName ?? "-")
        .toSorted(),
    ).toEqual(["-", "-", "a"]);
  });
});
