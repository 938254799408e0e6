import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** SHA-256 of UTF-8 text, in hex. */
export function sha256Hex(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)));
}

/** First `length` characters of the standard base32 (RFC 4648, upper case) of SHA-256 of UTF-8 text. */
export function sha256Base32(text: string, length: number): string {
  const digest = sha256(utf8ToBytes(text));
  let out = "";
  let bits = 0;
  let buffer = 0;
  for (const byte of digest) {
    buffer = (buffer << 8) | byte;
    bits += 8;
    while (bits >= 5 && out.length < length) {
      bits -= 5;
      out += BASE32[(buffer >>> bits) & 31];
    }
    buffer &= (1 << bits) - 1;
    if (out.length >= length) break;
  }
  return out;
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** FNV-1a, 32 bits, over UTF-8 bytes; `before`: the hash of what stands before the text. */
export function fnv1a32(text: string, before: number = FNV_OFFSET): number {
  let hash = before;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    // In ASCII a character is its byte.
    if (code > 0x7f) return fnv1a32Bytes(text, before);
    hash = Math.imul(hash ^ code, FNV_PRIME);
  }
  return hash >>> 0;
}

function fnv1a32Bytes(text: string, before: number): number {
  let hash = before;
  for (const byte of utf8ToBytes(text)) hash = Math.imul(hash ^ byte, FNV_PRIME);
  return hash >>> 0;
}
