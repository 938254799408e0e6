import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import type { Labels, LabelSelector } from "../model/meta/types.ts";
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from "../model/networkpolicy/types.ts";
import type { ContainerPort, Pod } from "../model/pod/types.ts";
import type { Protocol } from "../model/trace/types.ts";
import { type PolicyCase, type PolicyDirection, judge, ruleText } from "./policy.ts";

interface Made {
  readonly namespace: string;
  readonly name: string;
  readonly ip: string;
  readonly labels: Labels;
  readonly ports?: readonly ContainerPort[];
  readonly hostNetwork?: boolean;
}

const pod = ({ namespace, name, ip, labels, ports, hostNetwork }: Made): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace, labels },
  spec: {
    containers: [{ name: "c", image: "i", ...(ports === undefined ? {} : { ports }) }],
    ...(hostNetwork === true ? { hostNetwork } : {}),
  },
  status: { podIP: ip },
});

const NAMESPACES: Readonly<Record<string, Labels>> = {
  shop: { "kubernetes.io/metadata.name": "shop", team: "a" },
  lab: { "kubernetes.io/metadata.name": "lab", team: "b" },
};
const labelsOf = (namespace: string): Labels | undefined => NAMESPACES[namespace];

const WEB = pod({
  namespace: "shop",
  name: "web",
  ip: "10.244.1.5",
  labels: { app: "web" },
  ports: [
    { name: "http", containerPort: 8080, protocol: "TCP" },
    { name: "dns", containerPort: 5353, protocol: "UDP" },
  ],
});
const FRONT = pod({ namespace: "shop", name: "front", ip: "10.244.1.6", labels: { app: "front" } });
const SPY = pod({ namespace: "lab", name: "spy", ip: "10.244.2.7", labels: { app: "front" } });
const HOST = pod({ namespace: "shop", name: "agent", ip: "192.168.56.11", labels: { app: "web" }, hostNetwork: true });

const policy = (spec: Partial<NetworkPolicy["spec"]>, name = "p"): NetworkPolicy => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { name, namespace: "shop" },
  spec: { podSelector: {}, ...spec },
});

const incoming = (from: Pod | string, port: number, protocol: Protocol = "tcp"): PolicyCase => ({
  direction: "ingress",
  pod: WEB,
  peer: typeof from === "string" ? null : from,
  peerIP: typeof from === "string" ? from : (from.status.podIP ?? ""),
  protocol,
  port,
});
const outgoing = (to: Pod | string, port: number, protocol: Protocol = "tcp"): PolicyCase => ({
  ...incoming(to, port, protocol),
  direction: "egress",
  pod: FRONT,
});

const from = (...peers: NetworkPolicyPeer[]): Partial<NetworkPolicy["spec"]> => ({ ingress: [{ from: peers }] });
const ports = (...list: NetworkPolicyPort[]): Partial<NetworkPolicy["spec"]> => ({ ingress: [{ ports: list }] });
const toPorts = (...list: NetworkPolicyPort[]): Partial<NetworkPolicy["spec"]> => ({ egress: [{ ports: list }] });
const app = (value: string): LabelSelector => ({ matchLabels: { app: value } });
const DENY = policy({}, "deny");
const OUTSIDE = "198.51.100.24";

describe("what may pass", () => {
  it.each<[string, readonly NetworkPolicy[], PolicyCase, boolean]>([
    ["no policy: everything", [], incoming(OUTSIDE, 1), true],
    ["default deny of ingress: nothing in", [DENY], incoming(FRONT, 8080), false],
    ["default deny of ingress: everything out", [DENY], { ...outgoing(WEB, 8080) }, true],
    ["default deny of ingress, ping", [DENY], incoming(FRONT, 0, "icmp"), false],
    ["default deny of egress", [policy({ policyTypes: ["Egress"] })], outgoing(WEB, 8080), false],
    ["default deny of egress: everything in", [policy({ policyTypes: ["Egress"] })], incoming(OUTSIDE, 8080), true],
    ["default deny of both, in", [policy({ policyTypes: ["Ingress", "Egress"] })], incoming(FRONT, 8080), false],
    ["default deny of both, out", [policy({ policyTypes: ["Ingress", "Egress"] })], outgoing(WEB, 8080), false],
    ["allow all ingress", [policy({ ingress: [{}] })], incoming(OUTSIDE, 1, "sctp"), true],
    ["allow all ingress beats a deny", [DENY, policy({ ingress: [{}] })], incoming(OUTSIDE, 1), true],
    ["allow all ingress, ping", [policy({ ingress: [{}] })], incoming(OUTSIDE, 0, "icmp"), true],
    ["no policyTypes, egress rules: both ways", [policy({ egress: [{}] })], incoming(FRONT, 8080), false],
    ["no policyTypes, egress rules: as they say", [policy({ egress: [{}] })], outgoing(WEB, 8080), true],
    [
      "policyTypes that leave out what has rules",
      [policy({ policyTypes: ["Egress"], ...from() })],
      incoming(FRONT, 1),
      true,
    ],
    ["another namespace's policy", [{ ...DENY, metadata: { name: "d", namespace: "lab" } }], incoming(FRONT, 1), true],
    ["podSelector that does not select", [policy({ podSelector: app("db") })], incoming(FRONT, 1), true],
    ["podSelector that does", [policy({ podSelector: app("web") })], incoming(FRONT, 1), false],
    ["hostNetwork pods are not subject", [DENY], { ...incoming(FRONT, 1), pod: HOST }, true],

    ["from pods of this namespace", [policy(from({ podSelector: app("front") }))], incoming(FRONT, 8080), true],
    ["… same labels, another namespace", [policy(from({ podSelector: app("front") }))], incoming(SPY, 8080), false],
    [
      "… same labels on a hostNetwork pod, seen as its node",
      [policy(from({ podSelector: {} }))],
      incoming("192.168.56.11", 1),
      false,
    ],
    [
      "from all pods of namespaces",
      [policy(from({ namespaceSelector: { matchLabels: { team: "b" } } }))],
      incoming(SPY, 1),
      true,
    ],
    ["… of all namespaces", [policy(from({ namespaceSelector: {} }))], incoming(FRONT, 1), true],
    ["… but nobody outside", [policy(from({ namespaceSelector: {} }))], incoming(OUTSIDE, 1), false],
    [
      "one peer of two selectors: both must match",
      [policy(from({ namespaceSelector: { matchLabels: { team: "b" } }, podSelector: app("web") }))],
      incoming(SPY, 1),
      false,
    ],
    [
      "… and do",
      [policy(from({ namespaceSelector: { matchLabels: { team: "b" } }, podSelector: app("front") }))],
      incoming(SPY, 1),
      true,
    ],
    [
      "two peers: either",
      [policy(from({ namespaceSelector: { matchLabels: { team: "b" } } }, { podSelector: app("web") }))],
      incoming(SPY, 1),
      true,
    ],
    ["ipBlock", [policy(from({ ipBlock: { cidr: "198.51.100.0/24" } }))], incoming(OUTSIDE, 1), true],
    [
      "ipBlock, other address",
      [policy(from({ ipBlock: { cidr: "198.51.100.0/24" } }))],
      incoming("203.0.113.9", 1),
      false,
    ],
    [
      "ipBlock except",
      [policy(from({ ipBlock: { cidr: "198.51.100.0/24", except: ["198.51.100.16/28"] } }))],
      incoming(OUTSIDE, 1),
      false,
    ],
    [
      "… except, allowed by another peer",
      [policy(from({ ipBlock: { cidr: "0.0.0.0/0", except: ["10.0.0.0/8"] } }, { podSelector: app("front") }))],
      incoming(FRONT, 1),
      true,
    ],
    [
      "ipBlock of the pod network matches pods",
      [policy(from({ ipBlock: { cidr: "10.244.0.0/16" } }))],
      incoming(SPY, 1),
      true,
    ],
    [
      "ipBlock of IPv4, IPv6 peer",
      [policy(from({ ipBlock: { cidr: "0.0.0.0/0" } }))],
      incoming("2001:db8::1", 1),
      false,
    ],

    ["port by number", [policy(ports({ port: 8080 }))], incoming(FRONT, 8080), true],
    ["… another", [policy(ports({ port: 8080 }))], incoming(FRONT, 8081), false],
    ["… protocol is TCP by default", [policy(ports({ port: 8080 }))], incoming(FRONT, 8080, "udp"), false],
    ["… SCTP", [policy(ports({ port: 8080, protocol: "SCTP" }))], incoming(FRONT, 8080, "sctp"), true],
    ["protocol alone: every port of it", [policy(ports({ protocol: "UDP" }))], incoming(FRONT, 9, "udp"), true],
    ["… and nothing of another", [policy(ports({ protocol: "UDP" }))], incoming(FRONT, 9), false],
    [
      "ports never mean ICMP",
      [policy(ports({ protocol: "TCP" }, { protocol: "UDP" }))],
      incoming(FRONT, 0, "icmp"),
      false,
    ],
    ["endPort: first", [policy(ports({ port: 8000, endPort: 8080 }))], incoming(FRONT, 8000), true],
    ["endPort: last", [policy(ports({ port: 8000, endPort: 8080 }))], incoming(FRONT, 8080), true],
    ["endPort: beyond", [policy(ports({ port: 8000, endPort: 8080 }))], incoming(FRONT, 8081), false],
    ["named port of the receiver", [policy(ports({ port: "http" }))], incoming(FRONT, 8080), true],
    ["… of another number", [policy(ports({ port: "http" }))], incoming(FRONT, 80), false],
    ["… of another protocol", [policy(ports({ port: "dns" }))], incoming(FRONT, 5353), false],
    ["… with its protocol", [policy(ports({ port: "dns", protocol: "UDP" }))], incoming(FRONT, 5353, "udp"), true],
    ["egress, named port: of the pod that it goes to", [policy(toPorts({ port: "http" }))], outgoing(WEB, 8080), true],
    ["… which an address outside does not have", [policy(toPorts({ port: "http" }))], outgoing(OUTSIDE, 8080), false],
    [
      "peers and ports of one rule: both",
      [policy({ ingress: [{ from: [{ podSelector: app("front") }], ports: [{ port: 80 }] }] })],
      incoming(FRONT, 8080),
      false,
    ],
    [
      "peer of one rule, port of another: no",
      [
        policy({
          ingress: [
            { from: [{ podSelector: app("front") }], ports: [{ port: 80 }] },
            { from: [{ podSelector: app("db") }], ports: [{ port: 8080 }] },
          ],
        }),
      ],
      incoming(FRONT, 8080),
      false,
    ],
    [
      "policies add up",
      [policy(ports({ port: 80 }), "a"), policy(ports({ port: 8080 }), "b")],
      incoming(FRONT, 8080),
      true,
    ],
    ["egress that forgets UDP 53", [policy(toPorts({ port: 53 }, { port: 80 }))], outgoing(WEB, 53, "udp"), false],
    ["egress that has it", [policy(toPorts({ port: 53, protocol: "UDP" }))], outgoing(WEB, 53, "udp"), true],
  ])("%s", (_name, policies, asked, allowed) => {
    expect(judge(policies, labelsOf, asked).allowed).toBe(allowed);
  });
});

test("a verdict names the policies that isolate and, rule by rule, why", () => {
  const two = policy({ ingress: [{ from: [{ podSelector: app("db") }] }, { ports: [{ port: 80 }] }] }, "two");
  expect(judge([DENY, two], labelsOf, incoming(SPY, 8080))).toEqual({
    allowed: false,
    isolating: [DENY, two],
    steps: [
      { policy: two, index: 0, matched: false, because: "pod lab/spy (10.244.2.7) is not among its peers" },
      { policy: two, index: 1, matched: false, because: "8080/TCP is not among its ports" },
    ],
  });
});

test("rules in words", () => {
  const texts = policy({
    egress: [
      {},
      { to: [{ podSelector: {} }, { ipBlock: { cidr: "10.0.0.0/8", except: ["10.1.0.0/16"] } }] },
      {
        to: [{ namespaceSelector: {}, podSelector: app("db") }],
        ports: [
          { port: 53, protocol: "UDP" },
          { port: 1, endPort: 9 },
        ],
      },
      { to: [{ namespaceSelector: { matchLabels: { team: "b" } } }], ports: [{ protocol: "SCTP" }] },
    ],
  });
  expect([0, 1, 2, 3].map((i) => ruleText(texts, "egress", i))).toEqual([
    "allow everywhere, every port",
    "allow to all pods of this namespace, 10.0.0.0/8 except 10.1.0.0/16, every port",
    "allow to pods app=db of all namespaces, port 53/UDP, port 1-9/TCP",
    "allow to all pods of namespaces team=b, every SCTP port",
  ]);
  expect(ruleText(policy({ ingress: [{}] }), "ingress", 0)).toBe("allow from everybody, every port");
});

/** A small universe, so that what a policy allows can be written out as a set. */
const PODS = ["shop", "lab"].flatMap((namespace, n) =>
  ["web", "db"].map((name, i) =>
    pod({
      namespace,
      name,
      ip: `10.244.${n}.${i + 4}`,
      labels: { app: name, n: String(n) },
      ports: [{ name: "http", containerPort: 80 + i, protocol: "TCP" }],
    }),
  ),
);
const ADDRESSES = ["10.9.0.1", "10.9.1.1"];
const ENDS: readonly (Pod | string)[] = [...PODS, ...ADDRESSES];
const ASKED: readonly (readonly [Protocol, number])[] = [
  ["tcp", 80],
  ["tcp", 81],
  ["udp", 80],
  ["icmp", 0],
];

const has = (selector: LabelSelector, labels: Labels): boolean =>
  Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value);

/** Written from the API's documentation, knowing nothing of judge: every end and port that the policies let through, as text. */
function allowedBySet(
  policies: readonly NetworkPolicy[],
  direction: PolicyDirection,
  subject: Pod,
): ReadonlySet<string> {
  const key = (end: Pod | string, [protocol, port]: readonly [Protocol, number]): string =>
    `${typeof end === "string" ? end : (end.status.podIP ?? "")} ${protocol} ${port}`;
  const every = ENDS.flatMap((end) => ASKED.map((a) => key(end, a)));
  const selecting = policies.filter(
    (p) =>
      p.metadata.namespace === subject.metadata.namespace &&
      has(p.spec.podSelector, subject.metadata.labels ?? {}) &&
      (p.spec.policyTypes ?? []).includes(direction === "ingress" ? "Ingress" : "Egress"),
  );
  if (selecting.length === 0) return new Set(every);
  const out = new Set<string>();
  for (const p of selecting) {
    const rules =
      direction === "ingress"
        ? (p.spec.ingress ?? []).map((r) => ({ ports: r.ports, peers: r.from }))
        : (p.spec.egress ?? []).map((r) => ({ ports: r.ports, peers: r.to }));
    for (const { ports: rulePorts, peers } of rules) {
      const ends = new Set<Pod | string>();
      if (peers === undefined || peers.length === 0) for (const end of ENDS) ends.add(end);
      for (const peer of peers ?? []) {
        for (const end of ENDS) {
          const ip = typeof end === "string" ? end : (end.status.podIP ?? "");
          if (peer.ipBlock !== undefined) {
            const prefix = peer.ipBlock.cidr === "10.9.0.0/16" ? "10.9." : "10.";
            const cut = peer.ipBlock.except?.length === 1 ? "10.9.1." : "never";
            if (ip.startsWith(prefix) && !ip.startsWith(cut)) ends.add(end);
          } else if (typeof end !== "string") {
            const home = end.metadata.namespace ?? "";
            const inSpace =
              peer.namespaceSelector === undefined
                ? home === "shop"
                : has(peer.namespaceSelector, NAMESPACES[home] ?? {});
            if (inSpace && (peer.podSelector === undefined || has(peer.podSelector, end.metadata.labels ?? {})))
              ends.add(end);
          }
        }
      }
      for (const end of ends) {
        const receiver = direction === "ingress" ? subject : end;
        if (rulePorts === undefined || rulePorts.length === 0) for (const a of ASKED) out.add(key(end, a));
        for (const { protocol = "TCP", port, endPort } of rulePorts ?? []) {
          for (const a of ASKED) {
            if (a[0].toUpperCase() !== protocol) continue;
            const named =
              typeof receiver === "string"
                ? undefined
                : receiver.spec.containers[0]?.ports?.find((x) => x.name === port);
            const first =
              typeof port === "string" ? (protocol === "TCP" ? named?.containerPort : undefined) : (port ?? 0);
            const last = port === undefined ? 65_535 : (endPort ?? first);
            if (first !== undefined && last !== undefined && a[1] >= first && a[1] <= last) out.add(key(end, a));
          }
        }
      }
    }
  }
  return out;
}

const selectorArb: fc.Arbitrary<LabelSelector> = fc.constantFrom<LabelSelector>({}, app("web"), app("db"), {
  matchLabels: { n: "1" },
});
const spaceArb: fc.Arbitrary<LabelSelector> = fc.constantFrom<LabelSelector>(
  {},
  { matchLabels: { team: "a" } },
  { matchLabels: { team: "b" } },
);
const peerArb: fc.Arbitrary<NetworkPolicyPeer> = fc.oneof(
  fc.record({ podSelector: selectorArb }),
  fc.record({ namespaceSelector: spaceArb }),
  fc.record({ podSelector: selectorArb, namespaceSelector: spaceArb }),
  fc.constantFrom<NetworkPolicyPeer>(
    { ipBlock: { cidr: "10.9.0.0/16" } },
    { ipBlock: { cidr: "10.9.0.0/16", except: ["10.9.1.0/24"] } },
    { ipBlock: { cidr: "10.0.0.0/8", except: ["10.9.1.0/24"] } },
  ),
);
const portArb: fc.Arbitrary<NetworkPolicyPort> = fc.constantFrom<NetworkPolicyPort>(
  { port: 80 },
  { port: 81, protocol: "TCP" },
  { port: 80, protocol: "UDP" },
  { port: 80, endPort: 81 },
  { port: "http" },
  { port: "http", protocol: "UDP" },
  { protocol: "UDP" },
);
const rule = <K extends "from" | "to">(way: K) =>
  fc.record(
    { ports: fc.array(portArb, { maxLength: 2 }), [way]: fc.array(peerArb, { maxLength: 2 }) },
    { requiredKeys: [] },
  );
const policyArb: fc.Arbitrary<NetworkPolicy> = fc
  .record({
    podSelector: selectorArb,
    policyTypes: fc.subarray(["Ingress", "Egress"] as const, { minLength: 1 }),
    ingress: fc.array(rule("from"), { maxLength: 2 }),
    egress: fc.array(rule("to"), { maxLength: 2 }),
  })
  .map((spec) => policy(spec as Partial<NetworkPolicy["spec"]>));

test("agrees with sets written out over a small universe", () => {
  fc.assert(
    fc.property(
      fc.array(policyArb, { maxLength: 3 }),
      fc.constantFrom<PolicyDirection>("ingress", "egress"),
      fc.constantFrom(...PODS),
      (policies, direction, subject) => {
        const expected = allowedBySet(policies, direction, subject);
        const allowed = new Set<string>();
        for (const end of ENDS) {
          const peerIP = typeof end === "string" ? end : (end.status.podIP ?? "");
          for (const [protocol, port] of ASKED) {
            const peer = typeof end === "string" ? null : end;
            const asked: PolicyCase = { direction, pod: subject, peer, peerIP, protocol, port };
            if (judge(policies, labelsOf, asked).allowed) allowed.add(`${peerIP} ${protocol} ${port}`);
          }
        }
        expect([...allowed].sort()).toEqual([...expected].sort());
      },
    ),
    { numRuns: 400 },
  );
});
