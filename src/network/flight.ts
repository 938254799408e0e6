/** A packet in flight: host after host, and the wires between them. */
import { assert } from "../base/assert.ts";
import { tupleOf } from "../kernel/conntrack.ts";
import { type Host, hostName } from "../kernel/host.ts";
import { aKind, destinationText, headerOf } from "../kernel/packet.ts";
import { noNeighbour, receive, send as transmit } from "../kernel/stack.ts";
import { type Outcome, type StackResult, draftHop } from "../kernel/visit.ts";
import type { HostId, Packet } from "../model/trace/types.ts";
import { nodeAddresses } from "./addresses.ts";
import { atSocket } from "./arrival.ts";
import { balance, flowHolder } from "./balancer.ts";
import { type End, type Flight, type Journey, end, isDown, lostSummary, record, stateOf } from "./journey.ts";
import { ARP_FAILURE } from "./timing.ts";
import { ROUTER } from "./topology/router.ts";
import type { LinkEnd } from "./topology/topology.ts";
import { throughTunnel } from "./tunnel.ts";

/** No sane walk visits more hosts than this; a routing loop ends by its TTL first. */
const MAX_VISITS = 200;

/** From where it starts to its end, whatever that is: answers travel on from where they are made. */
export function fly(journey: Journey, start: Flight): End {
  let flight = start;
  for (let visits = 0; visits < MAX_VISITS; visits++) {
    const next = step(journey, flight);
    if ("outcome" in next) return next;
    flight = next;
  }
  return end("timeout", "The packet goes in circles.");
}

/** One stay on one host and the wire after it. */
function step(journey: Journey, flight: Flight): Flight | End {
  const { topology, env, recorder } = journey;
  const host = topology.host(flight.host);
  assert(host !== undefined, `a link leads to a host: ${flight.host}`);
  const opening = journey.waiting === null;
  if (opening) announce(journey, host, flight.packet, journey.resolved.sender);
  const diverted = host.id === ROUTER && flight.frame !== null ? divert(journey, host, flight.packet) : null;
  if (diverted !== null) return diverted;
  const fenced = host.id === ROUTER && flight.frame !== null ? fencedOff(journey, host, flight.packet) : null;
  if (fenced !== null) return fenced;
  const state = stateOf(journey, host.id);
  let result: StackResult;
  if (flight.frame === null) result = transmit(host, state, flight.packet, env, flight.related);
  else if (host.id.startsWith("lb/"))
    result = balance(journey.view, host, state, flight.packet, env, passOf(journey, host));
  else result = receive(host, state, { packet: flight.packet, ...flight.frame }, env);
  if (opening) journey.waiting = tupleOf(flight.packet);
  record(journey, host.id, result);
  return follow(journey, host, result.outcome, flight.frame === null && !recorder.turned);
}

/** How often packets of this walk have come by, this one included. */
function passOf({ passes }: Journey, { id }: Host): number {
  const pass = (passes.get(id) ?? 0) + 1;
  passes.set(id, pass);
  return pass;
}

/** The first hop of a walk: what its sender sends. */
export function announce({ recorder }: Journey, host: Host, packet: Packet, sender: string): void {
  const before = headerOf(packet);
  recorder.add(
    host.id,
    draftHop(
      {
        iface: null,
        stage: "client",
        label: sender,
        before,
        verdict: "continue",
        note: `${sender} sends ${aKind(packet)} to ${destinationText(packet)}.`,
      },
      before,
    ),
  );
}

/**
 * A cloud's security group in front of the nodes: stateful, so what answers a node passes, and on the balancers' side of it. Null:
 * it lets the packet pass, or there is none.
 */
function fencedOff(journey: Journey, router: Host, packet: Packet): End | null {
  const { view, recorder } = journey;
  if (view.cloud.nodePorts !== "closed" || recorder.turned || packet.protocol === "icmp") return null;
  const { from, to } = view.cluster.nodePortRange;
  if (packet.dport < from || packet.dport > to) return null;
  const node = view.nodes().find((one) => nodeAddresses(one).includes(packet.dst));
  if (node === undefined) return null;
  const why = `The security group of ${node.metadata.name} lets nobody outside reach node ports: the cloud's network drops what is sent to ${destinationText(packet)}.`;
  const before = headerOf(packet);
  const hop = {
    iface: "eth0",
    stage: "route" as const,
    label: "security group",
    before,
    verdict: "drop" as const,
    note: why,
  };
  recorder.add(router.id, draftHop(hop, before));
  return end("timeout", lostSummary(journey, why));
}

/** The fabric hands packets that answer a balancer's flow to the balancer, whatever their destination. */
function divert(journey: Journey, router: Host, packet: Packet): Flight | null {
  const holder = holderOf(journey, packet);
  if (holder === null) return null;
  const header = headerOf(packet);
  const base = { iface: "eth0", before: header, verdict: "continue" as const };
  const ip = holder.slice("lb/".length);
  journey.recorder.add(
    router.id,
    draftHop(
      {
        ...base,
        stage: "route",
        label: "routing",
        note: `The packet answers a flow of the load balancer ${ip}, so the cloud's network hands it there.`,
      },
      header,
    ),
  );
  journey.recorder.add(
    router.id,
    draftHop(
      { ...base, stage: "link", label: "wire", to: holder, note: `The packet goes to the load balancer ${ip}.` },
      header,
    ),
  );
  return { host: holder, packet, frame: { iface: "eth0", nextHop: ip } };
}

function holderOf(journey: Journey, packet: Packet): HostId | null {
  const holder = flowHolder({ hosts: journey.hosts }, packet, journey.env.now);
  return holder === null || journey.topology.host(holder) === undefined ? null : holder;
}

/** Where a packet that leaves a machine really goes: the cloud's network takes answers to a balancer's flows off the link, too. */
function inCloud(journey: Journey, host: Host, packet: Packet, link: LinkEnd): LinkEnd {
  if (!host.id.startsWith("node/") || link.iface !== "eth0" || link.host === ROUTER || link.host.startsWith("pod/"))
    return link;
  const holder = holderOf(journey, packet);
  if (holder === null || holder === link.host) return link;
  return { host: holder, iface: "eth0", why: "because it answers a flow of it and the cloud's network hands it there" };
}

/**
 * Did a rule of the sender's own host drop the packet on its way out? Then sendto() itself fails (nf_hook_slow gives -EPERM to
 * ip_local_out); TCP's connect() does not look and waits.
 */
function fellAtHome({ resolved, recorder }: Journey): boolean {
  const last = recorder.request().at(-1);
  const isOwn = last?.verdict === "drop" && last.place === resolved.host;
  return isOwn && /\/(OUTPUT|POSTROUTING)$/.test(last.stage) && /^(udp|icmp)$/.test(resolved.protocol);
}

function follow(journey: Journey, host: Host, outcome: Outcome, local: boolean): Flight | End {
  const { topology, recorder, env } = journey;
  switch (outcome.kind) {
    case "transmit": {
      const { packet, iface, port, nextHop } = outcome;
      const found = topology.neighbour(host, iface, port, nextHop);
      // A cloud's network takes packets for a machine that is off and says nothing; on a wire of one's own ARP fails.
      const isDark = journey.view.cloud.loadBalancer === "none" && isDown(journey, found?.host);
      const link = found === null || isDark ? null : inCloud(journey, host, packet, found);
      const header = headerOf(packet);
      const base = { iface, stage: "link" as const, label: "wire", before: header };
      if (found?.tunnel !== undefined) return throughTunnel(journey, host, outcome, { ...found, tunnel: found.tunnel });
      if (link === null) {
        recorder.add(
          host.id,
          draftHop(
            {
              ...base,
              verdict: "lost",
              note: `Nobody answers ${hostName(host.id)} on the link for ${nextHop}${found === null ? "" : `: ${hostName(found.host)} is down`}.`,
            },
            header,
          ),
        );
        recorder.wait(ARP_FAILURE);
        return follow(journey, host, noNeighbour(host, stateOf(journey, host.id), packet, nextHop, local, env), local);
      }
      recorder.add(
        host.id,
        draftHop(
          {
            ...base,
            to: link.host,
            verdict: "continue",
            note: `The packet leaves ${hostName(host.id)} by ${iface} for ${hostName(link.host)}${link.why === undefined ? "" : `, ${link.why}`}.`,
          },
          header,
        ),
      );
      if (isDown(journey, link.host)) {
        const why = `${hostName(link.host)} is down: nobody there receives the packet.`;
        recorder.add(link.host, draftHop({ ...base, iface: link.iface, verdict: "lost", note: why }, header));
        return end("timeout", lostSummary(journey, why));
      }
      return { host: link.host, packet, frame: { iface: link.iface, nextHop } };
    }
    case "answer":
      if (outcome.late === true) recorder.wait(ARP_FAILURE);
      recorder.turn();
      return { host: host.id, packet: outcome.packet, frame: null, related: outcome.related };
    case "lost":
      return local && fellAtHome(journey)
        ? end("refused", outcome.why, { errno: "EPERM" })
        : end("timeout", lostSummary(journey, outcome.why));
    case "error":
      // A datagram has left sendto() long before ARP gives up, and what comes then a UDP socket is not told.
      return local && !(outcome.errno === "EHOSTUNREACH" && journey.resolved.protocol === "udp")
        ? end("unreachable", outcome.why, {
            errno: outcome.errno,
            ...(outcome.mtu === undefined ? {} : { mtu: outcome.mtu }),
          })
        : end("timeout", lostSummary(journey, outcome.why));
    case "deliver":
      return atSocket(journey, host, outcome.packet, outcome.iface);
  }
}
