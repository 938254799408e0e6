/** How requests fail, and from where the client hears of it: measured on Linux 6.18. */
import { describe, expect, it, test } from "vitest";
import type { Walk } from "../../model/trace/types.ts";
import { CLIENT, MODES, OUTSIDE, ends, explored, only, sent, freshWorld, worldOf } from "./testing.ts";

const NODE1 = "node/worker-1";
const [IP1, IP3] = ["192.168.56.11", "192.168.56.13"] as const;

const lab = (network: string): string => `apiVersion: kubehop.dev/v1alpha1
kind: Lab
metadata: {name: lab}
spec: {network: ${network}}
`;
const node = (network: string): string => `apiVersion: v1
kind: Node
metadata: {name: worker-1, annotations: {kubehop.dev/network: "${network}"}}
spec: {podCIDR: 10.244.1.0/24}
status: {addresses: [{type: InternalIP, address: ${IP1}}]}
`;
const LB = (loadBalancer: string): readonly string[] => [
  `apiVersion: v1
kind: Service
metadata: {name: lb}
spec: {type: LoadBalancer, clusterIP: 10.96.0.90, selector: {at: none}, ports: [{port: 80, targetPort: 8080, nodePort: 30090}]}
`,
  `apiVersion: kubehop.dev/v1alpha1
kind: CloudProvider
metadata: {name: cloud}
spec: {loadBalancer: ${loadBalancer}}
`,
];

/** Outcome and the address that the answer comes from. */
const answer = (walk: Walk): readonly unknown[] => [walk.outcome, walk.reply.at(-1)?.before.src ?? null];
const icmp = (walk: Walk): boolean => walk.reply[0]?.before.protocol === "icmp";

describe.each(MODES)(
  "kernel-facts, failures, %s mode: no endpoints is ICMP port unreachable, refused at once",
  (mode) => {
    const world = worldOf(mode);
    it.each<[string, string, string, string]>([
      ["ClusterIP, from a pod: sent from cni0's address", CLIENT, "10.96.0.55:80", "10.244.1.1"],
      ["ClusterIP, from a node: from its own", NODE1, "10.96.0.55:80", IP1],
      ["NodePort, from outside: sent from the dialled node IP", OUTSIDE, `${IP3}:30055`, IP3],
      ["NodePort, from a pod: sent from the dialled node IP", CLIENT, `${IP1}:30055`, IP1],
    ])("%s", (_row, from, to, source) => {
      const walk = only(world, from, to);
      expect([...answer(walk), icmp(walk)]).toEqual(["refused", source, true]);
    });

    it("load balancer: the balancer hands it back as its own", () => {
      const walk = only(worldOf(mode, LB("vip")), CLIENT, "lb/default/lb:80");
      expect(answer(walk)[0]).toBe("refused");
    });
  },
);

test("kernel-facts, failures: ClusterIP, wrong port, and an unallocated ClusterIP", () => {
  const last = (mode: "iptables" | "nftables", to: string): readonly unknown[] => {
    const walk = only(worldOf(mode), CLIENT, to);
    return [walk.outcome, walk.hops.at(-1)?.place, walk.hops.at(-1)?.verdict];
  };
  expect(last("iptables", "10.96.0.50:81")).toEqual(["timeout", "router/underlay", "lost"]);
  expect(last("iptables", "10.96.77.7:80")).toEqual(["timeout", "router/underlay", "lost"]);
  expect(last("nftables", "10.96.0.50:81")).toEqual(["refused", "node/worker-1", "reject"]);
  expect(last("nftables", "10.96.77.7:80")).toEqual(["timeout", "node/worker-1", "drop"]);
});

test.each([
  ["a node's, from outside", OUTSIDE, `${IP1}:30999`],
  ["a node's, from a pod", CLIENT, `${IP1}:81`],
  ["a pod's", CLIENT, "pod/default/web-2:81"],
])("kernel-facts, failures: closed port, %s: RST", (_row, from, to) => {
  const walk = only(worldOf(), from, to);
  expect([walk.outcome, icmp(walk), walk.hops.at(-1)?.verdict]).toEqual(["refused", false, "refuse"]);
});

test("kernel-facts, failures: a node without a default route → ClusterIP is ENETUNREACH at once; pods on it still work", () => {
  const world = worldOf("iptables", [node("defaultRoute=false")]);
  const walk = only(world, NODE1, "10.96.0.51:80");
  expect([walk.outcome, walk.hops.at(-1)?.stage, walk.endedAt - walk.startedAt < 1_000]).toEqual([
    "unreachable",
    "route",
    true,
  ]);
  expect(walk.hops.some((h) => h.stage.startsWith("hook:"))).toBe(false);
  expect(ends(world, CLIENT, "10.96.0.51:80")).toEqual(["1000 delivered web-1 10.244.1.9"]);
  expect(only(worldOf(), NODE1, "10.96.0.51:80").outcome).toBe("delivered");
});

test("kernel-facts, failures: NodePort on 127.0.0.1 from the node", () => {
  const dial = (mode: "iptables" | "nftables", more: readonly string[] = []): readonly string[] =>
    ends(worldOf(mode, more), NODE1, "127.0.0.1:30051");
  expect(dial("iptables")).toEqual(["1000 delivered web-1 10.244.1.1"]);
  expect(dial("iptables", [node("routeLocalnet=0")])).toEqual(["1000 timeout - -"]);
  expect(dial("nftables")).toEqual(["1000 refused - -"]);
});

describe("kernel-facts, failures: FORWARD policy DROP", () => {
  const world = worldOf("iptables", [lab("{forwardPolicy: DROP}")]);
  it.each<[string, string, string, string]>([
    ["external NodePort, backend on the entry node: works", OUTSIDE, `${IP1}:30051`, "delivered"],
    ["external NodePort, backend elsewhere: fails", OUTSIDE, `${IP1}:30052`, "timeout"],
    ["plain ClusterIP: fails", CLIENT, "10.96.0.52:80", "timeout"],
    ["pod to pod: fails", CLIENT, "pod/default/web-2:8080", "timeout"],
  ])("%s", (_row, from, to, outcome) => {
    expect(only(world, from, to).outcome).toBe(outcome);
  });
});

describe("kernel-facts, easy to get wrong", () => {
  it("1. the masquerade address is that of the outgoing interface: cni0's for a backend on the same node", () => {
    const snat = only(worldOf(), OUTSIDE, `${IP1}:30051`).hops.find((h) => h.verdict === "snat");
    expect([snat?.iface, snat?.after.src]).toEqual(["cni0", "10.244.1.1"]);
    const away = only(worldOf(), OUTSIDE, `${IP1}:30052`).hops.find((h) => h.verdict === "snat");
    expect([away?.iface, away?.after.src]).toEqual(["eth0", IP1]);
  });

  it("3. a node's own UDP sendto() to a rejected Service gets EPERM, then ECONNREFUSED on read", () => {
    const udp = `apiVersion: v1
kind: Service
metadata: {name: udp}
spec: {clusterIP: 10.96.0.91, selector: {at: none}, ports: [{port: 53, protocol: UDP}]}
`;
    const walk = only(worldOf("iptables", [udp]), NODE1, "10.96.0.91:53", "udp");
    expect([walk.outcome, walk.symptom]).toEqual(["refused", expect.stringContaining("Operation not permitted")]);
    // The ICMP error reaches the socket all the same, by lo: that is what a read() after it returns.
    const heard = walk.reply.at(-1);
    expect([heard?.place, heard?.iface, heard?.stage, heard?.verdict]).toEqual([NODE1, "lo", "socket", "refuse"]);
    expect(heard?.note).toBe(`Node worker-1 gets an ICMP port-unreachable from ${IP1}: Connection refused.`);
  });

  it("5. filter OUTPUT has no KUBE-EXTERNAL-SERVICES: a node dialling a balancer's address without endpoints sends it out to the router", () => {
    for (const walk of explored(worldOf("iptables", LB("vip")), NODE1, "lb/default/lb:80").walks) {
      expect(walk.hops.some((h) => h.place === "node/worker-1" && h.verdict === "reject")).toBe(false);
      expect(walk.hops.some((h) => h.place === "router/underlay")).toBe(true);
    }
  });

  it("6. bridge-nf-call-iptables=0 breaks same-node ClusterIP: the answer is never un-DNATed", () => {
    const world = worldOf("iptables", [lab("{bridgeNetfilter: false}")]);
    const walk = only(world, CLIENT, "10.96.0.51:80");
    expect([walk.outcome, walk.reply.at(-1)?.before.src]).toEqual(["timeout", "10.244.1.5"]);
    expect(ends(world, CLIENT, "10.96.0.52:80")).toEqual(["1000 delivered web-2 10.244.1.9"]);
  });

  it("6. with 1, hairpin needs hairpin mode on the port", () => {
    const world = worldOf("iptables", [lab("{hairpin: false}")]);
    expect(ends(world, "pod/default/web-1", "10.96.0.51:80")).toEqual(["1000 timeout - -"]);
    expect(ends(worldOf(), "pod/default/web-1", "10.96.0.51:80")).toEqual(["1000 delivered web-1 10.244.1.1"]);
  });

  it("7. ICMP errors from behind a DNAT arrive from the VIP", () => {
    // Slices by hand name an address that nobody has: the last machine before it says host unreachable.
    const dead = `apiVersion: v1
kind: Service
metadata: {name: dead}
spec: {clusterIP: 10.96.0.92, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: dead-1, labels: {kubernetes.io/service-name: dead}}
addressType: IPv4
ports: [{port: 8080}]
endpoints: [{addresses: [10.244.2.99]}]
`;
    const walk = only(worldOf("iptables", [dead]), CLIENT, "10.96.0.92:80");
    expect(answer(walk)).toEqual(["unreachable", "10.96.0.92"]);
  });

  it("8. SYN to a dead pod on the same bridge leaves no conntrack entry; from another node the choice sticks", () => {
    const dead = (ip: string): string => `apiVersion: v1
kind: Service
metadata: {name: dead}
spec: {clusterIP: 10.96.0.92, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: dead-1, labels: {kubernetes.io/service-name: dead}}
addressType: IPv4
ports: [{port: 8080}]
endpoints: [{addresses: [${ip}]}]
`;
    const left = (ip: string): number => {
      const world = freshWorld("iptables", [dead(ip)]);
      sent(world, CLIENT, "10.96.0.92:80");
      return world.conntrack("node/worker-1").filter((e) => e.original.dst === "10.96.0.92").length;
    };
    expect([left("10.244.1.99"), left("10.244.2.99")]).toEqual([0, 1]);
  });
});

test("kernel-facts, spread, affinity, conntrack: the DNAT node holds the entry, the server's node a plain one", () => {
  const world = freshWorld();
  sent(world, CLIENT, "10.96.0.52:80");
  const tuples = (host: "node/worker-1" | "node/worker-2"): readonly unknown[] =>
    world.conntrack(host).map(({ original, reply, dnat, snat }) => [original.dst, reply.src, dnat, snat]);
  expect(tuples("node/worker-1")).toEqual([["10.96.0.52", "10.244.2.3", true, false]]);
  expect(tuples("node/worker-2")).toEqual([["10.244.2.3", "10.244.2.3", false, false]]);
});
