import { describe, expect, test } from "vitest";
import { SECOND, timestamp } from "../base/time.ts";
import type { KubeObject } from "../model/meta/types.ts";
import type { Pod } from "../model/pod/types.ts";
import type { ReplicaSet } from "../model/replicaset/types.ts";
import { compareVictims } from "./replicaset.ts";
import { deployment, keyIn, TestCluster } from "./testing.ts";

function replicaSet(name: string, replicas: number, labels = { app: name }): KubeObject {
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: { name, namespace: "default" },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: "c", image: "nginx" }] } },
    },
  } as KubeObject;
}

function barePod(name: string, labels: Readonly<Record<string, string>>): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default", labels },
    spec: { containers: [{ name: "c", image: "nginx" }] },
  } as KubeObject;
}

const names = (cluster: TestCluster): readonly string[] => cluster.list<Pod>("Pod").map((p) => p.metadata.name);

test("makes the pods that are missing and counts them", () => {
  const c = new TestCluster();
  c.apply(replicaSet("rs", 3));
  c.rest();
  expect(c.refusals).toEqual([]);
  const pods = c.list<Pod>("Pod");
  expect(pods).toHaveLength(3);
  for (const pod of pods) {
    expect(pod.metadata.name).toMatch(/^rs-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    expect(pod.metadata.generateName).toBe("rs-");
    expect(pod.metadata.labels).toEqual({ app: "rs" });
    expect(pod.metadata.ownerReferences).toMatchObject([{ kind: "ReplicaSet", name: "rs", controller: true }]);
  }
  expect(c.get<ReplicaSet>("ReplicaSet", "default", "rs")?.status).toEqual({
    replicas: 3,
    fullyLabeledReplicas: 3,
    readyReplicas: 3,
    availableReplicas: 3,
    observedGeneration: 1,
  });
});

test("names depend on the owner and its count alone, not on what else goes on", () => {
  const alone = new TestCluster();
  alone.apply(replicaSet("rs", 3));
  alone.rest();
  const crowded = new TestCluster();
  crowded.apply(deployment("other", 5));
  crowded.apply(replicaSet("rs", 3), barePod("lonely", {}));
  crowded.rest();
  expect(names(crowded).filter((name) => name.startsWith("rs-"))).toEqual(names(alone));
});

test("a deleted pod is replaced at once, under a new name, while the old one still stops", () => {
  const c = new TestCluster({ pace: "run" });
  c.apply(replicaSet("rs", 2));
  c.run(10 * SECOND);
  const before = names(c);
  c.delete(keyIn("Pod", before[0] as string));
  c.run(20_000);
  expect(c.get<Pod>("Pod", "default", before[0] as string)?.metadata.deletionTimestamp).toBeDefined();
  expect(names(c)).toHaveLength(3);
  c.run(10 * SECOND);
  const after = names(c);
  expect(after).toHaveLength(2);
  expect(after).not.toContain(before[0]);
  expect(after).toContain(before[1]);
});

test("adopts matching orphans, and lets go of pods that are relabelled", () => {
  const c = new TestCluster();
  c.apply(barePod("orphan", { app: "rs" }), barePod("stranger", { app: "x" }), replicaSet("rs", 2));
  c.rest();
  expect(c.get<Pod>("Pod", "default", "orphan")?.metadata.ownerReferences).toMatchObject([{ name: "rs" }]);
  expect(names(c)).toHaveLength(3);
  c.edit<Pod>(keyIn("Pod", "orphan"), (pod) => ({ ...pod, metadata: { ...pod.metadata, labels: { app: "debug" } } }));
  c.rest();
  expect(c.get<Pod>("Pod", "default", "orphan")?.metadata.ownerReferences).toBeUndefined();
  expect(names(c)).toHaveLength(4);
  expect(c.refusals).toEqual([]);
});

test("scales to nothing and forgets", () => {
  const c = new TestCluster();
  c.apply(replicaSet("rs", 4));
  c.rest();
  c.apply(replicaSet("rs", 0));
  c.rest();
  expect(names(c)).toEqual([]);
  expect(c.get<ReplicaSet>("ReplicaSet", "default", "rs")?.status).toEqual({ replicas: 0, observedGeneration: 2 });
});

describe("victims", () => {
  const ready = (at: number): Partial<Pod["status"]> => ({
    phase: "Running",
    conditions: [{ type: "Ready", status: "True", lastTransitionTime: timestamp(at * SECOND) }],
  });
  const candidate = (
    name: string,
    status: Partial<Pod["status"]>,
    extra: {
      readonly node?: string | null;
      readonly cost?: string;
      readonly neighbours?: number;
      readonly created?: number;
    } = {},
  ) => ({
    neighbours: extra.neighbours ?? 1,
    pod: {
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name,
        creationTimestamp: timestamp((extra.created ?? 0) * SECOND),
        ...(extra.cost === undefined
          ? {}
          : { annotations: { "controller.kubernetes.io/pod-deletion-cost": extra.cost } }),
      },
      spec: { containers: [], ...(extra.node === null ? {} : { nodeName: extra.node ?? "n" }) },
      status,
    } as Pod,
  });
  const restarted = (n: number): Partial<Pod["status"]> => ({
    ...ready(0),
    containerStatuses: [{ name: "c", ready: true, restartCount: n }],
  });

  test.each([
    ["unassigned before assigned", candidate("v", ready(0), { node: null }), candidate("s", { phase: "Pending" })],
    ["Pending before Running", candidate("v", { phase: "Pending" }), candidate("s", { phase: "Running" })],
    ["Unknown before Running", candidate("v", { phase: "Unknown" }), candidate("s", { phase: "Running" })],
    ["not ready before ready", candidate("v", { phase: "Running" }), candidate("s", ready(0))],
    ["lower deletion cost", candidate("v", ready(0), { cost: "-5" }), candidate("s", ready(9))],
    ["more neighbours on the node", candidate("v", ready(0), { neighbours: 2 }), candidate("s", ready(9))],
    ["ready for a shorter time", candidate("v", ready(9)), candidate("s", ready(1))],
    ["more restarts", candidate("v", restarted(2)), candidate("s", restarted(1))],
    ["younger", candidate("v", ready(0), { created: 9 }), candidate("s", ready(0), { created: 1 })],
  ])("%s", (_name, victim, survivor) => {
    expect(compareVictims(victim, survivor)).toBeLessThan(0);
    expect(compareVictims(survivor, victim)).toBeGreaterThan(0);
  });
});
