/** Problems as people's own YAML has them: by command lines, variables, resolvers and Ingresses. */
import { describe, expect, it } from "vitest";
import type { FindingId } from "../../model/trace/finding.ts";
import { type Broken, diagnosisOf, expectMended, expectNoEdit, worldOf } from "../why-testing.ts";
import { deployment, manifest, pod, service } from "./yaml-testing.ts";

const WEB = "{ selector: { app: web }, ports: [{ port: 80 }] }";
const CURL = pod("curl", { image: "curlimages/curl", container: "command: [sleep, infinity]" });
const ASK = { from: "pod/default/curl", to: "web:80" } as const;

interface Guise {
  readonly name: string;
  readonly id: FindingId;
  readonly yaml: string;
  readonly from?: string;
  readonly to?: string;
  readonly mode?: Broken["mode"];
  /** Path and value of the first edit; none: no edit mends it. */
  readonly edit?: readonly [path: string, to: unknown];
  readonly cause: RegExp;
}

const app = (more: string, ports = "port: 80, targetPort: 8000"): string =>
  manifest(
    service("web", `{ selector: { app: web }, ports: [{ ${ports} }] }`),
    deployment("web", { image: "python:3.12", container: more }),
    CURL,
  );
const web = manifest(service("web", WEB), deployment("web"));
const curl = (spec: string): string => pod("curl", { image: "curlimages/curl", container: "command: [sleep]", spec });
const proxy = (more: string): string =>
  `apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n${more}\n`;
const NODE_PORT = manifest(
  service("web", "{ type: NodePort, selector: { app: web }, ports: [{ port: 80, nodePort: 30080 }] }"),
  deployment("web"),
);
const DNS = "metadata: { name: kube-dns, namespace: kube-system }";

const GUISES: readonly Guise[] = [
  {
    name: "a flag that binds loopback",
    id: "LISTENER-LOOPBACK",
    yaml: app('command: [python, -m, http.server, "8000", --bind, 127.0.0.1]'),
    edit: ["spec.template.spec.containers[0].command[5]", "0.0.0.0"],
    cause: /port 8000 of 127\.0\.0\.1 only/,
  },
  {
    name: "a program that binds loopback unless it is told otherwise",
    id: "LISTENER-LOOPBACK",
    yaml: app("command: [gunicorn]\n          args: ['app:app']"),
    edit: ["spec.template.spec.containers[0].args[1]", "--bind=0.0.0.0:8000"],
    cause: /127\.0\.0\.1 only/,
  },
  {
    name: "the same in a shell",
    id: "LISTENER-LOOPBACK",
    yaml: app("command: [sh, -c, 'flask run']", "port: 80, targetPort: 5000"),
    edit: ["spec.template.spec.containers[0].command[2]", "flask run --host=0.0.0.0"],
    cause: /127\.0\.0\.1 only/,
  },
  {
    name: "a variable that binds loopback",
    id: "LISTENER-LOOPBACK",
    yaml: app("env: [{ name: PORT, value: '8000' }, { name: HOST, value: 127.0.0.1 }]"),
    edit: ["spec.template.spec.containers[0].env[1].value", "0.0.0.0"],
    cause: /127\.0\.0\.1 only/,
  },
  {
    name: "a port in a variable",
    id: "SVC-TARGET-PORT-CLOSED",
    yaml: app("env: [{ name: PORT, value: '3000' }]"),
    edit: ["spec.ports[0].targetPort", 3000],
    cause: /it listens on 3000/,
  },
  {
    name: "a probe that runs what is bound to fail",
    id: "SVC-ENDPOINTS-NOT-READY",
    yaml: manifest(
      service("web", WEB),
      deployment("web", { container: "readinessProbe: { exec: { command: [cat, /tmp/ready] } }" }),
      CURL,
    ),
    edit: ["spec.template.spec.containers[0].readinessProbe", null],
    cause: /cat \/tmp\/ready, fails/,
  },
  {
    name: "a probe of a process that binds loopback",
    id: "SVC-ENDPOINTS-NOT-READY",
    yaml: app(
      "command: [flask, run, --host=127.0.0.1]\n          readinessProbe: { tcpSocket: { port: 5000 } }",
      "port: 80, targetPort: 5000",
    ),
    cause: /its process listens on 127\.0\.0\.1 only/,
  },
  {
    name: "a readiness gate",
    id: "SVC-ENDPOINTS-NOT-READY",
    yaml: manifest(
      service("web", WEB),
      deployment("web", { spec: "readinessGates: [{ conditionType: example.com/ok }]" }),
      CURL,
    ),
    edit: ["spec.template.spec.readinessGates", null],
    cause: /readiness gate example\.com\/ok is not met/,
  },
  {
    name: "the node's resolver",
    id: "DNS-SEARCH-PATH",
    yaml: manifest(web, curl("dnsPolicy: Default")),
    edit: ["spec.dnsPolicy", "ClusterFirst"],
    cause: /dnsPolicy of pod curl is Default/,
  },
  {
    name: "the host's network",
    id: "DNS-SEARCH-PATH",
    yaml: manifest(web, curl("hostNetwork: true")),
    edit: ["spec.dnsPolicy", "ClusterFirstWithHostNet"],
    cause: /on the host's network/,
  },
  {
    name: "a resolver without a search path",
    id: "DNS-SEARCH-PATH",
    yaml: manifest(web, curl("dnsPolicy: None\n  dnsConfig: { nameservers: [10.96.0.10] }")),
    edit: ["spec.dnsPolicy", "ClusterFirst"],
    cause: /has no searches/,
  },
  {
    name: "a node that asks for a Service",
    id: "DNS-SEARCH-PATH",
    yaml: web,
    from: "node/worker-1",
    cause: /worker-1 is a machine/,
  },
  {
    name: "a namespace that there is not",
    id: "DNS-SEARCH-PATH",
    yaml: manifest(web, CURL),
    to: "web.defualt:80",
    cause: /no Service web in namespace defualt: namespace default has one/,
  },
  {
    name: "another domain",
    id: "DNS-SEARCH-PATH",
    yaml: manifest(web, CURL),
    to: "http://web.default.svc.cluster.lcoal/",
    cause: /ends in \.svc\.cluster\.local/,
  },
  {
    name: "a misspelt Service",
    id: "DNS-SEARCH-PATH",
    yaml: manifest(web, CURL),
    to: "wbe:80",
    cause: /the nearest name is web/,
  },
  {
    name: "a full name, asked for in vain first",
    id: "DNS-NDOTS",
    yaml: manifest(web, CURL),
    to: "web.default.svc.cluster.local:80",
    edit: ["spec.dnsConfig.options", [{ name: "ndots", value: "1" }]],
    cause: /6 of 8 questions are in vain/,
  },
  {
    name: "a name server that does not answer",
    id: "DNS-DOWN",
    yaml: manifest(
      web,
      curl("dnsPolicy: None\n  dnsConfig: { nameservers: [10.96.0.11], searches: [default.svc.cluster.local] }"),
    ),
    edit: ["spec.dnsConfig.nameservers[0]", "10.96.0.10"],
    cause: /10\.96\.0\.11, does not answer; the cluster's is 10\.96\.0\.10/,
  },
  {
    name: "a kube-dns that selects nobody",
    id: "DNS-DOWN",
    yaml: manifest(
      web,
      CURL,
      `apiVersion: v1\nkind: Service\n${DNS}\nspec: { clusterIP: 10.96.0.10, selector: { k8s-app: coredns }, ports: [{ port: 53, protocol: UDP }] }`,
    ),
    edit: ["spec.selector", { "k8s-app": "kube-dns" }],
    cause: /no ready CoreDNS pod/,
  },
  {
    name: "requests that stay on one connection",
    id: "KEEPALIVE-PINNED",
    yaml: manifest(
      service("web", "{ selector: { app: web }, ports: [{ name: grpc, port: 80 }] }"),
      deployment("web"),
      CURL,
    ),
    cause: /speaks grpc/,
  },
  {
    name: "node ports on some addresses only",
    id: "NODEPORT-LOCALHOST",
    yaml: manifest(NODE_PORT, proxy('nodePortAddresses: ["127.0.0.0/8"]')),
    from: "client/internet",
    to: "node/worker-1:30080",
    edit: ["nodePortAddresses", null],
    cause: /192\.168\.56\.11 is not one/,
  },
  {
    name: "node ports without loopback",
    id: "NODEPORT-LOCALHOST",
    yaml: manifest(NODE_PORT, proxy("iptables: { localhostNodePorts: false }")),
    from: "node/worker-1",
    to: "127.0.0.1:30080",
    edit: ["iptables.localhostNodePorts", true],
    cause: /leave 127\.0\.0\.0\/8 out/,
  },
  {
    name: "Endpoints whose port has another name",
    id: "SLICE-NOT-LINKED",
    yaml: manifest(
      service("web", "{ ports: [{ name: http, port: 80 }] }"),
      "apiVersion: v1\nkind: Endpoints\nmetadata: { name: web }\nsubsets: [{ addresses: [{ ip: 192.168.56.12 }], ports: [{ name: web, port: 80 }] }]\n",
      pod("edge", { spec: "hostNetwork: true\n  nodeName: worker-2" }),
      CURL,
    ),
    edit: ["subsets[0].ports[0].name", "http"],
    cause: /port of Endpoints web is named web and the Service's http/,
  },
  {
    name: "a pool that is for those who ask",
    id: "LB-PENDING",
    yaml: manifest(
      service("web", "{ type: LoadBalancer, selector: { app: web }, ports: [{ port: 80 }] }"),
      deployment("web"),
      "apiVersion: metallb.io/v1beta1\nkind: IPAddressPool\nmetadata: { name: pool, namespace: metallb-system }\nspec: { addresses: [192.168.56.240-192.168.56.250], autoAssign: false }\n",
      "apiVersion: metallb.io/v1beta1\nkind: L2Advertisement\nmetadata: { name: l2, namespace: metallb-system }\n",
    ),
    from: "client/internet",
    to: "lb/default/web:80",
    edit: ["spec.autoAssign", true],
    cause: /pool only to Services that ask for it/,
  },
  {
    name: "an alias that servers by name do not know",
    id: "EXTERNALNAME-LIMITS",
    yaml: manifest(web, service("alias", "{ type: ExternalName, externalName: web.default.svc.cluster.local }"), CURL),
    to: "http://alias/",
    cause: /still asks for host alias/,
  },
];

describe("a problem in another guise", () => {
  it.each(GUISES)("$name", ({ id, yaml, from = ASK.from, to = ASK.to, mode, edit, cause }) => {
    const broken: Broken = { yaml, from, to, ...(mode === undefined ? {} : { mode }) };
    const found = edit === undefined ? expectNoEdit(broken, id) : expectMended(broken, id);
    expect(found.cause).toMatch(cause);
    const [first] = found.fix?.edits ?? [];
    expect(first === undefined ? undefined : [first.path, first.to]).toEqual(edit);
  });

  it("a public name server's address is caught, and nobody of the text is it", () => {
    const yaml = manifest(
      service("web", "{ selector: { app: web }, externalIPs: [8.8.8.8], ports: [{ port: 443, targetPort: 80 }] }"),
      deployment("web"),
      CURL,
    );
    const [first] = diagnosisOf({ yaml, from: ASK.from, to: "8.8.8.8:443" }).findings;
    expect([first?.id, first?.severity, first?.fix?.edits[0]?.path]).toEqual([
      "EXTERNALIP-HIJACK",
      "warning",
      "spec.externalIPs",
    ]);
    expect(first?.cause).toContain("8.8.8.8 belongs to a public name server");
  });

  it("a Deployment whose sender nobody knows is refused as a whole", () => {
    const diagnosis = worldOf({ yaml: web }).why({ from: "client/moon", to: "web:80", protocol: "tcp" });
    expect(diagnosis).toMatchObject({ message: expect.stringMatching(/"moon" not found/) as string });
  });
});
