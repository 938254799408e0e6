import { MINUTE, type Micros } from "../../base/time.ts";
import type { Destination, Load, VirtualServer } from "../../kernel/ipvs/types.ts";
import type { ProxyConfig } from "../../model/config/types.ts";
import type { ProxyNode } from "../node.ts";
import type { ProxyView } from "../view.ts";
import { compileIpvs, type CompiledIpvs } from "./compile.ts";

/** How often kube-proxy looks whether drained servers have lost their last connection (rsCheckDeleteInterval). */
export const DRAIN_CHECK_INTERVAL: Micros = MINUTE;

/** What stands in the kernel after a sync, drained servers included. */
export interface SyncedServers {
  readonly compiled: CompiledIpvs;
  /** The compiled servers plus, with weight 0, the destinations that are being drained. */
  readonly servers: readonly VirtualServer[];
  /** When kube-proxy looks at drained servers next; null while there are none. */
  readonly nextCheck: Micros | null;
}

/** Connections that a destination of a virtual server has now. */
export type LoadOf = (server: VirtualServer, destination: Destination) => Load;

/** TCP is drained; UDP and SCTP servers go at once, and their connections with their next packet (expire_nodest_conn). */
function mustDrain(server: VirtualServer, destination: Destination, loadOf: LoadOf): boolean {
  if (server.protocol !== "tcp") return false;
  const { active, inactive } = loadOf(server, destination);
  return active + inactive > 0;
}

/** The virtual servers that are wanted, each with those of its old destinations that still have connections. */
function withDraining(
  wanted: readonly VirtualServer[],
  standing: readonly VirtualServer[],
  keeps: (server: VirtualServer, destination: Destination) => boolean,
): readonly VirtualServer[] {
  const before = new Map(standing.map((server) => [server.id, server]));
  return wanted.map((server) => {
    const current = new Set(server.destinations.map((d) => d.key));
    const draining = (before.get(server.id)?.destinations ?? []).filter((d) => !current.has(d.key) && keeps(server, d));
    if (draining.length === 0) return server;
    return { ...server, destinations: [...server.destinations, ...draining.map((d) => ({ ...d, weight: 0 }))] };
  });
}

function isDraining(servers: readonly VirtualServer[]): boolean {
  return servers.some((server) => server.destinations.some((d) => d.weight === 0));
}

/**
 * One sync: what is wanted is set up, a destination that is no longer wanted is deleted if it has no connections, else it gets
 * weight 0 and waits for a check. One that comes back is deleted and added anew with weight 1. A virtual server that is not
 * wanted goes at once, with all its destinations. Upstream: GracefulDeleteRS in pkg/proxy/ipvs/graceful_termination.go.
 */
export function syncIpvs(
  previous: SyncedServers | null,
  view: ProxyView,
  node: ProxyNode,
  config: ProxyConfig,
  now: Micros,
  loadOf: LoadOf,
): SyncedServers {
  const compiled = compileIpvs(view, node, config);
  // What is already being drained is not looked at by a sync, only by the check.
  const servers = withDraining(
    compiled.servers,
    previous?.servers ?? [],
    (server, d) => d.weight === 0 || mustDrain(server, d, loadOf),
  );
  return {
    compiled,
    servers,
    nextCheck: isDraining(servers) ? (previous?.nextCheck ?? now + DRAIN_CHECK_INTERVAL) : null,
  };
}

/** The check of every minute: drained destinations without connections are deleted. */
export function checkDrained(synced: SyncedServers, now: Micros, loadOf: LoadOf): SyncedServers {
  const servers = withDraining(synced.compiled.servers, synced.servers, (server, d) => mustDrain(server, d, loadOf));
  return { ...synced, servers, nextCheck: isDraining(servers) ? now + DRAIN_CHECK_INTERVAL : null };
}
