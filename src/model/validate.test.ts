import { describe, expect, test } from "vitest";
import { applyDefaults } from "./defaults.ts";
import type { KubeObject } from "./meta/types.ts";
import type { Cause } from "./status.ts";
import { validateCreate, validateUpdate } from "./validate.ts";

const make = (apiVersion: string, kind: string, rest: object): KubeObject =>
  applyDefaults({ apiVersion, kind, metadata: { name: "x", namespace: "default" }, ...rest } as unknown as KubeObject);
const cluster = (apiVersion: string, kind: string, rest: object): KubeObject =>
  make(apiVersion, kind, { metadata: { name: "x" }, ...rest });
const texts = (causes: readonly Cause[]): readonly string[] =>
  causes.map((cause) => `${cause.field}: ${cause.message}`);
const refused = (object: KubeObject): readonly string[] =>
  texts(validateCreate(object, { relaxedServiceNames: false }));

const container = { name: "a", image: "nginx" };
const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

describe("metadata", () => {
  const pod = (metadata: object): readonly string[] =>
    refused(make("v1", "Pod", { metadata, spec: { containers: [container] } }));

  test("names, namespaces, labels, annotations, owners", () => {
    expect(pod({ name: "a.b", namespace: "default" })).toEqual([]);
    expect(pod({ name: "A", namespace: "default" })).toEqual([`metadata.name: Invalid value: "A": ${SUBDOMAIN}`]);
    expect(pod({ name: "a" })).toEqual(["metadata.namespace: Required value"]);
    expect(pod({ name: "a", namespace: "a.b" })).toEqual([
      'metadata.namespace: Invalid value: "a.b": must not contain dots',
    ]);
    expect(pod({ name: "a", namespace: "d", labels: { "a/b/c": "x" } })[0]).toContain(
      "a qualified name must consist of",
    );
    expect(pod({ name: "a", namespace: "d", labels: { "/b": "x" } })).toEqual([
      'metadata.labels: Invalid value: "/b": prefix part must be non-empty',
    ]);
    expect(pod({ name: "a", namespace: "d", annotations: { "kubehop.dev/listen": "anything {}" } })).toEqual([]);
    expect(pod({ name: "a", namespace: "d", annotations: { a: "x".repeat(262_144) } })).toEqual([
      "metadata.annotations: Too long: may not be more than 262144 bytes",
    ]);
    expect(pod({ name: "a", namespace: "d", ownerReferences: [{ apiVersion: "v1", kind: "Pod", name: "p" }] })).toEqual(
      ['metadata.ownerReferences[0].uid: Invalid value: "": uid must not be empty'],
    );
  });

  test("cluster-scoped kinds have no namespace; a namespace's name has no dots", () => {
    expect(refused(make("v1", "Node", {}))).toEqual(["metadata.namespace: Forbidden: not allowed on this type"]);
    expect(refused(cluster("v1", "Namespace", { metadata: { name: "a.b" } }))).toEqual([
      'metadata.name: Invalid value: "a.b": must not contain dots',
    ]);
  });

  test("a name does not change", () => {
    const a = cluster("v1", "Namespace", { metadata: { name: "a" } });
    const b = cluster("v1", "Namespace", { metadata: { name: "b" } });
    expect(texts(validateUpdate(b, a))).toEqual(['metadata.name: Invalid value: "b": field is immutable']);
  });
});

describe("Pod", () => {
  test.each<[string, object, readonly string[]]>([
    ["good", { containers: [container] }, []],
    ["no containers", {}, ["spec.containers: Required value"]],
    [
      "empty container",
      { containers: [{}] },
      ["spec.containers[0].name: Required value", "spec.containers[0].image: Required value"],
    ],
    ["names twice", { containers: [container, container] }, ['spec.containers[1].name: Duplicate value: "a"']],
    [
      "ports",
      {
        containers: [
          {
            ...container,
            ports: [
              { containerPort: 80, name: "http" },
              { containerPort: 81, name: "http" },
              { containerPort: 0 },
              { containerPort: 70000 },
              { containerPort: 1, name: "much-too-long-a-name" },
              { containerPort: 1, protocol: "QUIC" },
            ],
          },
        ],
      },
      [
        'spec.containers[0].ports[1].name: Duplicate value: "http"',
        "spec.containers[0].ports[2].containerPort: Required value",
        "spec.containers[0].ports[3].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
        'spec.containers[0].ports[4].name: Invalid value: "much-too-long-a-name": must be no more than 15 characters',
        'spec.containers[0].ports[5].protocol: Unsupported value: "QUIC": supported values: "SCTP", "TCP", "UDP"',
      ],
    ],
    [
      "probes",
      {
        containers: [
          { ...container, readinessProbe: {}, livenessProbe: { tcpSocket: { port: 1 }, successThreshold: 2 } },
        ],
      },
      [
        "spec.containers[0].readinessProbe: Required value: must specify a handler type",
        "spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1",
      ],
    ],
    [
      "policies",
      { containers: [container], restartPolicy: "Sometimes", dnsPolicy: "X" },
      [
        'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure"',
        'spec.dnsPolicy: Unsupported value: "X": supported values: "ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"',
      ],
    ],
  ])("%s", (_, spec, expected) => {
    expect(refused(make("v1", "Pod", { spec }))).toEqual(expected);
  });

  test("only images and a few more may change", () => {
    const pod = (spec: object): KubeObject =>
      make("v1", "Pod", { spec: { nodeName: "n1", containers: [container], ...spec } });
    const change = (spec: object): readonly string[] => texts(validateUpdate(pod(spec), pod({})));
    expect(change({})).toEqual([]);
    expect(change({ containers: [{ ...container, image: "nginx:1.27" }] })).toEqual([
      // The pull policy was defaulted from the image: changing the tag changes it as well, as on a real cluster.
      expect.stringMatching(/^spec: Forbidden: pod updates may not change fields other than/) as unknown as string,
    ]);
    expect(change({ containers: [{ ...container, image: "other" }] })).toEqual([]);
    expect(change({ tolerations: [{ key: "a", operator: "Exists" }] })).toEqual([]);
    expect(change({ nodeName: "n2" })[0]).toMatch(/^spec: Forbidden: pod updates may not change fields other than/);
    expect(change({ containers: [container, { name: "b", image: "c" }] })).toEqual([
      "spec.containers: Forbidden: pod updates may not add or remove containers",
    ]);
    const unbound = make("v1", "Pod", { spec: { containers: [container] } });
    expect(texts(validateUpdate(pod({}), unbound))).toEqual([]);
  });
});

describe.each([
  ["Deployment", "deployment"],
  ["ReplicaSet", "replicaset"],
])("%s", (kind, lower) => {
  const template = { metadata: { labels: { app: "web" } }, spec: { containers: [container] } };
  const selector = { matchLabels: { app: "web" } };
  const made = (spec: object): KubeObject => make("apps/v1", kind, { spec });

  test.each<[string, object, readonly string[]]>([
    ["good", { selector, template }, []],
    ["no selector", { template }, ["spec.selector: Required value"]],
    [
      "empty selector",
      { selector: {}, template },
      [`spec.selector: Invalid value: {}: empty selector is invalid for ${lower}`],
    ],
    [
      "selector and template",
      { selector: { matchLabels: { app: "wep" } }, template },
      ['spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`'],
    ],
    [
      "expressions",
      { selector: { matchExpressions: [{ key: "app", operator: "In" }] }, template },
      [
        "spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
      ],
    ],
    [
      "restart policy",
      { selector, template: { ...template, spec: { containers: [container], restartPolicy: "Never" } } },
      ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'],
    ],
    [
      "replicas",
      { selector, template, replicas: -1 },
      ["spec.replicas: Invalid value: -1: must be greater than or equal to 0"],
    ],
  ])("%s", (_, spec, expected) => {
    expect(refused(made(spec))).toEqual(expected);
  });

  test("the selector does not change", () => {
    const both = { metadata: { labels: { app: "web", tier: "fe" } }, spec: { containers: [container] } };
    const old = made({ selector, template: both });
    const now = made({ selector: { matchLabels: { tier: "fe" } }, template: both });
    expect(texts(validateUpdate(now, old))).toEqual([
      'spec.selector: Invalid value: {"matchLabels":{"tier":"fe"}}: field is immutable',
    ]);
  });
});

test("Deployment strategy", () => {
  const spec = {
    selector: { matchLabels: { a: "b" } },
    template: { metadata: { labels: { a: "b" } }, spec: { containers: [container] } },
  };
  const strategy = (given: object): readonly string[] =>
    refused(make("apps/v1", "Deployment", { spec: { ...spec, strategy: given } }));
  expect(strategy({ type: "Recreate", rollingUpdate: { maxSurge: 1 } })).toEqual([
    "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'",
  ]);
  expect(strategy({ rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } })).toEqual([
    "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0",
  ]);
});

test("Endpoints", () => {
  const endpoints = (subsets: readonly object[]): readonly string[] => refused(make("v1", "Endpoints", { subsets }));
  expect(endpoints([{ addresses: [{ ip: "10.0.0.1" }], ports: [{ port: 80 }] }])).toEqual([]);
  expect(endpoints([{ ports: [{ port: 80 }] }])).toEqual([
    "subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`",
  ]);
  expect(endpoints([{ addresses: [{ ip: "127.0.0.1" }], ports: [{ port: 80 }, { port: 81, name: "b" }] }])).toEqual([
    'subsets[0].addresses[0].ip: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
    "subsets[0].ports[0].name: Required value",
  ]);
  // A cluster IP as an endpoint is a mistake that the API server does not see.
  expect(endpoints([{ addresses: [{ ip: "10.96.0.1" }] }])).toEqual([]);
});

test("EndpointSlice", () => {
  const slice = (rest: object): KubeObject =>
    make("discovery.k8s.io/v1", "EndpointSlice", { addressType: "IPv4", ...rest });
  expect(refused(slice({ endpoints: [{ addresses: ["10.0.0.1"] }], ports: [{ port: 80 }] }))).toEqual([]);
  expect(refused(slice({ addressType: "v4" }))).toEqual([
    'addressType: Unsupported value: "v4": supported values: "FQDN", "IPv4", "IPv6"',
  ]);
  expect(refused(slice({ endpoints: [{ addresses: [] }], ports: [{ name: "a" }, { name: "a" }] }))).toEqual([
    "endpoints[0].addresses: Required value: must contain at least 1 address",
    'ports[1].name: Duplicate value: "a"',
  ]);
  expect(refused(slice({ endpoints: Array.from({ length: 1001 }, () => ({ addresses: ["10.0.0.1"] })) }))).toEqual([
    "endpoints: Too many: 1001: must have at most 1000 items",
  ]);
  expect(texts(validateUpdate(slice({ addressType: "IPv6" }), slice({})))).toEqual([
    'addressType: Invalid value: "IPv6": field is immutable',
  ]);
});

test("Node", () => {
  expect(refused(cluster("v1", "Node", { spec: { podCIDR: "10.244.1.0/24", podCIDRs: ["10.244.2.0/24"] } }))).toEqual([
    'spec.podCIDRs: Invalid value: ["10.244.2.0/24"]: first value must match `podCIDR`',
  ]);
  const node = (cidr: string): KubeObject => cluster("v1", "Node", { spec: { podCIDR: cidr } });
  expect(texts(validateUpdate(node("10.244.2.0/24"), node("10.244.1.0/24")))).toEqual([
    'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid',
  ]);
});

test("our own kinds", () => {
  expect(refused(cluster("kubehop.dev/v1alpha1", "Client", {}))).toEqual(["spec.ip: Required value"]);
  expect(refused(cluster("kubehop.dev/v1alpha1", "Client", { spec: { ip: "1.2.3" } }))).toEqual([
    'spec.ip: Invalid value: "1.2.3": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
  ]);
  expect(
    refused(
      cluster("kubehop.dev/v1alpha1", "CloudProvider", {
        spec: { loadBalancer: "magic", addresses: { from: "203.0.113.9", to: "203.0.113.8" } },
      }),
    ),
  ).toEqual([
    'spec.loadBalancer: Unsupported value: "magic": supported values: "nodePort", "none", "pod", "vip"',
    'spec.addresses.to: Invalid value: "203.0.113.8": must not be lower than `from`',
  ]);
  expect(refused(cluster("kubehop.dev/v1alpha1", "Lab", { spec: { open: { from: "client/internet" } } }))).toEqual([
    "spec.open.to: Required value",
  ]);
});
