import { describe, expect, it } from "vitest";
import { SECOND } from "../base/time.ts";
import { objectKey } from "../model/meta/types.ts";
import type { Connection } from "../model/trace/connection.ts";
import type { LoadReport } from "../model/trace/load.ts";
import type { Walk } from "../model/trace/types.ts";
import type { Command } from "../wire/protocol.ts";
import type { World } from "./types.ts";
import { createWorld } from "./world.ts";

const server = (name: string, node: string, protocol: "TCP" | "UDP" = "TCP"): string => `apiVersion: v1
kind: Pod
metadata: {name: ${name}, labels: {app: web}}
spec:
  nodeName: ${node}
  terminationGracePeriodSeconds: 2
  containers: [{name: server, image: registry.example/server, ports: [{containerPort: 8080, protocol: ${protocol}}]}]
`;

const service = (protocol: "TCP" | "UDP" = "TCP"): string => `apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080, protocol: ${protocol}}]}
`;

const CLIENT = `apiVersion: v1
kind: Pod
metadata: {name: curl}
spec: {nodeName: worker-1, containers: [{name: c, image: curlimages/curl, command: [sleep, infinity]}]}
`;

const text = (...documents: readonly string[]): string => documents.join("---\n");
const WEB = text(service(), server("a", "worker-2"), server("b", "worker-3"), CLIENT);

function world(of: string, seed = 1): World {
  const made = createWorld({ seed });
  give(made, { type: "text", text: of });
  return made;
}

function give(on: World, command: Command): Walk | null {
  const { refusal, walk } = on.dispatch(command);
  if (refusal !== null) throw new Error(refusal.message);
  return walk;
}

const last = (on: World): Connection => on.connections().at(-1) as Connection;
const request = { from: "pod/default/curl", to: "service/default/web:80", protocol: "tcp" } as const;
const connect = (on: World): Walk => give(on, { type: "connect", request }) as Walk;
const again = (on: World): Walk => give(on, { type: "exchange", connection: last(on).id }) as Walk;
const states = (on: World, host: `node/${string}`): readonly string[] =>
  on.conntrack(host).map(({ state, unreplied }) => `${state}${unreplied === true ? " [UNREPLIED]" : ""}`);
const nats = (walk: Walk): number => [...walk.hops, ...walk.reply].filter((h) => h.stage.startsWith("hook:nat")).length;
/** The other pod of {@link WEB}. */
const other = (pod: string | null | undefined): string => (pod === "default/a" ? "b" : "a");
const remove = (pod: string, force = false): Command => ({
  type: "delete",
  key: objectKey("Pod", "default", pod.slice(pod.indexOf("/") + 1)),
  force,
});

describe("a connection that stays open", () => {
  it("kernel-facts, hook order: replies and later packets of a connection skip the nat chains", () => {
    const on = world(WEB);
    const opened = connect(on);
    expect([opened.phase, opened.connection, opened.outcome]).toEqual(["open", 1, "delivered"]);
    expect(nats(opened)).toBeGreaterThan(0);
    const data = again(on);
    expect([data.phase, data.outcome, data.backend]).toEqual(["data", "delivered", opened.backend]);
    expect(nats(data)).toBe(0);
    expect(data.symptom).toBe(`* Connection #0 to host ${data.hops[0]?.before.dst} left intact`);
  });

  it("trap 26, per-request balancing: all requests of a connection go to one pod", () => {
    const on = world(WEB);
    const { backend } = connect(on);
    for (let i = 0; i < 8; i++) expect(again(on).backend).toEqual(backend);
    expect(last(on).exchanges).toBe(8);
  });

  it("kernel-facts, conntrack: the DNAT node holds VIP and pod, the server's node a plain entry", () => {
    const on = world(WEB);
    const { backend } = connect(on);
    const far = `node/${backend?.pod === "default/a" ? "worker-2" : "worker-3"}` as const;
    const [near] = on.conntrack("node/worker-1");
    const [plain] = on.conntrack(far);
    expect(near).toMatchObject({ state: "ESTABLISHED", dnat: true, reply: { src: backend?.ip, sport: 8080 } });
    expect(plain).toMatchObject({ state: "ESTABLISHED", dnat: false, original: { dst: backend?.ip } });
    expect(near?.expiresAt).toBe(86_400 * SECOND + (near?.createdAt ?? 0));
  });

  it("closes in good order: TIME_WAIT on every node of the way", () => {
    const on = world(WEB);
    connect(on);
    const closed = give(on, { type: "close", connection: 1, how: "fin" });
    expect([closed?.phase, closed?.outcome, last(on).state]).toEqual(["close", "delivered", "TIME-WAIT"]);
    expect(states(on, "node/worker-1")).toEqual(["TIME_WAIT"]);
    expect(on.dispatch({ type: "exchange", connection: 1 }).refusal?.message).toContain("Connection 1 is closed");
  });

  it("closes at once by RST: CLOSE for ten seconds", () => {
    const on = world(WEB);
    connect(on);
    give(on, { type: "close", connection: 1, how: "rst" });
    expect(states(on, "node/worker-1")).toEqual(["CLOSE"]);
    give(on, { type: "run", micros: 10 * SECOND });
    expect(states(on, "node/worker-1")).toEqual([]);
  });
});

describe("kernel-facts: established TCP, endpoint removed from the rules", () => {
  it("goes on, even with no endpoint left (trap 40)", () => {
    const on = world(WEB);
    const { backend } = connect(on);
    // The labels go, the pods stay.
    give(on, { type: "text", text: WEB.replaceAll("labels: {app: web}", "labels: {app: none}") });
    expect(give(on, { type: "send", request })?.outcome).toBe("refused");
    expect(again(on)).toMatchObject({ outcome: "delivered", backend });
  });

  it("trap 18: an unready pod keeps its open connections", () => {
    const probed = WEB.replaceAll("ports: [{c", "readinessProbe: {httpGet: {path: /, port: 8080}}, ports: [{c");
    const on = world(probed);
    const pod = connect(on).backend?.pod ?? "";
    give(on, { type: "fault", fault: "unready", pod: objectKey("Pod", "default", pod.slice(8)), on: true });
    for (let i = 0; i < 4; i++) expect(give(on, { type: "send", request })?.backend?.pod).toBe(`default/${other(pod)}`);
    expect(again(on)).toMatchObject({ outcome: "delivered", backend: { pod } });
  });

  it("outlives the Service itself", () => {
    const on = world(WEB);
    connect(on);
    give(on, { type: "delete", key: objectKey("Service", "default", "web"), force: false });
    expect(again(on).outcome).toBe("delivered");
  });
});

describe("kernel-facts: entry deleted in mid-stream, the next packet meets nat again", () => {
  const outcomes = (seeds: number): readonly string[] =>
    Array.from({ length: seeds }, (_, seed) => {
      const on = world(WEB, seed + 1);
      const first = connect(on).backend?.pod;
      give(on, { type: "flush-conntrack", node: "worker-1", filter: { protocol: "tcp", dport: 80 } });
      const data = again(on);
      expect(nats(data)).toBeGreaterThan(0);
      const kept = data.hops.some((hop) => hop.place === `pod/${first ?? ""}`);
      expect(data.outcome).toBe(kept ? "delivered" : "reset");
      return data.outcome;
    });

  it("several endpoints: luck", () => {
    expect(new Set(outcomes(12))).toEqual(new Set(["delivered", "reset"]));
  });

  it("none: ECONNREFUSED", () => {
    const on = world(WEB);
    connect(on);
    give(on, { type: "text", text: WEB.replaceAll("labels: {app: web}", "labels: {app: none}") });
    give(on, { type: "flush-conntrack", node: "worker-1", filter: {} });
    const data = again(on);
    expect([data.outcome, data.symptom]).toEqual(["refused", "curl: (56) Recv failure: Connection refused"]);
    expect(data.summary).toContain("which does not end an open connection: it sends again");
  });
});

describe("the end of the server", () => {
  it("a process that ends closes its connections: the client reads it, and what it still sends is reset", () => {
    const on = world(WEB);
    const pod = connect(on).backend?.pod ?? "";
    give(on, { type: "kill", pod: objectKey("Pod", "default", pod.slice(8)) });
    expect(last(on)).toMatchObject({ state: "CLOSE-WAIT", server: { state: "gone" } });
    expect(states(on, "node/worker-1")).toEqual(["CLOSE_WAIT"]);
    expect(again(on)).toMatchObject({ outcome: "reset", symptom: "curl: (56) Recv failure: Connection reset by peer" });
  });

  it("a deleted pod's last word is a FIN; what comes after its network is gone is not answered", () => {
    const on = world(WEB);
    const pod = connect(on).backend?.pod ?? "";
    give(on, remove(pod));
    expect(last(on).state).toBe("CLOSE-WAIT");
    const data = again(on);
    expect(data.outcome).toBe("unreachable");
    expect(last(on).stuckSince).not.toBeNull();
  });

  it("kernel-facts: pod gone without FIN, established connections hang, until retransmissions end after 924 s", () => {
    const on = world(WEB);
    const pod = connect(on).backend?.pod ?? "";
    give(on, { type: "pace", pace: "run" });
    const node = pod === "default/a" ? "worker-2" : "worker-3";
    give(on, { type: "fault", fault: "node", node, on: false });
    const data = again(on);
    expect(data.outcome).not.toBe("delivered");
    expect(last(on).state).toBe("ESTAB");
    give(on, { type: "run", micros: 923 * SECOND });
    expect(on.dispatch({ type: "exchange", connection: 1 }).refusal).toBeNull();
    give(on, { type: "run", micros: 2 * SECOND });
    expect(on.dispatch({ type: "exchange", connection: 1 }).refusal?.message).toContain("given up after 924");
  });

  it("a new pod with the old one's address knows no such connection: RST", () => {
    const of = text(service(), server("a", "worker-2").replace("spec:", "status: {podIP: 10.244.2.9}\nspec:"), CLIENT);
    const on = world(of);
    expect(connect(on).backend?.ip).toBe("10.244.2.9");
    give(on, { type: "fault", fault: "node", node: "worker-2", on: false });
    give(on, remove("default/a", true));
    give(on, { type: "fault", fault: "node", node: "worker-2", on: true });
    give(on, { type: "run", micros: SECOND });
    give(on, { type: "text", text: `${of}---\n${CLIENT.replace("name: curl", "name: curl2")}` });
    expect(on.objects.get(objectKey("Pod", "default", "a"))).toMatchObject({ status: { podIP: "10.244.2.9" } });
    const data = again(on);
    expect([data.outcome, data.hops.at(-1)?.place]).toEqual(["reset", "pod/default/a"]);
  });

  it("a process that hangs: its kernel acknowledges, and nobody answers", () => {
    const on = world(WEB);
    const pod = connect(on).backend?.pod ?? "";
    give(on, { type: "fault", fault: "hang", pod: objectKey("Pod", "default", pod.slice(8)), on: true });
    expect(again(on).outcome).toBe("timeout");
    expect(last(on).stuckSince).toBeNull();
    give(on, { type: "close", connection: 1, how: "fin" });
    expect([last(on).state, last(on).server?.state]).toEqual(["FIN-WAIT-2", "CLOSE-WAIT"]);
    expect(states(on, "node/worker-1")).toEqual(["CLOSE_WAIT"]);
  });
});

describe("session affinity: sticks per client and node (trap 39)", () => {
  const sticky = WEB.replace("spec: {selector", "spec: {sessionAffinity: ClientIP, selector").replace(
    "ports: [{port: 80",
    "sessionAffinityConfig: {clientIP: {timeoutSeconds: 100}}, ports: [{port: 80",
  );
  const PROXY = (mode: string): string => `apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: ${mode}
`;
  const ways = (on: World): readonly (string | null | undefined)[] => {
    const explored = on.explore(request);
    return "walks" in explored ? explored.walks.map(({ backend }) => backend?.pod) : [explored.message];
  };

  it.each(["iptables", "nftables"])("%s: each new connection refreshes the time, and it ends", (mode) => {
    const on = world(text(PROXY(mode), sticky));
    expect(ways(on)).toHaveLength(2);
    const pod = give(on, { type: "send", request })?.backend?.pod;
    give(on, { type: "run", micros: 90 * SECOND });
    expect(give(on, { type: "send", request })?.backend?.pod).toBe(pod);
    give(on, { type: "run", micros: 90 * SECOND });
    expect(ways(on)).toEqual([pod]);
    give(on, { type: "run", micros: 20 * SECOND });
    expect(ways(on)).toHaveLength(2);
  });

  it.each(["iptables", "nftables"])("%s: removing the endpoint loses its list", (mode) => {
    const of = text(PROXY(mode), sticky);
    const on = world(of);
    const pod = give(on, { type: "send", request })?.backend?.pod ?? "";
    const name = pod.slice("default/".length);
    const without = of.replace(`{name: ${name}, labels: {app: web}}`, `{name: ${name}, labels: {app: none}}`);
    give(on, { type: "text", text: without });
    expect(ways(on)).toEqual([`default/${other(pod)}`]);
    give(on, { type: "run", micros: SECOND });
    give(on, { type: "text", text: of });
    expect(ways(on)).toHaveLength(2);
  });
});

describe("in the other modes", () => {
  const mode = (name: string): string => `apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: ${name}
`;

  it("ipvs: a destination without weight goes on with what it has (datapath §5)", () => {
    const on = world(text(mode("ipvs"), WEB));
    const { backend } = connect(on);
    give(on, { type: "text", text: text(mode("ipvs"), WEB.replaceAll("labels: {app: web}", "labels: {app: none}")) });
    expect(again(on)).toMatchObject({ outcome: "delivered", backend });
  });

  it("ipvs: entry deleted in mid-stream, nobody schedules what is no SYN: the node itself answers with an RST", () => {
    const on = world(text(mode("ipvs"), WEB));
    connect(on);
    give(on, { type: "flush-conntrack", node: "worker-1", filter: {} });
    const data = again(on);
    expect([data.outcome, data.hops.at(-1)?.place]).toEqual(["reset", "node/worker-1"]);
  });

  it("userspace: requests go on over kube-proxy's second connection, and end with it", () => {
    const on = world(text(mode("userspace"), WEB));
    const { backend, children } = connect(on);
    expect(children).toHaveLength(1);
    const data = again(on);
    expect(data).toMatchObject({ outcome: "delivered", backend });
    expect(data.children.map(({ role, hops }) => [role, hops[0]?.place])).toEqual([["relay", "node/worker-1"]]);
    give(on, { type: "kill", pod: objectKey("Pod", "default", (backend?.pod ?? "").slice(8)) });
    expect(again(on).outcome).toBe("reset");
  });

  it("nftables: later packets meet no nat chain either", () => {
    const on = world(text(mode("nftables"), WEB));
    const { backend } = connect(on);
    expect(again(on)).toMatchObject({ outcome: "delivered", backend });
    expect(nats(again(on))).toBe(0);
  });
});

describe("UDP, the same source port", () => {
  const datagram = { ...request, protocol: "udp" } as const;
  const DNS = text(service("UDP"), server("a", "worker-2", "UDP"), server("b", "worker-3", "UDP"), CLIENT);
  const udp = (on: World): readonly string[] =>
    on
      .conntrack("node/worker-1")
      .flatMap(({ original, reply, state }) =>
        original.protocol === "udp" && original.sport === last(on).ends.sport ? [`${reply.src} ${state}`] : [],
      );
  const open = (on: World): Walk => give(on, { type: "connect", request: datagram }) as Walk;

  it("stays with its pod: one entry, replied for 30 s, assured for 120 s after two seconds", () => {
    const on = world(DNS);
    const { backend } = open(on);
    expect(udp(on)).toEqual([`${backend?.ip} REPLIED`]);
    give(on, { type: "run", micros: 3 * SECOND });
    expect(again(on).backend).toEqual(backend);
    expect(udp(on)).toEqual([`${backend?.ip} ASSURED`]);
    give(on, { type: "run", micros: 119 * SECOND });
    expect(again(on).backend).toEqual(backend);
    give(on, { type: "run", micros: 120 * SECOND });
    expect(udp(on)).toEqual([]);
  });

  it("kube-proxy deletes its entry when the pod goes and another serves: the next datagram reaches that", () => {
    const on = world(DNS);
    const pod = open(on).backend?.pod ?? "";
    give(on, remove(pod));
    expect(udp(on)).toEqual([]);
    expect(on.logOf("kube-proxy/worker-1").at(-1)?.title).toMatch(/^rules written.*; 1 stale UDP flow entry deleted$/);
    expect(again(on)).toMatchObject({ outcome: "delivered", backend: { pod: `default/${other(pod)}` } });
  });

  it("not when no endpoint is left: it goes on to the old pod, whether that answers or not; conntrack -D mends it", () => {
    const on = world(DNS);
    const { backend } = open(on);
    give(on, { type: "text", text: DNS.replaceAll("labels: {app: web}", "labels: {app: none}") });
    expect(again(on)).toMatchObject({ outcome: "delivered", backend });
    give(on, { type: "flush-conntrack", node: "worker-1", filter: { protocol: "udp" } });
    expect(again(on).outcome).toBe("refused");
  });

  it("not by a kube-proxy that is stopped: a black hole until somebody deletes the entry", () => {
    const on = world(DNS);
    const pod = open(on).backend?.pod ?? "";
    give(on, { type: "fault", fault: "kube-proxy", node: "worker-1", on: false });
    give(on, remove(pod));
    expect(again(on).outcome).not.toBe("delivered");
    give(on, { type: "fault", fault: "kube-proxy", node: "worker-1", on: true });
    expect(again(on)).toMatchObject({ outcome: "delivered", backend: { pod: `default/${other(pod)}` } });
  });

  it("sent before any rule exists: an UNREPLIED entry that leads nowhere, until endpoints change", () => {
    const on = world(DNS);
    give(on, { type: "fault", fault: "kube-proxy", node: "worker-1", on: false });
    give(on, { type: "text", text: DNS.replace("name: web", "name: late") });
    const early = { ...datagram, to: "service/default/late:80" };
    const lost = give(on, { type: "connect", request: early });
    expect([lost?.outcome, udp(on)[0]?.split(" ")[1]]).toEqual(["timeout", "UNREPLIED"]);
    give(on, { type: "fault", fault: "kube-proxy", node: "worker-1", on: true });
    expect(udp(on)).toEqual([]);
    expect(again(on).outcome).toBe("delivered");
  });
});

describe("a load", () => {
  const load = (on: World, more: Partial<Extract<Command, { type: "load" }>> = {}): LoadReport => {
    give(on, {
      type: "load",
      from: ["pod/default/curl"],
      to: "service/default/web:80",
      protocol: "tcp",
      rate: 100,
      duration: 2 * SECOND,
      keepAlive: false,
      clients: 1,
      ...more,
    });
    return on.loadReport(null) as LoadReport;
  };

  it("takes its time and ends by itself where commands come to rest", () => {
    const on = world(WEB);
    const before = on.now;
    const report = load(on);
    expect([report.done, report.sent, report.outcomes, report.connections]).toEqual([
      true,
      200,
      { delivered: 200 },
      200,
    ]);
    expect(on.now - before).toBe(1_990_000);
    expect(report.backends.reduce((sum, { count }) => sum + count, 0)).toBe(200);
    expect(report.buckets.map(({ sent }) => sent)).toEqual(Array.from({ length: 20 }, () => 10));
  });

  it("goes on while time runs, and seeking back and forth changes nothing", () => {
    const on = world(WEB);
    give(on, { type: "pace", pace: "run" });
    expect(load(on).sent).toBe(1);
    give(on, { type: "run", micros: SECOND });
    expect(on.loadReport(1)?.sent).toBe(101);
    give(on, { type: "run", micros: 2 * SECOND });
    const end = on.loadReport(1);
    expect(end?.done).toBe(true);
    on.seek(on.now - 2 * SECOND - 500_000);
    expect(on.loadReport(1)?.sent).toBeLessThan(101);
    on.seek(Number.MAX_SAFE_INTEGER);
    expect(on.loadReport(1)).toEqual(end);
  });

  it("with keep-alive asks one pod per client, and opens anew what breaks", () => {
    const on = world(WEB);
    const report = load(on, { keepAlive: true, clients: 4 });
    expect([report.connections, on.connections().length]).toEqual([4, 4]);
    expect(report.backends.every(({ count }) => count % 50 === 0)).toBe(true);
    expect(report.outcomes).toEqual({ delivered: 200 });
  });

  it("says why requests are lost, with the first walk of each reason", () => {
    const on = world(WEB.replaceAll("labels: {app: web}", "labels: {app: none}"));
    const report = load(on, { rate: 10 });
    expect(report.outcomes).toEqual({ refused: 20 });
    expect(report.reasons).toHaveLength(1);
    expect(report.reasons[0]).toMatchObject({ outcome: "refused", place: "node/worker-1", count: 20 });
    expect(report.losses).toHaveLength(1);
    expect(report.losses[0]?.hops.length).toBeGreaterThan(3);
    expect(report.losses[0]?.summary).toBe(report.reasons[0]?.text);
  });
});

describe("kernel-facts, spread: trap 25, not round robin but equal chances for each connection", () => {
  const three = text(service(), server("a", "worker-1"), server("b", "worker-2"), server("c", "worker-3"));
  /** KUBEHOP_CONNECTIONS=10000 for as many as `npm run bench` sends. */
  const each = Number(process.env["KUBEHOP_CONNECTIONS"] ?? 600);

  it(
    "many connections through three endpoints: chi² within the 99.9 % bound, seeds 1 to 5",
    { timeout: 300_000 },
    () => {
      const rates = [1, 2, 3, 4, 5].map((seed) => {
        const on = world(three, seed);
        const to = "service/default/web:80";
        const duration = each * 1_000;
        const load = {
          from: ["node/worker-1"],
          to,
          protocol: "tcp",
          rate: 1_000,
          duration,
          keepAlive: false,
          clients: 1,
        };
        give(on, { type: "load", ...load } as Command);
        const { backends, sent } = on.loadReport(null) as LoadReport;
        expect([sent, backends.length]).toEqual([each, 3]);
        const isInTurn = backends.every(({ count }) => Math.abs(count - each / 3) < 1);
        return { isInTurn, chi: backends.reduce((sum, { count }) => sum + (count - each / 3) ** 2 / (each / 3), 0) };
      });
      for (const { chi } of rates) expect(chi).toBeLessThan(13.816);
      expect(rates.some(({ isInTurn }) => !isInTurn)).toBe(true);
    },
  );

  it("exactly a third each where all ways are followed", () => {
    const explored = world(three).explore({ from: "node/worker-1", to: "service/default/web:80", protocol: "tcp" });
    if (!("walks" in explored)) throw new Error(explored.message);
    expect(explored.walks.map(({ probability }) => probability)).toEqual([1 / 3, 1 / 3, 1 / 3]);
    expect(new Set(explored.walks.map(({ backend }) => backend?.pod)).size).toBe(3);
  });
});
