/** Which endpoint a connection gets, how long a client keeps to it, and what happens while rules lag behind: measured, and from the text. */
import { describe, expect, it, test } from "vitest";
import { objectKey } from "../../model/meta/types.ts";
import type { World } from "../types.ts";
import { CLIENT, MODES, OUTSIDE, SCENARIO, ends, explored, freshWorld, only, sent, worldOf } from "./testing.ts";

const THREE = ["worker-1", "worker-2", "worker-3"]
  .map(
    (node, i) => `apiVersion: v1
kind: Pod
metadata: {name: three-${i + 1}, labels: {app: three}}
spec: {nodeName: ${node}, containers: [{name: web, image: nginx, ports: [{containerPort: 8080}], readinessProbe: {httpGet: {port: 8080}, periodSeconds: 1}}]}
status: {podIP: 10.244.${i + 1}.30}
---
`,
  )
  .join("");
const SERVICES = `${THREE}apiVersion: v1
kind: Service
metadata: {name: three}
spec: {type: NodePort, clusterIP: 10.96.0.93, selector: {app: three}, ports: [{port: 80, targetPort: 8080, nodePort: 30093}]}
---
apiVersion: v1
kind: Service
metadata: {name: sticky}
spec:
  type: NodePort
  clusterIP: 10.96.0.94
  selector: {app: three}
  sessionAffinity: ClientIP
  sessionAffinityConfig: {clientIP: {timeoutSeconds: 60}}
  ports: [{port: 80, targetPort: 8080, nodePort: 30094}]
`;

const SECOND = 1_000_000;
const run = (world: World, seconds: number): void => {
  world.dispatch({ type: "run", micros: seconds * SECOND });
};
const choices = (world: World, from: string, to: string): number => explored(world, from, to).walks.length;

describe.each(MODES)("kernel-facts, spread and affinity, %s mode", (mode) => {
  it("three endpoints: exactly a third each, and what is drawn agrees (chi², 99.9 %)", () => {
    const weights = explored(worldOf(mode, [SERVICES]), CLIENT, "10.96.0.93:80").walks.map((w) => w.probability);
    expect(weights).toEqual([1 / 3, 1 / 3, 1 / 3]);
    const world = freshWorld(mode, [SERVICES]);
    const counts = new Map<string, number>();
    const n = 120;
    for (let i = 0; i < n; i++) {
      const pod = sent(world, CLIENT, "10.96.0.93:80").backend?.pod ?? "";
      counts.set(pod, (counts.get(pod) ?? 0) + 1);
    }
    const chi2 = [...counts.values()].reduce((sum, c) => sum + (c - n / 3) ** 2 / (n / 3), 0);
    expect([counts.size, chi2 < 13.82]).toEqual([3, true]);
  });

  it("sticks per client IP and per node", () => {
    const world = freshWorld(mode, [SERVICES]);
    const { backend } = sent(world, OUTSIDE, "node/worker-1:30094");
    expect(ends(world, OUTSIDE, "node/worker-1:30094").map((end) => end.split(" ").slice(0, 3))).toEqual([
      ["1000", "delivered", backend?.pod?.replace("default/", "")],
    ]);
    expect(choices(world, OUTSIDE, "node/worker-2:30094")).toBe(3);
    expect(choices(world, CLIENT, "10.96.0.94:80")).toBe(3);
  });

  it("every new connection refreshes the timeout", () => {
    const world = freshWorld(mode, [SERVICES]);
    sent(world, CLIENT, "10.96.0.94:80");
    run(world, 50);
    sent(world, CLIENT, "10.96.0.94:80");
    run(world, 50);
    expect(choices(world, CLIENT, "10.96.0.94:80")).toBe(1);
    run(world, 11);
    expect(choices(world, CLIENT, "10.96.0.94:80")).toBe(3);
  });

  it("removing the endpoint loses its list", () => {
    const world = freshWorld(mode, [SERVICES]);
    const pod = sent(world, CLIENT, "10.96.0.94:80").backend?.pod ?? "";
    const unready = (on: boolean): void => {
      const key = objectKey("Pod", "default", pod.replace("default/", ""));
      expect(world.dispatch({ type: "fault", fault: "unready", pod: key, on }).refusal).toBeNull();
    };
    unready(true);
    expect(choices(world, CLIENT, "10.96.0.94:80")).toBe(2);
    unready(false);
    expect(choices(world, CLIENT, "10.96.0.94:80")).toBe(3);
  });

  it("adding an endpoint does not move a sticky client", () => {
    const world = freshWorld(mode, [SERVICES]);
    const { backend } = sent(world, CLIENT, "10.96.0.94:80");
    const more = [
      SCENARIO,
      SERVICES,
      `apiVersion: v1
kind: Pod
metadata: {name: three-4, labels: {app: three}}
spec: {nodeName: worker-1, containers: [{name: web, image: nginx, ports: [{containerPort: 8080}]}]}
`,
    ].join("---\n");
    expect(world.dispatch({ type: "text", text: more }).refusal).toBeNull();
    expect(explored(world, CLIENT, "10.96.0.94:80").walks.map((w) => w.backend?.pod)).toEqual([backend?.pod]);
    expect(choices(world, CLIENT, "10.96.0.93:80")).toBe(4);
  });
});

describe("while rules lag behind", () => {
  /** three-2 is gone without a word, and worker-1's kube-proxy has not heard of it. */
  function stale(): World {
    const world = freshWorld("iptables", [SERVICES]);
    for (const command of [
      { type: "pace", pace: "run" },
      { type: "fault", fault: "watch-lag", node: "worker-1", micros: 300 * SECOND },
      { type: "delete", key: objectKey("Pod", "default", "three-2"), force: true },
    ] as const)
      expect(world.dispatch(command).refusal).toBeNull();
    run(world, 5);
    return world;
  }

  it("datapath, no health check and no retry: with one dead endpoint of three a third of new connections fails", () => {
    expect(ends(stale(), CLIENT, "10.96.0.93:80").map((end) => end.split(" ").slice(0, 2))).toEqual([
      ["333", "delivered"],
      ["333", "delivered"],
      ["333", "unreachable"],
    ]);
  });

  it("kernel-facts, pod gone without FIN: new connections get ICMP host unreachable after 1 to 3 s", () => {
    const lost = explored(stale(), CLIENT, "10.96.0.93:80").walks.find((w) => w.outcome === "unreachable");
    expect(lost?.reply[0]?.before).toMatchObject({ protocol: "icmp" });
    const seconds = ((lost?.endedAt ?? 0) - (lost?.startedAt ?? 0)) / SECOND;
    expect([seconds >= 1, seconds < 3.5]).toEqual([true, true]);
  });
});

test("datapath, connections when things change: a deleted Service's address is anybody's, so new packets are routed away", () => {
  const world = freshWorld();
  expect(only(world, CLIENT, "10.96.0.51:80").outcome).toBe("delivered");
  world.dispatch({ type: "delete", key: objectKey("Service", "default", "one"), force: false });
  expect(only(world, CLIENT, "10.96.0.51:80").hops.at(-1)?.place).toBe("router/underlay");
});

describe("datapath, recipes from outside", () => {
  const lab = (routes: string): string => `apiVersion: kubehop.dev/v1alpha1
kind: Lab
metadata: {name: lab}
spec: {network: {routerRoutes: [${routes}]}}
`;
  const external = `apiVersion: v1
kind: Service
metadata: {name: ext}
spec: {clusterIP: 10.96.0.95, externalIPs: [203.0.113.99], selector: {at: two}, ports: [{port: 80, targetPort: 8080}]}
`;

  it("externalIPs: nothing announces the address; routed to any node, that node's rules take it", () => {
    expect(only(worldOf("iptables", [external]), OUTSIDE, "203.0.113.99:80").outcome).toBe("timeout");
    const routed = worldOf("iptables", [external, lab("{to: 203.0.113.99/32, via: [worker-3]}")]);
    expect(ends(routed, OUTSIDE, "203.0.113.99:80")).toEqual(["1000 delivered web-2 192.168.56.13"]);
  });

  it("ECMP to the service CIDR: no ping, which goes to and fro between node and router until its TTL runs out", () => {
    const world = worldOf("iptables", [lab("{to: 10.96.0.0/12, via: [worker-1, worker-2, worker-3]}")]);
    expect(new Set(explored(world, OUTSIDE, "10.96.0.51", "icmp").walks.map((w) => w.outcome))).toEqual(
      new Set(["unreachable"]),
    );
    expect(new Set(explored(world, OUTSIDE, "10.96.0.51:80").walks.map((w) => w.outcome))).toEqual(
      new Set(["delivered"]),
    );
  });

  it("ECMP whose next hop changes: the other node knows no such connection, and the pod that it picks resets it", () => {
    const via = (node: string): readonly string[] => [lab(`{to: 10.96.0.0/12, via: [${node}]}`)];
    const world = freshWorld("iptables", via("worker-1"));
    const request = { from: OUTSIDE, to: "10.96.0.51:80", protocol: "tcp" } as const;
    expect(world.dispatch({ type: "connect", request }).walk?.outcome).toBe("delivered");
    expect(world.dispatch({ type: "exchange", connection: 1 }).walk?.outcome).toBe("delivered");
    const text = [SCENARIO, ...via("worker-3")].join("---\n");
    expect(world.dispatch({ type: "text", text }).refusal).toBeNull();
    const walk = world.dispatch({ type: "exchange", connection: 1 }).walk;
    expect([walk?.outcome, walk?.hops.some((h) => h.place === "node/worker-3")]).toEqual(["reset", true]);
  });

  it("NodePort answers on any node, even one without endpoints", () => {
    const outcomes = ["worker-1", "worker-2", "worker-3", "control-plane"].map(
      (node) => only(worldOf(), OUTSIDE, `node/${node}:30051`).outcome,
    );
    expect(outcomes).toEqual(["delivered", "delivered", "delivered", "delivered"]);
  });
});
