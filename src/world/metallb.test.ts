import { describe, expect, it } from "vitest";
import { sha256Hex } from "../base/hash.ts";
import { SECOND } from "../base/time.ts";
import { type ObjectKey, objectKey } from "../model/meta/types.ts";
import type { Service } from "../model/service/types.ts";
import type { Walk } from "../model/trace/types.ts";
import type { World } from "./types.ts";
import { createWorld } from "./world.ts";

const POOL = `
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: lan, namespace: metallb-system}
spec: {addresses: [192.168.56.240-192.168.56.250]}
`;
const L2 = `---
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata: {name: lan, namespace: metallb-system}
`;
const BGP = `---
apiVersion: metallb.io/v1beta2
kind: BGPPeer
metadata: {name: router, namespace: metallb-system}
spec: {myASN: 64500, peerASN: 64501, peerAddress: 192.168.56.1}
---
apiVersion: metallb.io/v1beta1
kind: BGPAdvertisement
metadata: {name: all, namespace: metallb-system}
`;
const FAR_POOL = POOL.replace("192.168.56.240-192.168.56.250", "198.18.7.0/24");

const app = (nodes: readonly string[], spec = ""): string =>
  nodes
    .map(
      (node, i) => `---
apiVersion: v1
kind: Pod
metadata: {name: web-${i + 1}, labels: {app: web}}
spec: {nodeName: ${node}, containers: [{name: web, image: nginx, ports: [{containerPort: 8080}]}]}
`,
    )
    .join("") +
  `---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]${spec}}
---
apiVersion: kubehop.dev/v1alpha1
kind: Client
metadata: {name: internet}
spec: {ip: 198.51.100.24}
---
apiVersion: kubehop.dev/v1alpha1
kind: Client
metadata: {name: desk}
spec: {ip: 192.168.56.77}
`;

const ALL = ["worker-1", "worker-2", "worker-3"];
const LOCAL = ", externalTrafficPolicy: Local";
const WEB = objectKey("Service", "default", "web");

function world(...texts: readonly string[]): World {
  const made = createWorld({ seed: 1 });
  expect(made.dispatch({ type: "text", text: texts.join("") }).refusal).toBeNull();
  expect(made.report.diagnostics.filter((d) => d.severity === "error")).toEqual([]);
  return made;
}

const addressOf = (on: World): string => on.objects.get<Service>(WEB)?.status.loadBalancer.ingress?.[0]?.ip ?? "none";

function walks(on: World, from: string, to = "lb/default/web:80"): readonly Walk[] {
  const explored = on.explore({ from, to, protocol: "tcp" });
  if (!("walks" in explored)) throw new Error(explored.message);
  return explored.walks;
}

/** The node that a walk from outside enters by. */
const entryOf = (walk: Walk): string => walk.hops.find((h) => h.place.startsWith("node/"))?.place.slice(5) ?? "none";
const entries = (on: World, from: string): readonly string[] => [...new Set(walks(on, from).map(entryOf))].toSorted();

/** The order in which layer 2 speakers take over an address. */
const order = (nodes: readonly string[], ip: string): readonly string[] =>
  nodes.toSorted((a, b) => (sha256Hex(`${a}#${ip}`) < sha256Hex(`${b}#${ip}`) ? -1 : 1));

describe("MetalLB in layer 2 mode", () => {
  it("has one node answer ARP for the address, the first by sha256 of node#ip, for clients near and far", () => {
    const on = world(POOL, L2, app(ALL));
    const [first = ""] = order(ALL, "192.168.56.240");
    expect(addressOf(on)).toBe("192.168.56.240");
    for (const from of ["client/internet", "client/desk"]) {
      const all = walks(on, from);
      expect(entries(on, from)).toEqual([first]);
      // kube-proxy balances behind it, over all pods.
      expect(all.map((w) => [w.outcome, w.probability])).toEqual(ALL.map(() => ["delivered", 1 / 3]));
      expect(all[0]?.hops.map((h) => h.note).join(" ")).toContain(
        `for ${first}, which answers ARP for 192.168.56.240 (MetalLB's speaker).`,
      );
      expect(all.flatMap((w) => w.hops).some((h) => h.place.startsWith("lb/"))).toBe(false);
    }
  });

  it("announces by policy Local only from a node with an endpoint, whose pods alone are reached, by the client's own address", () => {
    const on = world(POOL, L2, app(["worker-2", "worker-3"], LOCAL));
    const [first = "", second = ""] = order(["worker-2", "worker-3"], "192.168.56.240");
    expect(entries(on, "client/internet")).toEqual([first]);
    expect(walks(on, "client/internet").map((w) => [w.outcome, w.probability, w.sourceSeen])).toEqual([
      ["delivered", 1, "198.51.100.24"],
    ]);
    const pod = on.objects.podsOnNode(first).find((p) => p.metadata.labels?.["app"] === "web");
    on.dispatch({ type: "delete", key: objectKey("Pod", "default", pod?.metadata.name ?? ""), force: true });
    expect(entries(on, "client/internet")).toEqual([second]);
  });

  it.each([
    ["no endpoint that can serve", [POOL, L2, app([])]],
    ["no L2Advertisement", [POOL, app(ALL)]],
    ["an L2Advertisement of another pool", [POOL, `${L2}spec: {ipAddressPools: [other]}\n`, app(ALL)]],
  ])("announces nothing with %s: the address is assigned, and nobody answers for it", (_why, texts) => {
    const on = world(...texts);
    expect(addressOf(on)).toBe("192.168.56.240");
    const [walk] = walks(on, "client/internet");
    expect([walk?.outcome, walk?.hops.at(-1)?.place]).toEqual(["unreachable", "router/underlay"]);
    expect(walk?.hops.map((h) => h.note).join(" ")).toContain(
      "Nobody answers the router on the link for 192.168.56.240",
    );
  });

  it("fails over seconds after the node's death, and back when it runs again; the journal says so", () => {
    const on = world(POOL, L2, app(ALL));
    const [first = "", second = ""] = order(ALL, "192.168.56.240");
    on.dispatch({ type: "pace", pace: "run" });
    on.dispatch({ type: "fault", fault: "node", node: first, on: false });
    on.dispatch({ type: "run", micros: 3 * SECOND });
    expect(walks(on, "client/internet").every((w) => w.outcome !== "delivered")).toBe(true);
    on.dispatch({ type: "run", micros: 5 * SECOND });
    expect(entries(on, "client/internet")).toEqual([second]);
    expect(on.frame(true).journal.map((j) => j.title)).toContain(
      `default/web: announcing from node "${second}" with protocol "layer2"`,
    );
    on.dispatch({ type: "fault", fault: "node", node: first, on: true });
    on.dispatch({ type: "run", micros: 120 * SECOND });
    expect(entries(on, "client/internet")).toEqual([first]);
  });

  it("in ipvs mode without strictARP every node answers; with it, the speaker's alone", () => {
    const mode = (strict: boolean): string => `---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: ipvs
ipvs: {strictARP: ${strict}}
`;
    const clients = Array.from(
      { length: 12 },
      (_, i) => `---
apiVersion: kubehop.dev/v1alpha1
kind: Client
metadata: {name: desk-${i}}
spec: {ip: 192.168.56.${100 + i}}
`,
    ).join("");
    const heard = (strict: boolean): readonly string[] => {
      const on = world(POOL, L2, app(ALL), clients, mode(strict));
      return [...new Set(Array.from({ length: 12 }, (_, i) => entries(on, `client/desk-${i}`)).flat())].toSorted();
    };
    expect(heard(true)).toEqual(order(ALL, "192.168.56.240").slice(0, 1));
    expect(heard(false)).toEqual(["control-plane", ...ALL]);
  });

  it("captures the address on every node: a pod that calls it never leaves its node for it", () => {
    const on = world(POOL, L2, app(["worker-2"]));
    const [walk] = walks(on, "node/worker-1");
    expect(walk?.hops.map((h) => h.place)).not.toContain("router/underlay");
    expect(walk?.outcome).toBe("delivered");
  });
});

describe("MetalLB in BGP mode", () => {
  it("makes every node a next hop of the router, in equal shares by flow", () => {
    const on = world(FAR_POOL, BGP, app(["worker-1"]));
    expect(addressOf(on)).toBe("198.18.7.0");
    const shares: Record<string, number> = {};
    for (const walk of walks(on, "client/internet")) {
      expect(walk.outcome).toBe("delivered");
      shares[entryOf(walk)] = (shares[entryOf(walk)] ?? 0) + walk.probability;
    }
    expect(shares).toEqual({ "worker-1": 1 / 3, "worker-2": 1 / 3, "worker-3": 1 / 3 });
  });

  it("withdraws by policy Local where no endpoint is, and everywhere when there is none at all", () => {
    const on = world(FAR_POOL, BGP, app(["worker-1", "worker-3"], LOCAL));
    expect(entries(on, "client/internet")).toEqual(["worker-1", "worker-3"]);
    expect(walks(on, "client/internet").every((w) => w.outcome === "delivered")).toBe(true);
    for (const name of ["web-1", "web-2"])
      on.dispatch({ type: "delete", key: objectKey("Pod", "default", name), force: true });
    expect(walks(on, "client/internet").map((w) => [w.outcome, w.hops.at(-1)?.place])).toEqual([
      ["timeout", "router/underlay"],
    ]);
  });

  it("leaves a dead node's share to time out until the router's hold time of 90 s is over", () => {
    const on = world(FAR_POOL, BGP, app(["worker-1", "worker-2", "worker-3"], LOCAL));
    on.dispatch({ type: "pace", pace: "run" });
    on.dispatch({ type: "fault", fault: "node", node: "worker-2", on: false });
    const lost = (): number =>
      walks(on, "client/internet").reduce((sum, w) => sum + (w.outcome === "delivered" ? 0 : w.probability), 0);
    on.dispatch({ type: "run", micros: 30 * SECOND });
    expect(lost()).toBe(1 / 3);
    on.dispatch({ type: "run", micros: 70 * SECOND });
    expect(lost()).toBe(0);
    expect(entries(on, "client/internet")).toEqual(["worker-1", "worker-3"]);
  });
});

it("the Service's events, in order, as kubectl describe lists them", () => {
  const on = world(POOL, L2, app(ALL));
  const events = on.objects
    .list("Event")
    .filter((e) => (e as unknown as { involvedObject: { name: string } }).involvedObject.name === "web")
    .map((e) => {
      const { reason, message, source } = e as unknown as {
        reason: string;
        message: string;
        source: { component: string };
      };
      return `${source.component} ${reason} ${message}`;
    });
  const [first = ""] = order(ALL, "192.168.56.240");
  expect(events).toEqual([
    'metallb-controller IPAllocated Assigned IP ["192.168.56.240"]',
    `metallb-speaker nodeAssigned announcing from node "${first}" with protocol "layer2"`,
  ]);
  expect(on.objects.get<Service>(WEB as ObjectKey)?.metadata.annotations?.["metallb.io/ip-allocated-from-pool"]).toBe(
    "lan",
  );
});
