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

/** One key per cluster configuration, and one per node that someone has looked at. */
const MOST_KEYS = 512;
/** Ports that are gone stay until a key holds this many times as many as there are. */
const SLACK = 2;

/**
 * Remembers what a mode makes of a view's entries for as long as the entries live. An entry that every node sees alike is compiled
 * once per cluster; one with Local policies, hints or source ranges once per node. (Plain maps, not weak ones: a weak map of 10,000
 * entries triples the cost of a compile in garbage collection.)
 */
export function blockCache<S extends CacheKeys, B>(
  compile: (entry: ServiceEntry, settings: S) => B,
): (view: ProxyView, settings: S) => readonly B[] {
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
  return (view, settings) => {
    const shared = under(settings.key, view.entries.length);
    const perNode = under(settings.nodeKey, view.entries.length);
    return view.entries.map((entry) => {
      const { port, endpoints } = entry;
      const blocks = port.sourceRanges.length > 0 || dependsOnNode(port, endpoints) ? perNode : shared;
      const known = blocks.get(port.name);
      if (known?.entry === entry) return known.block;
      const block = compile(entry, settings);
      blocks.set(port.name, { entry, block });
      return block;
    });
  };
}
