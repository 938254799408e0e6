/**
 * Hand-written walks for tests: the `shop/web` request of the workbench (LoadBalancer in vip mode, DNAT and masquerade on
 * worker-1, pod on worker-2) and one that is refused. Only the shape matters; real walks come from the network layer.
 */
import { objectKey } from "../../../model/meta/types.ts";
import type {
  Header,
  Hop,
  HostId,
  Origin,
  RuleRef,
  RuleStep,
  Stage,
  TableName,
  Verdict,
  Walk,
} from "../../../model/trace/types.ts";

const HASH = "E3PXEPMWAWIUT6ZV";
const SLICE = objectKey("EndpointSlice", "shop", "web-7vzhx");
const POD = objectKey("Pod", "shop", "web-6c8b5d7f9-m4tqz");
const SERVICE = objectKey("Service", "shop", "web");

const ENDPOINT_ORIGIN: Origin = {
  object: SLICE,
  path: "endpoints[1]",
  why: "The slice lists 10.244.2.3 as ready",
  because: [
    { object: POD, path: "status.podIP", why: "The pod has this address and is ready" },
    { object: SERVICE, path: "spec.ports[0].targetPort", why: "The Service sends port 80 to container port 8080" },
  ],
};
const SERVICE_ORIGIN: Origin = {
  object: SERVICE,
  path: "spec.ports[0]",
  why: "kube-proxy writes a chain per Service port",
};

function rule(
  table: TableName,
  chain: string,
  position: number,
  rest: string,
  origin: Origin | null = SERVICE_ORIGIN,
): RuleRef {
  const target = / -j (\S+)/.exec(rest)?.[1] ?? "";
  return { id: `${table}/${chain}/${position}`, table, chain, position, text: `-A ${chain} ${rest}`, target, origin };
}

const looked = (r: RuleRef, depth: number, because: string): RuleStep => ({ rule: r, matched: false, depth, because });
const matched = (r: RuleRef, depth: number, because: string, effect?: string): RuleStep => ({
  rule: r,
  matched: true,
  depth,
  because,
  ...(effect === undefined ? {} : { effect }),
});

const dnatRule = rule(
  "nat",
  "KUBE-SEP-6CHKMRWM37YCL3SD",
  2,
  '-p tcp -m comment --comment "shop/web" -m tcp -j DNAT --to-destination 10.244.2.3:8080',
  ENDPOINT_ORIGIN,
);
const statistic = (position: number, ip: string, probability: string, sep: string): RuleRef =>
  rule(
    "nat",
    `KUBE-SVC-${HASH}`,
    position,
    `-m comment --comment "shop/web -> ${ip}:8080" -m statistic --mode random --probability ${probability} -j ${sep}`,
    ENDPOINT_ORIGIN,
  );

const PREROUTING_STEPS: readonly RuleStep[] = [
  matched(
    rule("nat", "PREROUTING", 1, '-m comment --comment "kubernetes service portals" -j KUBE-SERVICES', null),
    0,
    "every packet",
  ),
  ...(
    [
      "10.96.0.1/32 tcp 443 KUBE-SVC-NPX46M4PTMTKRN6Y",
      "10.96.0.10/32 udp 53 KUBE-SVC-TCOU7JCQXEZGVUNU",
      "10.96.0.10/32 tcp 53 KUBE-SVC-ERIFXISQEP7F7OF4",
      "10.96.0.10/32 tcp 9153 KUBE-SVC-JD5MR3NA4I4DYORP",
      `10.96.41.7/32 tcp 80 KUBE-SVC-${HASH}`,
    ] as const
  ).map((line, i) => {
    const [ip, protocol, port, chain] = line.split(" ");
    return looked(
      rule("nat", "KUBE-SERVICES", i + 1, `-d ${ip} -p ${protocol} -m ${protocol} --dport ${port} -j ${chain}`),
      1,
      "dst is 203.0.113.10",
    );
  }),
  matched(
    rule(
      "nat",
      "KUBE-SERVICES",
      6,
      `-d 203.0.113.10/32 -p tcp -m comment --comment "shop/web loadbalancer IP" -m tcp --dport 80 -j KUBE-EXT-${HASH}`,
    ),
    1,
    "dst is 203.0.113.10",
  ),
  matched(
    rule(
      "nat",
      `KUBE-EXT-${HASH}`,
      1,
      '-m comment --comment "masquerade traffic for shop/web external destinations" -j KUBE-MARK-MASQ',
    ),
    2,
    "every packet",
  ),
  matched(
    rule("nat", "KUBE-MARK-MASQ", 1, "-j MARK --set-xmark 0x4000/0x4000", null),
    3,
    "every packet",
    "mark 0x4000",
  ),
  matched(rule("nat", `KUBE-EXT-${HASH}`, 2, `-j KUBE-SVC-${HASH}`), 2, "every packet"),
  looked(
    rule(
      "nat",
      `KUBE-SVC-${HASH}`,
      1,
      `! -s 10.244.0.0/16 -d 10.96.41.7/32 -p tcp -m tcp --dport 80 -j KUBE-MARK-MASQ`,
    ),
    3,
    "dst is 203.0.113.10",
  ),
  {
    ...looked(statistic(2, "10.244.1.5", "0.33333333349", "KUBE-SEP-JEWKWDKY4ODQIXQB"), 3, "0.71 ≥ 1/3"),
    draw: { value: 0.71, threshold: 1 / 3, of: 3 },
  },
  {
    ...matched(statistic(3, "10.244.2.3", "0.50000000000", "KUBE-SEP-6CHKMRWM37YCL3SD"), 3, "0.41 < 1/2"),
    draw: { value: 0.41, threshold: 1 / 2, of: 2 },
  },
  looked(
    rule("nat", "KUBE-SEP-6CHKMRWM37YCL3SD", 1, "-s 10.244.2.3/32 -j KUBE-MARK-MASQ", ENDPOINT_ORIGIN),
    4,
    "src is 198.51.100.24",
  ),
  matched(dnatRule, 4, "protocol is tcp", "dst 10.244.2.3:8080"),
];

interface Step {
  readonly at: number;
  readonly place: HostId;
  readonly stage: Stage;
  readonly label: string;
  readonly iface?: string;
  readonly to?: HostId;
  readonly change?: Partial<Header>;
  readonly verdict?: Verdict;
  readonly rule?: RuleRef;
  readonly steps?: readonly RuleStep[];
  readonly draw?: string;
  readonly mirrors?: number;
  readonly note: string;
}

/** Threads a header through the steps, so that every hop's `before` is the last one's `after`. */
function leg(start: Header, startedAt: number, steps: readonly Step[]): readonly Hop[] {
  let header = start;
  return steps.map((step, index) => {
    const before = header;
    header = { ...header, ...step.change };
    return {
      index,
      at: startedAt + step.at,
      place: step.place,
      iface: step.iface ?? null,
      stage: step.stage,
      label: step.label,
      rule: step.rule ?? null,
      considered: step.steps?.length ?? 0,
      matched: step.steps?.filter((s) => s.matched).length ?? 0,
      steps: step.steps ?? [],
      skipped: [],
      before,
      after: header,
      verdict: step.verdict ?? "continue",
      draw: step.draw ?? null,
      note: step.note,
      mirrors: step.mirrors ?? null,
      to: step.to ?? null,
    };
  });
}

const CLIENT = "client/internet";
const LB = "lb/203.0.113.10";
const W1 = "node/worker-1";
const W2 = "node/worker-2";
const SERVER = "pod/shop/web-6c8b5d7f9-m4tqz";
const T0 = 4_218_000;

const masquerade = rule(
  "nat",
  "KUBE-POSTROUTING",
  3,
  '-m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully',
  null,
);
const forward = rule(
  "filter",
  "KUBE-FORWARD",
  3,
  '-m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT',
  null,
);

const requestHops = leg(
  { src: "198.51.100.24", dst: "203.0.113.10", sport: 51514, dport: 80, protocol: "tcp", mark: 0, ttl: 64 },
  T0,
  [
    {
      at: 0,
      place: CLIENT,
      stage: "client",
      label: "client",
      iface: "eth0",
      note: "The client sends a SYN to 203.0.113.10:80.",
    },
    {
      at: 10,
      place: CLIENT,
      stage: "link",
      label: "link",
      iface: "eth0",
      to: LB,
      note: "Over the internet to the load balancer.",
    },
    {
      at: 300,
      place: LB,
      stage: "lb",
      label: "balancer",
      to: W1,
      note: "The balancer keeps the header and picks worker-1.",
    },
    { at: 310, place: LB, stage: "link", label: "link", to: W1, note: "On to worker-1." },
    {
      at: 420,
      place: W1,
      stage: "hook:nat/PREROUTING",
      label: "PREROUTING",
      iface: "eth0",
      rule: dnatRule,
      steps: PREROUTING_STEPS,
      draw: "0.41 < 1/2",
      verdict: "dnat",
      change: { dst: "10.244.2.3", dport: 8080, mark: 0x4000 },
      note: "The second draw, 0.41, is below 1/2, so 10.244.2.3:8080 becomes the destination.",
    },
    {
      at: 450,
      place: W1,
      stage: "route",
      label: "routing",
      iface: "eth0",
      change: { ttl: 63 },
      note: "10.244.2.0/24 via 192.168.56.12 dev eth0 is the first lookup that sees the pod address.",
    },
    {
      at: 470,
      place: W1,
      stage: "hook:filter/FORWARD",
      label: "FORWARD",
      iface: "eth0",
      rule: forward,
      steps: [matched(forward, 1, "mark is 0x4000")],
      verdict: "accept",
      note: "The mark lets it through.",
    },
    {
      at: 490,
      place: W1,
      stage: "hook:nat/POSTROUTING",
      label: "POSTROUTING",
      iface: "eth0",
      rule: masquerade,
      steps: [matched(masquerade, 1, "mark is 0x4000", "src 192.168.56.11:23817")],
      verdict: "snat",
      change: { src: "192.168.56.11", sport: 23817, mark: 0 },
      note: "The packet carries the mark, so its source becomes the address of eth0.",
    },
    {
      at: 500,
      place: W1,
      stage: "link",
      label: "link",
      iface: "eth0",
      to: W2,
      note: "Over the node network to worker-2.",
    },
    {
      at: 700,
      place: W2,
      stage: "route",
      label: "forwarded",
      iface: "eth0",
      change: { ttl: 62 },
      note: "10.244.2.0/24 dev cni0: the pod is on this node.",
    },
    {
      at: 710,
      place: W2,
      stage: "hook:filter/FORWARD",
      label: "FORWARD",
      iface: "eth0",
      verdict: "accept",
      note: "Nothing here stops it.",
    },
    {
      at: 720,
      place: W2,
      stage: "link",
      label: "link",
      iface: "cni0",
      to: SERVER,
      note: "Through the bridge and the veth into the pod.",
    },
    {
      at: 860,
      place: SERVER,
      stage: "socket",
      label: "socket",
      iface: "eth0",
      verdict: "deliver",
      note: "A process listens on 8080 and sees 192.168.56.11.",
    },
  ],
);

const replyHops = leg(
  { src: "10.244.2.3", dst: "192.168.56.11", sport: 8080, dport: 23817, protocol: "tcp", mark: 0, ttl: 64 },
  T0,
  [
    {
      at: 950,
      place: SERVER,
      stage: "socket",
      label: "socket",
      iface: "eth0",
      mirrors: 12,
      note: "The pod answers whoever it saw: 192.168.56.11.",
    },
    {
      at: 1_050,
      place: W2,
      stage: "route",
      label: "forwarded",
      iface: "cni0",
      change: { ttl: 63 },
      mirrors: 9,
      note: "192.168.56.0/24 is on the wire of eth0.",
    },
    { at: 1_060, place: W2, stage: "link", label: "link", iface: "eth0", to: W1, note: "Back over the node network." },
    {
      at: 1_300,
      place: W1,
      stage: "conntrack",
      label: "PREROUTING",
      iface: "eth0",
      verdict: "undo-snat",
      change: { dst: "198.51.100.24", dport: 51514 },
      mirrors: 7,
      note: "conntrack remembers the connection and puts the client back as destination.",
    },
    {
      at: 1_320,
      place: W1,
      stage: "route",
      label: "routing",
      iface: "eth0",
      change: { ttl: 62 },
      mirrors: 5,
      note: "default via 192.168.56.1 dev eth0.",
    },
    {
      at: 1_350,
      place: W1,
      stage: "conntrack",
      label: "POSTROUTING",
      iface: "eth0",
      verdict: "undo-dnat",
      change: { src: "203.0.113.10", sport: 80 },
      mirrors: 4,
      note: "conntrack puts the address back that the client dialled.",
    },
    {
      at: 1_360,
      place: W1,
      stage: "link",
      label: "link",
      iface: "eth0",
      to: CLIENT,
      note: "Straight to the client; the balancer is not on the way back.",
    },
    {
      at: 1_840,
      place: CLIENT,
      stage: "client",
      label: "client",
      iface: "eth0",
      verdict: "deliver",
      mirrors: 0,
      note: "SYN, ACK from 203.0.113.10: exactly whom it dialled.",
    },
  ],
);

/** Delivered, with DNAT, SNAT, a balancer that the reply passes by and a node that only forwards. */
export const workbenchWalk: Walk = {
  id: 7,
  request: { from: "client/internet", to: "lb/shop/web:80", protocol: "tcp" },
  startedAt: T0,
  endedAt: T0 + 1_840,
  hops: requestHops,
  reply: replyHops,
  outcome: "delivered",
  symptom: "HTTP/1.1 200 OK",
  summary:
    "web-6c8b5d7f9-m4tqz on worker-2 answered; it saw 192.168.56.11, not the client, because worker-1 masqueraded.",
  backend: { pod: "shop/web-6c8b5d7f9-m4tqz", ip: "10.244.2.3", port: 8080 },
  sourceSeen: "192.168.56.11",
  probability: 1,
  children: [],
};

const REJECTED = leg(
  { src: "10.244.1.9", dst: "10.96.41.7", sport: 40112, dport: 80, protocol: "tcp", mark: 0, ttl: 64 },
  2_000_000,
  [
    {
      at: 0,
      place: "pod/shop/curl",
      stage: "client",
      label: "client",
      iface: "eth0",
      note: "The pod sends a SYN to 10.96.41.7:80.",
    },
    {
      at: 5,
      place: "pod/shop/curl",
      stage: "link",
      label: "link",
      iface: "eth0",
      to: W1,
      note: "Through the veth to its node.",
    },
    {
      at: 20,
      place: W1,
      stage: "hook:nat/PREROUTING",
      label: "PREROUTING",
      iface: "cni0",
      steps: PREROUTING_STEPS.slice(1, 6),
      verdict: "accept",
      note: "No rule translates this address.",
    },
    {
      at: 30,
      place: W1,
      stage: "route",
      label: "routing",
      iface: "eth0",
      change: { ttl: 63 },
      note: "default via 192.168.56.1 dev eth0.",
    },
    {
      at: 40,
      place: W1,
      stage: "hook:filter/FORWARD",
      label: "FORWARD",
      iface: "cni0",
      verdict: "reject",
      rule: rule(
        "filter",
        "KUBE-SERVICES",
        1,
        '-d 10.96.41.7/32 -p tcp -m comment --comment "shop/web has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable',
      ),
      note: "The Service has no endpoints, so the node refuses.",
    },
  ],
);

/** Rejected in FORWARD because the Service has no endpoints; an ICMP error comes back. */
export const refusedWalk: Walk = {
  id: 3,
  request: { from: "pod/shop/curl", to: "service/shop/web:80", protocol: "tcp" },
  startedAt: 2_000_000,
  endedAt: 2_000_070,
  hops: REJECTED,
  reply: leg(
    { src: "10.244.1.1", dst: "10.244.1.9", sport: 0, dport: 0, protocol: "icmp", mark: 0, ttl: 64 },
    2_000_000,
    [
      {
        at: 45,
        place: W1,
        stage: "hook:filter/FORWARD",
        label: "FORWARD",
        iface: "cni0",
        mirrors: 4,
        note: "ICMP port unreachable, from 10.244.1.1.",
      },
      { at: 50, place: W1, stage: "link", label: "link", iface: "cni0", to: "pod/shop/curl", note: "Back to the pod." },
      {
        at: 70,
        place: "pod/shop/curl",
        stage: "client",
        label: "client",
        iface: "eth0",
        verdict: "refuse",
        mirrors: 0,
        note: "connect() returns ECONNREFUSED.",
      },
    ],
  ),
  outcome: "refused",
  symptom: "curl: (7) Failed to connect to 10.96.41.7 port 80 after 0 ms: Couldn't connect to server",
  summary: "worker-1 rejected the packet in FORWARD: shop/web has no endpoints.",
  backend: null,
  sourceSeen: null,
  probability: 1,
  children: [],
};

/** Dropped without a word: nothing comes back. */
export const droppedWalk: Walk = {
  ...refusedWalk,
  id: 4,
  hops: refusedWalk.hops.map((hop) =>
    hop.verdict === "reject" ? { ...hop, verdict: "drop" as const, note: "The node drops it without a word." } : hop,
  ),
  reply: [],
  endedAt: 2_000_000 + 127_000_000,
  outcome: "timeout",
  symptom: "curl: (28) Failed to connect to 10.96.41.7 port 80 after 127000 ms: Couldn't connect to server",
  summary: "worker-1 dropped the packet in FORWARD.",
};
