/**
 * A hand-written cluster and its walks, for tests of the map: `shop/web` on three workers. Only the shape matters here; real
 * objects and walks come from the worker.
 */
import type { MirrorState } from "../../mirror/types.ts";
import { keyOf, objectKey, type KubeObject, type ObjectKey } from "../../model/meta/types.ts";
import type { Node } from "../../model/node/types.ts";
import type { Pod } from "../../model/pod/types.ts";
import type { Service } from "../../model/service/types.ts";
import type { Header, Hop, HostId, OutcomeKind, Stage, Verdict, Walk } from "../../model/trace/types.ts";

export const HASH = "E3PXEPMWAWIUT6ZV";
const SERVICE = objectKey("Service", "shop", "web");

export function node(name: string, n: number): Node {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, resourceVersion: "1" },
    spec: { podCIDR: `10.244.${n}.0/24` },
    status: { addresses: [{ type: "InternalIP", address: `192.168.56.${10 + n}` }] },
  };
}

export function pod(
  name: string,
  on: string,
  ip: string,
  options: { readonly port?: number; readonly created?: string } = {},
): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace: "shop",
      resourceVersion: "30",
      creationTimestamp: options.created ?? "2026-01-01T00:00:00Z",
    },
    spec: {
      nodeName: on,
      containers: [
        { name: "main", ...(options.port === undefined ? {} : { ports: [{ containerPort: options.port }] }) },
      ],
    },
    status: { phase: "Running", podIP: ip, conditions: [{ type: "Ready", status: "True" }] },
  };
}

export function service(name: string, ip: string, balancer: string | null = null): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: "shop", resourceVersion: "41" },
    spec: {
      type: balancer === null ? "ClusterIP" : "LoadBalancer",
      clusterIP: ip,
      ports: [{ protocol: "TCP", port: 80, targetPort: 8080, nodePort: 31480 }],
    },
    status: { loadBalancer: balancer === null ? {} : { ingress: [{ ip: balancer }] } },
  };
}

export interface FixtureOptions {
  readonly nodes?: number;
  readonly pods?: readonly Pod[];
  readonly services?: readonly Service[];
  readonly clients?: readonly { readonly name: string; readonly ip: string }[];
  readonly cloud?: MirrorState["cloud"];
  readonly broken?: Partial<MirrorState["broken"]>;
  readonly walks?: readonly Walk[];
  /** Revision that worker-3 has synced; the others have 42. */
  readonly lagging?: number;
}

const PODS: readonly Pod[] = [
  pod("web-6c8b5d7f9-x2b7k", "worker-1", "10.244.1.5", { port: 8080 }),
  pod("curl", "worker-1", "10.244.1.9", { created: "2026-01-01T00:00:02Z" }),
  pod("web-6c8b5d7f9-m4tqz", "worker-2", "10.244.2.3", { port: 8080 }),
  pod("web-6c8b5d7f9-9rwlc", "worker-3", "10.244.3.4", { port: 8080 }),
];

export function mirrorOf(options: FixtureOptions = {}): MirrorState {
  const count = options.nodes ?? 3;
  const objects: KubeObject[] = [
    ...Array.from({ length: count }, (_, i) => node(`worker-${i + 1}`, i + 1)),
    ...(options.pods ?? PODS),
    ...(options.services ?? [service("web", "10.96.41.7", "203.0.113.10")]),
    ...(options.clients ?? [{ name: "internet", ip: "198.51.100.24" }]).map(
      ({ name, ip }): KubeObject & { readonly spec: { readonly ip: string } } => ({
        apiVersion: "kubehop.dev/v1alpha1",
        kind: "Client",
        metadata: { name },
        spec: { ip },
      }),
    ),
    slice(),
  ];
  return {
    status: "ready",
    trouble: null,
    objects: new Map<ObjectKey, KubeObject>(objects.map((o) => [keyOf(o), o])),
    revision: 42,
    now: 5_000_000,
    end: 5_000_000,
    report: { accepted: true, diagnostics: [], admitted: 5, revision: 42 },
    text: "",
    commands: [],
    seed: 7,
    mode: "iptables",
    walks: options.walks ?? [],
    journal: [],
    proxies: Array.from({ length: count }, (_, i) => ({
      node: `worker-${i + 1}`,
      mode: "iptables" as const,
      syncedRevision: i === 2 ? (options.lagging ?? 42) : 42,
      syncedAt: [1_430_000, 1_510_000, 1_920_000][i] ?? 2_000_000,
      rulesRevision: 40,
      running: true,
      failure: null,
      families: [4 as const],
    })),
    sigils: [{ service: SERVICE, port: "", hash: HASH }],
    cloud: options.cloud ?? "vip",
    broken: { nodes: [], proxies: [], lag: {}, hung: [], unready: [], ...options.broken },
  };
}

function slice(): KubeObject {
  const made: KubeObject & Record<string, unknown> = {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: "web-7vzhx",
      namespace: "shop",
      resourceVersion: "42",
      labels: { "kubernetes.io/service-name": "web" },
    },
    addressType: "IPv4",
    endpoints: ["10.244.1.5", "10.244.2.3", "10.244.3.4"].map((ip) => ({
      addresses: [ip],
      conditions: { ready: true },
    })),
    ports: [{ port: 8080 }],
  };
  return made;
}

/** One step of a hand-written leg; what it leaves out stays as it was. */
export interface Step {
  readonly place: HostId;
  readonly stage: Stage;
  readonly change?: Partial<Header>;
  readonly verdict?: Verdict;
  readonly to?: HostId;
  readonly label?: string;
}

/** Threads a header through the steps, `pitch` µs apart. */
export function leg(start: Header, startedAt: number, steps: readonly Step[], pitch = 60): readonly Hop[] {
  let header = start;
  return steps.map((step, index) => {
    const before = header;
    header = { ...header, ...step.change };
    return {
      index,
      at: startedAt + index * pitch,
      place: step.place,
      iface: null,
      stage: step.stage,
      label: step.label ?? step.stage,
      rule: null,
      considered: 0,
      matched: 0,
      steps: [],
      skipped: [],
      before,
      after: header,
      verdict: step.verdict ?? "continue",
      draw: null,
      note: `${step.place} ${step.stage}`,
      mirrors: null,
      to: step.to ?? null,
    };
  });
}

export const W = (n: number): HostId => `node/worker-${n}`;
export const P = (name: string): HostId => `pod/shop/${name}`;

/** The hops of a packet that is forwarded by a node, and the wire behind it. */
export function forwarded(
  place: HostId,
  to: HostId,
  changes: { readonly pre?: Partial<Header>; readonly post?: Partial<Header>; readonly undo?: boolean } = {},
): readonly Step[] {
  const undo = changes.undo === true;
  return [
    {
      place,
      stage: "hook:nat/PREROUTING",
      ...(changes.pre === undefined ? {} : { change: changes.pre, verdict: undo ? "undo-snat" : "dnat" }),
    },
    { place, stage: "route" },
    { place, stage: "hook:filter/FORWARD", verdict: "accept" },
    {
      place,
      stage: "hook:nat/POSTROUTING",
      ...(changes.post === undefined ? {} : { change: changes.post, verdict: undo ? "undo-dnat" : "snat" }),
    },
    { place, stage: "link", to },
  ];
}

export function walkOf(parts: {
  readonly id?: number;
  readonly from: string;
  readonly to: string;
  readonly hops: readonly Hop[];
  readonly reply?: readonly Hop[];
  readonly outcome?: OutcomeKind;
  readonly backend?: Walk["backend"];
  readonly sourceSeen?: string | null;
  readonly symptom?: string;
}): Walk {
  const all = [...parts.hops, ...(parts.reply ?? [])];
  return {
    id: parts.id ?? 7,
    request: { from: parts.from, to: parts.to, protocol: "tcp" },
    startedAt: all[0]?.at ?? 0,
    endedAt: all.at(-1)?.at ?? 0,
    hops: parts.hops,
    reply: parts.reply ?? [],
    outcome: parts.outcome ?? "delivered",
    symptom: parts.symptom ?? "",
    summary: "",
    backend: parts.backend ?? null,
    sourceSeen: parts.sourceSeen ?? null,
    probability: 1,
    children: [],
  };
}

const T0 = 4_218_000;
const CLIENT: HostId = "client/internet";
const LB: HostId = "lb/203.0.113.10";
const SERVER = P("web-6c8b5d7f9-m4tqz");
const header = (src: string, dst: string, sport: number, dport: number): Header => ({
  src,
  dst,
  sport,
  dport,
  protocol: "tcp",
  mark: 0,
  ttl: 64,
});
const BACKEND = { pod: "shop/web-6c8b5d7f9-m4tqz", ip: "10.244.2.3", port: 8080 };

/** Outside → balancer in vip mode → worker-1 → worker-2 → pod, and straight back to the client. */
export function vipWalk(): Walk {
  const hops = leg(header("198.51.100.24", "203.0.113.10", 51514, 80), T0, [
    { place: CLIENT, stage: "client" },
    { place: CLIENT, stage: "link", to: LB },
    { place: LB, stage: "lb" },
    { place: LB, stage: "link", to: W(1) },
    ...forwarded(W(1), W(2), { pre: { dst: "10.244.2.3", dport: 8080 }, post: { src: "192.168.56.11", sport: 23817 } }),
    ...forwarded(W(2), SERVER),
    { place: SERVER, stage: "socket", verdict: "deliver" },
  ]);
  const reply = leg(header("10.244.2.3", "192.168.56.11", 8080, 23817), T0 + 1_000, [
    { place: SERVER, stage: "socket" },
    { place: SERVER, stage: "link", to: W(2) },
    ...forwarded(W(2), W(1)),
    ...forwarded(W(1), CLIENT, {
      pre: { dst: "198.51.100.24", dport: 51514 },
      post: { src: "203.0.113.10", sport: 80 },
      undo: true,
    }),
    { place: CLIENT, stage: "socket", verdict: "deliver" },
  ]);
  return walkOf({
    from: "client/internet",
    to: "lb/shop/web:80",
    hops,
    reply,
    backend: BACKEND,
    sourceSeen: "192.168.56.11",
  });
}

/** Outside → balancer in nodePort mode → worker-3 → worker-2 → pod; the reply passes the balancer again. */
export function nodePortWalk(): Walk {
  const hops = leg(header("198.51.100.24", "203.0.113.10", 51514, 80), T0, [
    { place: CLIENT, stage: "client" },
    { place: CLIENT, stage: "link", to: LB },
    { place: LB, stage: "lb", change: { dst: "192.168.56.13", dport: 31480 }, verdict: "dnat" },
    { place: LB, stage: "link", to: W(3) },
    ...forwarded(W(3), W(2), { pre: { dst: "10.244.2.3", dport: 8080 }, post: { src: "192.168.56.13", sport: 23817 } }),
    ...forwarded(W(2), SERVER),
    { place: SERVER, stage: "socket", verdict: "deliver" },
  ]);
  const reply = leg(header("10.244.2.3", "192.168.56.13", 8080, 23817), T0 + 1_000, [
    { place: SERVER, stage: "socket" },
    { place: SERVER, stage: "link", to: W(2) },
    ...forwarded(W(2), W(3)),
    ...forwarded(W(3), LB, {
      pre: { dst: "198.51.100.24", dport: 51514 },
      post: { src: "192.168.56.13", sport: 31480 },
      undo: true,
    }),
    { place: LB, stage: "lb", change: { src: "203.0.113.10", sport: 80 }, verdict: "undo-dnat" },
    { place: LB, stage: "link", to: CLIENT },
    { place: CLIENT, stage: "socket", verdict: "deliver" },
  ]);
  return walkOf({
    from: "client/internet",
    to: "lb/shop/web:80",
    hops,
    reply,
    backend: BACKEND,
    sourceSeen: "192.168.56.13",
  });
}

/** A pod → ClusterIP whose backend is `server`, on node `on` (the client pod stands on worker-1). */
export function clusterIPWalk(server: string, ip: string, on: number): Walk {
  const client = P("curl");
  const place = P(server);
  const away: readonly Step[] = on === 1 ? [] : forwarded(W(on), place);
  const hops = leg(header("10.244.1.9", "10.96.41.7", 40000, 80), T0, [
    { place: client, stage: "client" },
    { place: client, stage: "link", to: W(1) },
    ...forwarded(W(1), on === 1 ? place : W(on), { pre: { dst: ip, dport: 8080 } }),
    ...away,
    { place, stage: "socket", verdict: "deliver" },
  ]);
  const back: readonly Step[] = on === 1 ? [] : forwarded(W(on), W(1));
  const reply = leg(header(ip, "10.244.1.9", 8080, 40000), T0 + 1_000, [
    { place, stage: "socket" },
    { place, stage: "link", to: W(on) },
    ...back,
    ...forwarded(W(1), client, { post: { src: "10.96.41.7", sport: 80 }, undo: true }),
    { place: client, stage: "socket", verdict: "deliver" },
  ]);
  return walkOf({
    from: "pod/shop/curl",
    to: "service/shop/web:80",
    hops,
    reply,
    backend: { pod: `shop/${server}`, ip, port: 8080 },
    sourceSeen: "10.244.1.9",
  });
}

/** A pod → ClusterIP without endpoints: FORWARD rejects and an ICMP error comes back. */
export function refusedWalk(): Walk {
  const client = P("curl");
  const hops = leg(header("10.244.1.9", "10.96.41.7", 40000, 80), T0, [
    { place: client, stage: "client" },
    { place: client, stage: "link", to: W(1) },
    { place: W(1), stage: "hook:nat/PREROUTING" },
    { place: W(1), stage: "route" },
    { place: W(1), stage: "hook:filter/FORWARD", verdict: "reject" },
  ]);
  const reply = leg(header("10.244.1.1", "10.244.1.9", 0, 0), T0 + 400, [
    { place: W(1), stage: "route" },
    { place: W(1), stage: "hook:nat/POSTROUTING" },
    { place: W(1), stage: "link", to: client },
    { place: client, stage: "socket" },
  ]);
  return walkOf({
    from: "pod/shop/curl",
    to: "service/shop/web:80",
    hops,
    reply,
    outcome: "refused",
    symptom: "curl: (7) Failed to connect to 10.96.41.7 port 80 after 0 ms: Couldn't connect to server",
  });
}

/** Outside → nodePort of worker-2, dropped in FORWARD: the line just ends. */
export function timeoutWalk(): Walk {
  const hops = leg(header("198.51.100.24", "192.168.56.12", 51514, 31480), T0, [
    { place: CLIENT, stage: "client" },
    { place: CLIENT, stage: "link", to: W(2) },
    { place: W(2), stage: "hook:nat/PREROUTING" },
    { place: W(2), stage: "route" },
    { place: W(2), stage: "hook:filter/FORWARD", verdict: "drop" },
  ]);
  return walkOf({
    from: "client/internet",
    to: "node/worker-2:31480",
    hops,
    outcome: "timeout",
    symptom: "curl: (28) Failed to connect to 192.168.56.12 port 31480 after 133000 ms: Connection timed out",
  });
}

/** Outside, or a pod on worker-1, → an address that the router has no way to: lost on the wire. */
export function unroutedWalk(from: "client" | "pod" = "pod"): Walk {
  const router: HostId = "router/underlay";
  const way: readonly Parameters<typeof leg>[2][number][] =
    from === "client"
      ? [
          { place: CLIENT, stage: "client" },
          { place: CLIENT, stage: "link", to: router },
        ]
      : [
          { place: P("curl"), stage: "client" },
          { place: P("curl"), stage: "link", to: W(1) },
          { place: W(1), stage: "hook:nat/PREROUTING" },
          { place: W(1), stage: "route" },
          { place: W(1), stage: "hook:filter/FORWARD" },
          { place: W(1), stage: "hook:nat/POSTROUTING" },
          { place: W(1), stage: "link", to: router },
        ];
  const hops = leg(header(from === "client" ? "198.51.100.24" : "10.244.1.9", "10.96.41.7", 40000, 81), T0, [
    ...way,
    { place: router, stage: "route", verdict: "lost" },
  ]);
  return walkOf({
    from: from === "client" ? "client/internet" : "pod/shop/curl",
    to: "service/shop/web:81",
    hops,
    outcome: "timeout",
    symptom: "curl: (28) Failed to connect to 10.96.41.7 port 81 after 133000 ms: Connection timed out",
  });
}

/** worker-1 itself → ClusterIP → a pod on worker-2. */
export function nodeClientWalk(): Walk {
  const hops = leg(header("192.168.56.11", "10.96.41.7", 41000, 80), T0, [
    { place: W(1), stage: "client" },
    { place: W(1), stage: "route" },
    { place: W(1), stage: "hook:nat/OUTPUT", change: { dst: "10.244.2.3", dport: 8080 }, verdict: "dnat" },
    { place: W(1), stage: "hook:nat/POSTROUTING", change: { sport: 23817 }, verdict: "snat" },
    { place: W(1), stage: "link", to: W(2) },
    ...forwarded(W(2), SERVER),
    { place: SERVER, stage: "socket", verdict: "deliver" },
  ]);
  const reply = leg(header("10.244.2.3", "192.168.56.11", 8080, 23817), T0 + 1_000, [
    { place: SERVER, stage: "socket" },
    { place: SERVER, stage: "link", to: W(2) },
    ...forwarded(W(2), W(1)),
    { place: W(1), stage: "conntrack", change: { dport: 41000 }, verdict: "undo-snat" },
    { place: W(1), stage: "route" },
    { place: W(1), stage: "hook:filter/INPUT", change: { src: "10.96.41.7", sport: 80 }, verdict: "undo-dnat" },
    { place: W(1), stage: "socket", verdict: "deliver" },
  ]);
  return walkOf({
    from: "node/worker-1",
    to: "service/shop/web:80",
    hops,
    reply,
    backend: BACKEND,
    sourceSeen: "192.168.56.11",
  });
}

/** A pod that its own Service sends back to it: masqueraded, in and out on the pod side. */
export function hairpinWalk(): Walk {
  const self = P("web-6c8b5d7f9-x2b7k");
  const hops = leg(header("10.244.1.5", "10.96.41.7", 42000, 80), T0, [
    { place: self, stage: "client" },
    { place: self, stage: "link", to: W(1) },
    ...forwarded(W(1), self, { pre: { dst: "10.244.1.5", dport: 8080 }, post: { src: "10.244.1.1", sport: 23817 } }),
    { place: self, stage: "socket", verdict: "deliver" },
  ]);
  const reply = leg(header("10.244.1.5", "10.244.1.1", 8080, 23817), T0 + 1_000, [
    { place: self, stage: "socket" },
    { place: self, stage: "link", to: W(1) },
    ...forwarded(W(1), self, {
      pre: { dst: "10.244.1.5", dport: 42000 },
      post: { src: "10.96.41.7", sport: 80 },
      undo: true,
    }),
    { place: self, stage: "socket", verdict: "deliver" },
  ]);
  return walkOf({
    from: "pod/shop/web-6c8b5d7f9-x2b7k",
    to: "service/shop/web:80",
    hops,
    reply,
    backend: { pod: "shop/web-6c8b5d7f9-x2b7k", ip: "10.244.1.5", port: 8080 },
    sourceSeen: "10.244.1.1",
  });
}

/** All walks above, by name. */
export const WALKS = {
  vip: vipWalk,
  nodePort: nodePortWalk,
  local: () => clusterIPWalk("web-6c8b5d7f9-x2b7k", "10.244.1.5", 1),
  remote: () => clusterIPWalk("web-6c8b5d7f9-m4tqz", "10.244.2.3", 2),
  refused: refusedWalk,
  timeout: timeoutWalk,
  unrouted: () => unroutedWalk("pod"),
  unroutedOutside: () => unroutedWalk("client"),
  nodeClient: nodeClientWalk,
  hairpin: hairpinWalk,
} as const;
