import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededChooser } from "../base/draw.ts";
import { SECOND } from "../base/time.ts";
import type { Service } from "../model/service/types.ts";
import type { Protocol, Walk } from "../model/trace/types.ts";
import { send } from "./send.ts";
import { type TestCluster, type TestPod, TEST_NODES, saveRules, testNode, testView } from "./testing.ts";
import { EMPTY_NETWORK, type NetworkState } from "./types.ts";

const WEB: TestPod = {
  name: "web",
  node: "worker-2",
  ip: "10.244.2.3",
  container: { ports: [{ containerPort: 8080 }, { containerPort: 53, protocol: "UDP" }] },
};
const CURL: TestPod = { name: "curl", node: "worker-1", ip: "10.244.1.9", container: { image: "busybox" } };

/** The shape of what kube-proxy writes, in a few rules. */
const RULES = `*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:SVC - [0:0]
-A PREROUTING -j SVC
-A OUTPUT -j SVC
-A SVC -d 10.96.0.50/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.244.2.3:8080
-A SVC -d 10.96.0.50/32 -p tcp -m tcp --dport 81 -j DNAT --to-destination 10.244.2.3:8081
-A SVC -d 10.96.0.50/32 -p udp -m udp --dport 53 -j DNAT --to-destination 10.244.2.3:53
-A SVC -m addrtype --dst-type LOCAL -p tcp -m tcp --dport 30080 -j DNAT --to-destination 10.244.2.3:8080
-A POSTROUTING ! -s 10.244.0.0/16 -m conntrack --ctstate DNAT -j MASQUERADE --random-fully
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A FORWARD -m conntrack --ctstate INVALID -j DROP
-A FORWARD -d 10.96.0.51/32 -j REJECT --reject-with icmp-port-unreachable
-A OUTPUT -d 10.96.0.51/32 -j REJECT --reject-with icmp-port-unreachable
-A OUTPUT -d 10.96.0.53/32 -j DROP
COMMIT
`;

const BALANCED: Service = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web", namespace: "default" },
  spec: {
    type: "LoadBalancer",
    clusterIP: "10.96.0.50",
    ports: [{ protocol: "TCP", port: 80, targetPort: 8080, nodePort: 30_080 }],
  },
  status: { loadBalancer: { ingress: [{ ip: "203.0.113.10" }] } },
};

function base(more: TestCluster = {}): TestCluster {
  return { pods: [WEB, CURL], services: [BALANCED], rules: saveRules(RULES), ...more };
}

interface Go {
  readonly protocol?: Protocol;
  readonly id?: number;
  readonly state?: NetworkState;
}

function go(
  cluster: TestCluster,
  from: string,
  to: string,
  { protocol = "tcp", id = 1, state = EMPTY_NETWORK }: Go = {},
) {
  const result = send(testView(cluster), state, { from, to, protocol }, { id, chooser: seededChooser(1) });
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

const walkOf = (cluster: TestCluster, from: string, to: string, more?: Go): Walk => go(cluster, from, to, more).walk;

describe("a walk", () => {
  const walk = walkOf(base(), "client/internet", "node/worker-1:30080");

  it("shows every rung, out and back", () => {
    expect(walk.hops.map((h) => `${h.place} ${h.label}`)).toEqual([
      "client/internet client internet",
      "client/internet routing",
      "client/internet wire",
      "router/underlay routing",
      "router/underlay wire",
      "node/worker-1 PREROUTING",
      "node/worker-1 routing",
      "node/worker-1 FORWARD",
      "node/worker-1 POSTROUTING",
      "node/worker-1 wire",
      "node/worker-2 PREROUTING",
      "node/worker-2 routing",
      "node/worker-2 FORWARD",
      "node/worker-2 POSTROUTING",
      "node/worker-2 wire",
      "pod/default/web routing",
      "pod/default/web socket",
    ]);
  });

  it("pairs each rewrite with its undoing on the same rung", () => {
    const pairs = walk.reply
      .filter((h) => h.verdict === "undo-dnat" || h.verdict === "undo-snat")
      .map((h) => [
        h.place,
        h.label,
        h.verdict,
        h.mirrors === null ? null : walk.hops[h.mirrors]?.label,
        h.mirrors === null ? null : walk.hops[h.mirrors]?.verdict,
      ]);
    expect(pairs).toEqual([
      ["node/worker-1", "PREROUTING", "undo-snat", "POSTROUTING", "snat"],
      ["node/worker-1", "POSTROUTING", "undo-dnat", "PREROUTING", "dnat"],
    ]);
  });

  it("names the next host on every wire, and lets time pass", () => {
    for (const list of [walk.hops, walk.reply]) {
      for (const [i, hop] of list.entries()) {
        expect(hop.index).toBe(i);
        expect(hop.to).toBe(hop.stage === "link" ? list[i + 1]?.place : null);
        expect(hop.at).toBeGreaterThanOrEqual(list[i - 1]?.at ?? 0);
      }
    }
    expect(walk.endedAt).toBeGreaterThan(walk.reply.at(-1)?.at ?? Infinity);
  });

  it("counts one TTL for each router and node, and none for NAT", () => {
    expect(walk.hops.at(-1)?.after.ttl).toBe(64 - 3);
  });

  it("is plain data", () => {
    expect(structuredClone(walk)).toEqual(walk);
  });

  it("lasts about two milliseconds through a load balancer and a second node", () => {
    const lb = walkOf(base(), "client/internet", "lb/default/web:80");
    expect(lb.endedAt - lb.startedAt).toBeGreaterThan(1_500);
    expect(lb.endedAt - lb.startedAt).toBeLessThan(2_500);
  });
});

describe("what the client's terminal shows", () => {
  it.each([
    [
      "answered",
      "pod/default/curl",
      "10.96.0.50:80",
      "tcp",
      "delivered",
      "Connected to 10.96.0.50 (10.96.0.50) port 80",
    ],
    [
      "rejected",
      "pod/default/curl",
      "10.96.0.51:80",
      "tcp",
      "refused",
      "curl: (7) Failed to connect to 10.96.0.51 port 80 after 0 ms: Couldn't connect to server",
    ],
    [
      "closed port of a pod",
      "pod/default/curl",
      "pod/default/web:9",
      "tcp",
      "refused",
      "curl: (7) Failed to connect to 10.244.2.3 port 9 after 0 ms: Couldn't connect to server",
    ],
    [
      "closed port behind a Service",
      "pod/default/curl",
      "10.96.0.50:81",
      "tcp",
      "refused",
      "curl: (7) Failed to connect to 10.96.0.50 port 81 after 0 ms: Couldn't connect to server",
    ],
    [
      "wrong port of a ClusterIP",
      "pod/default/curl",
      "10.96.0.50:82",
      "tcp",
      "timeout",
      "curl: (28) Failed to connect to 10.96.0.50 port 82 after 130000 ms: Couldn't connect to server",
    ],
    [
      "unused node port",
      "client/internet",
      "node/worker-1:30999",
      "tcp",
      "refused",
      "curl: (7) Failed to connect to 192.168.56.11 port 30999 after 1 ms: Couldn't connect to server",
    ],
    [
      "dead pod on another node",
      "pod/default/curl",
      "10.244.2.99:80",
      "tcp",
      "unreachable",
      "curl: (7) Failed to connect to 10.244.2.99 port 80 after 3060 ms: Couldn't connect to server",
    ],
    ["UDP answered", "pod/default/curl", "10.96.0.50:53", "udp", "delivered", "Ncat: Connected to 10.96.0.50:53."],
    ["UDP rejected", "pod/default/curl", "10.96.0.51:53", "udp", "refused", "Ncat: Connection refused."],
    [
      "UDP rejected on the node itself",
      "node/worker-1",
      "10.96.0.51:53",
      "udp",
      "refused",
      "Ncat: Operation not permitted.",
    ],
    [
      "UDP dropped on the node itself",
      "node/worker-1",
      "10.96.0.53:53",
      "udp",
      "refused",
      "Ncat: Operation not permitted.",
    ],
    [
      "ping dropped on the node itself",
      "node/worker-1",
      "10.96.0.53",
      "icmp",
      "refused",
      "ping: sendmsg: Operation not permitted",
    ],
    [
      "TCP dropped on the node itself",
      "node/worker-1",
      "10.96.0.53:53",
      "tcp",
      "timeout",
      "curl: (28) Failed to connect to 10.96.0.53 port 53 after 130000 ms: Couldn't connect to server",
    ],
    ["UDP closed", "pod/default/curl", "pod/default/web:54", "udp", "refused", "Ncat: Connection refused."],
    // Measured: an ICMP host unreachable ends a TCP connect() and not a UDP socket.
    ...(["10.244.2.99", "10.244.1.99"] as const).flatMap((ip) =>
      (["pod/default/curl", "node/worker-1"] as const).map(
        (from) =>
          [
            `UDP to a dead pod at ${ip}`,
            from,
            `${ip}:53`,
            "udp",
            "timeout",
            "Ncat: Idle timeout expired (2000 ms).",
          ] as const,
      ),
    ),
    ["UDP lost", "pod/default/curl", "8.8.8.8:53", "udp", "timeout", "Ncat: Idle timeout expired (2000 ms)."],
    ["SCTP closed", "pod/default/curl", "pod/default/web:54", "sctp", "refused", "Ncat: Connection refused."],
    [
      "ping of a ClusterIP",
      "pod/default/curl",
      "10.96.0.50",
      "icmp",
      "timeout",
      "1 packets transmitted, 0 received, 100% packet loss, time 0ms",
    ],
    [
      "ping of a pod",
      "pod/default/curl",
      "pod/default/web",
      "icmp",
      "delivered",
      "64 bytes from 10.244.2.3: icmp_seq=1 ttl=62 time=0.384 ms",
    ],
    [
      "ping of a dead pod",
      "pod/default/curl",
      "10.244.2.99",
      "icmp",
      "unreachable",
      "From 192.168.56.12 icmp_seq=1 Destination Host Unreachable",
    ],
    [
      "ping of a dead neighbour",
      "pod/default/curl",
      "10.244.1.99",
      "icmp",
      "unreachable",
      "From 10.244.1.9 icmp_seq=1 Destination Host Unreachable",
    ],
  ] as const)("%s", (_name, from, to, protocol, outcome, symptom) => {
    const walk = walkOf(base(), from, to, { protocol });
    expect([walk.outcome, walk.symptom]).toEqual([outcome, symptom]);
  });
});

describe("where it fails", () => {
  it("a packet to an unclaimed ClusterIP leaves by the default route and dies at the router", () => {
    const walk = walkOf(base(), "pod/default/curl", "10.96.0.99:80");
    expect([walk.outcome, walk.hops.at(-1)?.place, walk.hops.at(-1)?.verdict]).toEqual([
      "timeout",
      "router/underlay",
      "lost",
    ]);
    expect(walk.reply).toEqual([]);
  });

  it("without bridge-nf-call-iptables a same-node answer comes from the wrong address", () => {
    const near: TestCluster = base({
      pods: [{ ...WEB, node: "worker-1", ip: "10.244.1.3" }, CURL],
      rules: saveRules(RULES.replaceAll("10.244.2.3:", "10.244.1.3:")),
    });
    expect(walkOf(near, "pod/default/curl", "10.96.0.50:80").outcome).toBe("delivered");
    const walk = walkOf(
      { ...near, sysctls: () => ({ bridgeNfCallIptables: false }) },
      "pod/default/curl",
      "10.96.0.50:80",
    );
    expect([walk.outcome, walk.sourceSeen, walk.backend?.pod]).toEqual(["timeout", null, "default/web"]);
    expect(walk.reply.at(-1)?.note).toContain("was not translated back");
  });

  it("a pod whose container does not run yet refuses", () => {
    const walk = walkOf(base({ pods: [{ ...WEB, running: false }, CURL] }), "pod/default/curl", "pod/default/web:8080");
    expect([walk.outcome, walk.sourceSeen]).toEqual(["refused", null]);
  });

  it("an error from behind the DNAT arrives from the dialled address", () => {
    const walk = walkOf(base({ pods: [CURL] }), "pod/default/curl", "10.96.0.50:80");
    expect([walk.outcome, walk.reply.at(-1)?.before.src]).toEqual(["unreachable", "10.96.0.50"]);
  });

  it("nothing that is refused or lost counts as reached", () => {
    for (const to of ["10.96.0.51:80", "10.96.0.99:80"]) {
      expect(walkOf(base(), "pod/default/curl", to)).toMatchObject({ backend: null, sourceSeen: null });
    }
  });
});

describe("the cloud's load balancer", () => {
  it.each([
    ["an unknown port", base(), "203.0.113.10:81"],
    ["an address that no Service has", base(), "203.0.113.11:80"],
  ])("drops in silence: %s", (_name, cluster, to) => {
    expect(walkOf(cluster, "client/internet", to).outcome).toBe("timeout");
  });

  it("remembers a flow: the same client port goes to the same node", () => {
    const first = go(base(), "client/internet", "lb/default/web:80", { id: 7 });
    expect(first.state.hosts["lb/203.0.113.10"]?.conntrack).toHaveLength(1);
    expect(first.walk.hops.filter((h) => h.stage === "lb").map((h) => h.verdict)).toEqual(["dnat"]);
    expect(first.walk.reply.filter((h) => h.stage === "lb").map((h) => h.verdict)).toEqual(["undo-dnat"]);
  });

  it("vip: keeps the header, and the answer passes it by", () => {
    const walk = walkOf(
      base({
        cloud: { loadBalancer: "vip" },
        rules: saveRules(
          RULES.replace("10.96.0.50/32 -p tcp -m tcp --dport 80", "203.0.113.10/32 -p tcp -m tcp --dport 80"),
        ),
      }),
      "client/internet",
      "lb/default/web:80",
    );
    const hop = walk.hops.find((h) => h.stage === "lb");
    expect([hop?.verdict, hop?.before]).toEqual(["continue", hop?.after]);
    expect(walk.outcome).toBe("delivered");
    expect(walk.reply.every((h) => !h.place.startsWith("lb/"))).toBe(true);
  });
});

describe("what a send leaves behind", () => {
  it("a finished connection in TIME_WAIT on each node it crossed, with the NAT showing in the reply tuple", () => {
    const { state, walk } = go(base(), "pod/default/curl", "10.96.0.50:80");
    const port = walk.hops[0]?.before.sport;
    expect(Object.keys(state.hosts).sort()).toEqual(["node/worker-1", "node/worker-2"]);
    expect(state.hosts["node/worker-1"]?.conntrack).toMatchObject([
      {
        original: { src: "10.244.1.9", dst: "10.96.0.50", sport: port, dport: 80 },
        reply: { src: "10.244.2.3", dst: "10.244.1.9", sport: 8080, dport: port },
        state: "TIME_WAIT",
        dnat: true,
        snat: false,
        expiresAt: 120 * SECOND,
      },
    ]);
    expect(state.hosts["node/worker-2"]?.conntrack).toMatchObject([{ dnat: false, snat: false }]);
  });

  it("a lost one in SYN_SENT, a rejected one nothing", () => {
    const lost = go(base(), "pod/default/curl", "10.96.0.99:80").state.hosts["node/worker-1"]?.conntrack;
    expect(lost?.map((e) => e.state)).toEqual(["SYN_SENT"]);
    const refused = go(base(), "pod/default/curl", "10.96.0.51:80").state.hosts["node/worker-1"]?.conntrack ?? [];
    expect(refused).toEqual([]);
  });

  it("expired entries go when new ones come", () => {
    const first = go(base(), "pod/default/curl", "10.96.0.50:80");
    const later = go(base({ now: 121 * SECOND }), "pod/default/curl", "10.96.0.50:80", { id: 2, state: first.state });
    expect(later.state.hosts["node/worker-1"]?.conntrack).toHaveLength(1);
  });

  it("does not touch the state that it was given", () => {
    const { state } = go(base(), "pod/default/curl", "10.96.0.50:80");
    const copy = structuredClone(state);
    go(base(), "pod/default/curl", "10.96.0.50:80", { id: 2, state });
    expect(state).toEqual(copy);
  });
});

describe("over random clusters", () => {
  const octet = fc.integer({ min: 2, max: 250 });
  const place = fc.record({ node: fc.integer({ min: 0, max: 2 }), octet });
  const topology = fc.record({
    client: place,
    server: place,
    attachment: fc.constantFrom("bridge" as const, "ptp" as const),
    from: fc.constantFrom("pod/default/curl", "node/worker-1", "node/worker-2", "client/internet"),
    to: fc.constantFrom("10.96.0.50:80", "node/worker-1:30080", "node/worker-3:30080", "lb/default/web:80"),
    randomFully: fc.boolean(),
    id: fc.nat(),
  });

  const clusterOf = (t: {
    client: { node: number; octet: number };
    server: { node: number; octet: number };
    attachment: "bridge" | "ptp";
    randomFully: boolean;
  }): TestCluster => {
    const nodes = TEST_NODES.map((n, i) => testNode(n.metadata.name, `192.168.56.${11 + i}`, `10.244.${i + 1}.0/24`));
    const serverIP = `10.244.${t.server.node + 1}.${t.server.octet}`;
    const clash = t.client.node === t.server.node && t.client.octet === t.server.octet;
    const clientIP = `10.244.${t.client.node + 1}.${clash ? 251 : t.client.octet}`;
    const text = RULES.replaceAll("10.244.2.3:", `${serverIP}:`);
    return base({
      nodes,
      network: { attachment: t.attachment },
      pods: [
        { ...WEB, node: `worker-${t.server.node + 1}`, ip: serverIP },
        { ...CURL, node: `worker-${t.client.node + 1}`, ip: clientIP },
      ],
      // What kube-proxy's KUBE-MARK-MASQ does for node ports, in one rule: mark what is addressed to the node itself.
      rules: saveRules(
        (t.randomFully ? text : text.replace(" --random-fully", ""))
          .replace(
            "-A SVC -m addrtype",
            "-A SVC -m addrtype --dst-type LOCAL -j MARK --set-xmark 0x4000/0x4000\n-A SVC -m addrtype",
          )
          .replace("-A POSTROUTING", "-A POSTROUTING -m mark --mark 0x4000/0x4000 -j MASQUERADE\n-A POSTROUTING"),
      ),
    });
  };

  it("an answer reaches the very socket that asked, from the address that it dialled", () => {
    fc.assert(
      fc.property(topology, (t) => {
        // No route leads from outside to a ClusterIP.
        fc.pre(!(t.from === "client/internet" && t.to.startsWith("10.96")));
        // A balancer answers pods and nodes past itself; that such walks fail is tested elsewhere.
        fc.pre(!(t.from !== "client/internet" && t.to.startsWith("lb/")));
        const walk = walkOf(clusterOf(t), t.from, t.to, { id: t.id });
        const asked = walk.hops[0]?.before;
        const answer = walk.reply.at(-1)?.before;
        expect(walk.outcome).toBe("delivered");
        expect(answer).toMatchObject({ src: asked?.dst, dst: asked?.src, sport: asked?.dport, dport: asked?.sport });
      }),
      { numRuns: 100 },
    );
  });

  it("the same question gets the same answer, to the last hop", () => {
    fc.assert(
      fc.property(topology, (t) => {
        const cluster = clusterOf(t);
        expect(go(cluster, t.from, t.to, { id: t.id })).toEqual(go(cluster, t.from, t.to, { id: t.id }));
      }),
      { numRuns: 30 },
    );
  });
});

describe("attachment ptp", () => {
  it("masquerades towards a local pod with the node's own address", () => {
    const walk = walkOf(base({ network: { attachment: "ptp" } }), "client/internet", "node/worker-2:30080");
    expect([walk.outcome, walk.sourceSeen]).toEqual(["delivered", "192.168.56.12"]);
  });
});

describe("IPv6", () => {
  it("walks like IPv4", () => {
    const nodes = [1, 2].map((i) => testNode(`worker-${i}`, `fd00:56::${10 + i}`, `fd00:244:${i}::/64`));
    const cluster = base({
      nodes,
      pods: [
        { ...WEB, ip: "fd00:244:2::3" },
        { ...CURL, ip: "fd00:244:1::9" },
      ],
      rules: saveRules(""),
    });
    const walk = walkOf(cluster, "pod/default/curl", "[fd00:244:2::3]:8080");
    expect([walk.outcome, walk.sourceSeen, walk.hops.at(-1)?.after.ttl]).toEqual(["delivered", "fd00:244:1::9", 62]);
  });
});
