import { fnv1a32 } from "../base/hash.ts";
import { canonicalJson } from "../base/json.ts";
import { onceEach } from "../base/share.ts";
import type { PodTemplate } from "../model/pod/types.ts";

/** No vowels, no look-alikes: names never spell words. Source: apimachinery/pkg/util/rand. */
const ALPHABET = "bcdfghjklmnpqrstvwxz2456789";
/** Names of up to 63 characters leave this much before the suffix. Source: apiserver/pkg/storage/names/generate.go. */
const MAX_BASE = 58;
const SUFFIX_LENGTH = 5;

/** Text in the alphabet of generated names: each character code, mod 27, picks a letter. Source: rand.SafeEncodeString. */
export function safeEncode(text: string): string {
  return Array.from(text, (c) => ALPHABET[c.charCodeAt(0) % ALPHABET.length]).join("");
}

/**
 * The pod-template-hash: FNV-1a, 32 bits, of the template, as decimal digits in the safe alphabet; so it uses only
 * `456789bcdf` and has 1 to 10 characters. The real one hashes Go's dump of the struct, which has no form outside Go; this
 * one hashes canonical JSON. Same form, same behaviour (equal templates, equal hash), other letters.
 * Source: pkg/controller/controller_utils.go ComputeHash.
 */
export function templateHash(template: PodTemplate, collisions = 0): string {
  return safeEncode(String(fnv1a32(textOf(template) + (collisions === 0 ? "" : `#${collisions}`))));
}

const textOf = onceEach<PodTemplate, string>(canonicalJson);

/** `base` and five letters drawn by purpose: what the API server makes of a generateName. */
export function generatedName(base: string, draw: (purpose: string) => number, purpose: string): string {
  let name = base.slice(0, MAX_BASE);
  for (let i = 0; i < SUFFIX_LENGTH; i++) {
    name += ALPHABET[Math.floor(draw(`${purpose}/${i}`) * ALPHABET.length)];
  }
  return name;
}
