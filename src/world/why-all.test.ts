import { expect, test } from "vitest";
import type { ClusterDiagnosis } from "../model/trace/finding.ts";
import type { Command } from "../wire/protocol.ts";
import type { World } from "./types.ts";
import { worldOf } from "./why-testing.ts";

function allOf(world: World): ClusterDiagnosis {
  const before = world.journalHash();
  const found = world.whyAll();
  expect(world.journalHash()).toBe(before);
  if ("message" in found) throw new Error(found.message);
  return found;
}
const said = ({ findings }: ClusterDiagnosis, severity?: string): readonly string[] =>
  findings
    .filter((one) => severity === undefined || one.severity === severity)
    .map(({ id, request }) => `${id} ${request.to}`);

interface Run {
  readonly replicas?: number;
  readonly image?: string;
  readonly port?: number;
  readonly more?: string;
  readonly labels?: string;
  readonly kind?: string;
}
const run = (
  name: string,
  { replicas = 2, image = "nginx", port = 80, more = "", labels = "", kind = "Deployment" }: Run = {},
): string => `
apiVersion: apps/v1
kind: ${kind}
metadata: {name: ${name}, namespace: shop}
spec:
  ${kind === "DaemonSet" ? "" : `replicas: ${String(replicas)}`}
  ${kind === "StatefulSet" ? `serviceName: ${name}` : ""}
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}${labels}}}
    spec: {containers: [{name: c, image: ${image}, ports: [{name: http, containerPort: ${String(port)}}]${more}}]}
---`;
const service = (name: string, spec = "ports: [{port: 80}]"): string => `
apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: shop}
spec: {selector: {app: ${name}}, ${spec}}
---`;
const selectorless = (name: string): string => `
apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: shop}
spec: {ports: [{port: 80}]}
---`;
const policy = (spec: string): string => `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: fence, namespace: shop}
spec: {${spec}}
---`;
const own = (kind: string, spec: string): string => `
apiVersion: kubehop.dev/v1alpha1
kind: ${kind}
metadata: {name: lab}
spec: {${spec}}
---`;
const NS = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---";
const LB = "type: LoadBalancer, ports: [{port: 80}]";

const HEALTHY: Readonly<Record<string, string>> = {
  nothing: NS,
  "a Service": run("web") + service("web"),
  "no containerPort": run("web").replace(", ports: [{name: http, containerPort: 80}]", "") + service("web"),
  "a named target port": run("web", { port: 8080 }) + service("web", "ports: [{port: 80, targetPort: http}]"),
  "a node port": run("web") + service("web", "type: NodePort, ports: [{port: 80}]"),
  "a Local node port on few nodes":
    run("web", { replicas: 1 }) + service("web", "type: NodePort, externalTrafficPolicy: Local, ports: [{port: 80}]"),
  "a load balancer": run("web") + service("web", LB),
  "a Local load balancer on few nodes":
    run("web", { replicas: 1 }) + service("web", `externalTrafficPolicy: Local, ${LB}`),
  "a balancer for some": run("web") + service("web", `loadBalancerSourceRanges: [203.0.113.0/24], ${LB}`),
  "internal Local on every node":
    run("agent", { kind: "DaemonSet" }) + service("agent", "internalTrafficPolicy: Local, ports: [{port: 80}]"),
  headless: run("web") + service("web", "clusterIP: None, ports: [{port: 80}]"),
  "a StatefulSet": run("db", { kind: "StatefulSet" }) + service("db", "clusterIP: None, ports: [{port: 80}]"),
  "scaled to zero": run("web", { replicas: 0 }) + service("web"),
  "a Service for later": selectorless("db"),
  affinity: run("web") + service("web", "sessionAffinity: ClientIP, ports: [{port: 80}]"),
  "a policy with a way in":
    run("web") +
    run("curl") +
    service("web") +
    policy("podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: {matchLabels: {app: curl}}}]}]") +
    run("other"),
  "nobody but its own": run("web") + service("web") + policy("podSelector: {}, ingress: []"),
  "an ExternalName": `apiVersion: v1\nkind: Service\nmetadata: {name: db, namespace: shop}\nspec: {type: ExternalName, externalName: db.example.com}\n---`,
  "ready in the end": run("web", { more: ", readinessProbe: {httpGet: {port: 80}}" }) + service("web"),
  "several ports":
    run("web", { image: "nginx" }) +
    service("web", "ports: [{name: a, port: 80}, {name: b, port: 8080, targetPort: 80}]"),
  "an external address": run("web") + service("web", "externalIPs: [198.51.100.77], ports: [{port: 80}]"),
  "pods that ask no name server of the cluster": `
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: shop}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec: {hostNetwork: true, containers: [{name: c, image: nginx}]}
---${run("db", { kind: "StatefulSet" })}${service("db", "clusterIP: None, ports: [{port: 80}]")}`,
  "a name server of its own": `
apiVersion: apps/v1
kind: Deployment
metadata: {name: coredns, namespace: kube-system}
spec:
  selector: {matchLabels: {k8s-app: kube-dns}}
  template:
    metadata: {labels: {k8s-app: kube-dns}}
    spec: {containers: [{name: c, image: coredns/coredns:1.12.0, ports: [{containerPort: 53, protocol: UDP}, {containerPort: 53}]}]}
---${run("web")}${service("web")}`,
  "a request that must fail":
    run("web") +
    service("web") +
    own("Expectation", "from: client/internet, to: 'service/shop/web:80', outcome: timeout"),
};

test.each(Object.entries(HEALTHY))("no error where nothing is wrong: %s", (_, yaml) => {
  const found = allOf(worldOf({ yaml: NS + "\n" + yaml }));
  expect(said(found, "error")).toEqual([]);
  expect(found.outcome).toBe("delivered");
  expect(found.asked).toBeGreaterThan(0);
});

const BROKEN: readonly [name: string, yaml: string, id: string, severity: string, after?: readonly Command[]][] = [
  ["a selector", run("web") + service("web").replace("app: web", "app: wob"), "SVC-SELECTOR-NO-MATCH", "error"],
  [
    "a port",
    run("web", { port: 8080 }) + service("web", "ports: [{port: 80, targetPort: 81}]"),
    "SVC-TARGET-PORT-CLOSED",
    "error",
  ],
  [
    "a policy without a way in",
    run("web") + run("curl") + service("web") + policy("podSelector: {matchLabels: {app: web}}, ingress: []"),
    "POLICY-DENIES",
    "error",
  ],
  [
    "what the scenario opens with",
    run("web") + service("web") + own("Lab", "open: {from: client/internet, to: 'service/shop/web:80'}"),
    "OUTSIDE-CLUSTERIP",
    "error",
  ],
  [
    "what the text expects",
    run("web") +
      service("web") +
      own("Expectation", "from: client/internet, to: 'service/shop/web:80', outcome: delivered"),
    "OUTSIDE-CLUSTERIP",
    "error",
  ],
  [
    "a balancer that nobody makes",
    run("web") + service("web", LB) + own("CloudProvider", "loadBalancer: none"),
    "LB-PENDING",
    "error",
  ],
  ["scaled to zero", run("web", { replicas: 0 }) + service("web"), "SVC-NO-ENDPOINTS", "note"],
  ["nothing behind it", run("other") + selectorless("db"), "SVC-NO-ENDPOINTS", "warning"],
  [
    "a policy on pods without company",
    run("web") + service("web") + policy("podSelector: {}, policyTypes: [Ingress]"),
    "POLICY-DENIES",
    "warning",
  ],
];

test.each(BROKEN)("told: %s", (_, yaml, id, severity) => {
  const found = allOf(worldOf({ yaml: NS + "\n" + yaml }));
  const own = found.findings.filter((one) => one.id === id).map((one) => one.severity);
  expect(own).toEqual([severity]);
  expect(found.outcome === "delivered").toBe(severity !== "error");
  expect(found.findings[0]?.severity === "error").toBe(severity === "error");
});

test("one for each id and object, edits proved for the first of them", () => {
  const names = Array.from({ length: 14 }, (_, i) => `web${String(i)}`);
  const yaml =
    NS +
    "\n" +
    names.map((name) => run(name, { replicas: 1 }) + service(name).replace(`app: ${name}`, `app: ${name}x`)).join("");
  const { findings } = allOf(worldOf({ yaml }));
  expect(findings.filter(({ id }) => id === "SVC-SELECTOR-NO-MATCH")).toHaveLength(14);
  expect(findings.filter(({ fix }) => fix !== null)).toHaveLength(12);
  expect(findings.at(-1)?.unfixed).toMatch(/Ask why of this request alone/);
});
