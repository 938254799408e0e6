import { describe, expect, it } from "vitest";
import { seededChooser } from "../base/draw.ts";
import { MILLISECOND, SECOND } from "../base/time.ts";
import { EMPTY_HOST } from "../kernel/conntrack.ts";
import { iptablesRules } from "../kernel/iptables/evaluate.ts";
import { parseSave } from "../kernel/iptables/parse.ts";
import type { ProxySocket } from "../kernel/proxy-socket.ts";
import { objectKey } from "../model/meta/types.ts";
import type { Protocol, Walk } from "../model/trace/types.ts";
import { explore } from "./explore.ts";
import { send } from "./send.ts";
import { type TestCluster, testView } from "./testing.ts";
import { EMPTY_NETWORK, type NetworkState } from "./types.ts";

/** What userspace mode writes for a Service web with node port 30080 and the proxy port 40001 (UDP: 53 on 40002). */
const RULES = `
*nat
:KUBE-PORTALS-CONTAINER - [0:0]
:KUBE-PORTALS-HOST - [0:0]
:KUBE-NODEPORT-CONTAINER - [0:0]
:KUBE-NODEPORT-HOST - [0:0]
-A PREROUTING -j KUBE-PORTALS-CONTAINER
-A PREROUTING -m addrtype --dst-type LOCAL -j KUBE-NODEPORT-CONTAINER
-A OUTPUT -j KUBE-PORTALS-HOST
-A OUTPUT -m addrtype --dst-type LOCAL -j KUBE-NODEPORT-HOST
-A KUBE-PORTALS-CONTAINER -d 10.96.0.50/32 -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 40001
-A KUBE-PORTALS-CONTAINER -d 10.96.0.50/32 -p udp -m udp --dport 53 -j REDIRECT --to-ports 40002
-A KUBE-PORTALS-HOST -d 10.96.0.50/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination HOST:40001
-A KUBE-NODEPORT-CONTAINER -p tcp -m tcp --dport 30080 -j REDIRECT --to-ports 40001
-A KUBE-NODEPORT-HOST -p tcp -m tcp --dport 30080 -j DNAT --to-destination HOST:40001
COMMIT
`;

const CLIENT = "pod/default/client";
const CLUSTER_IP = "10.96.0.50:80";

interface Options extends TestCluster {
  /** Addresses of the endpoints. */
  readonly endpoints?: readonly string[];
  readonly affinitySeconds?: number;
}

function cluster({ endpoints = ["10.244.1.5", "10.244.2.5"], affinitySeconds, ...more }: Options = {}) {
  const socket = (protocol: "tcp" | "udp", port: number, target: number): ProxySocket => ({
    use: "serve",
    name: protocol === "tcp" ? "default/web" : "default/web:dns",
    service: objectKey("Service", "default", "web"),
    protocol,
    ip: "0.0.0.0",
    port,
    endpoints: endpoints.map((ip) => ({ key: `${ip}:${target}`, ip, port: target })),
    affinitySeconds: affinitySeconds ?? null,
  });
  const sockets = [socket("tcp", 40_001, 8080), socket("udp", 40_002, 53)];
  return testView({
    pods: [
      { name: "client", node: "worker-1", ip: "10.244.1.9", listen: "1/tcp" },
      { name: "other", node: "worker-1", ip: "10.244.1.8", listen: "1/tcp" },
      { name: "web-1", node: "worker-1", ip: "10.244.1.5", listen: "8080/tcp,53/udp" },
      { name: "web-2", node: "worker-2", ip: "10.244.2.5", listen: "8080/tcp,53/udp" },
      { name: "web-3", node: "worker-3", ip: "10.244.3.5", listen: "8080/tcp,53/udp" },
    ],
    rules: (node) => ({
      ...iptablesRules(parseSave(RULES.replaceAll("HOST", `192.168.56.1${node.slice(-1)}`)).ruleset),
      sockets,
    }),
    ...more,
  });
}

/** Sends one request after the other, each from the state that the one before left. */
function sends(
  view: ReturnType<typeof testView>,
  count: number,
  { from = CLIENT, to = CLUSTER_IP, protocol = "tcp" as Protocol, state = EMPTY_NETWORK, every = SECOND } = {},
): { readonly walks: readonly Walk[]; readonly state: NetworkState } {
  const walks: Walk[] = [];
  let network = state;
  for (let i = 0; i < count; i++) {
    const sent = send(
      { ...view, now: view.now + i * every },
      network,
      { from, to, protocol },
      { id: i + 1, chooser: seededChooser(1) },
    );
    if (!sent.ok) throw new Error(sent.error.message);
    walks.push(sent.value.walk);
    network = sent.value.state;
  }
  return { walks, state: network };
}

const one = (view: ReturnType<typeof testView>, more: Parameters<typeof sends>[2] = {}): Walk => {
  const [walk] = sends(view, 1, more).walks;
  if (walk === undefined) throw new Error("nothing was sent");
  return walk;
};

describe("a connection through kube-proxy", () => {
  it("ends at kube-proxy, which sees the client, and goes on as a second one, whose source is the node", () => {
    const walk = one(cluster({ endpoints: ["10.244.2.5"] }));
    expect(walk).toMatchObject({
      outcome: "delivered",
      backend: { pod: "default/web-2", ip: "10.244.2.5", port: 8080 },
      sourceSeen: "192.168.56.11",
    });
    const [accepted, opened] = walk.hops.filter((hop) => hop.label === "kube-proxy");
    expect(accepted?.before).toMatchObject({ src: "10.244.1.9", dst: "10.244.1.1", dport: 40_001 });
    expect(accepted?.note).toContain("it sees the source 10.244.1.9:");
    expect(opened?.note).toContain("from 192.168.56.11 to 10.244.2.5:8080");
    const [child] = walk.children;
    expect(walk.children).toHaveLength(1);
    expect(child).toMatchObject({ outcome: "delivered", request: { from: "node/worker-1", to: "10.244.2.5:8080" } });
    expect(child?.hops.at(-1)?.place).toBe("pod/default/web-2");
    // The client sees only the address that it dialled.
    expect(walk.reply.at(-1)?.before).toMatchObject({ src: "10.96.0.50", sport: 80 });
    expect(walk.endedAt).toBeGreaterThan(child?.endedAt ?? Infinity);
  });

  it("is redirected to the address of the interface it came in by, and to the node's own when the node itself dials", () => {
    const view = cluster({ endpoints: ["10.244.2.5"] });
    const arrives = (from: string, to: string): string | undefined =>
      one(view, { from, to }).hops.find((hop) => hop.label === "kube-proxy")?.before.dst;
    expect(arrives(CLIENT, CLUSTER_IP)).toBe("10.244.1.1");
    expect(arrives("client/internet", "192.168.56.13:30080")).toBe("192.168.56.13");
    expect(arrives("node/worker-1", CLUSTER_IP)).toBe("192.168.56.11");
    expect(arrives("node/worker-1", "127.0.0.1:30080")).toBe("192.168.56.11");
  });

  it("leaves both connections in the node's conntrack", () => {
    const { state } = sends(cluster({ endpoints: ["10.244.2.5"] }), 1);
    const entries = state.hosts["node/worker-1"]?.conntrack ?? [];
    expect(entries.map((e) => [e.original.dst, e.reply.src, e.state])).toEqual([
      ["10.96.0.50", "10.244.1.1", "TIME_WAIT"],
      ["10.244.2.5", "10.244.2.5", "TIME_WAIT"],
    ]);
  });
});

describe("round robin", () => {
  const THREE = ["10.244.1.5", "10.244.2.5", "10.244.3.5"];
  const backends = (walks: readonly Walk[]): readonly (string | undefined)[] => walks.map((w) => w.backend?.ip);

  it("takes the endpoints in turn, across connections and clients", () => {
    const view = cluster({ endpoints: THREE });
    const first = sends(view, 3);
    expect(new Set(backends(first.walks)).size).toBe(3);
    const again = sends(view, 3, { from: "pod/default/other", state: first.state });
    expect(backends(again.walks)).toEqual(backends(first.walks));
  });

  it("has an order of its own on each node, and a new one when the endpoints change", () => {
    const orders = [1, 2, 3].map((n) =>
      backends(sends(cluster({ endpoints: THREE }), 3, { from: `node/worker-${n}` }).walks).join(),
    );
    expect(new Set(orders).size).toBeGreaterThan(1);
    const { state } = sends(cluster({ endpoints: THREE }), 2);
    const turn = (s: NetworkState): number | undefined => s.hosts["node/worker-1"]?.turns?.["default/web"]?.next;
    expect(turn(state)).toBe(2);
    expect(turn(sends(cluster({ endpoints: THREE.slice(1) }), 1, { state }).state)).toBe(1);
  });

  it("shows every endpoint with equal weight when explored", () => {
    const explored = explore(
      cluster({ endpoints: THREE }),
      EMPTY_NETWORK,
      { from: CLIENT, to: CLUSTER_IP, protocol: "tcp" },
      { id: 0, chooser: seededChooser(1) },
    );
    expect(explored.ok && explored.value.walks.map((w) => w.probability)).toEqual([1 / 3, 1 / 3, 1 / 3]);
    expect(explored.ok && new Set(backends(explored.value.walks)).size).toBe(3);
  });

  it("keeps a client with its endpoint until it has stayed away too long", () => {
    const view = cluster({ endpoints: THREE, affinitySeconds: 10 });
    const soon = sends(view, 5, { every: 9 * SECOND });
    expect(new Set(backends(soon.walks)).size).toBe(1);
    expect(backends(sends({ ...view, now: 46 * SECOND }, 1, soon).walks)[0]).not.toBe(soon.walks[0]?.backend?.ip);
    expect(new Set(backends(sends(view, 3, { every: 10 * SECOND }).walks)).size).toBe(3);
  });
});

describe("an endpoint that does not answer", () => {
  const durations = (walk: Walk): readonly number[] =>
    walk.children.map((c) => (c.endedAt - c.startedAt) / MILLISECOND);

  it("is passed over after 250 ms, and its client then belongs to the one that answered", () => {
    // 10.244.1.77 is nobody's: ARP gets no answer.
    const [dead, live] = ["10.244.1.77:8080", "10.244.2.5:8080"] as const;
    const turn = { order: [dead, live], next: 1, clients: { "10.244.1.9": { endpoint: dead, lastUsed: 0 } } };
    const state: NetworkState = { hosts: { "node/worker-1": { ...EMPTY_HOST, turns: { "default/web": turn } } } };
    const view = cluster({ endpoints: ["10.244.1.77", "10.244.2.5"], affinitySeconds: 60 });
    const [waited, again] = sends(view, 2, { state }).walks;
    expect(waited?.children.map((c) => c.outcome)).toEqual(["timeout", "delivered"]);
    expect(durations(waited as Walk)[0]).toBe(250);
    expect(waited?.children[0]?.symptom).toBe("Dial failed: dial tcp 10.244.1.77:8080: i/o timeout");
    expect(waited).toMatchObject({ outcome: "delivered", backend: { pod: "default/web-2" } });
    expect(again?.children).toHaveLength(1);
  });

  it("is dialled with more and more patience when there is no other, and then the accepted connection is reset", () => {
    const walk = one(cluster({ endpoints: ["10.244.1.77"] }));
    expect(durations(walk)).toEqual([250, 500, 1000, 2000]);
    expect(walk).toMatchObject({
      outcome: "reset",
      symptom: "curl: (56) Recv failure: Connection reset by peer",
      sourceSeen: null,
    });
    expect(walk.summary).toContain("gives up after 4 dials");
  });

  it("that refuses costs no time", () => {
    const walk = one(cluster({ endpoints: ["10.244.1.9"] }));
    expect(walk.children.map((c) => [c.outcome, c.symptom])).toEqual(
      Array.from({ length: 4 }, () => [
        "refused",
        "Dial failed: dial tcp 10.244.1.9:8080: connect: connection refused",
      ]),
    );
    expect(walk.outcome).toBe("reset");
    expect(walk.endedAt).toBeLessThan(50 * MILLISECOND);
  });

  it("but completes handshakes is not passed over: kube-proxy is connected, and the client waits", () => {
    const walk = one(
      cluster({
        endpoints: ["10.244.2.5", "10.244.1.5"],
        processes: () => "hangs",
      }),
    );
    expect(walk.children).toHaveLength(1);
    expect(walk.outcome).toBe("timeout");
    expect(walk.symptom).toContain("curl: (28) Operation timed out");
  });
});

describe("without endpoints", () => {
  it("the handshake succeeds and the connection is reset: conntrack has seen it stand", () => {
    const { walks, state } = sends(cluster({ endpoints: [] }), 1);
    expect(walks[0]).toMatchObject({ outcome: "reset", backend: null, children: [] });
    expect(walks[0]?.summary).toContain("finds no endpoint for default/web");
    expect(state.hosts["node/worker-1"]?.conntrack.map((e) => e.state)).toEqual(["CLOSE"]);
  });

  it("a datagram is dropped in silence", () => {
    expect(one(cluster({ endpoints: [] }), { to: "10.96.0.50:53", protocol: "udp" })).toMatchObject({
      outcome: "timeout",
      backend: null,
      sourceSeen: null,
    });
  });
});

describe("datagrams", () => {
  const DNS = { to: "10.96.0.50:53", protocol: "udp" as const };

  it("are sent on from the node, and the answer comes back from the address that was dialled", () => {
    const walk = one(cluster({ endpoints: ["10.244.2.5"] }), DNS);
    expect(walk).toMatchObject({
      outcome: "delivered",
      sourceSeen: "192.168.56.11",
      backend: { pod: "default/web-2" },
    });
    expect(walk.reply.at(-1)?.before).toMatchObject({ src: "10.96.0.50", sport: 53 });
  });

  it("are lost when the endpoint refuses them: nothing is retried", () => {
    const walk = one(cluster({ endpoints: ["10.244.1.9", "10.244.1.8"] }), DNS);
    expect(walk.outcome).toBe("timeout");
    expect(walk.children.map((c) => c.symptom)).toEqual([expect.stringContaining("read: connection refused")]);
  });
});

it("refuses when kube-proxy does not run: its rules lead to a closed port", () => {
  const walk = one(cluster({ proxySockets: () => [] }));
  expect(walk).toMatchObject({ outcome: "refused", children: [] });
  expect(walk.hops.at(-1)).toMatchObject({ place: "node/worker-1", verdict: "refuse" });
});

it("does not follow an endpoint that leads back to the proxy port for ever", () => {
  const walk = one(cluster({ endpoints: ["192.168.56.11"], rules: (node) => loop(node) }));
  expect(walk.outcome).toBe("reset");
  expect(walk.children).toHaveLength(1);
});

/** The endpoint is the node's own node port. */
function loop(node: string) {
  const rules = cluster({ endpoints: ["192.168.56.11"] }).rulesOf(node);
  const endpoint = { key: "192.168.56.11:30080", ip: "192.168.56.11", port: 30_080 };
  return { ...rules, sockets: (rules.sockets ?? []).map((s) => ({ ...s, endpoints: [endpoint] })) };
}
