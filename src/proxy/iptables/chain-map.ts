import type { Chain } from "../../kernel/iptables/types.ts";
import { BucketMap } from "../../base/bucket-map.ts";
import type { Block } from "./block.ts";

type Named = readonly [name: string, chain: Chain];

const NAT_CHAINS = (block: Block): readonly Named[] => block.natChains;

/** Chains of Service ports, by about how many a port with a handful of endpoints has. */
const CHAINS_PER_BLOCK = 7;

/**
 * The chains of table nat: the static ones, then those of each Service port, in the order in which a fresh kube-proxy creates them.
 * A changed copy costs what changed.
 */
export class NatChains implements ReadonlyMap<string, Chain> {
  /** Built-in chains and those that kube-proxy always has. */
  readonly statics: ReadonlyMap<string, Chain>;
  private readonly blocks: readonly Block[];
  /** Made when the first chain is looked up by name, which is when the first packet comes. */
  private made: BucketMap<Chain> | null;

  private constructor(statics: ReadonlyMap<string, Chain>, blocks: readonly Block[], made: BucketMap<Chain> | null) {
    this.statics = statics;
    this.blocks = blocks;
    this.made = made;
  }

  private get index(): BucketMap<Chain> {
    if (this.made === null) {
      const { blocks } = this;
      function* all(): Iterable<Named> {
        for (const block of blocks) yield* block.natChains;
      }
      this.made = BucketMap.of(all(), CHAINS_PER_BLOCK * blocks.length);
    }
    return this.made;
  }

  get size(): number {
    let size = this.statics.size;
    for (const { natChains } of this.blocks) size += natChains.length;
    return size;
  }

  static of(statics: ReadonlyMap<string, Chain>, blocks: readonly Block[]): NatChains {
    return new NatChains(statics, blocks, null);
  }

  /** With other static chains, and blocks gone and come; `blocks` is what there is then. */
  with(
    statics: ReadonlyMap<string, Chain>,
    blocks: readonly Block[],
    gone: readonly Block[],
    come: readonly Block[],
  ): NatChains {
    if (this.made === null) return new NatChains(statics, blocks, null);
    const removed = gone.flatMap(NAT_CHAINS).map(([name]) => name);
    return new NatChains(statics, blocks, this.made.with(removed, come.flatMap(NAT_CHAINS)));
  }

  get(name: string): Chain | undefined {
    return this.statics.get(name) ?? this.index.get(name);
  }

  has(name: string): boolean {
    return this.statics.has(name) || this.index.has(name);
  }

  forEach(each: (chain: Chain, name: string, map: ReadonlyMap<string, Chain>) => void): void {
    for (const [name, chain] of this) each(chain, name, this);
  }

  *entries(): MapIterator<[string, Chain]> {
    yield* this.statics;
    for (const { natChains } of this.blocks) for (const [name, chain] of natChains) yield [name, chain];
  }

  *keys(): MapIterator<string> {
    for (const [name] of this.entries()) yield name;
  }

  *values(): MapIterator<Chain> {
    for (const [, chain] of this.entries()) yield chain;
  }

  [Symbol.iterator](): MapIterator<[string, Chain]> {
    return this.entries();
  }
}
