import { blockCache, type BlockCache } from "../block-cache.ts";
import { compileBlock, type Block } from "./block.ts";
import type { Settings } from "./settings.ts";

/** The rules of entries, remembered for as long as the entries live. */
export const BLOCKS: BlockCache<Settings, Block> = blockCache((entry, settings: Settings) =>
  compileBlock(entry, settings),
);
