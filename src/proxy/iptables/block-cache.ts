import { blockCache } from "../block-cache.ts";
import type { ProxyView } from "../view.ts";
import { compileBlock, type Block } from "./block.ts";
import type { Settings } from "./settings.ts";

/** The rules of the view's entries, remembered for as long as the entries live. */
export const blocksOf: (view: ProxyView, settings: Settings) => readonly Block[] = blockCache(
  (entry, settings: Settings) => compileBlock(entry, settings),
);
