/** Which source the server sees, and whether it is reached at all: measured on Linux 6.18 with rules as kube-proxy 1.36 writes them. */
import { describe, expect, it, test } from "vitest";
import { CLIENT, MODES, OUTSIDE, ends, explored, only, worldOf } from "./testing.ts";

const POD = "10.244.1.9";
const WEB1 = "pod/default/web-1";
const NODE1 = "node/worker-1";
const [IP1, IP2] = ["192.168.56.11", "192.168.56.12"] as const;
const [CNI1, CNI2] = ["10.244.1.1", "10.244.2.1"] as const;
const INTERNET = "198.51.100.24";
const TIMEOUT = ["1000 timeout - -"];

/** One endpoint: all the weight. */
const at = (pod: string, source: string): readonly string[] => [`1000 delivered ${pod} ${source}`];

describe.each(MODES)("source IP that the server sees, %s mode:", (mode) => {
  it.each<[string, string, string, readonly string[]]>([
    // kernel-facts, source IP, row "pod"
    ["pod → ClusterIP, backend on own node: pod IP", CLIENT, "10.96.0.51:80", at("web-1", POD)],
    ["pod → ClusterIP, backend elsewhere: pod IP", CLIENT, "10.96.0.52:80", at("web-2", POD)],
    [
      "pod → NodePort Cluster, backend on the node that did the DNAT, its own: cni0",
      CLIENT,
      `${IP1}:30051`,
      at("web-1", CNI1),
    ],
    [
      "pod → NodePort Cluster, backend on the node that did the DNAT, another: cni0",
      CLIENT,
      `${IP2}:30052`,
      at("web-2", CNI2),
    ],
    ["pod → NodePort Cluster, own node, backend elsewhere: node IP", CLIENT, `${IP1}:30052`, at("web-2", IP1)],
    [
      "pod → NodePort Cluster, other node, backend on the pod's: node IP of the dialled",
      CLIENT,
      `${IP2}:30051`,
      at("web-1", IP2),
    ],
    [
      "pod → NodePort Local, own node with an endpoint: pod IP, all endpoints",
      CLIENT,
      `${IP1}:30060`,
      [`500 delivered web-1 ${POD}`, `500 delivered web-2 ${POD}`],
    ],
    ["pod → NodePort Local, own node with none: works, all endpoints", CLIENT, `${IP1}:30062`, at("web-2", POD)],
    ["pod → NodePort Local, other node with none: timeout", CLIENT, "192.168.56.13:30061", ["1000 timeout web-1 -"]],
    // row "pod to itself"
    ["pod to itself → ClusterIP: cni0", WEB1, "10.96.0.51:80", at("web-1", CNI1)],
    ["pod to itself → NodePort Cluster: cni0", WEB1, `${IP1}:30051`, at("web-1", CNI1)],
    ["pod to itself → NodePort Local, own node: cni0", WEB1, `${IP1}:30061`, at("web-1", CNI1)],
    // row "node"
    ["node → ClusterIP, backend on it: cni0", NODE1, "10.96.0.51:80", at("web-1", CNI1)],
    ["node → ClusterIP, backend elsewhere: node IP", NODE1, "10.96.0.52:80", at("web-2", IP1)],
    ["node → its own NodePort Cluster, backend on it: cni0", NODE1, `${IP1}:30051`, at("web-1", CNI1)],
    ["node → its own NodePort Cluster, backend elsewhere: node IP", NODE1, `${IP1}:30052`, at("web-2", IP1)],
    ["node → another's NodePort Cluster, backend there: that node's cni0", NODE1, `${IP2}:30052`, at("web-2", CNI2)],
    [
      "node → its own NodePort Local, with an endpoint: same, all endpoints",
      NODE1,
      `${IP1}:30060`,
      [`500 delivered web-1 ${CNI1}`, `500 delivered web-2 ${IP1}`],
    ],
    ["node → its own NodePort Local, with none: works", NODE1, `${IP1}:30062`, at("web-2", IP1)],
    ["node → another's NodePort Local, with none: timeout", NODE1, "192.168.56.13:30061", TIMEOUT],
    // row "external"
    ["external → ClusterIP: no route, timeout", OUTSIDE, "10.96.0.51:80", TIMEOUT],
    ["external → NodePort Cluster, backend on the dialled node: cni0", OUTSIDE, `${IP1}:30051`, at("web-1", CNI1)],
    ["external → NodePort Cluster, backend elsewhere: node IP", OUTSIDE, `${IP1}:30052`, at("web-2", IP1)],
    [
      "external → NodePort Local, with an endpoint: client IP kept, local endpoints only",
      OUTSIDE,
      `${IP1}:30060`,
      at("web-1", INTERNET),
    ],
    ["external → NodePort Local, with none: DROP, timeout", OUTSIDE, "192.168.56.13:30060", TIMEOUT],
    // below the table
    ["internalTrafficPolicy Local without a local endpoint: timeout", CLIENT, "10.96.0.72:80", TIMEOUT],
    ["internalTrafficPolicy Local with one: works", "pod/default/web-2", "10.96.0.72:80", at("web-2", CNI2)],
  ])("%s", (_row, from, to, expected) => {
    expect(ends(worldOf(mode), from, to)).toEqual(expected);
  });

  it("pod to itself → NodePort Local, another node with none: usually timeout, and it works only when it picks itself", () => {
    // nftables: kube-proxy lists for masquerading only the hairpins of endpoints on its own node, so that even this is lost.
    const itself = mode === "iptables" ? "delivered web-1 192.168.56.13" : "timeout - -";
    expect(ends(worldOf(mode), WEB1, "192.168.56.13:30061")).toEqual([`1000 ${itself}`]);
    expect(ends(worldOf(mode), WEB1, "192.168.56.13:30060")).toEqual([`500 ${itself}`, "500 timeout web-2 -"]);
  });

  it("a pod keeps its port, a node's is changed", () => {
    const kept = (from: string): boolean => {
      const walk = only(worldOf(mode), from, "10.96.0.52:80");
      return walk.hops[0]?.before.sport === walk.hops.at(-1)?.after.sport;
    };
    expect([kept(CLIENT), kept(NODE1)]).toEqual([true, false]);
  });

  it("external → NodePort Local, with none: dropped by the node's rules", () => {
    expect(only(worldOf(mode), OUTSIDE, "192.168.56.13:30060").hops.at(-1)).toMatchObject({
      place: "node/worker-3",
      verdict: "drop",
    });
  });

  it("LB IP, policy Local, ECMP over three nodes of which one has no endpoint and nobody health-checks: a third times out", () => {
    const world = worldOf(mode, [
      `apiVersion: v1
kind: Service
metadata: {name: lb}
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  clusterIP: 10.96.0.90
  externalIPs: [203.0.113.77]
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
`,
      `apiVersion: kubehop.dev/v1alpha1
kind: Lab
metadata: {name: lab}
spec: {network: {routerRoutes: [{to: 203.0.113.77/32, via: [worker-1, worker-2, worker-3]}]}}
`,
    ]);
    expect(ends(world, OUTSIDE, "203.0.113.77:80")).toEqual([
      `333 delivered web-1 ${INTERNET}`,
      `333 delivered web-2 ${INTERNET}`,
      "333 timeout - -",
    ]);
  });
});

test("easy to get wrong 2: a hostNetwork endpoint on the entry node is never masqueraded, even with policy Cluster", () => {
  const world = worldOf("iptables", [
    `apiVersion: v1
kind: Pod
metadata: {name: host, labels: {at: host}}
spec: {nodeName: worker-2, hostNetwork: true, containers: [{name: web, image: nginx, ports: [{containerPort: 8080}]}]}
`,
    `apiVersion: v1
kind: Service
metadata: {name: host}
spec: {type: NodePort, clusterIP: 10.96.0.91, selector: {at: host}, ports: [{port: 80, targetPort: 8080, nodePort: 30091}]}
`,
  ]);
  expect(ends(world, OUTSIDE, `${IP2}:30091`)).toEqual([`1000 delivered host ${INTERNET}`]);
  expect(ends(world, OUTSIDE, `${IP1}:30091`)).toEqual([`1000 delivered host ${IP1}`]);
});

describe.each(MODES)("easy to get wrong 4, %s mode: pod → another node's NodePort with policy Local breaks", (mode) => {
  it("DNAT without SNAT: the answer of an endpoint elsewhere bypasses that node", () => {
    expect(ends(worldOf(mode), CLIENT, `${IP2}:30060`)).toEqual([`500 delivered web-2 ${POD}`, "500 timeout web-1 -"]);
    const lost = explored(worldOf(mode), CLIENT, `${IP2}:30060`).walks.find((w) => w.outcome === "timeout");
    expect(lost?.reply.some((h) => h.place === "node/worker-2")).toBe(false);
  });

  it("works when the CNI masquerades what leaves the pod network", () => {
    const lab = `apiVersion: kubehop.dev/v1alpha1
kind: Lab
metadata: {name: lab}
spec: {network: {masquerade: all}}
`;
    expect(ends(worldOf(mode, [lab]), CLIENT, `${IP2}:30060`)).toEqual([`1000 delivered web-2 ${IP1}`]);
  });
});
