import type { HookContext, Rules, TableResult } from "../netfilter.ts";
import type { TableName } from "../../model/trace/types.ts";
import { type Chain, isBuiltin, type Ruleset, type Table } from "./types.ts";

/** Rules that somebody else than kube-proxy has on a host: before all others in the built-in chains, and behind all others. */
export interface OtherRules {
  readonly first: Ruleset;
  /** A policy of DROP here is the chain's. */
  readonly last: Ruleset;
}

/** One host's rules of several writers, in the order in which they stand in the built-in chains. */
export function withOthers(rules: Ruleset, others: OtherRules | null): Ruleset {
  return others === null ? rules : joined([others.first, rules, others.last]);
}

/** Chains of one name become one, rule after rule; a policy of DROP wins. */
export function joined(all: readonly [Ruleset, ...Ruleset[]]): Ruleset {
  const tables: Partial<Record<TableName, Table>> = {};
  for (const { tables: own } of all) {
    for (const name of Object.keys(own) as TableName[]) {
      const table = own[name] as Table;
      const before = tables[name];
      if (before === undefined) {
        tables[name] = table;
        continue;
      }
      const chains = new Map(before.chains);
      for (const [chain, written] of table.chains) {
        const known = chains.get(chain);
        chains.set(chain, known === undefined ? written : merged(name, chain, known, written));
      }
      tables[name] = { chains };
    }
  }
  const sets = all.flatMap((one) => [...(one.sets ?? [])]);
  const opaque = all.flatMap((one) => one.opaque ?? []);
  return {
    family: all[0].family,
    tables,
    ...(sets.length === 0 ? {} : { sets: new Map(sets) }),
    ...(opaque.length === 0 ? {} : { opaque }),
  };
}

function merged(table: TableName, name: string, a: Chain, b: Chain): Chain {
  const policy = isBuiltin(table, name) ? (a.policy === "DROP" || b.policy === "DROP" ? "DROP" : "ACCEPT") : null;
  return { ...a, policy, rules: [...a.rules, ...b.rules] };
}

/**
 * Rules in tables of their own at the same hooks: each is asked in turn until one drops, rejects or translates. That one accepts does
 * not spare the packet the others, as it would within one chain.
 */
export function inTurn(kubeProxy: Rules, before: Rules, behind: Rules): Rules {
  const all = [before, kubeProxy, behind];
  return {
    ...kubeProxy,
    has: (table, hook) => all.some((rules) => rules.has(table, hook)),
    tracks: () => all.some((rules) => rules.tracks?.() !== false),
    remembers: (list) => all.some((rules) => rules.remembers(list)),
    run(table, context) {
      const results: TableResult[] = [];
      let { packet } = context;
      for (const rules of all) {
        if (!rules.has(table, context.hook)) continue;
        const asked: HookContext = { ...context, packet };
        const result = rules.run(table, asked);
        results.push(result);
        packet = { ...packet, mark: result.mark };
        if (result.verdict.kind !== "accept") break;
      }
      const decisive = results.at(-1);
      if (decisive === undefined) return kubeProxy.run(table, context);
      if (results.length === 1) return decisive;
      const shown = decisive.verdict.kind === "accept" ? (results.find((r) => r.rule !== null) ?? decisive) : decisive;
      return {
        ...shown,
        verdict: decisive.verdict,
        mark: decisive.mark,
        considered: results.reduce((sum, r) => sum + r.considered, 0),
        matched: results.reduce((sum, r) => sum + r.matched, 0),
        steps: results.flatMap((r) => r.steps),
        skipped: results.flatMap((r) => r.skipped),
        draw: results.find((r) => r.draw !== null)?.draw ?? null,
      };
    },
  };
}
