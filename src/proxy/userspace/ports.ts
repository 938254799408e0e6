import { drawBelow } from "../../base/draw.ts";
import type { ServiceEntry, ServicePortView } from "../view.ts";
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

/** Does a Service port keep its proxy port, and leave all others theirs? */
export function keepsPort(a: ServicePortView, b: ServicePortView): boolean {
  return a === b || identity(a) === identity(b);
}

interface PortRange {
  readonly first: number;
  readonly step: number;
  readonly count: number;
}

/** What bind() gives: of portRange any; of port 0 for TCP an odd one, as Linux keeps the even ones for connect(), for UDP any. */
function rangeOf(protocol: "tcp" | "udp", { portRange }: Settings): PortRange {
  if (portRange !== null) return { first: portRange.from, step: 1, count: portRange.to - portRange.from + 1 };
  const size = EPHEMERAL.to - EPHEMERAL.from + 1;
  // inet_csk_find_open_port.
  return protocol === "tcp"
    ? { first: EPHEMERAL.from + 1, step: 2, count: size / 2 }
    : { first: EPHEMERAL.from, step: 1, count: size };
}

/** Where in its range a Service port begins to look for a free proxy port. */
export function drawStart({ port }: ServiceEntry, settings: Settings): number {
  if (port.protocol === "sctp") return 0;
  const seed = `${settings.node.name} proxy port ${identity(port)}`;
  return drawBelow(0, seed, rangeOf(port.protocol, settings).count);
}

/**
 * The proxy port of each entry; null for one that has got none, because the range is used up or because it is SCTP, which is not
 * proxied. kube-proxy draws them; here the draw (`starts`, one of {@link drawStart} per entry) is keyed by node and Service port, so
 * that others coming and going do not move it (but for those that draw the same number: then the later name takes the next free one).
 */
export function proxyPorts(
  entries: readonly ServiceEntry[],
  starts: readonly number[],
  settings: Settings,
): readonly (number | null)[] {
  const taken = { tcp: new Set<number>(), udp: new Set<number>() };
  for (const { port } of entries) {
    if (port.nodePort !== null && port.protocol !== "sctp") taken[port.protocol].add(port.nodePort);
  }
  const ranges = { tcp: rangeOf("tcp", settings), udp: rangeOf("udp", settings) };
  return entries.map(({ port: { protocol } }, at) => {
    if (protocol === "sctp") return null;
    const range = ranges[protocol];
    const used = taken[protocol];
    const start = starts[at] as number;
    for (let i = 0; i < range.count; i++) {
      const candidate = range.first + range.step * ((start + i) % range.count);
      if (used.has(candidate)) continue;
      used.add(candidate);
      // portRange is shared: a number that it has given for TCP is not given for UDP.
      if (settings.portRange !== null) taken[protocol === "tcp" ? "udp" : "tcp"].add(candidate);
      return candidate;
    }
    return null;
  });
}
