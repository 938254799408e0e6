import type { Chooser } from "../base/choose.ts";
import type { Micros } from "../base/time.ts";
import type { Header, Hop, HostId, Packet, Stage, Verdict } from "../model/trace/types.ts";
import type { HostState, Tracked } from "./conntrack.ts";
import type { Host } from "./host.ts";
import type { CtState, TableResult } from "./netfilter.ts";
import { headerOf } from "./packet.ts";

/** A hop without its place in a walk: who walks the packet adds index, time, host and mirror. */
export type HopDraft = Omit<Hop, "index" | "at" | "place" | "mirrors">;

/** What surrounds a packet's stay on a host. */
export interface Environment {
  readonly now: Micros;
  readonly chooser: Chooser;
  /** Names the walk, so that two walks over the same tuple draw apart. */
  readonly flow: string;
}

/** How a packet's stay on a host ended. */
export type Outcome =
  /** Out of an interface, towards the neighbour that owns `nextHop`. `port` is the bridge port when a bridge sends it. */
  | {
      readonly kind: "transmit";
      readonly packet: Packet;
      readonly iface: string;
      readonly port: string | null;
      readonly nextHop: string;
    }
  /** To the host's own sockets. */
  | { readonly kind: "deliver"; readonly packet: Packet; readonly iface: string | null }
  /** Refused: the host answers with a packet of its own, which still has to pass its OUTPUT hooks, tied to what it is about. */
  | {
      readonly kind: "answer";
      readonly packet: Packet;
      readonly related: Tracked | null;
      /** Only after ARP had given up. */
      readonly late?: true;
      readonly why: string;
    }
  /** Gone, in silence. */
  | { readonly kind: "lost"; readonly packet: Packet; readonly why: string }
  /** A local sender's system call fails. */
  | {
      readonly kind: "error";
      readonly packet: Packet;
      readonly errno: "ENETUNREACH" | "EHOSTUNREACH" | "EMSGSIZE";
      /** With EMSGSIZE: what would have fit. */
      readonly mtu?: number;
      readonly why: string;
    };

/**
 * The tie of a packet that the host makes about the one in hand (nf_conntrack_attach, which REJECT and icmp_send call): the same
 * connection, the other way, known to the table or not. So an error about a packet that nat has changed already, and that
 * no rule will ever let out, is changed back.
 */
export function relatedTo({ tracked }: Visit): Tracked | null {
  if (tracked === null) return null;
  const direction = tracked.direction === "original" ? "reply" : "original";
  return { ...tracked, direction, ctState: "RELATED", confirmed: true, dstDone: true, srcDone: true };
}

export interface StackResult {
  readonly state: HostState;
  readonly hops: readonly HopDraft[];
  readonly outcome: Outcome;
}

/** A packet's stay on a host, while it lasts. Lives only inside one call; what leaves it is plain data. */
export interface Visit {
  readonly host: Host;
  readonly env: Environment;
  state: HostState;
  packet: Packet;
  tracked: Tracked | null;
  ctState: CtState;
  /** The port of a bridge that the packet came in by. */
  inPort: string | null;
  readonly hops: HopDraft[];
}

export function beginVisit(host: Host, state: HostState, packet: Packet, env: Environment): Visit {
  return { host, env, state, packet, tracked: null, ctState: "UNTRACKED", inPort: null, hops: [] };
}

export function endVisit(visit: Visit, outcome: Outcome): StackResult {
  return { state: visit.state, hops: visit.hops, outcome };
}

export interface HopText {
  readonly iface: string | null;
  readonly stage: Stage;
  readonly label: string;
  readonly before: Header;
  readonly verdict: Verdict;
  readonly note: string;
  readonly to?: HostId | null;
  readonly result?: TableResult | null;
}

/** Starts a sentence: capitalises our own words, never the name of an object ("The router", "Pod shop/web", but "worker-1"). */
export function sentence(text: string): string {
  return text.replace(/^(the|pod|client|node) /, (word) => word.charAt(0).toUpperCase() + word.slice(1));
}

/** A hop draft with the packet as it is now as its "after". */
export function draftHop(text: HopText, after: Header): HopDraft {
  const result = text.result ?? null;
  return {
    iface: text.iface,
    stage: text.stage,
    label: text.label,
    rule: result?.rule ?? null,
    considered: result?.considered ?? 0,
    matched: result?.matched ?? 0,
    steps: result?.steps ?? [],
    skipped: result?.skipped ?? [],
    before: text.before,
    after,
    verdict: text.verdict,
    draw: result?.draw ?? null,
    note: sentence(text.note),
    to: text.to ?? null,
  };
}

export function note(visit: Visit, text: HopText): void {
  visit.hops.push(draftHop(text, headerOf(visit.packet)));
}
