import { assert } from "../base/assert.ts";
import { type Result, ok } from "../base/result.ts";
import { EMPTY_HOST, type HostState, TIMEOUTS, type Tuple, tupleOf } from "../kernel/conntrack.ts";
import { type Host, hostName, selectAddress } from "../kernel/host.ts";
import { packetText } from "../kernel/hooks.ts";
import { DEFAULT_TTL, aKind, destinationText, headerOf, isIcmpError, kindText, sourceText } from "../kernel/packet.ts";
import { lookupRoute } from "../kernel/route.ts";
import { deliver } from "../kernel/socket.ts";
import { noNeighbour, receive, send as transmit } from "../kernel/stack.ts";
import { type Environment, type Outcome, type StackResult, draftHop } from "../kernel/visit.ts";
import type { Backend, HostId, OutcomeKind, Packet, Walk } from "../model/trace/types.ts";
import { balance, flowHolder } from "./balancer.ts";
import { type Recorder, createRecorder } from "./recorder.ts";
import { type ResolvedRequest, resolve } from "./request.ts";
import { type Ending, symptom } from "./symptom.ts";
import { ARP_FAILURE } from "./timing.ts";
import { ROUTER, type Topology, createTopology } from "./topology.ts";
import type { ClusterView, NetworkState, Request, RequestError, SendOptions, SendResult } from "./types.ts";

/** No sane walk visits more hosts than this; a routing loop ends by its TTL first. */
const MAX_VISITS = 200;
/** net.ipv4.ip_local_port_range; connect() prefers ports of the first one's parity. */
const EPHEMERAL = { from: 32_768, count: 14_116 } as const;

/** A packet between two hosts, or about to leave the one that made it (`frame` null). */
interface Flight {
  readonly host: HostId;
  readonly packet: Packet;
  readonly frame: { readonly iface: string; readonly nextHop: string } | null;
}

interface Journey {
  readonly view: ClusterView;
  readonly topology: Topology;
  readonly resolved: ResolvedRequest;
  readonly env: Environment;
  readonly recorder: Recorder;
  hosts: Record<HostId, HostState>;
  backend: Backend | null;
  sourceSeen: string | null;
  /** The client's socket, once its source is known. */
  waiting: Tuple | null;
}

interface End {
  readonly outcome: OutcomeKind;
  readonly summary: string;
  readonly icmp: Ending["icmp"];
  readonly errno: Ending["errno"];
  readonly ttl: number;
}

function end(outcome: OutcomeKind, summary: string, more: Partial<End> = {}): End {
  return { outcome, summary, icmp: null, errno: null, ttl: DEFAULT_TTL, ...more };
}

/**
 * Sends one request (a TCP SYN, a UDP datagram, an SCTP INIT or an ICMP echo) through the cluster as it is, and its answer back,
 * host by host, and returns the walk with the network's state afterwards. Every host runs the same packet path; nothing
 * here knows what a Service is. Retransmissions are not walked: a packet that gets no answer is a timeout, whose wait shows
 * in the symptom and not in `endedAt`. A TCP request that is answered counts as a whole short connection, so it leaves its
 * entries in TIME_WAIT. Refuses only what cannot be sent at all.
 */
export function send(
  view: ClusterView,
  state: NetworkState,
  request: Request,
  options: SendOptions,
): Result<SendResult, RequestError> {
  const resolved = resolve(view, request);
  if (!resolved.ok) return resolved;
  return ok(walk(view, createTopology(view), state, request, resolved.value, options));
}

/** {@link send} for a request that is resolved already, over a topology that may be shared between walks of one moment. */
export function walk(
  view: ClusterView,
  topology: Topology,
  state: NetworkState,
  request: Request,
  resolved: ResolvedRequest,
  options: SendOptions,
): SendResult {
  const journey: Journey = {
    view,
    topology,
    resolved,
    env: { now: view.now, chooser: options.chooser, flow: `walk ${options.id}` },
    recorder: createRecorder(view.now),
    hosts: { ...state.hosts },
    backend: null,
    sourceSeen: null,
    waiting: null,
  };
  const finish = travel(journey, options);
  const endedAt = journey.recorder.now;
  if (finish.outcome === "delivered") settle(journey, state);
  return {
    state: { hosts: journey.hosts },
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
      }),
      summary: finish.summary,
      backend: journey.backend,
      // accept() returns only after the handshake; a datagram is seen even if its answer is lost.
      sourceSeen: finish.outcome === "delivered" || resolved.protocol === "udp" ? journey.sourceSeen : null,
      probability: 1,
      children: [],
    } satisfies Walk,
  };
}

function stateOf(journey: Journey, host: HostId): HostState {
  return journey.hosts[host] ?? EMPTY_HOST;
}

/** Hosts without memory (pods, clients, the router) leave no entry in the state. */
function keep(journey: Journey, host: HostId, state: HostState): void {
  const known = journey.hosts[host];
  if (state === known || (known === undefined && state === EMPTY_HOST)) return;
  journey.hosts = { ...journey.hosts, [host]: state };
}

function record(journey: Journey, place: HostId, result: StackResult): void {
  for (const hop of result.hops) journey.recorder.add(place, hop);
  keep(journey, place, result.state);
}

/** The client's ephemeral port: by draw, keyed by walk and client. */
function clientPort(resolved: ResolvedRequest, options: SendOptions): number {
  if (resolved.protocol === "icmp") return 0;
  return EPHEMERAL.from + 2 * options.chooser.sample(EPHEMERAL.count, `walk ${options.id} port of ${resolved.sender}`);
}

/** What connect() or sendto() makes: the source is the one that the route to the destination prefers. */
function firstPacket(client: Host, resolved: ResolvedRequest, options: SendOptions): Packet {
  const { protocol } = resolved;
  const route = lookupRoute(client, resolved.ip);
  const preferred = route.kind === "local" || route.kind === "unicast" ? route.source : null;
  return {
    src: preferred ?? selectAddress(client, "eth0", resolved.ip) ?? "",
    dst: resolved.ip,
    sport: clientPort(resolved, options),
    dport: resolved.port,
    protocol,
    mark: 0,
    ttl: DEFAULT_TTL,
    flags: protocol === "tcp" || protocol === "sctp" ? "SYN" : null,
    icmp: protocol === "icmp" ? "echo-request" : null,
    quoted: null,
  };
}

function travel(journey: Journey, options: SendOptions): End {
  const { resolved, topology } = journey;
  const client = topology.host(resolved.host);
  assert(client !== undefined, `a resolved sender has a host: ${resolved.host}`);
  const packet = firstPacket(client, resolved, options);
  let flight: Flight = { host: resolved.host, packet, frame: null };
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
  if (opening) announce(journey, host, flight.packet);
  const diverted = host.id === ROUTER && flight.frame !== null ? divert(journey, host, flight.packet) : null;
  if (diverted !== null) return diverted;
  const state = stateOf(journey, host.id);
  let result: StackResult;
  if (flight.frame === null) result = transmit(host, state, flight.packet, env);
  else if (host.id.startsWith("lb/")) result = balance(journey.view, host, state, flight.packet, env);
  else result = receive(host, state, { packet: flight.packet, ...flight.frame }, env);
  if (opening) journey.waiting = tupleOf(flight.packet);
  record(journey, host.id, result);
  return follow(journey, host, result.outcome, flight.frame === null && !recorder.turned);
}

function announce(journey: Journey, host: Host, packet: Packet): void {
  const { resolved, recorder } = journey;
  const before = headerOf(packet);
  recorder.add(
    host.id,
    draftHop(
      {
        iface: null,
        stage: "client",
        label: resolved.sender,
        before,
        verdict: "continue",
        note: `${resolved.sender} sends ${aKind(packet)} to ${destinationText(packet)}.`,
      },
      before,
    ),
  );
}

/** The fabric hands packets that answer a balancer's flow to the balancer, whatever their destination. */
function divert(journey: Journey, router: Host, packet: Packet): Flight | null {
  const holder = flowHolder({ hosts: journey.hosts }, packet, journey.env.now);
  if (holder === null || journey.topology.host(holder) === undefined) return null;
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

function follow(journey: Journey, host: Host, outcome: Outcome, local: boolean): Flight | End {
  const { topology, recorder, env } = journey;
  switch (outcome.kind) {
    case "transmit": {
      const { packet, iface, port, nextHop } = outcome;
      const link = topology.neighbour(host, iface, port, nextHop);
      const header = headerOf(packet);
      const base = { iface, stage: "link" as const, label: "wire", before: header };
      if (link === null) {
        recorder.add(
          host.id,
          draftHop(
            { ...base, verdict: "lost", note: `Nobody answers ${hostName(host.id)} on the link for ${nextHop}.` },
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
            note: `The packet leaves ${hostName(host.id)} by ${iface} for ${hostName(link.host)}.`,
          },
          header,
        ),
      );
      return { host: link.host, packet, frame: { iface: link.iface, nextHop } };
    }
    case "answer":
      recorder.turn();
      return { host: host.id, packet: outcome.packet, frame: null };
    case "lost":
      return end("timeout", lostSummary(journey, outcome.why));
    case "error":
      return local
        ? end("unreachable", outcome.why, { errno: outcome.errno })
        : end("timeout", lostSummary(journey, outcome.why));
    case "deliver":
      return atSocket(journey, host, outcome.packet, outcome.iface);
  }
}

function lostSummary(journey: Journey, why: string): string {
  const what = journey.recorder.turned ? "The answer never reaches the client" : "The packet gets no answer";
  return `${what}: ${why}`;
}

function atSocket(journey: Journey, host: Host, packet: Packet, iface: string | null): Flight | End {
  const { recorder, resolved } = journey;
  const here = host.id === resolved.host;
  const verdict = deliver(host, packet, here ? journey.waiting : null);
  const header = headerOf(packet);
  const place = hostName(host.id);
  const base = { iface, stage: "socket" as const, label: "socket", before: header };
  switch (verdict.kind) {
    case "accepted":
    case "echo": {
      const owner = verdict.kind === "accepted" ? verdict.listener.owner : podOf(host.id);
      journey.backend = { pod: owner, ip: packet.dst, port: packet.dport };
      journey.sourceSeen = packet.src;
      const what = verdict.kind === "echo" ? "its kernel answers the echo" : `${verdict.listener.what} answers`;
      recorder.add(
        host.id,
        draftHop(
          { ...base, verdict: "deliver", note: `${place} sees the source ${sourceText(packet)}; ${what}.` },
          header,
        ),
      );
      recorder.turn();
      return { host: host.id, packet: verdict.answer, frame: null };
    }
    case "closed": {
      const owner = podOf(host.id);
      if (owner !== null) journey.backend = { pod: owner, ip: packet.dst, port: packet.dport };
      recorder.add(
        host.id,
        draftHop(
          {
            ...base,
            verdict: "refuse",
            note: `Nothing on ${place} listens on ${destinationText(packet)}/${packet.protocol.toUpperCase()}, so its kernel refuses with ${aKind(verdict.answer)}.`,
          },
          header,
        ),
      );
      recorder.turn();
      return { host: host.id, packet: verdict.answer, frame: null };
    }
    case "answered": {
      recorder.add(
        host.id,
        draftHop(
          {
            ...base,
            label: "client",
            verdict: "deliver",
            note: `${resolved.sender} gets ${kindText(packet)} from ${sourceText(packet)}, the address it dialled.`,
          },
          header,
        ),
      );
      return end("delivered", deliveredSummary(journey), { ttl: packet.ttl });
    }
    case "refused":
      return refusal(journey, host, packet, iface);
    case "stray": {
      const dialled = destinationText({ ...header, dst: resolved.ip, dport: resolved.port });
      const why =
        here && !isIcmpError(packet)
          ? `${resolved.sender} dialled ${dialled} and has no socket for ${aKind(packet)} from ${sourceText(packet)}: the answer was not translated back.`
          : `${place} has no socket for ${packetText(packet)}.`;
      recorder.add(host.id, draftHop({ ...base, verdict: "lost", note: why }, header));
      return end("timeout", lostSummary(journey, why));
    }
  }
}

function podOf(host: HostId): string | null {
  return host.startsWith("pod/") ? host.slice("pod/".length) : null;
}

function deliveredSummary(journey: Journey): string {
  const { backend, resolved, sourceSeen } = journey;
  const dialled = destinationText({
    dst: resolved.ip,
    dport: resolved.port,
    src: "",
    sport: 0,
    protocol: resolved.protocol,
    mark: 0,
    ttl: 0,
  });
  if (backend === null) return `${resolved.sender} reaches ${dialled}.`;
  const who = backend.pod === null ? `a process at ${backend.ip}` : `pod ${backend.pod}`;
  return `${resolved.sender} reaches ${who} by dialling ${dialled}; the server sees ${sourceSeen ?? "nobody"}.`;
}

/** The client's socket hears that its request failed: by RST, ABORT or an ICMP error. */
function refusal(journey: Journey, host: Host, packet: Packet, iface: string | null): End {
  const { resolved, recorder } = journey;
  const hard = packet.icmp === null || packet.icmp === "port-unreachable";
  const kind: OutcomeKind = hard ? "refused" : "unreachable";
  const words = hard
    ? "Connection refused"
    : packet.icmp === "net-unreachable"
      ? "Network is unreachable"
      : "No route to host";
  const header = headerOf(packet);
  const from = packet.icmp === null ? sourceText(packet) : packet.src;
  const note = `${resolved.sender} gets ${aKind(packet)} from ${from}: ${words}.`;
  recorder.add(
    host.id,
    draftHop({ iface, stage: "socket", label: "client", before: header, verdict: "refuse", note }, header),
  );
  const blame = journey.recorder.request().at(-1);
  const why = blame === undefined ? note : `${blame.note} ${note}`;
  const rejectedAtHome =
    blame?.verdict === "reject" && blame.place === resolved.host && resolved.host.startsWith("node/");
  // A local sendto() that its own OUTPUT chain rejects fails with EPERM before the ICMP error is read.
  const errno = rejectedAtHome && resolved.protocol !== "tcp" && blame.stage === "hook:filter/OUTPUT" ? "EPERM" : null;
  return end(kind, why, { icmp: packet.icmp === null ? null : { type: packet.icmp, from: packet.src }, errno });
}

/** After the answer the client finishes its handshake, talks and closes: what conntrack keeps is TIME_WAIT. */
function settle(journey: Journey, before: NetworkState): void {
  for (const id of Object.keys(journey.hosts) as HostId[]) {
    const state = journey.hosts[id];
    if (state === undefined || state === before.hosts[id]) continue;
    const known = new Set(before.hosts[id]?.conntrack ?? []);
    const conntrack = state.conntrack.map((e) =>
      e.state === "SYN_RECV" && !known.has(e)
        ? { ...e, state: "TIME_WAIT" as const, expiresAt: journey.env.now + TIMEOUTS.TIME_WAIT }
        : e,
    );
    keep(journey, id, { ...state, conntrack });
  }
}
