import type { Match, Rule, Target } from "../../kernel/iptables/types.ts";
import type { Origin } from "../../model/trace/types.ts";
import type { ServicePortView } from "../view.ts";
import { MARK_MASQ } from "./chains.ts";

/** Building stones of a Service port's rules; the constant ones are shared by all rules, which are many. */

export const DROP: Target = { kind: "drop" };
export const REJECT: Target = { kind: "reject", with: "icmp-port-unreachable" };
export const ACCEPT: Target = { kind: "accept" };
export const TO_MARK_MASQ: Target = { kind: "jump", chain: MARK_MASQ };
export const DST_LOCAL: Match = { kind: "addrtype", side: "dst", type: "LOCAL" };
export const SRC_LOCAL: Match = { kind: "addrtype", side: "src", type: "LOCAL" };
export const LOCALHOST: Match = { kind: "dst", cidr: "127.0.0.0/8" };

export const jump = (chain: string): Target => ({ kind: "jump", chain });
export const comment = (text: string): Match => ({ kind: "comment", text });
export const dport = (port: number): Match => ({ kind: "dport", from: port, to: port });

const ONE_IN: Match[] = [];

/** `--probability 1/of`, the same object each time. */
export function oneIn(of: number): Match {
  return (ONE_IN[of] ??= { kind: "statistic", probability: { of } });
}

/** `-m tcp -p tcp`, in this order. */
export const PROTOCOL: Readonly<Record<ServicePortView["protocol"], readonly [Match, Match]>> = {
  tcp: [
    { kind: "module", protocol: "tcp" },
    { kind: "protocol", protocol: "tcp" },
  ],
  udp: [
    { kind: "module", protocol: "udp" },
    { kind: "protocol", protocol: "udp" },
  ],
  sctp: [
    { kind: "module", protocol: "sctp" },
    { kind: "protocol", protocol: "sctp" },
  ],
};

/** `-m tcp -p tcp -d IP --dport PORT`: what is sent to an address of the port. */
export function toAddress(port: ServicePortView, ip: string): readonly Match[] {
  return [...PROTOCOL[port.protocol], { kind: "dst", cidr: ip }, dport(port.port)];
}

export function rule(role: string, matches: readonly Match[], target: Target, origin: Origin): Rule {
  return { role, matches, target, origin };
}
