import type { Packet } from "../model/trace/types.ts";
import { type HostState, type Tracked, invertTuple } from "./conntrack.ts";
import { type Host, type Interface, hostName, interfaceOf, isLoopback } from "./host.ts";
import {
  type Crossing,
  errorSource,
  forward,
  inputFilter,
  inputNat,
  output,
  outputFilter,
  postrouting,
  prerouting,
  virtualOutput,
} from "./hooks.ts";
import { headerOf, icmpError, isIcmpError } from "./packet.ts";
import { type RouteDecision, lookupRoute } from "./route.ts";
import { sourceProblem } from "./source.ts";
import { virtualRequest } from "./virtual.ts";
import {
  type Environment,
  type Outcome,
  type HopText,
  type StackResult,
  type Visit,
  beginVisit,
  endVisit,
  note,
  relatedTo,
} from "./visit.ts";

/** A packet as it arrives: on which interface, and for which neighbour the frame was meant (its MAC, by address). */
export interface Frame {
  readonly packet: Packet;
  readonly iface: string;
  readonly nextHop: string;
}

/**
 * A frame arrives on an interface of the host: PREROUTING, routing, then INPUT to a socket or FORWARD and POSTROUTING to the
 * next link. A frame on a bridge port is bridged or passed up as br_netfilter does it. The skb mark does not cross wires.
 */
export function receive(host: Host, state: HostState, frame: Frame, env: Environment): StackResult {
  const visit = beginVisit(host, state, { ...frame.packet, mark: 0 }, env);
  const iface = interfaceOf(host, frame.iface);
  const master = iface?.master ?? null;
  const bridge = master === null ? undefined : interfaceOf(host, master);
  const outcome =
    iface !== undefined && bridge !== undefined
      ? bridgeIn(visit, iface, bridge, frame.nextHop)
      : ipIn(visit, frame.iface);
  return endVisit(visit, outcome);
}

/**
 * A process or the kernel of the host sends a packet. An empty `src` is filled in by the route. Routing comes before
 * OUTPUT: without a route the call fails with ENETUNREACH however well nat could have translated it. `related` ties an answer
 * that the host itself makes to the connection that it is about.
 */
export function send(
  host: Host,
  state: HostState,
  packet: Packet,
  env: Environment,
  related: Tracked | null = null,
): StackResult {
  const visit = beginVisit(host, state, packet, env);
  if (related !== null) {
    visit.tracked = related;
    visit.ctState = related.ctState;
  }
  return endVisit(visit, localOut(visit));
}

/**
 * Nobody on the link owns the next hop: after three ARP requests the host tells the sender, by ICMP host unreachable or, when
 * the sender is a process of its own (`local`), by EHOSTUNREACH.
 */
export function noNeighbour(
  host: Host,
  state: HostState,
  packet: Packet,
  nextHop: string,
  local: boolean,
  env: Environment,
): Outcome {
  const visit = beginVisit(host, state, packet, env);
  const why = `Nobody answers ${hostName(host.id)} on the link for ${nextHop}.`;
  if (isIcmpError(packet)) return { kind: "lost", packet, why };
  if (local) return { kind: "error", packet, errno: "EHOSTUNREACH", why };
  const from = errorSource(visit, packet);
  return from === null
    ? { kind: "lost", packet, why }
    : { kind: "answer", packet: icmpError(packet, "host-unreachable", from), related: null, why };
}

function ipIn(visit: Visit, iface: string): Outcome {
  return prerouting(visit, iface) ?? routeIn(visit, iface);
}

/** The routing decision for an arriving packet, and what follows from it. */
function routeIn(visit: Visit, iface: string): Outcome {
  const { host } = visit;
  const place = hostName(host.id);
  const before = headerOf(visit.packet);
  const { dst } = visit.packet;
  const route = { iface, stage: "route" as const, label: "routing", before };
  if (iface !== "lo" && isLoopback(dst) && !host.sysctls.routeLocalnet) {
    const why = `${place} drops the packet: ${dst} must not arrive from a wire unless route_localnet is 1.`;
    note(visit, { ...route, verdict: "lost", note: why });
    return { kind: "lost", packet: visit.packet, why };
  }
  const martian = iface === "lo" ? null : sourceProblem(host, visit.packet.src, iface);
  if (martian !== null) {
    const why = `${place} drops the packet without a word: ${martian}.`;
    note(visit, { ...route, verdict: "lost", note: why });
    return { kind: "lost", packet: visit.packet, why };
  }
  const decision = routeFor(visit, dst);
  switch (decision.kind) {
    case "local": {
      note(visit, { ...route, verdict: "continue", note: `${dst} is an address of ${place} itself.` });
      return localIn(visit, iface);
    }
    case "none": {
      const why = `${place} has no route to ${dst}.`;
      note(visit, { ...route, verdict: "lost", note: why });
      const from = errorSource(visit, visit.packet);
      if (from === null || isIcmpError(visit.packet)) return { kind: "lost", packet: visit.packet, why };
      return {
        kind: "answer",
        packet: icmpError(visit.packet, "net-unreachable", from),
        related: relatedTo(visit),
        why,
      };
    }
    case "blackhole": {
      const why = `${place} has no route to ${dst} and drops the packet without a word.`;
      note(visit, { ...route, verdict: "lost", note: why });
      return { kind: "lost", packet: visit.packet, why };
    }
    case "unicast":
      return forwardOut(visit, iface, decision);
  }
}

function localIn(visit: Visit, iface: string): Outcome {
  const stopped = inputFilter(visit, iface);
  if (stopped !== null) return stopped;
  const virtual = virtualRequest(visit, "INPUT", iface);
  if (virtual === "rewritten") return virtualOut(visit, iface);
  return virtual ?? inputNat(visit, iface) ?? { kind: "deliver", packet: visit.packet, iface };
}

/**
 * IPVS sends a packet on to a real server: past OUTPUT and POSTROUTING, never FORWARD (ip_vs_nat_xmit). A server that is a process
 * of this very host gets it at once, with no chance for POSTROUTING to change its source.
 */
function virtualOut(visit: Visit, iface: string): Outcome {
  const { host } = visit;
  const place = hostName(host.id);
  const before = headerOf(visit.packet);
  const hop = { iface, stage: "route" as const, label: "routing", before };
  const decision = lookupRoute(host, visit.packet.dst);
  if (decision.kind === "local") {
    note(visit, { ...hop, verdict: "continue", note: `${visit.packet.dst} is an address of ${place} itself.` });
    return inputNat(visit, iface) ?? { kind: "deliver", packet: visit.packet, iface };
  }
  if (decision.kind === "none" || decision.kind === "blackhole") {
    const why = `${place} has no route to ${visit.packet.dst}.`;
    note(visit, { ...hop, verdict: "lost", note: why });
    return { kind: "lost", packet: visit.packet, why };
  }
  const expired = countDown(visit, hop);
  if (expired !== null) return expired;
  note(visit, { ...hop, verdict: "continue", note: `${place} has ${viaWords(decision, before.dst)}.` });
  const crossing: Crossing = { inInterface: null, outInterface: decision.dev, nextHop: decision.nextHop };
  return (
    virtualOutput(visit, crossing, iface) ??
    postrouting(visit, crossing) ?? {
      kind: "transmit",
      packet: { ...visit.packet, mark: 0 },
      iface: decision.dev,
      port: null,
      nextHop: decision.nextHop,
    }
  );
}

/** One off the TTL of a packet that is sent on; an outcome when there is none left. */
function countDown(visit: Visit, hop: Omit<HopText, "verdict" | "note">): Outcome | null {
  if (visit.packet.ttl > 1) {
    visit.packet = { ...visit.packet, ttl: visit.packet.ttl - 1 };
    return null;
  }
  const why = `The TTL runs out on ${hostName(visit.host.id)}.`;
  note(visit, { ...hop, verdict: "lost", note: why });
  const from = errorSource(visit, visit.packet);
  if (from === null || isIcmpError(visit.packet)) return { kind: "lost", packet: visit.packet, why };
  return { kind: "answer", packet: icmpError(visit.packet, "time-exceeded", from), related: relatedTo(visit), why };
}

/** Ethernet's, where an interface says nothing else. */
const ETHERNET_MTU = 1500;

/** The MTU of an interface that the packet is too long for, or null. Only packets whose size is known are measured. */
function tooLongFor({ host, packet }: Visit, dev: string): number | null {
  const mtu = interfaceOf(host, dev)?.mtu ?? ETHERNET_MTU;
  return dev !== "lo" && packet.size !== undefined && packet.size > mtu ? mtu : null;
}

/** A packet that may not be fragmented and does not fit: the router says what would (ip_forward: ICMP_FRAG_NEEDED). */
function fits(visit: Visit, hop: Omit<HopText, "verdict" | "note">, dev: string): Outcome | null {
  const mtu = tooLongFor(visit, dev);
  if (mtu === null) return null;
  const why = `The packet of ${visit.packet.size} bytes must not be fragmented and is too long for ${hostName(visit.host.id)}'s ${dev} (MTU ${mtu}).`;
  note(visit, { ...hop, verdict: "lost", note: why });
  const from = errorSource(visit, visit.packet);
  if (from === null || isIcmpError(visit.packet)) return { kind: "lost", packet: visit.packet, why };
  const error = { ...icmpError(visit.packet, "frag-needed", from), mtu };
  return { kind: "answer", packet: error, related: relatedTo(visit), why };
}

/** The route of the packet in hand: with several next hops, the one that its flow's hash picks (fib_multipath_hash_policy 1). */
function routeFor({ host, packet, env }: Visit, dst: string): RouteDecision {
  return lookupRoute(host, dst, (of, to) => {
    // An error is hashed by what it quotes, so that it takes the way of its connection.
    const { src, dst: end, sport, dport, protocol } = packet.quoted === null ? packet : invertTuple(packet.quoted);
    return env.chooser.pick(of, `${host.id} next hop to ${to} for ${protocol} ${src} ${sport} ${end} ${dport}`);
  });
}

function viaWords(decision: Extract<RouteDecision, { kind: "unicast" }>, dst: string): string {
  return decision.via === null
    ? `a route to ${dst} straight out of ${decision.dev} (${decision.text})`
    : `a route to ${decision.text.split(" ")[0] === "default" ? `${dst} by its default route` : (decision.text.split(" ")[0] ?? dst)} via ${decision.via}${decision.of > 1 ? `, which the flow's hash picks out of ${decision.of} next hops` : ""}`;
}

function forwardOut(visit: Visit, iface: string, decision: Extract<RouteDecision, { kind: "unicast" }>): Outcome {
  const { host } = visit;
  const place = hostName(host.id);
  const before = headerOf(visit.packet);
  const hop = { iface, stage: "route" as const, label: "routing", before };
  if (!host.sysctls.ipForward) {
    const why = `${place} does not forward packets: net.ipv4.ip_forward is 0.`;
    note(visit, { ...hop, verdict: "lost", note: why });
    return { kind: "lost", packet: visit.packet, why };
  }
  const expired = countDown(visit, hop) ?? fits(visit, hop, decision.dev);
  if (expired !== null) return expired;
  note(visit, { ...hop, verdict: "continue", note: `${place} has ${viaWords(decision, before.dst)}.` });
  const crossing: Crossing = { inInterface: iface, outInterface: decision.dev, nextHop: decision.nextHop };
  return (
    forward(visit, crossing) ??
    postrouting(visit, crossing) ?? {
      kind: "transmit",
      packet: { ...visit.packet, mark: 0 },
      iface: decision.dev,
      port: null,
      nextHop: decision.nextHop,
    }
  );
}

function localOut(visit: Visit): Outcome {
  const { host } = visit;
  const place = hostName(host.id);
  const first = routeFor(visit, visit.packet.dst);
  const before = headerOf(visit.packet);
  const hop = { iface: null, stage: "route" as const, label: "routing", before };
  if (first.kind === "none" || first.kind === "blackhole") {
    const why = `${place} has no route to ${visit.packet.dst}: Network is unreachable.`;
    note(visit, { ...hop, verdict: "lost", note: why });
    return { kind: "error", packet: visit.packet, errno: "ENETUNREACH", why };
  }
  if (visit.packet.src === "") {
    if (first.source === null) {
      const why = `${place} has no address of the family of ${visit.packet.dst}.`;
      note(visit, { ...hop, verdict: "lost", note: why });
      return { kind: "error", packet: visit.packet, errno: "ENETUNREACH", why };
    }
    visit.packet = { ...visit.packet, src: first.source };
  }
  const mtu = tooLongFor(visit, first.dev);
  if (mtu !== null) {
    const why = `The packet of ${visit.packet.size} bytes must not be fragmented and is too long for ${place}'s ${first.dev} (MTU ${mtu}).`;
    note(visit, { ...hop, verdict: "lost", note: why });
    return { kind: "error", packet: visit.packet, errno: "EMSGSIZE", mtu, why };
  }
  const words =
    first.kind === "local"
      ? `${visit.packet.dst} is an address of ${place} itself.`
      : `${place} has ${viaWords(first, visit.packet.dst)}.`;
  note(visit, {
    ...hop,
    before: { ...before, src: visit.packet.src },
    iface: first.dev,
    verdict: "continue",
    note: words,
  });
  const dialled = visit.packet.dst;
  const end = output(visit, { inInterface: null, outInterface: first.dev, nextHop: first.nextHop });
  if (end !== null) return end;
  const virtual = virtualRequest(visit, "OUTPUT", first.dev);
  if (virtual !== null && virtual !== "rewritten") return virtual;
  let decision: RouteDecision = first;
  if (visit.packet.dst !== dialled) {
    // ip_route_me_harder: nat OUTPUT changed the destination, so the packet is routed again; the source stays.
    const header = headerOf(visit.packet);
    decision = routeFor(visit, visit.packet.dst);
    const again = { iface: null, stage: "route" as const, label: "routing again", before: header };
    if (decision.kind === "none" || decision.kind === "blackhole") {
      const why = `${place} has no route to ${visit.packet.dst}.`;
      note(visit, { ...again, verdict: "lost", note: why });
      return { kind: "error", packet: visit.packet, errno: "ENETUNREACH", why };
    }
    if (isLoopback(visit.packet.src) && decision.dev !== "lo" && !host.sysctls.routeLocalnet) {
      const why = `${place} drops the packet: ${visit.packet.src} must not leave by ${decision.dev} unless route_localnet is 1.`;
      note(visit, { ...again, verdict: "lost", note: why });
      return { kind: "lost", packet: visit.packet, why };
    }
    if (virtual === "rewritten" && decision.kind === "unicast") {
      // Unlike nat, IPVS counts itself as a hop even for its own host (__ip_vs_get_out_rt).
      const expired = countDown(visit, again);
      if (expired !== null) return expired;
    }
    const newRoute =
      decision.kind === "local" ? `it is ${place}'s own` : `${place} has ${viaWords(decision, visit.packet.dst)}`;
    note(visit, {
      ...again,
      iface: decision.dev,
      verdict: "continue",
      note: `The destination has changed, so the packet is routed again: ${newRoute}.`,
    });
  }
  const crossing: Crossing = { inInterface: null, outInterface: decision.dev, nextHop: decision.nextHop };
  const stopped = outputFilter(visit, crossing) ?? postrouting(visit, crossing);
  if (stopped !== null) return stopped;
  if (decision.dev === "lo") {
    // The packet keeps its mark and its tie to the connection across lo.
    return ipIn(visit, "lo");
  }
  return {
    kind: "transmit",
    packet: { ...visit.packet, mark: 0 },
    iface: decision.dev,
    port: null,
    nextHop: decision.nextHop,
  };
}

/**
 * A frame on a bridge port. With bridge-nf-call-iptables it passes PREROUTING before the bridge decides (br_nf_pre_routing); if its
 * destination changed there, a route out of the same bridge means that it is still bridged (br_nf_pre_routing_finish),
 * without a TTL decrement. Without it, a frame for another port never meets a hook.
 */
function bridgeIn(visit: Visit, port: Interface, bridge: Interface, nextHop: string): Outcome {
  visit.inPort = port.name;
  const forBridge = bridge.addresses.some((a) => a.ip === nextHop);
  if (!visit.host.sysctls.bridgeNfCallIptables) {
    return forBridge ? ipIn(visit, bridge.name) : switched(visit, port, bridge, nextHop, false);
  }
  const dialled = visit.packet.dst;
  const end = prerouting(visit, bridge.name);
  if (end !== null) return end;
  if (visit.packet.dst !== dialled) {
    const decision = lookupRoute(visit.host, visit.packet.dst);
    if (decision.kind === "unicast" && decision.dev === bridge.name) {
      return switched(visit, port, bridge, decision.nextHop, true);
    }
    return routeIn(visit, bridge.name);
  }
  return forBridge ? routeIn(visit, bridge.name) : switched(visit, port, bridge, nextHop, true);
}

function switched(visit: Visit, from: Interface, bridge: Interface, nextHop: string, hooks: boolean): Outcome {
  const { host } = visit;
  const place = hostName(host.id);
  const before = headerOf(visit.packet);
  const hop = { iface: bridge.name, stage: "route" as const, label: "routing", before };
  const out = host.interfaces.find((i) => i.master === bridge.name && i.neighbours.includes(nextHop));
  if (out === undefined) {
    note(visit, {
      ...hop,
      verdict: "lost",
      note: `Nobody on ${place}'s bridge ${bridge.name} answers for ${nextHop}.`,
    });
    const outcome = noNeighbour(host, visit.state, visit.packet, nextHop, false, visit.env);
    // The packet waits for ARP with its conntrack entry, which icmp_send ties the error to (icmp_glue_bits, nf_ct_attach).
    return outcome.kind === "answer" ? { ...outcome, related: relatedTo(visit), late: true } : outcome;
  }
  if (out === from && !out.hairpin) {
    const why = `${place}'s bridge ${bridge.name} does not send a frame back out of the port it came in by: hairpin mode is off.`;
    note(visit, { ...hop, verdict: "lost", note: why });
    return { kind: "lost", packet: visit.packet, why };
  }
  const silent = hooks ? "" : "; bridge-nf-call-iptables is 0, so no hook sees it";
  const back = out === from ? ", out of the port it came in by (hairpin)" : "";
  note(visit, {
    ...hop,
    verdict: "continue",
    note: `${nextHop} is on ${place}'s bridge ${bridge.name} too, so the frame is switched, not routed${back}${silent}.`,
  });
  const crossing: Crossing = { inInterface: bridge.name, outInterface: bridge.name, nextHop };
  const end = hooks ? (forward(visit, crossing) ?? postrouting(visit, crossing)) : null;
  return end ?? { kind: "transmit", packet: { ...visit.packet, mark: 0 }, iface: bridge.name, port: out.name, nextHop };
}
