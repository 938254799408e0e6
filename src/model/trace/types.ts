import type { Micros } from "../../base/time.ts";
import type { ObjectKey } from "../meta/types.ts";
import type { DnsResponse, HttpResponse, Message } from "./message.ts";

export type Protocol = "tcp" | "udp" | "sctp" | "icmp";

/** The part of a packet that rules look at and rewrite. Ports are 0 for ICMP. */
export interface Header {
  readonly src: string;
  readonly dst: string;
  readonly sport: number;
  readonly dport: number;
  readonly protocol: Protocol;
  /** The skb mark: lives on one host only and is 0 on every wire. */
  readonly mark: number;
  readonly ttl: number;
}

export type TcpFlags = "SYN" | "SYN,ACK" | "ACK" | "PSH,ACK" | "FIN,ACK" | "RST" | "RST,ACK";
/** ICMP as far as walks send it: an echo, its answer, or an error that quotes another packet. */
export type IcmpType =
  | "echo-request"
  | "echo-reply"
  | "port-unreachable"
  | "host-unreachable"
  | "net-unreachable"
  | "time-exceeded"
  /** Fragmentation needed and DF set; IPv6: packet too big. */
  | "frag-needed";

export interface Packet extends Header {
  readonly flags: TcpFlags | null;
  readonly icmp: IcmpType | null;
  /** For an ICMP error: the header of the packet it complains about, as the complaining host saw it. */
  readonly quoted: Header | null;
  /** Bytes of the whole IP packet, which must not be fragmented; absent: it fits every link. */
  readonly size?: number;
  /** For frag-needed: the MTU that it tells. */
  readonly mtu?: number;
}

/**
 * A network namespace, by role: `node/worker-1`, `pod/shop/web-x`, `client/internet`, `lb/203.0.113.10`, `router/underlay`,
 * `machine/control-plane` (the API server's, which is no Node). Pods with hostNetwork live in their node's.
 */
export type HostId = `${"node" | "pod" | "client" | "lb" | "router" | "machine"}/${string}`;

export type HookName = "PREROUTING" | "INPUT" | "FORWARD" | "OUTPUT" | "POSTROUTING";
export type TableName = "raw" | "mangle" | "nat" | "filter";

export type Stage =
  | "client"
  | "dns"
  | "route"
  | `hook:${TableName}/${HookName}`
  | "policy"
  | "conntrack"
  | "link"
  | "tunnel"
  | "lb"
  | "socket";

/** Why a rule exists: the object and field that made it write itself, and one plain sentence. */
export interface Origin {
  readonly object: ObjectKey | null;
  /** As `spec.ports[0].targetPort`; empty when no single field is to blame. */
  readonly path: string;
  readonly why: string;
  /** Further links of the chain, nearest first: the slice and the pod behind an endpoint's rule. */
  readonly because?: readonly { readonly object: ObjectKey; readonly path: string; readonly why: string }[];
}

/** A rule by name. `text` is the line as `iptables-save` prints it. */
export interface RuleRef {
  readonly id: string;
  readonly table: TableName;
  readonly chain: string;
  /** Position in its chain, from 1, as `iptables -L --line-numbers` counts. */
  readonly position: number;
  readonly text: string;
  readonly target: string;
  readonly origin: Origin | null;
}

/** One rule that the packet met, in order. */
export interface RuleStep {
  readonly rule: RuleRef;
  readonly matched: boolean;
  /** Call depth: 0 in a built-in chain, one more per jump. */
  readonly depth: number;
  /** In a few words why it matched or did not: "dst is 203.0.113.10", "0.71 ≥ 1/3". */
  readonly because: string;
  /** The draw that a statistic match made: taken when draw < threshold; `of` when the threshold was meant as 1/of. */
  readonly draw?: { readonly value: number; readonly threshold: number; readonly of: number | null };
  /** What the rule did to the packet when it did something: "mark 0x4000", "dst 10.244.2.3:8080". */
  readonly effect?: string;
}

/** Rules of one chain that were looked at in vain and are not listed one by one (only in very long chains). */
export interface SkippedRules {
  readonly chain: string;
  readonly from: number;
  readonly to: number;
}

export type Verdict =
  | "continue"
  | "accept"
  | "drop"
  | "reject"
  | "dnat"
  | "snat"
  | "undo-dnat"
  | "undo-snat"
  | "deliver"
  | "refuse"
  | "lost";

export interface Hop {
  readonly index: number;
  /** Virtual time at which the packet is here. */
  readonly at: Micros;
  readonly place: HostId;
  /** Interface in play: the one it came in by for arriving stages, the one it leaves by for `link` and POSTROUTING. */
  readonly iface: string | null;
  readonly stage: Stage;
  /** Short heading for a ladder rung, as "PREROUTING", "routing", "forwarded", "socket". */
  readonly label: string;
  /** The rule that decided here (the DNAT rule, the MASQUERADE, the REJECT, the accept), or null when policy or no rule did. */
  readonly rule: RuleRef | null;
  /** Rules looked at in this hop, matched or not. */
  readonly considered: number;
  readonly matched: number;
  readonly steps: readonly RuleStep[];
  readonly skipped: readonly SkippedRules[];
  readonly before: Header;
  readonly after: Header;
  readonly verdict: Verdict;
  /** The deciding random choice: "0.41 < 1/2". */
  readonly draw: string | null;
  /** One plain sentence for a learner, present tense, the field's own words. */
  readonly note: string;
  /** In a reply: index of the request hop on the same rung (same host, same boundary), or null. */
  readonly mirrors: number | null;
  /** The next host when stage is `link`. */
  readonly to: HostId | null;
  /** What the packet is wrapped in here: the header that the wire sees while a tunnel carries the packet. */
  readonly outer?: Header;
}

export type OutcomeKind = "delivered" | "refused" | "reset" | "timeout" | "unreachable" | "name-error";

export interface Backend {
  /** `namespace/name`; null when the answer came from something that is not a pod (a node's own process). */
  readonly pod: string | null;
  readonly ip: string;
  readonly port: number;
}

/** What a request is: who sends it and what it dials. */
export interface Request {
  /** `pod/NS/NAME`, `deploy/NS/NAME` (its first pod), `node/NAME`, `client/NAME`. */
  readonly from: string;
  /**
   * `IP:PORT`, `NAME:PORT` and `http://NAME/path`, whose name the sender looks up, `service/NS/NAME:PORT`, `lb/NS/NAME:PORT`,
   * `node/NAME:PORT`, `pod/NS/NAME:PORT`.
   */
  readonly to: string;
  readonly protocol: Protocol;
  readonly family?: 4 | 6;
  /** What the client says once it is connected, or in its datagram. Absent: nothing that a server would read. */
  readonly says?: Message;
  /** TTL (IPv6: hop limit) of what the client sends; 64 by default. */
  readonly ttl?: number;
  /** Bytes of payload of a datagram or an echo, sent with DF set (`ping -M do -s 1472`). Absent: small. */
  readonly size?: number;
}

/** One request and its answer: the single thing that stage, inspector, text trace, console and tests are views of. */
export interface Walk {
  /** Stable within a history: 1, 2, 3 ... for sends; 0 for probes that leave no trace. */
  readonly id: number;
  readonly request: Request;
  readonly startedAt: Micros;
  readonly endedAt: Micros;
  readonly hops: readonly Hop[];
  readonly reply: readonly Hop[];
  readonly outcome: OutcomeKind;
  /** What the client's terminal shows: "curl: (7) Failed to connect to 10.96.0.50 port 80 after 0 ms: Couldn't connect to server". */
  readonly symptom: string;
  /** One plain sentence: what happened and where. */
  readonly summary: string;
  readonly backend: Backend | null;
  /** The source IP that the server's accept() returns; null when nothing was reached. */
  readonly sourceSeen: string | null;
  /** Why this walk was made within another: a name to look up, a relay's own connection. Absent for a client's own. */
  readonly role?: "dns" | "relay";
  /** What the server said, where that is known. */
  readonly response?: HttpResponse;
  /** What the name server said. */
  readonly dns?: DnsResponse;
  /** The connection that it is a part of, by number, and which part; absent for a request that opens and closes one of its own. */
  readonly connection?: number;
  readonly phase?: "open" | "data" | "close";
  /** Weight among all outcomes: exact in explore mode, 1 for a send. */
  readonly probability: number;
  readonly children: readonly Walk[];
}

export interface Exploration {
  readonly walks: readonly Walk[];
  /** Weight of the branches that were too many to follow; absent when all were. */
  readonly unexplored?: number;
}
