/** Clean-up of stale connections after a sync. Source: CleanStaleEntries in pkg/proxy/conntrack/cleanup.go of 1.32 and later. */
import { formatIP, joinHostPort, parseIP } from "../base/ip.ts";
import type { ConntrackEntry } from "../kernel/conntrack.ts";
import type { ProxyView } from "./view.ts";

/** An entry that may be of interest: only UDP's. Whoever speaks TCP or SCTP notices by itself. */
export function mayBeStale({ original, expiresAt }: ConntrackEntry, now: number): boolean {
  return original.protocol === "udp" && expiresAt > now;
}

/**
 * Entries of a node's table that kube-proxy deletes: UDP flows to a Service's address or node port that do not lead to one of its
 * serving endpoints. A Service without any is left alone, so what it had stays until it expires.
 */
export function staleEntries(
  entries: readonly ConntrackEntry[],
  views: readonly ProxyView[],
  now: number,
): readonly ConntrackEntry[] {
  const byAddress = new Map<string, ReadonlySet<string>>();
  const byNodePort = new Map<string, ReadonlySet<string>>();
  for (const { family, entries: services } of views) {
    for (const { port, endpoints } of services) {
      if (port.protocol !== "udp") continue;
      const serving = new Set(endpoints.filter((e) => e.serving).map(({ ip, port: at }) => joinHostPort(ip, at)));
      if (serving.size === 0) continue;
      const own = [port.clusterIP, ...[...port.loadBalancerVIPs, ...port.externalIPs].map(({ value }) => value)];
      for (const ip of own) byAddress.set(joinHostPort(ip, port.port), serving);
      if (port.nodePort !== null) byNodePort.set(`${family} ${port.nodePort}`, serving);
    }
  }
  return entries.filter((entry) => {
    if (!mayBeStale(entry, now)) return false;
    const { original, reply } = entry;
    const dialled = parseIP(original.dst);
    const serving =
      byAddress.get(joinHostPort(dialled === null ? original.dst : formatIP(dialled), original.dport)) ??
      byNodePort.get(`${dialled?.family ?? 4} ${original.dport}`);
    return serving !== undefined && !serving.has(joinHostPort(reply.src, reply.sport));
  });
}
