import { expect, test } from "vitest";
import { SECOND } from "../base/time.ts";
import type { DaemonSet } from "../model/daemonset/types.ts";
import type { KubeObject, ObjectKey } from "../model/meta/types.ts";
import { type Pod, podReady } from "../model/pod/types.ts";
import { keyIn, node, TestCluster } from "./testing.ts";

function daemonSet(image = "v1", pod: object = {}, spec: object = {}): KubeObject {
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: "agent", namespace: "default" },
    spec: {
      selector: { matchLabels: { app: "agent" } },
      template: {
        metadata: { labels: { app: "agent" } },
        spec: { containers: [{ name: "c", image, ports: [{ containerPort: 9100 }] }], ...pod },
      },
      ...spec,
    },
  } as KubeObject;
}

const places = (c: TestCluster): readonly string[] =>
  c
    .list<Pod>("Pod")
    .map((pod) => `${pod.spec.nodeName ?? "?"} ${pod.spec.containers[0]?.image ?? ""}`)
    .toSorted();
const status = (c: TestCluster): DaemonSet["status"] | undefined =>
  c.get<DaemonSet>("DaemonSet", "default", "agent")?.status;

test("one pod on every node that takes it, and on those that come", () => {
  const tainted = node("control", 4, {
    spec: { taints: [{ key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" }] },
  });
  const c = new TestCluster({ nodes: [node("a", 1), node("b", 2, { spec: { unschedulable: true } }), tainted] });
  c.apply(daemonSet());
  c.rest();
  // A cordon does not keep daemons away; the control plane's taint does.
  expect(places(c)).toEqual(["a v1", "b v1"]);
  expect(status(c)).toMatchObject({
    desiredNumberScheduled: 2,
    currentNumberScheduled: 2,
    numberReady: 2,
    numberAvailable: 2,
  });
  c.apply(node("c", 3));
  c.rest();
  expect(places(c)).toEqual(["a v1", "b v1", "c v1"]);
  c.apply(daemonSet("v1", { tolerations: [{ operator: "Exists" }] }));
  c.rest();
  expect(places(c)).toEqual(["a v1", "b v1", "c v1", "control v1"]);
  c.delete(keyIn("Pod", c.list<Pod>("Pod")[0]?.metadata.name ?? ""));
  c.rest();
  expect(places(c)).toHaveLength(4);
  expect(c.refusals).toEqual([]);
});

test("a nodeSelector picks nodes; a node that loses the label loses its pod", () => {
  const c = new TestCluster({ nodes: [node("a", 1, { labels: { disk: "ssd" } }), node("b", 2)] });
  c.apply(daemonSet("v1", { nodeSelector: { disk: "ssd" } }));
  c.rest();
  expect(places(c)).toEqual(["a v1"]);
  c.edit("Node//a" as ObjectKey, (n) => ({ ...n, metadata: { ...n.metadata, labels: {} } }));
  c.rest();
  expect(places(c)).toEqual([]);
  expect(status(c)).toMatchObject({ desiredNumberScheduled: 0 });
});

test("a rolling update takes one pod away at a time", () => {
  const c = new TestCluster({ pace: "run" });
  c.apply(daemonSet());
  c.run(10 * SECOND);
  c.apply(daemonSet("v2"));
  let fewest = 3;
  for (let i = 0; i < 300; i++) {
    c.run(0.1 * SECOND);
    fewest = Math.min(fewest, c.list<Pod>("Pod").filter(podReady).length);
  }
  expect(fewest).toBe(2);
  expect(places(c)).toEqual(["worker-1 v2", "worker-2 v2", "worker-3 v2"]);
  expect(status(c)).toMatchObject({ updatedNumberScheduled: 3, numberAvailable: 3 });
  expect(c.refusals).toEqual([]);
});

test("OnDelete waits for the user", () => {
  const c = new TestCluster();
  c.apply(daemonSet("v1", {}, { updateStrategy: { type: "OnDelete" } }));
  c.rest();
  c.apply(daemonSet("v2", {}, { updateStrategy: { type: "OnDelete" } }));
  c.rest();
  expect(places(c)).toEqual(["worker-1 v1", "worker-2 v1", "worker-3 v1"]);
});
