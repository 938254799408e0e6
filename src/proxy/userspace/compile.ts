import { BucketMap } from "../../base/bucket-map.ts";
import { deepEqual } from "../../base/json.ts";
import {
  BUILTIN_CHAINS,
  type Chain,
  countRules,
  rememberCount,
  type Rule,
  type Ruleset,
} from "../../kernel/iptables/types.ts";
import type { ProxySocket } from "../../kernel/proxy-socket.ts";
import type { ProxyConfig } from "../../model/config/types.ts";
import { changedEntries, type EntryChange, mostChanges, patchedList } from "../changes.ts";
import { patchedItems } from "../iptables/patch.ts";
import { LastCompiled, sameSetup } from "../last-compiled.ts";
import type { ProxyNode } from "../node.ts";
import type { ProxyView, ServiceEntry } from "../view.ts";
import { type Block, compileBlock, served } from "./block.ts";
import {
  NODEPORT_CONTAINER,
  NODEPORT_HOST,
  NODEPORT_NON_LOCAL,
  PORTAL_CHAINS,
  PORTALS_CONTAINER,
  PORTALS_HOST,
  type PortalChain,
} from "./chains.ts";
import { NOTHING_OPENED, open, type Opened } from "./opened.ts";
import { drawStart, keepsPort, proxyPorts } from "./ports.ts";
import { type Settings, settingsFor } from "./settings.ts";
import { builtinRules } from "./static.ts";

/** All that kube-proxy in userspace mode sets up on a node for one IP family. */
export interface CompiledUserspace {
  readonly ruleset: Ruleset;
  /** The ports that the process has open: those it serves, and those it only holds. */
  readonly sockets: readonly ProxySocket[];
}

/** What was set up with what it was made of: enough to make the next one at the cost of what changed. */
export interface Compiled extends CompiledUserspace {
  readonly node: ProxyNode;
  readonly config: ProxyConfig;
  readonly entries: readonly ServiceEntry[];
  /** Where each entry began to look for its proxy port, and which it has got. */
  readonly starts: readonly number[];
  readonly ports: readonly (number | null)[];
  /** What each entry has opened. */
  readonly blocks: readonly Opened[];
  /** Ports of the node that are held for Service ports, by `ip:port/protocol`; the value is the holder's name. */
  readonly held: BucketMap<string>;
  /** Those that more than one Service port asks for. */
  readonly contested: ReadonlySet<string>;
  /** Rules and open ports of Service ports that this compile put in or took out; all of them when it began from nothing. */
  readonly touched: number;
}

const COMPILED = new LastCompiled<Compiled>();

/**
 * The rules and open ports of kube-proxy 1.25 in userspace mode. Its rules only lead to its own ports: who answers is not for a
 * rule to say. Rules stand in the order of Service names; the real ones stand in the order in which Services came. What was compiled
 * last for the node is taken over as far as it still holds.
 */
export function compileUserspace(view: ProxyView, node: ProxyNode, config: ProxyConfig): CompiledUserspace {
  return COMPILED.next(view, node, (previous) => recompile(previous, view, node, config));
}

/** What is set up for a view, from what was for another view; null: from nothing. Both ways give the same. */
export function recompile(previous: Compiled | null, view: ProxyView, node: ProxyNode, config: ProxyConfig): Compiled {
  const settings = settingsFor(view, node, config);
  if (settings === null) return { ...NOTHING, ruleset: { family: view.family, tables: {} }, node, config };
  const { entries } = view;
  const made = { node, config, entries };
  const most = mostChanges(entries.length);
  const changed =
    previous === null || !sameSetup(previous, node, config) ? null : changedEntries(previous.entries, entries, most);
  const start = (entry: ServiceEntry): number => drawStart(entry, settings);
  if (previous === null || changed === null) {
    const starts = entries.map(start);
    const ports = proxyPorts(entries, starts, settings);
    const blocks = entries.map((entry, i) => blockOf(entry, ports[i] ?? null, settings, NOTHING_OPENED));
    return { ...made, starts, ports, ...assemble(settings, blocks) };
  }
  if (changed.length === 0) return { ...previous, entries, touched: 0 };

  // Whoever comes, goes or draws again may take the next one's port, and that one the next.
  const drawn = changed.some(
    ({ before, after }) => before === null || after === null || !keepsPort(before.port, after.port),
  );
  const starts = drawn ? patchedList(previous.starts, changed, start) : previous.starts;
  const ports = drawn ? proxyPorts(entries, starts, settings) : previous.ports;
  const changes = drawn ? withMoved(changed, previous, entries, ports) : changed;
  return { ...made, starts, ports, ...patched(settings, previous, changes, ports) };
}

const NOTHING: Omit<Compiled, "node" | "config" | "ruleset"> = {
  entries: [],
  starts: [],
  ports: [],
  blocks: [],
  held: BucketMap.of<string>([], 0),
  contested: new Set(),
  sockets: [],
  touched: 0,
};

/** What is to be set up for an entry; `old` is what was for its Service port, whose portals stay if nothing of it changes. */
function blockOf(entry: ServiceEntry, proxyPort: number | null, settings: Settings, old: Opened): Block | null {
  const port = served(entry.port);
  if (port === null || proxyPort === null) return null;
  const { block } = old;
  const same = block !== null && block.socket.port === proxyPort && deepEqual(block.port, port);
  return compileBlock(entry, port, proxyPort, settings, same ? block.portals : null);
}

/** The changes, and those entries that stayed but whose proxy port moved. */
function withMoved(
  changes: readonly EntryChange[],
  previous: Compiled,
  entries: readonly ServiceEntry[],
  ports: readonly (number | null)[],
): readonly EntryChange[] {
  const all: EntryChange[] = [];
  let next = 0;
  let from = 0;
  let to = 0;
  while (from < previous.entries.length || to < entries.length) {
    const change = changes[next];
    if (change?.from === from && change.to === to) {
      all.push(change);
      next += 1;
      if (change.before !== null) from += 1;
      if (change.after !== null) to += 1;
      continue;
    }
    const entry = entries[to] as ServiceEntry;
    if (previous.ports[from] !== ports[to]) all.push({ from, to, before: entry, after: entry });
    from += 1;
    to += 1;
  }
  return all;
}

type Contents = Pick<Compiled, "ruleset" | "sockets" | "blocks" | "held" | "contested" | "touched">;

const work = ({ sockets, count }: Opened): number => sockets.length + count;

const socketsOf = ({ sockets }: Opened): readonly ProxySocket[] => sockets;

/** Opens everything, Service port after Service port: who comes first gets what several ask for. */
function assemble(settings: Settings, blocks: readonly (Block | null)[]): Contents {
  const held = BucketMap.maker<string>(blocks.length);
  const contested = new Set<string>();
  const hold = (key: string, name: string): boolean => {
    const bucket = held.bucket(key);
    if (bucket.has(key)) {
      contested.add(key);
      return false;
    }
    bucket.set(key, name);
    return true;
  };
  const opened = blocks.map((block) => (block === null ? NOTHING_OPENED : open(block, hold)));
  const rules = Object.fromEntries(
    PORTAL_CHAINS.map((chain): [PortalChain, Rule[]] => [chain, []]),
  ) as unknown as Record<PortalChain, Rule[]>;
  for (const one of opened)
    for (const chain of PORTAL_CHAINS) for (const rule of one.rules[chain]) rules[chain].push(rule);
  const ruleset = rulesetOf(settings, rules);
  countRules(ruleset);
  return {
    ruleset,
    sockets: opened.flatMap(socketsOf),
    blocks: opened,
    held: held.done(),
    contested,
    touched: opened.reduce((sum, one) => sum + work(one), 0),
  };
}

function rulesetOf({ family }: Settings, rules: Readonly<Record<PortalChain, readonly Rule[]>>): Ruleset {
  const table = (name: "nat" | "filter", own: readonly PortalChain[]): ReadonlyMap<string, Chain> =>
    new Map([
      ...BUILTIN_CHAINS[name].map((chain): [string, Chain] => [
        chain,
        { policy: "ACCEPT", rules: builtinRules(name, chain) },
      ]),
      ...own.map((chain): [string, Chain] => [chain, { policy: null, rules: rules[chain] }]),
    ]);
  return {
    family,
    tables: {
      nat: { chains: table("nat", [PORTALS_CONTAINER, PORTALS_HOST, NODEPORT_CONTAINER, NODEPORT_HOST]) },
      filter: { chains: table("filter", [NODEPORT_NON_LOCAL]) },
    },
  };
}

/** The previous contents with what changed: where Service ports contend for a port of the node, all are opened anew. */
function patched(
  settings: Settings,
  previous: Compiled,
  changes: readonly EntryChange[],
  ports: readonly (number | null)[],
): Contents {
  const gone = changes.flatMap(({ from, before }) => (before === null ? [] : [previous.blocks[from] as Opened]));
  const released = new Set(gone.flatMap(({ asked }) => asked));
  const holders = new Map<string, string>();
  let conflict = [...released].some((key) => previous.contested.has(key));
  const hold = (key: string, name: string): boolean => {
    conflict ||= holders.has(key) || (!released.has(key) && previous.held.has(key));
    holders.set(key, name);
    return true;
  };
  const blocks = [...previous.blocks];
  const come: Opened[] = [];
  for (const { from, to, before, after } of changes) {
    if (after === null) {
      blocks.splice(to, 1);
      continue;
    }
    const old = before === null ? NOTHING_OPENED : (previous.blocks[from] as Opened);
    const block = blockOf(after, ports[to] ?? null, settings, old);
    const opened = block === null ? NOTHING_OPENED : open(block, hold);
    come.push(opened);
    blocks.splice(to, before === null ? 0 : 1, opened);
  }
  if (conflict) {
    const wanted = blocks.map(({ block }) => block);
    return assemble(settings, wanted);
  }
  const sum = (list: readonly Opened[], of: (one: Opened) => number): number =>
    list.reduce((total, one) => total + of(one), 0);
  return {
    ruleset: patchedRuleset(settings, previous, blocks, changes, sum(come, countOf) - sum(gone, countOf)),
    sockets: patchedItems(previous.sockets, previous.blocks, blocks, changes, socketsOf),
    blocks,
    held: released.size + holders.size === 0 ? previous.held : previous.held.with(released, holders),
    contested: previous.contested,
    touched: sum(gone, work) + sum(come, work),
  };
}

const countOf = ({ count }: Opened): number => count;

function patchedRuleset(
  settings: Settings,
  previous: Compiled,
  blocks: readonly Opened[],
  changes: readonly EntryChange[],
  more: number,
): Ruleset {
  const { nat, filter } = previous.ruleset.tables;
  const before = (chain: PortalChain): readonly Rule[] =>
    (nat?.chains.get(chain) ?? filter?.chains.get(chain))?.rules ?? [];
  const rules = Object.fromEntries(
    PORTAL_CHAINS.map((chain) => [
      chain,
      patchedItems(before(chain), previous.blocks, blocks, changes, (one) => one.rules[chain]),
    ]),
  ) as Record<PortalChain, readonly Rule[]>;
  // Endpoints are the process's affair: when only they change, not a rule does.
  if (PORTAL_CHAINS.every((chain) => rules[chain] === before(chain))) return previous.ruleset;
  const ruleset = rulesetOf(settings, rules);
  rememberCount(ruleset, countRules(previous.ruleset) + more);
  return ruleset;
}
