import type { Origin } from "../../model/trace/types.ts";

/** Address families of tables; ours are `ip` and `ip6`, firewalls like `inet`. */
export type NftFamily = "ip" | "ip6" | "inet" | "arp" | "bridge" | "netdev";

/** What a condition or a look-up can ask of a packet, in nft's own words. */
export const FIELDS = [
  "ip saddr",
  "ip daddr",
  "ip6 saddr",
  "ip6 daddr",
  "ip protocol",
  "ip6 nexthdr",
  "meta l4proto",
  "meta nfproto",
  "th sport",
  "th dport",
  "tcp sport",
  "tcp dport",
  "udp sport",
  "udp dport",
  "sctp sport",
  "sctp dport",
  "icmp type",
  "icmpv6 type",
  "iifname",
  "oifname",
  "iif",
  "oif",
  "ct state",
  "ct status",
  "fib saddr type",
  "fib daddr type",
] as const;

export type Field = (typeof FIELDS)[number];

export type VerdictStatement =
  | { readonly kind: "accept" }
  | { readonly kind: "drop" }
  | { readonly kind: "continue" }
  | { readonly kind: "return" }
  | { readonly kind: "jump"; readonly chain: string }
  | { readonly kind: "goto"; readonly chain: string };

/** Right-hand side of a condition: a named set, or values: `10.0.0.0/8`, `80-90`, `tcp`, `established`, `1.2.3.4 . 80`. */
export type Right =
  | { readonly kind: "set"; readonly name: string }
  | {
      readonly kind: "values";
      readonly values: readonly string[];
      /** As an anonymous set, `{ a, b }`; otherwise a bare value, or flags joined by commas (`established,related`). */
      readonly braces: boolean;
      /** What stood between the values where someone wrote them; the kernel's listing then merges adjoining ranges. */
      readonly separator?: " , " | ",";
    };

/** A DNAT target of a `numgen` map, with the reason why it is one. */
export interface NatTarget {
  readonly ip: string;
  readonly port: number | null;
  readonly origin: Origin | null;
}

/** A verdict of a `numgen` map, with the reason why it is one. */
export interface Branch {
  readonly verdict: VerdictStatement;
  readonly origin: Origin | null;
}

/**
 * One part of a rule. The kernel goes through them from left to right and leaves the rule at the first condition that does not
 * hold, so what stands before that (a mark, an update) has happened.
 */
export type Statement =
  | { readonly kind: "match"; readonly fields: readonly Field[]; readonly invert: boolean; readonly right: Right }
  /** `meta mark [& mask] value`. */
  | { readonly kind: "mark-match"; readonly mask: number | null; readonly value: number; readonly invert: boolean }
  | { readonly kind: "mark-set"; readonly operation: "or" | "xor" | "and" | "set"; readonly value: number }
  /** A verdict looked up in a named map. */
  | { readonly kind: "vmap"; readonly fields: readonly Field[]; readonly map: string }
  /** The same in an anonymous one. */
  | {
      readonly kind: "vmap-values";
      readonly fields: readonly Field[];
      readonly elements: readonly (readonly [key: string, verdict: VerdictStatement])[];
    }
  /** `numgen random mod N vmap { 0 : ..., }`: each with 1/N. */
  | { readonly kind: "numgen-vmap"; readonly branches: readonly Branch[] }
  /** `dnat ip to numgen random mod N map { 0 : ip . port, }`: each with 1/N. */
  | { readonly kind: "numgen-dnat"; readonly family: "ip" | "ip6"; readonly targets: readonly NatTarget[] }
  /** `to` is kept as written: `10.0.0.1:80`, `[fd00::1]:80`. `word` is the family where it is spelled out (`dnat ip to`). */
  | {
      readonly kind: "dnat" | "snat";
      readonly ip: string;
      readonly port: number | null;
      readonly word: "ip" | "ip6" | null;
      readonly flags: string;
    }
  | { readonly kind: "masquerade"; readonly flags: string }
  | { readonly kind: "redirect"; readonly port: number | null; readonly flags: string }
  /** `with` as written, empty for the family's port unreachable. */
  | { readonly kind: "reject"; readonly with: string }
  | VerdictStatement
  /** `update @set { ip saddr }`: remembers the key for the set's timeout. */
  | { readonly kind: "update"; readonly verb: "update" | "add"; readonly set: string; readonly field: Field }
  /** Counts, logs or limits: kept as written, and the packet goes on. */
  | { readonly kind: "passive"; readonly text: string }
  /** What we do not evaluate, kept as written. As a condition it never holds, otherwise the packet goes on. */
  | { readonly kind: "opaque"; readonly text: string; readonly condition: boolean };

export interface Rule {
  /** Stable name within its chain, independent of position; see the iptables ruleset. Draws are keyed by it. */
  readonly role: string;
  readonly statements: readonly Statement[];
  readonly comment: string | null;
  readonly origin: Origin | null;
  /** The line as it was read, where we would word it differently. */
  readonly written?: string;
}

export type NftHook = "ingress" | "egress" | "prerouting" | "input" | "forward" | "output" | "postrouting";

/** Where a base chain is hooked in. */
export interface BaseHook {
  readonly type: "filter" | "nat" | "route";
  readonly hook: NftHook;
  /** Lower runs earlier; conntrack is at -200, DNAT at -100, SNAT at 100. */
  readonly priority: number;
  readonly policy: "accept" | "drop";
  /** The line as it was read, where we would word it differently (a device, flags). */
  readonly written?: string;
}

export interface Chain {
  /** null for a chain that only others call. */
  readonly base: BaseHook | null;
  readonly comment: string | null;
  readonly rules: readonly Rule[];
}

export interface Element {
  /** As written: `10.96.0.50 . tcp . 80`, `10.0.0.0/8`. */
  readonly key: string;
  /** For maps: a verdict, or data as written. */
  readonly value: VerdictStatement | string | null;
  readonly comment: string | null;
  /** `timeout 3h expires 2h`, as written. */
  readonly options: string;
  readonly origin: Origin | null;
}

/** A set, or with `valueType` a map. */
export interface NftSet {
  /** `ipv4_addr . inet_proto . inet_service`. */
  readonly type: string;
  /** `verdict` or a data type; null for sets. */
  readonly valueType: string | null;
  readonly comment: string | null;
  readonly size: number | null;
  readonly flags: readonly string[];
  readonly timeoutSeconds: number | null;
  /** Lines about the set that we do not evaluate (`auto-merge`, `gc-interval`), as written. */
  readonly opaque: readonly string[];
  /** By key: this is the index that Linux has, too. */
  readonly elements: ReadonlyMap<string, Element>;
  /** The lines as they were read, where we would lay them out differently. */
  readonly written?: readonly string[];
}

export interface Table {
  readonly family: NftFamily;
  readonly name: string;
  readonly comment: string | null;
  /** Things in a table that we do not evaluate (flowtables, counters, quotas), as written, and where they stood. */
  readonly opaque: readonly { readonly text: string; readonly place: "first" | "after-sets" | "last" }[];
  readonly sets: ReadonlyMap<string, NftSet>;
  readonly chains: ReadonlyMap<string, Chain>;
}

/** All nftables rules of one host, as far as one proxier or one dump knows them. */
export interface Ruleset {
  readonly tables: readonly Table[];
}

const COUNTS = new WeakMap<Ruleset, number>();

/** Who patches a ruleset knows how many rules the new one has. */
export function rememberCount(ruleset: Ruleset, count: number): void {
  COUNTS.set(ruleset, count);
}

/** Number of rules in all tables. Elements of sets and maps are not rules. */
export function countRules(ruleset: Ruleset): number {
  let count = COUNTS.get(ruleset);
  if (count !== undefined) return count;
  count = 0;
  for (const table of ruleset.tables) for (const chain of table.chains.values()) count += chain.rules.length;
  COUNTS.set(ruleset, count);
  return count;
}

/** Does the set hold ranges or prefixes, so that a key has to be sought instead of looked up? */
export function isInterval(set: NftSet): boolean {
  return set.flags.includes("interval");
}
