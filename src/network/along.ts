/** What is known of a connection that stays open, and the packets that go along it. */
import { joinHostPort } from "../base/ip.ts";
import { DEFAULT_TTL } from "../kernel/packet.ts";
import type { Connection, Ends } from "../model/trace/connection.ts";
import type { Message } from "../model/trace/message.ts";
import type { HostId, Packet, Request, TcpFlags } from "../model/trace/types.ts";
import { familyOf } from "./addresses.ts";
import type { ResolvedRequest } from "./request.ts";
import type { Trip } from "./trip.ts";
import type { ClusterView } from "./types.ts";

const endsOf = ({ src, dst, sport, dport }: Ends): Ends => ({ src, dst, sport, dport });

/** A packet of the client on its connection; a datagram where it is UDP. */
export function packetAlong({ ends, protocol }: Connection, flags: TcpFlags): Packet {
  return {
    ...ends,
    protocol,
    mark: 0,
    ttl: DEFAULT_TTL,
    flags: protocol === "tcp" ? flags : null,
    icmp: null,
    quoted: null,
  };
}

/** A packet of the server on a connection, as it leaves the server. */
export function packetBack({ ends }: NonNullable<Connection["server"]>, flags: TcpFlags): Packet {
  return {
    src: ends.dst,
    dst: ends.src,
    sport: ends.dport,
    dport: ends.sport,
    protocol: "tcp",
    mark: 0,
    ttl: DEFAULT_TTL,
    flags,
    icmp: null,
    quoted: null,
  };
}

/** The request of a connection's client as if its names had just been looked up: they no longer matter. */
export function alongRequest({ host, sender, protocol, ends }: Connection, says: Message | undefined): ResolvedRequest {
  const [kind, namespace, name] = host.split("/");
  return {
    host,
    sender,
    pod: kind === "pod" && namespace !== undefined && name !== undefined ? { namespace, name } : null,
    ip: ends.dst,
    port: ends.dport,
    protocol,
    family: familyOf(ends.dst),
    ...(says === undefined ? {} : { says }),
  };
}

/**
 * Which life of which process a socket of a pod belongs to: the container that listens, by how often it was restarted, of this very
 * pod. Null when it does not run: its sockets are closed.
 */
export function processLife(view: ClusterView, owner: string, what: string): string | null {
  const [namespace = "", name = ""] = owner.split("/");
  const pod = view.pod(namespace, name);
  if (pod === undefined || pod.status.phase === "Succeeded" || pod.status.phase === "Failed") return null;
  const container = pod.spec.containers.find((c) => what.includes(`container ${c.name} `)) ?? pod.spec.containers[0];
  const status = pod.status.containerStatuses?.find((s) => s.name === container?.name);
  if (status !== undefined && status.state?.running === undefined) return null;
  return `${pod.metadata.uid ?? ""} ${container?.name ?? ""} ${status?.restartCount ?? 0}`;
}

/** Does the process live that holds the server's end? */
export function serverLives(view: ClusterView, { server, backend }: Connection): boolean {
  if (server === null || server.state === "gone" || server.state === "TIME-WAIT") return false;
  const pod = backend?.pod ?? null;
  if (server.process === null || pod === null) return true;
  return processLife(view, pod, server.what) === server.process;
}

/** Is this packet, which has arrived at this host, one of the connection's at its server's living end? */
export function isAtServer(view: ClusterView, connection: Connection, host: HostId, packet: Packet): boolean {
  const { server } = connection;
  if (server === null || server.host !== host || !serverLives(view, connection)) return false;
  const { src, dst, sport, dport } = server.ends;
  return packet.src === src && packet.dst === dst && packet.sport === sport && packet.dport === dport;
}

/** What a trip that opened a connection has made; its number is the caller's to give. */
export function connectionOf(
  view: ClusterView,
  sender: string,
  host: HostId,
  request: Request,
  trip: Trip,
): Connection | null {
  const { ends, accepted, listener, walk, relayed } = trip;
  const { protocol } = request;
  if (ends === null || (protocol !== "tcp" && protocol !== "udp")) return null;
  const owner = listener?.owner ?? null;
  return {
    id: 0,
    request,
    protocol,
    host,
    sender,
    ends: endsOf(ends),
    state: "ESTAB",
    server:
      accepted === null || protocol === "udp"
        ? null
        : {
            host: accepted.host,
            ends: endsOf(accepted.packet),
            state: "ESTAB",
            what:
              relayed !== null
                ? "kube-proxy"
                : (listener?.what ?? joinHostPort(accepted.packet.dst, accepted.packet.dport)),
            process: owner === null || relayed !== null ? null : processLife(view, owner, listener?.what ?? ""),
          },
    backend: walk.backend,
    openedAt: view.now,
    lastAt: view.now,
    exchanges: 0,
    sent: 0,
    received: 0,
    last: walk.summary,
    stuckSince: null,
    ...(relayed === null ? {} : { relayed }),
  };
}
