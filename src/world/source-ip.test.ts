import { describe, expect, it } from "vitest";
import type { ObjectReader } from "../apiserver/types.ts";
import { seededChooser } from "../base/draw.ts";
import { SECOND } from "../base/time.ts";
import { iptablesRules } from "../kernel/iptables/evaluate.ts";
import type { ClusterConfig } from "../model/config/types.ts";
import { proxyConfig } from "../model/config/proxy-config.ts";
import type { EndpointSlice } from "../model/endpointslice/types.ts";
import type { Service, ServiceType } from "../model/service/types.ts";
import type { Walk } from "../model/trace/types.ts";
import { explore } from "../network/explore.ts";
import { send } from "../network/send.ts";
import { type TestPod, TEST_NODES, testView } from "../network/testing.ts";
import { type ClusterView, EMPTY_NETWORK, type NetworkState } from "../network/types.ts";
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

const NODE_1 = "192.168.56.11";

describe("load balancer, policy Cluster", () => {
  it.each(["nodePort", "vip"] as const)("%s: the server sees the node, not the client", (loadBalancer) => {
    const view = cluster(service("LoadBalancer"), [WEB2], {
      cloud: { loadBalancer },
      healthy: (n) => n === "worker-1",
    });
    const walk = go(view, "client/internet", "lb/default/web:http");
    expect([walk.outcome, walk.sourceSeen, walk.backend?.pod]).toEqual(["delivered", NODE_1, "default/web-2"]);
    const passesBalancer = walk.reply.some((h) => h.place === `lb/${LB}`);
    expect(passesBalancer).toBe(loadBalancer === "nodePort");
    expect(walk.reply.at(-1)?.before.src).toBe(LB);
  });

  it("a pod that dials the balancer's address is answered by its own node's rules", () => {
    const walk = go(cluster(service("LoadBalancer"), [WEB2]), "pod/default/curl", `${LB}:80`);
    expect([walk.outcome, walk.sourceSeen]).toEqual(["delivered", NODE_1]);
    expect(walk.hops.some((h) => h.place.startsWith("lb/"))).toBe(false);
  });

  it("with source snat the balancer's own address is what the nodes see", () => {
    const view = cluster(service("LoadBalancer", { externalTrafficPolicy: "Local" }), [WEB1], {
      cloud: { source: "snat" },
      healthy: (n) => n === "worker-1",
    });
    const walk = go(view, "client/internet", "lb/default/web:80");
    expect([walk.outcome, walk.sourceSeen]).toEqual(["delivered", LB]);
  });

  it("policy Local keeps the client's address through the balancer", () => {
    const view = cluster(service("LoadBalancer", { externalTrafficPolicy: "Local" }), [WEB1], {
      healthy: (n) => n === "worker-1",
    });
    expect(go(view, "client/internet", "lb/default/web:80").sourceSeen).toBe("198.51.100.24");
  });

  it("an unhealthy entry node of policy Local costs exactly its share", () => {
    const view = cluster(service("LoadBalancer", { externalTrafficPolicy: "Local" }), [WEB1, WEB2], {
      cloud: { loadBalancer: "vip" },
    });
    const explored = explore(
      view,
      EMPTY_NETWORK,
      { from: "client/internet", to: "lb/default/web:80", protocol: "tcp" },
      { id: 0, chooser: seededChooser(1) },
    );
    if (!explored.ok) throw new Error(explored.error.message);
    expect(explored.value.walks.map((w) => [w.outcome, w.probability])).toEqual([
      ["delivered", 1 / 3],
      ["delivered", 1 / 3],
      ["timeout", 1 / 3],
    ]);
  });
});

describe("no endpoints: refused by ICMP, from the right address", () => {
  const answers = (walk: Walk): readonly unknown[] => [walk.outcome, walk.reply.at(-1)?.before.src];

  it("LoadBalancer through nodePort: the balancer translates the error back", () => {
    expect(answers(go(cluster(service("LoadBalancer"), []), "client/internet", "lb/default/web:80"))).toEqual([
      "refused",
      LB,
    ]);
  });
  it("names the rule", () => {
    const walk = go(cluster(service("ClusterIP"), []), "pod/default/curl", `${VIP}:80`);
    expect(walk.hops.at(-1)?.rule?.text).toContain("has no endpoints");
    expect(walk.hops.at(-1)?.verdict).toBe("reject");
  });
});

describe("a ladder drawn by the rules that kube-proxy writes", () => {
  it.each([1, 2, 3, 7, 30])("%i endpoints get exactly 1/n each", (n) => {
    const endpoints = Array.from({ length: n }, (_, i): TestPod => ({
      ...WEB1,
      name: `web-${i}`,
      ip: `10.244.1.${20 + i}`,
    }));
    const explored = explore(
      cluster(service("ClusterIP"), endpoints),
      EMPTY_NETWORK,
      { from: "pod/default/curl", to: "service/default/web:80", protocol: "tcp" },
      { id: 0, chooser: seededChooser(1) },
    );
    if (!explored.ok) throw new Error(explored.error.message);
    expect(explored.value.walks.map((w) => w.probability)).toEqual(Array.from({ length: n }, () => 1 / n));
    expect(new Set(explored.value.walks.map((w) => w.backend?.pod)).size).toBe(n);
  });
});

describe("session affinity ClientIP", () => {
  const sticky = service("ClusterIP", {
    sessionAffinity: "ClientIP",
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
  });
  const dial = (id: number, state: NetworkState, from: string, now = 0) => {
    const request = { from, to: `${VIP}:80`, protocol: "tcp" as const };
    const result = send(cluster(sticky, [WEB1, WEB2], { now }), state, request, { id, chooser: seededChooser(id) });
    if (!result.ok) throw new Error(result.error.message);
    return result.value;
  };
  const backend = (walk: Walk): string => walk.backend?.pod ?? "none";

  it("keeps a client on its pod, per node, for as long as it keeps coming back", () => {
    let state: NetworkState = EMPTY_NETWORK;
    const seen = new Set<string>();
    for (let id = 1; id <= 12; id++) {
      const result = dial(id, state, "pod/default/curl", id * 50 * SECOND);
      state = result.state;
      seen.add(backend(result.walk));
    }
    expect(seen.size).toBe(1);
  });

  it("forgets after the timeout: the choice is free again", () => {
    const first = dial(1, EMPTY_NETWORK, "pod/default/curl");
    const later = Array.from({ length: 12 }, (_, i) => dial(2 + i, first.state, "pod/default/curl", 61 * SECOND).walk);
    expect(new Set(later.map(backend)).size).toBe(2);
  });
});
