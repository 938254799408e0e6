import { isIPv6 } from "../../base/ip.ts";
import type { Origin, RuleRef, RuleStep, SkippedRules } from "../../model/trace/types.ts";
import type { HookContext, Rules, TableResult, TableVerdict } from "../netfilter.ts";
import { needsConntrack } from "./needs-conntrack.ts";
import { ruleId, ruleRef } from "./reference.ts";
import { tryRule, type RuleOutcome } from "./rule-eval.ts";
import { DSTNAT, hookedChains, slotKey, type HookedChain } from "./slots.ts";
import type { BaseHook, Chain, Ruleset, Table, VerdictStatement } from "./types.ts";

/** Rules of one chain that are listed one by one although they did not match; the rest become ranges. */
const LISTED_PER_CHAIN = 40;
/** Linux refuses to load rules that call in circles; text that was never loaded may still hold them. */
const DEEPEST_CALL = 64;

/** The host's rules as an nftables ruleset. Pure: nothing but the context's chooser and recent lists is touched. */
export function nftablesRules(ruleset: Ruleset): Rules {
  const slots = hookedChains(ruleset);
  let needed: boolean | undefined;
  return {
    has: (table, hook) => slots.has(slotKey(table, hook)),
    tracks: () => (needed ??= needsConntrack(ruleset)),
    remembers: (list) => ruleset.tables.some((table) => table.sets.has(list)),
    run: (table, context) => runHooked(slots.get(slotKey(table, context.hook)) ?? [], context),
  };
}

/**
 * Runs base chains one after the other, as at a hook. Accept ends only the chain that it stands in; drop, reject and a new address
 * end them all.
 */
function runHooked(hooked: readonly HookedChain[], context: HookContext): TableResult {
  let result = accepted(context.packet.mark);
  for (const { table, name, base } of hooked) {
    const v6 = isIPv6(context.packet.dst);
    if (table.family === (v6 ? "ip" : "ip6")) continue;
    const packet = { ...context.packet, mark: result.mark };
    const next = runChain(table, name, { ...context, packet }, base.type === "nat" ? "nat" : "filter");
    result = {
      ...next,
      rule: next.rule ?? result.rule,
      draw: next.draw ?? result.draw,
      considered: result.considered + next.considered,
      matched: result.matched + next.matched,
      steps: [...result.steps, ...next.steps],
      skipped: [...result.skipped, ...next.skipped],
      as: { table: base.type === "nat" ? "nat" : "filter", label: label(context, base), place: `chain ${name}` },
    };
    if (next.verdict.kind !== "accept") return result;
  }
  return result;
}

function label({ hook }: HookContext, { type, priority }: BaseHook): string {
  if (type === "nat") return hook;
  if ((hook === "PREROUTING" || hook === "OUTPUT") && priority < DSTNAT) return `${hook} before DNAT`;
  return hook === "OUTPUT" ? "OUTPUT filter" : hook;
}

function accepted(mark: number): TableResult {
  return {
    verdict: { kind: "accept" },
    mark,
    rule: null,
    considered: 0,
    matched: 0,
    steps: [],
    skipped: [],
    draw: null,
  };
}

/**
 * Evaluates one chain of a table, base chain or not, as if a hook called it. The verdict of a chain that decides nothing is accept
 * with `rule` null.
 */
export function runChain(table: Table, name: string, context: HookContext, purpose: "nat" | "filter"): TableResult {
  const run: Traversal = {
    table,
    purpose,
    context,
    steps: [],
    skipped: [],
    mark: context.packet.mark,
    considered: 0,
    matched: 0,
    draw: null,
  };
  const decided = callChain(run, name, 0, null);
  const policy = table.chains.get(name)?.base?.policy;
  return {
    verdict: decided?.verdict ?? { kind: policy === "drop" ? "drop" : "accept" },
    mark: run.mark,
    rule: decided?.rule ?? null,
    considered: run.considered,
    matched: run.matched,
    steps: run.steps,
    skipped: run.skipped,
    draw: run.draw,
  };
}

interface Traversal {
  readonly table: Table;
  readonly purpose: "nat" | "filter";
  readonly context: HookContext;
  readonly steps: RuleStep[];
  readonly skipped: SkippedRules[];
  mark: number;
  considered: number;
  matched: number;
  draw: string | null;
}

interface Decision {
  readonly verdict: TableVerdict;
  readonly rule: RuleRef;
}

/**
 * Runs a chain to a verdict; null when it ends or returns without one. `via` is why the packet came here (the element of the map that
 * led on): a shared chain like reject-chain has no better reason of its own.
 */
function callChain(run: Traversal, name: string, depth: number, via: Origin | null): Decision | null {
  const chain = run.table.chains.get(name);
  if (chain === undefined || depth > DEEPEST_CALL) return null;
  const misses = new Misses(run, name, chain, depth);
  for (let position = 0; position < chain.rules.length; position++) {
    const rule = chain.rules[position];
    if (rule === undefined) break;
    const outcome = tryRule(rule, {
      context: run.context,
      table: run.table,
      id: ruleId(run.table, name, rule),
      mark: run.mark,
    });
    run.considered += 1;
    run.mark = outcome.mark;
    if (outcome.draw !== null) run.draw = outcome.draw;
    if (!outcome.matched) {
      misses.add(position, outcome);
      continue;
    }
    misses.flush();
    run.matched += 1;
    const known = ruleRef(run.table, name, position, rule, run.purpose);
    const named = known.origin !== null && known.origin.object !== null;
    const origin = outcome.origin ?? (named ? known.origin : (via ?? known.origin));
    const ref = origin === known.origin ? known : { ...known, origin };
    run.steps.push({
      rule: ref,
      matched: true,
      depth,
      because: outcome.because,
      ...(outcome.effect === null ? {} : { effect: outcome.effect }),
    });
    const verdict = outcome.verdict;
    if (verdict === null) continue;
    if (!isControl(verdict)) return { verdict, rule: ref };
    switch (verdict.kind) {
      case "accept":
      case "drop":
        return { verdict: { kind: verdict.kind }, rule: ref };
      case "return":
        return null;
      case "goto":
        return callChain(run, verdict.chain, depth + 1, outcome.origin);
      case "jump": {
        const decided = callChain(run, verdict.chain, depth + 1, outcome.origin);
        if (decided !== null) return decided;
        break;
      }
      case "continue":
        break;
    }
  }
  misses.flush();
  return null;
}

const CONTROL: ReadonlySet<string> = new Set(["accept", "drop", "return", "continue", "jump", "goto"]);

function isControl(verdict: TableVerdict | VerdictStatement): verdict is VerdictStatement {
  return CONTROL.has(verdict.kind);
}

/** Rules in a row that did not match: listed while the chain's allowance lasts, else only the first and the last of them. */
class Misses {
  private readonly run: Traversal;
  private readonly name: string;
  private readonly chain: Chain;
  private readonly depth: number;
  private listed = 0;
  private row: (readonly [position: number, outcome: RuleOutcome])[] = [];

  constructor(run: Traversal, name: string, chain: Chain, depth: number) {
    this.run = run;
    this.name = name;
    this.chain = chain;
    this.depth = depth;
  }

  add(position: number, outcome: RuleOutcome): void {
    this.row.push([position, outcome]);
  }

  flush(): void {
    const { row } = this;
    const allowance = Math.max(0, LISTED_PER_CHAIN - this.listed);
    const head = row.length <= allowance ? row.length : Math.ceil(allowance / 2);
    const tail = row.length <= allowance ? row.length : row.length - (allowance - head);
    row.slice(0, head).forEach(([position, outcome]) => this.list(position, outcome));
    const from = row[head]?.[0];
    const to = row[tail - 1]?.[0];
    if (head < tail && from !== undefined && to !== undefined) {
      this.run.skipped.push({ chain: this.name, from: from + 1, to: to + 1 });
    }
    row.slice(Math.max(head, tail)).forEach(([position, outcome]) => this.list(position, outcome));
    this.listed += Math.min(row.length, allowance);
    this.row = [];
  }

  private list(position: number, outcome: RuleOutcome): void {
    const rule = this.chain.rules[position];
    if (rule === undefined) return;
    this.run.steps.push({
      rule: ruleRef(this.run.table, this.name, position, rule, this.run.purpose),
      matched: false,
      depth: this.depth,
      because: outcome.because,
      ...(outcome.effect === null ? {} : { effect: outcome.effect }),
    });
  }
}
