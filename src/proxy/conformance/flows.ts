import type { Chooser } from "../../base/choose.ts";
import { cidrContains, joinHostPort } from "../../base/ip.ts";
import { runChain } from "../../kernel/iptables/evaluate.ts";
import type { Ruleset } from "../../kernel/iptables/types.ts";
import type { HookContext, TableResult } from "../../kernel/netfilter.ts";
import type { Packet } from "../../model/trace/types.ts";
import { EXTERNAL_SERVICES, NODEPORTS, PROXY_FIREWALL, SERVICES } from "../iptables/chains.ts";
import { exploreBranches } from "./explore.ts";
import type { Case } from "./case.ts";

/** One row of a capture's packet matrix. */
export interface Flow {
  readonly name: string;
  readonly sourceIP: string;
  readonly protocol: "tcp" | "udp" | "sctp";
  readonly destIP: string;
  readonly destPort: number;
  /** Every endpoint that can be chosen, in rule order; "" for an untouched packet; REJECT; DROP. */
  readonly output: string;
  readonly masq: boolean;
}

export interface FlowStep {
  readonly step: string;
  readonly flows: readonly Flow[];
}

/** What became of a flow: `output` and `masq` as the capture words them. */
export interface FlowResult {
  readonly output: string;
  readonly masq: boolean;
}

function packetOf(flow: Flow): Packet {
  return {
    src: flow.sourceIP,
    dst: flow.destIP,
    sport: 40_000,
    dport: flow.destPort,
    protocol: flow.protocol,
    mark: 0,
    ttl: 64,
    flags: flow.protocol === "tcp" ? "SYN" : null,
    icmp: null,
    quoted: null,
  };
}

function isLoopback(ip: string): boolean {
  return ip === "::1" || ip.startsWith("127.");
}

/** The interface a packet of this source comes in by, as far as a local-traffic detector asks. */
function inInterface(capture: Case, sourceIP: string): string {
  const { detectLocalMode, detectLocal } = capture.config;
  const pod = capture.node.podCIDRs.some((cidr) => cidrContains(cidr, sourceIP));
  if (isLoopback(sourceIP)) return "lo";
  if (!pod) return "eth0";
  if (detectLocalMode === "BridgeInterface") return detectLocal[0] ?? "cni0";
  if (detectLocalMode === "InterfaceNamePrefix") return `${detectLocal[0] ?? "veth"}1`;
  return "cni0";
}

/**
 * Evaluates a flow as the capture's own tracer does: nat PREROUTING with every endpoint followed, then the Service chains of the
 * filter table one after the other, whichever hook would call them. Rules that ask for affinity state never match.
 */
export function traceFlow(capture: Case, ruleset: Ruleset, flow: Flow): FlowResult {
  const context = (hook: HookContext["hook"], packet: Packet, chooser: Chooser): HookContext => ({
    hook,
    packet,
    ctState: "NEW",
    ctDnat: packet.dst !== flow.destIP,
    ctSnat: false,
    inInterface: inInterface(capture, flow.sourceIP),
    outInterface: null,
    isLocal: (ip) => isLoopback(ip) || capture.node.ips.includes(ip),
    flow: flow.name,
    chooser,
  });
  const paths = exploreBranches((chooser) => {
    const packet = packetOf(flow);
    const result = runChain(ruleset, "nat", "PREROUTING", context("PREROUTING", packet, chooser));
    const to = result.verdict.kind === "dnat" ? result.verdict.to : null;
    const after: Packet = { ...packet, mark: result.mark, dst: to?.ip ?? packet.dst, dport: to?.port ?? packet.dport };
    return { mark: result.mark, endpoint: to === null ? null : joinHostPort(to.ip, to.port ?? packet.dport), after };
  });
  const outputs = [...new Set(paths.flatMap((p) => (p.endpoint === null ? [] : [p.endpoint])))];
  const first = paths[0];
  if (first !== undefined) {
    const packet: Packet = { ...first.after, mark: 0 };
    const filtered = filterVerdict(ruleset, (chain) =>
      runChain(ruleset, "filter", chain, context("FORWARD", packet, NO_CHOICE)),
    );
    if (filtered !== null) outputs.push(filtered);
  }
  const masqueradeBit = (1 << capture.config.masqueradeBit) >>> 0;
  return { output: outputs.join(", "), masq: paths.some((p) => (p.mark & masqueradeBit) !== 0) };
}

const NO_CHOICE: Chooser = { chance: () => ({ taken: false, draw: 1 }), pick: () => 0, sample: () => 0 };

/** The verdict that a rule of the Service chains gives, or null when the packet passes them all. */
function filterVerdict(ruleset: Ruleset, run: (chain: string) => TableResult): string | null {
  for (const chain of [SERVICES, EXTERNAL_SERVICES, NODEPORTS, PROXY_FIREWALL]) {
    if (!ruleset.tables.filter?.chains.has(chain)) continue;
    const { verdict, rule } = run(chain);
    if (rule !== null) return verdict.kind.toUpperCase();
  }
  return null;
}
