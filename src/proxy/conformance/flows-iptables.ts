import { joinHostPort } from "../../base/ip.ts";
import { runChain } from "../../kernel/iptables/evaluate.ts";
import type { Ruleset } from "../../kernel/iptables/types.ts";
import type { TableResult } from "../../kernel/netfilter.ts";
import type { Packet } from "../../model/trace/types.ts";
import { EXTERNAL_SERVICES, NODEPORTS, PROXY_FIREWALL, SERVICES } from "../iptables/chains.ts";
import type { Case } from "./case.ts";
import { exploreBranches } from "./explore.ts";
import { flowContext, NO_CHOICE, packetOf, type Flow, type FlowResult } from "./flows.ts";

/**
 * Evaluates a flow as the capture's own tracer does: nat PREROUTING with every endpoint followed, then the Service chains of the
 * filter table one after the other, whichever hook would call them. Rules that ask for affinity state never match.
 */
export function traceIptables(capture: Case, ruleset: Ruleset, flow: Flow): FlowResult {
  const paths = exploreBranches((chooser) => {
    const packet = packetOf(flow);
    const result = runChain(ruleset, "nat", "PREROUTING", flowContext(capture, flow, "PREROUTING", packet, chooser));
    const to = result.verdict.kind === "dnat" ? result.verdict.to : null;
    const after: Packet = { ...packet, mark: result.mark, dst: to?.ip ?? packet.dst, dport: to?.port ?? packet.dport };
    return { mark: result.mark, endpoint: to === null ? null : joinHostPort(to.ip, to.port ?? packet.dport), after };
  });
  const outputs = [...new Set(paths.flatMap((p) => (p.endpoint === null ? [] : [p.endpoint])))];
  const first = paths[0];
  if (first !== undefined) {
    const packet: Packet = { ...first.after, mark: 0 };
    const filtered = filterVerdict(ruleset, (chain) =>
      runChain(ruleset, "filter", chain, flowContext(capture, flow, "FORWARD", packet, NO_CHOICE)),
    );
    if (filtered !== null) outputs.push(filtered);
  }
  const masqueradeBit = (1 << capture.config.masqueradeBit) >>> 0;
  return { output: outputs.join(", "), masq: paths.some((p) => (p.mark & masqueradeBit) !== 0) };
}

/** The verdict that a rule of the Service chains gives, or null when the packet passes them all. */
function filterVerdict(ruleset: Ruleset, run: (chain: string) => TableResult): string | null {
  for (const chain of [SERVICES, EXTERNAL_SERVICES, NODEPORTS, PROXY_FIREWALL]) {
    if (!ruleset.tables.filter?.chains.has(chain)) continue;
    const { verdict, rule } = run(chain);
    if (rule !== null) return verdict.kind.toUpperCase();
  }
  return null;
}
