import { drawBelow } from "../../base/draw.ts";
import type { ProxyView, ServicePortView } from "../view.ts";
import type { Settings } from "./settings.ts";

/** net.ipv4.ip_local_port_range. */
const EPHEMERAL = { from: 32_768, to: 60_999 } as const;

/**
 * What a Service port must keep for its proxy port to stay: when any of it changes, kube-proxy closes the port and opens another
 * (sameConfig in proxier.go; the affinity timeout is not among it).
 */
function identity(port: ServicePortView): string {
  return [
    port.name,
    port.protocol,
    port.port,
    port.nodePort ?? 0,
    port.clusterIP,
    ...port.externalIPs.map(({ value }) => value),
    "/",
    ...port.loadBalancerVIPs.map(({ value }) => value),
    port.affinitySeconds === null ? "None" : "ClientIP",
  ].join(" ");
}

/**
 * What bind() to port 0 gives: for TCP an odd port, as Linux keeps the even ones for connect() (inet_csk_find_open_port), for UDP any.
 */
function ephemeral(protocol: "tcp" | "udp"): { readonly first: number; readonly step: number; readonly count: number } {
  const size = EPHEMERAL.to - EPHEMERAL.from + 1;
  return protocol === "tcp"
    ? { first: EPHEMERAL.from + 1, step: 2, count: size / 2 }
    : { first: EPHEMERAL.from, step: 1, count: size };
}

/**
 * The proxy port of each Service port, by name; a port that is missing has got none, because the range is used up. kube-proxy
 * draws them; here the draw is keyed by node and Service port, so that others coming and going do not move it (but for the rare
 * pair that draws the same number: then the later name takes the next free one). SCTP is not proxied.
 */
export function proxyPorts(view: ProxyView, settings: Settings): ReadonlyMap<string, number> {
  const { portRange } = settings;
  const taken = { tcp: new Set<number>(), udp: new Set<number>() };
  for (const { port } of view.entries) {
    if (port.nodePort !== null && port.protocol !== "sctp") taken[port.protocol].add(port.nodePort);
  }
  const ports = new Map<string, number>();
  for (const { port } of view.entries) {
    if (port.protocol === "sctp") continue;
    const range =
      portRange === null
        ? ephemeral(port.protocol)
        : { first: portRange.from, step: 1, count: portRange.to - portRange.from + 1 };
    const used = taken[port.protocol];
    const start = drawBelow(0, `${settings.node.name} proxy port ${identity(port)}`, range.count);
    for (let i = 0; i < range.count; i++) {
      const candidate = range.first + range.step * ((start + i) % range.count);
      if (used.has(candidate)) continue;
      used.add(candidate);
      // A range is shared: a number that it has given for TCP is not given for UDP.
      if (portRange !== null) taken[port.protocol === "tcp" ? "udp" : "tcp"].add(candidate);
      ports.set(port.name, candidate);
      break;
    }
  }
  return ports;
}
