import { joinHostPort } from "../base/ip.ts";
import type { Micros } from "../base/time.ts";
import type { RuleRef } from "../model/trace/types.ts";
import { type ConntrackEntry, type HostState, withoutEntry } from "./conntrack.ts";
import { hostName } from "./host.ts";
import { reject } from "./hooks.ts";
import { schedule } from "./ipvs/schedule.ts";
import { destinationRule, serverRule } from "./ipvs/text.ts";
import { type Destination, EMPTY_IPVS, type Load, type VirtualServer } from "./ipvs/types.ts";
import type { TableResult } from "./netfilter.ts";
import { destinationText, headerOf } from "./packet.ts";
import { type Outcome, type Visit, note } from "./visit.ts";

/** IPVS on a packet's way through a host. Source: net/netfilter/ipvs/ip_vs_core.c. */

/** TCP states that count as active (tcp_state_active_table); UDP and SCTP here never do. */
const ACTIVE: ReadonlySet<ConntrackEntry["state"]> = new Set(["SYN_SENT", "SYN_RECV", "ESTABLISHED"]);

/** The connections of a virtual server, by destination. They are kept in the connection table of the host, marked as IPVS's. */
export function loadsOf(
  conntrack: readonly ConntrackEntry[],
  server: Pick<VirtualServer, "ip" | "port" | "protocol">,
  now: Micros,
): ReadonlyMap<string, Load> {
  const loads = new Map<string, { active: number; inactive: number }>();
  for (const { ipvs, original, reply, state, expiresAt } of conntrack) {
    if (ipvs !== true || expiresAt <= now) continue;
    if (original.dst !== server.ip || original.dport !== server.port || original.protocol !== server.protocol) continue;
    const key = joinHostPort(reply.src, reply.sport);
    let load = loads.get(key);
    if (load === undefined) loads.set(key, (load = { active: 0, inactive: 0 }));
    if (server.protocol === "tcp" && ACTIVE.has(state)) load.active += 1;
    else load.inactive += 1;
  }
  return loads;
}

/**
 * The virtual servers as `ipvsadm` shows them at a moment, with their connections: those that are wanted and, with weight 0, the
 * destinations that kube-proxy drains.
 */
export function standingServers(
  servers: readonly VirtualServer[],
  { conntrack, ipvs }: HostState,
  now: Micros,
): {
  readonly servers: readonly VirtualServer[];
  readonly loadsOf: (server: VirtualServer) => ReadonlyMap<string, Load>;
} {
  const taken = conntrack.filter((entry) => entry.ipvs === true && entry.expiresAt > now);
  const loads = new Map(
    taken.length === 0 ? [] : servers.map((server) => [server.id, loadsOf(taken, server, now)] as const),
  );
  const none: ReadonlyMap<string, Load> = new Map();
  const draining = ipvs?.draining ?? [];
  const standing = servers.map((server): VirtualServer => {
    const drained = draining.filter((d) => d.server === server.id);
    if (drained.length === 0) return server;
    const old = drained.map(({ key }): Destination => {
      const colon = key.lastIndexOf(":");
      const ip = key.slice(0, colon).replace(/^\[|\]$/g, "");
      return { key, ip, port: Number(key.slice(colon + 1)), weight: 0, origin: null };
    });
    return { ...server, destinations: [...server.destinations, ...old] };
  });
  return { servers: standing, loadsOf: (server) => loads.get(server.id) ?? none };
}

/** A virtual server or one of its destinations in the shape of a rule, so that walks can name it as they name rules. */
export function virtualRef(server: VirtualServer, destination: Destination | null): RuleRef {
  const at = destination === null ? -1 : server.destinations.findIndex((d) => d.key === destination.key);
  return {
    id: `ipvs/${server.id}${destination === null ? "" : `/${destination.key}`}`,
    table: "nat",
    chain: "IPVS",
    position: at + 2,
    text: destination === null ? serverRule(server) : destinationRule(server, destination),
    target: destination === null ? "" : "Masq",
    origin: destination?.origin ?? server.origin,
  };
}

function resultOf(server: VirtualServer, destination: Destination | null, because: string): TableResult {
  const rule = virtualRef(server, destination);
  const effect = destination === null ? {} : { effect: `dst ${destination.key}` };
  return {
    verdict: { kind: "accept" },
    mark: 0,
    rule,
    considered: 1,
    matched: 1,
    steps: [{ rule, matched: true, depth: 0, because, ...effect }],
    skipped: [],
    draw: null,
  };
}

/**
 * A packet that the host keeps, or that its own process sends, may be for a virtual server (ip_vs_in): its destination is rewritten
 * to a real server's, chosen now if the packet opens a connection. `rewritten`: it has to be routed. null: IPVS has nothing
 * to do with it. Hooked in behind filter INPUT and behind nat OUTPUT.
 */
export function virtualRequest(
  visit: Visit,
  hook: "INPUT" | "OUTPUT",
  iface: string | null,
): Outcome | "rewritten" | null {
  const service = visit.host.rules?.virtual;
  const { tracked, packet } = visit;
  if (service === undefined || tracked === null || tracked.direction === "reply" || packet.protocol === "icmp")
    return null;
  const { entry } = tracked;
  // What IPVS has rewritten once is not looked at again (skb->ipvs_property).
  if (packet.dst !== entry.original.dst || packet.dport !== entry.original.dport) return null;
  const server = service.find(packet);
  const place = hostName(visit.host.id);
  const before = headerOf(packet);
  const hop = { iface, stage: `hook:nat/${hook}` as const, label: "IPVS", before };
  if (entry.ipvs === true) {
    const key = joinHostPort(entry.reply.src, entry.reply.sport);
    const known = server?.destinations.find((d) => d.key === key);
    if (known === undefined && packet.protocol !== "tcp") {
      // expire_nodest_conn=1: the packet is lost, and the next one finds a server anew.
      visit.state = withoutEntry(visit.state, entry);
      const why = `${place}'s IPVS drops the packet: its server ${key} is gone, so the connection is forgotten.`;
      note(visit, { ...hop, verdict: "drop", note: why });
      return { kind: "lost", packet, why };
    }
    visit.packet = { ...packet, dst: entry.reply.src, dport: entry.reply.sport };
    note(visit, {
      ...hop,
      verdict: "dnat",
      note: `${place}'s IPVS knows this connection and rewrites the destination ${destinationText(before)} to ${key}.`,
    });
    return "rewritten";
  }
  if (server === null || visit.ctState !== "NEW") return null;
  // Only a SYN is scheduled; any other packet of no connection goes on to the host's own sockets (tcp_conn_schedule, sloppy_tcp=0).
  if (packet.protocol === "tcp" && packet.flags !== "SYN") return null;
  const { now, chooser, flow } = visit.env;
  const chosen = schedule(server, visit.state.ipvs ?? EMPTY_IPVS, packet, {
    now,
    chooser,
    flow: `${flow} ${visit.host.id} ${packet.src}:${packet.sport}`,
    loads: loadsOf(visit.state.conntrack, server, now),
  });
  const { destination } = chosen;
  const address = joinHostPort(server.ip, server.port);
  if (destination === null) {
    const why = `${place}'s IPVS has a virtual server ${address}, but ${chosen.because}, and answers with an ICMP port unreachable.`;
    note(visit, { ...hop, verdict: "reject", note: why, result: resultOf(server, null, chosen.because) });
    return reject(visit, "icmp-port-unreachable", why);
  }
  visit.state = { ...visit.state, ipvs: chosen.state };
  visit.packet = { ...packet, dst: destination.ip, dport: destination.port };
  const reply = { ...entry.reply, src: destination.ip, sport: destination.port };
  visit.tracked = { ...tracked, entry: { ...entry, ipvs: true, reply } };
  note(visit, {
    ...hop,
    verdict: "dnat",
    note: `${address} is a virtual server of ${place}'s IPVS, which rewrites the destination to ${destination.key} (${chosen.because}).`,
    result: resultOf(server, destination, chosen.because),
  });
  return "rewritten";
}
