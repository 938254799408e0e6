import { BUILTIN_CHAINS, type Chain, type Rule, type Ruleset } from "../../kernel/iptables/types.ts";
import type { ProxySocket } from "../../kernel/proxy-socket.ts";
import type { ProxyConfig } from "../../model/config/types.ts";
import type { ProxyNode } from "../node.ts";
import type { ProxyView, ServiceEntry } from "../view.ts";
import { type Block, claimKey, compileBlock, served } from "./block.ts";
import { NODEPORT_CONTAINER, NODEPORT_HOST, NODEPORT_NON_LOCAL, PORTALS_CONTAINER, PORTALS_HOST } from "./chains.ts";
import { proxyPorts } from "./ports.ts";
import { type Settings, settingsFor } from "./settings.ts";
import { builtinRules } from "./static.ts";

/** All that kube-proxy in userspace mode sets up on a node for one IP family. */
export interface CompiledUserspace {
  readonly ruleset: Ruleset;
  /** The ports that the process has open: those it serves, and those it only holds. */
  readonly sockets: readonly ProxySocket[];
}

interface Known {
  readonly entry: ServiceEntry;
  readonly proxyPort: number;
  readonly block: Block;
}

/** Blocks by node and name of the Service port: good as long as entry and proxy port are the same. */
const CACHE = new Map<string, Map<string, Known>>();
const MOST_NODES = 512;

function known(settings: Settings, expected: number): Map<string, Known> {
  let blocks = CACHE.get(settings.key);
  if (blocks === undefined || blocks.size > 2 * expected + 100) {
    const [oldest] = CACHE.keys();
    if (CACHE.size >= MOST_NODES && oldest !== undefined) CACHE.delete(oldest);
    CACHE.set(settings.key, (blocks = new Map()));
  }
  return blocks;
}

function blocksOf(view: ProxyView, settings: Settings): readonly Block[] {
  const ports = proxyPorts(view, settings);
  const cache = known(settings, view.entries.length);
  return view.entries.flatMap((entry) => {
    const { name } = entry.port;
    const proxyPort = ports.get(name);
    const port = served(entry.port);
    if (proxyPort === undefined || port === null) return [];
    const before = cache.get(name);
    if (before?.entry === entry && before.proxyPort === proxyPort) return [before.block];
    const block = compileBlock(entry, port, proxyPort, settings);
    cache.set(name, { entry, proxyPort, block });
    return [block];
  });
}

/**
 * The rules and open ports of kube-proxy 1.25 in userspace mode. Its rules only lead to its own ports: who answers is not for a
 * rule to say. Rules stand in the order of Service names; the real ones stand in the order in which Services came.
 */
export function compileUserspace(view: ProxyView, node: ProxyNode, config: ProxyConfig): CompiledUserspace {
  const settings = settingsFor(view, node, config);
  if (settings === null) return { ruleset: { family: view.family, tables: {} }, sockets: [] };
  const chains: Readonly<Record<string, Rule[]>> = {
    [PORTALS_CONTAINER]: [],
    [PORTALS_HOST]: [],
    [NODEPORT_CONTAINER]: [],
    [NODEPORT_HOST]: [],
    [NODEPORT_NON_LOCAL]: [],
  };
  const sockets: ProxySocket[] = [];
  const claims = new Map<string, string>();
  for (const { socket, portals } of blocksOf(view, settings)) {
    sockets.push(socket);
    for (const { claim, rules } of portals) {
      if (claim !== null) {
        const key = claimKey(claim);
        const owner = claims.get(key);
        // "Port conflict detected": this portal and those after it are not opened.
        if (owner !== undefined && owner !== claim.name) break;
        if (owner === undefined) sockets.push(claim);
        claims.set(key, claim.name);
      }
      for (const [chain, rule] of rules) chains[chain]?.push(rule);
    }
  }
  const table = (name: "nat" | "filter", own: readonly string[]): ReadonlyMap<string, Chain> =>
    new Map([
      ...BUILTIN_CHAINS[name].map((chain): [string, Chain] => [
        chain,
        { policy: "ACCEPT", rules: builtinRules(name, chain) },
      ]),
      ...own.map((chain): [string, Chain] => [chain, { policy: null, rules: chains[chain] ?? [] }]),
    ]);
  return {
    ruleset: {
      family: settings.family,
      tables: {
        nat: { chains: table("nat", [PORTALS_CONTAINER, PORTALS_HOST, NODEPORT_CONTAINER, NODEPORT_HOST]) },
        filter: { chains: table("filter", [NODEPORT_NON_LOCAL]) },
      },
    },
    sockets,
  };
}
