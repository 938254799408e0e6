import type { Chooser } from "../../base/choose.ts";
import { cidrContains } from "../../base/ip.ts";
import type { HookContext } from "../../kernel/netfilter.ts";
import type { Packet } from "../../model/trace/types.ts";
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

/** The first packet of a flow. */
export function packetOf(flow: Flow): Packet {
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

/** What a hook of the captured node knows of a flow's packet. Nothing is remembered: affinity never matches in a trace. */
export function flowContext(
  capture: Case,
  flow: Flow,
  hook: HookContext["hook"],
  packet: Packet,
  chooser: Chooser,
): HookContext {
  return {
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
  };
}

/** For chains that choose nothing. */
export const NO_CHOICE: Chooser = { chance: () => ({ taken: false, draw: 1 }), pick: () => 0, sample: () => 0 };
