/** Walks through ingress controllers, as the tutorial's two hosts and the rows of the Ingress sheet have it, in whole clusters. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { objectKey } from "../model/meta/types.ts";
import type { Ingress } from "../model/ingress/types.ts";
import type { HttpRequest } from "../model/trace/message.ts";
import type { Walk } from "../model/trace/types.ts";
import type { World } from "./types.ts";
import { createWorld } from "./world.ts";

const TWO_HOSTS = readFileSync("src/scenarios/ingress/scenario.yaml", "utf8");
const LB = "lb/ingress-nginx/ingress-nginx-controller";

function worldOf(text: string): World {
  const world = createWorld({ seed: null });
  expect(world.dispatch({ type: "text", text }).refusal).toBeNull();
  return world;
}

/** `curl` from outside: of a URL, to an address of the controller. */
function get(world: World, url: string, to = LB): Walk {
  const { protocol, host, pathname, search } = new URL(url);
  const says: HttpRequest = {
    kind: "http",
    method: "GET",
    scheme: protocol === "https:" ? "https" : "http",
    host,
    path: `${pathname}${search}`,
    headers: [{ name: "User-Agent", value: "curl/8.5.0" }],
  };
  const port = protocol === "https:" ? 443 : 80;
  const walk = world.probe({ from: "client/internet", to: `${to}:${port}`, protocol: "tcp", says });
  if (!("outcome" in walk)) throw new Error(walk.message);
  return walk;
}

describe("two hosts behind one ingress controller", () => {
  const world = worldOf(TWO_HOSTS);

  it("the text is taken without a remark, and the Ingress has the address of the controller's Service", () => {
    expect(world.report.diagnostics).toEqual([]);
    const ingress = world.objects.get<Ingress>(objectKey("Ingress", "default", "test"));
    expect(ingress?.status.loadBalancer.ingress).toEqual([{ ip: "203.0.113.10" }]);
  });

  it.each([
    ["foo.bar.com", "s1"],
    ["bar.foo.com", "s2"],
  ])("%s leads to a pod of %s by a second connection", (host, service) => {
    const walk = get(world, `http://${host}/hello`);
    expect(walk).toMatchObject({ outcome: "delivered", symptom: "HTTP/1.1 200 OK" });
    expect(walk.backend?.pod).toMatch(new RegExp(`^default/${service}-`));
    const [child] = walk.children;
    expect(child?.role).toBe("relay");
    // Straight to the pod: no Service address on the way, so no rule of kube-proxy.
    expect(child?.hops.every((hop) => hop.before.dst === walk.backend?.ip)).toBe(true);
    // The app sees the controller's pod; who the client is stands in a header.
    const controller = walk.hops.at(-1)?.before.dst;
    expect(walk.sourceSeen).toBe(controller);
    expect(walk.response?.body).toContain(`RemoteAddr: ${controller}:`);
    expect(walk.response?.body).toContain("X-Forwarded-For: 198.51.100.24\n");
    expect(walk.response?.body).toContain(`Host: ${host}\n`);
  });

  it("another host gets the controller's own 404", () => {
    const walk = get(world, "http://example.com/");
    expect(walk).toMatchObject({ outcome: "delivered", symptom: "HTTP/1.1 404 Not Found", children: [] });
    expect(walk.response?.body).toContain("<center>nginx</center>");
  });
});

/** `gone` has no pods, `down` leads to a port where nothing listens, `hole` into the void; `dead` to an address that nobody has. */
const BACKENDS = `
---
apiVersion: v1
kind: Service
metadata: {name: gone}
spec: {selector: {app: gone}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: down}
spec: {selector: {app: s1}, ports: [{port: 80, targetPort: 9999}]}
---
apiVersion: v1
kind: Service
metadata: {name: named}
spec: {selector: {app: s1}, ports: [{name: web, port: 8000, targetPort: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: alias}
spec: {type: ExternalName, externalName: s2.default.svc.cluster.local}
---
apiVersion: v1
kind: Service
metadata: {name: nowhere}
spec: {type: ExternalName, externalName: nowhere.example}
---
apiVersion: v1
kind: Service
metadata: {name: hole}
spec: {ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: dead}
spec: {ports: [{port: 80}]}
---
apiVersion: v1
kind: Endpoints
metadata: {name: dead}
subsets: [{addresses: [{ip: 10.244.1.222}], ports: [{port: 80}]}]
---
apiVersion: v1
kind: Endpoints
metadata: {name: hole}
subsets: [{addresses: [{ip: 198.18.0.1}], ports: [{port: 80}]}]
`;

const backend = (name: string, port: string): string => `{service: {name: ${name}, port: {${port}}}}`;
const rule = (host: string, name: string, port = "number: 80"): string =>
  `    - {host: ${host}, http: {paths: [{path: /, pathType: Prefix, backend: ${backend(name, port)}}]}}`;

const SHEET = `${TWO_HOSTS}${BACKENDS}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: sheet}
spec:
  ingressClassName: nginx
  rules:
${[
  rule("missing.example", "missing"),
  rule("gone.example", "gone"),
  rule("down.example", "down"),
  rule("hole.example", "hole"),
  rule("dead.example", "dead"),
  rule("name.example", "named", "name: web"),
  rule("number.example", "named", "number: 8000"),
  rule("target.example", "named"),
  rule("alias.example", "alias"),
  rule("nowhere.example", "nowhere"),
].join("\n")}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: rewrite, annotations: {nginx.ingress.kubernetes.io/rewrite-target: /$2}}
spec:
  ingressClassName: nginx
  rules:
    - host: rewrite.example
      http:
        paths:
          - {path: "/app(/|$)(.*)", pathType: ImplementationSpecific, backend: ${backend("s1", "number: 80")}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: tls}
spec:
  ingressClassName: nginx
  tls:
    - {hosts: [safe.example], secretName: cert}
    - {hosts: [fake.example], secretName: nobody-made-it}
  rules:
${rule("safe.example", "s1")}
${rule("fake.example", "s2")}
---
apiVersion: v1
kind: Secret
metadata: {name: cert}
type: kubernetes.io/tls
`;

describe("the Ingress sheet, row by row", () => {
  const world = worldOf(SHEET);
  const last = (walk: Walk): string => walk.hops.at(-1)?.note ?? "";

  it.each<[string, string, number, RegExp]>([
    [
      "a Service that is not there",
      "http://missing.example/",
      503,
      /answers 503: Service default\/missing does not exist/,
    ],
    ["no ready endpoint", "http://gone.example/", 503, /answers 503: Service default\/gone has no ready endpoint/],
    ["the targetPort is not the Service's port", "http://target.example/", 503, /has no port 80, only 8000 \(web\)/],
    ["an outside name that nobody knows", "http://nowhere.example/", 503, /nowhere.example .*has no address/],
    ["a backend that refuses", "http://down.example/", 502, /answers 502 Bad Gateway itself/],
    ["a backend that no host is", "http://dead.example/", 502, /reaches nobody: unreachable, and answers 502/],
    ["a backend that says nothing", "http://hole.example/", 504, /answers 504 Gateway Timeout itself/],
  ])("%s: %s gives %i", (_, url, status, note) => {
    const walk = get(world, url);
    expect(walk.response?.status).toBe(status);
    expect(last(walk)).toMatch(note);
  });

  it("a backend that refuses is tried three times, one that says nothing for five seconds each", () => {
    expect(get(world, "http://down.example/").children.map(({ outcome }) => outcome)).toEqual([
      "refused",
      "refused",
      "refused",
    ]);
    const hole = get(world, "http://hole.example/");
    expect(hole.children).toHaveLength(3);
    expect(hole.endedAt - hole.startedAt).toBeGreaterThan(15_000_000);
  });

  it.each([
    ["by name", "name.example"],
    ["by number", "number.example"],
    ["of another namespace's or type's Service by its name (ExternalName)", "alias.example"],
  ])("the Service's port %s", (_, host) => {
    expect(get(world, `http://${host}/`)).toMatchObject({ outcome: "delivered", symptom: "HTTP/1.1 200 OK" });
  });

  it("an ExternalName is dialled at the Service's ClusterIP that it names, so kube-proxy has a part in it", () => {
    const [child] = get(world, "http://alias.example/").children;
    expect(child?.request.to).toMatch(/^10\..*:80$/);
    expect(child?.hops.some((hop) => hop.verdict === "dnat")).toBe(true);
  });

  it("rewrite-target: the pod is asked for what the path's expression has caught", () => {
    const walk = get(world, "http://rewrite.example/APP/a/b?c=d");
    expect(walk.response?.body).toContain("GET /a/b?c=d HTTP/1.1\n");
    expect(walk.hops.map((hop) => hop.note).join(" ")).toContain("by rewrite-target it is asked for /a/b?c=d");
    expect(get(world, "http://rewrite.example/apple").response?.status).toBe(404);
  });

  it("tls sends http to https", () => {
    const walk = get(world, "http://safe.example/a?b=c");
    expect(walk.symptom).toBe("HTTP/1.1 308 Permanent Redirect");
    expect(walk.response?.headers).toContainEqual({ name: "Location", value: "https://safe.example/a?b=c" });
  });

  it.each([
    ["safe.example", /ends TLS with the certificate of Secret default\/cert/],
    ["fake.example", /Fake Certificate.*Secret default\/nobody-made-it does not exist/],
    ["foo.bar.com", /Fake Certificate.*no Ingress has tls for foo.bar.com/],
  ])("https of %s ends at the controller; the second connection is plain", (host, note) => {
    const walk = get(world, `https://${host}/`);
    expect(walk.symptom).toBe("HTTP/2 200");
    expect(walk.children[0]?.request.says).toMatchObject({ scheme: "http" });
    expect(walk.response?.body).toContain("X-Forwarded-Proto: https\n");
    expect(walk.hops.map((hop) => hop.note).join("\n")).toMatch(note);
  });

  it("TLS to the plain port fails in the handshake", () => {
    const says: HttpRequest = { kind: "http", method: "GET", scheme: "https", host: "h", path: "/", headers: [] };
    const walk = world.probe({ from: "client/internet", to: `${LB}:80`, protocol: "tcp", says });
    expect(walk).toMatchObject({
      outcome: "reset",
      symptom: "curl: (35) error:0A00010B:SSL routines::wrong version number",
    });
  });

  it("its pods share its work, and both endpoints of a Service: all of it explored exactly", () => {
    const says: HttpRequest = {
      kind: "http",
      method: "GET",
      scheme: "http",
      host: "foo.bar.com",
      path: "/",
      headers: [],
    };
    const explored = world.explore({ from: "client/internet", to: `${LB}:80`, protocol: "tcp", says });
    if (!("walks" in explored)) throw new Error(explored.message);
    const shares = new Map<string, number>();
    for (const { backend: met, probability } of explored.walks)
      shares.set(met?.pod ?? "", (shares.get(met?.pod ?? "") ?? 0) + probability);
    expect([...shares.values()]).toEqual([expect.closeTo(0.5, 9), expect.closeTo(0.5, 9)]);
  });
});

it("a backend that accepts and then hangs is waited for a minute, three times: 504", () => {
  const world = worldOf(TWO_HOSTS);
  const pod = world.objects.list("Pod", "default").find(({ metadata }) => metadata.name.startsWith("s2-"));
  const key = objectKey("Pod", "default", pod?.metadata.name ?? "");
  world.dispatch({ type: "fault", fault: "hang", pod: key, on: true });
  const walk = get(world, "http://bar.foo.com/");
  expect(walk.response?.status).toBe(504);
  expect(walk.endedAt - walk.startedAt).toBeGreaterThan(180_000_000);
});

it("without a controller there is nobody to ask, and the text says so", () => {
  const bare = TWO_HOSTS.replaceAll(
    /^kind: Deployment\nmetadata:\n {2}namespace: ingress-nginx[\s\S]*?^---\n/gm,
    "kind: Deployment\n---\n",
  ).replaceAll("apiVersion: apps/v1\nkind: Deployment\n---\n", "");
  const world = worldOf(bare);
  const ingress = world.objects.get<Ingress>(objectKey("Ingress", "default", "test"));
  expect(ingress?.status.loadBalancer).toEqual({});
  expect(world.report.diagnostics.map((d) => d.message)).toEqual(
    ["Ingress", "IngressClass"].map(
      (kind) =>
        `${kind} is stored and listed, but nothing happens without a controller for it, and no pod of this text is one.`,
    ),
  );
  expect(get(world, "http://foo.bar.com/").outcome).not.toBe("delivered");
});
