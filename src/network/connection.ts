/** Connections that stay open from one request to the next: a client's socket in the network's state, and what it sends. */
import { type Result, err, ok } from "../base/result.ts";
import type { Connection, SocketState } from "../model/trace/connection.ts";
import type { HttpResponse, Message } from "../model/trace/message.ts";
import type { Packet, Walk } from "../model/trace/types.ts";
import { alongRequest, connectionOf, packetAlong, packetBack, serverLives } from "./along.ts";
import { type NamedRequest, plan, type ResolvedRequest } from "./request.ts";
import { GIVES_UP_AFTER } from "./retransmission.ts";
import { walk as walkPlanned } from "./send.ts";
import { type Topology, createTopology } from "./topology/topology.ts";
import { type Trip, trip } from "./trip.ts";
import type { ClusterView, NetworkState, Request, RequestError, SendOptions, SendResult } from "./types.ts";

export interface Connected extends SendResult {
  /** Null when nothing came of it: the walk says why. */
  readonly connection: Connection | null;
  /** Hops of all packets. */
  readonly hops: number;
}

/**
 * Opens a connection that stays: TCP's handshake, or the first datagram of a UDP socket. Refuses what cannot be sent at all, and
 * protocols that have no connections here.
 */
export function connect(
  view: ClusterView,
  state: NetworkState,
  request: Request,
  options: SendOptions,
): Result<Connected, RequestError> {
  if (request.protocol !== "tcp" && request.protocol !== "udp") {
    return err({ field: "protocol", message: "Only TCP and UDP sockets stay open here." });
  }
  const planned = plan(view, request);
  if (!planned.ok) return planned;
  return ok(open(view, createTopology(view), state, request, planned.value, options));
}

/** {@link connect} for a request that is planned already, over a topology of the same moment. */
export function open(
  view: ClusterView,
  topology: Topology,
  state: NetworkState,
  request: Request,
  planned: ResolvedRequest | NamedRequest,
  options: SendOptions,
): Connected {
  const {
    walk: walked,
    state: after,
    made,
    hops,
  } = tripTo(view, topology, state, request, planned, { ...options, keep: true });
  const stands =
    made !== null && (request.protocol === "udp" || walked.outcome === "delivered" || made.finish.connected);
  const found =
    stands && walked.outcome !== "reset" ? connectionOf(view, planned.sender, planned.host, request, made) : null;
  if (found === null) return { walk: walked, state: after, connection: null, hops };
  const connections = after.connections ?? [];
  const connection: Connection = { ...found, id: connections.length + 1 };
  const walk: Walk = { ...walked, connection: connection.id, phase: "open" };
  return { walk, state: { ...after, connections: [...connections, connection] }, connection, hops };
}

/** {@link walkPlanned} with the trip that its last dial was (null: it came to none), and the hops of all its packets. */
export function tripTo(
  view: ClusterView,
  topology: Topology,
  state: NetworkState,
  request: Request,
  planned: ResolvedRequest | NamedRequest,
  options: SendOptions,
): SendResult & { readonly made: Trip | null; readonly hops: number } {
  const { keep: _, port: __, ...asking } = options;
  let made: Trip | null = null;
  let hops = 0;
  const result = walkPlanned(
    view,
    topology,
    state,
    request,
    planned,
    options,
    (now, hosts, before, asked, to, with_) => {
      // A question to a name server is a request of its own.
      const isDial = asked === request;
      const one = trip(
        now,
        hosts,
        before,
        asked,
        to,
        isDial ? with_ : { ...asking, ...(with_.part === undefined ? {} : { part: with_.part }) },
      );
      if (isDial) made = one;
      hops += one.hops;
      return { walk: one.walk, state: one.state };
    },
  );
  return { ...result, made, hops };
}

export function connectionAt({ connections = [] }: NetworkState, id: number): Connection | undefined {
  return connections[id - 1];
}

/** Has the client's kernel given up on it: for so long it has sent without an acknowledgement? */
export function isGivenUp({ stuckSince }: Connection, now: number): boolean {
  return stuckSince !== null && now - stuckSince >= GIVES_UP_AFTER;
}

/** Why nothing can be sent on a connection, in a sentence; null: it can. */
export function connectionRefusal(view: ClusterView, state: NetworkState, id: number): string | null {
  const connection = connectionAt(state, id);
  if (connection === undefined) return `There is no connection ${id}.`;
  if (connection.state === "gone" || connection.state === "TIME-WAIT" || connection.state === "FIN-WAIT-2") {
    return `Connection ${id} is closed: ${connection.last}`;
  }
  if (isGivenUp(connection, view.now)) {
    return `Connection ${id} was given up after ${GIVES_UP_AFTER / 1_000_000} s of retransmissions: Connection timed out.`;
  }
  const host = createTopology(view).host(connection.host);
  const node = connection.host.startsWith("node/") ? connection.host.slice("node/".length) : null;
  const isGone =
    host === undefined || !host.interfaces.some((i) => i.addresses.some((a) => a.ip === connection.ends.src));
  if (isGone || (node !== null && view.isDown?.(node) === true)) {
    return `Connection ${id} is gone with its client, ${connection.sender}.`;
  }
  return null;
}

const changed = (state: NetworkState, connection: Connection): NetworkState => ({
  ...state,
  connections: (state.connections ?? []).with(connection.id - 1, connection),
});

/** The walk of a packet on a connection, and the connection after it. */
function along(
  view: ClusterView,
  topology: Topology,
  state: NetworkState,
  connection: Connection,
  packet: Packet,
  step: {
    readonly phase: "data" | "close";
    readonly from: "client" | "server";
    readonly says?: Message;
    readonly after: (made: Trip) => Partial<Connection>;
  },
  options: SendOptions,
): Connected {
  const { phase, from, says, after: change } = step;
  // A UDP socket has no other end: each datagram is a first one, from the same port.
  const isDatagram = connection.protocol === "udp";
  const made = trip(
    view,
    topology,
    state,
    { ...connection.request, ...(says === undefined ? {} : { says }) },
    alongRequest(connection, says),
    isDatagram ? { ...options, port: connection.ends.sport } : options,
    isDatagram ? null : { connection, phase, from, packet },
  );
  const walk: Walk = { ...made.walk, connection: connection.id, phase };
  const after: Connection = { ...connection, lastAt: view.now, last: walk.summary, ...change(made) };
  return { walk, state: changed(made.state, after), connection: after, hops: made.hops };
}

/** Bytes of what a client says: the text of an HTTP request, the packet of a DNS question. */
function bytesSaid(says: Message | undefined): number {
  if (says === undefined) return 0;
  if (says.kind === "dns") return 12 + says.name.length + 1 + 4;
  const { method, path, host, headers } = says;
  return [`${method} ${path} HTTP/1.1`, `Host: ${host}`, ...headers.map((h) => `${h.name}: ${h.value}`), "", ""].join(
    "\r\n",
  ).length;
}

function bytesAnswered(response: HttpResponse | undefined): number {
  if (response === undefined) return 0;
  const { version, status, reason, headers, body } = response;
  return [`${version} ${status} ${reason}`, ...headers.map((h) => `${h.name}: ${h.value}`), "", body].join("\r\n")
    .length;
}

/** One more request on an open connection, and its answer. The connection must be one that {@link connectionRefusal} lets pass. */
export function exchange(
  view: ClusterView,
  topology: Topology,
  state: NetworkState,
  connection: Connection,
  says: Message | undefined,
  options: SendOptions,
): Connected {
  return along(
    view,
    topology,
    state,
    connection,
    packetAlong(connection, "PSH,ACK"),
    {
      phase: "data",
      from: "client",
      ...(says === undefined ? {} : { says }),
      after: ({ walk, finish }) => {
        const delivered = walk.outcome === "delivered";
        const sent = connection.sent + bytesSaid(says);
        const received = connection.received + bytesAnswered(walk.response);
        const counts = { sent, received, exchanges: connection.exchanges + (delivered ? 1 : 0) };
        const backend = walk.backend ?? connection.backend;
        if (connection.protocol === "udp") return { ...counts, backend };
        if (walk.outcome === "reset") return { ...counts, ...ended(connection, "gone", "gone") };
        // The kernel at the other end acknowledges the data even if no process answers.
        const isAcknowledged = delivered || (walk.outcome === "timeout" && finish.connected);
        return { ...counts, backend, stuckSince: isAcknowledged ? null : (connection.stuckSince ?? view.now) };
      },
    },
    options,
  );
}

function ended({ server }: Connection, client: SocketState, other: SocketState): Pick<Connection, "state" | "server"> {
  return { state: client, server: server === null ? null : { ...server, state: other } };
}

/** The client closes: in good order by FIN, or at once by RST. A UDP socket just goes, and nobody hears of it: no walk then. */
export function close(
  view: ClusterView,
  topology: Topology,
  state: NetworkState,
  connection: Connection,
  how: "fin" | "rst",
  options: SendOptions,
): Omit<Connected, "walk"> & { readonly walk: Walk | null } {
  if (connection.protocol === "udp") {
    const after: Connection = { ...connection, state: "gone", lastAt: view.now, last: "The socket is closed." };
    return { walk: null, state: changed(state, after), connection: after, hops: 0 };
  }
  const isLast = connection.state === "CLOSE-WAIT";
  const packet = packetAlong(connection, how === "fin" ? "FIN,ACK" : "RST");
  return along(
    view,
    topology,
    state,
    connection,
    packet,
    {
      phase: "close",
      from: "client",
      after: ({ walk, finish }) => {
        if (how === "rst" || walk.outcome === "reset") return ended(connection, "gone", "gone");
        if (walk.outcome === "delivered") return ended(connection, isLast ? "gone" : "TIME-WAIT", "gone");
        // Its kernel acknowledges the FIN of a client, and the process never closes: half open.
        if (finish.connected) return ended(connection, "FIN-WAIT-2", "CLOSE-WAIT");
        return { ...ended(connection, "gone", "gone") };
      },
    },
    options,
  );
}

/**
 * What a server's kernel does with the open connections of processes that have just ended: it closes them by FIN. `before` is the
 * cluster in which they still ran, `view` the one in which they do not; the last walks of connections, in their order.
 */
export function closedByServers(
  before: ClusterView,
  view: ClusterView,
  state: NetworkState,
  options: (walk: number) => SendOptions,
): { readonly walks: readonly Walk[]; readonly state: NetworkState } {
  const ending = (state.connections ?? []).filter(
    (c) => c.server !== null && c.server.process !== null && serverLives(before, c) && !serverLives(view, c),
  );
  if (ending.length === 0) return { walks: [], state };
  const topology = createTopology(before);
  const walks: Walk[] = [];
  let after = state;
  for (const connection of ending) {
    const { server } = connection;
    if (server === null) continue;
    const host = topology.host(server.host);
    const node = server.host.startsWith("node/") ? server.host.slice("node/".length) : null;
    const isOff =
      host === undefined || (node !== null && before.isDown?.(node) === true) || isNodeDown(before, server.host);
    // A machine without power says nothing more.
    if (isOff) continue;
    const isFirst = connection.state === "ESTAB";
    const made = along(
      before,
      topology,
      after,
      connection,
      packetBack(server, "FIN,ACK"),
      {
        phase: "close",
        from: "server",
        after: ({ walk }) =>
          ended(connection, walk.outcome === "delivered" && isFirst ? "CLOSE-WAIT" : connection.state, "gone"),
      },
      options(walks.length),
    );
    walks.push(made.walk);
    after = made.state;
  }
  return { walks, state: after };
}

function isNodeDown(view: ClusterView, host: string): boolean {
  const [kind, namespace = "", name = ""] = host.split("/");
  const node = kind === "pod" ? view.pod(namespace, name)?.spec.nodeName : undefined;
  return node !== undefined && view.isDown?.(node) === true;
}
