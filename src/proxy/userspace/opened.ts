import type { Rule } from "../../kernel/iptables/types.ts";
import type { ProxySocket } from "../../kernel/proxy-socket.ts";
import { type Block, claimKey } from "./block.ts";
import {
  NODEPORT_CONTAINER,
  NODEPORT_HOST,
  NODEPORT_NON_LOCAL,
  PORTALS_CONTAINER,
  PORTALS_HOST,
  type PortalChain,
} from "./chains.ts";

/** What stands of a Service port's block when it has got what it could of what it must hold. */
export interface Opened {
  /** Null: it has no proxy port, hence nothing. */
  readonly block: Block | null;
  /** Its open ports: the proxy port, then those it holds. */
  readonly sockets: readonly ProxySocket[];
  readonly rules: Readonly<Record<PortalChain, readonly Rule[]>>;
  /** How many rules that is. */
  readonly count: number;
  /** Ports of the node that it holds or has asked for in vain. */
  readonly asked: readonly string[];
}

const NONE: Opened["rules"] = {
  [PORTALS_CONTAINER]: [],
  [PORTALS_HOST]: [],
  [NODEPORT_CONTAINER]: [],
  [NODEPORT_HOST]: [],
  [NODEPORT_NON_LOCAL]: [],
};

export const NOTHING_OPENED: Opened = { block: null, sockets: [], rules: NONE, count: 0, asked: [] };

/**
 * Opens a block's portals one after another. `hold` is asked for each port of the node: false when another Service port has it
 * ("Port conflict detected"); then this portal and those after it are not opened. It is asked once for each port.
 */
export function open(block: Block, hold: (key: string, name: string) => boolean): Opened {
  const sockets: ProxySocket[] = [block.socket];
  const asked: string[] = [];
  const rules: Partial<Record<PortalChain, Rule[]>> = {};
  let count = 0;
  for (const { claim, rules: own } of block.portals) {
    if (claim !== null) {
      const key = claimKey(claim);
      if (!asked.includes(key)) {
        asked.push(key);
        if (!hold(key, claim.name)) break;
        sockets.push(claim);
      }
    }
    count += own.length;
    for (const [chain, rule] of own) (rules[chain] ??= []).push(rule);
  }
  return { block, sockets, rules: { ...NONE, ...rules }, count, asked };
}
