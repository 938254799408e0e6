/** Changes that the API server refuses. */
import { web, named, ports, slice, template, workload, ONLY_BALANCER, type Row } from "./documents.ts";

export const UPDATES: readonly Row[] = [
  [
    "another cluster IP",
    [web({ clusterIP: "10.96.0.50" })],
    web({ clusterIP: "10.96.0.77" }),
    ['spec.clusterIPs[0]: Invalid value: ["10.96.0.77"]: may not change once set'],
  ],
  [
    "headless from now on",
    [web({ clusterIP: "10.96.0.50" })],
    web({ clusterIP: "None" }),
    ['spec.clusterIPs[0]: Invalid value: ["None"]: may not change once set'],
  ],
  [
    "an address from now on",
    [web({ clusterIP: "None" })],
    web({ clusterIP: "10.96.0.50" }),
    ['spec.clusterIPs[0]: Invalid value: ["10.96.0.50"]: may not change once set'],
  ],
  [
    "to ClusterIP with a new node port",
    [web({ type: "NodePort", ...ports({ port: 80, nodePort: 30080 }) })],
    web(ports({ port: 80, nodePort: 30081 })),
    ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
  ],
  [
    "a nodePort of its own for a second port",
    [web({ type: "NodePort", ...ports({ name: "a", port: 80, nodePort: 30080 }) })],
    web({
      type: "NodePort",
      ...ports({ name: "a", port: 80, nodePort: 30080 }, { name: "b", port: 81, nodePort: 30080 }),
    }),
    ["spec.ports[1].nodePort: Duplicate value: 30080"],
  ],
  [
    "a node port of another Service",
    [
      named("other", { type: "NodePort", ...ports({ port: 1, nodePort: 30090 }) }),
      web({ type: "NodePort", ...ports({ port: 80, nodePort: 30080 }) }),
    ],
    web({ type: "NodePort", ...ports({ port: 80, nodePort: 30090 }) }),
    ["spec.ports[0].nodePort: Invalid value: 30090: provided port is already allocated"],
  ],
  [
    "another balancer's class",
    [web({ type: "LoadBalancer", loadBalancerClass: "example.com/a" })],
    web({ type: "LoadBalancer", loadBalancerClass: "example.com/b" }),
    ['spec.loadBalancerClass: Invalid value: "example.com/b": may not change once set'],
  ],
  [
    "a class for a balancer that has none",
    [web({ type: "LoadBalancer" })],
    web({ type: "LoadBalancer", loadBalancerClass: "example.com/b" }),
    ['spec.loadBalancerClass: Invalid value: "example.com/b": may not change once set'],
  ],
  [
    "another health check port",
    [web({ type: "LoadBalancer", externalTrafficPolicy: "Local", healthCheckNodePort: 30001 })],
    web({ type: "LoadBalancer", externalTrafficPolicy: "Local", healthCheckNodePort: 30002 }),
    ["spec.healthCheckNodePort: Forbidden: field is immutable"],
  ],
  ["to an alias without a name", [web({})], web({ type: "ExternalName" }), ["spec.externalName: Required value"]],
  [
    "to a headless NodePort",
    [web({ clusterIP: "None" })],
    web({ clusterIP: "None", type: "NodePort" }),
    [`spec.clusterIPs[0]: Invalid value: "None": may not be set to 'None' for NodePort services`],
  ],
  [
    "source ranges that outlive the balancer",
    [web({ type: "LoadBalancer", loadBalancerSourceRanges: ["10.0.0.0/8"] })],
    web({ loadBalancerSourceRanges: ["10.0.0.0/8"] }),
    [`spec.LoadBalancerSourceRanges: ${ONLY_BALANCER}`],
  ],
  [
    "a Deployment's selector",
    [workload("Deployment", {})],
    workload("Deployment", {
      selector: { matchLabels: { app: "web", tier: "a" } },
      template: template({}, { app: "web", tier: "a" }),
    }),
    ['spec.selector: Invalid value: {"matchLabels":{"app":"web","tier":"a"}}: field is immutable'],
  ],
  [
    "a StatefulSet's Service",
    [workload("StatefulSet", { serviceName: "web" })],
    workload("StatefulSet", { serviceName: "db" }),
    [
      "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    ],
  ],
  [
    "a slice's address type",
    [slice({})],
    slice({ addressType: "IPv6", endpoints: [{ addresses: ["fd00::9"] }] }),
    ['addressType: Invalid value: "IPv6": field is immutable'],
  ],
  [
    "an immutable ConfigMap",
    [{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c" }, immutable: true, data: { a: "1" } }],
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c" }, immutable: true, data: { a: "2" } },
    ["data: Forbidden: field is immutable when `immutable` is set"],
  ],
  [
    "an IngressClass's controller",
    [
      {
        apiVersion: "networking.k8s.io/v1",
        kind: "IngressClass",
        metadata: { name: "a" },
        spec: { controller: "a.io/b" },
      },
    ],
    {
      apiVersion: "networking.k8s.io/v1",
      kind: "IngressClass",
      metadata: { name: "a" },
      spec: { controller: "a.io/c" },
    },
    ['spec.controller: Invalid value: "a.io/c": field is immutable'],
  ],
];
