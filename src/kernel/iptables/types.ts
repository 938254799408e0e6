import type { Probability } from "../../base/choose.ts";
import type { HookName, Origin, TableName } from "../../model/trace/types.ts";
import type { IpSet, SetSide } from "../ipvs/ipset.ts";

/** A connection tracking state as `--ctstate` names it: the five states and the two NAT bits. */
export type CtStateName = "INVALID" | "NEW" | "RELATED" | "ESTABLISHED" | "UNTRACKED" | "SNAT" | "DNAT";

export type RejectWith =
  | "icmp-port-unreachable"
  | "icmp-net-unreachable"
  | "icmp-host-unreachable"
  | "icmp-proto-unreachable"
  | "icmp-net-prohibited"
  | "icmp-host-prohibited"
  | "icmp-admin-prohibited"
  | "tcp-reset";

/**
 * One condition of a rule. A rule keeps them in the order in which they were written: kube-proxy's own wording and the
 * kernel's differ only in what they move to the front, so both can be printed from this one list.
 */
export type Match =
  | { readonly kind: "comment"; readonly text: string }
  /** `-s`. `cidr` is an address or a CIDR. */
  | { readonly kind: "src"; readonly cidr: string; readonly invert?: true }
  /** `-d`. */
  | { readonly kind: "dst"; readonly cidr: string; readonly invert?: true }
  /** `-p`. */
  | { readonly kind: "protocol"; readonly protocol: string; readonly invert?: true }
  /** `-m tcp`, `-m udp`, `-m sctp`: opens the module that port conditions belong to; matches that protocol. */
  | { readonly kind: "module"; readonly protocol: "tcp" | "udp" | "sctp" }
  | { readonly kind: "sport"; readonly from: number; readonly to: number; readonly invert?: true }
  | { readonly kind: "dport"; readonly from: number; readonly to: number; readonly invert?: true }
  /** `-i`. A trailing `+` is a wildcard. */
  | { readonly kind: "in"; readonly iface: string; readonly invert?: true }
  /** `-o`. */
  | { readonly kind: "out"; readonly iface: string; readonly invert?: true }
  | { readonly kind: "addrtype"; readonly side: "src" | "dst"; readonly type: "LOCAL"; readonly invert?: true }
  | { readonly kind: "mark"; readonly value: number; readonly mask: number; readonly invert?: true }
  /** `as`: written by the match's older name, `-m state --state`. */
  | {
      readonly kind: "conntrack";
      readonly states: readonly CtStateName[];
      readonly as?: "state";
      readonly invert?: true;
    }
  | { readonly kind: "statistic"; readonly probability: Probability }
  /** `-m nfacct`: a counter, always true. */
  | { readonly kind: "nfacct"; readonly name: string }
  /** `-m recent --rcheck`: was the source seen within `seconds`? */
  | { readonly kind: "recent-check"; readonly list: string; readonly seconds: number; readonly reap: boolean }
  /** `-m recent --set`: remembers the source, always true. */
  | { readonly kind: "recent-set"; readonly list: string }
  /** `-m set --match-set NAME dst,dst`: is the packet in the ip set of the ruleset? */
  | { readonly kind: "set"; readonly set: string; readonly sides: readonly SetSide[]; readonly invert?: true }
  /** `-m ipvs --vaddr`: the packet belongs to a connection that IPVS took for this virtual server. */
  | { readonly kind: "ipvs"; readonly ip: string; readonly port: number; readonly protocol: "tcp" | "udp" | "sctp" }
  /** `-m physdev --physdev-is-in`: it came in by a port of a bridge. */
  | { readonly kind: "physdev-is-in"; readonly invert?: true }
  /** A module we do not evaluate, kept as it was written (`-m set --match-set x dst`). Never matches. */
  | { readonly kind: "opaque"; readonly text: string };

export type Target =
  | { readonly kind: "jump"; readonly chain: string }
  | { readonly kind: "goto"; readonly chain: string }
  | { readonly kind: "accept" }
  | { readonly kind: "drop" }
  | { readonly kind: "return" }
  | { readonly kind: "reject"; readonly with: RejectWith }
  /** `port` null keeps the packet's. */
  | { readonly kind: "dnat"; readonly ip: string; readonly port: number | null; readonly flags?: string }
  | { readonly kind: "snat"; readonly ip: string; readonly port: number | null; readonly flags?: string }
  | { readonly kind: "masquerade"; readonly randomFully: boolean }
  | { readonly kind: "redirect"; readonly port: number | null }
  /** mark = (mark & ~mask) ^ value: what `--set-mark`, `--or-mark`, `--and-mark` and `--xor-mark` all become in the kernel. */
  | { readonly kind: "mark"; readonly value: number; readonly mask: number }
  /** No target: the rule only counts. */
  | { readonly kind: "none" }
  /** A target we do not evaluate, kept as it was written (`-j LOG --log-prefix x`). The packet goes on. */
  | { readonly kind: "opaque"; readonly text: string };

export interface Rule {
  /**
   * Stable name within its chain, independent of position: `to/10.244.1.5:8080` for rules we compile, a hash of the text for parsed
   * ones. With table and chain in front it is the rule's id, by which draws are keyed: inserting a rule elsewhere never changes
   * an old answer.
   */
  readonly role: string;
  readonly matches: readonly Match[];
  readonly target: Target;
  readonly origin: Origin | null;
  /** Packets and bytes that a dump says went through it (`iptables-save -c`). */
  readonly counters?: readonly [packets: number, bytes: number];
}

export type ChainPolicy = "ACCEPT" | "DROP";

export interface Chain {
  /** Built-in chains have a policy; others null. */
  readonly policy: ChainPolicy | null;
  readonly rules: readonly Rule[];
  /** What a dump says fell through to the policy. */
  readonly counters?: readonly [packets: number, bytes: number];
}

export interface Table {
  /** In order of creation; the kernel's listing sorts them. */
  readonly chains: ReadonlyMap<string, Chain>;
}

/** All iptables rules of one host and one IP family. A table that was never touched is absent. */
export interface Ruleset {
  readonly family: 4 | 6;
  readonly tables: Readonly<Partial<Record<TableName, Table>>>;
  /** The host's ip sets by name, as far as rules ask for them. A set that is not there has no members. */
  readonly sets?: ReadonlyMap<string, IpSet>;
  /** Tables of a dump that are not evaluated (`security`), as they were written, from `*name` to `COMMIT`. */
  readonly opaque?: readonly string[];
}

/** Built-in chains of a table, in the order in which tools list them. */
export const BUILTIN_CHAINS: Readonly<Record<TableName, readonly HookName[]>> = {
  raw: ["PREROUTING", "OUTPUT"],
  mangle: ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
  nat: ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
  filter: ["INPUT", "FORWARD", "OUTPUT"],
};

export function isBuiltin(table: TableName, chain: string): boolean {
  return (BUILTIN_CHAINS[table] as readonly string[]).includes(chain);
}

/** The id of a rule in its ruleset: `nat/KUBE-SVC-X/to/10.244.1.5:8080`. */
export function ruleId(table: TableName, chain: string, rule: Rule): string {
  return `${table}/${chain}/${rule.role}`;
}

const COUNTS = new WeakMap<Ruleset, number>();

/** Who patches a ruleset knows how many rules the new one has; counting 70,000 chains again would cost more than the patch. */
export function rememberCount(ruleset: Ruleset, count: number): void {
  COUNTS.set(ruleset, count);
}

/** Number of rules in all tables. */
export function countRules(ruleset: Ruleset): number {
  let count = COUNTS.get(ruleset);
  if (count !== undefined) return count;
  count = 0;
  for (const table of Object.values(ruleset.tables))
    for (const chain of table.chains.values()) count += chain.rules.length;
  COUNTS.set(ruleset, count);
  return count;
}
