import { cidrContains } from "../base/ip.ts";
import { findEntry, invertTuple, track, tupleOf, withEntry } from "../kernel/conntrack.ts";
import type { Host } from "../kernel/host.ts";
import { type NatContext, bind, translate } from "../kernel/nat.ts";
import { destinationText, headerOf, isIcmpError, sourceText } from "../kernel/packet.ts";
import { lookupRoute } from "../kernel/route.ts";
import { type Environment, type StackResult, type Visit, beginVisit, endVisit, note } from "../kernel/visit.ts";
import type { HostState } from "../kernel/conntrack.ts";
import type { Service } from "../model/service/types.ts";
import type { HostId, Packet, Verdict } from "../model/trace/types.ts";
import { familyOf } from "./addresses.ts";
import type { BalancerTarget, ClusterView, NetworkState } from "./types.ts";

const LABEL = "load balancer";

function lost(visit: Visit, why: string): StackResult {
  note(visit, { iface: "eth0", stage: "lb", label: LABEL, before: headerOf(visit.packet), verdict: "lost", note: why });
  return endVisit(visit, { kind: "lost", packet: visit.packet, why });
}

function out(visit: Visit, nextHop: string): StackResult {
  return endVisit(visit, { kind: "transmit", packet: visit.packet, iface: "eth0", port: null, nextHop });
}

function toNextHop(visit: Visit): StackResult {
  const route = lookupRoute(visit.host, visit.packet.dst);
  if (route.kind !== "unicast") return lost(visit, `The load balancer has no route to ${visit.packet.dst}.`);
  return out(visit, route.nextHop);
}

/** Where clouds look for ranges when the Service's field has none. */
const RANGES_ANNOTATION = "service.beta.kubernetes.io/load-balancer-source-ranges";

/** The ranges that clients of a Service's balancer must be in, as a cloud's controller reads them; none: everyone may come. */
export function sourceRangesOf({ metadata, spec }: Service): readonly string[] {
  const stated = (spec.loadBalancerSourceRanges ?? []).map((range) => range.trim());
  if (stated.length > 0) return stated;
  const annotated = metadata.annotations?.[RANGES_ANNOTATION] ?? "";
  return annotated
    .split(",")
    .map((range) => range.trim())
    .filter((range) => range !== "");
}

/** Who may be given a new flow, and in words why they. */
function candidates(targets: readonly BalancerTarget[]): {
  readonly among: readonly BalancerTarget[];
  readonly say: (chosen: BalancerTarget) => string;
} {
  const healthy = targets.filter((target) => target.healthy);
  const kind = targets[0]?.pod === null ? "node" : "target";
  const nameOf = ({ name, pod }: BalancerTarget): string => (pod === null ? name : `pod ${name}`);
  if (healthy.length === 0) {
    return {
      among: targets,
      say: (chosen) =>
        `${nameOf(chosen)}, although no ${kind} passes its health check (it fails open to all ${targets.length}),`,
    };
  }
  const one = healthy.length === 1;
  return {
    among: healthy,
    say: (chosen) =>
      `${nameOf(chosen)}, ${one ? `the only healthy ${kind},` : `one of ${healthy.length} healthy ${kind}s,`}`,
  };
}

/**
 * Ways that are followed each on its own where a packet comes by over and over. A node without rules for a balancer's address sends what
 * it is handed back to the balancer, with its own address as the source: to the balancer that is another flow, for any node again, until
 * it is handed to the node whose address it carries, or its TTL is used up.
 */
const MAX_FOLLOWED = 64;

/**
 * A packet at a cloud load balancer, which forwards packets and never terminates connections. `nodePort` and `pod`: a new flow is
 * bound to a healthy target by DNAT to nodeIP:nodePort or podIP:targetPort (and, with source snat, SNAT to the balancer's address);
 * its flow table rewrites everything after, both ways. `vip`: the header is kept and the frame handed to a healthy node, whose own
 * rules answer for the address; the reply does not come back here. The TTL is not touched. A port that the Service does not have,
 * and a balancer without targets, drop in silence, as packet-forwarding clouds do: the client times out. So does a ping. Clients out
 * of the Service's loadBalancerSourceRanges are dropped by the firewall (AWS: security group, Google: firewall rule) in front of it. When no
 * target is healthy, all of them are tried: AWS's network load balancers fail open, and Google's pass-through ones use all backends as
 * a last resort. `pass`: how often packets of this walk have come by, this one included.
 */
export function balance(
  view: ClusterView,
  host: Host,
  state: HostState,
  packet: Packet,
  env: Environment,
  pass = 1,
): StackResult {
  const ip = host.id.slice("lb/".length);
  const visit = beginVisit(host, state, packet, env);
  const service = view.loadBalancer(ip);
  const before = headerOf(packet);
  const { state: next, tracked } = track(state, packet, env.now);
  if (tracked !== null && tracked.confirmed) {
    visit.state = next;
    visit.packet = translate(translate(packet, tracked, "dst"), tracked, "src");
    const back = tracked.direction === "reply";
    const verdict: Verdict = back ? "undo-dnat" : "dnat";
    const words = back
      ? `sets the source back to ${sourceText(visit.packet)}`
      : `sends it to ${destinationText(visit.packet)}`;
    note(visit, {
      iface: "eth0",
      stage: "lb",
      label: LABEL,
      before,
      verdict,
      note: `The load balancer knows this flow and ${words}.`,
    });
    return toNextHop(visit);
  }
  if (service === undefined) return lost(visit, `No Service has the address ${ip}.`);
  if (packet.protocol === "icmp" || isIcmpError(packet))
    return lost(visit, "The load balancer does not answer or forward ICMP.");
  const port = service.spec.ports?.find((p) => p.port === packet.dport && p.protocol.toLowerCase() === packet.protocol);
  const name = `${service.metadata.namespace ?? "default"}/${service.metadata.name}`;
  if (packet.dst !== ip || port === undefined) {
    return lost(
      visit,
      `The load balancer has no listener for ${destinationText(packet)}/${packet.protocol.toUpperCase()} and drops the packet.`,
    );
  }
  const ranges = sourceRangesOf(service);
  // With kept headers the nodes' own rules (KUBE-FW) sort clients out.
  if (
    view.cloud.loadBalancer !== "vip" &&
    ranges.length > 0 &&
    !ranges.some((range) => cidrContains(range, packet.src))
  ) {
    return lost(
      visit,
      `The load balancer's firewall drops the packet: loadBalancerSourceRanges of ${name} lets in ${ranges.join(", ")}, and ${packet.src} is in none of them.`,
    );
  }
  const family = familyOf(ip);
  const addressOf = (target: BalancerTarget): string | undefined =>
    target.addresses.find((address) => familyOf(address) === family);
  const { among, say } = candidates(view.targetsOf(service).filter((target) => addressOf(target) !== undefined));
  const flow = `${env.flow} ${host.id} ${packet.protocol} ${sourceText(packet)}>${destinationText(packet)}`;
  const isFollowed = pass === 1 || among.length ** pass <= MAX_FOLLOWED;
  const purpose = `${flow} node`;
  const index =
    among.length <= 1
      ? 0
      : isFollowed
        ? env.chooser.pick(among.length, purpose)
        : env.chooser.sample(among.length, purpose);
  const target = among[index];
  const address = target === undefined ? undefined : addressOf(target);
  if (target === undefined || address === undefined)
    return lost(visit, `The load balancer of ${name} has no target; it drops the packet.`);
  const chosen = say(target);
  if (view.cloud.loadBalancer === "vip") {
    note(visit, {
      iface: "eth0",
      stage: "lb",
      label: LABEL,
      before,
      verdict: "continue",
      note: `The load balancer hands the packet to ${chosen} and keeps the header; ${pass === 1 ? `the node's own rules answer for ${ip}` : `it has come back from a node that has no rules for ${ip}${isFollowed ? "" : ", and goes round so often that one way stands for all of them"}`}.`,
    });
    return out(visit, address);
  }
  const to =
    target.pod === null
      ? port.nodePort
      : target.pod.ports.find((p) => p.name === (port.name ?? "") && p.protocol === port.protocol)?.port;
  if (to === undefined) {
    const missing = target.pod === null ? "has no nodePort" : `is not served by pod ${target.name}`;
    return lost(visit, `Port ${port.port} of ${name} ${missing}, so the load balancer has no target.`);
  }
  if (tracked === null)
    return lost(visit, `The load balancer knows no flow that ${sourceText(packet)} could belong to.`);
  const context: NatContext = {
    host,
    state: next,
    now: env.now,
    chooser: env.chooser,
    flow,
    outInterface: null,
    nextHop: null,
  };
  const snat = view.cloud.source === "snat";
  const bound = bind(
    bind(tracked, "dst", { kind: "dnat", to: { ip: address, port: to } }, context),
    "src",
    snat ? { kind: "snat", to: { ip, port: null } } : { kind: "accept" },
    context,
  );
  visit.state = withEntry(next, bound.entry, env.now);
  visit.packet = translate(translate(packet, bound, "dst"), bound, "src");
  const source = snat
    ? `the source becomes the balancer's own ${sourceText(visit.packet)}`
    : "the client's address is kept";
  note(visit, {
    iface: "eth0",
    stage: "lb",
    label: LABEL,
    before,
    verdict: "dnat",
    note: `The load balancer picks ${chosen} and rewrites the destination to ${destinationText(visit.packet)}; ${source}.`,
  });
  return toNextHop(visit);
}

/**
 * The balancer whose flow table expects this packet as an answer. The cloud's fabric hands such packets to it even though
 * their destination is the client: that is how a balancer that keeps the client's address still sees the replies.
 */
export function flowHolder(state: NetworkState, packet: Packet, now: number): HostId | null {
  const tuple = isIcmpError(packet) && packet.quoted !== null ? invertTuple(tupleOf(packet.quoted)) : tupleOf(packet);
  for (const id of Object.keys(state.hosts).sort() as HostId[]) {
    if (!id.startsWith("lb/")) continue;
    const found = findEntry(state.hosts[id]?.conntrack ?? [], tuple, now);
    if (found !== null && found.direction === "reply" && found.entry.dnat) return id;
  }
  return null;
}
