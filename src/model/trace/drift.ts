/** How the rules that a node has differ from those that its kube-proxy would write: what a comparison of a dump says, as plain data. */
import type { ProxyMode } from "../config/types.ts";
import type { ObjectKey } from "../meta/types.ts";
import type { Exploration, Origin } from "./types.ts";

/** What a pasted text is. */
export type DumpTool = "iptables-save" | "nft" | "ipvsadm" | "ipset";

/**
 * `same`: in both. `counters`: in both, and packets have gone through it. `differs`: in both, with other words or at another place
 * where order decides. `dump`: only in the dump. `expected`: only in what kube-proxy would write.
 */
export type DriftKind = "same" | "counters" | "differs" | "dump" | "expected";

/** A rule, an element of a set or map, a virtual server or a real server. */
export interface DriftRow {
  readonly kind: DriftKind;
  /** `nat`; of nftables `ip kube-proxy`; `ipvs` and `ipset` for what is no table. */
  readonly table: string;
  /** `@name` for sets and maps of nftables; the virtual server or the set's name in `ipvs` and `ipset`. */
  readonly chain: string;
  /** Line of the pasted text, from 1; null where the rule is not in it, or the tool's text has several rules in one line. */
  readonly line: number | null;
  /** Places in the chain, from 1; null where the rule is not. */
  readonly at: { readonly dump: number | null; readonly expected: number | null };
  /** As the dump says it, in the kernel's wording; null for `expected`. */
  readonly dump: string | null;
  /** As kube-proxy's rule reads in the kernel's wording; null for `dump`, and for `same` and `counters`, where it is the dump's. */
  readonly expected: string | null;
  /** Packets and bytes that the dump counts. */
  readonly counters: readonly [packets: number, bytes: number] | null;
  /** Why kube-proxy writes it; null for what only the dump has. */
  readonly origin: Origin | null;
  /** `shop/web`: the Service that it is about, in the cluster or not; null for rules that stand on every node. */
  readonly service: string | null;
  /** The likely meaning, one sentence; empty for `same` and `counters`. */
  readonly means: string;
}

/** A rule that kube-proxy did not write and does not touch. */
export interface ForeignRule {
  readonly table: string;
  readonly chain: string;
  readonly line: number | null;
  readonly text: string;
  /** "Docker", "Calico", "the kubelet"; "somebody else" where nothing tells. */
  readonly owner: string;
  /** Where it stands to kube-proxy's rules, where that is known: "Asked before kube-proxy's rules." Else empty. */
  readonly means: string;
}

export interface Drift {
  readonly node: string;
  readonly tools: readonly DumpTool[];
  readonly families: readonly (4 | 6)[];
  /** The mode whose rules the dump has, and that the rules compared with were made for. */
  readonly mode: ProxyMode;
  /** The mode of the node's kube-proxy in the cluster shown. */
  readonly nodeMode: ProxyMode;
  readonly counts: Readonly<Record<DriftKind, number>>;
  /** Services with rows that are not the same, the most first. `object` is null when the cluster has no such Service. */
  readonly services: readonly {
    readonly service: string;
    readonly object: ObjectKey | null;
    readonly rows: number;
  }[];
  /** What holds for the dump as a whole, a sentence each: another mode, no rules of kube-proxy at all. */
  readonly findings: readonly string[];
  /** Chain by chain, each in the order of the dump. */
  readonly rows: readonly DriftRow[];
  readonly foreign: readonly ForeignRule[];
  /** Lines of the dump that were not understood. */
  readonly notes: readonly { readonly line: number; readonly message: string }[];
}

/** Every outcome of a request under a node's rules as we have them and as they were pasted; everything else is the same. */
export interface UnderBoth {
  readonly ours: Exploration;
  readonly pasted: Exploration;
}
