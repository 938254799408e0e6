import { joinHostPort } from "../../base/ip.ts";
import { runChain } from "../../kernel/nftables/evaluate.ts";
import type { Table } from "../../kernel/nftables/types.ts";
import type { HookContext, TableResult } from "../../kernel/netfilter.ts";
import type { Packet } from "../../model/trace/types.ts";
import type { Case } from "./case.ts";
import { exploreBranches } from "./explore.ts";
import { flowContext, NO_CHOICE, packetOf, type Flow, type FlowResult } from "./flows.ts";

/**
 * Evaluates a flow as the capture's own tracer does: what comes before nat, nat PREROUTING with every endpoint followed, then, for the
 * first of them only, the filter chains of FORWARD and INPUT, whichever the packet would really meet, and nat POSTROUTING.
 */
export function traceNftables(capture: Case, table: Table, flow: Flow): FlowResult {
  const run = (chain: string, hook: HookContext["hook"], packet: Packet): TableResult =>
    runChain(table, chain, flowContext(capture, flow, hook, packet, NO_CHOICE), "filter");
  const early = run("filter-prerouting-pre-dnat", "PREROUTING", packetOf(flow));
  if (early.verdict.kind !== "accept") return { output: early.verdict.kind.toUpperCase(), masq: false };

  const paths = exploreBranches((chooser) => {
    const packet = packetOf(flow);
    const context = flowContext(capture, flow, "PREROUTING", packet, chooser);
    const result = runChain(table, "nat-prerouting", context, "nat");
    const to = result.verdict.kind === "dnat" ? result.verdict.to : null;
    const after: Packet = { ...packet, mark: result.mark, dst: to?.ip ?? packet.dst, dport: to?.port ?? packet.dport };
    return { endpoint: to === null ? null : joinHostPort(to.ip, to.port ?? packet.dport), after };
  });
  const outputs = [...new Set(paths.flatMap((p) => (p.endpoint === null ? [] : [p.endpoint])))];
  const packet = paths[0]?.after ?? packetOf(flow);
  const marked = packet.mark !== 0;
  for (const [chain, hook] of [
    ["filter-forward", "FORWARD"],
    ["filter-input", "INPUT"],
  ] as const) {
    const { verdict } = run(chain, hook, packet);
    if (verdict.kind !== "accept") return { output: [...outputs, verdict.kind.toUpperCase()].join(", "), masq: marked };
  }
  const after = run("nat-postrouting", "POSTROUTING", packet);
  return { output: outputs.join(", "), masq: after.verdict.kind === "masquerade" };
}
