import { describe, expect, it } from "vitest";
import { createStore } from "../../apiserver/store.ts";
import { fromTimestamp } from "../../base/time.ts";
import type { KubeObject } from "../../model/meta/types.ts";
import type { World } from "../../world/types.ts";
import { terminal, deployment, worldOf } from "../testing.ts";
import { describeObject } from "./describe.ts";

/** Objects as they are, at a moment: what a describer sees of a world. */
function described(now: string, objects: readonly object[], index = 0): string {
  const store = createStore();
  store.commit({ puts: objects as readonly KubeObject[] }, { at: 0, cause: 0, writer: "test" });
  const world = { objects: store, now: fromTimestamp(now) } as unknown as World;
  return describeObject(world, objects[index] as KubeObject);
}

const slice = (endpoints: readonly object[]): object => ({
  apiVersion: "discovery.k8s.io/v1",
  kind: "EndpointSlice",
  metadata: { name: "web-7vzhx", namespace: "default", labels: { "kubernetes.io/service-name": "web" } },
  addressType: "IPv4",
  ports: [{ name: "http", port: 8080, protocol: "TCP" }],
  endpoints,
});
const ready = (ip: string, isReady = true): object => ({ addresses: [ip], conditions: { ready: isReady } });

const event = (name: string, reason: string, message: string, at: string): object => ({
  apiVersion: "v1",
  kind: "Event",
  metadata: { name, namespace: "default" },
  involvedObject: { kind: "Service", namespace: "default", name: "web", uid: "u1" },
  type: "Normal",
  reason,
  message,
  source: { component: "service-controller" },
  firstTimestamp: at,
  lastTimestamp: at,
  count: 1,
});

const WEB = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web", namespace: "default", uid: "u1", labels: { app: "web" } },
  spec: {
    type: "LoadBalancer",
    selector: { app: "web" },
    ports: [{ name: "http", port: 80, targetPort: 8080, protocol: "TCP", nodePort: 30080 }],
    clusterIP: "10.96.0.50",
    clusterIPs: ["10.96.0.50"],
    ipFamilies: ["IPv4"],
    ipFamilyPolicy: "SingleStack",
    sessionAffinity: "None",
    externalTrafficPolicy: "Cluster",
    internalTrafficPolicy: "Cluster",
  },
  status: { loadBalancer: { ingress: [{ ip: "203.0.113.7", ipMode: "VIP" }] } },
};

it("prints a NetworkPolicy with its rules, without events", () => {
  const policy = {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: "web", namespace: "default", creationTimestamp: "2026-11-20T21:03:44Z" },
    spec: {
      podSelector: { matchLabels: { app: "web" } },
      policyTypes: ["Ingress", "Egress"],
      ingress: [
        {
          from: [
            { namespaceSelector: { matchLabels: { team: "a" } }, podSelector: { matchLabels: { app: "front" } } },
            { ipBlock: { cidr: "10.0.0.0/8", except: ["10.1.0.0/16", "10.2.0.0/16"] } },
          ],
          ports: [{ port: 80, protocol: "TCP" }],
        },
        {},
      ],
      egress: [{ to: [{ podSelector: {} }], ports: [{ port: 8000, endPort: 8080, protocol: "UDP" }] }],
    },
  };
  expect(described("2026-11-20T21:05:00Z", [policy])).toBe(`Name:         web
Namespace:    default
Created on:   2026-11-20 21:03:44 +0000 UTC
Labels:       <none>
Annotations:  <none>
Spec:
  PodSelector:     app=web
  Allowing ingress traffic:
    To Port: 80/TCP
    From:
      NamespaceSelector: team=a
      PodSelector: app=front
    From:
      IPBlock:
        CIDR: 10.0.0.0/8
        Except: 10.1.0.0/16, 10.2.0.0/16
    ----------
    To Port: <any> (traffic allowed to all ports)
    From: <any> (traffic not restricted by source)
  Allowing egress traffic:
    To Port Range: 8000-8080/UDP
    To:
      PodSelector: <none>
  Policy Types: Ingress, Egress
`);
  const deny = { ...policy, spec: { podSelector: {}, policyTypes: ["Ingress"] } };
  expect(described("2026-11-20T21:05:00Z", [deny])).toContain(`Spec:
  PodSelector:     <none> (Allowing the specific traffic to all pods in this namespace)
  Allowing ingress traffic:
    <none> (Selected pods are isolated for ingress connectivity)
  Not affecting egress traffic
  Policy Types: Ingress
`);
});

describe("a Service", () => {
  it("prints a load balancer with its events", () => {
    const printed = described("2026-11-20T21:03:44Z", [
      WEB,
      slice([ready("10.244.1.5"), ready("10.244.2.3")]),
      event("web.1", "EnsuringLoadBalancer", "Ensuring load balancer", "2026-11-20T21:03:14Z"),
      event("web.2", "EnsuredLoadBalancer", "Ensured load balancer", "2026-11-20T21:03:42Z"),
    ]);
    expect(printed).toBe(`Name:                     web
Namespace:                default
Labels:                   app=web
Annotations:              <none>
Selector:                 app=web
Type:                     LoadBalancer
IP Family Policy:         SingleStack
IP Families:              IPv4
IP:                       10.96.0.50
IPs:                      10.96.0.50
LoadBalancer Ingress:     203.0.113.7 (VIP)
Port:                     http  80/TCP
TargetPort:               8080/TCP
NodePort:                 http  30080/TCP
Endpoints:                10.244.1.5:8080,10.244.2.3:8080
Session Affinity:         None
External Traffic Policy:  Cluster
Internal Traffic Policy:  Cluster
Events:
  Type    Reason                Age   From                Message
  ----    ------                ----  ----                -------
  Normal  EnsuringLoadBalancer  30s   service-controller  Ensuring load balancer
  Normal  EnsuredLoadBalancer   2s    service-controller  Ensured load balancer
`);
  });

  it.each([
    ["no slice", [], "<none>"],
    ["a slice without ready endpoints", [slice([ready("10.244.1.5", false)])], ""],
    [
      "more than three",
      [slice(["10.1.0.1", "10.1.0.2", "10.1.0.3", "10.1.0.4", "10.1.0.5"].map((ip) => ready(ip)))],
      "10.1.0.1:8080,10.1.0.2:8080,10.1.0.3:8080 + 2 more...",
    ],
  ])("says of %s: %j", (_what, slices, text) => {
    const printed = described("2026-11-20T21:03:44Z", [WEB, ...slices]);
    expect(/^Endpoints: *(.*)$/m.exec(printed)?.[1]).toBe(text);
  });

  it("counts repeated events", () => {
    const repeated = {
      ...event("web.1", "SyncLoadBalancerFailed", "no", "2026-11-20T21:00:44Z"),
      lastTimestamp: "2026-11-20T21:03:32Z",
      count: 4,
    };
    expect(described("2026-11-20T21:03:44Z", [WEB, repeated])).toContain("12s (x4 over 3m)");
  });
});

it("describes endpoints", () => {
  const endpoints = {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: {
      name: "web",
      namespace: "default",
      labels: { app: "web", "endpoints.kubernetes.io/managed-by": "endpoint-controller" },
      annotations: { "endpoints.kubernetes.io/last-change-trigger-time": "2026-11-20T21:03:44Z" },
    },
    subsets: [{ addresses: [{ ip: "10.244.1.5" }, { ip: "10.244.2.3" }], ports: [{ port: 8080, protocol: "TCP" }] }],
  };
  expect(described("2026-11-20T21:03:44Z", [endpoints])).toBe(`Name:         web
Namespace:    default
Labels:       app=web
              endpoints.kubernetes.io/managed-by=endpoint-controller
Annotations:  endpoints.kubernetes.io/last-change-trigger-time: 2026-11-20T21:03:44Z
Subsets:
  Addresses:          10.244.1.5,10.244.2.3
  NotReadyAddresses:  <none>
  Ports:
    Name     Port  Protocol
    ----     ----  --------
    <unset>  8080  TCP

Events:  <none>
`);
});

it("describes an endpoint slice, and an empty one", () => {
  const printed = described("2026-11-20T21:03:44Z", [
    slice([{ ...ready("10.244.1.5"), nodeName: "n1", targetRef: { kind: "Pod", name: "web-7d4b8c6f5d-x2b7k" } }]),
  ]);
  expect(printed).toContain(`AddressType:  IPv4
Ports:
  Name  Port  Protocol
  ----  ----  --------
  http  8080  TCP
Endpoints:
  - Addresses:  10.244.1.5
    Conditions:
      Ready:    true
    Hostname:   <unset>
    TargetRef:  Pod/web-7d4b8c6f5d-x2b7k
    NodeName:   n1
    Zone:       <unset>
`);
  const empty = { ...slice([]), endpoints: null, ports: null };
  expect(described("2026-11-20T21:03:44Z", [empty])).toContain("Ports: <unset>\nEndpoints: <none>\n");
});

it("describes an ingress with a backend that is there and one that is not", () => {
  const ingress = {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { name: "front", namespace: "default" },
    spec: {
      rules: [
        {
          host: "foo.bar.com",
          http: {
            paths: [
              { path: "/", pathType: "Prefix", backend: { service: { name: "web", port: { number: 80 } } } },
              { path: "/x", pathType: "Prefix", backend: { service: { name: "gone", port: { number: 80 } } } },
            ],
          },
        },
      ],
    },
    status: { loadBalancer: {} },
  };
  const printed = described("2026-11-20T21:03:44Z", [ingress, WEB, slice([ready("10.244.1.5")])]);
  expect(printed).toBe(`Name:             front
Labels:           <none>
Namespace:        default
Address:          
Ingress Class:    <none>
Default backend:  <default>
Rules:
  Host         Path  Backends
  ----         ----  --------
  foo.bar.com  
               /    web:80 (10.244.1.5:8080)
               /x   gone:80 (<error: services "gone" not found>)
Annotations:   <none>
Events:        <none>
`);
});

describe("of a living cluster", () => {
  const { out, err } = terminal(worldOf(deployment("web", 2, 8080)));

  it("describes a deployment", () => {
    const printed = out("kubectl describe deployment web");
    expect(printed).toContain(
      "Replicas:               2 desired | 2 updated | 2 total | 2 available | 0 unavailable\n",
    );
    expect(printed).toContain("RollingUpdateStrategy:  25% max unavailable, 25% max surge\n");
    expect(printed).toMatch(/^OldReplicaSets: +<none>$/m);
    expect(printed).toMatch(/^NewReplicaSet: +web-\w+ \(2\/2 replicas created\)$/m);
  });

  it("describes a pod in kubectl's order", () => {
    const printed = out("kubectl describe pod web");
    const titles = [...(printed.split("\n\n\n")[0]?.matchAll(/^([A-Z][\w -]*):/gm) ?? [])].map((m) => m[1]);
    expect(titles.join(", ")).toBe(
      "Name, Namespace, Priority, Service Account, Node, Start Time, Labels, Annotations, Status, IP, IPs, Controlled By, Containers, Conditions, Volumes, QoS Class, Node-Selectors, Tolerations, Events",
    );
    expect(printed).toMatch(/^Node: +worker-\d\/192\.168\.56\.1\d$/m);
    expect(printed).toMatch(/^ {4}Port: +8080\/TCP$/m);
  });

  it("describes nodes, namespaces, and anything else field by field", () => {
    expect(out("kubectl describe node worker-1")).toMatch(/^PodCIDR: +10\.244\.1\.0\/24$/m);
    expect(out("kubectl describe ns default")).toBe(`Name:         default
Labels:       kubernetes.io/metadata.name=default
Annotations:  <none>
Status:       Active

No resource quota.

No LimitRange resource.
`);
    expect(out("kubectl describe client internet")).toMatch(/^Spec:\n {2}Ip: +198\.51\.100\.24$/m);
  });

  it("says what is not there", () => {
    expect(err("kubectl describe svc nobody")).toBe('Error from server (NotFound): services "nobody" not found\n');
  });
});
