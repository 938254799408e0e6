/**
 * What a kube-proxy of another mode wrote and the one that runs now does not remove. Since 1.14 kube-proxy cleans up at its start
 * only what its own mode certainly has no use for: nftables mode removes everything of iptables and ipvs, those two remove the
 * nftables tables; between iptables and ipvs, which share chains, nothing is removed but what is overwritten. `kube-proxy
 * --cleanup` or a reboot is the way to be rid of it. Source: platformCleanup in cmd/kube-proxy/app/server_linux.go.
 */
import { deepEqual } from "../base/json.ts";
import { type Chain, isBuiltin, type Rule, type Ruleset, type Table } from "../kernel/iptables/types.ts";
import type { ProxyConfig, ProxyMode } from "../model/config/types.ts";
import type { TableName } from "../model/trace/types.ts";
import type { ProxyView } from "./view.ts";

/** The objects and the configuration by which rules were written that still stand. */
export interface LeftBehind {
  readonly view: ProxyView;
  readonly config: ProxyConfig;
}

/** Modes whose rules are iptables rules and that therefore leave each other's in peace. */
const IPTABLES_BASED: ReadonlySet<ProxyMode> = new Set<ProxyMode>(["iptables", "ipvs"]);

/** Does a kube-proxy that starts in mode `to` take away, before anything else, what mode `from` wrote? */
export function cleansUp(to: ProxyMode, from: ProxyMode): boolean {
  return to !== from && !(IPTABLES_BASED.has(to) && IPTABLES_BASED.has(from));
}

const why = (mode: ProxyMode): string =>
  `Left behind by ${mode} mode: kube-proxy does not remove it when it starts in a mode that shares its chains; kube-proxy --cleanup or a reboot does. `;

const marked = (rule: Rule, mode: ProxyMode): Rule =>
  rule.origin === null ? rule : { ...rule, origin: { ...rule.origin, why: why(mode) + rule.origin.why } };

const isSameJump = (a: Rule, b: Rule): boolean => a.role === b.role && deepEqual(a.matches, b.matches);

/**
 * The node's rules once kube-proxy has written `fresh` over those that mode `mode` had left: chains of the same name are replaced,
 * jumps that are there already stay where they are, others go before them, and nothing else goes away.
 */
export function overLeftovers(old: Ruleset, mode: ProxyMode, fresh: Ruleset): Ruleset {
  const tables: Partial<Record<TableName, Table>> = {};
  for (const name of new Set([...Object.keys(old.tables), ...Object.keys(fresh.tables)]) as Set<TableName>) {
    const own = fresh.tables[name]?.chains ?? new Map<string, Chain>();
    const chains = new Map<string, Chain>();
    for (const [chain, { policy, rules }] of old.tables[name]?.chains ?? []) {
      const written = own.get(chain);
      if (written === undefined) chains.set(chain, { policy, rules: rules.map((rule) => marked(rule, mode)) });
      else if (!isBuiltin(name, chain)) chains.set(chain, written);
      else {
        const isOwn = (rule: Rule): boolean => written.rules.some((one) => isSameJump(one, rule));
        const added = written.rules.filter((rule) => !rules.some((one) => isSameJump(one, rule)));
        const kept = rules.map((rule) => (isOwn(rule) ? rule : marked(rule, mode)));
        chains.set(chain, { policy, rules: [...added, ...kept] });
      }
    }
    for (const [chain, written] of own) if (!chains.has(chain)) chains.set(chain, written);
    tables[name] = { chains };
  }
  const sets = new Map([...(old.sets ?? []), ...(fresh.sets ?? [])]);
  return { family: fresh.family, tables, ...(sets.size === 0 ? {} : { sets }) };
}
