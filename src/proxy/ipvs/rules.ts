import type { SetSide } from "../../kernel/ipvs/ipset.ts";
import type { Chain, Match, Rule, Target } from "../../kernel/iptables/types.ts";
import {
  FORWARD,
  IPVS_FILTER,
  IPVS_OUT_FILTER,
  LOAD_BALANCER,
  MARK_MASQ,
  NODE_PORT,
  POSTROUTING,
  PROXY_FIREWALL,
  SERVICES,
  SOURCE_RANGES,
} from "./chains.ts";
import { hostSetName, SETS, type SetName } from "./sets.ts";
import type { Settings } from "./settings.ts";

/**
 * The iptables rules around IPVS: what is to be masqueraded, who may come in. Their number does not depend on that of Services
 * (but for one rule per fenced load balancer address); rules on empty sets are left out. Upstream: writeIptablesRules in
 * pkg/proxy/ipvs/proxier.go.
 */

const comment = (text: string): Match => ({ kind: "comment", text });
const jump = (chain: string): Target => ({ kind: "jump", chain });
const MASQ = jump(MARK_MASQ);
const RETURN: Target = { kind: "return" };
const ACCEPT: Target = { kind: "accept" };
const DROP: Target = { kind: "drop" };
const DST: readonly SetSide[] = ["dst"];
const DST_DST: readonly SetSide[] = ["dst", "dst"];
const DST_DST_SRC: readonly SetSide[] = ["dst", "dst", "src"];

function rule(role: string, matches: readonly Match[], target: Target, why: string): Rule {
  return { role, matches, target, origin: { object: null, path: "", why } };
}

/** Jumps from built-in chains, in the order in which they stand there. */
const JUMPS: readonly {
  readonly table: "nat" | "filter";
  readonly from: string;
  readonly to: string;
  readonly comment: string;
  readonly why: string;
}[] = [
  {
    table: "nat",
    from: "PREROUTING",
    to: SERVICES,
    comment: "kubernetes service portals",
    why: "Every new connection is looked up in the sets of Service addresses.",
  },
  {
    table: "nat",
    from: "OUTPUT",
    to: SERVICES,
    comment: "kubernetes service portals",
    why: "Every new connection is looked up in the sets of Service addresses.",
  },
  {
    table: "nat",
    from: "POSTROUTING",
    to: POSTROUTING,
    comment: "kubernetes postrouting rules",
    why: "Packets that were marked for it get this node's address on their way out.",
  },
  {
    table: "filter",
    from: "INPUT",
    to: IPVS_FILTER,
    comment: "kubernetes ipvs access filter",
    why: "Service addresses are local addresses here, but only their own ports may be reached.",
  },
  {
    table: "filter",
    from: "INPUT",
    to: PROXY_FIREWALL,
    comment: "kube-proxy firewall rules",
    why: "Addresses of load balancers with loadBalancerSourceRanges are fenced.",
  },
  {
    table: "filter",
    from: "INPUT",
    to: NODE_PORT,
    comment: "kubernetes health check rules",
    why: "Load balancers may reach the health check node ports.",
  },
  {
    table: "filter",
    from: "FORWARD",
    to: PROXY_FIREWALL,
    comment: "kube-proxy firewall rules",
    why: "Addresses of load balancers with loadBalancerSourceRanges are fenced.",
  },
  {
    table: "filter",
    from: "FORWARD",
    to: FORWARD,
    comment: "kubernetes forwarding rules",
    why: "Service traffic is forwarded even where the policy of FORWARD is DROP.",
  },
  {
    table: "filter",
    from: "OUTPUT",
    to: IPVS_OUT_FILTER,
    comment: "kubernetes ipvs access filter",
    why: "The node's own processes are kept from load balancer addresses whose source ranges do not hold it.",
  },
];

export function builtinRules(table: "nat" | "filter", chain: string): readonly Rule[] {
  return JUMPS.filter((j) => j.table === table && j.from === chain).map((j) =>
    rule(j.to, [comment(j.comment)], jump(j.to), j.why),
  );
}

/** Rules on one set that are written while it has members. */
interface SetRule {
  readonly set: SetName;
  readonly table: "nat" | "filter";
  readonly chain: string;
  readonly protocol: "tcp" | "udp" | "sctp" | null;
  readonly sides: readonly SetSide[];
  readonly target: Target;
  readonly why: string;
}

const LOCAL_PORT = "A node port with policy Local keeps the client's address.";
const CLUSTER_PORT =
  "A node port with policy Cluster may lead to another node: the reply has to come back through this one.";

const SET_RULES: readonly SetRule[] = [
  {
    set: "KUBE-LOOP-BACK",
    table: "nat",
    chain: POSTROUTING,
    protocol: null,
    sides: DST_DST_SRC,
    target: { kind: "masquerade", randomFully: false },
    why: "A pod that was sent to itself must see another source, or it would answer itself directly.",
  },
  {
    set: "KUBE-LOAD-BALANCER",
    table: "nat",
    chain: SERVICES,
    protocol: null,
    sides: DST_DST,
    target: jump(LOAD_BALANCER),
    why: "Sent to a load balancer's address.",
  },
  {
    set: "KUBE-LOAD-BALANCER-LOCAL",
    table: "nat",
    chain: LOAD_BALANCER,
    protocol: null,
    sides: DST_DST,
    target: RETURN,
    why: "A load balancer's address with policy Local keeps the client's address.",
  },
  ...(["tcp", "udp", "sctp"] as const).flatMap((protocol): SetRule[] => {
    const suffix = protocol === "tcp" ? "TCP" : protocol === "udp" ? "UDP" : "SCTP-HASH";
    const sides = protocol === "sctp" ? DST_DST : DST;
    return [
      {
        set: `KUBE-NODE-PORT-LOCAL-${suffix}`,
        table: "nat",
        chain: NODE_PORT,
        protocol,
        sides,
        target: RETURN,
        why: LOCAL_PORT,
      },
      {
        set: `KUBE-NODE-PORT-${suffix}`,
        table: "nat",
        chain: NODE_PORT,
        protocol,
        sides,
        target: MASQ,
        why: CLUSTER_PORT,
      },
    ];
  }),
  {
    set: "KUBE-LOAD-BALANCER-FW",
    table: "filter",
    chain: PROXY_FIREWALL,
    protocol: null,
    sides: DST_DST,
    target: jump(SOURCE_RANGES),
    why: "This load balancer's address has source ranges.",
  },
  {
    set: "KUBE-LOAD-BALANCER-SOURCE-CIDR",
    table: "filter",
    chain: SOURCE_RANGES,
    protocol: null,
    sides: DST_DST_SRC,
    target: RETURN,
    why: "The source is in one of loadBalancerSourceRanges.",
  },
  {
    set: "KUBE-LOAD-BALANCER-SOURCE-IP",
    table: "filter",
    chain: SOURCE_RANGES,
    protocol: null,
    sides: DST_DST_SRC,
    target: RETURN,
    why: "The node itself is in one of loadBalancerSourceRanges; what it sends has the dialled address as its source.",
  },
];

/** The chains that ipvs mode makes, per table, in the order in which it makes them. */
export function kubeChains(
  s: Settings,
  isEmpty: (set: SetName) => boolean,
  outFilter: readonly Rule[],
): Readonly<Record<"nat" | "filter", ReadonlyMap<string, Chain>>> {
  const nat = new Map<string, Rule[]>(
    [SERVICES, POSTROUTING, NODE_PORT, LOAD_BALANCER, MARK_MASQ].map((name) => [name, []]),
  );
  const filter = new Map<string, Rule[]>(
    [FORWARD, NODE_PORT, PROXY_FIREWALL, SOURCE_RANGES, IPVS_FILTER, IPVS_OUT_FILTER].map((name) => [name, []]),
  );
  const add = (table: ReadonlyMap<string, Rule[]>, chain: string, ...rules: readonly Rule[]): void => {
    table.get(chain)?.push(...rules);
  };
  const has = (set: SetName): boolean => !isEmpty(set);
  const inSet = (set: SetName, sides: readonly SetSide[]): Match => ({
    kind: "set",
    set: hostSetName(set, s.family),
    sides,
  });
  const commented = (set: SetName, sides: readonly SetSide[]): readonly Match[] => [
    comment(SETS[set].comment),
    inSet(set, sides),
  ];

  add(filter, IPVS_OUT_FILTER, ...outFilter);
  add(
    nat,
    SERVICES,
    rule(
      "loopback",
      [{ kind: "src", cidr: s.family === 4 ? "127.0.0.0/8" : "::1/128" }],
      RETURN,
      "Node ports are not served on the loopback address in this mode.",
    ),
  );
  for (const { set, table, chain, protocol, sides, target, why } of SET_RULES) {
    if (!has(set)) continue;
    const matches: Match[] = [
      ...(protocol === null ? [] : [{ kind: "protocol", protocol } as const]),
      ...commented(set, sides),
    ];
    add(table === "nat" ? nat : filter, chain, rule(`set/${set}`, matches, target, why));
  }
  if (has("KUBE-CLUSTER-IP")) {
    const who: readonly [readonly SetSide[], readonly Match[], string] = s.masqueradeAll
      ? [DST_DST, [], "masqueradeAll: whatever is sent to a cluster IP gets this node's address."]
      : s.ifNotLocal !== null
        ? [
            DST_DST,
            [s.ifNotLocal],
            "Sent to a cluster IP from outside the cluster: the reply has to come back through this node.",
          ]
        : [
            ["src", "dst"],
            [],
            "The node itself sends to a cluster IP from that very address, which no pod could answer.",
          ];
    add(nat, SERVICES, rule("cluster-ip-masq", [...commented("KUBE-CLUSTER-IP", who[0]), ...who[1]], MASQ, who[2]));
  }
  for (const set of ["KUBE-EXTERNAL-IP", "KUBE-EXTERNAL-IP-LOCAL"] as const) {
    if (!has(set)) continue;
    const to = commented(set, DST_DST);
    if (set === "KUBE-EXTERNAL-IP")
      add(
        nat,
        SERVICES,
        rule(`${set}/masq`, to, MASQ, "Sent to an external IP: the reply has to come back through this node."),
      );
    add(
      nat,
      SERVICES,
      rule(
        `${set}/outside`,
        [
          ...to,
          { kind: "physdev-is-in", invert: true },
          { kind: "addrtype", side: "src", type: "LOCAL", invert: true },
        ],
        ACCEPT,
        "Sent to an external IP from another machine.",
      ),
      rule(
        `${set}/local`,
        [...to, { kind: "addrtype", side: "dst", type: "LOCAL" }],
        ACCEPT,
        "Sent to an external IP that is an address of this node.",
      ),
    );
  }
  add(
    nat,
    SERVICES,
    rule(
      "node-ports",
      [{ kind: "addrtype", side: "dst", type: "LOCAL" }],
      jump(NODE_PORT),
      "A packet for one of this node's own addresses may be for a node port.",
    ),
  );
  add(
    nat,
    LOAD_BALANCER,
    rule("masq", [], MASQ, "A load balancer's address with policy Cluster may lead to another node."),
  );
  add(filter, SOURCE_RANGES, rule("drop", [], DROP, "The source is in none of loadBalancerSourceRanges."));
  for (const set of ["KUBE-CLUSTER-IP", "KUBE-LOAD-BALANCER"] as const) {
    if (has(set))
      add(
        nat,
        SERVICES,
        rule(`accept/${set}`, [inSet(set, DST_DST)], ACCEPT, "IPVS takes it; no later rule may translate it."),
      );
  }
  add(
    filter,
    FORWARD,
    rule(
      "marked",
      [comment("kubernetes forwarding rules"), { kind: "mark", value: s.mark, mask: s.mark }],
      ACCEPT,
      "Traffic that will be masqueraded is forwarded even where the policy of FORWARD is DROP.",
    ),
    rule(
      "established",
      [comment("kubernetes forwarding conntrack rule"), { kind: "conntrack", states: ["RELATED", "ESTABLISHED"] }],
      ACCEPT,
      "What belongs to an accepted connection is accepted.",
    ),
  );
  add(
    filter,
    NODE_PORT,
    rule(
      "health-check",
      commented("KUBE-HEALTH-CHECK-NODE-PORT", DST),
      ACCEPT,
      "Load balancers ask here whether the node has endpoints.",
    ),
  );
  for (const set of ["KUBE-LOAD-BALANCER", "KUBE-CLUSTER-IP", "KUBE-EXTERNAL-IP", "KUBE-EXTERNAL-IP-LOCAL"] as const)
    add(
      filter,
      IPVS_FILTER,
      rule(`known/${set}`, [inSet(set, DST_DST)], RETURN, "A port that a Service has: IPVS takes it."),
    );
  add(
    filter,
    IPVS_FILTER,
    rule("known/health-check", [inSet("KUBE-HEALTH-CHECK-NODE-PORT", DST)], RETURN, "A health check node port."),
    rule(
      "refuse",
      [{ kind: "conntrack", states: ["NEW"] }, inSet("KUBE-IPVS-IPS", DST)],
      { kind: "reject", with: "icmp-port-unreachable" },
      "The address belongs to a Service, but no port of it is meant: nothing else on this node may be reached through it.",
    ),
  );
  add(
    nat,
    POSTROUTING,
    rule(
      "unmarked",
      [{ kind: "mark", value: s.mark, mask: s.mark, invert: true }],
      RETURN,
      "Packets without the masquerade mark keep their source.",
    ),
    rule(
      "clear-mark",
      [],
      { kind: "mark", value: s.mark, mask: 0 },
      "The mark is cleared so that the packet is not masqueraded again if it passes a second time.",
    ),
    rule(
      "masquerade",
      [comment("kubernetes service traffic requiring SNAT")],
      { kind: "masquerade", randomFully: s.randomFully },
      "The source becomes this node's address on the outgoing interface, so that the reply comes back through this node.",
    ),
  );
  add(
    nat,
    MARK_MASQ,
    rule(
      "mark",
      [],
      { kind: "mark", value: s.mark, mask: s.mark },
      "Sets the mark that KUBE-POSTROUTING turns into a new source address.",
    ),
  );
  const own = (chains: ReadonlyMap<string, Rule[]>): ReadonlyMap<string, Chain> =>
    new Map([...chains].map(([name, rules]) => [name, { policy: null, rules }]));
  return { nat: own(nat), filter: own(filter) };
}
