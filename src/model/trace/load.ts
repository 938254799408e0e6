import type { Micros } from "../../base/time.ts";
import type { Message } from "./message.ts";
import type { Backend, HostId, OutcomeKind, Protocol, Walk } from "./types.ts";

/** Many requests, evenly spaced in virtual time. */
export interface LoadSpec {
  /** Senders as in a request; clients are spread over them in turn. */
  readonly from: readonly string[];
  /** As in a request. */
  readonly to: string;
  readonly protocol: Protocol;
  readonly family?: 4 | 6;
  /** Requests per second, of all clients together. */
  readonly rate: number;
  /** From the first request on, in virtual time; rate × duration requests are sent. */
  readonly duration: Micros;
  /** Each client opens one connection and sends all its requests on it; a new one when that breaks. TCP, and UDP with one port. */
  readonly keepAlive: boolean;
  /** Clients, which ask in turn: 1 or more. */
  readonly clients: number;
  readonly says?: Message;
}

/** Requests that one pod or process answered. */
export interface LoadBackend extends Backend {
  readonly count: number;
}

/** A stretch of the load. */
export interface LoadBucket {
  readonly at: Micros;
  readonly sent: number;
  readonly delivered: number;
}

/** Requests that were lost for the same reason, at the same place. */
export interface LoadReason {
  /** Equal for requests that ended alike: outcome, place, stage and rule. */
  readonly key: string;
  readonly outcome: OutcomeKind;
  /** Where it ended, and why, as the first of them says it. */
  readonly place: HostId;
  readonly text: string;
  readonly count: number;
  readonly firstAt: Micros;
  readonly lastAt: Micros;
}

/** What became of a load so far. Not the walks but their counts; of losses the first walk of each reason. */
export interface LoadReport {
  /** 1, 2, 3 ... within a history. */
  readonly id: number;
  readonly spec: LoadSpec;
  readonly startedAt: Micros;
  /** When the last request is sent. */
  readonly endsAt: Micros;
  /** Requests to be sent in all. */
  readonly total: number;
  readonly sent: number;
  readonly done: boolean;
  readonly outcomes: Readonly<Partial<Record<OutcomeKind, number>>>;
  /** Most requests first. */
  readonly backends: readonly LoadBackend[];
  /** Source addresses that servers saw, and how often. */
  readonly sources: Readonly<Record<string, number>>;
  /** Width of a bucket: {@link LoadBucket}s follow each other from `startedAt` on. */
  readonly bucket: Micros;
  readonly buckets: readonly LoadBucket[];
  readonly reasons: readonly LoadReason[];
  /** The first losing walk of each reason, at most 8. */
  readonly losses: readonly Walk[];
  /** Connections opened: with keep-alive fewer than requests. */
  readonly connections: number;
  /** With keep-alive, the number of the connection that each client has open; null: none at present. */
  readonly held: readonly (number | null)[];
  /** Hops that all packets of the load went through. */
  readonly hops: number;
}
