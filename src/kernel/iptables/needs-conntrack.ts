import type { TableName } from "../../model/trace/types.ts";
import type { Match, Rule, Ruleset, Target } from "./types.ts";

/** Matches and targets that we do not evaluate and that ask for connections when they are loaded. */
const OPAQUE = /(?:^|\s)(?:-m (?:conn\w+|helper|cluster)|-j (?:CT|CONN\w+|NETMAP|SYNPROXY|FLOWOFFLOAD))\b/;

/** kube-proxy's first rule that does stands in filter, whatever the number of Services. */
const ORDER: readonly TableName[] = ["filter", "nat", "mangle", "raw"];

/** Does some rule need to know connections? Upstream: nf_ct_netns_get in the checkentry functions of net/netfilter/xt_*.c. */
export function needsConntrack({ tables }: Ruleset): boolean {
  return ORDER.some((name) => [...(tables[name]?.chains.values() ?? [])].some(({ rules }) => rules.some(ruleNeeds)));
}

const ruleNeeds = ({ matches, target }: Rule): boolean => targetNeeds(target) || matches.some(matchNeeds);

function matchNeeds(match: Match): boolean {
  return match.kind === "conntrack" || match.kind === "ipvs" || (match.kind === "opaque" && OPAQUE.test(match.text));
}

function targetNeeds(target: Target): boolean {
  switch (target.kind) {
    case "dnat":
    case "snat":
    case "masquerade":
    case "redirect":
      return true;
    case "opaque":
      return OPAQUE.test(target.text);
    default:
      return false;
  }
}
