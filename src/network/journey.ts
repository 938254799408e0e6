import { EMPTY_HOST, type HostState, type Tracked, type Tuple } from "../kernel/conntrack.ts";
import { DEFAULT_TTL } from "../kernel/packet.ts";
import { type Environment, type StackResult, sentence } from "../kernel/visit.ts";
import type { Listener } from "../kernel/host.ts";
import type { Micros } from "../base/time.ts";
import type { DnsResponse, HttpResponse, Message } from "../model/trace/message.ts";
import type { Connection } from "../model/trace/connection.ts";
import type { Backend, HostId, OutcomeKind, Packet, Walk } from "../model/trace/types.ts";
import type { Recorder } from "./recorder.ts";
import type { ResolvedRequest } from "./request.ts";
import type { Ending } from "./symptom.ts";
import type { Topology } from "./topology/topology.ts";
import type { ClusterView } from "./types.ts";

/** A packet between two hosts, or about to leave the one that made it (`frame` null). */
export interface Flight {
  readonly host: HostId;
  readonly packet: Packet;
  readonly frame: { readonly iface: string; readonly nextHop: string } | null;
  /** Made by the host's kernel about a packet of this connection. */
  readonly related?: Tracked | null;
}

/** A packet of a connection that is open already, where a walk's own first packet would be. */
export interface Along {
  readonly connection: Connection;
  readonly phase: "data" | "close";
  /** The end that sends it. */
  readonly from: "client" | "server";
  readonly packet: Packet;
}

/** What one walk carries along: where it may go, what it has written down, and what it has learned so far. */
export interface Journey {
  readonly view: ClusterView;
  readonly topology: Topology;
  readonly resolved: ResolvedRequest;
  readonly env: Environment;
  readonly recorder: Recorder;
  hosts: Record<HostId, HostState>;
  backend: Backend | null;
  sourceSeen: string | null;
  /** The socket that took the request. */
  listener: Listener | null;
  /** What the server has said, where it is known before its answer has arrived. */
  response: HttpResponse | null;
  dns: DnsResponse | null;
  /** The client's socket, once its source is known. */
  waiting: Tuple | null;
  /** The walk is of a packet of this connection. */
  readonly along: Along | null;
  /** Where the connection that this walk opens has been accepted, and by which packet. */
  accepted: { readonly host: HostId; readonly packet: Packet } | null;
  /** The second connection, which a proxy has made for one that stays open. */
  relayed: Connection | null;
  /** kube-proxy has accepted the client's connection and closed it again. */
  cutOff: boolean;
  /** What the client's tool says of that, where it is more than a reset. */
  complaint: string | null;
  /** Who has passed the request on to the backend; null: nobody in between. */
  relayedBy: string | null;
  /** How often packets of this walk have come by each load balancer. */
  readonly passes: Map<HostId, number>;
  /** Connections that proxies made on behalf of this one. */
  readonly children: Walk[];
  /** How many proxies deep this walk is: 0 for a client's own. */
  readonly depth: number;
  /** Carries an accepted connection's SYN,ACK to the client without writing it down; false when it gets lost. */
  readonly handshake: (answer: Flight) => boolean;
  /** Makes a connection on behalf of this one, and walks it as its child. */
  readonly dial: (call: Call) => Dialled;
  /** Sends what was heard on over a connection that was dialled before, and walks that as a child. */
  readonly passOn: (connection: Connection) => Walk;
}

/** A connection that a process of a host makes. */
export interface Call {
  readonly from: HostId;
  readonly sender: string;
  readonly ip: string;
  readonly port: number;
  readonly protocol: "tcp" | "udp";
  /** When the caller gives up; null: never. */
  readonly patience: Micros | null;
  /** What it says there. */
  readonly says?: Message;
}

export interface Dialled {
  readonly walk: Walk;
  /** connect() came back, or a datagram was answered. */
  readonly connected: boolean;
  readonly listener: Listener | null;
  /** The connection, where it stays open. */
  readonly open: Connection | null;
}

/** How a walk ended, before the client's tool has put it into words. */
export interface End {
  readonly outcome: OutcomeKind;
  readonly summary: string;
  readonly icmp: Ending["icmp"];
  readonly errno: Ending["errno"];
  readonly ttl: number;
  /** The client's connect() came back, although nothing was delivered. */
  readonly connected: boolean;
  /** What would have fit, where the packet was too long. */
  readonly mtu?: number;
}

export function end(outcome: OutcomeKind, summary: string, more: Partial<End> = {}): End {
  return { outcome, summary, icmp: null, errno: null, ttl: DEFAULT_TTL, connected: false, ...more };
}

export function stateOf(journey: Journey, host: HostId): HostState {
  return journey.hosts[host] ?? EMPTY_HOST;
}

/** Hosts without memory (pods, clients, the router) leave no entry in the state. */
export function keep(journey: Journey, host: HostId, state: HostState): void {
  const known = journey.hosts[host];
  if (state === known || (known === undefined && state === EMPTY_HOST)) return;
  journey.hosts = { ...journey.hosts, [host]: state };
}

export function record(journey: Journey, place: HostId, result: StackResult): void {
  for (const hop of result.hops) journey.recorder.add(place, hop);
  keep(journey, place, result.state);
}

export function lostSummary(journey: Journey, why: string): string {
  const what = journey.recorder.turned ? "The answer never reaches the client" : "The packet gets no answer";
  return `${what}: ${sentence(why)}`;
}

/** Has the machine no power? */
export function isDown(journey: Journey, host: HostId | undefined): boolean {
  return host?.startsWith("node/") === true && journey.view.isDown?.(host.slice("node/".length)) === true;
}
