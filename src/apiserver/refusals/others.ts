/** New objects of other kinds that the API server refuses. */
import {
  endpoints,
  at,
  slice,
  template,
  workload,
  pod,
  ingress,
  toWeb,
  path,
  policy,
  ADDRESS,
  type Row,
} from "./documents.ts";

const refusedIP = (ip: string, why: string): Row => [
  `an endpoint at ${ip}`,
  [],
  at(ip),
  [`subsets[0].addresses[0].ip: Invalid value: "${ip}": ${why}`],
];

export const OTHERS: readonly Row[] = [
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
