import { type Host, hostName } from "../kernel/host.ts";
import { DEFAULT_TTL, destinationText, headerOf, sourceText } from "../kernel/packet.ts";
import { type Outcome, draftHop } from "../kernel/visit.ts";
import type { Header, Packet } from "../model/trace/types.ts";
import { familyOf } from "./addresses.ts";
import { type End, type Flight, type Journey, end, isDown, lostSummary } from "./journey.ts";
import { OVERHEAD, UNDERLAY_MTU, VNI, VXLAN_PORT } from "./topology/overlay.ts";
import type { LinkEnd } from "./topology/topology.ts";

/** net.ipv4.ip_local_port_range, out of which the outer source port comes (udp_flow_src_port). */
const PORTS = { from: 32_768, count: 28_232 } as const;

type Transmit = Extract<Outcome, { kind: "transmit" }>;
type Tunnel = LinkEnd & { readonly tunnel: NonNullable<LinkEnd["tunnel"]> };

/** The UDP header around a packet: from node to node, with a source port that is a hash of the flow within. */
function outerHeader(journey: Journey, host: Host, { src, dst }: Tunnel["tunnel"], packet: Packet): Header {
  const flow = `${packet.protocol} ${packet.src} ${packet.sport} ${packet.dst} ${packet.dport}`;
  const hash = journey.env.chooser.sample(PORTS.count, `${host.id} outer source port of ${flow}`);
  return { src, dst, sport: PORTS.from + hash, dport: VXLAN_PORT, protocol: "udp", mark: 0, ttl: DEFAULT_TTL };
}

/**
 * A packet leaves by flannel.1: it is wrapped in UDP, crosses the nodes' network as a packet of the two nodes, and comes out of the
 * other's flannel.1 as it was. Its own TTL is not touched on the way. The static entries of flanneld answer instead of ARP; when the
 * other node is off, ARP fails for the outer packet, of which the sender of the inner one never hears.
 */
export function throughTunnel(journey: Journey, host: Host, { packet, iface }: Transmit, link: Tunnel): Flight | End {
  const { recorder } = journey;
  const header = headerOf(packet);
  const outer = outerHeader(journey, host, link.tunnel, packet);
  const here = hostName(host.id);
  const there = hostName(link.host);
  const wrapped = `UDP ${sourceText(outer)} → ${destinationText(outer)}`;
  const wire = { iface: "eth0", stage: "link" as const, label: "wire", before: header };
  const tunnel = { stage: "tunnel" as const, before: header, verdict: "continue" as const };
  const wrapping = `${here}'s ${iface} wraps the packet for ${there}: ${wrapped}, VXLAN network ${VNI}.`;
  recorder.add(host.id, {
    ...draftHop({ ...tunnel, iface, label: "encapsulated", note: wrapping }, header),
    outer,
  });
  const whole = packet.size === undefined ? 0 : packet.size + OVERHEAD[familyOf(outer.dst)];
  const pieces = whole > UNDERLAY_MTU ? `, in fragments, since ${whole} bytes do not fit the wire` : "";
  const crossing = `On the wire from ${here} to ${there} it is a packet of the nodes: ${wrapped}${pieces}.`;
  recorder.add(host.id, {
    ...draftHop({ ...wire, to: link.host, verdict: "continue", note: crossing }, header),
    outer,
  });
  if (isDown(journey, link.host)) {
    const why = `${there} is down: nobody there unwraps the packet.`;
    recorder.add(link.host, { ...draftHop({ ...wire, verdict: "lost", note: why }, header), outer });
    return end("timeout", lostSummary(journey, why));
  }
  const unwrapping = `${there} unwraps the packet: it comes out of ${link.iface} as it was.`;
  recorder.add(link.host, {
    ...draftHop({ ...tunnel, iface: link.iface, label: "decapsulated", note: unwrapping }, header),
    outer,
  });
  return { host: link.host, packet, frame: { iface: link.iface, nextHop: link.tunnel.dst } };
}
