/** Graceful termination over time. Source: pkg/proxy/ipvs/graceful_termination.go. */
import { joinHostPort } from "../../base/ip.ts";
import type { Micros } from "../../base/time.ts";
import type { HostState } from "../../kernel/conntrack.ts";
import { type Draining, serverId } from "../../kernel/ipvs/types.ts";
import type { VirtualService } from "../../kernel/netfilter.ts";
import { DRAIN_CHECK_INTERVAL } from "./sync.ts";

/** Real servers that have TCP connections through IPVS now; other protocols are not drained. */
function busy({ conntrack }: HostState, now: Micros): readonly Draining[] {
  const found = new Map<string, Draining>();
  for (const { ipvs, original, reply, expiresAt } of conntrack) {
    if (ipvs !== true || original.protocol !== "tcp" || expiresAt <= now) continue;
    const one = {
      server: serverId(original.protocol, original.dst, original.dport),
      key: joinHostPort(reply.src, reply.sport),
    };
    found.set(`${one.server} ${one.key}`, one);
  }
  return [...found.values()];
}

const same = (a: Draining, b: Draining): boolean => a.server === b.server && a.key === b.key;

function withDraining(host: HostState, draining: readonly Draining[]): HostState {
  const { turns = {}, templates = [] } = host.ipvs ?? {};
  if (draining.length === 0 && (host.ipvs?.draining ?? []).length === 0) return host;
  return { ...host, ipvs: { turns, templates, ...(draining.length === 0 ? {} : { draining }) } };
}

/** Can a sync have anything to drain on this host? Where not, nobody needs to know what the virtual servers are. */
export function mayDrain(host: HostState, now: Micros): boolean {
  return (host.ipvs?.draining ?? []).length > 0 || busy(host, now).length > 0;
}

/**
 * The node's kernel after a sync: a destination that is no longer wanted but has connections gets weight 0, one that is being
 * drained stays so (a sync does not look at it) unless it is wanted again, and with a virtual server all its destinations go.
 */
export function drainedBySync(host: HostState, virtual: VirtualService | undefined, now: Micros): HostState {
  const servers = new Map((virtual?.servers ?? []).map((server) => [server.id, server]));
  const isLeft = ({ server, key }: Draining): boolean =>
    servers.get(server)?.destinations.every((d) => d.key !== key) === true;
  const before = (host.ipvs?.draining ?? []).filter(isLeft);
  const more = busy(host, now).filter((one) => isLeft(one) && !before.some((known) => same(known, one)));
  return withDraining(host, [...before, ...more]);
}

/** The same after kube-proxy's check of every minute: drained destinations without connections are deleted. */
export function drainedByCheck(host: HostState, now: Micros): HostState {
  const live = busy(host, now);
  return withDraining(
    host,
    (host.ipvs?.draining ?? []).filter((one) => live.some((other) => same(one, other))),
  );
}

/** How long until kube-proxy looks again, or null when it has nothing to look at. It looks at whole minutes. */
export function untilCheck(host: HostState, now: Micros): Micros | null {
  const isDraining = (host.ipvs?.draining ?? []).length > 0;
  return isDraining ? DRAIN_CHECK_INTERVAL - (now % DRAIN_CHECK_INTERVAL) : null;
}
