/** Contexts for tests: a TCP SYN in nat PREROUTING of a host that owns one address, unless told otherwise. */
import type { Chooser } from "../../base/choose.ts";
import type { Packet } from "../../model/trace/types.ts";
import type { HookContext } from "../netfilter.ts";

export const SYN: Packet = {
  src: "10.244.1.5",
  dst: "10.96.0.50",
  sport: 40_000,
  dport: 80,
  protocol: "tcp",
  mark: 0,
  ttl: 64,
  flags: "SYN",
  icmp: null,
  quoted: null,
};

/** Draws `value` whatever is asked. */
export function alwaysDraws(value: number): Chooser {
  return {
    chance: (p) => ({ taken: value < ("of" in p ? 1 / p.of : p.value), draw: value }),
    pick: () => 0,
    sample: () => 0,
  };
}

export function hookContext(
  change: Partial<Omit<HookContext, "packet">> & { readonly packet?: Partial<Packet> } = {},
): HookContext {
  return {
    hook: "PREROUTING",
    ctState: "NEW",
    ctDnat: false,
    ctSnat: false,
    inInterface: "eth0",
    outInterface: null,
    isLocal: (ip) => ip === "192.168.56.11" || ip.startsWith("127."),
    flow: "test",
    chooser: alwaysDraws(0.99),
    ...change,
    packet: { ...SYN, ...change.packet },
  };
}
