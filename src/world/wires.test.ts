import { describe, expect, it } from "vitest";
import type { ProxyMode } from "../model/config/types.ts";
import type { LabNetwork } from "../model/kubehop/network.ts";
import type { Exploration, Protocol, Request, Walk } from "../model/trace/types.ts";
import { createWorld } from "./world.ts";
import type { World } from "./types.ts";

const POD = "pod/default/client";
const OUTSIDE = "client/internet";
/** In the nodes' own network. */
const NEAR = "client/near";

/** near: an endpoint on worker-1 only; far: one on worker-2 only; local-*: the same with policy Local; empty: none. */
const SERVICES = ["near", "far", "local-near", "local-far", "empty"] as const;
const CLUSTER_IPS = Object.fromEntries(SERVICES.map((name, i) => [name, `10.96.0.${50 + i}`]));

const OBJECTS = `
apiVersion: kubehop.dev/v1alpha1
kind: Client
metadata: {name: internet}
spec: {ip: 198.51.100.24}
---
apiVersion: v1
kind: Pod
metadata: {name: client}
spec: {nodeName: worker-1, containers: [{name: c, image: busybox}]}
---
${[1, 2]
  .map(
    (n) => `apiVersion: v1
kind: Pod
metadata: {name: web-${n}, labels: {on: worker-${n}}}
spec: {nodeName: worker-${n}, containers: [{name: web, image: nginx, ports: [{containerPort: 8080}]}]}
---
`,
  )
  .join("")}${SERVICES.map((name, i) => {
  const policy = name.startsWith("local") ? "Local" : "Cluster";
  const on = name === "empty" ? "nowhere" : name.endsWith("near") ? "worker-1" : "worker-2";
  return `apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec:
  type: NodePort
  clusterIP: ${CLUSTER_IPS[name]}
  externalTrafficPolicy: ${policy}
  selector: {on: ${on}}
  ports: [{port: 80, targetPort: 8080, nodePort: ${30_080 + i}}]
---
`;
}).join("")}`;

const nodePort = (service: (typeof SERVICES)[number], node = "worker-1"): string =>
  `node/${node}:${30_080 + SERVICES.indexOf(service)}`;
const clusterIP = (service: (typeof SERVICES)[number]): string => `${CLUSTER_IPS[service]}:80`;

interface Options {
  readonly mode?: ProxyMode;
  /** More documents. */
  readonly more?: string;
  /** Routes of the client in the nodes' network. */
  readonly routes?: string;
}

function textWith(network: LabNetwork, { more = "", routes = "[]" }: Options = {}): string {
  const lab = `apiVersion: kubehop.dev/v1alpha1
kind: Lab
metadata: {name: lab}
spec: {network: ${JSON.stringify(network)}}
---
apiVersion: kubehop.dev/v1alpha1
kind: Client
metadata: {name: near}
spec: {ip: 192.168.56.200, routes: ${routes}}
---
`;
  return OBJECTS + lab + more;
}

function worldWith(network: LabNetwork, options: Options = {}): World {
  const world = createWorld({ seed: 1 });
  expect(world.dispatch({ type: "mode", mode: options.mode ?? "iptables" }).refusal).toBeNull();
  expect(world.dispatch({ type: "text", text: textWith(network, options) }).refusal).toBeNull();
  return world;
}

type More = Pick<Request, "ttl" | "size" | "family">;

function explore(world: World, from: string, to: string, protocol: Protocol = "tcp", more: More = {}): Exploration {
  const result = world.explore({ from, to, protocol, ...more });
  if (!("walks" in result)) throw new Error(result.message);
  return result;
}

function walk(world: World, from: string, to: string, protocol: Protocol = "tcp", more: More = {}): Walk {
  const { walks } = explore(world, from, to, protocol, more);
  expect(walks).toHaveLength(1);
  return walks[0] as Walk;
}

function textOf(world: World, node: string): string {
  const answer = world.rulesText(node);
  if (!("text" in answer)) throw new Error(answer.message);
  return answer.text;
}

/** "delivered 10.244.1.1": how it ended, and what the server saw. */
const seen = (one: Walk): string => [one.outcome, ...(one.sourceSeen === null ? [] : [one.sourceSeen])].join(" ");
/** The TTL that the packet had when it reached the socket. */
const ttl = (one: Walk): number | undefined => one.hops.at(-1)?.before.ttl;

const WORLDS = { vxlan: worldWith({ routes: "vxlan" }), "host-gw": worldWith({ routes: "host-gw" }) };

const ip = (world: World, pod: string): string => {
  const found = walk(world, "node/worker-3", `pod/default/${pod}:8080`).backend?.ip;
  if (found === undefined) throw new Error(`no pod ${pod}`);
  return found;
};
const CLIENT_IP = walk(WORLDS["host-gw"], POD, clusterIP("far")).hops[0]?.before.src ?? "";

describe("the flow table: what the server sees, with VXLAN and with host-gw", () => {
  it.each([
    ["row 1: pod to ClusterIP, endpoint on the same node", POD, clusterIP("near"), CLIENT_IP, CLIENT_IP],
    [
      "row 2: pod to ClusterIP, endpoint on another node: the pod's own IP",
      POD,
      clusterIP("far"),
      CLIENT_IP,
      CLIENT_IP,
    ],
    [
      "row 3: pod to its own Service: cni0's address",
      "pod/default/web-1",
      clusterIP("near"),
      "10.244.1.1",
      "10.244.1.1",
    ],
    [
      "row 4: node to ClusterIP, local endpoint: cni0's address",
      "node/worker-1",
      clusterIP("near"),
      "10.244.1.1",
      "10.244.1.1",
    ],
    [
      "row 5: node to ClusterIP, remote endpoint: flannel.1's or the node's",
      "node/worker-1",
      clusterIP("far"),
      "10.244.1.0",
      "192.168.56.11",
    ],
    [
      "row 6: outside to a node port, endpoint there: cni0's address",
      OUTSIDE,
      nodePort("near"),
      "10.244.1.1",
      "10.244.1.1",
    ],
    [
      "row 7: outside to a node port, endpoint elsewhere: flannel.1's or the node's",
      OUTSIDE,
      nodePort("far"),
      "10.244.1.0",
      "192.168.56.11",
    ],
    [
      "row 8: policy Local, endpoint there: the client's IP",
      OUTSIDE,
      nodePort("local-near"),
      "198.51.100.24",
      "198.51.100.24",
    ],
    ["row 10: pod to another node's port", POD, nodePort("far", "worker-2"), "10.244.2.1", "10.244.2.1"],
    [
      "row 11: node to its own port, endpoint elsewhere",
      "node/worker-1",
      nodePort("far"),
      "10.244.1.0",
      "192.168.56.11",
    ],
    ["row 12: node to 127.0.0.1:nodePort", "node/worker-1", "127.0.0.1:30080", "10.244.1.1", "10.244.1.1"],
  ])("%s", (_row, from, to, vxlan, hostGw) => {
    expect([seen(walk(WORLDS.vxlan, from, to)), seen(walk(WORLDS["host-gw"], from, to))]).toEqual([
      `delivered ${vxlan}`,
      `delivered ${hostGw}`,
    ]);
  });

  it("row 9: outside to a node port of policy Local without a local endpoint: dropped", () => {
    const one = walk(WORLDS.vxlan, OUTSIDE, nodePort("local-far"));
    expect([one.outcome, one.hops.at(-1)?.verdict, one.hops.at(-1)?.rule?.chain]).toEqual([
      "timeout",
      "drop",
      "KUBE-EXTERNAL-SERVICES",
    ]);
  });

  it.each([
    ["row 16: outside to ClusterIP by a static route, endpoint on that node", "near", "10.244.1.1", "10.244.1.1"],
    ["row 16: ... endpoint on another node", "far", "10.244.1.0", "192.168.56.11"],
  ] as const)("%s", (_row, service, vxlan, hostGw) => {
    const routed = (routes: "vxlan" | "host-gw"): string =>
      seen(
        walk(
          worldWith({ routes, routerRoutes: [{ to: "10.96.0.0/12", via: ["worker-1"] }] }),
          OUTSIDE,
          clusterIP(service),
        ),
      );
    expect([routed("vxlan"), routed("host-gw")]).toEqual([`delivered ${vxlan}`, `delivered ${hostGw}`]);
  });

  it("row 17: outside to a pod IP with a route: the client's IP", () => {
    const world = worldWith({ routerRoutes: [{ to: "10.244.2.0/24", via: ["worker-2"] }] });
    expect(seen(walk(world, OUTSIDE, "pod/default/web-2:8080"))).toBe("delivered 198.51.100.24");
  });

  it("row 18: pod to a ClusterIP without endpoints: refused at once, by an error from the address that was dialled", () => {
    const one = walk(WORLDS.vxlan, POD, clusterIP("empty"));
    expect([one.outcome, one.reply.at(-1)?.note]).toEqual([
      "refused",
      expect.stringContaining("from 10.244.1.1: Connection refused") as string,
    ]);
  });

  it.each([
    ["row 20: known ClusterIP, wrong port", `${CLUSTER_IPS["near"]}:81`],
    ["row 21: a ClusterIP that nobody has", "10.96.7.7:80"],
  ])("%s: iptables lets it go by the default route, where the router drops it", (_row, to) => {
    const one = walk(WORLDS.vxlan, POD, to);
    expect([one.outcome, one.hops.at(-1)?.place]).toEqual(["timeout", "router/underlay"]);
  });

  it("row 22: a closed port of a pod: RST from the pod's kernel", () => {
    const one = walk(WORLDS.vxlan, POD, `${ip(WORLDS.vxlan, "web-2")}:81`);
    expect([one.outcome, one.hops.at(-1)?.place]).toEqual(["refused", "pod/default/web-2"]);
  });

  it("row 23: an unused port of the range on a node: RST", () => {
    const one = walk(WORLDS.vxlan, OUTSIDE, "node/worker-2:30999");
    expect([one.outcome, one.hops.at(-1)?.place]).toEqual(["refused", "node/worker-2"]);
  });
});

describe("VXLAN on the wire", () => {
  const one = walk(WORLDS.vxlan, POD, clusterIP("far"));
  const wrapped = one.hops.filter((h) => h.outer !== undefined);

  it("the packet of the pods goes inside a UDP packet of the nodes, there and back", () => {
    expect(wrapped.map((h) => `${h.place} ${h.stage} ${h.label} ${h.iface}`)).toEqual([
      "node/worker-1 tunnel encapsulated flannel.1",
      "node/worker-1 link wire eth0",
      "node/worker-2 tunnel decapsulated flannel.1",
    ]);
    expect(wrapped.map((h) => `${h.outer?.src} ${h.outer?.dst} ${h.outer?.protocol} ${h.outer?.dport}`)).toEqual(
      Array(3).fill("192.168.56.11 192.168.56.12 udp 8472"),
    );
    const back = one.reply.filter((h) => h.outer !== undefined);
    expect(back.map((h) => `${h.place} ${h.label} ${h.outer?.src}`)).toEqual([
      "node/worker-2 encapsulated 192.168.56.12",
      "node/worker-2 wire 192.168.56.12",
      "node/worker-1 decapsulated 192.168.56.12",
    ]);
    expect(back[0]?.mirrors).toBe(wrapped[2]?.index);
  });

  it("every flow has an outer source port of its own, the same for all of its packets", () => {
    const ports = new Set(wrapped.map((h) => h.outer?.sport));
    expect(ports.size).toBe(1);
    const other = walk(WORLDS.vxlan, "pod/default/web-1", clusterIP("far")).hops.find((h) => h.outer !== undefined);
    expect(ports.has(other?.outer?.sport)).toBe(false);
  });

  it("6: the inner TTL counts both nodes and not the tunnel: 62; one node that routes makes 63, one that bridges 64", () => {
    expect([ttl(one), wrapped[0]?.outer?.ttl]).toEqual([62, 64]);
    expect(ttl(walk(WORLDS["host-gw"], POD, clusterIP("far")))).toBe(62);
    expect(ttl(walk(worldWith({ attachment: "ptp" }), POD, clusterIP("near")))).toBe(63);
    expect(ttl(walk(WORLDS["host-gw"], POD, clusterIP("near")))).toBe(64);
  });

  it("with host-gw the same packet crosses the wire as it is", () => {
    expect(walk(WORLDS["host-gw"], POD, clusterIP("far")).hops.filter((h) => h.outer !== undefined)).toEqual([]);
  });

  it("a node that is off swallows it: nobody tells the sender", () => {
    const world = worldWith({ routes: "vxlan" });
    world.dispatch({ type: "fault", fault: "node", node: "worker-2", on: false });
    const lost = walk(world, POD, "pod/default/web-2:8080");
    expect([lost.outcome, lost.hops.at(-1)?.place, lost.reply]).toEqual(["timeout", "node/worker-2", []]);
  });
});

describe("cloud routes", () => {
  it("nodes send pods' packets to the router, which knows each node's podCIDR", () => {
    const one = walk(worldWith({ routes: "cloud" }), POD, clusterIP("far"));
    expect([seen(one), ttl(one), one.hops.some((h) => h.place === "router/underlay")]).toEqual([
      `delivered ${CLIENT_IP}`,
      61,
      true,
    ]);
  });
});

describe("the bridge (datapath.md, 7)", () => {
  it("6: bridge-nf-call-iptables 0 breaks a ClusterIP whose endpoint is on the same bridge: the answer is not translated back", () => {
    const off = walk(worldWith({ bridgeNetfilter: false }), POD, clusterIP("near"));
    expect([off.outcome, off.reply.at(-1)?.note]).toEqual([
      "timeout",
      expect.stringContaining("the answer was not translated back") as string,
    ]);
    expect(walk(worldWith({ bridgeNetfilter: false }), POD, clusterIP("far")).outcome).toBe("delivered");
    expect(walk(worldWith({ bridgeNetfilter: false, attachment: "ptp" }), POD, clusterIP("near")).outcome).toBe(
      "delivered",
    );
  });

  it("row 3: without hairpin mode a pod does not reach itself by its Service", () => {
    const off = walk(worldWith({ hairpin: false }), "pod/default/web-1", clusterIP("near"));
    expect([off.outcome, off.hops.at(-1)?.note]).toEqual([
      "timeout",
      expect.stringContaining("hairpin mode is off") as string,
    ]);
    expect(walk(worldWith({ hairpin: false }), POD, clusterIP("near")).outcome).toBe("delivered");
  });
});

describe("easy to get wrong", () => {
  it("4: pod to another node's port of policy Local: the answer bypasses the node that translated, unless the CNI masquerades", () => {
    const plain = walk(worldWith({}), POD, nodePort("local-near", "worker-2"));
    expect(plain.outcome).toBe("timeout");
    const drops = walk(worldWith({ masquerade: "all" }), POD, nodePort("local-near", "worker-2"));
    // Seen as an outside client by worker-2, which has no endpoint of its own.
    expect([drops.outcome, drops.hops.at(-1)?.rule?.chain]).toEqual(["timeout", "KUBE-EXTERNAL-SERVICES"]);
    const works = walk(worldWith({ masquerade: "all" }), POD, nodePort("local-far", "worker-2"));
    expect([seen(works), works.backend?.pod]).toEqual(["delivered 192.168.56.11", "default/web-2"]);
  });

  it("7: an ICMP error from behind a DNAT arrives from the address that was dialled", () => {
    const world = worldWith({});
    const one = walk(world, POD, "10.96.0.50:80", "udp");
    expect(one.outcome).toBe("timeout");
    const refused = walk(WORLDS["host-gw"], OUTSIDE, nodePort("empty"));
    expect([refused.outcome, refused.reply.at(-1)?.before.src]).toEqual(["refused", "192.168.56.11"]);
  });
});

describe("FORWARD policy DROP", () => {
  const dropped = { forwardPolicy: "DROP" } as const;

  it("an outside client reaches a node port only if the backend is on the entry node; a plain ClusterIP and pod to pod fail", () => {
    const world = worldWith(dropped);
    expect(seen(walk(world, OUTSIDE, nodePort("near")))).toBe("delivered 10.244.1.1");
    for (const [from, to] of [
      [OUTSIDE, nodePort("far")],
      [POD, clusterIP("far")],
      [POD, clusterIP("near")],
      [POD, "pod/default/web-2:8080"],
    ] as const) {
      const one = walk(world, from, to);
      expect([one.outcome, one.hops.at(-1)?.stage, one.hops.at(-1)?.verdict]).toEqual([
        "timeout",
        "hook:filter/FORWARD",
        "drop",
      ]);
    }
    expect(textOf(world, "worker-1")).toContain(":FORWARD DROP [0:0]");
  });

  it("in nftables mode kube-proxy's accept is one table's: iptables' policy drops the packet all the same", () => {
    const one = walk(worldWith(dropped, { mode: "nftables" }), OUTSIDE, nodePort("near"));
    expect([one.outcome, one.hops.at(-1)?.stage]).toEqual(["timeout", "hook:filter/FORWARD"]);
  });
});

describe("the CNI's masquerading", () => {
  it("stands behind kube-proxy's rules in iptables-save", () => {
    const text = textOf(worldWith({ masquerade: "all" }), "worker-1");
    const rules = text.split("\n").filter((line) => line.startsWith("-A POSTROUTING") || line.startsWith("-A FLANNEL"));
    expect(rules.map((line) => line.replace(' -m comment --comment "flanneld masq"', ""))).toEqual([
      '-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING',
      "-A POSTROUTING -j FLANNEL-POSTRTG",
      "-A FLANNEL-POSTRTG -m mark --mark 0x4000/0x4000 -j RETURN",
      "-A FLANNEL-POSTRTG -s 10.244.1.0/24 -d 10.244.0.0/16 -j RETURN",
      "-A FLANNEL-POSTRTG -s 10.244.0.0/16 -d 10.244.1.0/24 -j RETURN",
      "-A FLANNEL-POSTRTG ! -s 10.244.0.0/16 -d 10.244.1.0/24 -j RETURN",
      "-A FLANNEL-POSTRTG -s 10.244.0.0/16 ! -d 224.0.0.0/4 -j MASQUERADE --random-fully",
      "-A FLANNEL-POSTRTG ! -s 10.244.0.0/16 -d 10.244.0.0/16 -j MASQUERADE --random-fully",
    ]);
  });

  it.each(["iptables", "nftables", "ipvs"] as const)(
    "%s: pods leave the pod network with their node's address, and only then",
    (mode) => {
      const world = worldWith({ masquerade: "all" }, { mode });
      const out = walk(world, POD, "192.168.56.12:10250");
      expect(out.hops.find((h) => h.verdict === "snat")?.after.src).toBe("192.168.56.11");
      expect(seen(walk(world, POD, "pod/default/web-2:8080"))).toBe(`delivered ${CLIENT_IP}`);
    },
  );
});

describe("a pod network isolated from the hosts", () => {
  const world = worldWith({ isolatedPods: true, routes: "vxlan" });

  it("pods reach pods, also by ClusterIP", () => {
    expect(seen(walk(world, POD, clusterIP("far")))).toBe(`delivered ${CLIENT_IP}`);
    expect(seen(walk(world, POD, clusterIP("near")))).toBe(`delivered ${CLIENT_IP}`);
  });

  it.each([
    ["node to pod", "node/worker-1", "pod/default/web-1:8080"],
    ["node to ClusterIP", "node/worker-1", clusterIP("far")],
    ["outside to a node port", OUTSIDE, nodePort("near")],
    ["pod to a node", POD, "192.168.56.11:10250"],
    ["pod to another node", POD, "192.168.56.12:10250"],
  ])("%s does not get through", (_row, from, to) => {
    const one = walk(world, from, to);
    expect([one.outcome, one.hops.at(-1)?.verdict]).toEqual(["timeout", "drop"]);
  });
});

const node = (settings: string): string => `apiVersion: v1
kind: Node
metadata: {name: worker-1, annotations: {kubehop.dev/network: "${settings}"}}
spec: {podCIDR: 10.244.1.0/24}
status: {addresses: [{type: InternalIP, address: 192.168.56.11}]}
---
apiVersion: v1
kind: Node
metadata: {name: worker-2}
spec: {podCIDR: 10.244.2.0/24}
status: {addresses: [{type: InternalIP, address: 192.168.56.12}]}
---
`;

describe("reverse path filter", () => {
  it("strict: a pod's packet to another node comes by eth0 while the way back leads out of flannel.1: dropped without a word", () => {
    const strict = walk(worldWith({ routes: "vxlan", rpFilter: 1 }), POD, "192.168.56.12:10250");
    expect([strict.outcome, strict.hops.at(-1)?.note]).toEqual([
      "timeout",
      expect.stringContaining("rp_filter 1") as string,
    ]);
    for (const network of [
      { routes: "vxlan", rpFilter: 0 },
      { routes: "vxlan", rpFilter: 2 },
      { routes: "host-gw", rpFilter: 1 },
      { routes: "vxlan", rpFilter: 1, masquerade: "all" },
    ] as const) {
      expect(walk(worldWith(network), POD, "192.168.56.12:10250").outcome).toBe("delivered");
    }
  });

  it("can be one node's own", () => {
    const strictHere = worldWith({ routes: "vxlan" }, { more: node("rpFilter=1") });
    expect(walk(strictHere, "pod/default/web-2", "192.168.56.11:10250").outcome).toBe("timeout");
    expect(walk(strictHere, "pod/default/web-2", "192.168.56.10:10250").outcome).toBe("delivered");
  });
});

describe("a node's own switches", () => {
  it("without a default route the node itself gets ENETUNREACH for a ClusterIP; its pods do not need one", () => {
    const world = worldWith({}, { more: node("defaultRoute=false") });
    const one = walk(world, "node/worker-1", clusterIP("near"));
    expect([one.outcome, one.hops.at(-1)?.note]).toEqual([
      "unreachable",
      expect.stringContaining("Network is unreachable") as string,
    ]);
    expect(walk(world, POD, clusterIP("far")).outcome).toBe("delivered");
  });

  it("row 12: 127.0.0.1:nodePort needs route_localnet", () => {
    const world = worldWith({}, { more: node("routeLocalnet=0") });
    expect(walk(world, "node/worker-1", "127.0.0.1:30080").outcome).toBe("timeout");
  });

  it("ip_forward 0: nothing passes through", () => {
    const world = worldWith({}, { more: node("ipForward=0") });
    expect(walk(world, POD, clusterIP("far")).hops.at(-1)?.note).toContain("ip_forward is 0");
  });
});

describe("who answers for a ClusterIP", () => {
  it("6: a neighbour of the nodes without a route sends it to the router, which drops it; with a route by a node it works", () => {
    const none = walk(WORLDS["host-gw"], NEAR, clusterIP("near"));
    expect([none.outcome, none.hops.at(-1)?.place]).toEqual(["timeout", "router/underlay"]);
    const world = worldWith({}, { routes: "[{to: 10.96.0.0/12, via: [worker-1]}]" });
    expect(seen(walk(world, NEAR, clusterIP("near")))).toBe("delivered 10.244.1.1");
  });

  it("6: nobody answers ARP for it", () => {
    const world = worldWith({}, { routes: `[{to: 10.96.0.0/12, via: [${CLUSTER_IPS["near"]}]}]` });
    const one = walk(world, NEAR, clusterIP("near"));
    expect([one.outcome, one.hops.at(-1)?.note]).toEqual([
      "unreachable",
      expect.stringContaining("Nobody answers near on the link") as string,
    ]);
  });
});

describe("routes over several next hops", () => {
  const via = ["worker-1", "worker-2", "worker-3"];

  it("spread flows 1/n each, and every node translates", () => {
    const { walks } = explore(
      worldWith({}, { routes: `[{to: 10.96.0.0/12, via: [${via.join(", ")}]}]` }),
      NEAR,
      clusterIP("near"),
    );
    expect(walks.map((w) => [w.hops.find((h) => h.place.startsWith("node/"))?.place, seen(w), w.probability])).toEqual([
      ["node/worker-1", "delivered 10.244.1.1", 1 / 3],
      ["node/worker-2", "delivered 192.168.56.12", 1 / 3],
      ["node/worker-3", "delivered 192.168.56.13", 1 / 3],
    ]);
  });

  const over = (...names: readonly string[]): LabNetwork => ({ routerRoutes: [{ to: "10.96.0.0/12", via: names }] });
  const entry = (one: Walk | null): string | undefined => one?.hops.find((h) => h.place.startsWith("node/"))?.place;

  it("every packet of a connection takes the way of its first", () => {
    const world = worldWith(over(...via));
    const request = { from: OUTSIDE, to: clusterIP("near"), protocol: "tcp" } as const;
    const opened = world.dispatch({ type: "connect", request }).walk;
    for (let i = 0; i < 4; i++) {
      const { walk: next } = world.dispatch({ type: "exchange", connection: 1 });
      expect([next?.outcome, entry(next)]).toEqual(["delivered", entry(opened)]);
    }
  });

  it("a next hop that goes takes its connections along: the node that gets them has no entry and answers for another", () => {
    const world = worldWith(over("worker-1"));
    const request = { from: OUTSIDE, to: clusterIP("near"), protocol: "tcp" } as const;
    expect(world.dispatch({ type: "connect", request }).walk?.outcome).toBe("delivered");
    expect(world.dispatch({ type: "text", text: textWith(over("worker-2")) }).refusal).toBeNull();
    const { walk: next } = world.dispatch({ type: "exchange", connection: 1 });
    // Picked up in mid-stream (nf_conntrack_tcp_loose) and translated anew, from another address: the pod knows no such connection.
    expect([next?.outcome, entry(next)]).toEqual(["reset", "node/worker-2"]);
    expect(next?.hops.some((h) => h.place === "node/worker-2" && h.verdict === "dnat")).toBe(true);
  });

  it("a next hop that is off: the router finds nobody there", () => {
    const world = worldWith(over("worker-2"), {
      more: "apiVersion: kubehop.dev/v1alpha1\nkind: CloudProvider\nmetadata: {name: none}\nspec: {loadBalancer: none}\n",
    });
    world.dispatch({ type: "fault", fault: "node", node: "worker-2", on: false });
    const one = walk(world, OUTSIDE, clusterIP("near"));
    expect([one.outcome, one.hops.at(-1)?.place]).toEqual(["unreachable", "router/underlay"]);
  });

  it("a next hop that is no Node is no next hop", () => {
    const one = walk(worldWith(over("worker-9")), OUTSIDE, clusterIP("near"));
    expect([one.outcome, one.hops.at(-1)?.place]).toEqual(["timeout", "router/underlay"]);
  });

  it("of the router: one node without an endpoint of policy Local costs its share", () => {
    const world = worldWith(
      { routerRoutes: [{ to: "203.0.113.77/32", via }] },
      {
        more: `apiVersion: v1
kind: Service
metadata: {name: announced}
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  externalIPs: [203.0.113.77]
  selector: {on: worker-1}
  ports: [{port: 80, targetPort: 8080}]
---
`,
      },
    );
    const { walks } = explore(world, OUTSIDE, "203.0.113.77:80");
    expect(walks.map((w) => [seen(w), w.probability])).toEqual([
      ["delivered 198.51.100.24", 1 / 3],
      ["timeout", 1 / 3],
      ["timeout", 1 / 3],
    ]);
  });
});

describe("packets that do not fit", () => {
  const ping = (size: number, from = POD, network: LabNetwork = { routes: "vxlan" }): Walk =>
    walk(worldWith(network), from, "pod/default/web-2", "icmp", { size });

  it("VXLAN leaves 1450 bytes: an echo of 1422 fits, one of 1423 the pod's own interface refuses", () => {
    expect(ping(1422).outcome).toBe("delivered");
    const long = ping(1423);
    expect([long.outcome, long.symptom]).toEqual(["unreachable", "ping: local error: message too long, mtu=1450"]);
    expect(ping(1472, POD, {}).outcome).toBe("delivered");
  });

  it("from outside the node in front of the tunnel says what would fit", () => {
    const world = worldWith({ routes: "vxlan", routerRoutes: [{ to: "10.244.0.0/16", via: ["worker-1"] }] });
    const long = walk(world, OUTSIDE, "pod/default/web-2", "icmp", { size: 1472 });
    expect([long.outcome, long.symptom]).toEqual([
      "unreachable",
      "From 192.168.56.11 icmp_seq=1 Frag needed and DF set (mtu = 1450)",
    ]);
  });

  it("an MTU that leaves no room for the outer header makes fragments on the wire", () => {
    const whole = ping(1472, POD, { routes: "vxlan", mtu: 1500 });
    const note = whole.hops.find((h) => h.stage === "link" && h.outer !== undefined)?.note;
    expect([whole.outcome, note]).toEqual([
      "delivered",
      expect.stringContaining("in fragments, since 1550 bytes") as string,
    ]);
  });
});

describe("TTL", () => {
  const probe = (ttl: number, to: string): Walk => walk(WORLDS.vxlan, POD, to, "udp", { ttl });

  it("6: every IP hop takes one, and the host where none is left says so from its address towards the client", () => {
    const errors = [1, 2].map((ttl) => {
      const { hops, reply } = probe(ttl, "pod/default/web-2:33434");
      return `${hops.at(-1)?.place} ${reply[0]?.before.src}`;
    });
    expect(errors).toEqual(["node/worker-1 10.244.1.1", "node/worker-2 10.244.2.0"]);
    expect(probe(3, "pod/default/web-2:33434").outcome).toBe("refused");
  });

  it("7: from behind a DNAT the error comes from the address that was dialled", () => {
    const one = walk(WORLDS.vxlan, POD, clusterIP("far"), "tcp", { ttl: 2 });
    expect([one.hops.at(-1)?.place, one.reply.at(-1)?.before.src, one.outcome]).toEqual([
      "node/worker-2",
      CLUSTER_IPS["far"],
      "unreachable",
    ]);
  });
});

describe("IPv6", () => {
  const NODES = [1, 2]
    .map(
      (n) => `apiVersion: v1
kind: Node
metadata: {name: worker-${n}}
spec: {podCIDR: "fd00:244:${n}::/64", podCIDRs: ["fd00:244:${n}::/64"]}
status: {addresses: [{type: InternalIP, address: "fd00:56::${n}"}]}
---
apiVersion: v1
kind: Pod
metadata: {name: pod-${n}, labels: {on: worker-${n}}}
spec: {nodeName: worker-${n}, containers: [{name: web, image: nginx, ports: [{containerPort: 8080}]}]}
---
`,
    )
    .join("");
  const world6 = (network: LabNetwork): World => {
    const world = createWorld({ seed: 1 });
    const text = `apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
networking: {serviceSubnet: "fd00:96::/112", podSubnet: "fd00:244::/56"}
---
${NODES}apiVersion: v1
kind: Service
metadata: {name: web}
spec: {clusterIP: "fd00:96::50", selector: {on: worker-2}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: kubehop.dev/v1alpha1
kind: Client
metadata: {name: internet}
spec: {ip: "2001:db8::7"}
---
apiVersion: kubehop.dev/v1alpha1
kind: Lab
metadata: {name: lab}
spec: {network: ${JSON.stringify(network)}}
`;
    expect(world.dispatch({ type: "text", text }).refusal).toBeNull();
    return world;
  };

  it("goes through flannel-v6.1, MTU 1430, and is masqueraded to its address", () => {
    const world = world6({ routes: "vxlan" });
    const one = walk(world, "node/worker-1", "[fd00:96::50]:80");
    expect([seen(one), one.hops.find((h) => h.outer !== undefined)?.iface]).toEqual([
      "delivered fd00:244:1::",
      "flannel-v6.1",
    ]);
    const long = walk(world, "pod/default/pod-1", "pod/default/pod-2", "icmp", { size: 1383 });
    expect(long.symptom).toBe("ping: local error: message too long, mtu=1430");
  });

  it("spreads over next hops", () => {
    const { walks } = explore(
      world6({ routerRoutes: [{ to: "fd00:96::/112", via: ["worker-1", "worker-2"] }] }),
      OUTSIDE,
      "[fd00:96::50]:80",
    );
    expect(walks.map((w) => [seen(w), w.probability])).toEqual([
      ["delivered fd00:56::1", 1 / 2],
      ["delivered fd00:244:2::1", 1 / 2],
    ]);
  });
});
