import { joinHostPort } from "../base/ip.ts";
import { MILLISECOND, type Micros } from "../base/time.ts";
import { type Host, hostName, type Listener } from "../kernel/host.ts";
import { headerOf, sourceText } from "../kernel/packet.ts";
import type { ProxySocket } from "../kernel/proxy-socket.ts";
import { draftHop } from "../kernel/visit.ts";
import type { Message } from "../model/trace/message.ts";
import type { Header, Packet, Verdict } from "../model/trace/types.ts";
import { type Dialled, type End, end, type Flight, type Journey, keep, lostSummary, stateOf } from "./journey.ts";
import { nextEndpoint, type Picked } from "./round-robin.ts";

/** The kube-proxy process in userspace mode: it takes connections itself and makes a second one to an endpoint. */

/** How long each dial may take. Upstream: EndpointDialTimeouts in pkg/proxy/userspace/proxysocket.go of 1.25. */
const DIAL_TIMEOUTS: readonly Micros[] = [250, 500, 1_000, 2_000].map((ms) => ms * MILLISECOND);
/** An endpoint that leads back to a proxy port would go on until kube-proxy has no descriptors left. */
const MAX_DEPTH = 4;

/** The proxy port that a listener is, or null when it is another process's. */
export function proxySocketOf(host: Host, listener: Listener): ProxySocket | null {
  if (listener.owner !== null) return null;
  const { ip, port, protocol } = listener;
  const found = host.rules?.sockets?.find(
    (s) => s.use === "serve" && s.port === port && s.protocol === protocol && s.ip === ip,
  );
  return found ?? null;
}

interface Arrived {
  readonly host: Host;
  readonly socket: ProxySocket;
  readonly packet: Packet;
  readonly iface: string | null;
  /** What the kernel or the process sends back: SYN,ACK, or a datagram. */
  readonly answer: Packet;
}

/** kube-proxy gets a connection or a datagram on a proxy port: what comes back to the client, and what it did for that. */
export function proxied(journey: Journey, arrived: Arrived): Flight | End {
  return arrived.socket.protocol === "tcp" ? tcp(journey, arrived) : udp(journey, arrived);
}

function tell(journey: Journey, { host, packet, iface }: Arrived, verdict: Verdict, note: string): void {
  const header: Header = headerOf(packet);
  journey.recorder.add(
    host.id,
    draftHop({ iface, stage: "socket", label: "kube-proxy", before: header, verdict, note }, header),
  );
}

const who = (host: Host): string => `kube-proxy on ${hostName(host.id)}`;

function pick(journey: Journey, { host, socket, packet }: Arrived, reset: boolean): Picked {
  const state = stateOf(journey, host.id);
  const picked = nextEndpoint(state.turns?.[socket.name], socket, {
    client: packet.src,
    reset,
    now: journey.recorder.now,
    chooser: journey.env.chooser,
    flow: `${journey.env.flow} ${host.id}`,
    place: host.id,
  });
  keep(journey, host.id, { ...state, turns: { ...state.turns, [socket.name]: picked.turn } });
  return picked;
}

function tcp(journey: Journey, arrived: Arrived): Flight | End {
  const { host, socket, packet, answer } = arrived;
  const back: Flight = { host: host.id, packet: answer, frame: null };
  tell(
    journey,
    arrived,
    "deliver",
    `${who(host)} accepts the connection for ${socket.name} on its port ${socket.port}; it sees the source ${sourceText(packet)}.`,
  );
  // accept() returns after the handshake; where its answer gets lost, kube-proxy never hears of the connection.
  if (!journey.handshake(back)) return turned(journey, back);
  if (journey.depth >= MAX_DEPTH) {
    return closed(
      journey,
      arrived,
      `The endpoints of ${socket.name} lead back to ${who(host)}, which dials itself until it can open no more.`,
    );
  }
  const failures: string[] = [];
  const said = saidBy(journey);
  for (const patience of DIAL_TIMEOUTS) {
    const { endpoint, because } = pick(journey, arrived, failures.length > 0);
    if (endpoint === null) {
      return closed(journey, arrived, `${who(host)} finds no endpoint for ${socket.name}: ${because}.`);
    }
    const dialled = journey.dial({ from: host.id, sender: who(host), ...endpoint, protocol: "tcp", patience, ...said });
    learn(journey, dialled);
    if (dialled.connected && dialled.walk.outcome === "reset") {
      return closed(journey, arrived, `${who(host)} is connected to ${endpoint.key}, and that connection is reset.`);
    }
    if (dialled.connected && dialled.walk.outcome === "timeout" && dialled.listener?.hangs !== true) {
      const why = `${who(host)} passes the request on to ${endpoint.key}, and no answer comes.`;
      tell(journey, arrived, "lost", why);
      return end("timeout", lostSummary(journey, why), { connected: true });
    }
    if (dialled.connected) {
      journey.relayed = dialled.open;
      const source = dialled.walk.hops[0]?.after.src ?? "";
      const before = failures.length === 0 ? "" : ` after ${failures.join(" and ")}`;
      tell(
        journey,
        arrived,
        "continue",
        `${who(host)} opens a second connection${source === "" ? "" : ` from ${source}`} to ${endpoint.key} (${because})${before}, and passes on what either side sends.`,
      );
      return turned(journey, back);
    }
    failures.push(`${endpoint.key} ${dialled.walk.outcome === "timeout" ? "did not answer" : dialled.walk.outcome}`);
  }
  return closed(journey, arrived, `${who(host)} gives up after ${failures.length} dials: ${failures.join(", ")}.`);
}

/** The answer sets out. */
function turned(journey: Journey, back: Flight): Flight {
  journey.recorder.turn();
  return back;
}

/** It passes on what it has read, whatever that is. */
function saidBy({ resolved: { says } }: Journey): { readonly says?: Message } {
  return says === undefined ? {} : { says };
}

/** What the second connection has met is what the client's request has met. */
function learn(journey: Journey, { walk, listener }: Dialled): void {
  journey.response = walk.response ?? null;
  journey.dns = walk.dns ?? null;
  journey.backend = walk.backend;
  journey.relayedBy = "kube-proxy";
  journey.sourceSeen = walk.sourceSeen;
  journey.listener = listener;
}

/** kube-proxy closes an accepted connection unread: the client, which has sent its request, gets a reset. */
function closed(journey: Journey, arrived: Arrived, why: string): Flight {
  const { host, answer } = arrived;
  tell(journey, arrived, "refuse", `${why} It closes the connection that it had accepted.`);
  journey.cutOff = true;
  return turned(journey, { host: host.id, packet: { ...answer, flags: "RST,ACK" }, frame: null });
}

function udp(journey: Journey, arrived: Arrived): Flight | End {
  const { host, socket, packet, answer } = arrived;
  const lost = (why: string): End => {
    tell(journey, arrived, "lost", why);
    return end("timeout", lostSummary(journey, why));
  };
  tell(
    journey,
    arrived,
    "deliver",
    `${who(host)} reads the datagram for ${socket.name} on its port ${socket.port}; it sees the source ${sourceText(packet)}.`,
  );
  if (journey.depth >= MAX_DEPTH)
    return lost(`The endpoints of ${socket.name} lead back to ${who(host)} over and over.`);
  const { endpoint, because } = pick(journey, arrived, false);
  if (endpoint === null)
    return lost(`${who(host)} finds no endpoint for ${socket.name}: ${because}. It drops the datagram.`);
  const dialled = journey.dial({
    from: host.id,
    sender: who(host),
    ...endpoint,
    protocol: "udp",
    patience: null,
    ...saidBy(journey),
  });
  learn(journey, dialled);
  // A socket for a datagram is never refused at once, so nothing is retried.
  if (!dialled.connected) {
    const to = joinHostPort(endpoint.ip, endpoint.port);
    return lost(
      `${who(host)} sends the datagram on to ${to} (${because}), and nothing comes back that it could pass on.`,
    );
  }
  tell(
    journey,
    arrived,
    "continue",
    `${who(host)} sends the datagram on from a socket of its own to ${endpoint.key} (${because}), and passes the answer back.`,
  );
  return turned(journey, { host: host.id, packet: answer, frame: null });
}
