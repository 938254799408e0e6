import { dependsOnNode } from "./categorize.ts";
import type { ProxyView, ServiceEntry } from "./view.ts";

/** What blocks are remembered by. */
export interface CacheKeys {
  /** Equal keys give equal blocks for entries that do not depend on the node. */
  readonly key: string;
  /** The same for entries that do. */
  readonly nodeKey: string;
}

interface Known<B> {
  readonly entry: ServiceEntry;
  readonly block: B;
}

/** What a mode makes of entries, remembered. */
export interface BlockCache<S extends CacheKeys, B> {
  /** The blocks of a view's entries, in their order. */
  all(view: ProxyView, settings: S): readonly B[];
  /** The block of one of a view's entries. */
  one(entry: ServiceEntry, view: ProxyView, settings: S): B;
}

/** One key per cluster configuration, and one per node that someone has looked at. */
const MOST_KEYS = 512;
/** Ports that are gone stay until a key holds this many times as many as there are. */
const SLACK = 2;

/**
 * Remembers what a mode makes of a view's entries for as long as the entries live. An entry that every node sees alike is compiled
 * once per cluster; one with Local policies, hints or source ranges once per node. (Plain maps, not weak ones: a weak map of 10,000
 * entries triples the cost of a compile in garbage collection.)
 */
export function blockCache<S extends CacheKeys, B>(compile: (entry: ServiceEntry, settings: S) => B): BlockCache<S, B> {
  const all = new Map<string, Map<string, Known<B>>>();
  const under = (key: string, expected: number): Map<string, Known<B>> => {
    let blocks = all.get(key);
    if (blocks === undefined || blocks.size > SLACK * expected + 100) {
      // The oldest key goes first: a map keeps the order of insertion.
      const [oldest] = all.keys();
      if (all.size >= MOST_KEYS && oldest !== undefined) all.delete(oldest);
      all.set(key, (blocks = new Map()));
    }
    return blocks;
  };
  const find = (entry: ServiceEntry, settings: S, shared: Map<string, Known<B>>, perNode: Map<string, Known<B>>): B => {
    const { port, endpoints } = entry;
    const blocks = port.sourceRanges.length > 0 || dependsOnNode(port, endpoints) ? perNode : shared;
    const known = blocks.get(port.name);
    if (known?.entry === entry) return known.block;
    const block = compile(entry, settings);
    blocks.set(port.name, { entry, block });
    return block;
  };
  const maps = (view: ProxyView, settings: S): readonly [Map<string, Known<B>>, Map<string, Known<B>>] => [
    under(settings.key, view.entries.length),
    under(settings.nodeKey, view.entries.length),
  ];
  return {
    all(view, settings) {
      const [shared, perNode] = maps(view, settings);
      return view.entries.map((entry) => find(entry, settings, shared, perNode));
    },
    one: (entry, view, settings) => find(entry, settings, ...maps(view, settings)),
  };
}
