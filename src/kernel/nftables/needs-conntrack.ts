import type { Field, Ruleset, Statement } from "./types.ts";

/** What we do not evaluate and what asks for connections when it is loaded. */
const OPAQUE = /\b(?:ct (?!timeout|expectation)|flow (?:add|offload)|synproxy|masquerade|snat|dnat)\b/;

/** Does some rule need to know connections? Upstream: nf_ct_netns_get in the init functions of nft_ct.c, nft_nat.c, nft_masq.c ... */
export function needsConntrack({ tables }: Ruleset): boolean {
  return tables.some(({ chains }) =>
    [...chains.values()].some(({ rules }) => rules.some(({ statements }) => statements.some(statementNeeds))),
  );
}

const asksConntrack = (fields: readonly Field[]): boolean => fields.some((field) => field.startsWith("ct "));

function statementNeeds(statement: Statement): boolean {
  switch (statement.kind) {
    case "dnat":
    case "snat":
    case "masquerade":
    case "redirect":
    case "numgen-dnat":
      return true;
    case "match":
    case "vmap":
    case "vmap-values":
      return asksConntrack(statement.fields);
    case "passive":
    case "opaque":
      return OPAQUE.test(statement.text);
    default:
      return false;
  }
}
