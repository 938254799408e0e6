import { describe, expect, it } from "vitest";
import type { ProxyMode } from "../model/config/types.ts";
import { objectKey } from "../model/meta/types.ts";
import type { Drift, UnderBoth } from "../model/trace/drift.ts";
import type { Refusal } from "../wire/protocol.ts";
import type { World } from "./types.ts";
import { createWorld } from "./world.ts";

const CLUSTER = `
apiVersion: v1
kind: Pod
metadata: {name: client}
spec: {nodeName: worker-1, containers: [{name: c, image: busybox}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, clusterIP: 10.96.0.50, selector: {app: web}, ports: [{port: 80, targetPort: 8080, nodePort: 30080}]}
`;

function worldIn(mode: ProxyMode): World {
  const world = createWorld({ seed: 1 });
  world.dispatch({ type: "mode", mode });
  expect(world.dispatch({ type: "text", text: CLUSTER }).refusal).toBeNull();
  return world;
}

const text = (world: World, form?: Parameters<World["rulesText"]>[1]): string => {
  const printed = world.rulesText("worker-1", form);
  if ("message" in printed) throw new Error(printed.message);
  return printed.text;
};

function dumpOf(world: World): string {
  if (world.modeOf("worker-1") !== "ipvs") return text(world);
  return text(world, "iptables") + text(world, "ipvsadm-save") + text(world, "ipset-save");
}

function good<T extends object>(answer: T | Refusal): T {
  if ("message" in answer) throw new Error(answer.message);
  return answer;
}

const drifted = ({ counts }: Drift): number => counts.differs + counts.dump + counts.expected;

describe.each<ProxyMode>(["iptables", "nftables", "ipvs"])("drift in %s mode", (mode) => {
  it("is none for a node's own rules, and found after the cluster has moved on", () => {
    const world = worldIn(mode);
    const dump = dumpOf(world);
    const before = world.journalHash();
    const same = good(world.drift({ node: "worker-1", dump }));
    expect([same.mode, drifted(same), same.notes, same.findings]).toEqual([mode, 0, [], []]);
    expect(same.counts.same).toBeGreaterThan(10);
    expect(world.journalHash()).toBe(before);
    world.dispatch({ type: "scale", key: objectKey("Deployment", "default", "web"), replicas: 2 });
    const stale = good(world.drift({ node: "worker-1", dump }));
    expect(drifted(stale)).toBeGreaterThan(0);
    expect(stale.services.map(({ service }) => service)).toEqual(["default/web"]);
    expect(
      stale.rows.filter(({ kind }) => kind === "dump" || kind === "differs").every(({ means }) => means !== ""),
    ).toBe(true);
    expect(
      stale.rows.some(
        ({ means }) =>
          /10\.244\.\d+\.\d+:8080 is an endpoint that Service default\/web no longer has/.test(means) ||
          /3 endpoints in the dump, 2 here: the cluster no longer has 10\.244/.test(means),
      ),
    ).toBe(true);
  });
});

it("is none in userspace mode either way: its rules name no endpoint", () => {
  const world = worldIn("userspace");
  const dump = dumpOf(world);
  expect(drifted(good(world.drift({ node: "worker-1", dump })))).toBe(0);
  world.dispatch({ type: "scale", key: objectKey("Deployment", "default", "web"), replicas: 2 });
  expect(drifted(good(world.drift({ node: "worker-1", dump })))).toBe(0);
});

describe("packets on pasted rules", () => {
  const request = { from: "pod/default/client", to: "10.96.0.50:80", protocol: "tcp" } as const;
  const outcomes = ({ pasted }: UnderBoth): readonly string[] => [
    ...new Set(pasted.walks.map(({ outcome }) => outcome)),
  ];

  it.each<ProxyMode>(["iptables", "nftables", "ipvs"])("go as on our own when those are pasted (%s)", (mode) => {
    const world = worldIn(mode);
    const before = world.journalHash();
    const both = good(world.exploreWith({ node: "worker-1", dump: dumpOf(world), request }));
    const told = (walks: UnderBoth["ours"]["walks"]): readonly unknown[] =>
      walks.map((walk) => [walk.outcome, walk.backend, walk.probability]);
    expect(told(both.pasted.walks)).toEqual(told(both.ours.walks));
    expect(both.ours.walks.length).toBe(3);
    expect(world.journalHash()).toBe(before);
  });

  it("end otherwise where a rule is another", () => {
    const world = worldIn("iptables");
    const dump = text(world).replace(
      /^(-A KUBE-FORWARD .*INVALID.*)$/m,
      "-A KUBE-FORWARD -d 10.244.0.0/16 -j DROP\n$1",
    );
    const both = good(world.exploreWith({ node: "worker-1", dump, request }));
    expect(outcomes(both)).toContain("timeout");
    expect(both.ours.walks.every(({ outcome }) => outcome === "delivered")).toBe(true);
  });

  it("are refused where there is nothing to run on, or no such node or target", () => {
    const world = worldIn("iptables");
    const why = (answer: UnderBoth | Refusal): string => ("message" in answer ? answer.message : "");
    expect(why(world.exploreWith({ node: "worker-1", dump: "hello", request }))).toContain('it begins with "hello"');
    expect(why(world.exploreWith({ node: "worker-9", dump: text(world), request }))).toContain(
      'There is no node "worker-9"',
    );
    expect(
      why(
        world.exploreWith({
          node: "worker-1",
          dump: text(world),
          request: { ...request, to: "service/default/nope:80" },
        }),
      ),
    ).toContain("nope");
    expect(
      why(world.exploreWith({ node: "worker-1", dump: "create KUBE-CLUSTER-IP hash:ip,port family inet\n", request })),
    ).toContain("no rules that packets could run on");
  });
});
