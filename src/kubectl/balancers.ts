/** Load balancers as text: what they listen on, where they send it, and whom they hold healthy. */
import { type Micros, SECOND } from "../base/time.ts";
import { splitKey } from "../model/meta/types.ts";
import type { BalancerReport, BalancerReportTarget } from "../model/trace/balancer.ts";

const WORK: Readonly<Record<BalancerReport["kind"], string>> = {
  nodePort: "dials node ports",
  vip: "keeps the header",
  pod: "dials pods",
  metallb: "announced by nodes (MetalLB)",
};

function targetLine({ name, addresses, state, turns, protocol }: BalancerReportTarget, now: Micros): string {
  const other = state === "healthy" ? "unhealthy" : "healthy";
  const soon =
    turns === null || turns <= now ? "" : `, ${other} in ${Math.ceil((turns - now) / SECOND)} s if nothing changes`;
  return `  ${name} (${addresses.join(", ")}): ${protocol === null ? state : `announcing by ${protocol}`}${soon}`;
}

/** One paragraph for each; a line that says so when there are none. */
export function balancersText(reports: readonly BalancerReport[], now: Micros): string {
  if (reports.length === 0) return "No load balancers.\n";
  return reports
    .map(({ service, addresses, name, kind, listeners, check, targets }) => {
      const { namespace, name: of } = splitKey(service);
      const where = name === null ? addresses.join(", ") : `${name} (${addresses.join(", ")})`;
      return [
        `${namespace}/${of}: ${where}, ${WORK[kind]}`,
        ...listeners.map(
          ({ port, protocol, targetPort }) =>
            `  listens on ${port}/${protocol}${targetPort === null ? "" : ` for ${targetPort}`}`,
        ),
        ...(check === null ? [] : [`  health check: ${check}`]),
        ...(targets.length === 0 ? [`  no ${kind === "metallb" ? "node announces it" : "targets"}`] : []),
        ...targets.map((target) => targetLine(target, now)),
      ]
        .map((line) => `${line}\n`)
        .join("");
    })
    .join("\n");
}
