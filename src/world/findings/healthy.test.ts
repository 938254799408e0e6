/** Clusters that are well: whatever is asked of them, nothing that is found is an error. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { ProxyMode } from "../../model/config/types.ts";
import type { Protocol } from "../../model/trace/types.ts";
import { diagnosisOf, worldOf } from "../why-testing.ts";
import { client, cloud, deployment, manifest, pod, service } from "./yaml-testing.ts";

const CURL = pod("curl", { image: "curlimages/curl", spec: "nodeName: worker-1" });
const WEB = "{ selector: { app: web }, ports: [{ port: 80 }] }";
const INSIDE = "pod/default/curl";
const OUTSIDE = "client/internet";

type Asked = readonly [from: string, to: string, protocol?: Protocol];
interface Healthy {
  readonly name: string;
  readonly yaml: string;
  readonly asks: readonly Asked[];
  readonly mode?: ProxyMode;
}

const policy = (spec: string): string =>
  `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: guard, namespace: default }\nspec: ${spec}\n`;
const type = (name: string, more = ""): string =>
  `{ type: ${name}, selector: { app: web }, ports: [{ port: 80, nodePort: 30080 }]${more} }`;
const shipped = (slug: string): string => readFileSync(`src/scenarios/${slug}/scenario.yaml`, "utf8");
const opening = (yaml: string): Asked => {
  const [, from = "", to = ""] = /open:\s*\{?\s*from:\s*([^\s,]+),?\s*to:\s*([^\s}]+)/.exec(yaml) ?? [];
  return [from, to];
};
const readiness = (probe: string): string =>
  `ports: [{ name: http, containerPort: 8080 }]\n          readinessProbe: ${probe}`;

const SHIPPED = ["clusterip", "nodeport", "loadbalancer", "ingress", "shop-web"] as const;

const CLUSTERS: readonly Healthy[] = [
  ...SHIPPED.map((slug): Healthy => {
    const yaml = shipped(slug);
    return { name: `the scenario ${slug}`, yaml, asks: [opening(yaml)] };
  }),
  {
    name: "no containerPort declared, an image that nobody knows",
    yaml: manifest(
      service("web", "{ selector: { app: web }, ports: [{ port: 80, targetPort: 9999 }] }"),
      deployment("web", { image: "example/app" }),
      CURL,
    ),
    asks: [
      [INSIDE, "web:80"],
      ["deploy/default/web", "service/default/web:80"],
    ],
  },
  {
    name: "probes and a named port",
    yaml: manifest(
      service("web", "{ selector: { app: web }, ports: [{ port: 80, targetPort: http }] }"),
      deployment("web", { container: readiness("{ httpGet: { path: /healthz, port: http } }") }),
      CURL,
    ),
    asks: [
      [INSIDE, "web:80"],
      [INSIDE, "http://web.default/"],
    ],
  },
  {
    name: "policies that allow",
    yaml: manifest(
      service("web", "{ selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] }"),
      deployment("web", { container: "ports: [{ containerPort: 8080 }]" }),
      CURL,
      policy(
        "{ podSelector: { matchLabels: { app: web } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: curl } } }], ports: [{ port: 8080 }] }] }",
      ),
    ),
    asks: [
      [INSIDE, "web:80"],
      [INSIDE, "service/default/web:80"],
    ],
  },
  {
    name: "Local with a DaemonSet",
    yaml: manifest(
      service("web", type("NodePort", ", externalTrafficPolicy: Local, internalTrafficPolicy: Local")),
      deployment("web", { kind: "DaemonSet" }),
      CURL,
    ),
    asks: [
      [OUTSIDE, "node/worker-1:30080"],
      [OUTSIDE, "192.168.56.13:30080"],
      [INSIDE, "web:80"],
    ],
  },
  {
    name: "Local behind a balancer whose health checks know",
    yaml: manifest(
      service("web", type("LoadBalancer", ", externalTrafficPolicy: Local")),
      deployment("web", { replicas: 1 }),
    ),
    asks: [[OUTSIDE, "lb/default/web:80"]],
  },
  {
    name: "a headless Service",
    yaml: manifest(
      service("web", "{ clusterIP: None, selector: { app: web }, ports: [{ port: 80 }] }"),
      deployment("web"),
      CURL,
    ),
    asks: [
      [INSIDE, "web:80"],
      [INSIDE, "web.default.svc.cluster.local:80"],
    ],
  },
  {
    name: "a StatefulSet",
    yaml: manifest(
      service("db", "{ clusterIP: None, selector: { app: db }, ports: [{ port: 5432 }] }"),
      deployment("db", { kind: "StatefulSet", image: "postgres:17" }),
      CURL,
    ),
    asks: [
      [INSIDE, "db-0.db:5432"],
      [INSIDE, "db-2.db.default.svc.cluster.local:5432"],
      [INSIDE, "db:5432"],
    ],
  },
  {
    name: "an ExternalName",
    yaml: manifest(
      service("api", "{ type: ExternalName, externalName: api.example.com }"),
      client("api", 'names: [api.example.com], listen: "80"'),
      CURL,
    ),
    asks: [[INSIDE, "api:80"]],
  },
  {
    name: "dual-stack",
    yaml: manifest(
      "apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nnetworking: { serviceSubnet: 10.96.0.0/12,fd00:96::/108, podSubnet: 10.244.0.0/16,fd00:244::/48 }"
        .replace("10.96.0.0/12,fd00:96::/108", '"10.96.0.0/12,fd00:96::/108"')
        .replace("10.244.0.0/16,fd00:244::/48", '"10.244.0.0/16,fd00:244::/48"'),
      ...[1, 2].map(
        (n) =>
          `apiVersion: v1\nkind: Node\nmetadata: { name: worker-${String(n)} }\nspec: { podCIDR: 10.244.${String(n)}.0/24, podCIDRs: [10.244.${String(n)}.0/24, "fd00:244:0:${String(n)}::/64"] }\nstatus: { addresses: [{ type: InternalIP, address: 192.168.56.1${String(n)} }, { type: InternalIP, address: "fd00:56::1${String(n)}" }] }`,
      ),
      service("web", "{ ipFamilyPolicy: PreferDualStack, selector: { app: web }, ports: [{ port: 80 }] }"),
      deployment("web"),
      CURL,
    ),
    asks: [
      [INSIDE, "web:80"],
      [INSIDE, "service/default/web:80"],
    ],
  },
  {
    name: "affinity",
    yaml: manifest(service("web", type("NodePort", ", sessionAffinity: ClientIP")), deployment("web"), CURL),
    asks: [
      [INSIDE, "web:80"],
      [OUTSIDE, "node/worker-2:30080"],
    ],
  },
  {
    name: "several ports",
    yaml: manifest(
      service(
        "web",
        "{ selector: { app: web }, ports: [{ name: http, port: 80, targetPort: 8080 }, { name: metrics, port: 9100 }, { name: dns, port: 53, protocol: UDP }] }",
      ),
      deployment("web", {
        container: "ports: [{ containerPort: 8080 }, { containerPort: 9100 }, { containerPort: 53, protocol: UDP }]",
      }),
      CURL,
    ),
    asks: [
      [INSIDE, "service/default/web:http"],
      [INSIDE, "web:9100"],
      [INSIDE, "web:53", "udp"],
    ],
  },
  {
    name: "DNS by hand",
    yaml: manifest(CURL),
    asks: [
      [INSIDE, "service/kube-system/kube-dns:53", "udp"],
      [INSIDE, "kubernetes.default:443"],
    ],
  },
  {
    name: "hostNetwork",
    yaml: manifest(service("web", WEB), deployment("web", { kind: "DaemonSet", spec: "hostNetwork: true" }), CURL),
    asks: [
      [INSIDE, "web:80"],
      [OUTSIDE, "node/worker-1:80"],
    ],
  },
  {
    name: "balancers of every kind, nftables",
    yaml: manifest(service("web", type("LoadBalancer")), deployment("web"), CURL, cloud("vip")),
    asks: [
      [OUTSIDE, "lb/default/web:80"],
      [INSIDE, "lb/default/web:80"],
      [OUTSIDE, "node/worker-3:30080"],
    ],
    mode: "nftables",
  },
  {
    name: "ipvs",
    yaml: manifest(service("web", type("NodePort")), deployment("web"), CURL),
    asks: [
      [OUTSIDE, "node/worker-3:30080"],
      [INSIDE, "web:80"],
      [INSIDE, "service/default/web", "icmp"],
    ].slice(0, 2) as unknown as readonly Asked[],
    mode: "ipvs",
  },
  {
    name: "ranges that let the client in",
    yaml: manifest(
      service("web", type("LoadBalancer", ", loadBalancerSourceRanges: [198.51.100.0/24]")),
      deployment("web"),
    ),
    asks: [[OUTSIDE, "lb/default/web:80"]],
  },
  {
    name: "a hand-made slice",
    yaml: manifest(
      service("ext", "{ ports: [{ port: 80, name: http }] }"),
      pod("edge", { spec: "hostNetwork: true\n  nodeName: worker-2" }),
      CURL,
      "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: { name: ext-1, labels: { kubernetes.io/service-name: ext } }\naddressType: IPv4\nports: [{ name: http, port: 80 }]\nendpoints: [{ addresses: [192.168.56.12] }]",
    ),
    asks: [[INSIDE, "ext:80"]],
  },
  {
    name: "another namespace, by its full name",
    yaml: manifest(service("web", WEB, { namespace: "shop" }), deployment("web", { namespace: "shop" }), CURL),
    asks: [
      [INSIDE, "web.shop:80"],
      [INSIDE, "web.shop.svc.cluster.local.:80"],
    ],
  },
  {
    name: "MetalLB",
    yaml: manifest(
      service("web", type("LoadBalancer")),
      deployment("web"),
      "apiVersion: metallb.io/v1beta1\nkind: IPAddressPool\nmetadata: { name: pool, namespace: metallb-system }\nspec: { addresses: [192.168.56.200-192.168.56.210] }",
      "apiVersion: metallb.io/v1beta1\nkind: L2Advertisement\nmetadata: { name: l2, namespace: metallb-system }",
    ),
    asks: [[OUTSIDE, "lb/default/web:80"]],
  },
];

describe("a healthy cluster gives no error:", () => {
  it.each(CLUSTERS)("$name", ({ yaml, asks, mode }) => {
    const world = worldOf({ yaml, ...(mode === undefined ? {} : { mode }) });
    for (const [from, to, protocol = "tcp"] of asks) {
      const { outcome, delivered, findings } = diagnosisOf({ yaml, from, to, protocol }, world);
      expect([from, to, outcome, delivered]).toEqual([from, to, "delivered", expect.closeTo(1, 9)]);
      expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
    }
  });
});

describe.each(SHIPPED)("nothing is wrong in the whole of the scenario %s", (slug) => {
  it.each(["iptables", "nftables", "ipvs", "userspace"] as const)("in %s mode", (mode) => {
    const found = worldOf({ yaml: shipped(slug), mode }).whyAll();
    if ("message" in found) throw new Error(found.message);
    expect(found.findings.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(found.asked).toBeGreaterThan(3);
  });
});

it("a dump of a Service and its slices without the pods accuses no selector, and an empty slice no port name", () => {
  const slice = (name: string, rest: string): string =>
    `apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: { name: ${name}-x1, labels: { kubernetes.io/service-name: ${name} } }\naddressType: IPv4\n${rest}`;
  const yaml = manifest(
    service("web", "{ selector: { app: web }, ports: [{ port: 80, name: http }] }"),
    slice("web", "ports: [{ name: http, port: 8080 }]\nendpoints: [{ addresses: [10.244.2.77], nodeName: worker-2 }]"),
    service("ghost", "{ selector: { app: ghost }, ports: [{ port: 80, name: http }] }"),
    slice("ghost", "ports: []\nendpoints: []"),
    CURL,
  );
  const world = worldOf({ yaml });
  const errors = (to: string): readonly string[] =>
    diagnosisOf({ yaml, from: INSIDE, to }, world)
      .findings.filter(({ severity }) => severity === "error")
      .map(({ id }) => id);
  expect(errors("service/default/web:80")).toEqual([]);
  expect(errors("service/default/ghost:80")).toEqual(["SVC-SELECTOR-NO-MATCH"]);
});
