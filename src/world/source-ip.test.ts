import { describe, expect, it } from "vitest";
import type { ObjectReader } from "../apiserver/types.ts";
import { seededChooser } from "../base/draw.ts";
import { iptablesRules } from "../kernel/iptables/evaluate.ts";
import type { ClusterConfig } from "../model/config/types.ts";
import { proxyConfig } from "../model/config/proxy-config.ts";
import type { EndpointSlice } from "../model/endpointslice/types.ts";
import type { Service, ServiceType } from "../model/service/types.ts";
import type { Walk } from "../model/trace/types.ts";
import { explore } from "../network/explore.ts";
import { send } from "../network/send.ts";
import { type TestPod, TEST_NODES, testView, walkLines } from "../network/testing.ts";
import { type ClusterView, EMPTY_NETWORK } from "../network/types.ts";
import { compileIptables } from "../proxy/iptables/compile.ts";
import { proxyNode } from "../proxy/node.ts";
import { buildView } from "../proxy/view.ts";

const CLUSTER: ClusterConfig = {
  serviceSubnet: "10.96.0.0/12",
  podSubnet: "10.244.0.0/16",
  dnsDomain: "cluster.local",
  nodePortRange: { from: 30_000, to: 32_767 },
};
const VIP = "10.96.41.7";
const LB = "203.0.113.10";

function service(type: ServiceType, more: Partial<Service["spec"]> = {}): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web", namespace: "default" },
    spec: {
      type,
      clusterIP: VIP,
      clusterIPs: [VIP],
      ports: [
        {
          name: "http",
          protocol: "TCP",
          port: 80,
          targetPort: 8080,
          ...(type === "ClusterIP" ? {} : { nodePort: 31_480 }),
        },
      ],
      ...(type === "ClusterIP" ? {} : { externalTrafficPolicy: "Cluster" as const }),
      ...more,
    },
    status: { loadBalancer: type === "LoadBalancer" ? { ingress: [{ ip: LB, ipMode: "VIP" }] } : {} },
  };
}

const WEB = { container: { name: "web", ports: [{ containerPort: 8080 }] } } as const;
const WEB1: TestPod = { name: "web-1", node: "worker-1", ip: "10.244.1.5", ...WEB };
const WEB2: TestPod = { name: "web-2", node: "worker-2", ip: "10.244.2.3", ...WEB };
const CURL: TestPod = { name: "curl", node: "worker-1", ip: "10.244.1.9", container: { image: "curlimages/curl" } };

/** The cluster with the rules that kube-proxy writes for these endpoints, on every node. */
function cluster(
  web: Service,
  endpoints: readonly TestPod[],
  more: Partial<Parameters<typeof testView>[0]> = {},
): ClusterView {
  const slice: EndpointSlice = {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: "web-x", namespace: "default", labels: { "kubernetes.io/service-name": "web" } },
    addressType: "IPv4",
    ports: [{ name: "http", protocol: "TCP", port: 8080 }],
    endpoints: endpoints.map((p) => ({
      addresses: [p.ip],
      nodeName: p.node,
      conditions: { ready: true, serving: true, terminating: false },
    })),
  };
  const reader = {
    list: (kind: string) => (kind === "Service" ? [web] : []),
    slicesOf: () => [slice],
  } as unknown as Pick<ObjectReader, "list" | "slicesOf">;
  const config = proxyConfig(undefined, CLUSTER);
  if (!config.ok) throw new Error("kube-proxy's defaults are valid");
  return testView({
    pods: [...endpoints, CURL],
    services: [web],
    rules: (name) => {
      const node = TEST_NODES.find((n) => n.metadata.name === name);
      if (node === undefined) throw new Error(`no node ${name}`);
      return iptablesRules(compileIptables(buildView(reader, 4), proxyNode(node), config.value));
    },
    ...more,
  });
}

function go(view: ClusterView, from: string, to: string): Walk {
  const result = send(view, EMPTY_NETWORK, { from, to, protocol: "tcp" }, { id: 1, chooser: seededChooser(1) });
  if (!result.ok) throw new Error(result.error.message);
  return result.value.walk;
}

describe("x", () => {
  it("prints", () => {
    for (const [v, f, t] of [
      [cluster(service("LoadBalancer"), [WEB2]), "client/internet", "lb/default/web:80"],
      [
        cluster(service("LoadBalancer"), [WEB2], { cloud: { loadBalancer: "vip" } }),
        "client/internet",
        "lb/default/web:80",
      ],
      [cluster(service("ClusterIP"), [WEB1]), "pod/default/curl", "service/default/web:http"],
      [cluster(service("ClusterIP"), [WEB1]), "pod/default/web-1", "service/default/web:http"],
      [cluster(service("ClusterIP"), [WEB1]), "node/worker-1", "service/default/web:http"],
      [cluster(service("ClusterIP"), []), "node/worker-1", "service/default/web:http"],
      [cluster(service("ClusterIP"), []), "pod/default/curl", "service/default/web:http"],
      [cluster(service("NodePort"), [WEB1]), "node/worker-1", "IP:31480"],
    ] as const) {
      const w = go(v, f, t.replace("IP", "192.168.56.11"));
      console.log([`${f} ${t}`, ...walkLines(w), w.summary, `${w.endedAt - w.startedAt} us`].join("\n"));
    }
    void explore;
    expect(1).toBe(1);
  });
});
