import type { Match, Rule } from "../../kernel/iptables/types.ts";
import { comment, DST_LOCAL, jump } from "../iptables/parts.ts";
import { NODEPORT_CONTAINER, NODEPORT_HOST, NODEPORT_NON_LOCAL, PORTALS_CONTAINER, PORTALS_HOST } from "./chains.ts";

/** The rules that lead from the built-in chains to kube-proxy's. Upstream: iptablesInit in proxier.go. */

const PORTALS = comment("handle ClusterIPs; NOTE: this must be before the NodePort rules");
const NODE_PORTS = comment("handle service NodePorts; NOTE: this must be the last rule in the chain");

function to(chain: string, matches: readonly Match[], why: string): Rule {
  return { role: `to/${chain}`, matches, target: jump(chain), origin: { object: null, path: "", why } };
}

const NAT: Readonly<Record<string, readonly Rule[]>> = {
  PREROUTING: [
    to(
      PORTALS_CONTAINER,
      [PORTALS],
      "Connections of pods and of other machines are looked up among Service addresses.",
    ),
    to(NODEPORT_CONTAINER, [DST_LOCAL, NODE_PORTS], "What is addressed to this node itself may be for a node port."),
  ],
  OUTPUT: [
    to(PORTALS_HOST, [PORTALS], "Connections of the node's own processes are looked up among Service addresses."),
    to(NODEPORT_HOST, [DST_LOCAL, NODE_PORTS], "What the node sends to itself may be for a node port."),
  ],
};

const FILTER: Readonly<Record<string, readonly Rule[]>> = {
  INPUT: [
    to(
      NODEPORT_NON_LOCAL,
      [comment("Ensure that non-local NodePort traffic can flow")],
      "Firewalls that deny by default must let node port traffic reach kube-proxy.",
    ),
  ],
};

export function builtinRules(table: "nat" | "filter", chain: string): readonly Rule[] {
  return (table === "nat" ? NAT : FILTER)[chain] ?? [];
}
