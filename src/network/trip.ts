/** A walk to an address, or of a packet on an open connection, with all that there is to know of its end. */
import { assert } from "../base/assert.ts";
import { joinHostPort } from "../base/ip.ts";
import type { Tuple } from "../kernel/conntrack.ts";
import { type Host, type Listener, hostName, selectAddress } from "../kernel/host.ts";
import { DEFAULT_TTL } from "../kernel/packet.ts";
import { lookupRoute } from "../kernel/route.ts";
import { sentence } from "../kernel/visit.ts";
import type { Connection } from "../model/trace/connection.ts";
import type { Packet, Walk } from "../model/trace/types.ts";
import { familyOf } from "./addresses.ts";
import { alongRequest, connectionOf, packetAlong } from "./along.ts";
import { announce, fly } from "./flight.ts";
import type { Along, Call, Dialled, End, Journey } from "./journey.ts";
import { createCounter, createRecorder } from "./recorder.ts";
import type { ResolvedRequest } from "./request.ts";
import { acknowledge, handshake, settle } from "./standing.ts";
import { dialText, symptom } from "./symptom.ts";
import type { Topology } from "./topology/topology.ts";
import type { ClusterView, NetworkState, Request, SendOptions, SendResult } from "./types.ts";

/** net.ipv4.ip_local_port_range; connect() prefers ports of the first one's parity. */
const EPHEMERAL = { from: 32_768, count: 14_116 } as const;

/** A walk with what a proxy that made it needs to know of its end. */
export interface Trip extends SendResult {
  readonly finish: End;
  readonly listener: Listener | null;
  /** The client's own packets, as they leave it. */
  readonly ends: Tuple | null;
  readonly accepted: Journey["accepted"];
  readonly relayed: Connection | null;
  /** Hops, those of children included. */
  readonly hops: number;
}

/** A walk to an address; `along`: of a packet on a connection that is open already. */
export function trip(
  view: ClusterView,
  topology: Topology,
  state: NetworkState,
  request: Request,
  resolved: ResolvedRequest,
  options: SendOptions,
  along: Along | null = null,
): Trip {
  const newRecorder = options.unseen === true ? createCounter : createRecorder;
  let passedBy = 0;
  const journey: Journey = {
    view,
    topology,
    resolved,
    env: { now: view.now, chooser: options.chooser, flow: flowOf(options) },
    recorder: newRecorder(view.now),
    hosts: { ...state.hosts },
    backend: null,
    sourceSeen: null,
    listener: null,
    response: null,
    dns: null,
    waiting: along?.from === "server" ? { ...along.connection.ends, protocol: along.connection.protocol } : null,
    along,
    accepted: null,
    relayed: null,
    cutOff: false,
    complaint: null,
    relayedBy: null,
    passes: new Map(),
    children: [],
    depth: options.part?.length ?? 0,
    handshake: (answer) => handshake(journey, answer),
    dial: (call) => {
      const { hops, ...dialled } = dial(journey, options, call, state);
      passedBy += hops;
      return dialled;
    },
    passOn: (connection) => {
      const { hops, walk: passed } = passOn(journey, options, connection, state);
      passedBy += hops;
      return passed;
    },
  };
  const finish = travel(journey, request, options, state);
  const endedAt = journey.recorder.now;
  const delivered = finish.outcome === "delivered";
  const response = delivered ? (journey.response ?? journey.listener?.response ?? null) : null;
  const dns = delivered ? journey.dns : null;
  if (along !== null) acknowledge(journey, along, delivered);
  else if (delivered) settle(journey, state, options.keep === true ? "ESTABLISHED" : "TIME_WAIT");
  else if (finish.connected) settle(journey, state, "ESTABLISHED");
  return {
    finish,
    listener: journey.listener,
    ends: journey.waiting,
    accepted: journey.accepted,
    relayed: journey.relayed,
    hops: journey.recorder.count + passedBy,
    state: { ...state, hosts: journey.hosts },
    walk: {
      id: options.id,
      request,
      startedAt: view.now,
      endedAt,
      hops: journey.recorder.request(),
      reply: journey.recorder.reply(),
      outcome: finish.outcome,
      symptom: symptom({
        outcome: finish.outcome,
        protocol: resolved.protocol,
        ip: resolved.ip,
        port: resolved.port,
        source: journey.waiting?.src ?? "",
        elapsed: endedAt - view.now,
        ttl: finish.ttl,
        icmp: finish.icmp,
        errno: finish.errno,
        mtu: finish.mtu,
        connected: finish.connected,
        response,
        complaint: journey.complaint,
        ...(along === null ? {} : { phase: along.phase }),
      }),
      summary: sentence(finish.summary),
      backend: journey.backend,
      // accept() returns only after the handshake; a datagram is seen even if its answer is lost.
      sourceSeen: finish.outcome === "delivered" || resolved.protocol === "udp" ? journey.sourceSeen : null,
      ...(response === null ? {} : { response }),
      ...(dns === null ? {} : { dns }),
      probability: 1,
      children: journey.children,
    } satisfies Walk,
  };
}

/** Names a walk, and the part of it that a proxy makes. */
function flowOf({ id, flow, part }: SendOptions): string {
  return [flow ?? `walk ${id}`, ...(part ?? [])].join(" ");
}

/** The client's ephemeral port: by draw, keyed by walk and client. */
function clientPort(resolved: ResolvedRequest, options: SendOptions, { connections = [] }: NetworkState): number {
  if (resolved.protocol === "icmp") return 0;
  if (options.port !== undefined) return options.port;
  const isTaken = (port: number): boolean =>
    connections.some(
      ({ host, state, ends }) =>
        state !== "gone" &&
        host === resolved.host &&
        ends.sport === port &&
        ends.dst === resolved.ip &&
        ends.dport === resolved.port,
    );
  let port = options.chooser.sample(EPHEMERAL.count, `${flowOf(options)} port of ${resolved.sender}`);
  while (isTaken(EPHEMERAL.from + 2 * port)) port = (port + 1) % EPHEMERAL.count;
  return EPHEMERAL.from + 2 * port;
}

/** What connect() or sendto() makes: the source is the one that the route to the destination prefers. */
function firstPacket(client: Host, resolved: ResolvedRequest, options: SendOptions, state: NetworkState): Packet {
  const { protocol } = resolved;
  const route = lookupRoute(client, resolved.ip);
  const preferred = route.kind === "local" || route.kind === "unicast" ? route.source : null;
  return {
    src: preferred ?? selectAddress(client, "eth0", resolved.ip) ?? "",
    dst: resolved.ip,
    sport: clientPort(resolved, options, state),
    dport: resolved.port,
    protocol,
    mark: 0,
    ttl: DEFAULT_TTL,
    flags: protocol === "tcp" || protocol === "sctp" ? "SYN" : null,
    icmp: protocol === "icmp" ? "echo-request" : null,
    quoted: null,
  };
}

function travel(journey: Journey, request: Request, options: SendOptions, state: NetworkState): End {
  const { resolved, topology, along } = journey;
  if (along?.from === "server") {
    const { server } = along.connection;
    const host = server === null ? undefined : topology.host(server.host);
    assert(host !== undefined, "a server that closes a connection has a host");
    announce(journey, host, along.packet, hostName(host.id));
    return fly(journey, { host: host.id, packet: along.packet, frame: null });
  }
  const client = topology.host(resolved.host);
  assert(client !== undefined, `a resolved sender has a host: ${resolved.host}`);
  const { ttl = DEFAULT_TTL, size } = request;
  const plain = along?.packet ?? { ...firstPacket(client, resolved, options, state), ttl };
  // ICMP's header and UDP's are 8 bytes each.
  const packet = size === undefined ? plain : { ...plain, size: size + 8 + (familyOf(resolved.ip) === 4 ? 20 : 40) };
  return fly(journey, { host: resolved.host, packet, frame: null });
}

/** A proxy's own connection, from when it is dialled until it stands, fails, or the proxy has waited long enough. */
function dial(
  journey: Journey,
  options: SendOptions,
  call: Call,
  state: NetworkState,
): Dialled & { readonly hops: number } {
  const { from, sender, ip, port, protocol, patience } = call;
  const said = call.says === undefined ? {} : { says: call.says };
  const now = journey.recorder.now;
  const made = trip(
    { ...journey.view, now },
    journey.topology,
    { ...state, hosts: journey.hosts },
    { from, to: joinHostPort(ip, port), protocol, ...said },
    { host: from, sender, pod: null, ip, port, protocol, family: familyOf(ip), ...said },
    { ...options, part: [...(options.part ?? []), `dial ${journey.children.length + 1}`] },
  );
  const { finish, walk: walked, listener } = made;
  const connected = finish.outcome === "delivered" || finish.connected;
  const until = now + (patience ?? Infinity);
  const late = !connected && patience !== null && (finish.outcome === "timeout" || walked.endedAt > until);
  const endedAt = late ? until : walked.endedAt;
  const child: Walk = {
    ...walked,
    role: "relay",
    endedAt,
    hops: walked.hops.filter((hop) => hop.at <= endedAt),
    reply: walked.reply.filter((hop) => hop.at <= endedAt),
    outcome: late ? "timeout" : walked.outcome,
    symptom: dialText(call, late ? "timeout" : walked.outcome, finish, connected),
  };
  journey.hosts = { ...made.state.hosts };
  journey.children.push(child);
  journey.recorder.wait(endedAt - now);
  const open =
    options.keep === true && connected && protocol === "tcp"
      ? connectionOf(journey.view, sender, from, made.walk.request, made)
      : null;
  return { walk: child, connected, listener, open, hops: made.hops };
}

/** What a proxy has heard goes on over the connection that it has dialled before. */
function passOn(
  journey: Journey,
  options: SendOptions,
  connection: Connection,
  state: NetworkState,
): { readonly walk: Walk; readonly hops: number } {
  const now = journey.recorder.now;
  const phase = journey.along?.phase ?? "data";
  const made = trip(
    { ...journey.view, now },
    journey.topology,
    { ...state, hosts: journey.hosts },
    connection.request,
    alongRequest(connection, journey.resolved.says),
    { ...options, part: [...(options.part ?? []), `pass ${journey.children.length + 1}`] },
    { connection, phase, from: "client", packet: packetAlong(connection, phase === "data" ? "PSH,ACK" : "FIN,ACK") },
  );
  const child: Walk = { ...made.walk, role: "relay", phase };
  journey.hosts = { ...made.state.hosts };
  journey.children.push(child);
  journey.recorder.wait(child.endedAt - now);
  return { walk: child, hops: made.hops };
}
