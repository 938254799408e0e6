import { isIPv6 } from "../../base/ip.ts";
import type { IcmpType } from "../../model/trace/types.ts";
import type { HookContext } from "../netfilter.ts";
import type { Field } from "./types.ts";

/** ICMP types as nft names them. */
const ICMP: Readonly<Record<IcmpType, string>> = {
  "echo-request": "echo-request",
  "echo-reply": "echo-reply",
  "port-unreachable": "destination-unreachable",
  "host-unreachable": "destination-unreachable",
  "net-unreachable": "destination-unreachable",
  "time-exceeded": "time-exceeded",
  "frag-needed": "destination-unreachable",
};

const one = (value: string | null): readonly string[] => (value === null ? [] : [value]);

/**
 * What a field of this packet holds: one value, several for flags, none when the packet has no such field (an IPv4 address of an
 * IPv6 packet, a port of ICMP): then the kernel leaves the rule, whatever is compared and how.
 */
export function readField(field: Field, context: HookContext): readonly string[] {
  const { packet } = context;
  const v6 = isIPv6(packet.dst);
  const icmp = packet.protocol === "icmp";
  const protocol = icmp && v6 ? "ipv6-icmp" : packet.protocol;
  switch (field) {
    case "ip saddr":
      return v6 ? [] : [packet.src];
    case "ip daddr":
      return v6 ? [] : [packet.dst];
    case "ip6 saddr":
      return v6 ? [packet.src] : [];
    case "ip6 daddr":
      return v6 ? [packet.dst] : [];
    case "ip protocol":
      return v6 ? [] : [protocol];
    case "ip6 nexthdr":
      return v6 ? [protocol] : [];
    case "meta l4proto":
      return [protocol];
    case "meta nfproto":
      return [v6 ? "ipv6" : "ipv4"];
    case "th sport":
      return icmp ? [] : [String(packet.sport)];
    case "th dport":
      return icmp ? [] : [String(packet.dport)];
    case "tcp sport":
    case "udp sport":
    case "sctp sport":
      return field.startsWith(packet.protocol) ? [String(packet.sport)] : [];
    case "tcp dport":
    case "udp dport":
    case "sctp dport":
      return field.startsWith(packet.protocol) ? [String(packet.dport)] : [];
    case "icmp type":
      return one(v6 || packet.icmp === null ? null : ICMP[packet.icmp]);
    case "icmpv6 type":
      return one(!v6 || packet.icmp === null ? null : ICMP[packet.icmp]);
    // Without an interface the name is empty and the index 0, which `!=` holds against any other (nft_meta_store_ifname).
    case "iifname":
    case "iif":
      return [context.inInterface ?? ""];
    case "oifname":
    case "oif":
      return [context.outInterface ?? ""];
    case "ct state":
      return [context.ctState.toLowerCase()];
    case "ct status":
      return [
        ...(context.ctState === "NEW" ? [] : ["seen-reply", "confirmed"]),
        ...(context.ctDnat ? ["dnat"] : []),
        ...(context.ctSnat ? ["snat"] : []),
        "",
      ];
    case "fib saddr type":
      return [context.isLocal(packet.src) ? "local" : "unicast"];
    case "fib daddr type":
      return [context.isLocal(packet.dst) ? "local" : "unicast"];
  }
}

/** What a packet shows in a field, in words: "dst is 10.96.0.50", "connection is NEW". */
export function fieldWords(field: Field, context: HookContext): string {
  const { packet } = context;
  switch (field) {
    case "ip saddr":
    case "ip6 saddr":
      return `src is ${packet.src}`;
    case "ip daddr":
    case "ip6 daddr":
      return `dst is ${packet.dst}`;
    case "ip protocol":
    case "ip6 nexthdr":
    case "meta l4proto":
      return `protocol is ${packet.protocol}`;
    case "meta nfproto":
      return isIPv6(packet.dst) ? "the packet is IPv6" : "the packet is IPv4";
    case "th sport":
    case "tcp sport":
    case "udp sport":
    case "sctp sport":
      return packet.protocol === "icmp" ? "ICMP has no ports" : `${packet.protocol} sport is ${packet.sport}`;
    case "th dport":
    case "tcp dport":
    case "udp dport":
    case "sctp dport":
      return packet.protocol === "icmp" ? "ICMP has no ports" : `${packet.protocol} dport is ${packet.dport}`;
    case "icmp type":
    case "icmpv6 type":
      return packet.icmp === null ? `protocol is ${packet.protocol}` : `ICMP ${packet.icmp}`;
    case "iifname":
    case "iif":
      return `came in by ${context.inInterface ?? "no interface"}`;
    case "oifname":
    case "oif":
      return `leaves by ${context.outInterface ?? "no interface"}`;
    case "ct state":
      return `connection is ${context.ctState}`;
    case "ct status":
      return `connection is ${[context.ctState, ...(context.ctDnat ? ["DNAT"] : []), ...(context.ctSnat ? ["SNAT"] : [])].join(", ")}`;
    case "fib saddr type":
      return `src ${packet.src} is ${context.isLocal(packet.src) ? "" : "not "}local to this host`;
    case "fib daddr type":
      return `dst ${packet.dst} is ${context.isLocal(packet.dst) ? "" : "not "}local to this host`;
  }
}
