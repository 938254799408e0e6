/** What has room for only so many, or belongs to only one: connection tables, ports of a node, addresses of Services, ICMP errors. */
import { describe, expect, it, test } from "vitest";
import { objectKey } from "../../model/meta/types.ts";
import type { Pod } from "../../model/pod/types.ts";
import type { Service } from "../../model/service/types.ts";
import type { Walk } from "../../model/trace/types.ts";
import type { World } from "../types.ts";
import { CLIENT, OUTSIDE, SCENARIO, ends, explored, freshWorld, only, sent, worldOf } from "./testing.ts";

const lab = (network: string): string => `apiVersion: kubehop.dev/v1alpha1
kind: Lab
metadata: {name: lab}
spec: {network: ${network}}
`;
const [NODE1, IP1] = ["node/worker-1", "192.168.56.11"] as const;

function opened(world: World, from: string, to: string): Walk {
  const { walk, refusal } = world.dispatch({ type: "connect", request: { from, to, protocol: "tcp" } });
  if (walk === null) throw new Error(refusal?.message ?? "no walk");
  return walk;
}

describe("datapath, connections: a full conntrack table drops what is NEW", () => {
  const FULL = /nf_conntrack_max 3\): "nf_conntrack: table full, dropping packet"/;

  it("connections that are held open fill it; the next SYN is dropped, and what is established goes on", () => {
    const world = freshWorld("iptables", [lab("{conntrackMax: 3}")]);
    for (let i = 0; i < 3; i++) expect(opened(world, OUTSIDE, `${IP1}:30051`).outcome).toBe("delivered");
    const lost = sent(world, OUTSIDE, `${IP1}:30051`);
    expect([lost.outcome, lost.hops.at(-1)]).toMatchObject([
      "timeout",
      { place: NODE1, stage: "conntrack", verdict: "drop", note: expect.stringMatching(FULL) as string },
    ]);
    const { walk } = world.dispatch({ type: "exchange", connection: 1 });
    expect(walk?.outcome).toBe("delivered");
    // Whatever is dialled: the table is the node's, not the Service's. Another node has its own.
    expect(only(world, CLIENT, "pod/default/web-2:8080").hops.at(-1)?.note).toMatch(FULL);
    expect(ends(world, OUTSIDE, "192.168.56.13:30052")).toEqual(["1000 delivered web-2 192.168.56.13"]);
  });

  it("what is not assured gives way: short connections in TIME_WAIT never fill it", () => {
    const world = freshWorld("iptables", [lab("{conntrackMax: 3}")]);
    for (let i = 0; i < 6; i++) expect(sent(world, OUTSIDE, `${IP1}:30051`).outcome).toBe("delivered");
    expect(world.conntrack(NODE1).length).toBe(3);
  });

  it("one node's own size, by its annotation", () => {
    const node = `apiVersion: v1
kind: Node
metadata: {name: worker-1, annotations: {kubehop.dev/network: "conntrackMax=1"}}
spec: {podCIDR: 10.244.1.0/24}
status: {addresses: [{type: InternalIP, address: ${IP1}}]}
`;
    const world = freshWorld("iptables", [node]);
    opened(world, OUTSIDE, `${IP1}:30051`);
    expect(sent(world, OUTSIDE, `${IP1}:30051`).outcome).toBe("timeout");
    expect(only(worldOf("iptables", [node.replace("=1", "=2")]), OUTSIDE, `${IP1}:30051`).outcome).toBe("delivered");
  });
});

test("datapath, connections when things change: a Service that is created again gets another ClusterIP, and the old one is dialled in vain", () => {
  const key = objectKey("Service", "default", "again");
  const service = (name: string): string => `apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec: {selector: {at: two}, ports: [{port: 80, targetPort: 8080}]}
`;
  const world = freshWorld("iptables", [service("again")]);
  const address = (): string => world.objects.get<Service>(key)?.spec.clusterIP ?? "";
  const old = address();
  expect(ends(world, CLIENT, `${old}:80`)).toEqual(["1000 delivered web-2 10.244.1.9"]);
  world.dispatch({ type: "delete", key, force: false });
  expect(only(world, CLIENT, `${old}:80`).hops.at(-1)?.place).toBe("router/underlay");
  expect(world.dispatch({ type: "text", text: [SCENARIO, service("again")].join("---\n") }).refusal).toBeNull();
  expect(address()).not.toBe(old);
  expect(ends(world, CLIENT, `${address()}:80`)).toEqual(["1000 delivered web-2 10.244.1.9"]);
  expect(only(world, CLIENT, `${old}:80`).outcome).toBe("timeout");
  // By name it is found again.
  expect(ends(world, CLIENT, "again:80")).toEqual(["1000 delivered web-2 10.244.1.9"]);
});

describe("datapath, hostNetwork pods: two endpoints on one node with the same port cannot coexist", () => {
  const pod = (name: string, more = ""): string => `apiVersion: v1
kind: Pod
metadata: {name: ${name}, labels: {app: host}}
spec: {hostNetwork: true${more}, containers: [{name: web, image: nginx, ports: [{containerPort: 8080}]}]}
`;
  const service = `apiVersion: v1
kind: Service
metadata: {name: host}
spec: {clusterIP: 10.96.0.91, selector: {app: host}, ports: [{port: 80, targetPort: 8080}]}
`;
  const status = (world: World, name: string): Pod["status"] | undefined =>
    world.objects.get<Pod>(objectKey("Pod", "default", name))?.status;

  it("the scheduler leaves the one too many pending", () => {
    const names = ["a", "b", "c", "d"];
    const world = worldOf("iptables", [...names.map((name) => pod(name)), service]);
    const nodes = names.map((name) => world.objects.get<Pod>(objectKey("Pod", "default", name))?.spec.nodeName);
    expect(new Set(nodes)).toEqual(new Set(["worker-1", "worker-2", "worker-3", undefined]));
    expect(status(world, names[nodes.indexOf(undefined)] ?? "")?.conditions?.[0]?.message).toContain(
      "3 node(s) didn't have free ports for the requested pod ports",
    );
    expect(explored(world, CLIENT, "10.96.0.91:80").walks.map((w) => w.outcome)).toEqual(Array(3).fill("delivered"));
  });

  it("with spec.nodeName the kubelet rejects the second, which is no endpoint", () => {
    const world = worldOf("iptables", [pod("a", ", nodeName: worker-2"), pod("b", ", nodeName: worker-2"), service]);
    expect([status(world, "a")?.phase, status(world, "b")]).toMatchObject([
      "Running",
      {
        phase: "Failed",
        reason: "NodePorts",
        message:
          "Pod was rejected: Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
      },
    ]);
    expect(ends(world, CLIENT, "10.96.0.91:80")).toEqual(["1000 delivered a 10.244.1.9"]);
  });
});
