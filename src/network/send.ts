import { assert } from "../base/assert.ts";
import { joinHostPort } from "../base/ip.ts";
import { type Result, ok } from "../base/result.ts";
import { type ConntrackEntry, TIMEOUTS, type Tuple, tupleOf, withEntry } from "../kernel/conntrack.ts";
import { type Host, type Listener, hostName, selectAddress } from "../kernel/host.ts";
import { DEFAULT_TTL, aKind, destinationText, headerOf } from "../kernel/packet.ts";
import { lookupRoute } from "../kernel/route.ts";
import { noNeighbour, receive, send as transmit } from "../kernel/stack.ts";
import { type Outcome, type StackResult, draftHop, sentence } from "../kernel/visit.ts";
import type { Connection } from "../model/trace/connection.ts";
import type { HostId, Packet, Walk } from "../model/trace/types.ts";
import { alongRequest, connectionOf, packetAlong } from "./along.ts";
import { familyOf } from "./addresses.ts";
import { atSocket } from "./arrival.ts";
import { balance, flowHolder } from "./balancer.ts";
import {
  type Along,
  type Call,
  type Dialled,
  type End,
  type Flight,
  type Journey,
  end,
  isDown,
  keep,
  lostSummary,
  record,
  stateOf,
} from "./journey.ts";
import { createCounter, createRecorder } from "./recorder.ts";
import { askOutside, type WalkTo } from "./lookup.ts";
import { walkByName } from "./named.ts";
import { type NamedRequest, type ResolvedRequest, plan } from "./request.ts";
import { dialText, symptom } from "./symptom.ts";
import { ARP_FAILURE } from "./timing.ts";
import { ROUTER } from "./topology/router.ts";
import { type LinkEnd, type Topology, createTopology } from "./topology/topology.ts";
import { throughTunnel } from "./tunnel.ts";
import type { ClusterView, NetworkState, Request, RequestError, SendOptions, SendResult } from "./types.ts";

/** No sane walk visits more hosts than this; a routing loop ends by its TTL first. */
const MAX_VISITS = 200;
/** net.ipv4.ip_local_port_range; connect() prefers ports of the first one's parity. */
const EPHEMERAL = { from: 32_768, count: 14_116 } as const;

/**
 * Sends one request (a TCP SYN, a UDP datagram, an SCTP INIT or an ICMP echo) through the cluster as it is, and its answer back,
 * host by host, and returns the walk with the network's state afterwards. Every host runs the same packet path; nothing
 * here knows what a Service is. Retransmissions are not walked: a packet that gets no answer is a timeout, whose wait shows
 * in the symptom and not in `endedAt`. A TCP request that is answered counts as a whole short connection, so it leaves its
 * entries in TIME_WAIT; one whose server hangs stays ESTABLISHED. Refuses only what cannot be sent at all.
 */
export function send(
  view: ClusterView,
  state: NetworkState,
  request: Request,
  options: SendOptions,
): Result<SendResult, RequestError> {
  const planned = plan(view, request);
  if (!planned.ok) return planned;
  return ok(walk(view, createTopology(view), state, request, planned.value, options));
}

/**
 * {@link send} for a request that is planned already, over a topology that may be shared between walks of one moment. `to` walks to
 * an address, for a name's questions too, which are requests of their own.
 */
export function walk(
  view: ClusterView,
  topology: Topology,
  state: NetworkState,
  request: Request,
  planned: ResolvedRequest | NamedRequest,
  options: SendOptions,
  to: WalkTo = walkTo,
): SendResult {
  if (!("name" in planned)) {
    const outside = askOutside({ view, topology, options }, request, planned);
    return outside === null ? to(view, topology, state, request, planned, options) : { walk: outside, state };
  }
  return walkByName(to, { view, topology, state, request, options }, planned);
}

/** Walks to an address. */
function walkTo(
  view: ClusterView,
  topology: Topology,
  state: NetworkState,
  request: Request,
  resolved: ResolvedRequest,
  options: SendOptions,
): SendResult {
  const { walk: walked, state: after } = trip(view, topology, state, request, resolved, options);
  return { walk: walked, state: after };
}

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

/** {@link walk} with all that there is to know of its end; `along`: of a packet on a connection that is open already. */
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

function fly(journey: Journey, start: Flight): End {
  let flight = start;
  for (let visits = 0; visits < MAX_VISITS; visits++) {
    const next = step(journey, flight);
    if ("outcome" in next) return next;
    flight = next;
  }
  return end("timeout", "The packet goes in circles.");
}

/** The rest of a handshake, before the proxy that accepts dials on: it takes its time and leaves its mark on conntrack. */
function handshake(journey: Journey, answer: Flight): boolean {
  const recorder = createCounter(journey.recorder.now);
  recorder.turn();
  const shadow: Journey = { ...journey, recorder, listener: null };
  if (fly(shadow, answer).outcome !== "delivered") return false;
  journey.hosts = shadow.hosts;
  stand(journey);
  // There and, with the client's ACK, back.
  journey.recorder.wait(2 * (recorder.now - journey.recorder.now));
  return true;
}

/** What a proxy has accepted outlives its long waits for others: the hosts on the way keep it as they keep what is established. */
function stand(journey: Journey): void {
  const { now } = journey.env;
  for (const id of Object.keys(journey.hosts) as HostId[]) {
    const state = stateOf(journey, id);
    let kept = state;
    // What this walk has opened stands at the end of the list.
    for (let place = state.conntrack.length - 1; place >= 0; place--) {
      const entry = state.conntrack[place] as ConntrackEntry;
      if (entry.createdAt < now) break;
      if (entry.state !== "SYN_RECV") continue;
      kept = withEntry(kept, { ...entry, expiresAt: now + TIMEOUTS.ESTABLISHED }, now);
    }
    keep(journey, id, kept);
  }
}

/** The last word of a close: the client acknowledges the server's FIN, and nobody looks. */
function acknowledge(journey: Journey, { connection, phase, packet }: Along, delivered: boolean): void {
  if (phase !== "close" || packet.flags !== "FIN,ACK" || !delivered) return;
  unheard(journey, { host: connection.host, packet: packetAlong(connection, "ACK"), frame: null });
}

/** A packet that nobody looks at: it only leaves its mark on the hosts that it passes. */
function unheard(journey: Journey, flight: Flight): void {
  const shadow: Journey = { ...journey, recorder: createCounter(journey.recorder.now), listener: null };
  fly(shadow, flight);
  journey.hosts = shadow.hosts;
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

/** One stay on one host and the wire after it. */
function step(journey: Journey, flight: Flight): Flight | End {
  const { topology, env, recorder } = journey;
  const host = topology.host(flight.host);
  assert(host !== undefined, `a link leads to a host: ${flight.host}`);
  const opening = journey.waiting === null;
  if (opening) announce(journey, host, flight.packet, journey.resolved.sender);
  const diverted = host.id === ROUTER && flight.frame !== null ? divert(journey, host, flight.packet) : null;
  if (diverted !== null) return diverted;
  const state = stateOf(journey, host.id);
  let result: StackResult;
  if (flight.frame === null) result = transmit(host, state, flight.packet, env, flight.related);
  else if (host.id.startsWith("lb/")) result = balance(journey.view, host, state, flight.packet, env);
  else result = receive(host, state, { packet: flight.packet, ...flight.frame }, env);
  if (opening) journey.waiting = tupleOf(flight.packet);
  record(journey, host.id, result);
  return follow(journey, host, result.outcome, flight.frame === null && !recorder.turned);
}

function announce({ recorder }: Journey, host: Host, packet: Packet, sender: string): void {
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

/** After the answer the client finishes its handshake; then it talks and closes (TIME_WAIT) or waits (ESTABLISHED). */
function settle(journey: Journey, before: NetworkState, to: "TIME_WAIT" | "ESTABLISHED"): void {
  for (const id of Object.keys(journey.hosts) as HostId[]) {
    const state = journey.hosts[id];
    if (state === undefined || state === before.hosts[id]) continue;
    const known = before.hosts[id]?.conntrack ?? [];
    let settled = state;
    // What this walk has opened stands at the end of the list.
    for (let place = state.conntrack.length - 1; place >= 0; place--) {
      const entry = state.conntrack[place] as ConntrackEntry;
      if (entry.createdAt < journey.env.now && entry.state !== "SYN_RECV") break;
      if (entry.state !== "SYN_RECV" || (place < known.length && known.lastIndexOf(entry) >= 0)) continue;
      const expiresAt = journey.env.now + TIMEOUTS[to];
      settled = withEntry(settled, { ...entry, state: to, expiresAt }, journey.env.now);
    }
    keep(journey, id, settled);
  }
}
