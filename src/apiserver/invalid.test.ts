/** What the API server refuses, and in which words. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Result } from "../base/result.ts";
import { decode, refusalText } from "../model/decode.ts";
import { kindInfo } from "../model/kinds.ts";
import { type KubeObject, objectKey } from "../model/meta/types.ts";
import { badRequest, kubectlText, type Status } from "../model/status.ts";
import { createApi } from "./api.ts";
import { createStore } from "./store.ts";
import type { Api, Store, WriteContext, Written } from "./types.ts";

const NOW: WriteContext = { at: 0, cause: 0, writer: "kubectl" };

type Document = Readonly<Record<string, unknown>>;

function start(serviceSubnet = "10.96.0.0/12"): { readonly store: Store; readonly api: Api } {
  const store = createStore();
  const cluster = {
    serviceSubnet,
    podSubnet: "10.244.0.0/16",
    dnsDomain: "cluster.local",
    nodePortRange: { from: 30000, to: 32767 },
  };
  const api = createApi(store, { seed: 1, cluster: () => cluster });
  api.bootstrap(NOW, { dns: true });
  return { store, api };
}

/** The document as the server reads it, then created or, when it is there, replaced. */
function send(api: Api, store: Store, document: Document): Result<Written, Status> {
  const text = (value: unknown): string => (typeof value === "string" ? value : "");
  const info = kindInfo(text(document["apiVersion"]), text(document["kind"]));
  if (info === undefined) {
    return { ok: false, error: badRequest(`no matches for kind "${text(document["kind"])}"`) };
  }
  const { object, problems } = decode(document, info);
  if (object === null) return { ok: false, error: badRequest(refusalText(info, problems)) };
  const namespace = info.namespaced ? (object.metadata.namespace ?? "default") : undefined;
  const there = store.get(objectKey(object.kind, namespace, object.metadata.name)) !== undefined;
  return there ? api.update(object, NOW) : api.create(object, NOW);
}

const web = (spec: object, more: object = {}): Document => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web" },
  spec: { selector: { app: "web" }, ports: [{ port: 80 }], ...spec },
  ...more,
});
const named = (name: string, spec: object): Document => web(spec, { metadata: { name } });
const ports = (...list: readonly object[]): object => ({ ports: list });
const endpoints = (...subsets: readonly object[]): Document => ({
  apiVersion: "v1",
  kind: "Endpoints",
  metadata: { name: "web" },
  subsets,
});
const at = (ip: string): Document => endpoints({ addresses: [{ ip }], ports: [{ port: 80 }] });
const slice = (more: object): Document => ({
  apiVersion: "discovery.k8s.io/v1",
  kind: "EndpointSlice",
  metadata: { name: "web-1" },
  addressType: "IPv4",
  endpoints: [{ addresses: ["10.0.0.9"] }],
  ports: [{ port: 80 }],
  ...more,
});
const template = (spec: object = {}, labels: object = { app: "web" }): object => ({
  metadata: { labels },
  spec: { containers: [{ name: "web", image: "nginx" }], ...spec },
});
const workload = (kind: string, spec: object): Document => ({
  apiVersion: "apps/v1",
  kind,
  metadata: { name: "web" },
  spec: { selector: { matchLabels: { app: "web" } }, template: template(), ...spec },
});
const pod = (spec: object, container: object = {}): Document => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "web" },
  spec: { containers: [{ name: "web", image: "nginx", ...container }], ...spec },
});
const ingress = (spec: object, metadata: object = {}): Document => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "Ingress",
  metadata: { name: "web", ...metadata },
  spec,
});
const toWeb = { service: { name: "web", port: { number: 80 } } };
const path = (more: object): Document =>
  ingress({ rules: [{ http: { paths: [{ path: "/", pathType: "Prefix", backend: toWeb, ...more }] } }] });
const policy = (spec: object): Document => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { name: "web" },
  spec,
});

const LABEL_1035 =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const LABEL_1123 =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const VALUE =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const PORT = "must be between 1 and 65535, inclusive";
const ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
const CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
const ONLY_BALANCER = "Forbidden: may only be used when `type` is 'LoadBalancer'";
const NOT_FOR_ALIAS = "Forbidden: may not be set for ExternalName services";

/** Name, documents that are there before, the document that is refused, and the causes that kubectl lists. */
type Row = readonly [name: string, before: readonly Document[], refused: Document, causes: readonly string[]];

const SERVICES: readonly Row[] = [
  ["a name with a digit in front", [], named("1web", {}), [`metadata.name: Invalid value: "1web": ${LABEL_1035}`]],
  ["a name with a dot", [], named("my.web", {}), [`metadata.name: Invalid value: "my.web": ${LABEL_1035}`]],
  [
    "a long name",
    [],
    named("w".repeat(64), {}),
    [`metadata.name: Invalid value: "${"w".repeat(64)}": must be no more than 63 characters`],
  ],
  ["no name", [], web({}, { metadata: {} }), ["metadata.name: Required value: name or generateName is required"]],
  [
    "a label value with a blank",
    [],
    web({}, { metadata: { name: "web", labels: { app: "my web" } } }),
    [`metadata.labels: Invalid value: "my web": ${VALUE}`],
  ],
  [
    "a selector value with a blank",
    [],
    web({ selector: { app: "my web" } }),
    [`spec.selector: Invalid value: "my web": ${VALUE}`],
  ],
  ["no ports", [], web({ ports: [] }), ["spec.ports: Required value"]],
  [
    "two ports without names",
    [],
    web(ports({ port: 80 }, { port: 443 })),
    ["spec.ports[0].name: Required value", "spec.ports[1].name: Required value"],
  ],
  [
    "one of two ports without a name",
    [],
    web(ports({ name: "http", port: 80 }, { port: 443 })),
    ["spec.ports[1].name: Required value"],
  ],
  [
    "a port name twice",
    [],
    web(ports({ name: "http", port: 80 }, { name: "http", port: 443 })),
    ['spec.ports[1].name: Duplicate value: "http"'],
  ],
  [
    "a port name with capitals",
    [],
    web(ports({ name: "HTTP", port: 80 })),
    [`spec.ports[0].name: Invalid value: "HTTP": ${LABEL_1123}`],
  ],
  [
    "a port name with a dot",
    [],
    web(ports({ name: "a.b", port: 80 })),
    ['spec.ports[0].name: Invalid value: "a.b": must not contain dots'],
  ],
  ["no port", [], web(ports({ targetPort: 80 })), [`spec.ports[0].port: Invalid value: 0: ${PORT}`]],
  [
    "port 70000",
    [],
    web(ports({ port: 70000, targetPort: 80 })),
    [`spec.ports[0].port: Invalid value: 70000: ${PORT}`],
  ],
  ["a negative port", [], web(ports({ port: -1, targetPort: 80 })), [`spec.ports[0].port: Invalid value: -1: ${PORT}`]],
  [
    "protocol HTTP",
    [],
    web(ports({ port: 80, protocol: "HTTP" })),
    ['spec.ports[0].protocol: Unsupported value: "HTTP": supported values: "SCTP", "TCP", "UDP"'],
  ],
  [
    "targetPort 70000",
    [],
    web(ports({ port: 80, targetPort: 70000 })),
    [`spec.ports[0].targetPort: Invalid value: 70000: ${PORT}`],
  ],
  [
    "a targetPort name that breaks every rule",
    [],
    web(ports({ port: 80, targetPort: "-_--0123456789012-" })),
    [
      'spec.ports[0].targetPort: Invalid value: "-_--0123456789012-": must be no more than 15 characters',
      'spec.ports[0].targetPort: Invalid value: "-_--0123456789012-": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
      'spec.ports[0].targetPort: Invalid value: "-_--0123456789012-": must contain at least one letter (a-z)',
      'spec.ports[0].targetPort: Invalid value: "-_--0123456789012-": must not contain consecutive hyphens',
      'spec.ports[0].targetPort: Invalid value: "-_--0123456789012-": must not begin or end with a hyphen',
    ],
  ],
  [
    "a port in quotes as targetPort",
    [],
    web(ports({ port: 80, targetPort: "8080" })),
    ['spec.ports[0].targetPort: Invalid value: "8080": must contain at least one letter (a-z)'],
  ],
  [
    "a port twice",
    [],
    web(ports({ name: "a", port: 80 }, { name: "b", port: 80 })),
    [
      'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}',
    ],
  ],
  [
    "a nodePort twice",
    [],
    web({
      type: "NodePort",
      ...ports({ name: "a", port: 80, nodePort: 30080 }, { name: "b", port: 81, nodePort: 30080 }),
    }),
    ["spec.ports[1].nodePort: Invalid value: 30080: provided port is already allocated"],
  ],
  [
    "a nodePort on a ClusterIP Service",
    [],
    web(ports({ port: 80, nodePort: 30080 })),
    ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
  ],
  [
    "a nodePort out of range",
    [],
    web({ type: "NodePort", ...ports({ port: 80, nodePort: 80 }) }),
    [
      "spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767",
    ],
  ],
  [
    "a nodePort that another Service holds",
    [named("other", { type: "NodePort", ...ports({ port: 1, nodePort: 30080 }) })],
    web({ type: "NodePort", ...ports({ port: 80, nodePort: 30080 }) }),
    ["spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated"],
  ],
  [
    "a nodePort that another Service holds for another protocol",
    [named("other", { type: "NodePort", ...ports({ port: 1, protocol: "UDP", nodePort: 30080 }) })],
    web({ type: "NodePort", ...ports({ port: 80, nodePort: 30080 }) }),
    ["spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated"],
  ],
  [
    "type Foo",
    [],
    web({ type: "Foo" }),
    ['spec.type: Unsupported value: "Foo": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"'],
  ],
  [
    "a headless NodePort",
    [],
    web({ type: "NodePort", clusterIP: "None" }),
    [`spec.clusterIPs[0]: Invalid value: "None": may not be set to 'None' for NodePort services`],
  ],
  [
    "a headless LoadBalancer",
    [],
    web({ type: "LoadBalancer", clusterIP: "None" }),
    [`spec.clusterIPs[0]: Invalid value: "None": may not be set to 'None' for LoadBalancer services`],
  ],
  ["an alias of nothing", [], web({ type: "ExternalName" }), ["spec.externalName: Required value"]],
  [
    "an alias of no name",
    [],
    web({ type: "ExternalName", externalName: "-x" }),
    [`spec.externalName: Invalid value: "-x": ${SUBDOMAIN}`],
  ],
  [
    "an alias with a cluster IP",
    [],
    web({ type: "ExternalName", externalName: "a.example", clusterIP: "10.96.0.50" }),
    [`spec.clusterIPs: ${NOT_FOR_ALIAS}`],
  ],
  [
    "an alias with families",
    [],
    web({ type: "ExternalName", externalName: "a.example", ipFamilies: ["IPv4"], ipFamilyPolicy: "SingleStack" }),
    [`spec.ipFamilies: ${NOT_FOR_ALIAS}`, `spec.ipFamilyPolicy: ${NOT_FOR_ALIAS}`],
  ],
  [
    "affinity by cookie",
    [],
    web({ sessionAffinity: "Cookie" }),
    ['spec.sessionAffinity: Unsupported value: "Cookie": supported values: "ClientIP", "None"'],
  ],
  ...[90000, 0, -1].map((timeoutSeconds): Row => [
    `affinity for ${timeoutSeconds} seconds`,
    [],
    web({ sessionAffinity: "ClientIP", sessionAffinityConfig: { clientIP: { timeoutSeconds } } }),
    [
      `spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: ${timeoutSeconds}: must be greater than 0 and less than 86400`,
    ],
  ]),
  [
    "externalTrafficPolicy for nobody outside",
    [],
    web({ externalTrafficPolicy: "Local" }),
    ['spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services'],
  ],
  [
    "an unknown externalTrafficPolicy",
    [],
    web({ type: "NodePort", externalTrafficPolicy: "OnlyLocal" }),
    ['spec.externalTrafficPolicy: Unsupported value: "OnlyLocal": supported values: "Cluster", "Local"'],
  ],
  [
    "an unknown internalTrafficPolicy",
    [],
    web({ internalTrafficPolicy: "Zone" }),
    ['spec.internalTrafficPolicy: Unsupported value: "Zone": supported values: "Cluster", "Local"'],
  ],
  [
    "an unknown trafficDistribution",
    [],
    web({ trafficDistribution: "Near" }),
    [
      'spec.trafficDistribution: Unsupported value: "Near": supported values: "PreferClose", "PreferSameNode", "PreferSameZone"',
    ],
  ],
  [
    "a health check port without Local",
    [],
    web({ type: "LoadBalancer", healthCheckNodePort: 30001 }),
    [
      "spec.healthCheckNodePort: Invalid value: 30001: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
    ],
  ],
  [
    "a health check port for a NodePort Service",
    [],
    web({ type: "NodePort", externalTrafficPolicy: "Local", healthCheckNodePort: 30001 }),
    [
      "spec.healthCheckNodePort: Invalid value: 30001: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
    ],
  ],
  [
    "source ranges without a balancer",
    [],
    web({ loadBalancerSourceRanges: ["10.0.0.0/8"] }),
    [`spec.LoadBalancerSourceRanges: ${ONLY_BALANCER}`],
  ],
  [
    "a source range that is none",
    [],
    web({ type: "LoadBalancer", loadBalancerSourceRanges: ["10.0.0.0"] }),
    [`spec.LoadBalancerSourceRanges[0]: Invalid value: "10.0.0.0": ${CIDR}`],
  ],
  [
    "a source range with host bits",
    [],
    web({ type: "LoadBalancer", loadBalancerSourceRanges: ["10.0.0.1/8"] }),
    ['spec.LoadBalancerSourceRanges[0]: Invalid value: "10.0.0.1/8": must not have bits set beyond the prefix length'],
  ],
  [
    "node ports of a balancer without a balancer",
    [],
    web({ type: "NodePort", allocateLoadBalancerNodePorts: false }),
    [`spec.allocateLoadBalancerNodePorts: ${ONLY_BALANCER}`],
  ],
  [
    "a balancer's class without a balancer",
    [],
    web({ loadBalancerClass: "example.com/lb" }),
    [`spec.loadBalancerClass: ${ONLY_BALANCER}`],
  ],
  [
    "an externalIP that is none",
    [],
    web({ externalIPs: ["foo"] }),
    [`spec.externalIPs[0]: Invalid value: "foo": ${ADDRESS}`],
  ],
  [
    "an externalIP with leading zeros",
    [],
    web({ externalIPs: ["010.0.0.1"] }),
    ['spec.externalIPs[0]: Invalid value: "010.0.0.1": must not have leading 0s'],
  ],
  [
    "a loopback externalIP",
    [],
    web({ externalIPs: ["127.0.0.1"] }),
    ['spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)'],
  ],
  [
    "a cluster IP that is none",
    [],
    web({ clusterIP: "10.96.0" }),
    [`spec.clusterIPs[0]: Invalid value: "10.96.0": ${ADDRESS}`],
  ],
  [
    "headless, and an address too",
    [],
    web({ clusterIP: "None", clusterIPs: ["None", "10.96.0.9"] }),
    [`spec.clusterIPs: Invalid value: ["None","10.96.0.9"]: 'None' must be the first and only value`],
  ],
  [
    "three cluster IPs",
    [],
    web({ clusterIP: "10.96.0.7", clusterIPs: ["10.96.0.7", "fd00::7", "fd00::8"] }),
    [
      'spec.clusterIPs: Invalid value: ["10.96.0.7","fd00::7","fd00::8"]: may only hold up to 2 values',
      'spec.clusterIPs: Invalid value: ["10.96.0.7","fd00::7","fd00::8"]: may specify no more than one IP for each IP family',
    ],
  ],
  [
    "two cluster IPs of one family",
    [],
    web({ clusterIP: "10.96.0.7", clusterIPs: ["10.96.0.7", "10.96.0.8"] }),
    ['spec.clusterIPs: Invalid value: ["10.96.0.7","10.96.0.8"]: may specify no more than one IP for each IP family'],
  ],
  [
    "clusterIP and clusterIPs that differ",
    [],
    web({ clusterIP: "10.96.0.7", clusterIPs: ["10.96.0.8"] }),
    ['spec.clusterIPs: Invalid value: ["10.96.0.8"]: first value must match `clusterIP`'],
  ],
  [
    "a cluster IP that another Service holds",
    [],
    web({ clusterIP: "10.96.0.10" }),
    [
      'spec.clusterIPs: Invalid value: ["10.96.0.10"]: failed to allocate IP 10.96.0.10: provided IP is already allocated',
    ],
  ],
  [
    "a cluster IP of another network",
    [],
    web({ clusterIP: "1.2.3.4" }),
    [
      'spec.clusterIPs: Invalid value: ["1.2.3.4"]: failed to allocate IP 1.2.3.4: the provided network does not match the current range',
    ],
  ],
  [
    "two families in a cluster of one",
    [],
    web({ ipFamilyPolicy: "RequireDualStack" }),
    ['spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services'],
  ],
  [
    "the other family in a cluster of one",
    [],
    web({ ipFamilies: ["IPv6"] }),
    ['spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster'],
  ],
  [
    "an unknown family policy",
    [],
    web({ ipFamilyPolicy: "Both" }),
    [
      'spec.ipFamilyPolicy: Unsupported value: "Both": supported values: "PreferDualStack", "RequireDualStack", "SingleStack"',
    ],
  ],
  [
    "kubelet's port on a balancer",
    [],
    web({ type: "LoadBalancer", ...ports({ port: 10250 }) }),
    ["spec.ports[0]: Invalid value: 10250: may not expose port 10250 externally since it is used by kubelet"],
  ],
  [
    "an appProtocol with two slashes",
    [],
    web(ports({ port: 80, appProtocol: "a/b/c" })),
    [
      "spec.ports[0].appProtocol: Invalid value: \"a/b/c\": a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
    ],
  ],
];

const UPDATES: readonly Row[] = [
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

const refusedIP = (ip: string, why: string): Row => [
  `an endpoint at ${ip}`,
  [],
  at(ip),
  [`subsets[0].addresses[0].ip: Invalid value: "${ip}": ${why}`],
];

const OTHERS: readonly Row[] = [
  refusedIP("foo", ADDRESS),
  refusedIP("0.0.0.0", "may not be unspecified (0.0.0.0)"),
  refusedIP("127.0.0.1", "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
  refusedIP("169.254.1.1", "may not be in the link-local range (169.254.0.0/16, fe80::/10)"),
  refusedIP("224.0.0.5", "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"),
  refusedIP("fe80::1", "may not be in the link-local range (169.254.0.0/16, fe80::/10)"),
  [
    "a subset of nobody",
    [],
    endpoints({ ports: [{ port: 80 }] }),
    ["subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`"],
  ],
  [
    "two ports of Endpoints without names",
    [],
    endpoints({ addresses: [{ ip: "10.0.0.9" }], ports: [{ port: 80 }, { port: 81 }] }),
    ["subsets[0].ports[0].name: Required value", "subsets[0].ports[1].name: Required value"],
  ],
  ["a slice without a type", [], slice({ addressType: undefined }), ["addressType: Required value"]],
  [
    "an address of the other family",
    [],
    slice({ endpoints: [{ addresses: ["fd00::9"] }] }),
    ['endpoints[0].addresses[0]: Invalid value: "fd00::9": must be an IPv4 address'],
  ],
  [
    "an endpoint without an address",
    [],
    slice({ endpoints: [{ addresses: [] }] }),
    ["endpoints[0].addresses: Required value: must contain at least 1 address"],
  ],
  [
    "too many endpoints",
    [],
    slice({ endpoints: Array.from({ length: 1001 }, () => ({ addresses: ["10.0.0.9"] })) }),
    ["endpoints: Too many: 1001: must have at most 1000 items"],
  ],
  [
    "a port of a slice twice",
    [],
    slice({
      ports: [
        { name: "a", port: 80 },
        { name: "a", port: 81 },
      ],
    }),
    ['ports[1].name: Duplicate value: "a"'],
  ],
  [
    "a Deployment whose template has other labels",
    [],
    workload("Deployment", { template: template({}, { app: "wbe" }) }),
    ['spec.template.metadata.labels: Invalid value: {"app":"wbe"}: `selector` does not match template `labels`'],
  ],
  [
    "a Deployment without a selector",
    [],
    workload("Deployment", { selector: undefined }),
    ["spec.selector: Required value"],
  ],
  [
    "a Deployment with an empty selector",
    [],
    workload("Deployment", { selector: {} }),
    ["spec.selector: Invalid value: {}: empty selector is invalid for deployment"],
  ],
  [
    "fewer pods than none",
    [],
    workload("Deployment", { replicas: -1 }),
    ["spec.replicas: Invalid value: -1: must be greater than or equal to 0"],
  ],
  [
    "an unknown strategy",
    [],
    workload("Deployment", { strategy: { type: "Canary" } }),
    [
      'spec.strategy: Unsupported value: {"Type":"Canary","RollingUpdate":null}: supported values: "Recreate", "RollingUpdate"',
    ],
  ],
  [
    "an update that may neither add nor take away",
    [],
    workload("Deployment", { strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } }),
    ["spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0"],
  ],
  [
    "pods of a Deployment that end",
    [],
    workload("Deployment", { template: template({ restartPolicy: "Never" }) }),
    ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'],
  ],
  [
    "a DaemonSet that surges and goes without",
    [],
    workload("DaemonSet", { updateStrategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } } }),
    ["spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero"],
  ],
  [
    "a DaemonSet that does neither",
    [],
    workload("DaemonSet", { updateStrategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } }),
    ["spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0"],
  ],
  [
    "a StatefulSet in any order",
    [],
    workload("StatefulSet", { podManagementPolicy: "Random" }),
    ["spec.podManagementPolicy: Invalid value: \"Random\": must be 'OrderedReady' or 'Parallel'"],
  ],
  [
    "a ReplicationController whose template has other labels",
    [],
    {
      apiVersion: "v1",
      kind: "ReplicationController",
      metadata: { name: "web" },
      spec: { selector: { app: "x" }, template: template() },
    },
    ['spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`'],
  ],
  [
    "a ReplicationController without a template",
    [],
    { apiVersion: "v1", kind: "ReplicationController", metadata: { name: "web" }, spec: { selector: { app: "x" } } },
    ["spec.template: Required value"],
  ],
  ["a pod of nothing", [], pod({ containers: [] }), ["spec.containers: Required value"]],
  ["a container without an image", [], pod({}, { image: "" }), ["spec.containers[0].image: Required value"]],
  [
    "a probe that does nothing",
    [],
    pod({}, { readinessProbe: { periodSeconds: 5 } }),
    ["spec.containers[0].readinessProbe: Required value: must specify a handler type"],
  ],
  [
    "a preStop sleep longer than the grace period",
    [],
    pod({ terminationGracePeriodSeconds: 10 }, { lifecycle: { preStop: { sleep: { seconds: 11 } } } }),
    [
      "spec.containers[0].lifecycle.preStop.sleep: Invalid value: 11: must be non-negative and less than terminationGracePeriodSeconds (10)",
    ],
  ],
  [
    "a container port name that is too long",
    [],
    pod({}, { ports: [{ name: "a-very-long-port-name", containerPort: 80 }] }),
    ['spec.containers[0].ports[0].name: Invalid value: "a-very-long-port-name": must be no more than 15 characters'],
  ],
  [
    "no DNS at all",
    [],
    pod({ dnsPolicy: "None" }),
    ["spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None"],
  ],
  [
    "an Ingress of nothing",
    [],
    ingress({}),
    ["spec: Invalid value: null: either `defaultBackend` or `rules` must be specified"],
  ],
  [
    "a path without a type",
    [],
    path({ pathType: undefined }),
    ["spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified"],
  ],
  [
    "a path that begins nowhere",
    [],
    path({ path: "api" }),
    ['spec.rules[0].http.paths[0].path: Invalid value: "api": must be an absolute path'],
  ],
  [
    "a path with two slashes",
    [],
    path({ path: "/a//b" }),
    [`spec.rules[0].http.paths[0].path: Invalid value: "/a//b": must not contain '//'`],
  ],
  [
    "a backend without a port",
    [],
    path({ backend: { service: { name: "web" } } }),
    ["spec.rules[0].http.paths[0].backend: Required value: port name or number is required"],
  ],
  [
    "an address as host",
    [],
    ingress({ rules: [{ host: "10.0.0.1" }] }),
    ['spec.rules[0].host: Invalid value: "10.0.0.1": must be a DNS name, not an IP address'],
  ],
  [
    "two classes of one Ingress",
    [],
    ingress({ ingressClassName: "a", defaultBackend: toWeb }, { annotations: { "kubernetes.io/ingress.class": "b" } }),
    [
      'annotations.kubernetes.io/ingress.class: Invalid value: "b": must match `ingressClassName` when both are specified',
    ],
  ],
  [
    "a policy that lets in nobody in particular",
    [],
    policy({ podSelector: {}, ingress: [{ from: [{}] }] }),
    ["spec.ingress[0].from[0]: Required value: must specify a peer"],
  ],
  [
    "an exception from something else",
    [],
    policy({ podSelector: {}, egress: [{ to: [{ ipBlock: { cidr: "10.0.0.0/8", except: ["11.0.0.0/16"] } }] }] }),
    ['spec.egress[0].to[0].ipBlock.except[0]: Invalid value: "11.0.0.0/16": must be a strict subset of `cidr`'],
  ],
  [
    "a pool of nonsense",
    [],
    {
      apiVersion: "metallb.io/v1beta1",
      kind: "IPAddressPool",
      metadata: { name: "p" },
      spec: { addresses: ["10.0.0.9-10.0.0.1"] },
    },
    [
      'spec.addresses[0]: Invalid value: "10.0.0.9-10.0.0.1": invalid IP range "10.0.0.9-10.0.0.1": start IP "10.0.0.9" is after the end IP "10.0.0.1"',
    ],
  ],
  [
    "a Namespace with a dot",
    [],
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "a.b" } },
    ['metadata.name: Invalid value: "a.b": must not contain dots'],
  ],
  [
    "a taint without an effect",
    [],
    { apiVersion: "v1", kind: "Node", metadata: { name: "n1" }, spec: { taints: [{ key: "a" }] } },
    ["spec.taints[0].effect: Required value"],
  ],
  [
    "a key of a ConfigMap with a slash",
    [],
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c" }, data: { "a/b": "" } },
    [
      "data[a/b]: Invalid value: \"a/b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
    ],
  ],
];

function kubectl(document: Document, causes: readonly string[]): string {
  const { kind } = document as { readonly kind: string };
  const { name = "" } = document["metadata"] as { readonly name?: string };
  const subject = `The ${kind} "${name}" is invalid: `;
  return causes.length === 1 ? `${subject}${causes[0]}` : `${subject}\n${causes.map((text) => `* ${text}`).join("\n")}`;
}

function refusedBy([, before, refused]: Row): { readonly text: string; readonly wrote: boolean } {
  const { api, store } = start();
  for (const document of before) {
    const written = send(api, store, document);
    if (!written.ok) throw new Error(written.error.message);
  }
  const { revision } = store;
  const result = send(api, store, refused);
  return { text: result.ok ? "accepted" : kubectlText(result.error), wrote: store.revision !== revision };
}

const ROWS = [...SERVICES, ...UPDATES, ...OTHERS];

test("there are enough of them", () => {
  expect(ROWS.length).toBeGreaterThanOrEqual(100);
  expect(new Set(ROWS.map(([name]) => name)).size).toBe(ROWS.length);
});

describe.each([
  ["a Service", SERVICES],
  ["an update", UPDATES],
  ["other kinds", OTHERS],
] as const)("%s", (_, rows) => {
  test.each(rows.map((row) => [row[0], row] as const))("%s", (__, row) => {
    expect(refusedBy(row)).toEqual({ text: kubectl(row[2], row[3]), wrote: false });
  });
});

test("an endpoint may be another Service's cluster IP, as on the real server", () => {
  const { api, store } = start();
  expect(send(api, store, web({ clusterIP: "10.96.0.50" })).ok).toBe(true);
  const written = send(api, store, at("10.96.0.10"));
  expect(written).toMatchObject({ ok: true, value: { object: { subsets: [{ addresses: [{ ip: "10.96.0.10" }] }] } } });
});

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
const arbLeaf = fc.oneof(
  fc.constantFrom<Json>(null, "", 0, -1, 70000, 0.5, true, "None", "a b", "10.0.0.1/8", "::1", [], {}, [null], [{}], {
    a: null,
  }),
  fc.string({ maxLength: 8 }),
);

/** The value with the n-th of its parts, counted in depth-first order, replaced; undefined takes it away. */
function mutated(value: unknown, n: number, leaf: unknown): unknown {
  let count = 0;
  const walk = (part: unknown): unknown => {
    if (count++ === n) return leaf;
    if (Array.isArray(part)) return (part as readonly unknown[]).map(walk).filter((item) => item !== undefined);
    if (typeof part !== "object" || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([key, member]) => [key, walk(member)]));
  };
  return walk(value);
}

test("whatever is changed in them, the answer is an object or a Status", () => {
  const arbMutation = fc.tuple(fc.integer({ min: 1, max: 24 }), fc.option(arbLeaf, { nil: undefined }));
  fc.assert(
    fc.property(
      fc.constantFrom(...ROWS),
      fc.array(arbMutation, { minLength: 1, maxLength: 3 }),
      fc.constantFrom("10.96.0.0/12", "10.96.0.0/28,fd00:96::/112"),
      ([, before, refused], mutations, subnet) => {
        const { api, store } = start(subnet);
        const change = (document: Document): Document => {
          let out: unknown = document;
          for (const [n, leaf] of mutations) out = mutated(out, n, leaf);
          return typeof out === "object" && out !== null ? (out as Document) : document;
        };
        for (const document of [...before, ...before.map(change), change(refused), refused, change(refused)]) {
          const { revision } = store;
          const result = send(api, store, document);
          if (result.ok) continue;
          expect(result.error.message).not.toBe("");
          expect(kubectlText(result.error)).not.toBe("");
          expect(store.revision).toBe(revision);
        }
        const all = store.journal
          .flatMap(({ added }) => added)
          .filter((object): object is KubeObject => object.kind === "Service");
        for (const { metadata } of all) api.delete(objectKey("Service", metadata.namespace, metadata.name), NOW);
      },
    ),
    { numRuns: 400 },
  );
});
