import { describe, expect, it } from "vitest";
import { SECOND } from "../base/time.ts";
import type { ProxyMode } from "../model/config/types.ts";
import { type ObjectKey, objectKey } from "../model/meta/types.ts";
import type { Node } from "../model/node/types.ts";
import type { Walk } from "../model/trace/types.ts";
import type { Fault } from "../wire/protocol.ts";
import type { World } from "./types.ts";
import { createWorld } from "./world.ts";

/**
 * web: a balancer with policy Local, two pods on worker-1 and one that is never ready, one on worker-2, none on worker-3. all: the
 * same pods, policy Cluster.
 */
const SCENARIO = `
apiVersion: v1
kind: Pod
metadata: {name: client}
spec: {nodeName: worker-3, containers: [{name: c, image: busybox}]}
---
${[
  ["a", "worker-1"],
  ["b", "worker-1"],
  ["c", "worker-2"],
]
  .map(
    ([name, node]) => `apiVersion: v1
kind: Pod
metadata: {name: web-${name}, labels: {app: web}}
spec: {nodeName: ${node}, containers: [{name: web, image: nginx, ports: [{containerPort: 8080}]}]}
---
`,
  )
  .join("")}apiVersion: v1
kind: Pod
metadata: {name: web-never, labels: {app: web}, annotations: {kubehop.dev/behavior: ready=false}}
spec:
  nodeName: worker-1
  containers: [{name: web, image: nginx, ports: [{containerPort: 8080}], readinessProbe: {tcpSocket: {port: 8080}}}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  healthCheckNodePort: 31999
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080, nodePort: 30080}]
---
apiVersion: v1
kind: Service
metadata: {name: all}
spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80, targetPort: 8080, nodePort: 30081}]}
`;

const CLIENT = "pod/default/client";
const OUTSIDE = "client/internet";

function world(mode: ProxyMode = "iptables"): World {
  const made = createWorld({ seed: 1 });
  expect(made.dispatch({ type: "text", text: SCENARIO }).refusal).toBeNull();
  made.dispatch({ type: "mode", mode });
  expect(made.mode).toBe(mode);
  return made;
}

function probe(on: World, from: string, to: string): Walk {
  const walk = on.probe({ from, to, protocol: "tcp" });
  if ("message" in walk) throw new Error(walk.message);
  return walk;
}

const breakIt = (on: World, fault: Fault): void => expect(on.dispatch({ type: "fault", ...fault }).refusal).toBeNull();
const pod = (name: string): ObjectKey => objectKey("Pod", "default", name);

/** Nodes that the balancer forwards new connections to. */
function entries(on: World, service: string): readonly string[] {
  const explored = on.explore({ from: OUTSIDE, to: `lb/default/${service}:80`, protocol: "tcp" });
  if (!("walks" in explored)) throw new Error(explored.message);
  const nodes = explored.walks.flatMap((w) => w.hops.find((h) => h.place.startsWith("node/"))?.place ?? []);
  return [...new Set(nodes)].map((place) => place.slice(5)).toSorted();
}

describe("the health check port of a Service with policy Local", () => {
  it.each<[ProxyMode, string]>([
    ["iptables", OUTSIDE],
    ["nftables", CLIENT],
    ["ipvs", "node/worker-3"],
  ])("says in %s mode how many ready endpoints a node has", (mode, from) => {
    const on = world(mode);
    const full = probe(on, from, "node/worker-1:31999");
    expect([full.outcome, full.symptom, full.backend?.pod]).toEqual(["delivered", "HTTP/1.1 200 OK", null]);
    expect(full.response).toEqual({
      path: "/",
      version: "HTTP/1.1",
      status: 200,
      reason: "OK",
      headers: [
        { name: "Content-Type", value: "application/json" },
        { name: "X-Content-Type-Options", value: "nosniff" },
        { name: "X-Load-Balancing-Endpoint-Weight", value: "2" },
        { name: "Date", value: expect.stringMatching(/^Thu, 01 Jan 2026 00:\d\d:\d\d GMT$/) as string },
        { name: "Content-Length", value: "114" },
      ],
      body: '{\n\t"service": {\n\t\t"namespace": "default",\n\t\t"name": "web"\n\t},\n\t"localEndpoints": 2,\n\t"serviceProxyHealthy": true\n}',
    });
    const empty = probe(on, from, "node/worker-3:31999");
    expect(empty.symptom).toBe("HTTP/1.1 503 Service Unavailable");
    expect(empty.response?.body).toContain('"localEndpoints": 0,');
    const last = empty.hops.at(-1);
    expect(last?.note).toContain(
      "kube-proxy (health check of default/web) answers GET / with 503 Service Unavailable.",
    );
    expect(empty.summary).toMatch(/and answers 503 Service Unavailable\.$/);
  });

  it("listens where node ports do: in nftables mode on the node's primary address only", () => {
    expect(probe(world(), CLIENT, "10.244.1.1:31999").outcome).toBe("delivered");
    expect(probe(world("nftables"), CLIENT, "10.244.1.1:31999").outcome).toBe("refused");
  });

  it("counts ready endpoints only, as kube-proxy has heard of them", () => {
    const on = world();
    on.dispatch({ type: "pace", pace: "run" });
    breakIt(on, { fault: "watch-lag", node: "worker-2", micros: 5 * SECOND });
    on.dispatch({ type: "delete", key: pod("web-c"), force: true });
    on.dispatch({ type: "run", micros: 2 * SECOND });
    expect(probe(on, CLIENT, "node/worker-2:31999").response?.status).toBe(200);
    on.dispatch({ type: "run", micros: 5 * SECOND });
    expect(probe(on, CLIENT, "node/worker-2:31999").response?.status).toBe(503);
    // The balancer has asked at most once since: three answers of 503 take the node out.
    expect(entries(on, "web")).toEqual(["worker-1", "worker-2"]);
    on.dispatch({ type: "run", micros: 24 * SECOND });
    expect(entries(on, "web")).toEqual(["worker-1"]);
  });

  it("refuses while kube-proxy is stopped, and so does its own health check", () => {
    const on = world();
    expect(entries(on, "web")).toEqual(["worker-1", "worker-2"]);
    breakIt(on, { fault: "kube-proxy", node: "worker-1", on: false });
    for (const port of [31_999, 10_256]) {
      const walk = probe(on, CLIENT, `node/worker-1:${String(port)}`);
      expect([walk.outcome, walk.hops.at(-1)?.place]).toEqual(["refused", "node/worker-1"]);
      expect(walk.hops.at(-1)?.note).toContain("(kube-proxy does not run)");
      expect(walk.symptom).toMatch(/^curl: \(7\)/);
    }
    // The rules still stand: whoever dials the node gets through.
    expect(probe(on, OUTSIDE, "node/worker-1:30080").outcome).toBe("delivered");
    expect(entries(on, "web")).toEqual(["worker-2"]);
    breakIt(on, { fault: "kube-proxy", node: "worker-1", on: true });
    expect(entries(on, "web")).toEqual(["worker-1", "worker-2"]);
  });
});

describe("kube-proxy's own health check", () => {
  const NODES = ["worker-1", "worker-2", "worker-3"];

  it("tells when it last wrote rules, and that its node may have new connections", () => {
    const on = world();
    on.dispatch({ type: "run", micros: 12_345_678 });
    const { response } = probe(on, OUTSIDE, "node/worker-2:10256");
    const body = JSON.parse(response?.body ?? "{}") as Record<string, unknown>;
    expect([response?.path, response?.status]).toEqual(["/healthz", 200]);
    expect(Object.keys(body)).toEqual(["lastUpdated", "currentTime", "nodeEligible", "healthy", "status"]);
    expect(body["lastUpdated"]).toBe(body["currentTime"]);
    expect(body["currentTime"]).toMatch(/^2026-01-01T00:00:\d\d\.345678Z$/);
    expect(body["status"]).toEqual({ IPv4: { lastUpdated: expect.any(String) as string, healthy: true } });
  });

  it("takes a node out of balancers with policy Cluster when the autoscaler marks it, and only then", () => {
    const on = world();
    expect(entries(on, "all")).toEqual(NODES);
    const node = on.objects.get<Node>(objectKey("Node", undefined, "worker-3"));
    if (node === undefined) throw new Error("no worker-3");
    const tainted = (key: string): Node => ({
      ...node,
      spec: { ...node.spec, taints: [{ key, effect: "NoSchedule" }] },
    });
    const update = (object: Node): void =>
      void on.dispatch({ type: "write", title: "taint", writes: [{ verb: "apply", object }] });
    update(tainted("example.com/busy"));
    expect(entries(on, "all")).toEqual(NODES);
    update(tainted("ToBeDeletedByClusterAutoscaler"));
    const { response } = probe(on, OUTSIDE, "node/worker-3:10256");
    expect(response?.status).toBe(503);
    expect(response?.body).toContain('"nodeEligible":false,"healthy":true');
    expect(entries(on, "all")).toEqual(["worker-1", "worker-2"]);
  });

  it("is not asked by a node that is down: balancers drop it, and without any healthy node they try all", () => {
    const on = world();
    breakIt(on, { fault: "node", node: "worker-1", on: false });
    expect(entries(on, "all")).toEqual(["worker-2", "worker-3"]);
    expect(entries(on, "web")).toEqual(["worker-2"]);
    breakIt(on, { fault: "kube-proxy", node: "worker-2", on: false });
    // worker-1 is dark, worker-2 still has its rules, and worker-3 has no endpoint for policy Local.
    expect(entries(on, "web")).toEqual(NODES);
    const explored = on.explore({ from: OUTSIDE, to: "lb/default/web:80", protocol: "tcp" });
    if (!("walks" in explored)) throw new Error(explored.message);
    expect(explored.walks.map((w) => [w.outcome, w.probability])).toEqual([
      ["timeout", 1 / 3],
      ["delivered", 1 / 3],
      ["timeout", 1 / 3],
    ]);
    const note = explored.walks[1]?.hops.find((h) => h.stage === "lb")?.note;
    expect(note).toContain("picks worker-2, although no node passes its health check (it fails open to all 3)");
  });
});

describe("a balancer's health checks take time", () => {
  const TIMING = `---
apiVersion: kubehop.dev/v1alpha1
kind: CloudProvider
metadata: {name: cloud}
spec: {healthCheck: {intervalSeconds: 10, unhealthyThreshold: 2, healthyThreshold: 3}}
`;
  /** Seconds until the balancer's nodes are these. */
  function until(on: World, nodes: readonly string[]): number {
    let seconds = 0;
    while (entries(on, "web").join() !== nodes.join()) {
      if (seconds > 120) throw new Error("never");
      on.dispatch({ type: "run", micros: SECOND });
      seconds += 1;
    }
    return seconds;
  }

  it.each<[string, Fault, readonly [number, number], readonly [number, number]]>([
    ["", { fault: "kube-proxy", node: "worker-1", on: false }, [16, 25], [0, 9]],
    [TIMING, { fault: "kube-proxy", node: "worker-1", on: false }, [10, 21], [20, 31]],
    [TIMING, { fault: "node", node: "worker-1", on: false }, [11, 22], [20, 33]],
  ])(
    "%s%o: a node stays in until enough have failed, and out until enough have succeeded",
    (more, fault, out, back) => {
      const on = createWorld({ seed: 1 });
      expect(on.dispatch({ type: "text", text: SCENARIO + more }).refusal).toBeNull();
      on.dispatch({ type: "pace", pace: "run" });
      const lost = (): readonly string[] => {
        const explored = on.explore({ from: OUTSIDE, to: "lb/default/web:80", protocol: "tcp" });
        return "walks" in explored ? explored.walks.map((w) => w.outcome).filter((o) => o !== "delivered") : [];
      };
      breakIt(on, fault);
      expect(entries(on, "web")).toEqual(["worker-1", "worker-2"]);
      expect(lost()).toEqual(fault.fault === "node" ? ["timeout"] : []);
      const left = until(on, ["worker-2"]);
      expect([left >= out[0], left <= out[1]]).toEqual([true, true]);
      expect(lost()).toEqual([]);
      breakIt(on, { ...fault, on: true } as Fault);
      const returned = until(on, ["worker-1", "worker-2"]);
      expect([returned >= back[0], returned <= back[1]]).toEqual([true, true]);
    },
  );

  it("nobody notices what is mended before", () => {
    const on = world();
    on.dispatch({ type: "pace", pace: "run" });
    for (const isOn of [false, true, false, true]) {
      breakIt(on, { fault: "kube-proxy", node: "worker-1", on: isOn });
      on.dispatch({ type: "run", micros: 4 * SECOND });
      expect(entries(on, "web")).toEqual(["worker-1", "worker-2"]);
    }
    on.dispatch({ type: "run", micros: 60 * SECOND });
    expect(entries(on, "web")).toEqual(["worker-1", "worker-2"]);
  });
});

describe("faults that a client meets", () => {
  it("a node without power: its pods' share of connections times out, other pods answer", () => {
    const on = world();
    on.dispatch({ type: "pace", pace: "run" });
    breakIt(on, { fault: "node", node: "worker-2", on: false });
    on.dispatch({ type: "run", micros: SECOND });
    const explored = on.explore({ from: CLIENT, to: "service/default/web:80", protocol: "tcp" });
    if (!("walks" in explored)) throw new Error(explored.message);
    expect(explored.walks.map((w) => [w.outcome, w.probability, w.hops.at(-1)?.place])).toEqual([
      ["delivered", 1 / 3, "pod/default/web-a"],
      ["delivered", 1 / 3, "pod/default/web-b"],
      ["timeout", 1 / 3, "node/worker-2"],
    ]);
    expect(explored.walks[2]?.hops.at(-1)?.note).toBe("worker-2 is down: nobody there receives the packet.");
  });

  it("a process that hangs, and answers again", () => {
    const on = world();
    breakIt(on, { fault: "hang", pod: pod("web-c"), on: true });
    const walk = probe(on, CLIENT, "pod/default/web-c:8080");
    expect([walk.outcome, walk.symptom]).toEqual([
      "timeout",
      "curl: (28) Operation timed out after 130000 milliseconds with 0 bytes received",
    ]);
    breakIt(on, { fault: "hang", pod: pod("web-c"), on: false });
    expect(probe(on, CLIENT, "pod/default/web-c:8080").outcome).toBe("delivered");
  });

  it("a container that has crashed: refused until it runs again", () => {
    const on = world();
    on.dispatch({ type: "pace", pace: "run" });
    breakIt(on, { fault: "crash", pod: pod("web-c"), container: null });
    on.dispatch({ type: "run", micros: SECOND / 10 });
    const walk = probe(on, CLIENT, "pod/default/web-c:8080");
    expect([walk.outcome, walk.symptom.slice(0, 9)]).toEqual(["refused", "curl: (7)"]);
    expect(walk.hops.at(-1)?.note).toMatch(/\(container web does not run.*\), so its kernel refuses with an RST,ACK/);
    on.dispatch({ type: "run", micros: 10 * SECOND });
    expect(probe(on, CLIENT, "pod/default/web-c:8080").outcome).toBe("delivered");
  });
});

describe("the API server", () => {
  it.each<ProxyMode>(["iptables", "nftables", "ipvs"])(
    "answers a pod that dials kubernetes.default, in %s mode",
    (mode) => {
      const walk = probe(world(mode), CLIENT, "service/default/kubernetes:443");
      expect([walk.outcome, walk.symptom]).toEqual(["delivered", "HTTP/2 403"]);
      expect(walk.backend).toEqual({ pod: null, ip: "192.168.56.10", port: 6443 });
      expect(walk.hops.at(-1)?.place).toBe("node/control-plane");
      expect(walk.response?.body).toContain(
        '"message": "forbidden: User \\"system:anonymous\\" cannot get path \\"/\\""',
      );
    },
  );
});
