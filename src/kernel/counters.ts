import { isIPv6 } from "../base/ip.ts";
import type { ObjectKey } from "../model/meta/types.ts";
import type { Packet, TableName } from "../model/trace/types.ts";
import type { TableResult } from "./netfilter.ts";
import { isIcmpError } from "./packet.ts";

/** What has gone through a rule. */
export type Count = readonly [packets: number, bytes: number];

/** Counters of one chain's rules. Whoever rewrites the chain sets them to zero. */
export interface ChainCounters {
  /** The object that the chain's rules are there for, as far as they say so. */
  readonly object: ObjectKey | null;
  /** By rule id. A rule that is not there has counted nothing. */
  readonly rules: Readonly<Record<string, Count>>;
}

/** Counters of a host's iptables rules by `table/CHAIN`, and of its nfacct objects by name. Plain data: part of its checkpoint. */
export interface Counters {
  readonly chains: Readonly<Record<string, ChainCounters>>;
  readonly accounts: Readonly<Record<string, Count>>;
}

export const NO_COUNTERS: Counters = { chains: {}, accounts: {} };

const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
/** TCP header with the options that Linux sends: MSS, window scale, SACK and timestamps on a SYN; timestamps alone later; none on a RST. */
const TCP_SYN = 40;
const TCP_RST = 20;
const TCP = 32;
const UDP = 8;
/** INIT of SCTP as lksctp sends it, and its ABORT. */
const SCTP_INIT = 48;
const SCTP_ABORT = 16;
/** ICMP header and the 56 bytes that `ping` adds. */
const ICMP_ECHO = 64;
const ICMP_HEADER = 8;

/** Bytes of the IP packet, as counters count them. Walks carry no payload: a datagram is counted without one. */
export function packetLength(packet: Packet): number {
  if (packet.size !== undefined) return packet.size;
  const header = isIPv6(packet.dst) ? IPV6_HEADER : IPV4_HEADER;
  if (packet.icmp !== null)
    return header + (isIcmpError(packet) ? ICMP_HEADER + quotedLength(packet, header) : ICMP_ECHO);
  switch (packet.protocol) {
    case "tcp": {
      const { flags } = packet;
      if (flags === "SYN" || flags === "SYN,ACK") return header + TCP_SYN;
      return header + (flags === "RST" || flags === "RST,ACK" ? TCP_RST : TCP);
    }
    case "udp":
      return header + UDP;
    case "sctp":
      return header + (packet.flags === "SYN" || packet.flags === "SYN,ACK" ? SCTP_INIT : SCTP_ABORT);
    default:
      return header;
  }
}

/** An error quotes the packet that it is about, a first one of its connection. */
function quotedLength({ quoted }: Packet, header: number): number {
  if (quoted === null) return 0;
  return header + (quoted.protocol === "tcp" ? TCP_SYN : quoted.protocol === "udp" ? UDP : ICMP_ECHO);
}

const plus = (count: Count | undefined, bytes: number): Count => [(count?.[0] ?? 0) + 1, (count?.[1] ?? 0) + bytes];

const ACCOUNT = /--nfacct-name\s+(\S+)/;

/** The counters after a packet of so many bytes went through a table: each rule that matched has one more. */
export function counted(counters: Counters, table: TableName, result: TableResult, bytes: number): Counters {
  // nftables counts only where a rule says `counter`, which kube-proxy's do not.
  if (result.matched === 0 || result.as !== undefined) return counters;
  const chains: Record<string, ChainCounters> = { ...counters.chains };
  let { accounts } = counters;
  for (const { matched, rule } of result.steps) {
    if (!matched) continue;
    const key = `${table}/${rule.chain}`;
    const before = chains[key];
    chains[key] = {
      object: before?.object ?? rule.origin?.object ?? null,
      rules: { ...before?.rules, [rule.id]: plus(before?.rules[rule.id], bytes) },
    };
    const account = ACCOUNT.exec(rule.text)?.[1];
    if (account !== undefined) accounts = { ...accounts, [account]: plus(accounts[account], bytes) };
  }
  return { chains, accounts };
}

/** The counters without those of chains that were rewritten; nfacct objects outlive rules. */
export function withoutChains(
  counters: Counters,
  rewritten: (table: TableName, chain: string, object: ObjectKey | null) => boolean,
): Counters {
  const kept = Object.entries(counters.chains).filter(([key, { object }]) => {
    const slash = key.indexOf("/");
    return !rewritten(key.slice(0, slash) as TableName, key.slice(slash + 1), object);
  });
  if (kept.length === Object.keys(counters.chains).length) return counters;
  return { ...counters, chains: Object.fromEntries(kept) };
}
