/** Load balancers in pods, as the tutorials name them: TCP, HTTP, HTTPS passed through, TLS ended, access by source; and one of one's own. */
import { describe, expect, it } from "vitest";
import type { HttpRequest } from "../model/trace/message.ts";
import type { Walk } from "../model/trace/types.ts";
import type { World } from "./types.ts";
import { createWorld } from "./world.ts";

function worldOf(text: string): World {
  const world = createWorld({ seed: null });
  expect(world.dispatch({ type: "text", text }).refusal).toBeNull();
  return world;
}

const web = (name: string, replicas: number, service: string, port = 8080): string => `
apiVersion: v1
kind: Service
metadata: {name: ${name}${service}}
spec: {selector: {app: ${name}}, ports: [{port: ${name === "db" ? 3306 : name === "shop" ? 443 : 80}, targetPort: ${port}}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec: {containers: [{name: web, image: "traefik/whoami:v1.10", ports: [{containerPort: ${port}}]}]}
---`;

/** A pod on every node's own network, as those load balancers ran: at the node's address. */
const front = (
  image: string,
  args: readonly string[],
  ports: readonly number[],
  more = "",
  annotations = "{}",
): string => `
apiVersion: v1
kind: Pod
metadata: {name: front, annotations: ${annotations}}
spec:
  nodeName: worker-1
  hostNetwork: true
  containers:
    - name: lb
      image: ${image}
      args: ${JSON.stringify(args)}
      ports: [${ports.map((port) => `{containerPort: ${port}}`).join(", ")}]
${more}
---`;

interface Asked {
  readonly url?: string;
  readonly port?: number;
  readonly from?: string;
}

function ask(world: World, { url, port = 80, from = "client/internet" }: Asked): Walk {
  const parts = url === undefined ? null : new URL(url);
  const says: HttpRequest | null =
    parts === null
      ? null
      : {
          kind: "http",
          method: "GET",
          scheme: parts.protocol === "https:" ? "https" : "http",
          host: parts.hostname,
          path: `${parts.pathname}${parts.search}`,
          headers: [],
        };
  const request = { from, to: `node/worker-1:${port}`, protocol: "tcp" as const };
  const { walk, refusal } = world.dispatch({
    type: "send",
    request: { ...request, ...(says === null ? {} : { says }) },
  });
  if (walk === null) throw new Error(refusal?.message);
  return walk;
}

describe("the service load balancer of old", () => {
  const world = worldOf(
    [
      web("s1", 2, ""),
      web("s2", 1, ", annotations: {serviceloadbalancer/lb.host: s2.example}"),
      web(
        "safe",
        1,
        ", annotations: {serviceloadbalancer/lb.sslTerm: 'true', serviceloadbalancer/lb.algorithm: leastconn}",
      ),
      web("inner", 1, ", annotations: {serviceloadbalancer/lb.aclMatch: src 10.0.0.0/8}"),
      web("db", 2, ""),
      web("shop", 1, "", 443),
      front("gcr.io/google_containers/servicelb:0.4", ["--tcp-services=db:3306,shop:443"], [80, 443, 3306, 1936]),
    ].join("\n"),
  );

  it("HTTP: /NAME leads to the Service of that name, by turns, the name cut off", () => {
    const walks = [1, 2].map(() => ask(world, { url: "http://lb.example/s1/hello?x=1" }));
    expect(walks.map(({ symptom }) => symptom)).toEqual(["HTTP/1.1 200 OK", "HTTP/1.1 200 OK"]);
    expect(new Set(walks.map(({ backend }) => backend?.ip)).size).toBe(2);
    expect(walks[0]?.response?.body).toContain("GET /hello?x=1 HTTP/1.1\n");
    expect(walks[0]?.response?.body).toContain("X-Forwarded-For: 198.51.100.24\n");
    expect(walks[0]?.children).toMatchObject([{ role: "relay", outcome: "delivered" }]);
  });

  it("HTTP by host: an annotation's", () => {
    expect(ask(world, { url: "http://s2.example/any" }).backend?.pod).toMatch(/^default\/s2-/);
  });

  it("a Service that nobody names is 404, and the statistics have a port of their own", () => {
    expect(ask(world, { url: "http://lb.example/nothing" }).symptom).toBe("HTTP/1.1 404 Not Found");
    expect(ask(world, { url: "http://lb.example/", port: 1936 }).response?.body).toContain("Statistics Report");
  });

  it("TCP: the Services that its flag names, at their own port, whatever is said there", () => {
    const walk = ask(world, { port: 3306 });
    expect(walk).toMatchObject({ outcome: "delivered", children: [{ role: "relay" }] });
    expect(walk.backend?.pod).toMatch(/^default\/db-/);
  });

  it("HTTPS passed through: TLS ends in the pod", () => {
    const [child] = ask(world, { url: "https://shop.example/", port: 443 }).children;
    expect(child?.request.says).toMatchObject({ scheme: "https" });
    expect(child?.backend?.pod).toMatch(/^default\/shop-/);
  });

  it("ACL: a Service for clients of some networks only", () => {
    expect(ask(world, { url: "http://lb.example/other" }).response?.status).toBe(404);
    const inside = ask(world, { url: "http://lb.example/other", from: "deploy/default/s2" });
    expect(inside.backend?.pod).toMatch(/^default\/inner-/);
  });
});

describe("TLS that ends at the service load balancer", () => {
  const annotated = ", annotations: {serviceloadbalancer/lb.sslTerm: 'true'}";
  const world = worldOf(
    [web("safe", 1, annotated), front("servicelb:0.4", ["--ssl-cert=/ssl/crt.pem"], [80, 443])].join("\n"),
  );

  it("https is answered, its second connection is plain; http of such a Service is 404", () => {
    const walk = ask(world, { url: "https://lb.example/safe", port: 443 });
    expect(walk.response?.status).toBe(200);
    expect(walk.children[0]?.request.says).toMatchObject({ scheme: "http", path: "/" });
    expect(ask(world, { url: "http://lb.example/safe" }).response?.status).toBe(404);
  });
});

describe("a plain haproxy with its configuration in a ConfigMap", () => {
  const map = `
apiVersion: v1
kind: ConfigMap
metadata: {name: haproxy}
data:
  haproxy.cfg: |
    defaults
      mode http
    frontend web
      bind *:80
      tcp-request connection reject if { src 10.244.0.0/16 }
      use_backend two if { hdr(host) s2.example }
      default_backend one
    backend one
      server s1 s1.default.svc.cluster.local:80 send-proxy
    backend two
      server s2 s2.default.svc:80
---
`;
  // A pod on its node's network asks the cluster's DNS only where its dnsPolicy says so.
  const policy = "\n  dnsPolicy: ClusterFirstWithHostNet";
  const volumes = `      volumeMounts: [{name: cfg, mountPath: /usr/local/etc/haproxy}]
  volumes: [{name: cfg, configMap: {name: haproxy}}]`;
  const all = (more: string): World =>
    worldOf([map, web("s1", 2, ""), web("s2", 1, ""), front("haproxy:3.0", [], [80, 81], volumes + more)].join("\n"));
  const world = all(policy);

  it.each([
    ["other.example", "s1"],
    ["s2.example", "s2"],
  ])("host %s leads to %s by its Service's name, so through kube-proxy's rules", (host, name) => {
    const walk = ask(world, { url: `http://${host}/` });
    expect(walk.backend?.pod).toMatch(new RegExp(`^default/${name}-`));
    expect(walk.children[0]?.hops.some((hop) => hop.verdict === "dnat")).toBe(true);
  });

  it("refuses by source, and says what of its file does not count", () => {
    expect(ask(world, { url: "http://x/", from: "deploy/default/s2" })).toMatchObject({
      outcome: "reset",
      symptom: "curl: (56) Recv failure: Connection reset by peer",
    });
    const notes = ask(world, { url: "http://x/" })
      .hops.map((hop) => hop.note)
      .join(" ");
    expect(notes).toContain("line 9: send-proxy of server s1 is without effect");
  });

  it("with its node's resolver it finds no Service", () => {
    const walk = ask(all(""), { url: "http://x/" });
    expect(walk.response?.status).toBe(503);
    expect(walk.hops.at(-1)?.note).toContain("no address is known for s1.default.svc.cluster.local");
  });

  it("without its ConfigMap it would not have started", () => {
    const lone = worldOf(front("haproxy:3.0", [], [80]));
    const walk = ask(lone, { url: "http://x/" });
    expect(walk.outcome).toBe("reset");
    expect(walk.hops.at(-1)?.note).toContain("no ConfigMap is mounted at /usr/local/etc/haproxy/haproxy.cfg");
  });
});

describe("a balancer that watches endpoints in place of kube-proxy", () => {
  const annotations = "{kubehop.dev/program: endpoints-balancer}";
  const text = (name: string): string =>
    [web("s1", 3, ""), front("example.com/balancer", [`--service=${name}`], [80], "", annotations)].join("\n");

  it("takes each endpoint in turn, and no Service address is dialled", () => {
    const world = worldOf(text("default/s1"));
    const walks = [1, 2, 3].map(() => ask(world, { url: "http://x/" }));
    expect(new Set(walks.map(({ backend }) => backend?.ip)).size).toBe(3);
    for (const { children } of walks) expect(children[0]?.hops.some((hop) => hop.verdict === "dnat")).toBe(false);
  });

  it("works where kube-proxy never wrote a rule for the Service", () => {
    const world = worldOf("");
    for (const node of ["worker-1", "worker-2", "worker-3"])
      world.dispatch({ type: "fault", fault: "kube-proxy", node, on: false });
    world.dispatch({ type: "text", text: text("s1") });
    const dialled = world.probe({ from: "deploy/default/s1", to: "service/default/s1:80", protocol: "tcp" });
    expect(dialled).toMatchObject({ outcome: "timeout" });
    expect(ask(world, { url: "http://x/" }).symptom).toBe("HTTP/1.1 200 OK");
  });

  it("where the pod network is isolated from the hosts', only one that is a pod among pods reaches them", () => {
    const lab =
      "\napiVersion: kubehop.dev/v1alpha1\nkind: Lab\nmetadata: {name: lab}\nspec: {network: {isolatedPods: true}}\n---";
    const world = worldOf(text("s1") + lab);
    // On its node's network it accepts, and reaches no pod.
    expect(ask(world, { url: "http://x/" }).outcome).toBe("reset");
    const among = worldOf(text("s1").replace("  hostNetwork: true\n", "") + lab);
    const says: HttpRequest = { kind: "http", method: "GET", scheme: "http", host: "x", path: "/", headers: [] };
    const walk = among.probe({ from: "deploy/default/s1", to: "pod/default/front:80", protocol: "tcp", says });
    expect(walk).toMatchObject({ outcome: "delivered", symptom: "HTTP/1.1 200 OK" });
  });

  it("closes when its Service is not there", () => {
    expect(ask(worldOf(text("default/nobody")), {}).outcome).toBe("reset");
  });
});
