import { describe, expect, test } from "vitest";
import { SECOND } from "../base/time.ts";
import type { KubeObject } from "../model/meta/types.ts";
import { type Pod, podReady } from "../model/pod/types.ts";
import type { StatefulSet } from "../model/statefulset/types.ts";
import { keyIn, TestCluster } from "./testing.ts";

function statefulSet(replicas: number, spec: object = {}, image = "v1", behavior = ""): KubeObject {
  return {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name: "db", namespace: "default" },
    spec: {
      replicas,
      serviceName: "db",
      selector: { matchLabels: { app: "db" } },
      template: {
        metadata: { labels: { app: "db" }, annotations: { "kubehop.dev/behavior": behavior } },
        spec: {
          containers: [
            {
              name: "c",
              image,
              ports: [{ containerPort: 5432 }],
              readinessProbe: { tcpSocket: { port: 5432 }, periodSeconds: 1 },
            },
          ],
        },
      },
      ...spec,
    },
  } as KubeObject;
}

const names = (c: TestCluster): readonly string[] => c.list<Pod>("Pod").map((pod) => pod.metadata.name);
const images = (c: TestCluster): readonly string[] =>
  c.list<Pod>("Pod").map((pod) => `${pod.metadata.name} ${pod.spec.containers[0]?.image ?? ""}`);
const stored = (c: TestCluster): StatefulSet => c.get<StatefulSet>("StatefulSet", "default", "db") as StatefulSet;

test("a pod without an owner is adopted when it has a name of the set, and not for its labels alone", () => {
  const c = new TestCluster();
  const bare = (name: string): KubeObject =>
    ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace: "default", labels: { app: "db" } },
      spec: { containers: [{ name: "c", image: "v1" }] },
    }) as KubeObject;
  c.apply(bare("db-0"), bare("db-backup"));
  c.rest();
  c.apply(statefulSet(1));
  c.rest();
  const owners = c.list<Pod>("Pod").map(({ metadata }) => [metadata.name, metadata.ownerReferences?.[0]?.kind]);
  expect(owners).toEqual([
    ["db-0", "StatefulSet"],
    ["db-backup", undefined],
  ]);
  expect(c.refusals).toEqual([]);
});

test("pods come up one after the other, each when the one before is ready, and go in reverse", () => {
  const c = new TestCluster({ pace: "run" });
  c.apply(statefulSet(3));
  const seen: string[] = [];
  const watch = (): void => {
    for (let i = 0; i < 200; i++) {
      c.run(0.1 * SECOND);
      const now = c
        .list<Pod>("Pod")
        .map((pod) => `${pod.metadata.name.slice(-1)}${podReady(pod) ? "+" : "-"}`)
        .join(" ");
      if (seen.at(-1) !== now) seen.push(now);
    }
  };
  watch();
  expect(seen).toEqual(["0-", "0+ 1-", "0+ 1+ 2-", "0+ 1+ 2+"]);
  seen.length = 0;
  c.apply(statefulSet(1));
  watch();
  expect(seen).toEqual(["0+"]);
  expect(c.refusals).toEqual([]);
  expect(c.events).toContain("statefulset-controller SuccessfulCreate create Pod db-0 in StatefulSet db successful");
  expect(c.events.filter((e) => e.includes("SuccessfulDelete"))).toEqual([
    "statefulset-controller SuccessfulDelete delete Pod db-2 in StatefulSet db successful",
    "statefulset-controller SuccessfulDelete delete Pod db-1 in StatefulSet db successful",
  ]);
});

test("a pod has its name for a hostname, the serviceName for a subdomain, and comes back under its name", () => {
  const c = new TestCluster();
  c.apply(statefulSet(2, { ordinals: { start: 5 } }));
  c.rest();
  const pod = c.get<Pod>("Pod", "default", "db-6");
  expect(pod?.spec).toMatchObject({ hostname: "db-6", subdomain: "db" });
  expect(pod?.metadata.labels).toMatchObject({
    "apps.kubernetes.io/pod-index": "6",
    "statefulset.kubernetes.io/pod-name": "db-6",
    "controller-revision-hash": stored(c).status.updateRevision,
  });
  c.delete(keyIn("Pod", "db-5"));
  c.rest();
  expect(names(c)).toEqual(["db-5", "db-6"]);
  expect(c.get<Pod>("Pod", "default", "db-5")?.metadata.uid).not.toBe(pod?.metadata.uid);
  expect(stored(c).status).toMatchObject({ replicas: 2, readyReplicas: 2, availableReplicas: 2, currentReplicas: 2 });
});

test("Parallel waits for nobody", () => {
  const c = new TestCluster({ pace: "run" });
  c.apply(statefulSet(3, { podManagementPolicy: "Parallel" }, "v1", "start=30s"));
  c.run(SECOND);
  expect(names(c)).toEqual(["db-0", "db-1", "db-2"]);
});

describe("an update", () => {
  test("goes from the last pod to the partition", () => {
    const c = new TestCluster();
    const rolling = (partition: number): object => ({
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition } },
    });
    c.apply(statefulSet(3, rolling(2)));
    c.rest();
    c.apply(statefulSet(3, rolling(2), "v2"));
    c.rest();
    expect(images(c)).toEqual(["db-0 v1", "db-1 v1", "db-2 v2"]);
    const { currentRevision, updateRevision } = stored(c).status;
    expect(currentRevision).not.toBe(updateRevision);
    // Below the partition a pod that is made anew is of the old revision.
    c.delete(keyIn("Pod", "db-0"));
    c.rest();
    expect(images(c)).toEqual(["db-0 v1", "db-1 v1", "db-2 v2"]);
    c.apply(statefulSet(3, rolling(0), "v2"));
    c.rest();
    expect(images(c)).toEqual(["db-0 v2", "db-1 v2", "db-2 v2"]);
    expect(stored(c).status).toMatchObject({ currentRevision: updateRevision, updateRevision, updatedReplicas: 3 });
    expect(c.refusals).toEqual([]);
  });

  test("stops at a pod that does not become ready", () => {
    const c = new TestCluster();
    c.apply(statefulSet(3));
    c.rest();
    c.apply(statefulSet(3, {}, "v2", "ready=false"));
    c.rest();
    expect(images(c)).toEqual(["db-0 v1", "db-1 v1", "db-2 v2"]);
  });

  test("OnDelete leaves it to the user", () => {
    const c = new TestCluster();
    c.apply(statefulSet(2, { updateStrategy: { type: "OnDelete" } }));
    c.rest();
    c.apply(statefulSet(2, { updateStrategy: { type: "OnDelete" } }, "v2"));
    c.rest();
    expect(images(c)).toEqual(["db-0 v1", "db-1 v1"]);
    c.delete(keyIn("Pod", "db-1"));
    c.rest();
    expect(images(c)).toEqual(["db-0 v1", "db-1 v2"]);
  });
});
