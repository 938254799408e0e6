import { isIPv6 } from "../../base/ip.ts";
import type { RuleRef, RuleStep, SkippedRules, TableName } from "../../model/trace/types.ts";
import type { HookContext, Rules, TableResult, TableVerdict, VirtualService } from "../netfilter.ts";
import { candidates } from "./chain-index.ts";
import { type Draw, effectWords, type MatchInput, type RuleOutcome, tryRule, whyNot } from "./match.ts";
import { needsConntrack } from "./needs-conntrack.ts";
import { kernelRuleText, targetName } from "./text.ts";
import { ruleId, type Chain, type Rule, type Ruleset, type Table, type Target } from "./types.ts";

/** Rules of one chain that are listed one by one although they did not match; the rest become ranges. */
const LISTED_PER_CHAIN = 40;
/** Linux refuses to load rules that call in circles; text that was never loaded may still hold them. */
const DEEPEST_CALL = 64;

/**
 * The host's rules as an iptables ruleset. Pure: nothing but the context's chooser and recent lists is touched. `run` evaluates
 * the built-in chain that the context's hook names.
 */
export function iptablesRules(ruleset: Ruleset, virtual?: VirtualService): Rules {
  const refs = new Map<string, RuleRef[]>();
  let needed: boolean | undefined;
  return {
    ...(virtual === undefined ? {} : { virtual }),
    has(table, hook) {
      const chain = ruleset.tables[table]?.chains.get(hook);
      return chain !== undefined && (chain.rules.length > 0 || chain.policy === "DROP");
    },
    run: (table, context) => runChain(ruleset, table, context.hook, context, refs),
    tracks: () => (needed ??= needsConntrack(ruleset)),
    remembers: (list) => Object.values(ruleset.tables).some((table) => namesList(table, list)),
  };
}

function namesList({ chains }: Table, list: string): boolean {
  const has = ({ rules }: Chain): boolean =>
    rules.some(({ matches }) =>
      matches.some((m) => (m.kind === "recent-check" || m.kind === "recent-set") && m.list === list),
    );
  // kube-proxy's lists have the names of the chains that fill them.
  const own = chains.get(list);
  return (own !== undefined && has(own)) || [...chains.values()].some(has);
}

/** Rules of a host with both families: each packet meets those of its own. */
export function dualStackRules(v4: Rules, v6: Rules): Rules {
  const virtual = bothFamilies(v4.virtual, v6.virtual);
  const sockets = [...(v4.sockets ?? []), ...(v6.sockets ?? [])];
  return {
    ...(virtual === undefined ? {} : { virtual }),
    ...(sockets.length === 0 ? {} : { sockets }),
    has: (table, hook) => v4.has(table, hook) || v6.has(table, hook),
    tracks: () => v4.tracks?.() !== false || v6.tracks?.() !== false,
    remembers: (list) => v4.remembers(list) || v6.remembers(list),
    run: (table, context) => (isIPv6(context.packet.dst) ? v6 : v4).run(table, context),
  };
}

function bothFamilies(v4: VirtualService | undefined, v6: VirtualService | undefined): VirtualService | undefined {
  if (v4 === undefined || v6 === undefined) return v4 ?? v6;
  return {
    addresses: [...v4.addresses, ...v6.addresses],
    servers: [...v4.servers, ...v6.servers],
    find: (header) => (isIPv6(header.dst) ? v6 : v4).find(header),
  };
}

/** A host without any rules: every packet passes. */
export const NO_RULES: Rules = iptablesRules({ family: 4, tables: {} });

/**
 * Evaluates one chain of a table, built-in or not, as if a hook called it. The verdict of a chain that decides nothing is accept
 * with `rule` null.
 */
export function runChain(
  ruleset: Ruleset,
  table: TableName,
  chainName: string,
  context: HookContext,
  refs: Map<string, RuleRef[]> = new Map(),
): TableResult {
  const run: Traversal = {
    ruleset,
    table,
    chains: ruleset.tables[table]?.chains ?? new Map(),
    context,
    refs,
    steps: [],
    skipped: [],
    mark: context.packet.mark,
    considered: 0,
    matched: 0,
    draw: null,
  };
  const decided = callChain(run, chainName, 0);
  const policy = run.chains.get(chainName)?.policy;
  return {
    verdict: decided?.verdict ?? { kind: policy === "DROP" ? "drop" : "accept" },
    mark: run.mark,
    rule: decided?.rule ?? null,
    considered: run.considered,
    matched: run.matched,
    steps: run.steps,
    skipped: run.skipped,
    draw: run.draw?.words ?? null,
  };
}

interface Traversal {
  readonly ruleset: Ruleset;
  readonly table: TableName;
  readonly chains: ReadonlyMap<string, Chain>;
  readonly context: HookContext;
  readonly refs: Map<string, RuleRef[]>;
  readonly steps: RuleStep[];
  readonly skipped: SkippedRules[];
  mark: number;
  considered: number;
  matched: number;
  draw: Draw | null;
}

interface Decision {
  readonly verdict: TableVerdict;
  readonly rule: RuleRef;
}

/** A stretch of rules that did not match: one that was tried, with its outcome, or several that the index ruled out. */
interface Miss {
  readonly from: number;
  readonly to: number;
  readonly outcome: RuleOutcome | null;
}

/** Runs a chain to a verdict; null when it ends or returns without one. */
function callChain(run: Traversal, name: string, depth: number): Decision | null {
  const chain = run.chains.get(name);
  if (chain === undefined || depth > DEEPEST_CALL) return null;
  const visit = new Visit(run, name, chain, depth);
  const chainId = `${run.table}/${name}`;
  const worth = candidates(chain, run.context.packet);
  const count = worth?.length ?? chain.rules.length;
  for (let k = 0; k < count; k++) {
    const position = worth === null ? k : (worth[k] as number);
    const rule = chain.rules[position] as Rule;
    const outcome = tryRule(rule, inputOf(run, chainId));
    if (outcome.draw !== null) run.draw = outcome.draw;
    if (!outcome.matched) {
      visit.miss(position, outcome);
      continue;
    }
    const ref = visit.hit(position, rule, outcome);
    const verdict = verdictOf(rule.target);
    if (verdict !== null) return { verdict, rule: ref };
    if (rule.target.kind === "return") return null;
    if (rule.target.kind === "goto") return callChain(run, rule.target.chain, depth + 1);
    if (rule.target.kind === "jump") {
      const decided = callChain(run, rule.target.chain, depth + 1);
      if (decided !== null) return decided;
    }
  }
  visit.end();
  return null;
}

function inputOf(run: Traversal, chainId: string): MatchInput {
  const sets = run.ruleset.sets;
  return { context: run.context, mark: run.mark, chainId, ...(sets === undefined ? {} : { sets }) };
}

function verdictOf(target: Target): TableVerdict | null {
  switch (target.kind) {
    case "accept":
      return { kind: "accept" };
    case "drop":
      return { kind: "drop" };
    case "reject":
      return {
        kind: "reject",
        with:
          target.with === "tcp-reset"
            ? "tcp-reset"
            : target.with.endsWith("prohibited")
              ? "icmp-admin-prohibited"
              : "icmp-port-unreachable",
      };
    case "dnat":
      return { kind: "dnat", to: { ip: target.ip, port: target.port } };
    case "snat":
      return { kind: "snat", to: { ip: target.ip, port: target.port } };
    case "masquerade":
      return { kind: "masquerade", randomFully: target.randomFully };
    case "redirect":
      return { kind: "redirect", port: target.port };
    default:
      return null;
  }
}

/** Book-keeping of one passage through one chain: what was looked at, and which of it is listed. */
class Visit {
  private readonly run: Traversal;
  private readonly name: string;
  private readonly chain: Chain;
  private readonly depth: number;
  private next = 0;
  private listed = 0;
  private missed = 0;
  private misses: Miss[] = [];

  constructor(run: Traversal, name: string, chain: Chain, depth: number) {
    this.run = run;
    this.name = name;
    this.chain = chain;
    this.depth = depth;
  }

  /** Rules before `position` that were not tried: the index knew that they cannot match. */
  private passOver(position: number): void {
    if (position > this.next) this.remember({ from: this.next, to: position, outcome: null });
    this.next = position + 1;
  }

  private remember(miss: Miss): void {
    this.misses.push(miss);
    this.missed += miss.to - miss.from;
  }

  miss(position: number, outcome: RuleOutcome): void {
    this.passOver(position);
    this.remember({ from: position, to: position + 1, outcome });
  }

  hit(position: number, rule: Rule, outcome: RuleOutcome): RuleRef {
    this.passOver(position);
    this.flush();
    const { run } = this;
    run.considered += 1;
    run.matched += 1;
    if (rule.target.kind === "mark") run.mark = ((run.mark & ~rule.target.mask) ^ rule.target.value) >>> 0;
    const ref = this.ref(position);
    const effect = effectWords(rule.target, run.mark);
    run.steps.push({
      rule: ref,
      matched: true,
      depth: this.depth,
      because: outcome.because,
      ...(outcome.draw === null ? {} : { draw: plainDraw(outcome.draw) }),
      ...(effect === null ? {} : { effect }),
    });
    return ref;
  }

  end(): void {
    this.passOver(this.chain.rules.length);
    this.flush();
  }

  /** Lists the misses so far: all of them while the chain's allowance lasts, else the first, the last and every draw. */
  private flush(): void {
    const { run, missed } = this;
    const allowance = Math.max(0, LISTED_PER_CHAIN - this.listed);
    const head = missed <= allowance ? missed : Math.ceil(allowance / 2);
    const tail = missed <= allowance ? 0 : allowance - head;
    let k = 0;
    let gap: { from: number; to: number } | null = null;
    const closeGap = (): void => {
      if (gap !== null) run.skipped.push({ chain: this.name, from: gap.from + 1, to: gap.to });
      gap = null;
    };
    for (const miss of this.misses) {
      const length = miss.to - miss.from;
      // A long stretch in the middle is skipped whole; only its ends are looked at one by one.
      for (let i = 0; i < length; i++, k++) {
        const position = miss.from + i;
        if (k < head || k >= missed - tail || miss.outcome?.draw) {
          closeGap();
          this.list(position, miss.outcome);
        } else {
          const jump: number = Math.min(length - i, missed - tail - k);
          gap = gap === null ? { from: position, to: position + jump } : { from: gap.from, to: position + jump };
          i += jump - 1;
          k += jump - 1;
        }
      }
    }
    closeGap();
    run.considered += missed;
    this.listed += Math.min(missed, allowance);
    this.misses = [];
    this.missed = 0;
  }

  private list(position: number, outcome: RuleOutcome | null): void {
    const { run } = this;
    run.steps.push({
      rule: this.ref(position),
      matched: false,
      depth: this.depth,
      because: outcome?.because ?? whyNot(this.chain.rules[position] as Rule, inputOf(run, "")),
      ...(outcome?.draw ? { draw: plainDraw(outcome.draw) } : {}),
    });
  }

  private ref(position: number): RuleRef {
    const { run, name } = this;
    const key = `${run.table}/${name}`;
    let list = run.refs.get(key);
    if (list === undefined) run.refs.set(key, (list = []));
    return (list[position] ??= ruleRef(run.ruleset, run.table, name, position, this.chain.rules[position] as Rule));
  }
}

function plainDraw(draw: Draw): NonNullable<RuleStep["draw"]> {
  return { value: draw.value, threshold: draw.threshold, of: draw.of };
}

/** Names a rule as walks and listings show it. `position` counts from 0. */
export function ruleRef(ruleset: Ruleset, table: TableName, chain: string, position: number, rule: Rule): RuleRef {
  return {
    id: ruleId(table, chain, rule),
    table,
    chain,
    position: position + 1,
    text: kernelRuleText(chain, rule, ruleset.family),
    target: targetName(rule.target),
    origin: rule.origin,
  };
}
