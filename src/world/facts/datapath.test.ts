/** The kinds of flow to a Service, one by one: which hooks rewrite the packet, which source the server sees, how many hops it counts. */
import { describe, expect, it, test } from "vitest";
import type { Protocol, Walk } from "../../model/trace/types.ts";
import { CLIENT, MODES, OUTSIDE, ends, explored, only, worldOf } from "./testing.ts";

const NODE1 = "node/worker-1";
const [IP1, IP2, IP3] = ["192.168.56.11", "192.168.56.12", "192.168.56.13"] as const;
const POD = "10.244.1.9";
const INTERNET = "198.51.100.24";

const lab = (network: string): string => `apiVersion: kubehop.dev/v1alpha1
kind: Lab
metadata: {name: lab}
spec: {network: ${network}}
`;
const HOST_GW = worldOf();
const VXLAN = worldOf("iptables", [lab("{routes: vxlan}")]);
const WIRES = { "host-gw": HOST_GW, vxlan: VXLAN };

/** An address per kind of wire: with vxlan what leaves for another node has flannel.1's. */
const away = (wire: keyof typeof WIRES, n: 1 | 2): string => (wire === "vxlan" ? `10.244.${n}.0` : `192.168.56.1${n}`);
const at = (pod: string, source: string): readonly string[] => [`1000 delivered ${pod} ${source}`];
const rewrites = (walk: Walk): readonly string[] =>
  walk.hops
    .filter((h) => h.verdict === "dnat" || h.verdict === "snat")
    .map((h) => `${h.place.replace("node/", "")} ${h.stage} ${h.verdict}`);

describe.each(["host-gw", "vxlan"] as const)("datapath, %s, row", (wire) => {
  const world = WIRES[wire];
  const [D1, S1] = ["worker-1 hook:nat/PREROUTING dnat", "worker-1 hook:nat/POSTROUTING snat"];
  it.each<[string, string, string, readonly string[], readonly string[]]>([
    ["1: pod → ClusterIP, endpoint on same node: DNAT, client pod IP", CLIENT, "10.96.0.51:80", at("web-1", POD), [D1]],
    [
      "2: pod → ClusterIP, endpoint on other node: DNAT, client pod IP",
      CLIENT,
      "10.96.0.52:80",
      at("web-2", POD),
      [D1],
    ],
    ["3: pod → its own Service: cni0", "pod/default/web-1", "10.96.0.51:80", at("web-1", "10.244.1.1"), [D1, S1]],
    [
      "4: node → ClusterIP, local endpoint: cni0",
      NODE1,
      "10.96.0.51:80",
      at("web-1", "10.244.1.1"),
      ["worker-1 hook:nat/OUTPUT dnat", S1],
    ],
    [
      "5: node → ClusterIP, remote endpoint: address of the interface out",
      NODE1,
      "10.96.0.52:80",
      at("web-2", away(wire, 1)),
      ["worker-1 hook:nat/OUTPUT dnat", S1],
    ],
    ["5: node → pod IP shows the same address", NODE1, "pod/default/web-2:8080", at("web-2", away(wire, 1)), []],
    [
      "6: outside → nodePort Cluster, endpoint on that node: cni0",
      OUTSIDE,
      `${IP1}:30051`,
      at("web-1", "10.244.1.1"),
      [D1, S1],
    ],
    [
      "7: outside → nodePort Cluster, endpoint on other node",
      OUTSIDE,
      `${IP1}:30052`,
      at("web-2", away(wire, 1)),
      [D1, S1],
    ],
    ["8: outside → nodePort Local, node has endpoint: client IP", OUTSIDE, `${IP1}:30061`, at("web-1", INTERNET), [D1]],
    ["9: outside → nodePort Local, no local endpoint: DROP", OUTSIDE, `${IP1}:30062`, ["1000 timeout - -"], []],
    ["10: pod → its own node's nodePort, endpoint there", CLIENT, `${IP1}:30051`, at("web-1", "10.244.1.1"), [D1, S1]],
    [
      "10: pod → its own node's nodePort, endpoint elsewhere",
      CLIENT,
      `${IP1}:30052`,
      at("web-2", away(wire, 1)),
      [D1, S1],
    ],
    [
      "10: pod → another node's nodePort: DNAT there",
      CLIENT,
      `${IP2}:30052`,
      at("web-2", "10.244.2.1"),
      ["worker-2 hook:nat/PREROUTING dnat", "worker-2 hook:nat/POSTROUTING snat"],
    ],
    [
      "11: node → own nodePort, endpoint there",
      NODE1,
      `${IP1}:30051`,
      at("web-1", "10.244.1.1"),
      ["worker-1 hook:nat/OUTPUT dnat", S1],
    ],
    [
      "11: node → own nodePort, endpoint elsewhere",
      NODE1,
      `${IP1}:30052`,
      at("web-2", away(wire, 1)),
      ["worker-1 hook:nat/OUTPUT dnat", S1],
    ],
    [
      "12: node → 127.0.0.1:nodePort",
      NODE1,
      "127.0.0.1:30051",
      at("web-1", "10.244.1.1"),
      ["worker-1 hook:nat/OUTPUT dnat", S1],
    ],
    ["18: pod → ClusterIP without endpoints: refused", CLIENT, "10.96.0.55:80", ["1000 refused - -"], []],
    ["19: pod → ClusterIP, internal Local, none local: timeout", CLIENT, "10.96.0.72:80", ["1000 timeout - -"], []],
    ["20: pod → ClusterIP, wrong port: routed away, timeout", CLIENT, "10.96.0.50:81", ["1000 timeout - -"], []],
    ["21: pod → unallocated ClusterIP: routed away, timeout", CLIENT, "10.96.77.7:80", ["1000 timeout - -"], []],
    ["22: pod → pod IP, wrong port: refused", CLIENT, "pod/default/web-2:81", ["1000 refused web-2 -"], []],
    ["23: outside → node, unused port of the range: refused", OUTSIDE, `${IP1}:30999`, ["1000 refused - -"], []],
  ])("%s", (_row, from, to, expected, changed) => {
    expect(ends(world, from, to)).toEqual(expected);
    expect(rewrites(only(world, from, to))).toEqual(changed);
  });
});

/** Services with addresses from outside, with one endpoint or a policy. */
const OUTER = (policy: "Cluster" | "Local", loadBalancer: string): readonly string[] => [
  `apiVersion: v1
kind: Service
metadata: {name: lb}
spec:
  type: LoadBalancer
  externalTrafficPolicy: ${policy}
  clusterIP: 10.96.0.90
  externalIPs: [203.0.113.99]
  selector: {at: two}
  ports: [{port: 80, targetPort: 8080, nodePort: 30090}]
`,
  `apiVersion: kubehop.dev/v1alpha1
kind: CloudProvider
metadata: {name: cloud}
spec: {loadBalancer: ${loadBalancer}, source: snat}
`,
];

describe.each(MODES)("datapath, %s mode, row", (mode) => {
  it.each<[string, "Cluster" | "Local", string, string]>([
    [
      "13: pod → load balancer IP, policy Cluster: captured on its node, masqueraded",
      "Cluster",
      "lb/default/lb:80",
      IP1,
    ],
    [
      "13: pod → load balancer IP, policy Local: short-circuited to all endpoints, not masqueraded",
      "Local",
      "lb/default/lb:80",
      POD,
    ],
    ["13: pod → externalIP, policy Cluster", "Cluster", "203.0.113.99:80", IP1],
    ["13: pod → externalIP, policy Local", "Local", "203.0.113.99:80", POD],
  ])("%s", (_row, policy, to, source) => {
    const walk = only(worldOf(mode, OUTER(policy, "vip")), CLIENT, to);
    expect([walk.outcome, walk.sourceSeen]).toEqual(["delivered", source]);
    expect(walk.hops.some((h) => h.place.startsWith("lb/") || h.place.startsWith("router/"))).toBe(false);
  });

  /** Sources that the server sees from outside, whichever node the balancer takes. */
  const seen = (policy: "Cluster" | "Local", loadBalancer: string): ReadonlySet<string | null> =>
    new Set(
      explored(worldOf(mode, OUTER(policy, loadBalancer)), OUTSIDE, "lb/default/lb:80").walks.map((w) => w.sourceSeen),
    );

  it("14: balancer of proxy type → nodePort, policy Cluster: a node's address; Local: the balancer's", () => {
    expect(seen("Cluster", "nodePort")).toEqual(new Set([IP1, "10.244.2.1", IP3]));
    const [source, ...more] = seen("Local", "nodePort");
    expect([source, more]).toEqual([expect.stringMatching(/^203\.0\.113\./), []]);
  });

  it("15: balancer that passes the VIP → node, policy Cluster: a node's address; Local: the client's", () => {
    expect(seen("Cluster", "vip")).toEqual(new Set([IP1, "10.244.2.1", IP3]));
    expect(seen("Local", "vip")).toEqual(new Set([INTERNET]));
  });

  it("16: outside → ClusterIP by ECMP to nodes: DNAT and masquerade there", () => {
    const world = worldOf(mode, [lab("{routerRoutes: [{to: 10.96.0.0/12, via: [worker-1, worker-2]}]}")]);
    expect(ends(world, OUTSIDE, "10.96.0.51:80")).toEqual([
      "500 delivered web-1 10.244.1.1",
      `500 delivered web-1 ${IP2}`,
    ]);
  });

  it("17: outside → pod IP with a route: no kube-proxy, client IP", () => {
    const world = worldOf(mode, [lab("{routerRoutes: [{to: 10.244.2.0/24, via: [worker-2]}]}")]);
    const walk = only(world, OUTSIDE, "10.244.2.3:8080");
    expect([walk.outcome, walk.sourceSeen, rewrites(walk)]).toEqual(["delivered", INTERNET, []]);
  });

  it("20, 21: wrong port and unallocated ClusterIP: nftables rejects and drops what iptables lets out", () => {
    const outcomes = [
      only(worldOf(mode), CLIENT, "10.96.0.50:81").outcome,
      only(worldOf(mode), CLIENT, "10.96.77.7:80").outcome,
    ];
    expect(outcomes).toEqual(mode === "iptables" ? ["timeout", "timeout"] : ["refused", "timeout"]);
  });
});

describe("datapath, the reply path", () => {
  const undo = (walk: Walk): readonly string[] =>
    walk.reply.filter((h) => h.verdict.startsWith("undo")).map((h) => `${h.place} ${h.label} ${h.verdict}`);

  it("pod client: the answer is un-DNATed on the client's node, and the client sees the VIP", () => {
    const walk = only(HOST_GW, CLIENT, "10.96.0.52:80");
    expect([undo(walk), walk.reply.at(-1)?.before.src]).toEqual([
      ["node/worker-1 POSTROUTING undo-dnat"],
      "10.96.0.52",
    ]);
  });

  it("outside → NodePort Cluster: un-SNATed, then un-DNATed, on the node that was dialled", () => {
    const walk = only(HOST_GW, OUTSIDE, `${IP1}:30052`);
    expect(undo(walk)).toEqual(["node/worker-1 PREROUTING undo-snat", "node/worker-1 POSTROUTING undo-dnat"]);
  });

  it("policy Local: un-DNATed on its own node, and straight to the client", () => {
    const walk = only(HOST_GW, OUTSIDE, `${IP2}:30062`);
    expect(undo(walk)).toEqual(["node/worker-2 POSTROUTING undo-dnat"]);
    expect(walk.reply.some((h) => h.place === "node/worker-1" || h.place === "node/worker-3")).toBe(false);
  });

  it("kernel-facts, hook order: the client node's eth0 still shows the pod's address, its cni0 and the veth the VIP", () => {
    const walk = only(HOST_GW, CLIENT, "10.96.0.52:80");
    const shown = walk.reply.filter((h) => h.stage === "link").map((h) => `${h.place} ${h.iface ?? ""} ${h.after.src}`);
    expect(shown).toEqual([
      "pod/default/web-2 eth0 10.244.2.3",
      "node/worker-2 eth0 10.244.2.3",
      "node/worker-1 cni0 10.96.0.52",
    ]);
  });

  it("kernel-facts, hook order: filter OUTPUT sees the pod's address; the node's own client is un-DNATed at INPUT, after filter INPUT", () => {
    const walk = only(HOST_GW, NODE1, "10.96.0.52:80");
    expect(walk.hops.find((h) => h.stage === "hook:filter/OUTPUT")?.before.dst).toBe("10.244.2.3");
    const back = walk.reply.filter((h) => h.place === NODE1).map((h) => `${h.stage} ${h.label} ${h.verdict}`);
    expect(back.slice(-3)).toEqual([
      "hook:filter/INPUT INPUT continue",
      "conntrack INPUT undo-dnat",
      "socket client deliver",
    ]);
  });

  it("conntrack's tuples: original to the VIP, reply from the pod", () => {
    // The example of the text: 10.244.1.2:46756→10.96.0.50:80, reply 10.244.2.3:8080→10.244.1.2:46756.
    const walk = only(HOST_GW, CLIENT, "10.96.0.52:80");
    const sport = walk.hops[0]?.before.sport;
    expect(walk.hops.at(-1)?.after).toMatchObject({ src: POD, sport, dst: "10.244.2.3", dport: 8080 });
    expect(walk.reply.at(-1)?.before).toMatchObject({ src: "10.96.0.52", sport: 80, dst: POD, dport: sport });
  });
});

describe("datapath, TTL: each IP hop takes one, NAT none", () => {
  it.each<[string, keyof typeof WIRES, string, number]>([
    ["same node, over the bridge: switched, not routed", "host-gw", "pod/default/web-1:8080", 64],
    ["other node, host-gw: two", "host-gw", "10.96.0.52:80", 62],
    ["other node, vxlan: two of the inner header", "vxlan", "10.96.0.52:80", 62],
  ])("%s", (_row, wire, to, ttl) => {
    expect(only(WIRES[wire], CLIENT, to).hops.at(-1)?.after.ttl).toBe(ttl);
  });

  it("same node by routed veths: one", () => {
    const ptp = worldOf("iptables", [lab("{attachment: ptp}")]);
    expect(only(ptp, CLIENT, "10.96.0.51:80").hops.at(-1)?.after.ttl).toBe(63);
  });
});

describe("datapath, what the client's terminal shows", () => {
  const symptom = (from: string, to: string, protocol: Protocol = "tcp"): string =>
    only(HOST_GW, from, to, protocol).symptom;

  it("REJECT: refused at once; DROP: a timeout after all retransmissions", () => {
    expect(symptom(CLIENT, "10.96.0.55:80")).toBe(
      "curl: (7) Failed to connect to 10.96.0.55 port 80 after 0 ms: Couldn't connect to server",
    );
    expect(symptom(CLIENT, "10.96.0.72:80")).toMatch(
      /^curl: \(28\) Failed to connect to 10\.96\.0\.72 port 80 after 1\d{5} ms/,
    );
  });

  it("backend process down, pod up: RST for TCP, ICMP port unreachable for UDP", () => {
    expect(symptom(CLIENT, "pod/default/web-2:81")).toMatch(/^curl: \(7\)/);
    expect(symptom(CLIENT, "pod/default/web-2:81", "udp")).toBe("Ncat: Connection refused.");
  });

  it("a dead address behind the last node: no route to host after three seconds", () => {
    const walk = only(HOST_GW, CLIENT, "10.244.2.99:8080");
    expect([walk.outcome, Math.round((walk.endedAt - walk.startedAt) / 1e6)]).toEqual(["unreachable", 3]);
  });
});

describe("datapath, ClusterIP is nobody's address", () => {
  it("ping: iptables routes it out and it is lost; nftables rejects, to a node by EPERM; ipvs rejects too", () => {
    const ping = (mode: "iptables" | "nftables" | "ipvs", from: string): readonly unknown[] => {
      const walk = only(worldOf(mode), from, "10.96.0.50", "icmp");
      return [walk.outcome, walk.hops.at(-1)?.place];
    };
    expect(ping("iptables", CLIENT)).toEqual(["timeout", "router/underlay"]);
    expect(ping("iptables", NODE1)).toEqual(["timeout", "router/underlay"]);
    expect(ping("nftables", CLIENT)).toEqual(["refused", NODE1]);
    expect(only(worldOf("nftables"), NODE1, "10.96.0.50", "icmp").symptom).toContain("Operation not permitted");
    // The address is kube-ipvs0's, so that the node itself answered until 1.27, when KUBE-IPVS-FILTER came to reject all but Services' ports.
    expect(ping("ipvs", CLIENT)).toEqual(["refused", NODE1]);
  });

  it("ping of pods and nodes works", () => {
    expect(only(HOST_GW, CLIENT, "pod/default/web-2", "icmp").outcome).toBe("delivered");
    expect(only(HOST_GW, CLIENT, "node/worker-2", "icmp").outcome).toBe("delivered");
  });

  it("a pod sends a VIP to its gateway: the only address that it asks ARP for", () => {
    const link = only(HOST_GW, CLIENT, "10.96.0.52:80").hops.find((h) => h.stage === "link");
    expect([link?.place, link?.to]).toEqual([CLIENT, NODE1]);
  });
});

test("datapath, wiring: the CNI's masquerading lets pods out with the node's address, and leaves pod ↔ pod alone", () => {
  const world = worldOf("iptables", [lab("{masquerade: all}")]);
  expect(ends(world, CLIENT, "pod/default/web-2:8080")).toEqual(at("web-2", POD));
  const out = only(world, CLIENT, "192.168.56.12:10250");
  expect([out.outcome, out.sourceSeen]).toEqual(["delivered", IP1]);
});
