import { describe, expect, test } from "vitest";
import { applyDefaults } from "./defaults.ts";
import type { KubeObject } from "./meta/types.ts";
import { addDefaultTolerations } from "./pod/defaults.ts";
import type { Pod } from "./pod/types.ts";
import { defaultFamilies } from "./service/defaults.ts";
import type { Service } from "./service/types.ts";

const make = <T extends KubeObject = KubeObject>(apiVersion: string, kind: string, rest: object): T =>
  applyDefaults({ apiVersion, kind, metadata: { name: "x" }, ...rest } as unknown as T);
const spec = (given: object): object => make<Service>("v1", "Service", { spec: given }).spec;

describe("Service", () => {
  test("ClusterIP", () => {
    expect(make("v1", "Service", { spec: { ports: [{ port: 80 }] } })).toEqual({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "x" },
      spec: {
        type: "ClusterIP",
        sessionAffinity: "None",
        internalTrafficPolicy: "Cluster",
        ports: [{ port: 80, protocol: "TCP", targetPort: 80 }],
      },
      status: { loadBalancer: {} },
    });
  });

  test.each<[string, object, object]>([
    [
      "NodePort has an external policy",
      { type: "NodePort" },
      { externalTrafficPolicy: "Cluster", internalTrafficPolicy: "Cluster" },
    ],
    [
      "LoadBalancer allocates node ports",
      { type: "LoadBalancer" },
      { allocateLoadBalancerNodePorts: true, externalTrafficPolicy: "Cluster" },
    ],
    ["an external IP makes it external", { externalIPs: ["198.51.100.1"] }, { externalTrafficPolicy: "Cluster" }],
    [
      "affinity lasts three hours",
      { sessionAffinity: "ClientIP" },
      { sessionAffinityConfig: { clientIP: { timeoutSeconds: 10800 } } },
    ],
    [
      "a targetPort of 0 or nothing is the port",
      { ports: [{ port: 80, targetPort: "" }] },
      { ports: [{ targetPort: 80 }] },
    ],
    ["a named targetPort stays", { ports: [{ port: 80, targetPort: "http" }] }, { ports: [{ targetPort: "http" }] }],
  ])("%s", (_, given, expected) => {
    expect(spec(given)).toMatchObject(expected);
  });

  test("what does not apply stays away", () => {
    expect(spec({})).not.toHaveProperty("externalTrafficPolicy");
    expect(spec({ type: "NodePort" })).not.toHaveProperty("allocateLoadBalancerNodePorts");
    expect(spec({ type: "ExternalName", externalName: "a" })).not.toHaveProperty("internalTrafficPolicy");
    expect(spec({ sessionAffinityConfig: { clientIP: { timeoutSeconds: 5 } } })).not.toHaveProperty(
      "sessionAffinityConfig",
    );
  });

  test("a load balancer's IP is a VIP unless it says otherwise", () => {
    const ingress = [{ ip: "203.0.113.10" }, { ip: "203.0.113.11", ipMode: "Proxy" }, { hostname: "lb.example" }];
    const service = make<Service>("v1", "Service", { spec: {}, status: { loadBalancer: { ingress } } });
    expect(service.status.loadBalancer.ingress).toEqual([
      { ip: "203.0.113.10", ipMode: "VIP" },
      ingress[1],
      ingress[2],
    ]);
  });

  test("families of a single-stack cluster", () => {
    const families = (given: object): object => defaultFamilies(make<Service>("v1", "Service", { spec: given }));
    expect(families({})).toEqual({ ipFamilies: ["IPv4"], ipFamilyPolicy: "SingleStack" });
    expect(families({ clusterIP: "None", selector: { a: "b" } })).toEqual({
      ipFamilies: ["IPv4"],
      ipFamilyPolicy: "SingleStack",
    });
    expect(families({ clusterIP: "None" })).toEqual({
      ipFamilies: ["IPv4", "IPv6"],
      ipFamilyPolicy: "RequireDualStack",
    });
    expect(families({ type: "ExternalName" })).toEqual({});
  });
});

describe("Pod", () => {
  const pod = (given: object): Pod => make<Pod>("v1", "Pod", { spec: given });

  test("spec", () => {
    expect(pod({ containers: [{ name: "a", image: "nginx" }] }).spec).toEqual({
      containers: [
        {
          name: "a",
          image: "nginx",
          imagePullPolicy: "Always",
          resources: {},
          terminationMessagePath: "/dev/termination-log",
          terminationMessagePolicy: "File",
        },
      ],
      dnsPolicy: "ClusterFirst",
      restartPolicy: "Always",
      terminationGracePeriodSeconds: 30,
      schedulerName: "default-scheduler",
      securityContext: {},
      enableServiceLinks: true,
    });
  });

  test.each([
    ["nginx", "Always"],
    ["nginx:latest", "Always"],
    ["nginx:1.27", "IfNotPresent"],
    ["registry:5000/nginx", "Always"],
    ["registry:5000/nginx:1", "IfNotPresent"],
    ["nginx@sha256:abc", "IfNotPresent"],
  ])("image %s is pulled %s", (image, policy) => {
    expect(pod({ containers: [{ name: "a", image }] }).spec.containers[0]).toMatchObject({ imagePullPolicy: policy });
  });

  test("probes and ports", () => {
    const container = {
      name: "a",
      image: "b:1",
      ports: [{ containerPort: 80 }],
      readinessProbe: { httpGet: { port: 80 } },
    };
    expect(pod({ containers: [container] }).spec.containers[0]).toMatchObject({
      ports: [{ containerPort: 80, protocol: "TCP" }],
      readinessProbe: {
        httpGet: { port: 80, path: "/", scheme: "HTTP" },
        timeoutSeconds: 1,
        periodSeconds: 10,
        successThreshold: 1,
        failureThreshold: 3,
      },
    });
  });

  test("tolerations of admission are added once", () => {
    const once = addDefaultTolerations(pod({ containers: [] }));
    expect(once.spec.tolerations?.map((t) => t.key)).toEqual([
      "node.kubernetes.io/not-ready",
      "node.kubernetes.io/unreachable",
    ]);
    expect(addDefaultTolerations(once)).toBe(once);
  });
});

test("Deployment", () => {
  expect(make("apps/v1", "Deployment", { spec: { template: { spec: { containers: [] } } } })).toMatchObject({
    spec: {
      replicas: 1,
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: "25%" } },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      template: { spec: { restartPolicy: "Always" } },
    },
  });
  const recreate = make("apps/v1", "Deployment", { spec: { replicas: 0, strategy: { type: "Recreate" } } });
  expect(recreate).toMatchObject({ spec: { replicas: 0, strategy: { type: "Recreate" } } });
  expect(JSON.stringify(recreate)).not.toContain("rollingUpdate");
});

test("the small ones", () => {
  expect(make("v1", "Namespace", {})).toMatchObject({
    metadata: { labels: { "kubernetes.io/metadata.name": "x" } },
    status: { phase: "Active" },
  });
  expect(make("discovery.k8s.io/v1", "EndpointSlice", { ports: [{ port: 80 }], endpoints: [] })).toMatchObject({
    ports: [{ name: "", protocol: "TCP", port: 80 }],
    endpoints: null,
  });
  expect(make("v1", "Endpoints", { subsets: [{ ports: [{ port: 80 }] }] })).toMatchObject({
    subsets: [{ ports: [{ protocol: "TCP" }] }],
  });
  expect(make("v1", "Node", { spec: { podCIDR: "10.244.1.0/24" } })).toMatchObject({
    spec: { podCIDRs: ["10.244.1.0/24"] },
  });
  expect(make("kubehop.dev/v1alpha1", "CloudProvider", {})).toMatchObject({
    spec: { loadBalancer: "nodePort", source: "keep", addresses: { from: "203.0.113.10", to: "203.0.113.250" } },
  });
});

test.each([
  ["v1", "Service", { spec: { type: "LoadBalancer", sessionAffinity: "ClientIP", ports: [{ port: 80 }] } }],
  [
    "v1",
    "Pod",
    { spec: { hostNetwork: true, containers: [{ name: "a", image: "b", ports: [{ containerPort: 1 }] }] } },
  ],
  ["apps/v1", "Deployment", { spec: { template: { spec: { containers: [{ name: "a", image: "b" }] } } } }],
  ["apps/v1", "ReplicaSet", { spec: {} }],
  ["discovery.k8s.io/v1", "EndpointSlice", { addressType: "IPv4" }],
  ["v1", "Namespace", {}],
  ["v1", "Node", {}],
])("%s %s: twice is once", (apiVersion, kind, rest) => {
  const once = make(apiVersion, kind, rest);
  expect(applyDefaults(once)).toEqual(once);
});

describe("workloads and what stands around them", () => {
  const template = { metadata: { labels: { app: "a" } }, spec: { containers: [{ name: "a", image: "b" }] } };

  test.each<[string, string, object, object]>([
    [
      "apps/v1",
      "StatefulSet",
      { spec: { template } },
      {
        spec: {
          replicas: 1,
          podManagementPolicy: "OrderedReady",
          updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 0 } },
          revisionHistoryLimit: 10,
          persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
        },
        status: { replicas: 0, availableReplicas: 0 },
      },
    ],
    [
      "apps/v1",
      "DaemonSet",
      { spec: { template } },
      {
        spec: {
          updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
          revisionHistoryLimit: 10,
        },
      },
    ],
    [
      "v1",
      "ReplicationController",
      { spec: { template } },
      { metadata: { labels: { app: "a" } }, spec: { replicas: 1, selector: { app: "a" } } },
    ],
    [
      "networking.k8s.io/v1",
      "NetworkPolicy",
      { spec: { egress: [{ ports: [{ port: 53 }] }] } },
      { spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"], egress: [{ ports: [{ protocol: "TCP" }] }] } },
    ],
    [
      "networking.k8s.io/v1",
      "IngressClass",
      { spec: { parameters: { kind: "A", name: "b" } } },
      { spec: { parameters: { scope: "Cluster" } } },
    ],
    ["networking.k8s.io/v1", "Ingress", {}, { spec: {}, status: { loadBalancer: {} } }],
    ["metallb.io/v1beta1", "IPAddressPool", {}, { spec: { autoAssign: true, avoidBuggyIPs: false } }],
    ["metallb.io/v1beta1", "BGPAdvertisement", {}, { spec: { aggregationLength: 32, aggregationLengthV6: 128 } }],
    ["metallb.io/v1beta2", "BGPPeer", {}, { spec: { peerPort: 179 } }],
  ])("%s %s", (apiVersion, kind, given, expected) => {
    const once = make(apiVersion, kind, given);
    expect(once).toMatchObject(expected);
    expect(applyDefaults(once)).toEqual(once);
  });

  test("pods of a StatefulSet that waits for you to delete them have no partition", () => {
    const set = make("apps/v1", "StatefulSet", { spec: { updateStrategy: { type: "OnDelete" } } });
    expect(set).toMatchObject({ spec: { updateStrategy: { type: "OnDelete" } } });
    expect(set).not.toHaveProperty("spec.updateStrategy.rollingUpdate");
  });
});
