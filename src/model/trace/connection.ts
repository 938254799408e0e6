import type { Micros } from "../../base/time.ts";
import type { Backend, Header, HostId, Protocol, Request } from "./types.ts";

/** One end of a connection as packets leave or reach it: addresses and ports, without what only lives for one packet. */
export type Ends = Pick<Header, "src" | "dst" | "sport" | "dport">;

/** What a socket at one end thinks of its connection (`ss` names). `gone`: the socket is closed, or its host has forgotten it. */
export type SocketState = "ESTAB" | "CLOSE-WAIT" | "FIN-WAIT-2" | "LAST-ACK" | "TIME-WAIT" | "gone";

/** The server's end. */
export interface ServerEnd {
  readonly host: HostId;
  /** A packet of the client as it arrives here, after all translations. */
  readonly ends: Ends;
  readonly state: SocketState;
  /** What listens there: "container web (containerPort 8080)". */
  readonly what: string;
  /** Which life of which process holds the socket: it ends with that. Null: not a pod's. */
  readonly process: string | null;
}

/**
 * A client's socket that stays open from one request to the next, and the server's end of it. TCP: from the handshake until both
 * sides have closed. UDP: a socket with one source port, which has no other end.
 */
export interface Connection {
  /** 1, 2, 3 ... within a history. */
  readonly id: number;
  readonly request: Request;
  readonly protocol: Extract<Protocol, "tcp" | "udp">;
  /** The client: host, its name as notes have it, and its packets as they leave it. */
  readonly host: HostId;
  readonly sender: string;
  readonly ends: Ends;
  readonly state: SocketState;
  readonly server: ServerEnd | null;
  readonly backend: Backend | null;
  readonly openedAt: Micros;
  readonly lastAt: Micros;
  /** Requests and answers that went through, and the bytes of their payloads. */
  readonly exchanges: number;
  readonly sent: number;
  readonly received: number;
  /** What last happened to it, in a sentence. */
  readonly last: string;
  /** Since when the client sends again and again what nobody acknowledges; null: everything has been. */
  readonly stuckSince: Micros | null;
  /** The second connection, which the process at the server's end has made on behalf of this one (kube-proxy in userspace mode). */
  readonly relayed?: Connection;
}

/** An entry of a host's connection table. */
export interface TrackedConnection {
  readonly protocol: Protocol;
  /** As the client sent it. */
  readonly original: Ends;
  /** The reply that is expected: DNAT shows in its src, SNAT in its dst. */
  readonly reply: Ends;
  /** The kernel's own word for TCP; UNREPLIED, REPLIED and ASSURED for protocols without states. */
  readonly state: string;
  readonly dnat: boolean;
  readonly snat: boolean;
  /** When it is forgotten unless another packet comes. */
  readonly expiresAt: Micros;
}

/** Which entries of a connection table are meant (`conntrack -D`); what is left out does not matter. Addresses are of the original direction. */
export interface ConntrackFilter {
  readonly protocol?: Protocol;
  readonly src?: string;
  readonly dst?: string;
  readonly sport?: number;
  readonly dport?: number;
  /** Source and destination of the expected answer: the pod behind a DNAT, the address that hides the client. */
  readonly replySrc?: string;
  readonly replyDst?: string;
}
