import { draw, drawBelow } from "../base/draw.ts";
import type { ObjectKey } from "../model/meta/types.ts";

/** Neither vowels nor look-alikes: no word arises by chance. Source: apimachinery/pkg/util/rand. */
const ALPHABET = "bcdfghjklmnpqrstvwxz2456789";
const SUFFIX_LENGTH = 5;
const MAX_NAME_LENGTH = 63;

/** A name made from metadata.generateName: the base cut to 58 characters and five random ones. */
export function generatedName(seed: number, base: string, purpose: string): string {
  let suffix = "";
  for (let i = 0; i < SUFFIX_LENGTH; i++) {
    suffix += ALPHABET[drawBelow(seed, `name/${purpose}/${i}`, ALPHABET.length)] as string;
  }
  return base.slice(0, MAX_NAME_LENGTH - SUFFIX_LENGTH) + suffix;
}

/** A version 4 UUID that depends on seed, key and revision alone: an object that is deleted and made again gets another. */
export function uidFor(seed: number, key: ObjectKey, revision: number): string {
  // A draw has 53 bits: three give the 122 that a UUID wants.
  const word = (i: number): string =>
    Math.floor(draw(seed, `uid/${key}@${revision}/${i}`) * 2 ** 44)
      .toString(16)
      .padStart(11, "0");
  const hex = word(0) + word(1) + word(2);
  const variant = ((parseInt(hex[16] as string, 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
