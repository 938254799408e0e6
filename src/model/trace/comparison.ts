import type { Micros } from "../../base/time.ts";
import type { ProxyMode } from "../config/types.ts";
import type { ObjectKey } from "../meta/types.ts";
import type { Backend, OutcomeKind, Request, Walk } from "./types.ts";

/** One way a request may end, with the exact weight of all branches that end so. */
export interface Share {
  readonly outcome: OutcomeKind;
  readonly backend: Backend | null;
  readonly sourceSeen: string | null;
  readonly weight: number;
}

/** What the node that decides has written for Services. */
export interface WrittenFor {
  readonly node: string;
  /** The Service whose rules the packet met; null: none of its rules is about a Service. */
  readonly service: ObjectKey | null;
  /** Rules and elements of sets and maps that name that Service, and all that kube-proxy wrote. */
  readonly own: number;
  readonly total: number;
}

/** What the packet was held against on that node until its destination was rewritten; on its whole stay there where it was not. */
export interface LookedAt {
  readonly rules: number;
  readonly matched: number;
  /** Rules among them that ask a set or a map instead of comparing values. */
  readonly lookups: number;
  /** Virtual servers found in IPVS' hash table. */
  readonly virtual: number;
}

/** What becomes of another request to the same address, in a sentence's worth. */
export interface Trial {
  readonly to: string;
  readonly protocol: Request["protocol"];
  readonly outcome: OutcomeKind;
  readonly symptom: string;
}

export interface ComparedMode {
  readonly mode: ProxyMode;
  /** Every running kube-proxy runs in it at the moment compared. */
  readonly current: boolean;
  readonly walk: Walk;
  /** Its draws were chosen so that it ends at the backend asked for. */
  readonly pinned: boolean;
  readonly shares: readonly Share[];
  /** Weight of branches that were too many to follow; 0 when all were. */
  readonly unexplored: number;
  readonly written: WrittenFor | null;
  readonly looked: LookedAt;
  /** A port beside the one dialled. null: the request has none, or the sender cannot be told to dial it. */
  readonly otherPort: Trial | null;
  readonly ping: Trial | null;
}

/** The same packet in several modes of kube-proxy, each in a fork of one moment. */
export interface Comparison {
  readonly at: Micros;
  readonly request: Request;
  readonly columns: readonly ComparedMode[];
}
