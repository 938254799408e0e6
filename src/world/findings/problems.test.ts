/** The things that go wrong in real life, each in several guises: what is named first, and that its edit mends it. */
import { describe, expect, it } from "vitest";
import { applyFieldEdits } from "../../manifest/field-edits.ts";
import type { Diagnosis, FieldEdit, FindingId } from "../../model/trace/finding.ts";
import { type Broken, diagnosisOf, expectMended, expectNoEdit, idsOf } from "../why-testing.ts";
import { createWorld } from "../world.ts";
import type { World } from "../types.ts";
import { client, cloud, deployment, labYaml, manifest, pod, service } from "./yaml-testing.ts";

/** A broken text, the request that suffers, and the finding that must come first. `edit`: path and value of its first edit; absent: there is none. */
interface Row extends Broken {
  readonly name: string;
  readonly id: FindingId;
  readonly edit?: readonly [path: string, to: unknown];
}

function check({ id, edit, ...broken }: Row): void {
  if (edit === undefined) {
    expectNoEdit(broken, id);
    return;
  }
  const { fix } = expectMended(broken, id);
  expect([fix?.edits[0]?.path, fix?.edits[0]?.to]).toEqual(edit);
}

function refusedWorld(text: string): World {
  const world = createWorld({ seed: null });
  world.dispatch({ type: "text", text });
  expect(world.report.accepted).toBe(false);
  return world;
}

function refusedDiagnosis(text: string, from: string, to: string): Diagnosis {
  const found = refusedWorld(text).why({ from, to, protocol: "tcp" });
  if ("message" in found) throw new Error(found.message);
  return found;
}

const applied = (text: string, edits: readonly FieldEdit[]): string => applyFieldEdits(text, edits) ?? "";

const CURL = pod("curl", { namespace: "shop", image: "curlimages/curl" });
const ASK = { from: "pod/shop/curl", to: "service/shop/web:80" } as const;
const NS = { namespace: "shop" } as const;
const web = (spec: string): string => service("web", spec, NS);
const LISTENS = "ports: [{ containerPort: 8080, name: http }]";
const GOOD = "{ selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] }";

describe("1: the selector matches nothing", () => {
  const rows: readonly Row[] = [
    {
      name: "a typo in the pod template of a Deployment",
      yaml: manifest(
        web("{ selector: { app: web }, ports: [{ port: 80 }] }"),
        deployment("web", { ...NS, labels: "app: wbe" }),
        CURL,
      ),
      ...ASK,
      id: "SVC-SELECTOR-NO-MATCH",
      edit: ["spec.selector.app", "wbe"],
    },
    {
      name: "another key, with a slash in it",
      yaml: manifest(
        web(`
  selector:
    app.kubernetes.io/name: web # as in the chart
  ports:
    - port: 80`),
        deployment("web", { ...NS, labels: "app.kubernetes.io/instance: web" }),
        CURL,
      ),
      ...ASK,
      id: "SVC-SELECTOR-NO-MATCH",
      edit: ["spec.selector[app.kubernetes.io/instance]", "web"],
    },
    {
      name: "one label too many",
      yaml: manifest(
        web("{ selector: { app: web, tier: backend }, ports: [{ port: 80 }] }"),
        deployment("web", { ...NS, labels: "app: web" }),
        CURL,
      ),
      ...ASK,
      id: "SVC-SELECTOR-NO-MATCH",
      edit: ["spec.selector.tier", null],
    },
    {
      name: "letter case",
      yaml: manifest(
        web("{ selector: { app: Web }, ports: [{ port: 80 }] }"),
        deployment("web", { ...NS, kind: "StatefulSet", labels: "app: web" }),
        CURL,
      ),
      ...ASK,
      id: "SVC-SELECTOR-NO-MATCH",
      edit: ["spec.selector.app", "web"],
      mode: "nftables",
    },
    {
      name: "pods of another namespace only",
      yaml: manifest(
        web("{ selector: { app: web }, ports: [{ port: 80 }] }"),
        deployment("web", { labels: "app: web" }),
        CURL,
      ),
      ...ASK,
      id: "SVC-SELECTOR-NO-MATCH",
    },
    {
      name: "of a UDP Service, in ipvs mode",
      yaml: manifest(
        web("{ selector: { app: dsn }, ports: [{ port: 53, protocol: UDP }] }"),
        deployment("dns", {
          ...NS,
          kind: "DaemonSet",
          labels: "app: dns",
          container: "ports: [{ containerPort: 53, protocol: UDP }]",
        }),
        CURL,
      ),
      from: ASK.from,
      to: "service/shop/web:53",
      protocol: "udp",
      mode: "ipvs",
      id: "SVC-SELECTOR-NO-MATCH",
      edit: ["spec.selector.app", "dns"],
    },
    {
      name: "of a headless Service, by name",
      yaml: manifest(
        web("{ clusterIP: None, selector: { app: wbe }, ports: [{ port: 80 }] }"),
        deployment("web", NS),
        CURL,
      ),
      from: ASK.from,
      to: "web:80",
      id: "SVC-SELECTOR-NO-MATCH",
      edit: ["spec.selector.app", "web"],
    },
  ];
  it.each(rows)("$name", check);
});

describe("2: the targetPort", () => {
  const rows: readonly Row[] = [
    {
      name: "is absent, so that it is the port",
      yaml: manifest(
        web("{ selector: { app: web }, ports: [{ port: 80 }] }"),
        deployment("web", { ...NS, container: LISTENS }),
        CURL,
      ),
      ...ASK,
      id: "SVC-TARGET-PORT-CLOSED",
      edit: ["spec.ports[0].targetPort", 8080],
    },
    {
      name: "is not what a well-known image without declared ports listens on",
      yaml: manifest(
        web("{ selector: { app: web }, ports: [{ port: 6379, targetPort: 6380 }] }"),
        deployment("web", { ...NS, image: "redis:7" }),
        CURL,
      ),
      from: ASK.from,
      to: "web.shop:6379",
      id: "SVC-TARGET-PORT-CLOSED",
      edit: ["spec.ports[0].targetPort", 6379],
    },
    {
      name: "of the second port is wrong",
      yaml: manifest(
        web(`
  selector: {app: web}
  ports:
    - {name: http, port: 80, targetPort: 8080}
    # for Prometheus
    - {name: metrics, port: 9100, targetPort: 9101}`),
        deployment("web", { ...NS, container: "ports: [{ containerPort: 8080 }, { containerPort: 9100 }]" }),
        CURL,
      ),
      from: ASK.from,
      to: "service/shop/web:metrics",
      id: "SVC-TARGET-PORT-CLOSED",
      edit: ["spec.ports[1].targetPort", 9100],
      mode: "nftables",
    },
    {
      name: "is dialled by the node port from outside",
      yaml: manifest(
        web("{ type: NodePort, selector: { app: web }, ports: [{ port: 80, targetPort: 80, nodePort: 30080 }] }"),
        deployment("web", { ...NS, container: LISTENS }),
      ),
      from: "client/internet",
      to: "node/worker-2:30080",
      id: "SVC-TARGET-PORT-CLOSED",
      edit: ["spec.ports[0].targetPort", 8080],
    },
    {
      name: "of a headless Service is no help: the client's port counts",
      yaml: manifest(
        web("{ clusterIP: None, selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] }"),
        deployment("web", { ...NS, container: LISTENS }),
        CURL,
      ),
      from: ASK.from,
      to: "web:80",
      id: "SVC-TARGET-PORT-CLOSED",
    },
  ];
  it.each(rows)("$name", check);
});

describe("3: pods are not ready", () => {
  const probe = (text: string): string => `${LISTENS}\n          readinessProbe: ${text}`;
  const at = (kind: string) => (kind === "Pod" ? "" : "spec.template.");
  const rows: readonly Row[] = [
    {
      name: "a probe of a port on which nothing listens",
      yaml: manifest(web(GOOD), deployment("web", { ...NS, container: probe("{ tcpSocket: { port: 8081 } }") }), CURL),
      ...ASK,
      id: "SVC-ENDPOINTS-NOT-READY",
      edit: [`${at("Deployment")}spec.containers[0].readinessProbe.tcpSocket.port`, 8080],
    },
    {
      name: "a probe of a named port that there is not",
      yaml: manifest(
        web(GOOD),
        deployment("web", { ...NS, container: probe("{ httpGet: { path: /ready, port: web } }") }),
        CURL,
      ),
      ...ASK,
      id: "SVC-ENDPOINTS-NOT-READY",
      edit: [`${at("Deployment")}spec.containers[0].readinessProbe.httpGet.port`, 8080],
    },
    {
      name: "behind a headless Service",
      yaml: manifest(
        web("{ clusterIP: None, selector: { app: web }, ports: [{ port: 8080 }] }"),
        deployment("web", { ...NS, container: probe("{ httpGet: { port: 9 } }") }),
        CURL,
      ),
      from: ASK.from,
      to: "web:8080",
      id: "SVC-ENDPOINTS-NOT-READY",
      edit: [`${at("Deployment")}spec.containers[0].readinessProbe.httpGet.port`, 8080],
    },
  ];
  it.each(rows)("$name", check);
});

describe("4: the named targetPort", () => {
  const rows: readonly Row[] = [
    {
      name: "is spelt otherwise in the pod",
      yaml: manifest(
        web("{ selector: { app: web }, ports: [{ port: 80, targetPort: web-http }] }"),
        deployment("web", {
          ...NS,
          container: "ports: [{ containerPort: 8080, name: http-web }, { containerPort: 9, name: admin }]",
        }),
        CURL,
      ),
      ...ASK,
      id: "SVC-NAMED-PORT-MISSING",
      edit: ["spec.ports[0].targetPort", "http-web"],
    },
    {
      name: "is on the wrong protocol",
      yaml: manifest(
        web("{ selector: { app: web }, ports: [{ port: 53, protocol: UDP, targetPort: dns }] }"),
        deployment("web", {
          ...NS,
          container: "ports: [{ containerPort: 53, name: dns }, { containerPort: 53, name: dns-udp, protocol: UDP }]",
        }),
        CURL,
      ),
      from: ASK.from,
      to: "service/shop/web:53",
      protocol: "udp",
      id: "SVC-NAMED-PORT-MISSING",
      edit: ["spec.ports[0].targetPort", "dns-udp"],
    },
    {
      name: "has no declared port to name",
      yaml: manifest(
        web("{ selector: { app: web }, ports: [{ port: 80, targetPort: http }] }"),
        deployment("web", NS),
        CURL,
      ),
      ...ASK,
      id: "SVC-NAMED-PORT-MISSING",
      edit: ["spec.ports[0].targetPort", 80],
    },
  ];
  it.each(rows)("$name", check);
});

describe("5 to 8: ping, pending, outside, source", () => {
  const lb = (more = ""): string =>
    web(`{ type: LoadBalancer, selector: { app: web }, ports: [{ port: 80 }] ${more} }`);
  const rows: readonly Row[] = [
    {
      name: "5: ping in nftables mode",
      yaml: manifest(web(GOOD), deployment("web", NS), CURL),
      from: ASK.from,
      to: "service/shop/web",
      protocol: "icmp",
      mode: "nftables",
      id: "SVC-ICMP",
    },
    {
      name: "6: no cloud",
      yaml: manifest(lb(), deployment("web", NS), cloud("none")),
      from: "client/internet",
      to: "lb/shop/web:80",
      id: "LB-PENDING",
    },
    {
      name: "6: a class that nobody serves",
      yaml: manifest(lb(", loadBalancerClass: example.com/x"), deployment("web", NS)),
      from: "client/internet",
      to: "lb/shop/web:80",
      id: "LB-PENDING",
      edit: ["spec.loadBalancerClass", null],
    },
    {
      name: "7: the ClusterIP from outside",
      yaml: manifest(
        web("{ clusterIP: 10.96.7.7, selector: { app: web }, ports: [{ port: 80 }] }"),
        deployment("web", NS),
      ),
      from: "client/internet",
      to: "10.96.7.7:80",
      id: "OUTSIDE-CLUSTERIP",
    },
    {
      name: "7: the name from outside",
      yaml: manifest(web(GOOD), deployment("web", NS)),
      from: "client/internet",
      to: "http://web.shop.svc.cluster.local/",
      id: "OUTSIDE-CLUSTERIP",
    },
    {
      name: "8: the source behind a node port",
      yaml: manifest(
        web("{ type: NodePort, selector: { app: web }, ports: [{ port: 80, nodePort: 30080 }] }"),
        deployment("web", { ...NS, kind: "DaemonSet" }),
      ),
      from: "client/internet",
      to: "node/worker-1:30080",
      id: "SOURCE-IP-SNAT",
      edit: ["spec.externalTrafficPolicy", "Local"],
      mode: "nftables",
    },
  ];
  it.each(rows)("$name", check);
});

describe("9 to 13: Local, search path, hairpin, connections, loopback", () => {
  const local = (kind: "external" | "internal"): string =>
    web(
      kind === "external"
        ? "{ type: LoadBalancer, externalTrafficPolicy: Local, selector: { app: web }, ports: [{ port: 80, nodePort: 30080 }] }"
        : "{ internalTrafficPolicy: Local, selector: { app: web }, ports: [{ port: 80 }] }",
    );
  const onTwo = pod("web-0", { ...NS, labels: "app: web", spec: "nodeName: worker-2" });
  const rows: readonly Row[] = [
    {
      name: "9: node port of a node without a pod",
      yaml: manifest(local("external"), onTwo),
      from: "client/internet",
      to: "192.168.56.13:30080",
      mode: "ipvs",
      id: "LOCAL-EXTERNAL-NO-ENDPOINT",
      edit: ["spec.externalTrafficPolicy", "Cluster"],
    },
    {
      name: "10: a bare name of another namespace",
      yaml: manifest(web(GOOD), deployment("web", { ...NS, container: LISTENS }), pod("curl")),
      from: "pod/default/curl",
      to: "http://web/",
      id: "DNS-SEARCH-PATH",
    },
    {
      name: "11: hairpin, by the node's annotation",
      yaml: manifest(
        web("{ selector: { app: web }, ports: [{ port: 80 }] }"),
        deployment("web", { ...NS, replicas: 1 }),
        `apiVersion: v1\nkind: Node\nmetadata: { name: n1, annotations: { kubehop.dev/network: "hairpin=false" } }\nspec: { podCIDR: 10.244.1.0/24 }\nstatus: { addresses: [{ type: InternalIP, address: 192.168.56.11 }] }`,
      ),
      from: "deploy/shop/web",
      to: "service/shop/web:80",
      id: "HAIRPIN",
      edit: ["metadata.annotations[kubehop.dev/network]", null],
    },
    {
      name: "13: loopback of one of two ports",
      yaml: manifest(
        web("{ selector: { app: web }, ports: [{ port: 80, targetPort: 9000 }] }"),
        deployment("web", { ...NS, annotations: 'kubehop.dev/listen: "127.0.0.1:9000/TCP, 8080/TCP"' }),
        CURL,
      ),
      ...ASK,
      id: "LISTENER-LOOPBACK",
      edit: ["spec.template.metadata.annotations[kubehop.dev/listen]", "9000/TCP, 8080/TCP"],
    },
    {
      name: "17: Local within",
      yaml: manifest(local("internal"), onTwo, pod("curl", { ...NS, spec: "nodeName: worker-1" })),
      ...ASK,
      id: "LOCAL-INTERNAL-NO-ENDPOINT",
      edit: ["spec.internalTrafficPolicy", "Cluster"],
    },
  ];
  it.each(rows)("$name", check);
});

describe("16: NetworkPolicies", () => {
  const policy = (spec: string): string =>
    `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: guard, namespace: shop }\nspec:${spec.startsWith("\n") ? spec : ` ${spec}`}`;
  const base = (spec: string, asker = CURL): string =>
    manifest(web(GOOD), deployment("web", { ...NS, container: LISTENS }), asker, policy(spec));
  const rows: readonly Row[] = [
    {
      name: "names the Service's port",
      yaml: base(
        "{ podSelector: { matchLabels: { app: web } }, policyTypes: [Ingress], ingress: [{ from: [{ podSelector: {} }], ports: [{ port: 80, protocol: TCP }] }] }",
      ),
      ...ASK,
      id: "POLICY-DENIES",
      edit: ["spec.ingress[0].ports[0].port", 8080],
    },
    {
      name: "egress of the client to the Service's port",
      yaml: base(`
  podSelector: {matchLabels: {app: curl}}
  policyTypes: [Egress]
  egress:
    - ports: [{port: 80}] # the Service's`),
      ...ASK,
      id: "POLICY-DENIES",
      edit: ["spec.egress[0].ports[0].port", 8080],
    },
    {
      name: "a namespaceSelector for another label",
      yaml: manifest(
        web(GOOD),
        deployment("web", { ...NS, container: LISTENS }),
        "apiVersion: v1\nkind: Namespace\nmetadata: { name: front, labels: { team: front } }",
        pod("curl", { namespace: "front" }),
        policy("{ podSelector: {}, ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: fornt } } }] }] }"),
      ),
      from: "pod/front/curl",
      to: "service/shop/web:80",
      id: "POLICY-DENIES",
      edit: ["spec.ingress[0].from[0].namespaceSelector.matchLabels.team", "front"],
    },
    {
      name: "a podSelector typo",
      yaml: base(
        "{ podSelector: { matchLabels: { app: web } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: crul } } }] }] }",
      ),
      ...ASK,
      id: "POLICY-DENIES",
      edit: ["spec.ingress[0].from[0].podSelector.matchLabels.app", "curl"],
    },
    {
      name: "no egress at all, by name",
      yaml: base("{ podSelector: { matchLabels: { app: curl } }, policyTypes: [Egress] }"),
      from: ASK.from,
      to: "web:80",
      id: "POLICY-DENIES",
      edit: ["spec.egress[0]", expect.anything()],
    },
  ];
  it.each(rows)("$name", check);
});

describe("18 to 22: clients, names, node ports", () => {
  const np = (port: string, more = ""): string =>
    web(`{ type: NodePort, selector: { app: web }, ports: [{ port: 80, nodePort: ${port} }] ${more} }`);
  const rows: readonly Row[] = [
    {
      name: "18: affinity behind a balancer that dials itself",
      yaml: manifest(
        web("{ type: LoadBalancer, sessionAffinity: ClientIP, selector: { app: web }, ports: [{ port: 80 }] }"),
        deployment("web", NS),
        cloud("nodePort", "source: snat"),
      ),
      from: "client/internet",
      to: "lb/shop/web:80",
      id: "AFFINITY-CLIENTS-MERGED",
    },
    {
      name: "19: ndots",
      yaml: manifest(CURL, client("api", "names: [api.example.com], listen: 443")),
      from: ASK.from,
      to: "api.example.com:443",
      id: "DNS-NDOTS",
      edit: ["spec.dnsConfig.options", [{ name: "ndots", value: "1" }]],
    },
    {
      name: "20: a security group",
      yaml: manifest(
        np("30080"),
        deployment("web", { ...NS, kind: "DaemonSet" }),
        cloud("nodePort", "nodePorts: closed"),
      ),
      from: "client/internet",
      to: "node/worker-1:30080",
      id: "NODEPORT-FIREWALLED",
      edit: ["spec.nodePorts", "open"],
    },
    {
      name: "20: FORWARD drops what comes for Local",
      yaml: manifest(
        np("30080", ", externalTrafficPolicy: Local"),
        deployment("web", { ...NS, kind: "DaemonSet" }),
        labYaml("forwardPolicy: DROP"),
      ),
      from: "client/internet",
      to: "node/worker-1:30080",
      id: "NODEPORT-FIREWALLED",
      edit: ["spec.network.forwardPolicy", "ACCEPT"],
    },
    {
      name: "21: localhost in nftables mode",
      yaml: manifest(np("30080"), deployment("web", NS)),
      from: "node/worker-1",
      to: "127.0.0.1:30080",
      mode: "nftables",
      id: "NODEPORT-LOCALHOST",
    },
    {
      name: "22: an address as externalName",
      yaml: manifest(web("{ type: ExternalName, externalName: 203.0.113.9 }"), CURL),
      from: ASK.from,
      to: "web:80",
      id: "EXTERNALNAME-LIMITS",
    },
    {
      name: "22: a typo in externalName",
      yaml: manifest(
        web("{ type: ExternalName, externalName: api.exmaple.com }"),
        CURL,
        client("api", "names: [api.example.com], listen: 80"),
      ),
      from: ASK.from,
      to: "web:80",
      id: "EXTERNALNAME-LIMITS",
      edit: ["spec.externalName", "api.example.com"],
    },
    {
      name: "22: ports that are not mapped",
      yaml: manifest(
        web("{ type: ExternalName, externalName: api.example.com, ports: [{ port: 80, targetPort: 8443 }] }"),
        CURL,
        client("api", "names: [api.example.com], listen: 8443"),
      ),
      from: ASK.from,
      to: "web:80",
      id: "EXTERNALNAME-LIMITS",
    },
  ];
  it.each(rows)("$name", check);
});

describe("20: a node port that the API server refuses", () => {
  const text = (spec: string, more = ""): string => manifest(web(spec), deployment("web", NS), CURL, more);
  const np = (port: number): string =>
    `{ type: NodePort, selector: { app: web }, ports: [{ port: 80, nodePort: ${String(port)} }] }`;
  it.each([
    [
      "below the range",
      text(np(80)),
      "node/worker-1:80",
      ["spec.ports[0].nodePort", 30080],
      "range of valid ports is 30000-32767",
    ],
    [
      "above the range",
      text(np(40_000)),
      "service/shop/web:80",
      ["spec.ports[0].nodePort", 30000],
      "range of valid ports is 30000-32767",
    ],
    [
      "taken",
      text(
        np(30_090),
        service("api", "{ type: NodePort, selector: { app: web }, ports: [{ port: 80, nodePort: 30090 }] }", NS),
      ),
      "node/worker-1:30090",
      ["spec.ports[0].nodePort", 30091],
      "provided port is already allocated",
    ],
    [
      "of a ClusterIP Service",
      text("{ selector: { app: web }, ports: [{ port: 80, nodePort: 30080 }] }"),
      "node/worker-1:30080",
      ["spec.type", "NodePort"],
      "may not be used when `type` is 'ClusterIP'",
    ],
  ])("%s", (_, yaml, to, edit, says) => {
    const from = to.startsWith("node/") ? "client/internet" : ASK.from;
    const { findings, outcome, symptom } = refusedDiagnosis(yaml, from, to);
    expect([findings[0]?.id, outcome]).toEqual(["NODEPORT-REJECTED", "not-sent"]);
    expect(symptom).toContain(says);
    const [first] = findings[0]?.fix?.edits ?? [];
    expect([first?.path, first?.to]).toEqual(edit);
    expect(findings[0]?.fix?.proof).toMatch(
      /^the API server takes the text and gives node port \d+; .*3 of 3 endpoints reached$/,
    );
    const mended = diagnosisOf({
      yaml: applied(yaml, findings[0]?.fix?.edits ?? []),
      from,
      to: to.replace(/:(80|40000|30090)$/, to.startsWith("node/") ? `:${String(edit[1])}` : ":80"),
    });
    expect([mended.delivered, idsOf(mended).filter((id) => id !== "SOURCE-IP-SNAT")]).toEqual([
      expect.closeTo(1, 9),
      [],
    ]);
  });

  it("another refusal is said as it is", () => {
    const world = refusedWorld(text("{ selector: { app: web }, ports: [{ port: 800000 }] }"));
    expect(world.why({ ...ASK, protocol: "tcp" })).toMatchObject({
      message: expect.stringContaining('The text is refused: The Service "web" is invalid: spec.ports[0].port'),
    });
  });
});
