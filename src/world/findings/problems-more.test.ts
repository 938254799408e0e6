/** The rest of what goes wrong in real life: rollouts, UDP, Ingresses, balancers, names of StatefulSets, addresses with two owners. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { SECOND } from "../../base/time.ts";
import type { FindingId } from "../../model/trace/finding.ts";
import type { Command } from "../../wire/protocol.ts";
import { type Broken, diagnosisOf, expectMended, expectNoEdit, idsOf, worldOf } from "../why-testing.ts";
import { client, cloud, deployment, manifest, pod, service } from "./yaml-testing.ts";

const WEB = "{ selector: { app: web }, ports: [{ port: 80 }] }";
const CURL = pod("curl", { image: "curlimages/curl", spec: "nodeName: worker-1" });
const ASK = { from: "pod/default/curl", to: "service/default/web:80" } as const;

/** The first edit of what is found first. */
function edited(broken: Broken, id: FindingId): readonly [string | undefined, unknown] {
  const { fix } = expectMended(broken, id);
  return [fix?.edits[0]?.path, fix?.edits[0]?.to];
}

describe("14: a rollout", () => {
  const yaml = manifest(service("web", WEB), deployment("web", { replicas: 2 }), CURL);
  const name = worldOf({ yaml })
    .objects.list("Pod", "default")
    .find(({ metadata }) => metadata.name.startsWith("web-"))?.metadata.name;
  const leaving = { type: "delete", key: `Pod/default/${name ?? ""}` as never, force: false } as const;

  it("whose rules lag loses what goes to the pod that leaves, until they have caught up", () => {
    const after: readonly Command[] = [{ type: "pace", pace: "run" }, leaving, { type: "run", micros: 5000 }];
    const { cause, unfixed } = expectNoEdit({ yaml, ...ASK, after }, "ROLLOUT-RULES-LAG");
    expect(cause).toContain("50 % of requests");
    expect(unfixed).toContain("preStop");
    const later: readonly Command[] = [...after, { type: "run", micros: 5 * SECOND }];
    expect(idsOf(diagnosisOf({ yaml, ...ASK, after: later }))).toEqual([]);
  });

  it("on a node that hears late", () => {
    const lag: Command = { type: "fault", fault: "watch-lag", node: "worker-1", micros: 3 * SECOND };
    const after: readonly Command[] = [{ type: "pace", pace: "run" }, lag, leaving, { type: "run", micros: SECOND }];
    expectNoEdit({ yaml, ...ASK, after, mode: "nftables" }, "ROLLOUT-RULES-LAG");
  });
});

describe("15: a UDP flow to a pod that is gone", () => {
  const udp = "ports: [{ containerPort: 53, protocol: UDP }]";
  const yaml = manifest(
    service("web", "{ selector: { app: web }, ports: [{ port: 53, protocol: UDP }] }"),
    deployment("web", { replicas: 2, container: udp }),
    CURL,
  );
  const request = { from: ASK.from, to: "service/default/web:53", protocol: "udp" } as const;
  const opened = worldOf({ yaml, after: [{ type: "connect", request }] });
  const gone: Command = {
    type: "delete",
    key: `Pod/${opened.connections()[0]?.backend?.pod ?? ""}` as never,
    force: true,
  };
  const stopped: Command = { type: "fault", fault: "kube-proxy", node: "worker-1", on: false };

  it("stays where kube-proxy cannot take the entry out", () => {
    const { command } = expectNoEdit(
      { yaml, ...request, after: [{ type: "connect", request }, stopped, gone] },
      "UDP-STALE-CONNTRACK",
    );
    expect(command).toMatch(/^conntrack -D -p udp --orig-dst 10\.\S+ --orig-port-dst 53$/);
  });

  it("is purged by one that runs", () => {
    const found = diagnosisOf({ yaml, ...request, after: [{ type: "connect", request }, gone] });
    expect(idsOf(found).filter((id) => id !== "KEEPALIVE-PINNED")).toEqual([]);
  });
});

describe("23: an Ingress", () => {
  const scenario = readFileSync("src/scenarios/ingress/scenario.yaml", "utf8");
  const ask = { from: "client/internet", to: "http://foo.bar.com/hello" } as const;
  const s1 = "name: s1, port: { number: 80 }";
  const path = "spec.rules[0].http.paths[0]";
  it.each<readonly [string, string, string, readonly [string, unknown]]>([
    [
      "with a class that there is not",
      "ingressClassName: nginx",
      "ingressClassName: ngnix",
      ["spec.ingressClassName", "nginx"],
    ],
    ["without a class", "  ingressClassName: nginx\n", "", ["spec.ingressClassName", "nginx"]],
    ["that names the pods' port", s1, "name: s1, port: { number: 8080 }", [`${path}.backend.service.port.number`, 80]],
    [
      "that names a port which has no name",
      s1,
      "name: s1, port: { name: http }",
      [`${path}.backend.service.port`, { number: 80 }],
    ],
    ["that names no Service", s1, "name: web1, port: { number: 80 }", [`${path}.backend.service.name`, "s1"]],
    ["for another host", "host: foo.bar.com", "host: foo.baz.com", ["spec.rules[0].host", "foo.bar.com"]],
    [
      "with an exact path",
      "path: /\n            pathType: Prefix",
      "path: /\n            pathType: Exact",
      [`${path}.pathType`, "Prefix"],
    ],
  ])("%s", (_, from, to, edit) => {
    const yaml = scenario.replace(from, to);
    expect(yaml).not.toBe(scenario);
    expect(edited({ yaml, ...ask }, "INGRESS-BACKEND")).toEqual(edit);
  });

  it("whose Service selects nothing, or leads to a closed port, names that", () => {
    const typo = scenario.replace("selector: { app: s1 }", "selector: { app: s11 }");
    expect(edited({ yaml: typo, ...ask }, "SVC-SELECTOR-NO-MATCH")).toEqual(["spec.selector.app", "s1"]);
    const closed = scenario.replace("    - port: 80\n---", "    - port: 80\n      targetPort: 8000\n---");
    expect(edited({ yaml: closed, ...ask }, "INGRESS-BACKEND")).toEqual(["spec.ports[0].targetPort", 80]);
  });

  it("without a controller does nothing", () => {
    const yaml = scenario.replace(/image: registry\.k8s\.io\/ingress-nginx\/controller:\S+/, "image: nginx");
    expectNoEdit({ yaml, ...ask }, "INGRESS-BACKEND");
  });
});

describe("24: balancers", () => {
  const lb = (more = "", annotations?: string): string =>
    service(
      "web",
      `{ type: LoadBalancer, selector: { app: web }, ports: [{ port: 80 }]${more} }`,
      annotations === undefined ? {} : { annotations },
    );
  const inside = { from: ASK.from, to: "lb/default/web:80" } as const;
  const outside = { from: "client/internet", to: "lb/default/web:80" } as const;

  it("that clients within pass by: a warning where the balancer was to do something", () => {
    const annotation = 'service.beta.kubernetes.io/aws-load-balancer-proxy-protocol: "*"';
    for (const kind of ["nodePort", "vip"] as const) {
      const yaml = manifest(lb("", annotation), deployment("web"), CURL, cloud(kind));
      const { fix, severity } = expectMended({ yaml, ...inside }, "LB-IP-SHORT-CIRCUIT");
      expect([severity, fix?.edits[0]]).toMatchObject(["warning", { path: "spec.ipMode", to: "Proxy" }]);
      expect(fix?.proof).toMatch(/go through the balancer/);
    }
    const plain = diagnosisOf({ yaml: manifest(lb(), deployment("web"), CURL), ...inside });
    expect(plain.findings).toMatchObject([{ id: "LB-IP-SHORT-CIRCUIT", severity: "note", fix: expect.anything() }]);
  });

  it.each(["nodePort", "vip", "pod"] as const)("that let in others only (%s)", (kind) => {
    const yaml = manifest(lb(", loadBalancerSourceRanges: [192.0.2.0/24]"), deployment("web"), cloud(kind));
    for (const mode of ["iptables", "nftables", "ipvs"] as const) {
      expect(edited({ yaml, ...outside, mode }, "LB-SOURCE-RANGES")).toEqual([
        "spec.loadBalancerSourceRanges[1]",
        "198.51.100.24/32",
      ]);
    }
  });
});

describe("25: names of a StatefulSet, and variables", () => {
  const set = (name: string): string =>
    deployment("db", { kind: "StatefulSet", image: "postgres:17", replicas: 2 }).replace(
      "serviceName: db",
      `serviceName: ${name}`,
    );
  it("a Service with an address of its own has names for its pods too: CoreDNS goes by their hostnames", () => {
    const yaml = manifest(service("db", "{ selector: { app: db }, ports: [{ port: 5432 }] }"), set("db"), CURL);
    const { outcome, findings } = diagnosisOf({ yaml, from: ASK.from, to: "db-0.db:5432" });
    expect([outcome, findings.map(({ id, severity }) => [id, severity])]).toEqual([
      "delivered",
      [["STATEFULSET-DNS", "note"]],
    ]);
    expect(findings[0]?.fix?.edits).toMatchObject([{ path: "spec.clusterIP", to: "None" }]);
  });

  it("another serviceName, dialled in full", () => {
    const yaml = manifest(
      service("db", "{ clusterIP: None, selector: { app: db }, ports: [{ port: 5432 }] }"),
      set("postgres"),
      CURL,
    );
    expect(edited({ yaml, from: ASK.from, to: "db-1.db.default.svc.cluster.local:5432" }, "STATEFULSET-DNS")).toEqual([
      "spec.serviceName",
      "db",
    ]);
  });

  const redis = [
    service("redis", "{ selector: { app: redis }, ports: [{ port: 6379 }] }"),
    deployment("redis", { image: "redis:7", replicas: 1 }),
  ];
  const app = (container: string): string => manifest(...redis, deployment("app", { image: "example/app", container }));
  const ask = { from: "deploy/default/app", to: "redis:6379" } as const;
  it.each([
    ["whose args use the variable", 'args: ["--redis-port=$(REDIS_PORT)"]'],
    ["whose shell uses the variable", 'command: ["sh", "-c", "exec app --redis redis:${REDIS_PORT}"]'],
    ["that is told the host only", "env: [{ name: REDIS_HOST, value: redis }]"],
  ])("a container %s", (_, container) => {
    expect(edited({ yaml: app(container), ...ask }, "ENV-CLASH")).toEqual([
      "spec.template.spec.enableServiceLinks",
      false,
    ]);
  });

  it("no clash where it sets the port itself, or shows no use of it", () => {
    const own = 'env: [{ name: REDIS_HOST, value: redis }, { name: REDIS_PORT, value: "6379" }]';
    for (const container of [own, ""]) expect(idsOf(diagnosisOf({ yaml: app(container), ...ask }))).toEqual([]);
  });
});

describe("addresses with two owners", () => {
  const config = (serviceSubnet: string): string =>
    `apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nnetworking:\n  serviceSubnet: ${serviceSubnet} # too near\n  podSubnet: 10.244.0.0/16\n`;
  const node = (name: string, ip: string, podCIDR: string): string =>
    `apiVersion: v1\nkind: Node\nmetadata: { name: ${name} }\nspec: { podCIDR: ${podCIDR} }\nstatus: { addresses: [{ type: InternalIP, address: ${ip} }] }\n`;
  const api = client("api", 'names: [api.example.com], listen: "80"');

  it("a ClusterIP in a node's pod range", () => {
    const ip = "{ clusterIP: 10.244.1.99, selector: { app: web }, ports: [{ port: 80 }] }";
    const yaml = manifest(service("web", ip), deployment("web"), CURL, config("10.244.0.0/16"));
    expect(edited({ yaml, ...ASK }, "CIDR-OVERLAP")).toEqual(["networking.serviceSubnet", "10.96.0.0/12"]);
  });

  it("overlaps of which nothing has died yet are a warning", () => {
    const yaml = manifest(service("web", WEB), deployment("web"), CURL, config("192.168.56.0/24"));
    const [first] = diagnosisOf({ yaml, ...ASK }).findings;
    expect(first).toMatchObject({ id: "CIDR-OVERLAP", severity: "warning", fix: { edits: [{ to: "10.96.0.0/12" }] } });
  });

  it("two nodes with the same pod range", () => {
    const nodes = [node("a", "10.0.0.1", "10.244.1.0/24"), node("b", "10.0.0.2", "10.244.1.0/24")];
    const yaml = manifest(
      service("web", WEB),
      deployment("web"),
      pod("curl", { image: "curlimages/curl", spec: "nodeName: a" }),
      ...nodes,
    );
    expect(edited({ yaml, ...ASK }, "CIDR-OVERLAP")).toEqual(["spec.podCIDR", "10.244.2.0/24"]);
  });

  const thief = (ips: string): string =>
    service("web", `{ externalIPs: ${ips}, selector: { app: web }, ports: [{ port: 80 }] }`);
  it("externalIPs that are a machine's outside, in all modes", () => {
    const yaml = manifest(thief("[203.0.113.77, 198.51.100.80]"), deployment("web"), CURL, api);
    for (const mode of ["iptables", "nftables", "ipvs"] as const) {
      const { fix, cause } = expectMended(
        { yaml, from: ASK.from, to: "http://api.example.com/", mode },
        "EXTERNALIP-HIJACK",
      );
      expect(fix?.edits).toEqual([{ document: 0, path: "spec.externalIPs[1]", from: "198.51.100.80", to: null }]);
      expect(cause).toContain("default/web-");
    }
  });

  it("externalIPs that are a node's are no theft where the node has nothing on that port", () => {
    const yaml = manifest(thief("[192.168.56.12]"), deployment("web"));
    expect(idsOf(diagnosisOf({ yaml, from: "client/internet", to: "192.168.56.12:80" }))).not.toContain(
      "EXTERNALIP-HIJACK",
    );
    const taken = manifest(yaml, pod("edge", { spec: "hostNetwork: true\n  nodeName: worker-2" }));
    expect(edited({ yaml: taken, from: "client/internet", to: "192.168.56.12:80" }, "EXTERNALIP-HIJACK")).toEqual([
      "spec.externalIPs",
      null,
    ]);
  });
});
