/** Rules of any mode as lists to be compared: one list per chain, set or virtual server. */
import { inKernelOrder, kernelRuleText, targetName } from "../../kernel/iptables/text.ts";
import { isBuiltin, type Rule, type Ruleset } from "../../kernel/iptables/types.ts";
import type { IpSet } from "../../kernel/ipvs/ipset.ts";
import { destinationRule, serverRule } from "../../kernel/ipvs/text.ts";
import type { VirtualServer } from "../../kernel/ipvs/types.ts";
import { elementText } from "../../kernel/nftables/print.ts";
import { hookText } from "../../kernel/nftables/priority.ts";
import { ruleText } from "../../kernel/nftables/text.ts";
import type { Rule as NftRule, Table } from "../../kernel/nftables/types.ts";
import type { Origin, TableName } from "../../model/trace/types.ts";
import { CANARY, isProxyChain, isProxyRule, ownerOf } from "./owners.ts";

/** One rule, element or server. */
export interface Item {
  /** Equal keys, equal rules: the text with everything that does not matter brought into one order. */
  readonly key: string;
  /** What stays when a rule is altered: its target and comment, an element's key, a server's address. Strongest first. */
  readonly kin: readonly string[];
  /** For rules that no name tells apart: what they do, and their conditions. */
  readonly shape?: { readonly target: string; readonly conditions: readonly string[] };
  readonly text: string;
  readonly origin: Origin | null;
  readonly counters: readonly [number, number] | null;
  /** Place in the chain, from 1. */
  readonly position: number;
  readonly line: number | null;
}

export interface Group {
  readonly table: string;
  readonly chain: string;
  /** Does the order of rules decide? Not in sets, nor where kube-proxy goes through Services in a random order. */
  readonly ordered: boolean;
  readonly items: readonly Item[];
}

/** A rule of somebody else. */
export interface ForeignItem {
  readonly table: string;
  readonly chain: string;
  readonly line: number | null;
  readonly text: string;
  readonly owner: string;
  /** Where it stands in a chain that kube-proxy's rules stand in too; null elsewhere. */
  readonly asked: "before" | "after" | "between" | null;
}

/**
 * Chains to which each Service port adds its rules. kube-proxy goes through the ports in the order of a Go map, so that order says
 * nothing (syncProxyRules in pkg/proxy/iptables, pkg/proxy/userspace).
 */
const IN_ANY_ORDER: ReadonlySet<string> = new Set([
  "nat/KUBE-SERVICES",
  "nat/KUBE-NODEPORTS",
  "filter/KUBE-SERVICES",
  "filter/KUBE-EXTERNAL-SERVICES",
  "filter/KUBE-NODEPORTS",
  "filter/KUBE-PROXY-FIREWALL",
  "nat/KUBE-PORTALS-CONTAINER",
  "nat/KUBE-PORTALS-HOST",
  "nat/KUBE-NODEPORT-CONTAINER",
  "nat/KUBE-NODEPORT-HOST",
  "filter/KUBE-NODEPORT-NON-LOCAL",
]);

/** The rule's words with its conditions sorted: conditions of one rule all have to hold, in whatever order. */
function wordsOf(
  chain: string,
  rule: Rule,
  family: 4 | 6,
): { readonly conditions: readonly string[]; readonly target: string } {
  const empty: Rule = { ...rule, matches: [], target: { kind: "none" } };
  const bare = kernelRuleText(chain, empty, family).length + 1;
  const words = inKernelOrder(rule.matches).map((match) =>
    kernelRuleText(chain, { ...empty, matches: [match] }, family).slice(bare),
  );
  // `-m tcp` without a port says no more than `-p tcp`.
  const conditions = words.filter((word) => word !== "" && !/^-m (tcp|udp|sctp)$/.test(word)).sort();
  return { conditions, target: kernelRuleText(chain, { ...empty, target: rule.target }, family).slice(bare) };
}

function ruleItem(chain: string, rule: Rule, family: 4 | 6, position: number, line: number | null): Item {
  const target = targetName(rule.target);
  const comment = rule.matches.find((match) => match.kind === "comment")?.text ?? "";
  const words = wordsOf(chain, rule, family);
  return {
    key: [...words.conditions, words.target].join(" "),
    kin: [
      ...(comment === "" ? [] : [`${target} ${comment}`]),
      ...(rule.target.kind === "jump" ? [target] : []),
      ...(comment === "" ? [] : [comment]),
    ],
    shape: { target, conditions: words.conditions },
    text: kernelRuleText(chain, rule, family),
    origin: rule.origin,
    counters: rule.counters ?? null,
    position,
    line,
  };
}

/** Chain → lines of its rules, in order, of `iptables-save` text. */
export function ruleLines(text: string): ReadonlyMap<string, readonly number[]> {
  const lines = new Map<string, number[]>();
  let table = "";
  for (const [i, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    if (line.startsWith("*")) table = line.slice(1);
    const chain = /^(?:\[\d+:\d+\]\s*)?-A (\S+)/.exec(line)?.[1];
    if (chain === undefined) continue;
    const key = `${table}/${chain}`;
    const known = lines.get(key);
    if (known === undefined) lines.set(key, [i + 1]);
    else known.push(i + 1);
  }
  return lines;
}

/** kube-proxy's rules of an iptables ruleset, and everybody else's. `lines`: where the rules stand in a dump. */
export function iptablesGroups(
  ruleset: Ruleset,
  lines: ReadonlyMap<string, readonly number[]> | null,
): { readonly groups: readonly Group[]; readonly foreign: readonly ForeignItem[] } {
  const groups: Group[] = [];
  const foreign: ForeignItem[] = [];
  for (const [table, { chains }] of Object.entries(ruleset.tables) as [
    TableName,
    NonNullable<Ruleset["tables"]["nat"]>,
  ][]) {
    for (const [chain, { rules, policy }] of chains) {
      const places = lines?.get(`${table}/${chain}`);
      const isOwn = rules.map((rule) =>
        isProxyRule(table, chain, targetName(rule.target), kernelRuleText(chain, rule, ruleset.family)),
      );
      const [first, last] = [isOwn.indexOf(true), isOwn.lastIndexOf(true)];
      const items: Item[] = [];
      if (policy === "DROP") {
        foreign.push({ table, chain, line: null, text: `:${chain} DROP`, owner: "somebody else", asked: null });
      }
      for (const [i, rule] of rules.entries()) {
        const line = places?.[i] ?? null;
        if (isOwn[i] === true) items.push(ruleItem(chain, rule, ruleset.family, i + 1, line));
        else {
          const text = kernelRuleText(chain, rule, ruleset.family);
          const asked =
            !isBuiltin(table, chain) || first < 0 ? null : i < first ? "before" : i > last ? "after" : "between";
          foreign.push({ table, chain, line, text, owner: ownerOf(chain, targetName(rule.target), text), asked });
        }
      }
      const isEmptyOwn = rules.length === 0 && isProxyChain(chain) && chain !== CANARY;
      if (isEmptyOwn) {
        const text = `:${chain} - [0:0]`;
        items.push({ key: text, kin: [], text, origin: null, counters: null, position: 1, line: null });
      }
      if (items.length > 0) groups.push({ table, chain, ordered: !IN_ANY_ORDER.has(`${table}/${chain}`), items });
      else if (rules.length === 0 && !isBuiltin(table, chain) && !isProxyChain(chain)) {
        const owner = ownerOf(chain, "", "");
        foreign.push({ table, chain, line: null, text: `:${chain} - [0:0]`, owner, asked: null });
      }
    }
  }
  return { groups, foreign };
}

const COUNTED = /counter packets \d+ bytes \d+/g;

/** The rules and elements of one table of nftables. What rules fill themselves (affinity) is no part of it. */
export function nftGroups(table: Table): readonly Group[] {
  const name = `${table.family} ${table.name}`;
  const groups: Group[] = [];
  for (const [set, { elements, flags }] of table.sets) {
    if (flags.includes("dynamic")) continue;
    const items = Array.from(elements.values(), (element, i): Item => {
      const text = elementText(element);
      return {
        key: text,
        kin: [element.key],
        text,
        origin: element.origin,
        counters: null,
        position: i + 1,
        line: null,
      };
    });
    if (items.length > 0) groups.push({ table: name, chain: `@${set}`, ordered: false, items });
  }
  for (const [chain, { base, rules }] of table.chains) {
    const items = rules.map((rule, i): Item => {
      const text = ruleText(rule);
      const counted = /counter packets (\d+) bytes (\d+)/.exec(text);
      const target =
        /(?:^| )((?:goto|jump) \S+|vmap .*|dnat .*|drop|reject.*|masquerade.*|accept|return)(?: comment ".*")?$/.exec(
          text,
        );
      return {
        key: text.replace(COUNTED, "counter"),
        kin: [
          text.replace(/numgen random mod \d+.*$/, "numgen").replace(/(\d+\.){3}\d+( \. \d+)?/g, ""),
          ...(target === null ? [] : [target[1] as string]),
        ],
        text,
        origin: rule.origin ?? branchOrigin(rule),
        counters: counted === null ? null : [Number(counted[1]), Number(counted[2])],
        position: i + 1,
        line: null,
      };
    });
    const own = base === null ? `chain ${chain} { }` : hookText(base);
    const head: Item = { key: own, kin: ["hook"], text: own, origin: null, counters: null, position: 0, line: null };
    // A base chain without its hook is nothing; of the others only an empty one has to be told.
    const told = base === null && items.length > 0 ? items : [head, ...items];
    groups.push({ table: name, chain, ordered: true, items: told });
  }
  return groups;
}

function branchOrigin(rule: NftRule): Origin | null {
  for (const statement of rule.statements) {
    const parts =
      statement.kind === "numgen-vmap" ? statement.branches : statement.kind === "numgen-dnat" ? statement.targets : [];
    const origin = parts.find((part) => part.origin !== null)?.origin;
    if (origin) return origin;
  }
  return null;
}

/** Virtual servers with their real servers: the kernel keeps them in the order of adding, which is that of a Go map. */
export function serverGroups(servers: readonly VirtualServer[]): readonly Group[] {
  return servers.map((server) => {
    const head = serverRule(server);
    return {
      table: "ipvs",
      chain: server.id,
      ordered: false,
      items: [
        { key: head, kin: ["server"], text: head, origin: server.origin, counters: null, position: 1, line: null },
        ...server.destinations.map((destination, i): Item => {
          const text = destinationRule(server, destination);
          const { key, origin } = destination;
          return { key: text, kin: [key], text, origin, counters: null, position: i + 2, line: null };
        }),
      ],
    };
  });
}

export function setGroups(sets: Iterable<IpSet>): readonly Group[] {
  return Array.from(sets, (set) => ({
    table: "ipset",
    chain: set.name,
    ordered: false,
    items: [`create ${set.name} ${set.type}`, ...set.entries.map((entry) => `add ${set.name} ${entry}`)].map(
      (text, i): Item => ({
        key: text,
        kin: i === 0 ? ["create"] : [],
        text,
        origin: null,
        counters: null,
        position: i + 1,
        line: null,
      }),
    ),
  }));
}

const TYPES: readonly IpSet["type"][] = [
  "hash:ip",
  "hash:ip,port",
  "hash:ip,port,ip",
  "hash:ip,port,net",
  "bitmap:port",
];

/** Reads what `ipset save` says; sets of types that kube-proxy does not use, and options of members, are reported and left out. */
export function parseIpSets(text: string): {
  readonly sets: readonly IpSet[];
  readonly notes: readonly { readonly line: number; readonly message: string }[];
} {
  const sets = new Map<string, IpSet & { readonly entries: string[] }>();
  const notes: { readonly line: number; readonly message: string }[] = [];
  for (const [i, raw] of text.split("\n").entries()) {
    const [verb, name = "", what = "", ...options] = raw.trim().split(/\s+/);
    if (verb === "" || verb === undefined || verb.startsWith("#")) continue;
    const type = TYPES.find((known) => known === what);
    const set = sets.get(name);
    if (verb === "create" && type !== undefined)
      sets.set(name, { name, type, family: options.includes("inet6") ? 6 : 4, entries: [] });
    else if (verb === "add" && set !== undefined) set.entries.push(what);
    else notes.push({ line: i + 1, message: `not evaluated: ${raw.trim()}` });
  }
  return { sets: [...sets.values()].map((set) => ({ ...set, entries: set.entries.toSorted() })), notes };
}
