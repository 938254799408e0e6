import { describe, expect, it } from "vitest";
import { type Micros, SECOND } from "../base/time.ts";
import { objectKey } from "../model/meta/types.ts";
import type { Node } from "../model/node/types.ts";
import type { Service } from "../model/service/types.ts";
import type { Walk } from "../model/trace/types.ts";
import type { World } from "./types.ts";
import { createWorld } from "./world.ts";

const web = (spec: string, lifecycle = "{}"): string => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx, ports: [{containerPort: 8080}], lifecycle: ${lifecycle}}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]${spec}}
`;
const LOCAL = ", externalTrafficPolicy: Local";
const cloud = (spec: string): string => `---
apiVersion: kubehop.dev/v1alpha1
kind: CloudProvider
metadata: {name: cloud}
spec: ${spec}
`;
const CURL = `---
apiVersion: v1
kind: Pod
metadata: {name: curl}
spec: {nodeName: worker-1, containers: [{name: curl, image: curlimages/curl}]}
`;

function world(...texts: readonly string[]): World {
  const made = createWorld({ seed: 1 });
  expect(made.dispatch({ type: "text", text: texts.join("") }).refusal).toBeNull();
  expect(made.report.diagnostics.filter((d) => d.severity === "error")).toEqual([]);
  return made;
}

const run = (on: World, seconds: number): void => void on.dispatch({ type: "run", micros: seconds * SECOND });
const stored = (on: World): Service | undefined => on.objects.get<Service>(objectKey("Service", "default", "web"));

function walks(on: World, from = "client/internet", to = "lb/default/web:80"): readonly Walk[] {
  const explored = on.explore({ from, to, protocol: "tcp" });
  if (!("walks" in explored)) throw new Error(explored.message);
  return explored.walks;
}

const lostShare = (on: World): number =>
  walks(on).reduce((sum, walk) => sum + (walk.outcome === "delivered" ? 0 : walk.probability), 0);
const places = (walk: Walk | undefined): readonly string[] => [...new Set(walk?.hops.map((h) => h.place))];
const entry = (walk: Walk): string | undefined => walk.hops.find((h) => h.place.startsWith("node/"))?.place;

/** `kubectl drain worker-2`: no new pods, and those that are there leave. Time runs from now on. `before` comes right before it. */
function drain(on: World, before: () => void = () => undefined): Micros {
  on.dispatch({ type: "pace", pace: "run" });
  run(on, 10);
  before();
  const start = on.now;
  const node = on.objects.get<Node>(objectKey("Node", undefined, "worker-2"));
  if (node === undefined) throw new Error("no worker-2");
  const cordoned = { ...node, spec: { ...node.spec, unschedulable: true } };
  on.dispatch({ type: "write", title: "cordon", writes: [{ verb: "update", object: cordoned }] });
  const pods = on.objects.podsOnNode("worker-2").filter((p) => p.metadata.labels?.["app"] === "web");
  expect(pods.length).toBe(1);
  for (const { metadata } of pods)
    on.dispatch({ type: "delete", key: objectKey("Pod", "default", metadata.name), force: false });
  return start;
}

/** When the journal first has such a line after `start`. */
function momentOf(on: World, start: Micros, line: RegExp): Micros {
  const found = on.frame(true).journal.find((j) => j.at >= start && line.test(j.title));
  if (found === undefined) throw new Error(`no ${String(line)} in the journal`);
  return found.at;
}

describe("a node that is drained under load behind a cloud's balancer", () => {
  it("policy Local: what is lost falls between the pod's end and the health check's verdict, and nowhere else", () => {
    const on = world(web(LOCAL));
    const start = drain(on, () => {
      const { refusal } = on.dispatch({
        type: "load",
        from: ["client/internet"],
        to: "lb/default/web:80",
        protocol: "tcp",
        rate: 20,
        duration: 45 * SECOND,
        keepAlive: false,
        clients: 1,
      });
      expect(refusal).toBeNull();
    });
    run(on, 45);
    const report = on.loadReport(null);
    if (report === null) throw new Error("no load");
    const gone = momentOf(on, start, /^Removed pod web-/);
    // The journal says why it ends.
    const noticed = momentOf(
      on,
      start,
      /^load balancer of default\/web: worker-2 is unhealthy, it failed 3 health checks in a row on :\d+$/,
    );
    expect([(noticed - start) / SECOND > 16, (noticed - start) / SECOND < 26]).toEqual([true, true]);
    expect([report.done, report.sent]).toEqual([true, 900]);
    // Every loss is worker-2's, from the pod's end to the verdict. First its rules still lead to the pod, then they drop.
    expect(report.reasons.map(({ place, firstAt, lastAt }) => [place, firstAt >= gone, lastAt <= noticed])).toEqual(
      report.reasons.map(() => ["node/worker-2", true, true]),
    );
    const dropped = report.reasons.find(({ outcome }) => outcome === "timeout");
    expect(dropped?.text).toContain("The policy is Local and worker-2 has no endpoint of default/web");
    const losing = (at: Micros): boolean => at + report.bucket > gone && at <= noticed;
    const share = (inside: boolean): number => {
      const buckets = report.buckets.filter(({ at }) => losing(at) === inside);
      const [sent, delivered] = [buckets.reduce((n, b) => n + b.sent, 0), buckets.reduce((n, b) => n + b.delivered, 0)];
      return 1 - delivered / sent;
    };
    expect(share(false)).toBe(0);
    expect(share(true)).toBeGreaterThan(0.25);
    expect(share(true)).toBeLessThan(0.42);
    expect(report.losses.map(entry)).toEqual(report.losses.map(() => "node/worker-2"));
  });

  it("policy Local, and pods whose preStop hook outlasts the health checks: nothing is lost", () => {
    const on = world(web(LOCAL, "{preStop: {sleep: {seconds: 28}}}"));
    const start = drain(on);
    for (let i = 0; i < 80; i++) {
      run(on, 0.5);
      expect([i, lostShare(on)]).toEqual([i, 0]);
    }
    // kube-proxy says 503 as soon as no endpoint is ready, and sends to the terminating one meanwhile.
    const noticed = momentOf(on, start, /worker-2 is unhealthy/);
    expect(noticed).toBeLessThan(momentOf(on, start, /^Removed pod web-/));
  });

  it("policy Cluster: lost is the old pod's share until kube-proxies have heard of its end; the balancer has no part in it", () => {
    const on = world(web(""));
    const start = drain(on);
    const shares: [Micros, number][] = [];
    for (let i = 0; i < 40; i++) {
      on.dispatch({ type: "run", micros: SECOND / 10 });
      shares.push([on.now, lostShare(on)]);
    }
    const gone = momentOf(on, start, /^Removed pod web-/);
    // The first sync after its end; before it they had written rules when its deletion began, and rested a second.
    const synced = Math.max(
      ...["worker-1", "worker-2", "worker-3"].map((node) => {
        const entries = on.frame(true).journal.filter((j) => j.node === node && j.title.startsWith("rules written"));
        return entries.find((j) => j.at >= gone)?.at ?? Infinity;
      }),
    );
    expect((synced - start) / SECOND).toBeLessThan(1.1);
    const old = shares.filter(([at]) => at < synced);
    expect(old.length).toBeGreaterThan(5);
    expect(old.filter(([, share]) => Math.abs(share - 1 / 3) > 1e-9)).toEqual([]);
    expect(shares.filter(([at, share]) => at >= synced && share > 0)).toEqual([]);
    run(on, 60);
    expect(on.frame(true).journal.some((j) => /unhealthy/.test(j.title))).toBe(false);
  });
});

describe("a Node that is deleted", () => {
  it("stays a target until the service controller has told the cloud, and not longer", () => {
    const on = world(web(""));
    on.dispatch({ type: "pace", pace: "run" });
    run(on, 10);
    on.dispatch({ type: "delete", key: objectKey("Node", undefined, "worker-2"), force: false });
    run(on, 1.5);
    const lost = walks(on).filter((w) => w.outcome !== "delivered");
    expect(lost.reduce((sum, w) => sum + w.probability, 0)).toBeCloseTo(1 / 3, 9);
    expect(lost[0]?.hops.map((h) => h.note).join(" ")).toContain("for 192.168.56.12");
    run(on, 1);
    const told = on.objects.list("Event").map((e) => (e as unknown as { message: string }).message);
    expect(told).toContain("Updated load balancer with new hosts");
    expect(new Set(walks(on).map(entry))).toEqual(new Set(["node/worker-1", "node/worker-3"]));
  });
});

describe("a cloud whose status is a DNS name", () => {
  const NAMED = cloud("{status: hostname}");

  it("tells a name and no address; outside the balancer is reached by its address all the same", () => {
    const on = world(web(""), NAMED);
    const ingress = stored(on)?.status.loadBalancer.ingress;
    expect(ingress).toEqual([
      { hostname: expect.stringMatching(/^a[0-9a-f]{31}-[0-9a-f]{16}\.elb\.us-east-1\.amazonaws\.com$/) as string },
    ]);
    const all = walks(on);
    expect(all.every((w) => w.outcome === "delivered")).toBe(true);
    expect(places(all[0]).slice(0, 3)).toEqual(["client/internet", "router/underlay", "lb/203.0.113.10"]);
  });

  it("has the name in the DNS outside, whoever asks for it", () => {
    const on = world(web(""), CURL, NAMED);
    const name = stored(on)?.status.loadBalancer.ingress?.[0]?.hostname ?? "";
    for (const from of ["client/internet", "pod/default/curl"]) {
      const all = walks(on, from, `http://${name}/`);
      expect([from, all.every((w) => places(w).includes("lb/203.0.113.10"))]).toEqual([from, true]);
      expect(all.some((w) => w.outcome === "delivered")).toBe(true);
    }
  });

  it("trap 36: no node answers for the balancer then, nor with ipMode Proxy; with VIP a pod's packet never leaves its node for it", () => {
    const visits = (text: string): boolean => {
      const on = world(web(""), CURL, text);
      return walks(on, "pod/default/curl").every((w) => places(w).some((place) => place.startsWith("lb/")));
    };
    expect([NAMED, cloud("{ipMode: Proxy}"), cloud("{}")].map(visits)).toEqual([true, true, false]);
  });

  it("a balancer that keeps the header before nodes that do not answer for its address: the packet goes round and is lost, on few ways", () => {
    const all = walks(world(web(""), cloud("{loadBalancer: vip, ipMode: Proxy}")));
    expect(all.length).toBeLessThan(30);
    expect(all.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 9);
    expect(new Set(all.map(({ outcome }) => outcome))).toEqual(new Set(["timeout"]));
    const rounds = all.map(({ hops }) => hops.filter(({ stage }) => stage === "lb").map(({ note }) => note));
    expect(Math.min(...rounds.map((notes) => notes.length))).toBe(2);
    const longest = rounds.find((notes) => notes.length > 3) ?? [];
    expect(longest[1]).toMatch(/it has come back from a node that has no rules for 203\.0\.113\.10\.$/);
    expect(longest[3]).toMatch(/goes round so often that one way stands for all of them\.$/);
  });

  it("a pod that is a client through the balancer: answers from its own node go astray unless the balancer takes the source", () => {
    const shares = (spec: string): Record<string, string[]> => {
      const seen: Record<string, string[]> = {};
      for (const walk of walks(world(web(""), CURL, cloud(spec)), "pod/default/curl")) {
        const place = walk.hops
          .slice(walk.hops.findIndex((h) => h.stage === "lb"))
          .find((h) => h.place.startsWith("node/"));
        (seen[place?.place ?? "none"] ??= []).push(walk.outcome);
      }
      return Object.fromEntries(Object.entries(seen).map(([node, all]) => [node, [...new Set(all)]]));
    };
    const delivered = ["delivered"];
    expect(shares("{status: hostname, source: snat}")).toEqual({
      "node/worker-1": delivered,
      "node/worker-2": delivered,
      "node/worker-3": delivered,
    });
    const kept = shares("{status: hostname}");
    expect([kept["node/worker-2"], kept["node/worker-3"]]).toEqual([delivered, delivered]);
    expect(kept["node/worker-1"]).toEqual(["timeout"]);
  });

  it("gives each Service an address of its own", () => {
    const two = web("").slice(web("").indexOf("---")).replace("name: web", "name: two");
    const on = world(web(""), two, NAMED);
    const first = (name: string): string | undefined =>
      walks(on, "client/internet", `lb/default/${name}:80`)[0]?.hops.find((h) => h.place.startsWith("lb/"))?.place;
    expect(new Set([first("two"), first("web")])).toEqual(new Set(["lb/203.0.113.10", "lb/203.0.113.11"]));
  });
});

describe("a cloud whose targets are pods", () => {
  const PODS = cloud("{loadBalancer: pod, healthCheck: {intervalSeconds: 10, healthyThreshold: 2}}");

  it("rewrites the destination to a ready pod's own address: no node port, no rule of kube-proxy, the client's address is seen", () => {
    const on = world(web(", allocateLoadBalancerNodePorts: false"), PODS);
    expect(stored(on)?.spec.ports?.[0]?.nodePort).toBeUndefined();
    const all = walks(on);
    expect(all.map((w) => [w.outcome, w.probability, w.sourceSeen])).toEqual(
      [1, 2, 3].map(() => ["delivered", 1 / 3, "198.51.100.24"]),
    );
    for (const walk of all) {
      expect(places(walk)).toHaveLength(5);
      expect(walk.hops.filter((h) => h.verdict === "dnat").map((h) => h.place)).toEqual(["lb/203.0.113.10"]);
      // The reply goes back through the balancer, whose flow it is.
      expect(walk.reply.map((h) => h.place)).toContain("lb/203.0.113.10");
    }
    expect(all[0]?.hops.find((h) => h.stage === "lb")?.note).toMatch(
      /picks pod default\/web-\S+, one of 3 healthy targets, and rewrites the destination to 10\.244\.\d\.\d+:8080; the client's address is kept/,
    );
  });

  it("from its own address with source snat", () => {
    const on = world(web(""), cloud("{loadBalancer: pod, source: snat}"));
    expect(new Set(walks(on).map((w) => w.sourceSeen))).toEqual(new Set(["203.0.113.10"]));
  });

  it("registers a pod some time after it is ready, and takes it out some time after its end", () => {
    const on = world(web(""), PODS);
    on.dispatch({ type: "pace", pace: "run" });
    run(on, 1);
    const [old] = on.objects.podsOnNode("worker-2").filter((p) => p.metadata.labels?.["app"] === "web");
    const start = on.now;
    on.dispatch({ type: "delete", key: objectKey("Pod", "default", old?.metadata.name ?? ""), force: false });
    run(on, 1);
    expect(lostShare(on)).toBeCloseTo(1 / 3, 9);
    run(on, 1.5);
    expect([walks(on).length, lostShare(on)]).toEqual([2, 0]);
    run(on, 30);
    expect(walks(on).length).toBe(3);
    const said = on
      .frame(true)
      .journal.filter((j) => j.at >= start && j.detail === "load-balancer")
      .map((j) => j.title);
    expect(said).toEqual([
      expect.stringMatching(
        /^load balancer of default\/web: registered 10\.244\.\d\.\d+ \(default\/web-\S+\), deregistered 10\.244\.2\.\d+ \(default\/web-\S+\)$/,
      ),
      expect.stringMatching(
        /^load balancer of default\/web: 10\.244\.\d\.\d+ is healthy, it passed 2 health checks in a row$/,
      ),
    ]);
  });
});

it("trap 44: without any provider EXTERNAL-IP stays pending, without finalizer and events, and ClusterIP and node port work", () => {
  const on = world(web(""), CURL, cloud("{loadBalancer: none}"));
  const service = stored(on);
  expect([service?.status.loadBalancer, service?.metadata.finalizers]).toEqual([{}, undefined]);
  const about = on.objects
    .list("Event")
    .filter((e) => (e as unknown as { involvedObject: { kind: string } }).involvedObject.kind === "Service");
  expect(about).toEqual([]);
  const port = service?.spec.ports?.[0]?.nodePort ?? 0;
  expect(walks(on, "pod/default/curl", "service/default/web:80").every((w) => w.outcome === "delivered")).toBe(true);
  expect(walks(on, "client/internet", `node/worker-3:${port}`).every((w) => w.outcome === "delivered")).toBe(true);
});

it("externalIPs: whoever routes the address to a node reaches the Service; nobody assigns or announces it", () => {
  const lab = (via: string): string => `---
apiVersion: kubehop.dev/v1alpha1
kind: Lab
metadata: {name: lab}
spec: {network: {routerRoutes: ${via}}}
`;
  const text = web(", externalIPs: [203.0.113.77]").replace("type: LoadBalancer", "type: ClusterIP");
  const routed = world(text, lab("[{to: 203.0.113.77/32, via: [worker-3]}]"));
  const all = walks(routed, "client/internet", "203.0.113.77:80");
  expect(all.map((w) => [w.outcome, entry(w)])).toEqual(all.map(() => ["delivered", "node/worker-3"]));
  const [stray] = walks(world(text), "client/internet", "203.0.113.77:80");
  expect([stray?.outcome, stray?.hops.at(-1)?.place]).toEqual(["timeout", "router/underlay"]);
});
