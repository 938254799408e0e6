import { cidrOf, formatIP } from "../../base/ip.ts";
import type { Packet } from "../../model/trace/types.ts";
import type { Chain, Rule } from "./types.ts";

/** Chains up to this length are scanned; an index would cost more than it saves. */
const SCAN_UP_TO = 48;

/** Positions of the rules that a packet could match, by what every such rule asks for exactly. */
interface ChainIndex {
  readonly byDst: ReadonlyMap<string, readonly number[]>;
  /** Rules without an exact address, by exact destination port. */
  readonly byPort: ReadonlyMap<number, readonly number[]>;
  readonly rest: readonly number[];
}

const INDEXES = new WeakMap<Chain, ChainIndex>();

/** An IPv4 address without leading zeros has one spelling: most rules' addresses need not be parsed. */
const PLAIN_V4 = /^(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}$/;

function exactDst(rule: Rule): string | null {
  for (const m of rule.matches) {
    if (m.kind !== "dst" || m.invert) continue;
    if (PLAIN_V4.test(m.cidr)) return m.cidr;
    const cidr = cidrOf(m.cidr);
    if (cidr !== null && cidr.size === 1n) return formatIP({ family: cidr.family, value: cidr.base });
  }
  return null;
}

function exactPort(rule: Rule): number | null {
  for (const m of rule.matches) if (m.kind === "dport" && !m.invert && m.from === m.to) return m.from;
  return null;
}

function push<K>(map: Map<K, number[]>, key: K, position: number): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [position]);
  else list.push(position);
}

function build(chain: Chain): ChainIndex {
  const byDst = new Map<string, number[]>();
  const byPort = new Map<number, number[]>();
  const rest: number[] = [];
  chain.rules.forEach((rule, position) => {
    const dst = exactDst(rule);
    if (dst !== null) return push(byDst, dst, position);
    const port = exactPort(rule);
    if (port !== null) return push(byPort, port, position);
    rest.push(position);
  });
  return { byDst, byPort, rest };
}

/**
 * Positions (from 0, ascending) of the rules worth trying for this packet: all of a short chain; of a long one those that an index
 * by destination address and port cannot rule out. KUBE-SERVICES of 10,000 Services is one look-up. Linux itself scans.
 */
export function candidates(chain: Chain, packet: Packet): readonly number[] | null {
  if (chain.rules.length <= SCAN_UP_TO) return null;
  let index = INDEXES.get(chain);
  if (index === undefined) {
    index = build(chain);
    INDEXES.set(chain, index);
  }
  const found = [...(index.byDst.get(packet.dst) ?? []), ...(index.byPort.get(packet.dport) ?? []), ...index.rest];
  return found.sort((a, b) => a - b);
}
