/**
 * Every way in which the tutorials that this began from reach a Service, each in a whole cluster: who answers, whom the server takes for
 * its client, and which questions to the DNS it took.
 */
import { describe, expect, it } from "vitest";
import { SECOND } from "../base/time.ts";
import { objectKey } from "../model/meta/types.ts";
import type { Service } from "../model/service/types.ts";
import type { DnsResponse } from "../model/trace/message.ts";
import type { Walk } from "../model/trace/types.ts";
import type { World } from "./types.ts";
import { createWorld } from "./world.ts";

const pod = (namespace: string, name: string, at: string, port: number | null, labels = "", ns = ""): string => `
apiVersion: v1
kind: Pod
metadata: {name: ${name}, namespace: ${namespace}, labels: {${labels}}}
spec:
  nodeName: worker-${at.split(".")[2]}${ns}
  containers:
    - name: main
${port === null ? "      image: curlimages/curl\n      command: [sleep, infinity]" : `      image: traefik/whoami:v1.10\n      ports: [{containerPort: ${port}}]`}
status: {podIP: ${at}}
---`;

const service = (namespace: string, name: string, spec: string, annotations = ""): string => `
apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: ${namespace}, annotations: {${annotations}}}
spec: {${spec}}
---`;

const client = (name: string, spec: string): string => `
apiVersion: kubehop.dev/v1alpha1
kind: Client
metadata: {name: ${name}}
spec: {${spec}}
---`;

const PUBLISH = "external-dns.alpha.kubernetes.io/hostname";

/** Two pods of the shop on two nodes, the redis next to them, a ledger in a namespace of its own; worker-3 has nothing of the shop. */
const CLUSTER = [
  `
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Namespace
metadata: {name: ledger}
---`,
  pod("shop", "shell", "10.244.1.9", null),
  pod("shop", "front-1", "10.244.1.5", 5000, "app: front"),
  pod("shop", "front-2", "10.244.2.3", 5000, "app: front"),
  pod("shop", "redis", "10.244.2.6", 6379, "app: redis"),
  pod("ledger", "books", "10.244.3.4", 9376, "app: books"),
  service(
    "shop",
    "front",
    "type: NodePort, selector: {app: front}, ports: [{port: 80, targetPort: 5000, nodePort: 30050}]",
  ),
  service(
    "shop",
    "front-lb",
    "type: LoadBalancer, selector: {app: front}, ports: [{port: 80, targetPort: 5000}]",
    `${PUBLISH}: front.example.com`,
  ),
  service("shop", "front-pods", "clusterIP: None, selector: {app: front}, ports: [{port: 5000}]"),
  service("shop", "redis-primary", "selector: {app: redis}, ports: [{port: 6379}]"),
  service("ledger", "books", "selector: {app: books}, ports: [{port: 8080, targetPort: 9376}]"),
  client("internet", "ip: 198.51.100.24"),
].join("");

/** Servers outside, and the Services that lead to them. */
const OUTSIDE = [
  client("database", "ip: 198.51.100.50, names: [records.example.com], listen: 5432/TCP"),
  client("legacy", "ip: 198.51.100.60, listen: 9376/TCP"),
  service("shop", "records", "type: ExternalName, externalName: records.example.com"),
  service("shop", "legacy", "ports: [{port: 80, targetPort: 9376}]"),
  `
apiVersion: v1
kind: Endpoints
metadata: {name: legacy, namespace: shop}
subsets: [{addresses: [{ip: 198.51.100.60}], ports: [{port: 9376}]}]
---`,
].join("");

const SHELL = "pod/shop/shell";
const INTERNET = "client/internet";

function worldOf(...texts: readonly string[]): World {
  const world = createWorld({ seed: 1 });
  expect(world.dispatch({ type: "text", text: texts.join("") }).refusal).toBeNull();
  expect(world.report.diagnostics.filter((d) => d.severity === "error")).toEqual([]);
  return world;
}

function explore(world: World, from: string, to: string): readonly Walk[] {
  const explored = world.explore({ from, to, protocol: "tcp" });
  if (!("walks" in explored)) throw new Error(explored.message);
  return explored.walks;
}

function probe(world: World, from: string, to: string): Walk {
  const walk = world.probe({ from, to, protocol: "tcp" });
  if ("message" in walk) throw new Error(walk.message);
  return walk;
}

function send(world: World, from: string, to: string): Walk {
  const { walk, refusal } = world.dispatch({ type: "send", request: { from, to, protocol: "tcp" } });
  if (walk === null) throw new Error(refusal?.message);
  return walk;
}

/** How a request ends, who answered, and the source that the server saw. */
const end = (walk: Walk): string => {
  const { backend } = walk;
  return `${walk.outcome} ${backend?.pod ?? "-"} ${backend?.ip}:${backend?.port} saw ${walk.sourceSeen}`;
};
/** All ends of a request, each with its weight in per cent. */
function ends(walks: readonly Walk[]): readonly string[] {
  const shares = new Map<string, number>();
  for (const walk of walks) shares.set(end(walk), (shares.get(end(walk)) ?? 0) + walk.probability);
  return [...shares].map(([one, share]) => `${Math.round(share * 100)}% ${one}`).toSorted();
}
const front = (n: 1 | 2, source: string, share = 50): string =>
  `${share}% delivered shop/front-${n} ${n === 1 ? "10.244.1.5" : "10.244.2.3"}:5000 saw ${source}`;

const dns = (walk: Walk): readonly Walk[] => walk.children.filter((child) => child.role === "dns");
/** What was asked for before the request, and what the answer was; and that a pod of CoreDNS gave it where the cluster's DNS is asked. */
function questions(walk: Walk, served: "by CoreDNS" | "outside"): readonly string[] {
  for (const child of dns(walk)) {
    expect(child.outcome).toBe("delivered");
    const pods = child.backend?.pod ?? "";
    expect(pods.startsWith("kube-system/coredns-")).toBe(served === "by CoreDNS");
  }
  return dns(walk).map((child) => child.symptom);
}

const addressOf = (world: World, namespace: string, name: string): string =>
  world.objects.get<Service>(objectKey("Service", namespace, name))?.spec.clusterIP ?? "none";

describe("from a pod", () => {
  const world = worldOf(CLUSTER);
  const ip = addressOf(world, "shop", "front");
  const fronts = [front(1, "10.244.1.9"), front(2, "10.244.1.9")];

  it("to a Service of its own namespace by name", () => {
    const walks = explore(world, SHELL, "http://front/");
    expect(ends(walks)).toEqual(fronts);
    for (const walk of walks)
      expect(questions(walk, "by CoreDNS")).toEqual([
        `front.shop.svc.cluster.local. A: ${ip}`,
        "front.shop.svc.cluster.local. AAAA: no data",
      ]);
  });

  it("to a Service by its fully qualified name", () => {
    const walks = explore(world, SHELL, "http://front.shop.svc.cluster.local./");
    expect(ends(walks)).toEqual(fronts);
    for (const walk of walks)
      expect(questions(walk, "by CoreDNS")).toEqual([
        `front.shop.svc.cluster.local. A: ${ip}`,
        "front.shop.svc.cluster.local. AAAA: no data",
      ]);
  });

  it("to a Service of another namespace, whose name has to be said", () => {
    const walks = explore(world, SHELL, "books.ledger:8080");
    expect(ends(walks)).toEqual(["100% delivered ledger/books 10.244.3.4:9376 saw 10.244.1.9"]);
    for (const walk of walks)
      expect(questions(walk, "by CoreDNS")).toContain(
        `books.ledger.svc.cluster.local. A: ${addressOf(world, "ledger", "books")}`,
      );
    expect(probe(world, SHELL, "books:8080")).toMatchObject({
      outcome: "name-error",
      symptom: "curl: (6) Could not resolve host: books",
    });
  });

  it("to a Service by the environment that the container was started with, without a question", () => {
    const env = new Map(world.env(objectKey("Pod", "shop", "shell"), null).map(({ name, value }) => [name, value]));
    const host = env.get("REDIS_PRIMARY_SERVICE_HOST");
    expect(host).toBe(addressOf(world, "shop", "redis-primary"));
    const walks = explore(world, SHELL, `${host}:${env.get("REDIS_PRIMARY_SERVICE_PORT")}`);
    expect(ends(walks)).toEqual(["100% delivered shop/redis 10.244.2.6:6379 saw 10.244.1.9"]);
    expect(walks.flatMap(dns)).toEqual([]);
  });

  it("by a Service that came after the container: it is not in the environment, and its name works", () => {
    const later = worldOf(CLUSTER);
    const added = service("shop", "cache", "selector: {app: redis}, ports: [{port: 6379}]");
    // Texts with nothing between them are one edit, and the cluster would start with the Service.
    expect(later.dispatch({ type: "run", micros: 10 * SECOND }).refusal).toBeNull();
    expect(later.dispatch({ type: "text", text: CLUSTER + added }).refusal).toBeNull();
    const names = later.env(objectKey("Pod", "shop", "shell"), null).map(({ name }) => name);
    expect(names).toContain("REDIS_PRIMARY_SERVICE_HOST");
    expect(names).not.toContain("CACHE_SERVICE_HOST");
    const walk = probe(later, SHELL, "cache:6379");
    expect(end(walk)).toBe("delivered shop/redis 10.244.2.6:6379 saw 10.244.1.9");
    expect(questions(walk, "by CoreDNS")).toHaveLength(2);
  });

  it("to a headless Service: the name has an A record per pod, and a pod is dialled without translation", () => {
    const walks = explore(world, SHELL, "front-pods:5000");
    for (const walk of walks) {
      expect(end(walk)).toMatch(/^delivered shop\/front-[12] 10\.244\.(1\.5|2\.3):5000 saw 10\.244\.1\.9$/);
      expect(walk.hops.filter((hop) => hop.verdict === "dnat")).toEqual([]);
      expect(questions(walk, "by CoreDNS")[0]).toMatch(
        /^front-pods\.shop\.svc\.cluster\.local\. A: 10\.244\.(1\.5, 10\.244\.2\.3|2\.3, 10\.244\.1\.5)$/,
      );
    }
  });

  it("dig of a headless Service at kube-dns lists its pods", () => {
    const { walk } = world.dispatch({
      type: "send",
      request: {
        from: SHELL,
        to: "10.96.0.10:53",
        protocol: "udp",
        says: { kind: "dns", name: "front-pods.shop.svc.cluster.local.", type: "A" },
      },
    });
    expect(walk).toMatchObject({ outcome: "delivered", sourceSeen: "10.244.1.9" });
    expect(walk?.backend?.pod).toMatch(/^kube-system\/coredns-/);
    const records = (answer: DnsResponse | undefined): readonly string[] =>
      (answer?.answer ?? []).map((r) => `${r.name} ${r.ttl} ${r.type} ${r.data}`).toSorted();
    expect(walk?.dns?.rcode).toBe("NOERROR");
    expect(records(walk?.dns)).toEqual([
      "front-pods.shop.svc.cluster.local. 30 A 10.244.1.5",
      "front-pods.shop.svc.cluster.local. 30 A 10.244.2.3",
    ]);
  });
});

describe("from a pod to a server outside", () => {
  const world = worldOf(CLUSTER, OUTSIDE);

  it("by an ExternalName Service, whose CNAME is followed", () => {
    const walks = explore(world, SHELL, "records:5432");
    expect(ends(walks)).toEqual(["100% delivered - 198.51.100.50:5432 saw 192.168.56.11"]);
    for (const walk of walks) {
      expect(questions(walk, "by CoreDNS")[0]).toBe(
        "records.shop.svc.cluster.local. A: records.example.com., 198.51.100.50",
      );
      expect(walk.hops.filter((hop) => hop.verdict === "dnat")).toEqual([]);
    }
  });

  it("by a Service without a selector, whose Endpoints were made by hand", () => {
    const walks = explore(world, SHELL, "http://legacy/");
    expect(ends(walks)).toEqual(["100% delivered - 198.51.100.60:9376 saw 192.168.56.11"]);
    for (const walk of walks) {
      expect(questions(walk, "by CoreDNS")[0]).toBe(
        `legacy.shop.svc.cluster.local. A: ${addressOf(world, "shop", "legacy")}`,
      );
      expect(walk.hops.find((hop) => hop.verdict === "dnat")?.after.dst).toBe("198.51.100.60");
    }
  });
});

describe("from outside", () => {
  const world = worldOf(CLUSTER);

  // A node next to its pod masquerades to its bridge's address, any other to its own.
  it.each([
    ["worker-1", "192.168.56.11", "10.244.1.1", "192.168.56.11"],
    ["worker-2", "192.168.56.12", "192.168.56.12", "10.244.2.1"],
    ["worker-3", "192.168.56.13", "192.168.56.13", "192.168.56.13"],
  ])("to the node port on %s", (_node, ip, one, two) => {
    const walks = explore(world, INTERNET, `${ip}:30050`);
    expect(ends(walks)).toEqual([front(1, one), front(2, two)]);
    expect(walks.flatMap(dns)).toEqual([]);
  });

  /** What the balancer's Service has in its status. */
  const givenTo = (on: World): { readonly ip?: string; readonly hostname?: string } | undefined =>
    on.objects.get<Service>(objectKey("Service", "shop", "front-lb"))?.status.loadBalancer.ingress?.[0];

  /** A balancer takes any of three nodes, and each takes either pod. */
  const BALANCED = [
    front(1, "10.244.1.1", 17),
    front(1, "192.168.56.12", 17),
    front(1, "192.168.56.13", 17),
    front(2, "10.244.2.1", 17),
    front(2, "192.168.56.11", 17),
    front(2, "192.168.56.13", 17),
  ];

  it("to a load balancer by its address", () => {
    const given = givenTo(world);
    expect(given?.ip).toBe("203.0.113.10");
    const walks = explore(world, INTERNET, "http://203.0.113.10/");
    expect(ends(walks)).toEqual(BALANCED);
    expect(walks.flatMap(dns)).toEqual([]);
  });

  it("to a load balancer by the name that its Service has published", () => {
    const walks = explore(world, INTERNET, "http://front.example.com/");
    expect(ends(walks)).toEqual(BALANCED);
    for (const walk of walks) expect(questions(walk, "outside")[0]).toBe("front.example.com. A: 203.0.113.10");
  });

  it("to a load balancer by the name that the cloud gave it in place of an address", () => {
    const named = worldOf(
      CLUSTER,
      `
apiVersion: kubehop.dev/v1alpha1
kind: CloudProvider
metadata: {name: cloud}
spec: {status: hostname}
`,
    );
    const given = givenTo(named);
    expect(given?.ip).toBeUndefined();
    const walks = explore(named, INTERNET, `http://${given?.hostname}/`);
    expect(ends(walks)).toEqual(BALANCED);
    for (const walk of walks) expect(questions(walk, "outside")[0]).toBe(`${given?.hostname}. A: 203.0.113.10`);
  });
});

describe("from outside, by something that runs in pods", () => {
  const INGRESS = `
apiVersion: v1
kind: Namespace
metadata: {name: ingress-nginx}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: nginx}
spec: {controller: k8s.io/ingress-nginx}
---
apiVersion: v1
kind: Service
metadata: {name: ingress-nginx-controller, namespace: ingress-nginx}
spec: {type: LoadBalancer, selector: {app: ingress}, ports: [{name: http, port: 80, targetPort: http}]}
---
apiVersion: v1
kind: Pod
metadata: {name: controller, namespace: ingress-nginx, labels: {app: ingress}}
spec:
  nodeName: worker-3
  containers:
    - name: controller
      image: registry.k8s.io/ingress-nginx/controller:v1.13.3
      args: [/nginx-ingress-controller, --publish-service=$(POD_NAMESPACE)/ingress-nginx-controller]
      ports: [{name: http, containerPort: 80}]
status: {podIP: 10.244.3.7}
---${["shop.example.org front shop 80", "books.example.org books ledger 8080"]
    .map((line) => line.split(" "))
    .map(
      ([host, name, namespace, port]) => `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: ${name}, namespace: ${namespace}, annotations: {${PUBLISH}: ${host}}}
spec:
  ingressClassName: nginx
  rules:
    - host: ${host}
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: ${name}, port: {number: ${port}}}}}]}
---`,
    )
    .join("")}`;
  const world = worldOf(CLUSTER, INGRESS);

  it.each([
    ["shop.example.org", /^delivered shop\/front-[12] 10\.244\.(1\.5|2\.3):5000 saw 10\.244\.3\.7$/],
    ["books.example.org", /^delivered ledger\/books 10\.244\.3\.4:9376 saw 10\.244\.3\.7$/],
  ])("to host %s of an Ingress", (host, expected) => {
    const walks = explore(world, INTERNET, `http://${host}/hello`);
    for (const walk of walks) {
      expect(end(walk)).toMatch(expected);
      expect(walk.symptom).toBe("HTTP/1.1 200 OK");
      expect(walk.response?.body).toContain(`Host: ${host}\n`);
      expect(questions(walk, "outside")[0]).toMatch(new RegExp(`^${host}\\. A: 203\\.0\\.113\\.1\\d$`));
      expect(walk.children.filter((child) => child.role === "relay")).toMatchObject([{ outcome: "delivered" }]);
    }
  });

  it("to the service load balancer (HAProxy in a pod on its node's network), by path and by a port of its own", () => {
    const haproxy = worldOf(
      CLUSTER,
      `
apiVersion: v1
kind: Pod
metadata: {name: service-loadbalancer, namespace: shop}
spec:
  nodeName: worker-3
  hostNetwork: true
  containers:
    - name: haproxy
      image: gcr.io/google_containers/servicelb:0.4
      args: ["--tcp-services=redis-primary:6379"]
      ports: [{containerPort: 80}, {containerPort: 6379}]
`,
    );
    const byPath = [1, 2].map(() => send(haproxy, INTERNET, "http://192.168.56.13/front/hello"));
    expect(byPath.map(end).toSorted()).toEqual([
      "delivered shop/front-1 10.244.1.5:5000 saw 192.168.56.13",
      "delivered shop/front-2 10.244.2.3:5000 saw 192.168.56.13",
    ]);
    for (const walk of byPath) {
      expect(walk.response?.body).toContain("GET /hello HTTP/1.1\n");
      expect(walk.response?.body).toContain("X-Forwarded-For: 198.51.100.24\n");
    }
    const byPort = probe(haproxy, INTERNET, "192.168.56.13:6379");
    expect(end(byPort)).toBe("delivered shop/redis 10.244.2.6:6379 saw 192.168.56.13");
    expect([...byPath, byPort].map(({ children }) => children.map(({ role }) => role))).toEqual([
      ["relay"],
      ["relay"],
      ["relay"],
    ]);
  });
});

describe("from outside, where the Services' network is routed to all nodes (ECMP)", () => {
  const NODES = "[worker-1, worker-2, worker-3]";
  const world = worldOf(
    CLUSTER,
    client(
      "near",
      `ip: 192.168.56.77, nameservers: [10.96.0.10], searches: [shop.svc.cluster.local], routes: [{to: 10.96.0.0/12, via: ${NODES}}]`,
    ),
    `
apiVersion: kubehop.dev/v1alpha1
kind: Lab
metadata: {name: lab}
spec: {network: {routerRoutes: [{to: 10.96.0.0/12, via: ${NODES}}]}}
`,
  );
  /** The first node of a way. */
  const entry = (walk: Walk): string => walk.hops.find((hop) => hop.place.startsWith("node/"))?.place ?? "none";
  const ALL = ["node/worker-1", "node/worker-2", "node/worker-3"];

  it("to a ClusterIP: a flow enters by the node that its hash picks", () => {
    const walks = Array.from({ length: 24 }, () => send(world, INTERNET, "service/shop/front:80"));
    expect([...new Set(walks.map(entry))].toSorted()).toEqual(ALL);
    for (const walk of walks) {
      expect([walk.outcome, walk.hops[0]?.before.dst]).toEqual(["delivered", addressOf(world, "shop", "front")]);
      // The node that was entered translates and masquerades: to its bridge's address where the pod is its own, else to its own.
      const n = entry(walk).slice(-1);
      const near = walk.backend?.ip.startsWith(`10.244.${n}.`);
      expect(walk.sourceSeen).toBe(near === true ? `10.244.${n}.1` : `192.168.56.1${n}`);
    }
    expect(new Set(walks.map(({ backend }) => backend?.pod))).toEqual(new Set(["shop/front-1", "shop/front-2"]));
  });

  it("with kube-dns as the client's own name server: Services by name from outside the cluster", () => {
    const walks = Array.from({ length: 12 }, () => send(world, "client/near", "http://front/"));
    for (const walk of walks) {
      expect(end(walk)).toMatch(/^delivered shop\/front-[12] 10\.244\.(1\.5|2\.3):5000 saw (10\.244\.|192\.168\.56\.)/);
      expect(questions(walk, "by CoreDNS")[0]).toBe(
        `front.shop.svc.cluster.local. A: ${addressOf(world, "shop", "front")}`,
      );
    }
    expect([...new Set(walks.flatMap(dns).map(entry))].toSorted()).toEqual(ALL);
  });
});
