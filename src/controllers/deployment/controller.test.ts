import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SECOND } from "../../base/time.ts";
import type { Deployment } from "../../model/deployment/types.ts";
import type { Pod } from "../../model/pod/types.ts";
import { podReady } from "../../model/pod/types.ts";
import type { ReplicaSet } from "../../model/replicaset/types.ts";
import { isActive } from "../pods.ts";
import { deployment, keyIn, TestCluster } from "../testing.ts";
import { boundsOf } from "./replicas.ts";

const sets = (c: TestCluster): readonly ReplicaSet[] => c.list<ReplicaSet>("ReplicaSet");
const sizes = (c: TestCluster): Record<string, number> =>
  Object.fromEntries(sets(c).map((rs) => [rs.spec.template?.spec.containers[0]?.image ?? "", rs.spec.replicas]));
const web = (c: TestCluster): Deployment => c.get<Deployment>("Deployment", "default", "web") as Deployment;

describe("rounding", () => {
  test.each([
    [3, "25%", "25%", 1, 0],
    [4, "25%", "25%", 1, 1],
    [10, "25%", "25%", 3, 2],
    [1, "25%", "25%", 1, 0],
    [3, 0, "25%", 0, 1],
    [3, 0, 0, 0, 1],
    [2, 1, 5, 1, 2],
    [0, "25%", "25%", 0, 0],
  ])(
    "%i replicas, surge %s, unavailable %s: %i over, %i under",
    (replicas, maxSurge, maxUnavailable, surge, unavailable) => {
      const given = deployment("web", replicas, {
        spec: { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge, maxUnavailable } } },
      }) as Deployment;
      expect(boundsOf(given)).toEqual({ surge, unavailable });
    },
  );
});

test("a new Deployment has one set named after its hash, with revision 1", () => {
  const c = new TestCluster();
  c.apply(deployment("web", 3));
  c.rest();
  const [rs] = sets(c);
  expect(sets(c)).toHaveLength(1);
  const hash = rs?.metadata.labels?.["pod-template-hash"] ?? "";
  expect(hash).toMatch(/^[456789bcdf]{1,10}$/);
  expect(rs?.metadata.name).toBe(`web-${hash}`);
  expect(rs?.spec.selector.matchLabels).toEqual({ app: "web", "pod-template-hash": hash });
  expect(rs?.metadata.annotations).toEqual({
    "deployment.kubernetes.io/revision": "1",
    "deployment.kubernetes.io/desired-replicas": "3",
    "deployment.kubernetes.io/max-replicas": "4",
  });
  expect(c.titles).toContain(`deployment-controller: Scaled up replica set web-${hash} from 0 to 3`);
  expect(web(c).metadata.annotations?.["deployment.kubernetes.io/revision"]).toBe("1");
  expect(web(c).status).toMatchObject({
    replicas: 3,
    updatedReplicas: 3,
    readyReplicas: 3,
    availableReplicas: 3,
    conditions: [
      {
        type: "Available",
        status: "True",
        reason: "MinimumReplicasAvailable",
        message: "Deployment has minimum availability.",
      },
      {
        type: "Progressing",
        status: "True",
        reason: "NewReplicaSetAvailable",
        message: `ReplicaSet "web-${hash}" has successfully progressed.`,
      },
    ],
  });
  expect(c.refusals).toEqual([]);
});

test("changing only the replicas keeps the set and its pods", () => {
  const c = new TestCluster();
  c.apply(deployment("web", 3));
  c.rest();
  const before = c.list<Pod>("Pod").map((p) => p.metadata.name);
  c.apply(deployment("web", 5));
  c.rest();
  expect(sets(c)).toHaveLength(1);
  expect(c.list<Pod>("Pod").map((p) => p.metadata.name)).toEqual(expect.arrayContaining(before));
  expect(sets(c)[0]?.metadata.annotations?.["deployment.kubernetes.io/desired-replicas"]).toBe("5");
  c.apply(deployment("web", 1));
  c.rest();
  expect(c.list("Pod")).toHaveLength(1);
  expect(c.refusals).toEqual([]);
});

test("a rolling update of three goes one by one, and rolling back takes the old set with a new revision", () => {
  const c = new TestCluster();
  c.apply(deployment("web", 3, { image: "v1" }));
  c.rest();
  c.titles.length = 0;
  c.apply(deployment("web", 3, { image: "v2" }));
  c.rest();
  expect(sizes(c)).toEqual({ v1: 0, v2: 3 });
  const steps = c.titles
    .filter((title) => title.startsWith("deployment-controller: Scaled"))
    .map((title) => /(up|down) .* from (\d) to (\d)/.exec(title)?.slice(1).join(" "));
  expect(steps).toEqual(["up 0 1", "down 3 2", "up 1 2", "down 2 1", "up 2 3", "down 1 0"]);
  c.apply(deployment("web", 3, { image: "v1" }));
  c.rest();
  expect(sizes(c)).toEqual({ v1: 3, v2: 0 });
  expect(web(c).metadata.annotations?.["deployment.kubernetes.io/revision"]).toBe("3");
  expect(sets(c)).toHaveLength(2);
  expect(c.refusals).toEqual([]);
});

test("Recreate ends all old pods before it makes a new one", () => {
  const c = new TestCluster({ pace: "run" });
  const spec = { strategy: { type: "Recreate" } };
  c.apply(deployment("web", 3, { image: "v1", spec }));
  c.run(10 * SECOND);
  c.apply(deployment("web", 3, { image: "v2", spec }));
  let sawNone = false;
  for (let i = 0; i < 400; i++) {
    c.run(20_000);
    const images = new Set(c.list<Pod>("Pod").map((pod) => pod.spec.containers[0]?.image));
    expect(images.size).toBeLessThan(2);
    sawNone ||= images.size === 0;
  }
  expect(sawNone).toBe(true);
  expect(sizes(c)).toEqual({ v1: 0, v2: 3 });
});

test("old empty sets beyond revisionHistoryLimit go, oldest first", () => {
  const c = new TestCluster();
  for (const image of ["v1", "v2", "v3", "v4"]) {
    c.apply(deployment("web", 1, { image, spec: { revisionHistoryLimit: 2 } }));
    c.rest();
  }
  expect(sizes(c)).toEqual({ v2: 0, v3: 0, v4: 1 });
});

test("a paused Deployment scales but does not roll out", () => {
  const c = new TestCluster();
  c.apply(deployment("web", 2, { image: "v1" }));
  c.rest();
  c.apply(deployment("web", 4, { image: "v2", spec: { paused: true } }));
  c.rest();
  expect(sizes(c)).toEqual({ v1: 4 });
  c.apply(deployment("web", 4, { image: "v2" }));
  c.rest();
  expect(sizes(c)).toEqual({ v1: 0, v2: 4 });
});

test("a rollout that gets nowhere is called late after progressDeadlineSeconds, and nothing waits for that", () => {
  const c = new TestCluster();
  const container = { readinessProbe: { httpGet: { path: "/", port: 8080 } } };
  c.apply(deployment("web", 2, { container, annotations: { "kubehop.dev/behavior": "ready=false" } }));
  expect(c.rest()).toMatchObject({ quiet: true, now: 0 });
  expect(web(c).status.conditions).toMatchObject([
    { type: "Available", status: "False", reason: "MinimumReplicasUnavailable" },
    { type: "Progressing", status: "True", reason: "ReplicaSetUpdated" },
  ]);
  c.run(601 * SECOND);
  const [rs] = sets(c);
  expect(web(c).status.conditions?.[1]).toMatchObject({
    status: "False",
    reason: "ProgressDeadlineExceeded",
    message: `ReplicaSet "${rs?.metadata.name ?? ""}" has timed out progressing.`,
  });
});

test("scaled in the middle of a rollout, every set keeps its share", () => {
  const c = new TestCluster();
  const stuck = { annotations: { "kubehop.dev/behavior": "ready=false" } };
  const container = { readinessProbe: { tcpSocket: { port: 8080 } } };
  c.apply(deployment("web", 10, { image: "v1", container }));
  c.rest();
  c.apply(deployment("web", 10, { image: "v2", container, ...stuck }));
  c.rest();
  expect(sizes(c)).toEqual({ v1: 8, v2: 5 });
  c.apply(deployment("web", 20, { image: "v2", container, ...stuck }));
  c.rest();
  // 25 may be: the larger set gets the larger part of the growth.
  expect(sizes(c)).toEqual({ v1: 15, v2: 10 });
  expect(c.refusals).toEqual([]);
});

test("no rollout ever has more pods than replicas + maxSurge, nor fewer available than replicas - maxUnavailable", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 7 }),
      fc.oneof(fc.nat(4), fc.constantFrom("25%", "50%")),
      fc.oneof(fc.nat(4), fc.constantFrom("25%", "50%")),
      fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }),
      fc.constantFrom("run" as const, "settle" as const),
      (replicas, maxSurge, maxUnavailable, versions, pace) => {
        fc.pre(maxSurge !== 0 || maxUnavailable !== 0);
        const spec = { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge, maxUnavailable } } };
        const c = new TestCluster({ pace });
        c.apply(deployment("web", replicas, { image: "v0", spec }));
        c.run(20 * SECOND);
        const bounds = boundsOf(web(c));
        for (const version of versions) {
          c.apply(deployment("web", replicas, { image: `v${version}`, spec }));
          const end = c.engine.now + 90 * SECOND;
          // The next version comes before this one is through.
          while ((c.engine.nextAt() ?? end) < c.engine.now + 2 * SECOND) {
            c.engine.step();
            const pods = c.list<Pod>("Pod").filter(isActive);
            expect(pods.length).toBeLessThanOrEqual(replicas + bounds.surge);
            expect(pods.filter(podReady).length).toBeGreaterThanOrEqual(replicas - bounds.unavailable);
          }
        }
        expect(c.rest().quiet).toBe(true);
        const last = `v${versions[versions.length - 1] ?? 0}`;
        expect(sizes(c)[last]).toBe(replicas);
        expect(c.list<Pod>("Pod").map((pod) => pod.spec.containers[0]?.image)).toEqual(Array(replicas).fill(last));
        expect(c.refusals).toEqual([]);
      },
    ),
    { numRuns: 40 },
  );
});

test("deleting a Deployment takes its sets and pods along, in the background", () => {
  const c = new TestCluster();
  c.apply(deployment("web", 3));
  c.rest();
  c.delete(keyIn("Deployment", "web"));
  c.rest();
  expect([...sets(c), ...c.list("Pod")]).toEqual([]);
  expect(c.refusals).toEqual([]);
});
