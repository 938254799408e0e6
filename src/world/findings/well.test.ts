/** Texts as tutorials have them, looked at as a whole: nothing is said of them but that a balancer hides its clients. */
import { expect, it } from "vitest";
import type { FindingId, Severity } from "../../model/trace/finding.ts";
import { worldOf } from "../why-testing.ts";
import { deployment, manifest, pod, service } from "./yaml-testing.ts";

const node = (name: string): string => `apiVersion: v1\nkind: Node\nmetadata: { name: ${name} }\n`;
const policy = (name: string, spec: string): string =>
  `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: ${name} }\nspec: ${spec}\n`;
const CONTROLLER = `apiVersion: apps/v1
kind: Deployment
metadata: { name: ingress-nginx-controller, namespace: ingress-nginx }
spec:
  selector: { matchLabels: { app: ingress } }
  template:
    metadata: { labels: { app: ingress } }
    spec:
      containers:
        - name: controller
          image: registry.k8s.io/ingress-nginx/controller:v1.11.2
          args: [/nginx-ingress-controller, "--publish-service=$(POD_NAMESPACE)/ingress-nginx-controller"]
          readinessProbe: { httpGet: { path: /healthz, port: 10254 } }
          ports: [{ name: http, containerPort: 80 }]
`;

it.each<readonly [name: string, yaml: string]>([
  [
    "a headless Service whose pods alone dial it",
    manifest(
      service("db", "{ clusterIP: None, selector: { app: db }, ports: [{ port: 9042 }] }"),
      deployment("db", { kind: "StatefulSet", image: "example/db", container: "ports: [{ containerPort: 9042 }]" }),
    ),
  ],
  [
    "a StatefulSet behind a Service with an address",
    manifest(
      service("db", "{ selector: { app: db }, ports: [{ port: 9090 }] }"),
      deployment("db", {
        kind: "StatefulSet",
        image: "example/db",
        container: "args: ['--web.listen-address=:9090']\n          ports: [{ containerPort: 9090 }]",
      }),
    ),
  ],
  [
    "a DaemonSet for its own node",
    manifest(
      service("agent", "{ internalTrafficPolicy: Local, selector: { app: agent }, ports: [{ port: 8126 }] }"),
      deployment("agent", { kind: "DaemonSet", image: "example/agent" }),
    ),
  ],
  [
    "Nodes that are only named",
    manifest(
      node("a"),
      node("b"),
      service("web", "{ selector: { app: web }, ports: [{ port: 80 }] }"),
      deployment("web"),
    ),
  ],
  [
    "pods that may ask for names and reach each other only",
    manifest(
      policy("deny", "{ podSelector: {}, policyTypes: [Ingress, Egress] }"),
      policy("dns", "{ podSelector: {}, policyTypes: [Egress], egress: [{ ports: [{ port: 53, protocol: UDP }] }] }"),
      policy(
        "out",
        "{ podSelector: { matchLabels: { app: front } }, policyTypes: [Egress], egress: [{ to: [{ podSelector: { matchLabels: { app: web } } }] }] }",
      ),
      policy(
        "in",
        "{ podSelector: { matchLabels: { app: web } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: front } } }] }] }",
      ),
      service("web", "{ selector: { app: web }, ports: [{ port: 80 }] }"),
      deployment("web"),
      pod("front"),
    ),
  ],
  [
    "an ingress controller that is probed on a port of its own, and an Ingress",
    manifest(
      "apiVersion: v1\nkind: Namespace\nmetadata: { name: ingress-nginx }\n",
      "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: { name: nginx }\nspec: { controller: k8s.io/ingress-nginx }\n",
      CONTROLLER,
      service(
        "ingress-nginx-controller",
        "{ type: LoadBalancer, externalTrafficPolicy: Local, selector: { app: ingress }, ports: [{ port: 80 }] }",
        { namespace: "ingress-nginx" },
      ),
      service("web", "{ selector: { app: web }, ports: [{ port: 80 }] }"),
      deployment("web"),
      "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: { name: web }\nspec: { ingressClassName: nginx, rules: [{ host: web.example, http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } }] } }] }\n",
    ),
  ],
  [
    "settings of a server that are called like its Service",
    manifest(
      service("postgres", "{ selector: { app: postgres }, ports: [{ port: 5432 }] }"),
      deployment("postgres", { image: "postgres:16", container: "env: [{ name: POSTGRES_PASSWORD, value: x }]" }),
    ),
  ],
])("%s", (_name, yaml) => {
  const found = worldOf({ yaml }).whyAll();
  expect(found).toMatchObject({ outcome: "delivered", findings: [] });
});

const INGRESS = (className: string): string =>
  manifest(
    "apiVersion: v1\nkind: Namespace\nmetadata: { name: ingress-nginx }\n",
    "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: { name: nginx }\nspec: { controller: k8s.io/ingress-nginx }\n",
    CONTROLLER,
    service(
      "ingress",
      "{ type: LoadBalancer, externalTrafficPolicy: Local, selector: { app: ingress }, ports: [{ port: 80 }] }",
      {
        namespace: "ingress-nginx",
      },
    ),
    service("web", "{ selector: { app: web }, ports: [{ port: 80 }] }"),
    deployment("web"),
    `apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: { name: web }\nspec: { ${className}rules: [{ host: web.example, http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } }] } }] }\n`,
  );
const alias = (name: string): string =>
  manifest(service("alias", `{ type: ExternalName, externalName: ${name}, ports: [{ port: 80 }] }`), pod("curl"));

it.each<readonly [name: string, yaml: string, said: readonly (readonly [FindingId, Severity])[]]>([
  ["an Ingress of another class", INGRESS("ingressClassName: traefik, "), [["INGRESS-BACKEND", "error"]]],
  ["an Ingress of no class", INGRESS(""), [["INGRESS-BACKEND", "error"]]],
  ["an alias that is an address", alias("10.0.0.12"), [["EXTERNALNAME-LIMITS", "error"]]],
  ["an alias of itself", alias("alias.default.svc.cluster.local"), [["EXTERNALNAME-LIMITS", "error"]]],
  ["an alias of the world outside", alias("db.example.com"), []],
  [
    "a balancer that was to say PROXY",
    manifest(
      service(
        "web",
        "{ type: LoadBalancer, externalTrafficPolicy: Local, selector: { app: web }, ports: [{ port: 80 }] }",
        {
          annotations: 'service.beta.kubernetes.io/aws-load-balancer-proxy-protocol: "*"',
        },
      ),
      deployment("web"),
    ),
    [["LB-IP-SHORT-CIRCUIT", "warning"]],
  ],
])("of %s", (_name, yaml, said) => {
  const found = worldOf({ yaml }).whyAll();
  const findings = "findings" in found ? found.findings : [];
  expect(findings.map(({ id, severity }) => [id, severity])).toEqual(said);
});
