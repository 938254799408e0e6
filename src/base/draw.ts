import { assert } from "./assert.ts";
import { type Chooser, probabilityValue } from "./choose.ts";
import { fnv1a32 } from "./hash.ts";

/** Finaliser of MurmurHash3 (public domain constants): spreads the bits of a weak hash over all 32. */
function mix(h: number): number {
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * A number in [0, 1) that depends on nothing but seed and purpose. Draws are keyed, not counted, so a new actor or a new
 * question never shifts the answer to an old one.
 */
export function draw(seed: number, purpose: string): number {
  const a = mix(fnv1a32(purpose) ^ mix(seed | 0));
  const b = mix(a ^ fnv1a32(purpose, fnv1a32(`${seed}/`)));
  // 53 bits, the precision of a double.
  return ((a >>> 5) * 0x4000000 + (b >>> 6)) / 0x20000000000000;
}

/** An integer in [0, n). */
export function drawBelow(seed: number, purpose: string, n: number): number {
  assert(n > 0, "a draw needs something to choose from");
  return Math.floor(draw(seed, purpose) * n);
}

/** The sampling chooser: answers from seed and purpose alone. */
export function seededChooser(seed: number): Chooser {
  return {
    chance(p, purpose) {
      const value = draw(seed, purpose);
      return { taken: value < probabilityValue(p), draw: value };
    },
    pick: (n, purpose) => drawBelow(seed, purpose, n),
    sample: (n, purpose) => drawBelow(seed, purpose, n),
  };
}
