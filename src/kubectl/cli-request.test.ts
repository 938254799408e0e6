/** Senders, targets and what happens before, as people write them on a command line. */
import { expect, test } from "vitest";
import type { Request } from "../model/trace/types.ts";
import { createWorld } from "../world/world.ts";
import type { World } from "../world/types.ts";
import { requestIn } from "./cli-request.ts";
import { runCli } from "./cli.ts";

const workload = (kind: string, name: string, namespace: string, more = ""): string => `apiVersion: apps/v1
kind: ${kind}
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  ${more}
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec: {containers: [{name: c, image: nginx}]}
---
`;
const service = (name: string, namespace: string, spec: string): string => `apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: ${namespace}}
spec: {selector: {app: ${name}}, ${spec}}
---
`;
const TEXT = `apiVersion: v1
kind: Pod
metadata: {name: curl, namespace: default, labels: {run: curl}}
spec: {containers: [{name: c, image: curlimages/curl}]}
---
${workload("Deployment", "web", "shop", "replicas: 2")}${workload("StatefulSet", "db", "shop", "serviceName: db")}${workload("DaemonSet", "agent", "ops")}${
  // A Service of each kind.
  service("web", "shop", "type: NodePort, ports: [{port: 80, nodePort: 30080}]")
}${service("db", "shop", "clusterIP: None, ports: [{port: 5432}]")}${service("dns", "default", "ports: [{port: 53, protocol: UDP}]")}apiVersion: v1
kind: Service
metadata: {name: alias, namespace: default}
spec: {type: ExternalName, externalName: web.shop.svc.cluster.local, ports: [{port: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, namespace: shop}
spec:
  ingressClassName: nginx
  rules: [{host: shop.example.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 8080}}}}]}}]
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: nginx}
spec: {controller: k8s.io/ingress-nginx}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: nginx, namespace: ops}
spec:
  selector: {matchLabels: {app: nginx}}
  template:
    metadata: {labels: {app: nginx}}
    spec: {containers: [{name: c, image: registry.k8s.io/ingress-nginx/controller:v1.9.4, ports: [{containerPort: 80}]}]}
---
${service("nginx", "ops", "type: LoadBalancer, ports: [{port: 80}]")}`;

const WORLD: World = createWorld({ seed: null });
WORLD.dispatch({ type: "text", text: TEXT });

function request(from: string, to: string, protocol?: string): Request {
  const said = protocol === undefined ? {} : { "--protocol": protocol };
  return requestIn(WORLD, { files: [], options: { "--from": from, "--to": to, ...said } });
}

test.each([
  ["pod/default/curl", "pod/default/curl"],
  ["curl", "pod/default/curl"],
  ["pods/curl", "pod/default/curl"],
  ["default/curl", "pod/default/curl"],
  ["run=curl", "pod/default/curl"],
  ["web", "deploy/shop/web"],
  ["deployment/web", "deploy/shop/web"],
  ["pod/shop/web", "deploy/shop/web"],
  ["sts/db", "pod/shop/db-0"],
  ["statefulset/shop/db", "pod/shop/db-0"],
  ["db-0", "pod/shop/db-0"],
  ["no/worker-2", "node/worker-2"],
  ["worker-2", "node/worker-2"],
  ["192.168.56.12", "node/worker-2"],
  ["outside", "client/internet"],
  ["client/outside", "client/internet"],
  ["198.51.100.24", "client/internet"],
  ["client/moon", "client/moon"],
  ["pod/default/nobody", "pod/default/nobody"],
])("--from %s", (text, from) => {
  expect(request(text, "10.96.0.1:443").from).toBe(from);
});

test("--from a DaemonSet is one of its pods", () => {
  expect(request("ds/agent", "10.96.0.1:443").from).toMatch(/^pod\/ops\/agent-\w{5}$/);
});

test.each([
  ["svc/web", "service/shop/web:80"],
  ["service/shop/web:80", "service/shop/web:80"],
  ["services/web.shop:80", "service/shop/web:80"],
  ["svc/db", "db.shop.svc.cluster.local:5432"],
  ["service/default/alias:80", "alias.default.svc.cluster.local:80"],
  ["web.shop", "web.shop:80"],
  ["web", "web:80"],
  ["web.shop:80/healthz", "http://web.shop:80/healthz"],
  ["nodeport/web", "node/control-plane:30080"],
  ["worker-1:30080", "node/worker-1:30080"],
  ["lb/nginx:80", "lb/ops/nginx:80"],
  ["pod/db-0:5432", "pod/shop/db-0:5432"],
  ["redis://user:secret@web.shop/0", "web.shop:6379"],
  ["http://web.shop/", "http://web.shop/"],
  ["10.96.0.10:53", "10.96.0.10:53"],
])("--to %s", (text, to) => {
  expect(request("curl", text)).toMatchObject({ from: "pod/default/curl", to, protocol: "tcp" });
});

test.each([
  ["svc/dns", undefined, "service/default/dns:53", "udp"],
  ["dns:53", undefined, "dns:53", "udp"],
  ["dns:53", "TCP", "dns:53", "tcp"],
  ["10.96.0.10:53/udp", undefined, "10.96.0.10:53", "udp"],
  ["web.shop", "icmp", "web.shop", "icmp"],
])("--to %s --protocol %s", (text, said, to, protocol) => {
  expect(request("curl", text, said)).toMatchObject({ to, protocol });
});

test("a host that only an Ingress has is dialled at its controller", () => {
  const asked = request("outside", "http://shop.example.com/cart");
  expect(asked).toMatchObject({
    to: "203.0.113.10:80",
    says: { host: "shop.example.com", path: "/cart" },
  });
  // Its Service has no port 443.
  expect(request("outside", "https://shop.example.com/")).toMatchObject({ to: "https://shop.example.com/" });
  expect(request("outside", "ingress/shop/shop")).toMatchObject({ says: { host: "shop.example.com", path: "/" } });
  const diagnosis = WORLD.why(asked);
  expect("findings" in diagnosis && diagnosis.findings[0]).toMatchObject({
    id: "INGRESS-BACKEND",
    fix: { edits: [{ path: "spec.rules[0].http.paths[0].backend.service.port.number", from: 8080, to: 80 }] },
  });
});

const run = (...argv: readonly string[]): ReturnType<typeof runCli> =>
  runCli(argv, (path) => (path === "t.yaml" ? TEXT : null));

test("somebody unknown is refused", () => {
  expect(run("why", "t.yaml", "--from", "nobody", "--to", "web.shop:80")).toMatchObject({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(/no pod, workload, .* "nobody"\. Did you mean .*deploy\/shop\/web/) as string,
  });
});

test("--help anywhere", () => {
  expect(run("why", "--help")).toMatchObject({ code: 0, stdout: expect.stringContaining("usage:") as string });
  expect(run("kubectl", "-f", "t.yaml", "--", "get", "svc", "--help").stdout).not.toContain("kubehop why");
});

test("--after: what happens before anybody looks", () => {
  const why = (...after: readonly string[]): string =>
    run("why", "t.yaml", "--from=node/worker-1", "--to=svc/web", ...after.flatMap((line) => ["--after", line])).stdout;
  const rollout = "kubectl -n shop rollout restart deploy/web";
  expect(why()).toContain("Nothing was found");
  expect(why("stop kube-proxy on worker-1", rollout, "wait 60s")).toMatch(/^error {2}RULES-STALE/m);
  expect(why("delay kube-proxy on worker-1 by 9s", rollout, "wait 4s")).toMatch(/^error {2}ROLLOUT-RULES-LAG/m);
  expect(why("connect worker-1 to svc/web")).toMatch(/^note {2}KEEPALIVE-PINNED/m);
  expect(run("why", "t.yaml", "--after", "stop everything")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('cannot read "stop everything"') as string,
  });
});

test("a Lab says it in the text", () => {
  const lab = `---\napiVersion: kubehop.dev/v1alpha1\nkind: Lab\nmetadata: {name: lab}\nspec: {after: [kubectl -n shop scale deploy/web --replicas=0, wait 40s]}\n`;
  const { stdout } = runCli(["why", "t.yaml", "--from", "curl", "--to", "svc/web"], () => TEXT + lab);
  expect(stdout).toMatch(/^error {2}SVC-NO-ENDPOINTS/m);
});
