import type { Micros } from "../base/time.ts";
import type { HostId, Stage } from "../model/trace/types.ts";

/**
 * How long things take, in virtual microseconds. Round figures of a data centre's order (a veth crossing is a softirq, a hook a
 * few microseconds, a switch hop a tenth of a millisecond, the way to an outside client the longest), chosen so that a walk
 * through a load balancer lasts about two milliseconds there and back.
 */
export const COST = {
  /** A system call, a socket's answer. */
  socket: 20,
  hook: 4,
  route: 2,
  conntrack: 2,
  /** Wrapping a packet for a tunnel, or unwrapping it. */
  tunnel: 6,
  balancer: 15,
  /** Pod to node and back: one veth. */
  veth: 12,
  /** Between machines of the nodes' network. */
  underlay: 110,
  /** Between the router and an outside machine. */
  outside: 570,
} as const;

/** ARP gives up on a neighbour after three requests, one a second (and a tick or two). */
export const ARP_FAILURE: Micros = 3_060_000;
/** SYN retransmissions at 1, 3, 7, 15, 31 and 63 s; connect() gives up about here (tcp_syn_retries 6). In milliseconds. */
export const CONNECT_TIMEOUT_MS = 130_000;

export function stageCost(stage: Stage): Micros {
  if (stage.startsWith("hook:") || stage === "policy") return COST.hook;
  switch (stage) {
    case "route":
      return COST.route;
    case "conntrack":
      return COST.conntrack;
    case "tunnel":
      return COST.tunnel;
    case "lb":
      return COST.balancer;
    default:
      return COST.socket;
  }
}

export function linkCost(from: HostId, to: HostId): Micros {
  if (from.startsWith("pod/") || to.startsWith("pod/")) return COST.veth;
  if (from.startsWith("client/") || to.startsWith("client/")) return COST.outside;
  return COST.underlay;
}
