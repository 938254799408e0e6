import { describe, expect, it } from "vitest";
import type { ProxyMode } from "../model/config/types.ts";
import type { Exploration, Protocol, Walk } from "../model/trace/types.ts";
import { createWorld } from "./world.ts";
import type { World } from "./types.ts";

/** web has an endpoint on each node, near only one on worker-1 and policy Local, empty none. */
const SCENARIO = `
apiVersion: v1
kind: Pod
metadata: {name: client}
spec: {nodeName: worker-1, containers: [{name: c, image: busybox}]}
---
${["worker-1", "worker-2", "worker-3"]
  .map(
    (node) => `apiVersion: v1
kind: Pod
metadata: {name: web-${node}, labels: {app: web${node === "worker-1" ? ", near: 'yes'" : ""}}}
spec: {nodeName: ${node}, containers: [{name: web, image: nginx, ports: [{containerPort: 8080}]}]}
---
`,
  )
  .join("")}apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, clusterIP: 10.96.0.50, selector: {app: web}, ports: [{port: 80, targetPort: 8080, nodePort: 30080}]}
---
apiVersion: v1
kind: Service
metadata: {name: near}
spec:
  type: NodePort
  clusterIP: 10.96.0.51
  externalTrafficPolicy: Local
  selector: {near: "yes"}
  ports: [{port: 80, targetPort: 8080, nodePort: 30081}]
---
apiVersion: v1
kind: Service
metadata: {name: sticky}
spec: {clusterIP: 10.96.0.53, selector: {app: web}, sessionAffinity: ClientIP, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: empty}
spec: {clusterIP: 10.96.0.52, selector: {app: none}, ports: [{port: 80}]}
`;

function worldIn(mode: ProxyMode): World {
  const world = createWorld({ seed: 1 });
  expect(world.dispatch({ type: "mode", mode }).refusal).toBeNull();
  expect(world.dispatch({ type: "text", text: SCENARIO }).refusal).toBeNull();
  return world;
}

const WORLDS = { iptables: worldIn("iptables"), nftables: worldIn("nftables"), userspace: worldIn("userspace") };

function explored(world: World, from: string, to: string, protocol: Protocol): Exploration {
  const result = world.explore({ from, to, protocol });
  if (!("walks" in result)) throw new Error(result.message);
  return result;
}

const CLIENT = "pod/default/client";
const OUTSIDE = "client/internet";

/** How the walks end, each with its weight: what a mode does to a request. */
function ends(mode: keyof typeof WORLDS, from: string, to: string, protocol: Protocol = "tcp"): readonly string[] {
  return explored(WORLDS[mode], from, to, protocol)
    .walks.map(
      (w) => `${Math.round(w.probability * 1000)} ${w.outcome} ${w.backend?.pod ?? "-"} ${w.sourceSeen ?? "-"}`,
    )
    .toSorted();
}

describe("requests that end alike in iptables and nftables mode", () => {
  it.each<[string, string, string]>([
    ["pod to cluster IP", CLIENT, "10.96.0.50:80"],
    ["node to cluster IP", "node/worker-2", "10.96.0.50:80"],
    ["pod to itself", "pod/default/web-worker-1", "10.96.0.51:80"],
    ["outside to node port", OUTSIDE, "node/worker-2:30080"],
    ["pod to node port", CLIENT, "node/worker-1:30080"],
    ["node to its own node port", "node/worker-1", "192.168.56.11:30080"],
    ["outside to node port, policy Local, endpoint there", OUTSIDE, "node/worker-1:30081"],
    ["outside to node port, policy Local, none there", OUTSIDE, "node/worker-2:30081"],
    ["pod to node port, policy Local, none there", "pod/default/web-worker-2", "node/worker-2:30081"],
    ["no endpoints", CLIENT, "10.96.0.52:80"],
    ["no endpoints, from a node", "node/worker-1", "10.96.0.52:80"],
    ["a port that no Service has", OUTSIDE, "node/worker-1:30999"],
  ])("%s", (_row, from, to) => {
    expect(ends("nftables", from, to)).toEqual(ends("iptables", from, to));
  });

  it("splits a cluster IP in exact thirds and keeps the source of pods", () => {
    expect(ends("nftables", CLIENT, "10.96.0.50:80")).toEqual([
      expect.stringMatching(/^333 delivered default\/web-worker-1 10\.244\.1\.\d+$/),
      expect.stringMatching(/^333 delivered default\/web-worker-2 10\.244\.1\.\d+$/),
      expect.stringMatching(/^333 delivered default\/web-worker-3 10\.244\.1\.\d+$/),
    ]);
    const weights = explored(WORLDS.nftables, CLIENT, "10.96.0.50:80", "tcp").walks.map((w) => w.probability);
    expect(weights).toEqual([1 / 3, 1 / 3, 1 / 3]);
  });
});

describe("requests that end differently", () => {
  /** Sources: the nftables proxier's cluster-ips-check, and its node ports on the primary address only. */
  it.each<[string, string, string, Protocol, string, string]>([
    ["wrong port of a cluster IP", CLIENT, "10.96.0.50:81", "tcp", "timeout", "refused"],
    ["wrong protocol of a cluster IP", CLIENT, "10.96.0.50:80", "udp", "timeout", "refused"],
    ["wrong port, from a node", "node/worker-1", "10.96.0.50:81", "tcp", "timeout", "refused"],
    ["ping of a cluster IP", CLIENT, "10.96.0.50:0", "icmp", "timeout", "refused"],
    ["node port on localhost", "node/worker-1", "127.0.0.1:30080", "tcp", "delivered", "refused"],
    ["node port on the bridge's address", CLIENT, "10.244.1.1:30080", "tcp", "delivered", "refused"],
  ])("%s", (_row, from, to, protocol, iptables, nftables) => {
    const outcomes = (mode: "iptables" | "nftables"): readonly string[] => [
      ...new Set(explored(WORLDS[mode], from, to, protocol).walks.map((w) => w.outcome)),
    ];
    expect([outcomes("iptables"), outcomes("nftables")]).toEqual([[iptables], [nftables]]);
  });

  it("stops an unallocated cluster IP on the node, where iptables mode lets it out to the router", () => {
    const last = (mode: "iptables" | "nftables"): Walk["hops"][number] | undefined =>
      explored(WORLDS[mode], CLIENT, "10.96.77.7:80", "tcp").walks[0]?.hops.at(-1);
    expect(last("iptables")?.place).toBe("router/underlay");
    const drop = last("nftables");
    expect(drop).toMatchObject({ place: "node/worker-1", verdict: "drop" });
    expect(drop?.rule?.text).toBe('ip daddr 10.96.0.0/12 drop comment "Drop traffic to unallocated ClusterIPs"');
  });

  it("says what ping says", () => {
    const [walk] = explored(WORLDS.nftables, CLIENT, "10.96.0.50:0", "icmp").walks;
    expect(walk?.symptom).toContain("Destination Port Unreachable");
  });
});

describe("requests in userspace mode", () => {
  /** Weight, outcome, backend and source seen of each walk in iptables mode and in userspace mode; `*` for a pod's own address. */
  const ALL = (source: string): readonly string[] =>
    [1, 2, 3].map((n) => `333 delivered default/web-worker-${n} ${source}`);
  const fromNode = (n: number): readonly string[] =>
    [1, 2, 3].map((at) => `333 delivered default/web-worker-${at} ${at === n ? `10.244.${n}.1` : `192.168.56.1${n}`}`);
  const NEAR = (source: string): readonly string[] => [`1000 delivered default/web-worker-1 ${source}`];
  const REFUSED = ["1000 refused - -"];
  const TIMEOUT = ["1000 timeout - -"];
  const RESET = ["1000 reset - -"];
  /**
   * Sources, all of 1.25: pkg/proxy/userspace/proxysocket.go (two connections, so that servers see an address of the node;
   * an accepted connection is closed when no endpoint can be had), proxier.go (rules match address, protocol and port, so that
   * anything else passes by as in iptables mode; DNAT to the node's address in OUTPUT, localhost included; nothing there reads
   * externalTrafficPolicy, and endpoints come from Endpoints, whichever node they are on).
   */
  it.each<[string, string, string, Protocol, readonly string[], readonly string[]]>([
    ["pod to cluster IP: source is the node's", CLIENT, "10.96.0.50:80", "tcp", ALL("*"), fromNode(1)],
    ["node to cluster IP", "node/worker-2", "10.96.0.50:80", "tcp", fromNode(2), fromNode(2)],
    ["pod to itself", "pod/default/web-worker-1", "10.96.0.51:80", "tcp", NEAR("10.244.1.1"), NEAR("10.244.1.1")],
    ["wrong port of a cluster IP", CLIENT, "10.96.0.50:81", "tcp", TIMEOUT, TIMEOUT],
    ["wrong protocol of a cluster IP", CLIENT, "10.96.0.50:80", "udp", TIMEOUT, TIMEOUT],
    ["ping of a cluster IP", CLIENT, "10.96.0.50:0", "icmp", TIMEOUT, TIMEOUT],
    ["outside to node port", OUTSIDE, "node/worker-2:30080", "tcp", fromNode(2), fromNode(2)],
    ["node port on localhost", "node/worker-1", "127.0.0.1:30080", "tcp", fromNode(1), fromNode(1)],
    ["node port on the bridge's address", CLIENT, "10.244.1.1:30080", "tcp", fromNode(1), fromNode(1)],
    ["policy Local, endpoint there", OUTSIDE, "node/worker-1:30081", "tcp", NEAR("198.51.100.24"), NEAR("10.244.1.1")],
    ["policy Local, none there", OUTSIDE, "node/worker-2:30081", "tcp", TIMEOUT, NEAR("192.168.56.12")],
    ["no endpoints", CLIENT, "10.96.0.52:80", "tcp", REFUSED, RESET],
    ["no endpoints, from a node", "node/worker-1", "10.96.0.52:80", "tcp", REFUSED, RESET],
    ["a port that no Service has", OUTSIDE, "node/worker-1:30999", "tcp", REFUSED, REFUSED],
  ])("%s", (_row, from, to, protocol, iptables, userspace) => {
    const pods = (lines: readonly string[]): readonly string[] =>
      lines.map((line) => line.replace(/10\.244\.\d+\.(?!1$)\d+$/, "*"));
    expect([pods(ends("iptables", from, to, protocol)), pods(ends("userspace", from, to, protocol))]).toEqual([
      iptables,
      userspace,
    ]);
  });

  it("goes from endpoint to endpoint in turn, and to nobody once kube-proxy is stopped", () => {
    const world = worldIn("userspace");
    const request = { from: CLIENT, to: "10.96.0.50:80", protocol: "tcp" } as const;
    const next = (): Walk | null => world.dispatch({ type: "send", request }).walk;
    const backends = Array.from({ length: 6 }, () => next()?.backend?.pod);
    expect(new Set(backends.slice(0, 3)).size).toBe(3);
    expect(backends.slice(3)).toEqual(backends.slice(0, 3));
    world.dispatch({ type: "fault", fault: "kube-proxy", node: "worker-1", on: false });
    const stopped = next();
    expect(stopped?.outcome).toBe("refused");
    expect(stopped?.hops.at(-1)?.note).toContain("Nothing on worker-1 listens");
    const rules = world.rulesText("worker-1");
    expect("text" in rules && rules.text).toContain("-A KUBE-PORTALS-CONTAINER -d 10.96.0.50/32");
  });

  it("remembers neither turns nor clients across a restart of kube-proxy", () => {
    const world = worldIn("userspace");
    const request = { from: CLIENT, to: "10.96.0.53:80", protocol: "tcp" } as const;
    const next = (): string | null | undefined => world.dispatch({ type: "send", request }).walk?.backend?.pod;
    const restart = (): void => {
      world.dispatch({ type: "fault", fault: "kube-proxy", node: "worker-1", on: false });
      world.dispatch({ type: "fault", fault: "kube-proxy", node: "worker-1", on: true });
    };
    const turns = (): number => explored(world, CLIENT, "10.96.0.53:80", "tcp").walks.length;
    expect(next()).toBe(next());
    expect(turns()).toBe(1);
    restart();
    expect(turns()).toBe(3);
    next();
    expect(turns()).toBe(1);
    world.dispatch({ type: "mode", mode: "iptables" });
    world.dispatch({ type: "mode", mode: "userspace" });
    expect(turns()).toBe(3);
  });

  it("is in a point of time like everything else: going back takes turns back", () => {
    const world = worldIn("userspace");
    const request = { from: CLIENT, to: "10.96.0.50:80", protocol: "tcp" } as const;
    const before = world.now;
    world.dispatch({ type: "run", micros: 1_000_000 });
    const first = world.dispatch({ type: "send", request }).walk?.backend?.pod;
    world.seek(before);
    expect(world.probe(request)).toMatchObject({ backend: { pod: first } });
  });
});

describe("a walk in nftables mode", () => {
  it("names the rule, the endpoint's reason and what was looked at", () => {
    const [walk] = explored(WORLDS.nftables, CLIENT, "10.96.0.50:80", "tcp").walks;
    const dnat = walk?.hops.find((hop) => hop.verdict === "dnat");
    expect(dnat?.rule?.chain).toMatch(/^service-[A-Z2-7]{8}-default\/web\/tcp\/$/);
    expect(dnat?.rule?.text).toMatch(
      /^meta l4proto tcp dnat ip to numgen random mod 3 map \{ 0 : 10\.244\.1\.\d+ \. 8080, /,
    );
    expect(dnat?.draw).toBe("0 of 0–2");
    expect(dnat?.rule?.origin).toMatchObject({ object: "Service/default/web", path: "spec.ports[0].targetPort" });
    expect(dnat?.rule?.origin?.because?.map((link) => link.object)).toContain("Pod/default/web-worker-1");
    expect(dnat?.steps.map((step) => [step.rule.chain.split("-")[0], step.matched, step.depth])).toEqual([
      ["nat", true, 0],
      ["services", false, 1],
      ["services", true, 1],
      ["service", true, 2],
    ]);
    expect(dnat?.considered).toBe(4);
    expect(dnat?.steps[2]?.rule.origin).toMatchObject({ object: "Service/default/web", path: "spec.clusterIP" });
  });

  it("rejects with the Service's own reason", () => {
    const [walk] = explored(WORLDS.nftables, CLIENT, "10.96.0.52:80", "tcp").walks;
    const hop = walk?.hops.find((h) => h.verdict === "reject");
    expect(hop?.rule).toMatchObject({
      chain: "reject-chain",
      origin: { object: "Service/default/empty", path: "spec.selector" },
    });
  });

  it("sends a sticky client where it went before", () => {
    const world = worldIn("nftables");
    const request = { from: CLIENT, to: "10.96.0.53:80", protocol: "tcp" } as const;
    const first = world.dispatch({ type: "send", request }).walk;
    expect(first?.outcome).toBe("delivered");
    const pods = Array.from({ length: 4 }, () => world.dispatch({ type: "send", request }).walk?.backend?.pod);
    expect(new Set([...pods, first?.backend?.pod]).size).toBe(1);
    expect(explored(world, CLIENT, "10.96.0.53:80", "tcp").walks).toHaveLength(1);
    // Others still have the choice.
    expect(explored(world, "pod/default/web-worker-2", "10.96.0.53:80", "tcp").walks).toHaveLength(3);
  });

  it("lists tables as nft does, and back to iptables-save on a switch back", () => {
    const world = worldIn("nftables");
    const text = (): string => {
      const result = world.rulesText("worker-1");
      return "text" in result ? result.text : "";
    };
    expect(text()).toMatch(/^table ip kube-proxy \{\n\tcomment "rules for kube-proxy"\n\tset affinity-/);
    const rows = world.ruleRows({ node: "worker-1", table: "nat", search: "default/web", offset: 0, limit: 50 });
    expect(rows.rows.map((row) => row.chain)).toContain("@service-ips");
    expect(rows.rows.every((row) => row.table === "nat")).toBe(true);
    world.dispatch({ type: "mode", mode: "iptables" });
    expect(text()).toMatch(/^\*filter\n/);
    expect(text()).not.toContain("nft");
  });
});
