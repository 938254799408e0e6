import { describe, expect, test } from "vitest";
import { MILLISECOND, MINUTE, SECOND } from "../../base/time.ts";
import type { KubeObject, ObjectKey } from "../../model/meta/types.ts";
import type { Node } from "../../model/node/types.ts";
import { type Pod, podReady } from "../../model/pod/types.ts";
import { deployment, keyIn, node, TestCluster } from "../testing.ts";
import { backoffOf } from "./runtime.ts";

interface PodExtra {
  readonly spec?: object;
  readonly container?: object;
  readonly behavior?: string;
  readonly status?: object;
}

function pod(name: string, { spec, container, behavior, status }: PodExtra = {}): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace: "default",
      ...(behavior === undefined ? {} : { annotations: { "kubehop.dev/behavior": behavior } }),
    },
    spec: { nodeName: "worker-1", containers: [{ name: "c", image: "nginx", ...container }], ...spec },
    ...(status === undefined ? {} : { status }),
  } as KubeObject;
}

const stored = (c: TestCluster, name = "p"): Pod => c.get<Pod>("Pod", "default", name) as Pod;
const probe = { readinessProbe: { httpGet: { path: "/", port: 80 } } };

/** Moments (ms) and what then changed in one thing, until `limit`. */
function timeline<T>(c: TestCluster, limit: number, look: () => T): (readonly [number, T])[] {
  const seen: (readonly [number, T])[] = [];
  const start = c.engine.now;
  for (;;) {
    const value = look();
    if (seen.length === 0 || JSON.stringify(seen[seen.length - 1]?.[1]) !== JSON.stringify(value)) {
      seen.push([(c.engine.now - start) / MILLISECOND, value]);
    }
    const next = c.engine.nextAt();
    if (next === null || next > start + limit) return seen;
    c.engine.step();
  }
}

describe("coming up", () => {
  test("creating, sandbox with address, running and ready", () => {
    const c = new TestCluster({ pace: "run" });
    c.apply(pod("p"));
    const steps = timeline(c, 10 * SECOND, () => {
      const p = stored(c);
      const state = p.status.containerStatuses?.[0]?.state;
      return [p.status.phase, p.status.podIP ?? null, Object.keys(state ?? {})[0] ?? null, podReady(p)];
    });
    expect(steps).toEqual([
      [0, ["Pending", null, null, false]],
      [15, ["Pending", null, "waiting", false]],
      [515, ["Pending", "10.244.1.2", "waiting", false]],
      [1215, ["Running", "10.244.1.2", "running", true]],
    ]);
  });

  test("the status of a running pod", () => {
    const c = new TestCluster();
    c.apply(pod("p"));
    c.rest();
    const at = "2026-01-01T00:00:00Z";
    const fine = (type: string): object => ({ type, status: "True", lastTransitionTime: at });
    expect(stored(c).status).toEqual({
      phase: "Running",
      conditions: ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"].map(fine),
      hostIP: "192.168.56.11",
      hostIPs: [{ ip: "192.168.56.11" }],
      podIP: "10.244.1.2",
      podIPs: [{ ip: "10.244.1.2" }],
      startTime: at,
      containerStatuses: [
        {
          name: "c",
          image: "nginx",
          lastState: {},
          ready: true,
          restartCount: 0,
          started: true,
          state: { running: { startedAt: at } },
        },
      ],
    });
    expect(c.refusals).toEqual([]);
  });

  test("start=5s takes five seconds; settling takes none", () => {
    const run = new TestCluster({ pace: "run" });
    run.apply(pod("p", { behavior: "start=5s" }));
    expect(timeline(run, MINUTE, () => podReady(stored(run))).map(([at]) => at)).toEqual([0, 5515]);
    const settle = new TestCluster();
    settle.apply(pod("p", { behavior: "start=5s" }));
    expect(settle.rest()).toMatchObject({ quiet: true, now: 0 });
    expect(podReady(stored(settle))).toBe(true);
  });

  test("nothing runs on a node that is not registered; it starts when the node comes", () => {
    const c = new TestCluster({ nodes: [] });
    c.apply(pod("p"));
    c.rest();
    expect(stored(c).status.phase).toBe("Pending");
    expect(stored(c).status.containerStatuses).toBeUndefined();
    c.apply(node("worker-1", 1));
    c.rest();
    expect(stored(c).status.podIP).toBe("10.244.1.2");
  });

  test("a pace that changes on the way neither loops nor loses the start", () => {
    const c = new TestCluster({ pace: "run" });
    const start = c.engine.now;
    c.apply(pod("p", { behavior: "start=3s" }));
    c.run(SECOND);
    c.engine.setPace("settle");
    expect(c.rest()).toMatchObject({ quiet: true, now: start + 3_515_000 });
    expect(podReady(stored(c))).toBe(true);
  });
});

describe("addresses", () => {
  test("always the one after the last: a freed address is not given out again at once", () => {
    const c = new TestCluster();
    c.apply(pod("a"), pod("b"));
    c.rest();
    c.delete(keyIn("Pod", "a"));
    c.rest();
    c.apply(pod("c"));
    c.rest();
    expect([stored(c, "b").status.podIP, stored(c, "c").status.podIP]).toEqual(["10.244.1.3", "10.244.1.4"]);
  });

  test("the circle closes, passes over what is taken, and a full node waits for an address", () => {
    const c = new TestCluster({
      nodes: [node("worker-1", 1, { spec: { podCIDR: "10.9.0.0/29", podCIDRs: ["10.9.0.0/29"] } })],
    });
    for (const name of ["a", "b", "c", "d", "e"]) {
      c.apply(pod(name));
      c.rest();
    }
    expect(["a", "e"].map((name) => stored(c, name).status.podIP)).toEqual(["10.9.0.2", "10.9.0.6"]);
    c.apply(pod("f"));
    c.rest();
    expect(stored(c, "f").status.podIP).toBeUndefined();
    c.delete(keyIn("Pod", "c"));
    c.rest();
    expect(stored(c, "f").status.podIP).toBe("10.9.0.4");
    c.delete(keyIn("Pod", "b"));
    c.rest();
    c.apply(pod("g"));
    c.rest();
    expect(stored(c, "g").status.podIP).toBe("10.9.0.3");
  });

  test("hostNetwork has the node's address; an address in the text is kept", () => {
    const c = new TestCluster();
    c.apply(
      pod("host", { spec: { hostNetwork: true } }),
      pod("given", { status: { podIP: "10.244.1.77" } }),
      pod("next"),
    );
    c.rest();
    expect(["host", "given", "next"].map((name) => stored(c, name).status.podIP)).toEqual([
      "192.168.56.11",
      "10.244.1.77",
      "10.244.1.2",
    ]);
  });

  test("a node with two subnets gives one of each", () => {
    const podCIDRs = ["10.244.1.0/24", "fd00:10:244:1::/64"];
    const c = new TestCluster({ nodes: [node("worker-1", 1, { spec: { podCIDRs } })] });
    c.apply(pod("p"));
    c.rest();
    expect(stored(c).status.podIPs).toEqual([{ ip: "10.244.1.2" }, { ip: "fd00:10:244:1::2" }]);
  });

  test("a running pod that was pasted with its status stays as it was, ready or not", () => {
    const c = new TestCluster();
    const status = {
      phase: "Running",
      podIP: "10.244.1.9",
      podIPs: [{ ip: "10.244.1.9" }],
      startTime: "2025-12-31T00:00:00Z",
      conditions: [{ type: "Ready", status: "False", reason: "ContainersNotReady" }],
      containerStatuses: [{ name: "c", image: "nginx", ready: false, restartCount: 4 }],
    };
    c.apply(pod("p", { status }));
    c.rest();
    expect(stored(c).status).toEqual(status);
    c.kill(keyIn("Pod", "p"));
    c.rest();
    expect(podReady(stored(c))).toBe(true);
    expect(stored(c).status.containerStatuses?.[0]?.restartCount).toBe(5);
  });

  test.each(["Running", undefined])(
    "a status written by hand may say no more than whether it is ready (phase %s)",
    (phase) => {
      const c = new TestCluster();
      const status = { ...(phase === undefined ? {} : { phase }), conditions: [{ type: "Ready", status: "False" }] };
      c.apply(pod("p", { status }), pod("q"));
      c.rest();
      expect(stored(c).status).toMatchObject({ phase: "Running", containerStatuses: [{ ready: false }] });
      expect([podReady(stored(c)), stored(c).status.podIP]).toEqual([false, "10.244.1.2"]);
    },
  );
});

describe("readiness", () => {
  test.each<[string, object, string | undefined, readonly number[]]>([
    // A flip per moment, in ms after the apply; the container starts at 1215.
    ["no probe: ready with the start", {}, "ready=false", [1215]],
    ["a probe: with its first answer", probe, undefined, [1225]],
    [
      "initial delay, then the next tick",
      { readinessProbe: { ...probe.readinessProbe, initialDelaySeconds: 12 } },
      undefined,
      [21225],
    ],
    [
      "period and successThreshold",
      { readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 3, successThreshold: 3 } },
      undefined,
      [7225],
    ],
    ["ready=false: never", probe, "ready=false", []],
    ["ready=7s: at the tick after", probe, "ready=7s", [11225]],
    ["hang=30s: off after three failures and a timeout", probe, "hang=30s", [1225, 52215]],
    ["hang: never on", probe, "hang", []],
  ])("%s", (_name, container, behavior, flips) => {
    const c = new TestCluster({ pace: "run" });
    c.apply(pod("p", { container, ...(behavior === undefined ? {} : { behavior }) }));
    const line = timeline(c, 5 * MINUTE, () => podReady(stored(c)));
    expect(line.slice(1).map(([at]) => at)).toEqual(flips);
  });

  test("not ready says which containers are not", () => {
    const c = new TestCluster();
    c.apply(pod("p", { container: probe, behavior: "ready=false" }));
    c.rest();
    const ready = stored(c).status.conditions?.find((condition) => condition.type === "Ready");
    expect(ready).toMatchObject({
      status: "False",
      reason: "ContainersNotReady",
      message: "containers with unready status: [c]",
    });
  });

  test("readiness gates hold a pod back until someone sets their condition", () => {
    const c = new TestCluster();
    c.apply(pod("p", { spec: { readinessGates: [{ conditionType: "x.io/lb" }] } }));
    c.rest();
    const message = (): string | undefined => stored(c).status.conditions?.find((x) => x.type === "Ready")?.message;
    expect(message()).toBe('corresponding condition of pod readiness gate "x.io/lb" does not exist.');
  });

  test("a healthy pod costs no events while time goes by", () => {
    const c = new TestCluster({ pace: "run" });
    c.apply(pod("p", { container: probe }));
    c.run(MINUTE);
    const handled = c.engine.handled;
    c.run(60 * MINUTE);
    expect(c.engine.handled).toBe(handled);
  });
});

describe("ends", () => {
  test("killed: exit 137, not ready, restarted with the same address", () => {
    const c = new TestCluster({ pace: "run" });
    c.apply(pod("p"));
    c.run(10 * SECOND);
    c.kill(keyIn("Pod", "p"));
    const line = timeline(c, 20 * SECOND, () => {
      const status = stored(c).status.containerStatuses?.[0];
      return [
        status?.state?.terminated?.exitCode ?? null,
        status?.restartCount,
        podReady(stored(c)),
        stored(c).status.podIP,
      ];
    });
    expect(line).toEqual([
      [0, [null, 0, true, "10.244.1.2"]],
      [0, [137, 0, false, "10.244.1.2"]],
      [1000, [null, 1, true, "10.244.1.2"]],
    ]);
    expect(stored(c).status.containerStatuses?.[0]).toMatchObject({
      lastState: { terminated: { exitCode: 137, reason: "Error" } },
    });
  });

  test("killed again and again: back-off 10 s, 20 s, 40 s ... 5 min", () => {
    expect([0, 1, 2, 3, 4, 5, 6, 7].map((n) => backoffOf(n) / SECOND)).toEqual([0, 10, 20, 40, 80, 160, 300, 300]);
    const c = new TestCluster({ pace: "run" });
    c.apply(pod("p", { behavior: "crash=2s, exit=3" }));
    const line = timeline(c, 50 * SECOND, () => {
      const { state, restartCount } = stored(c).status.containerStatuses?.[0] ?? {};
      return `${restartCount ?? 0} ${state?.waiting?.reason ?? (state?.terminated ? `exit ${state.terminated.exitCode}` : "up")}`;
    });
    expect(line.slice(2)).toEqual([
      [1215, "0 up"],
      [3215, "0 exit 3"],
      [4215, "1 up"],
      [6215, "1 CrashLoopBackOff"],
      [16215, "2 up"],
      [18215, "2 CrashLoopBackOff"],
      [38215, "3 up"],
      [40215, "3 CrashLoopBackOff"],
    ]);
    expect(stored(c).status.containerStatuses?.[0]?.state?.waiting?.message).toMatch(
      /^back-off 40s restarting failed container=c pod=p_default\(/,
    );
  });

  test("a crash loop never rests, and settling says so after an hour", () => {
    const c = new TestCluster();
    c.apply(pod("p", { behavior: "crash=2s" }));
    expect(c.rest()).toMatchObject({ quiet: false, reason: "time", restless: [{ actor: "kubelet/worker-1" }] });
  });

  test.each([
    ["Never", "exit=0", "Succeeded"],
    ["Never", "exit=2", "Failed"],
    ["OnFailure", "exit=0", "Succeeded"],
  ])("restartPolicy %s with %s is %s", (restartPolicy, exit, phase) => {
    const c = new TestCluster();
    c.apply(pod("p", { spec: { restartPolicy }, behavior: `crash=1s, ${exit}` }));
    expect(c.rest().quiet).toBe(true);
    expect(stored(c).status.phase).toBe(phase);
    expect(podReady(stored(c))).toBe(false);
  });

  test("a hanging process with a liveness probe is restarted", () => {
    const c = new TestCluster({ pace: "run" });
    c.apply(pod("p", { container: { livenessProbe: { httpGet: { path: "/", port: 80 } } }, behavior: "hang=5s" }));
    c.run(20 * SECOND);
    expect(stored(c).status.containerStatuses?.[0]?.restartCount).toBe(0);
    c.run(20 * SECOND);
    expect(stored(c).status.containerStatuses?.[0]).toMatchObject({
      restartCount: 1,
      lastState: { terminated: { exitCode: 137 } },
    });
  });
});

describe("graceful deletion", () => {
  /** How long the deleted pod stays in the API, in ms. */
  function lifetime(extra: PodExtra, force = false): number | null {
    const c = new TestCluster({ pace: "run" });
    c.apply(pod("p", extra));
    c.run(10 * SECOND);
    const key = keyIn("Pod", "p");
    c.delete(key, force);
    const line = timeline(c, 5 * MINUTE, () => c.store.get(key) !== undefined);
    expect(c.refusals).toEqual([]);
    return line.find(([, there]) => !there)?.[0] ?? null;
  }

  test.each<[string, PodExtra, number]>([
    ["an idle process exits on SIGTERM", {}, 25],
    ["stop=2s", { behavior: "stop=2s" }, 2015],
    ["stop=never is killed at the end of the grace period", { behavior: "stop=never" }, 30015],
    ["a short grace period", { behavior: "stop=never", spec: { terminationGracePeriodSeconds: 5 } }, 5015],
    ["preStop sleep first", { container: { lifecycle: { preStop: { sleep: { seconds: 10 } } } } }, 10025],
    [
      "preStop exec sleep",
      { container: { lifecycle: { preStop: { exec: { command: ["sh", "-c", "sleep 4"] } } } } },
      4025,
    ],
  ])("%s", (_name, extra, ms) => {
    expect(lifetime(extra)).toBe(ms);
  });

  test("with force it is gone at once, and what never started is gone with the next sync", () => {
    expect(lifetime({}, true)).toBe(0);
    expect(lifetime({ behavior: "start=1h" })).toBe(15);
  });

  test("while it stops it stays ready in its status and keeps its address", () => {
    const c = new TestCluster({ pace: "run" });
    c.apply(pod("p", { behavior: "stop=5s", container: probe }));
    c.run(20 * SECOND);
    c.delete(keyIn("Pod", "p"));
    c.run(3 * SECOND);
    expect(stored(c).metadata.deletionTimestamp).toBeDefined();
    expect(podReady(stored(c))).toBe(true);
    expect(stored(c).status.podIP).toBe("10.244.1.2");
  });

  test("a pod of the same name that comes later starts afresh", () => {
    const c = new TestCluster();
    c.apply(pod("p"));
    c.rest();
    c.delete(keyIn("Pod", "p"), true);
    c.apply(pod("p"));
    c.rest();
    expect(podReady(stored(c))).toBe(true);
    expect(stored(c).status.podIP).toBe("10.244.1.3");
    expect(c.refusals).toEqual([]);
  });
});

test("a node without conditions reports itself ready; what the text says of it is left alone", () => {
  const sick = { ...node("b", 2), status: { conditions: [{ type: "Ready", status: "False" }] } } as KubeObject;
  const c = new TestCluster({ nodes: [node("a", 1), sick] });
  const ready = (name: string): string | undefined =>
    c.store.get<Node>(`Node//${name}` as ObjectKey)?.status.conditions?.find((x) => x.type === "Ready")?.status;
  expect(ready("a")).toBe("True");
  expect(ready("b")).toBe("False");
});

test("hundred pods on a node cost each kubelet what changes, not what there is", () => {
  const c = new TestCluster({ nodes: [node("worker-1", 1)] });
  c.apply(deployment("web", 100));
  c.rest();
  const before = c.engine.handled;
  c.kill(keyIn("Pod", c.list<Pod>("Pod")[0]?.metadata.name ?? ""));
  c.rest();
  expect(c.engine.handled - before).toBeLessThan(20);
});

describe("what a probe really finds", () => {
  const events = (c: TestCluster): string => c.events.join("\n");

  test("a port that nobody listens on fails readiness, and says so", () => {
    const c = new TestCluster();
    const ports = [{ containerPort: 80 }];
    c.apply(pod("p", { container: { ports, readinessProbe: { tcpSocket: { port: 8080 } } } }));
    c.rest();
    expect(podReady(stored(c))).toBe(false);
    expect(events(c)).toContain(
      "kubelet Unhealthy Readiness probe failed: dial tcp 10.244.1.2:8080: connect: connection refused",
    );
  });

  test.each<[string, object, string, string | null]>([
    ["127.0.0.1 is not the pod's address", { "kubehop.dev/listen": "127.0.0.1:80" }, "", "connect: connection refused"],
    ["the annotation says what listens", { "kubehop.dev/listen": "0.0.0.0:80" }, "", null],
    ["503 while it is not ready", {}, "ready=false", "HTTP probe failed with statuscode: 503"],
    ["a hanging process times out", {}, "hang", "context deadline exceeded"],
  ])("%s", (_name, annotations, behavior, failure) => {
    const c = new TestCluster();
    const plain = pod("p", { container: { ports: [{ containerPort: 80 }], ...probe } });
    const own = { ...annotations, "kubehop.dev/behavior": behavior };
    c.apply({ ...plain, metadata: { ...plain.metadata, annotations: own } });
    c.rest();
    expect(podReady(stored(c))).toBe(failure === null);
    expect(events(c)).toContain(failure ?? "Container started");
  });

  test("a TCP probe sees nothing wrong with a process that hangs", () => {
    const c = new TestCluster();
    c.apply(pod("p", { container: { readinessProbe: { tcpSocket: { port: 80 } } }, behavior: "hang" }));
    c.rest();
    expect(podReady(stored(c))).toBe(true);
  });

  test("a startup probe holds the others back, and ends the container when it never succeeds", () => {
    const startupProbe = { httpGet: { port: 80 }, periodSeconds: 5, failureThreshold: 4 };
    const up = new TestCluster({ pace: "run" });
    up.apply(pod("p", { container: { ...probe, startupProbe }, behavior: "ready=12s" }));
    const moments = timeline(up, 30 * SECOND, () => podReady(stored(up)));
    // Started at 1215; the first success is the tick at 15 s.
    expect(moments.slice(1)).toEqual([[16235, true]]);
    const never = new TestCluster({ pace: "run" });
    never.apply(pod("p", { container: { ...probe, startupProbe }, behavior: "ready=60s" }));
    never.run(20 * SECOND);
    expect(events(never)).toContain("Killing Container c failed startup probe, will be restarted");
    expect(stored(never).status.containerStatuses?.[0]).toMatchObject({ restartCount: 1, started: false });
  });
});

test("init containers run one after the other before the others start", () => {
  const c = new TestCluster({ pace: "run" });
  const initContainers = [
    { name: "one", image: "busybox", command: ["sleep", "2"] },
    { name: "side", image: "proxy", restartPolicy: "Always" },
  ];
  c.apply(pod("p", { spec: { initContainers } }));
  const line = timeline(c, 20 * SECOND, () => {
    const { status } = stored(c);
    const state = (all: Pod["status"]["containerStatuses"]): string =>
      (all ?? [])
        .map((s) => s.state?.waiting?.reason ?? s.state?.terminated?.reason ?? (s.state?.running ? "up" : ""))
        .join(",");
    const init = (status as { readonly initContainerStatuses?: Pod["status"]["containerStatuses"] })
      .initContainerStatuses;
    return `${status.phase ?? ""} ${state(init)} | ${state(status.containerStatuses)}`;
  });
  expect(line.map(([, text]) => text)).toEqual([
    "Pending  | ",
    "Pending PodInitializing,PodInitializing | PodInitializing",
    "Pending up,PodInitializing | PodInitializing",
    "Pending Completed,PodInitializing | PodInitializing",
    "Pending Completed,up | ContainerCreating",
    "Running Completed,up | up",
  ]);
});
