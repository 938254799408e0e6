import { dependsOnNode } from "../categorize.ts";
import type { ProxyView, ServiceEntry } from "../view.ts";
import { compileBlock, type Block } from "./block.ts";
import type { Settings } from "./settings.ts";

/** Settings key → name of the Service port → its block, good as long as the entry is the same object. */
const BLOCKS = new Map<string, Map<string, { readonly entry: ServiceEntry; readonly block: Block }>>();
/** One key per cluster configuration, and one per node that someone has looked at. */
const MOST_KEYS = 512;
/** Ports that are gone stay until a key holds this many times as many as there are. */
const SLACK = 2;

/**
 * The rules of the view's entries, remembered for as long as the entries live. An entry that every node sees alike is compiled
 * once per cluster; one with Local policies, hints or source ranges once per node. (Plain maps, not weak ones: a weak map of 10,000
 * entries triples the cost of a compile in garbage collection.)
 */
export function blocksOf(view: ProxyView, s: Settings): readonly Block[] {
  const shared = blocksUnder(s.key, view.entries.length);
  const perNode = blocksUnder(s.nodeKey, view.entries.length);
  return view.entries.map((entry) => {
    const { port, endpoints } = entry;
    const blocks = port.sourceRanges.length > 0 || dependsOnNode(port, endpoints) ? perNode : shared;
    const known = blocks.get(port.name);
    if (known?.entry === entry) return known.block;
    const block = compileBlock(entry, s);
    blocks.set(port.name, { entry, block });
    return block;
  });
}

function blocksUnder(
  key: string,
  expected: number,
): Map<string, { readonly entry: ServiceEntry; readonly block: Block }> {
  let blocks = BLOCKS.get(key);
  if (blocks === undefined || blocks.size > SLACK * expected + 100) {
    // The oldest key goes first: a map keeps the order of insertion.
    const [oldest] = BLOCKS.keys();
    if (BLOCKS.size >= MOST_KEYS && oldest !== undefined) BLOCKS.delete(oldest);
    BLOCKS.set(key, (blocks = new Map()));
  }
  return blocks;
}
