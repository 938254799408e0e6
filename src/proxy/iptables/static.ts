import type { ChainPolicy, CtStateName, Match, Rule, Target } from "../../kernel/iptables/types.ts";
import { nodePortIPs } from "../node.ts";
import {
  EXTERNAL_SERVICES,
  FORWARD,
  KUBELET_FIREWALL,
  NFACCT_INVALID,
  NODEPORTS,
  POSTROUTING,
  PROXY_FIREWALL,
  SERVICES,
} from "./chains.ts";
import type { Settings } from "./settings.ts";

/** Rules that stand on every node whatever Services there are. */

const comment = (text: string): Match => ({ kind: "comment", text });
const ctstate = (...states: CtStateName[]): Match => ({ kind: "conntrack", states });
const jump = (chain: string): Target => ({ kind: "jump", chain });

function rule(role: string, matches: readonly Match[], target: Target, why: string): Rule {
  return { role, matches, target, origin: { object: null, path: "", why } };
}

interface Jump {
  readonly table: "nat" | "filter";
  readonly from: string;
  readonly to: string;
  readonly comment: string | null;
  /** Only for the first packet of a connection. */
  readonly onlyNew: boolean;
  readonly why: string;
}

const BALANCER =
  "Addresses of load balancers with loadBalancerSourceRanges are fenced before anything else is decided.";
const PORTALS = "New connections to Service addresses without endpoints are refused or dropped here.";
const EXTERNAL = "New connections to external addresses and node ports without endpoints are refused or dropped here.";
const LOCALNET = "The kubelet and kube-proxy protect 127.0.0.0/8, which route_localnet would open to neighbours.";
const NAT = "Every new connection is looked up among the Services.";

/** In the order in which the rules stand in their chain: kube-proxy prepends each, so the last one ensured is the first. */
const JUMPS: readonly Jump[] = [
  { table: "nat", from: "PREROUTING", to: SERVICES, comment: "kubernetes service portals", onlyNew: false, why: NAT },
  { table: "nat", from: "OUTPUT", to: SERVICES, comment: "kubernetes service portals", onlyNew: false, why: NAT },
  {
    table: "nat",
    from: "POSTROUTING",
    to: POSTROUTING,
    comment: "kubernetes postrouting rules",
    onlyNew: false,
    why: "Packets that were marked for it get this node's address on their way out.",
  },
  { table: "filter", from: "INPUT", to: KUBELET_FIREWALL, comment: null, onlyNew: false, why: LOCALNET },
  {
    table: "filter",
    from: "INPUT",
    to: PROXY_FIREWALL,
    comment: "kubernetes load balancer firewall",
    onlyNew: true,
    why: BALANCER,
  },
  {
    table: "filter",
    from: "INPUT",
    to: NODEPORTS,
    comment: "kubernetes health check service ports",
    onlyNew: false,
    why: "Load balancers may reach the health check node ports.",
  },
  {
    table: "filter",
    from: "INPUT",
    to: EXTERNAL_SERVICES,
    comment: "kubernetes externally-visible service portals",
    onlyNew: true,
    why: EXTERNAL,
  },
  {
    table: "filter",
    from: "FORWARD",
    to: PROXY_FIREWALL,
    comment: "kubernetes load balancer firewall",
    onlyNew: true,
    why: BALANCER,
  },
  {
    table: "filter",
    from: "FORWARD",
    to: FORWARD,
    comment: "kubernetes forwarding rules",
    onlyNew: false,
    why: "Service traffic is forwarded even where the policy of FORWARD is DROP.",
  },
  {
    table: "filter",
    from: "FORWARD",
    to: SERVICES,
    comment: "kubernetes service portals",
    onlyNew: true,
    why: PORTALS,
  },
  {
    table: "filter",
    from: "FORWARD",
    to: EXTERNAL_SERVICES,
    comment: "kubernetes externally-visible service portals",
    onlyNew: true,
    why: EXTERNAL,
  },
  { table: "filter", from: "OUTPUT", to: KUBELET_FIREWALL, comment: null, onlyNew: false, why: LOCALNET },
  {
    table: "filter",
    from: "OUTPUT",
    to: PROXY_FIREWALL,
    comment: "kubernetes load balancer firewall",
    onlyNew: true,
    why: BALANCER,
  },
  { table: "filter", from: "OUTPUT", to: SERVICES, comment: "kubernetes service portals", onlyNew: true, why: PORTALS },
];

/** Rules of one built-in chain. The conntrack condition stands before the comment, as kube-proxy passes its arguments. */
export function builtinRules(table: "nat" | "filter", chain: string): readonly Rule[] {
  return JUMPS.filter((j) => j.table === table && j.from === chain).map((j) =>
    rule(
      j.to,
      [...(j.onlyNew ? [ctstate("NEW")] : []), ...(j.comment === null ? [] : [comment(j.comment)])],
      jump(j.to),
      j.why,
    ),
  );
}

/** Built-in chains with their policy as a fresh node has it. */
export const BUILTIN_POLICY: ChainPolicy = "ACCEPT";

export function postroutingRules(s: Settings): readonly Rule[] {
  return [
    rule(
      "unmarked",
      [{ kind: "mark", value: s.mark, mask: s.mark, invert: true }],
      { kind: "return" },
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
  ];
}

export function markMasqRules(s: Settings): readonly Rule[] {
  return [
    rule(
      "mark",
      [],
      { kind: "mark", value: s.mark, mask: s.mark },
      "Sets the mark that KUBE-POSTROUTING turns into a new source address.",
    ),
  ];
}

const LAST_RULE = "kubernetes service nodeports; NOTE: this must be the last rule in this chain";

/** The tail of nat KUBE-SERVICES: what is addressed to the node itself may be for a node port. */
export function nodePortTail(s: Settings): readonly Rule[] {
  if (s.nodePorts.all) {
    const except: Match[] =
      s.family === 6
        ? [{ kind: "dst", cidr: "::1/128", invert: true }]
        : s.localhostNodePorts
          ? []
          : [{ kind: "dst", cidr: "127.0.0.0/8", invert: true }];
    return [
      rule(
        "node-ports",
        [comment(LAST_RULE), { kind: "addrtype", side: "dst", type: "LOCAL" }, ...except],
        jump(NODEPORTS),
        "A packet for one of this node's own addresses may be for a node port.",
      ),
    ];
  }
  return nodePortIPs(s.nodePorts, s.node, s.family)
    .filter((ip) => s.localhostNodePorts || !(ip === "::1" || ip.startsWith("127.")))
    .map((ip) =>
      rule(
        `node-ports/${ip}`,
        [comment(LAST_RULE), { kind: "dst", cidr: ip }],
        jump(NODEPORTS),
        `nodePortAddresses includes ${ip}, so node ports answer there.`,
      ),
    );
}

export function forwardRules(s: Settings): readonly Rule[] {
  const rules: Rule[] = [];
  if (s.dropInvalid) {
    rules.push(
      rule(
        "invalid",
        [ctstate("INVALID"), ...(s.nfacct ? [{ kind: "nfacct", name: NFACCT_INVALID } as const] : [])],
        { kind: "drop" },
        "A packet that conntrack cannot place would reach the client with the pod's address and be answered with a reset.",
      ),
    );
  }
  rules.push(
    rule(
      "marked",
      [comment("kubernetes forwarding rules"), { kind: "mark", value: s.mark, mask: s.mark }],
      { kind: "accept" },
      "Traffic that will be masqueraded is forwarded even where the policy of FORWARD is DROP.",
    ),
    rule(
      "established",
      [comment("kubernetes forwarding conntrack rule"), ctstate("RELATED", "ESTABLISHED")],
      { kind: "accept" },
      "What belongs to an accepted connection is accepted.",
    ),
  );
  return rules;
}

export function firewallRules(s: Settings): readonly Rule[] {
  if (s.family === 6 || !s.localhostNodePorts) return [];
  return [
    rule(
      "localnet",
      [
        comment("block incoming localnet connections"),
        { kind: "dst", cidr: "127.0.0.0/8" },
        { kind: "src", cidr: "127.0.0.0/8", invert: true },
        { kind: "conntrack", states: ["RELATED", "ESTABLISHED", "DNAT"], invert: true },
      ],
      { kind: "drop" },
      "With route_localnet a neighbour could reach 127.0.0.0/8; only node ports and replies may.",
    ),
  ];
}
