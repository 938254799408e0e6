import { BucketMap } from "../../base/bucket-map.ts";
import { compareStrings } from "../../base/compare.ts";
import type { IpSet } from "../../kernel/ipvs/ipset.ts";
import { BUILTIN_CHAINS, type Chain, type Rule, type Ruleset } from "../../kernel/iptables/types.ts";
import type { VirtualServer } from "../../kernel/ipvs/types.ts";
import type { VirtualService } from "../../kernel/netfilter.ts";
import { serverId } from "../../kernel/ipvs/types.ts";
import type { ProxyConfig } from "../../model/config/types.ts";
import { blockCache, type BlockCache } from "../block-cache.ts";
import type { ProxyNode } from "../node.ts";
import type { ProxyView, ServiceEntry } from "../view.ts";
import { changedEntries, mostChanges, patchedList } from "../changes.ts";
import { LastCompiled, sameSetup } from "../last-compiled.ts";
import { compileBlock, type Block } from "./block.ts";
import { builtinRules, kubeChains } from "./rules.ts";
import { pour, type Sink } from "./contents.ts";
import { hostSet, hostSetName, SET_NAMES, type SetName } from "./sets.ts";
import { retally, type Tally } from "./tally.ts";
import { settingsFor, type Settings } from "./settings.ts";

/** All that kube-proxy in ipvs mode sets up on a node for one IP family. */
export interface CompiledIpvs {
  /** By address and port, as text. */
  readonly servers: readonly VirtualServer[];
  /** The same by id. */
  readonly byId: BucketMap<VirtualServer>;
  /** Addresses of the dummy interface kube-ipvs0, sorted. */
  readonly addresses: readonly string[];
  /** The rules, with the ip sets that they ask for. */
  readonly ruleset: Ruleset;
  readonly sysctls: Readonly<Record<string, number>>;
}

/** Upstream: NewProxier in pkg/proxy/ipvs/proxier.go. Both families set the same ones. */
const SYSCTLS: CompiledIpvs["sysctls"] = {
  "net/ipv4/ip_forward": 1,
  "net/ipv4/vs/conntrack": 1,
  "net/ipv4/vs/expire_nodest_conn": 1,
  "net/ipv4/vs/expire_quiescent_template": 1,
};

const BLOCKS: BlockCache<Settings, Block> = blockCache((entry, settings: Settings) => compileBlock(entry, settings));

/** What was set up with what it was made of: enough to make the next one at the cost of what changed. */
export interface Compiled {
  readonly node: ProxyNode;
  readonly config: ProxyConfig;
  readonly entries: readonly ServiceEntry[];
  readonly blocks: readonly Block[];
  readonly ipvs: CompiledIpvs;
  /** Virtual servers that more than one Service has asked for: who else does is looked up when one of them stops. */
  readonly shared: BucketMap<true>;
  readonly addresses: Tally;
  readonly members: ReadonlyMap<SetName, Tally>;
  readonly outFilter: readonly Rule[];
  /** Servers, destinations and set members of Service ports that this compile put in or took out; all when it began from nothing. */
  readonly touched: number;
}

const COMPILED = new LastCompiled<Compiled>();

/**
 * The virtual servers, addresses, ip sets and iptables rules that kube-proxy 1.36 in ipvs mode sets up on a node. What was compiled
 * last for the node is taken over as far as it still holds, so what costs is what changed.
 */
export function compileIpvs(view: ProxyView, node: ProxyNode, config: ProxyConfig): CompiledIpvs {
  return COMPILED.next(view, node, (previous) => recompile(previous, view, node, config)).ipvs;
}

/** What is set up for a view, from what was for another view; null: from nothing. Both ways give the same. */
export function recompile(previous: Compiled | null, view: ProxyView, node: ProxyNode, config: ProxyConfig): Compiled {
  const s = settingsFor(view, node, config);
  const { entries } = view;
  const changes =
    previous === null || !sameSetup(previous, node, config)
      ? null
      : changedEntries(previous.entries, entries, mostChanges(entries.length));
  if (previous === null || changes === null) {
    const blocks = BLOCKS.all(view, s);
    return { node, config, entries, blocks, ...assemble(s, blocks) };
  }
  if (changes.length === 0) return { ...previous, entries, touched: 0 };
  const blocks = patchedList(previous.blocks, changes, (entry) => BLOCKS.one(entry, view, s));
  const gone = changes.flatMap(({ from, before }) => (before === null ? [] : [previous.blocks[from] as Block]));
  const come = changes.flatMap(({ to, after }) => (after === null ? [] : [blocks[to] as Block]));
  return { node, config, entries, blocks, ...patched(s, previous, blocks, gone, come) };
}

type Contents = Omit<Compiled, "node" | "config" | "entries" | "blocks">;

function collectOutFilter(blocks: readonly Block[]): readonly Rule[] {
  const rules: Rule[] = [];
  for (const block of blocks) rules.push(...block.outFilter);
  return rules;
}

function assemble(s: Settings, blocks: readonly Block[]): Contents {
  const servers = BucketMap.maker<VirtualServer>(blocks.length);
  const order: string[] = [];
  const shared: [string, true][] = [];
  const addresses = new Counter();
  const members = new Map(SET_NAMES.map((name) => [name, new Counter()]));
  let touched = 0;
  const sink: Sink = {
    server(server) {
      touched += 1 + server.destinations.length;
      const bucket = servers.bucket(server.id);
      const known = bucket.get(server.id);
      if (known === undefined) order.push(server.id);
      else if (known.origin?.object !== server.origin?.object) shared.push([server.id, true]);
      bucket.set(server.id, server);
    },
    address: (ip) => addresses.add(ip),
    member(set, entry) {
      touched += 1;
      (members.get(set) as Counter).add(entry);
    },
  };
  for (const block of blocks) pour(block, s, sink);
  const byId = servers.done();
  order.sort(compareStrings);
  const contents = {
    shared: BucketMap.of(shared, shared.length),
    addresses: addresses.done(),
    members: new Map([...members].map(([name, counter]) => [name, counter.done()])),
    outFilter: collectOutFilter(blocks),
  };
  const list = order.map((id) => byId.get(id) as VirtualServer);
  return { ...contents, touched, ipvs: setUp(s, byId, list, contents, null) };
}

/** Entries while they are being put together. */
class Counter {
  private readonly known = new Set<string>();
  private readonly more = new Map<string, number>();

  add(entry: string): void {
    if (this.known.has(entry)) this.more.set(entry, (this.more.get(entry) ?? 0) + 1);
    else this.known.add(entry);
  }

  done(): Tally {
    return { entries: [...this.known].sort(compareStrings), more: BucketMap.of(this.more, this.more.size) };
  }
}

/** The rules and sets around the virtual servers; a set in which nothing changed is the previous one. */
function setUp(
  s: Settings,
  byId: BucketMap<VirtualServer>,
  servers: readonly VirtualServer[],
  contents: Pick<Contents, "addresses" | "members" | "outFilter">,
  previous: CompiledIpvs | null,
): CompiledIpvs {
  const { addresses, members, outFilter } = contents;
  const entriesOf = (name: SetName): readonly string[] =>
    name === "KUBE-IPVS-IPS" ? addresses.entries : (members.get(name)?.entries ?? []);
  const chains = kubeChains(s, (name) => entriesOf(name).length === 0, outFilter);
  const table = (name: "nat" | "filter"): ReadonlyMap<string, Chain> =>
    new Map([
      ...BUILTIN_CHAINS[name].map((chain): [string, Chain] => [
        chain,
        { policy: "ACCEPT", rules: builtinRules(name, chain) },
      ]),
      ...chains[name],
    ]);
  const sets = SET_NAMES.map((name): [string, IpSet] => {
    const host = hostSetName(name, s.family);
    const entries = entriesOf(name);
    const known = previous?.ruleset.sets?.get(host);
    return [host, known?.entries === entries ? known : hostSet(name, s.family, entries)];
  });
  return {
    servers,
    byId,
    addresses: addresses.entries,
    ruleset: {
      family: s.family,
      tables: { nat: { chains: table("nat") }, filter: { chains: table("filter") }, mangle: { chains: new Map() } },
      sets: new Map(sets),
    },
    sysctls: SYSCTLS,
  };
}

/** What blocks ask for, as lists. */
interface Asked {
  readonly servers: Map<string, VirtualServer>;
  /** Servers that several of the Services ask for. */
  readonly contested: Set<string>;
  readonly addresses: string[];
  readonly members: ReadonlyMap<SetName, string[]>;
  touched: number;
}

function askedBy(blocks: readonly Block[], s: Settings): Asked {
  const members = new Map<SetName, string[]>(SET_NAMES.map((name) => [name, []]));
  const asked: Asked = { servers: new Map(), contested: new Set(), addresses: [], members, touched: 0 };
  const sink: Sink = {
    server(server) {
      const known = asked.servers.get(server.id);
      if (known !== undefined && known.origin?.object !== server.origin?.object) asked.contested.add(server.id);
      asked.servers.set(server.id, server);
      asked.touched += 1 + server.destinations.length;
    },
    address: (ip) => void asked.addresses.push(ip),
    member(set, entry) {
      asked.touched += 1;
      members.get(set)?.push(entry);
    },
  };
  for (const block of blocks) pour(block, s, sink);
  return asked;
}

/** The previous contents with some blocks replaced; `blocks` are all there are then. */
function patched(
  s: Settings,
  previous: Compiled,
  blocks: readonly Block[],
  gone: readonly Block[],
  come: readonly Block[],
): Contents {
  const before = askedBy(gone, s);
  const after = askedBy(come, s);
  const { byId } = previous.ipvs;

  // Another Service has the same virtual server, or may have: then all that do are asked, in their order; the last one counts.
  const contested = new Set(after.contested);
  for (const id of before.servers.keys()) if (previous.shared.has(id)) contested.add(id);
  for (const id of after.servers.keys()) if (!before.servers.has(id) && byId.has(id)) contested.add(id);
  if (contested.size > 0) {
    for (const id of contested) after.servers.delete(id);
    const sink: Sink = {
      server: (server) => void (contested.has(server.id) && after.servers.set(server.id, server)),
      address: () => undefined,
      member: () => undefined,
    };
    for (const block of blocks) pour(block, s, sink);
  }

  const servers = [...previous.ipvs.servers];
  for (const id of before.servers.keys()) if (!after.servers.has(id)) servers.splice(placeOf(servers, id), 1);
  for (const [id, server] of after.servers) servers.splice(placeOf(servers, id), byId.has(id) ? 1 : 0, server);

  const filtered = (block: Block): boolean => block.outFilter.length > 0;
  const contents = {
    shared:
      contested.size === 0
        ? previous.shared
        : previous.shared.with(
            [],
            [...contested].map((id): [string, true] => [id, true]),
          ),
    addresses: retally(previous.addresses, before.addresses, after.addresses),
    members: new Map(
      [...previous.members].map(([name, tally]) => [
        name,
        retally(tally, before.members.get(name) ?? [], after.members.get(name) ?? []),
      ]),
    ),
    outFilter: gone.some(filtered) || come.some(filtered) ? collectOutFilter(blocks) : previous.outFilter,
  };
  const ipvs = setUp(s, byId.with(before.servers.keys(), after.servers), servers, contents, previous.ipvs);
  return { ...contents, ipvs, touched: before.touched + after.touched };
}

/** Where a server stands in the list by id, or would stand. */
function placeOf(servers: readonly VirtualServer[], id: string): number {
  let low = 0;
  let high = servers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareStrings((servers[middle] as VirtualServer).id, id) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The virtual servers as a host's packet path asks for them. */
export function virtualService({ servers, addresses, byId }: CompiledIpvs): VirtualService {
  return { addresses, servers, find: ({ protocol, dst, dport }) => byId.get(serverId(protocol, dst, dport)) ?? null };
}
