import type { Chooser } from "../base/choose.ts";
import type { Header, HookName, Packet, RuleRef, RuleStep, SkippedRules, TableName } from "../model/trace/types.ts";
import type { VirtualServer } from "./ipvs/types.ts";
import type { ProxySocket } from "./proxy-socket.ts";

/** Connection tracking state as `-m conntrack --ctstate` sees it. */
export type CtState = "NEW" | "ESTABLISHED" | "RELATED" | "INVALID" | "UNTRACKED";

/** What one hook of one host knows about the packet that a rule may ask for. */
export interface HookContext {
  readonly hook: HookName;
  readonly packet: Packet;
  readonly ctState: CtState;
  /** DNAT or SNAT bits of the conntrack entry's status (`--ctstate DNAT` matches on them). */
  readonly ctDnat: boolean;
  readonly ctSnat: boolean;
  readonly inInterface: string | null;
  readonly outInterface: string | null;
  /** The port of a bridge that the packet came in by (`-m physdev`); absent or null: none. */
  readonly inPort?: string | null;
  /** `-m ipvs`: the virtual server, as the client dialled it, that took the packet's connection. */
  readonly virtual?: Pick<Header, "dst" | "dport" | "protocol"> | null;
  /** `-m addrtype --dst-type LOCAL`: does this host own the address (127.0.0.0/8 included)? */
  isLocal(ip: string): boolean;
  /** Prefix for draw purposes: names host and connection, so that equal questions get equal answers. */
  readonly flow: string;
  readonly chooser: Chooser;
  /** `-m recent` lists of this host, keyed by list name. */
  readonly recent?: RecentLists;
}

/** `xt_recent` as session affinity uses it. */
export interface RecentLists {
  /** True if the address was seen within `seconds` (`--rcheck --seconds --reap`). */
  check(list: string, ip: string, seconds: number): boolean;
  set(list: string, ip: string): void;
}

/** What a traversal of one table at one hook decided. `mark` is the packet's mark afterwards, whatever the verdict. */
export type TableVerdict =
  | { readonly kind: "accept" }
  | { readonly kind: "drop" }
  | { readonly kind: "reject"; readonly with: "icmp-port-unreachable" | "tcp-reset" | "icmp-admin-prohibited" }
  | { readonly kind: "dnat"; readonly to: { readonly ip: string; readonly port: number | null } }
  | { readonly kind: "snat"; readonly to: { readonly ip: string; readonly port: number | null } }
  | { readonly kind: "masquerade"; readonly randomFully: boolean }
  | { readonly kind: "redirect"; readonly port: number | null };

export interface TableResult {
  readonly verdict: TableVerdict;
  readonly mark: number;
  /** The rule that gave the verdict; null when the built-in chain's policy did. */
  readonly rule: RuleRef | null;
  /** How many rules Linux would have looked at, matched or not. */
  readonly considered: number;
  readonly matched: number;
  readonly steps: readonly RuleStep[];
  readonly skipped: readonly SkippedRules[];
  /** The last statistic draw in words ("0.41 < 1/2"), or null. */
  readonly draw: string | null;
  /** What the hop is called where the table's own name would mislead: nftables has chains with priorities, not tables with ranks. */
  readonly as?: {
    readonly table: TableName;
    /** Heading, as "PREROUTING". */
    readonly label: string;
    /** For notes: "chain filter-forward". */
    readonly place: string;
  };
}

/**
 * The rules of one host, whoever wrote them and in whatever language. The host's packet path calls `run` per table at each
 * hook; it never sees a chain. Implementations are pure: all state they touch comes in through the context.
 */
export interface Rules {
  /** True when some chain is hooked there; otherwise the hop is not even shown. */
  has(table: TableName, hook: HookName): boolean;
  run(table: TableName, context: HookContext): TableResult;
  /**
   * Does some rule need to know connections: a NAT target, a `conntrack` match? Where none does, the kernel hooks no connection
   * tracking in, and without it the nat table is never asked. Absent: one does.
   */
  tracks?(): boolean;
  /** IPVS of the host; absent: it has no virtual servers. */
  readonly virtual?: VirtualService;
  /** Does some rule name this list of clients (`recent`, or a set that rules fill)? The kernel forgets a list with its last rule. */
  remembers(list: string): boolean;
  /** Ports that the kube-proxy process itself has opened, because its rules lead there (userspace mode); absent: none. */
  readonly sockets?: readonly ProxySocket[];
}

/** The virtual servers of a host, behind its INPUT and OUTPUT hooks. */
export interface VirtualService {
  /** Addresses of kube-ipvs0: they make what is sent to them local. */
  readonly addresses: readonly string[];
  readonly servers: readonly VirtualServer[];
  /** The virtual server that a packet is addressed to, or null. */
  find(header: Pick<Header, "dst" | "dport" | "protocol">): VirtualServer | null;
}
