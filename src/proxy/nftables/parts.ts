import type { Element, Field, Right, Rule, Statement, VerdictStatement } from "../../kernel/nftables/types.ts";
import type { Origin } from "../../model/trace/types.ts";
import { REJECT_CHAIN } from "./containers.ts";

/** Building stones of the table's rules and elements. */

export const DROP: VerdictStatement = { kind: "drop" };
export const REJECT: VerdictStatement = { kind: "goto", chain: REJECT_CHAIN };

export const goTo = (chain: string): VerdictStatement => ({ kind: "goto", chain });
export const jump = (chain: string): VerdictStatement => ({ kind: "jump", chain });
const set = (name: string): Right => ({ kind: "set", name });

/** `ip daddr @set`. */
export function inSet(fields: readonly Field[], name: string): Statement {
  return { kind: "match", fields, invert: false, right: set(name) };
}

/** `ip saddr 10.244.0.0/16`, `ct state new`; as kube-proxy writes it. */
export function is(field: Field, value: string, invert = false): Statement {
  return {
    kind: "match",
    fields: [field],
    invert,
    right: { kind: "values", values: [value], braces: false, separator: " , " },
  };
}

export const SRC_LOCAL = is("fib saddr type", "local");
export const DST_LOCAL = is("fib daddr type", "local");
export const CT_NEW = is("ct state", "new");

export const PROTOCOL: Readonly<Record<"tcp" | "udp" | "sctp", Statement>> = {
  tcp: is("meta l4proto", "tcp"),
  udp: is("meta l4proto", "udp"),
  sctp: is("meta l4proto", "sctp"),
};

export function rule(
  role: string,
  statements: readonly Statement[],
  origin: Origin | null,
  comment: string | null = null,
): Rule {
  return { role, statements, comment, origin };
}

export function element(
  key: string,
  value: VerdictStatement | null,
  origin: Origin | null,
  comment: string | null = null,
): Element {
  return { key, value, comment, options: "", origin };
}
