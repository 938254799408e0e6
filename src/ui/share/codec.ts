/** A shared state as the hash of a URL and back: `#v1.` and base64url of a checksum and the deflated JSON. */
import { Inflate, deflateSync, strFromU8, strToU8 } from "fflate";
import { err, ok, type Result } from "../../base/result.ts";
import { DICTIONARY_V1 } from "./dictionary.ts";
import { readShared, type SharedState } from "./schema.ts";

export const VERSION = 1;

/** Longest hash that is looked at, in characters. */
export const MAX_HASH = 500_000;
/** Most bytes that a hash may inflate to: deflate packs up to 1,000 to 1, and a reader's tab is not to be filled by a link. */
export const MAX_INFLATED = 4_000_000;

export type ShareError =
  /** Nothing of ours: an empty hash, or an anchor on the page. */
  | { readonly kind: "none" }
  /** Cut short, mistyped or made by hand. */
  | { readonly kind: "damaged"; readonly why: string }
  /** Made by a later release. `text` is the scenario text where it could still be found. */
  | { readonly kind: "newer"; readonly version: number; readonly text: string | null };

const dictionary = strToU8(DICTIONARY_V1);
const SLICE = 1_024;

/** The hash, with its `#`. */
export function encodeShare(state: SharedState): string {
  const body = deflateSync(strToU8(JSON.stringify(state)), { level: 9, mem: 4, dictionary });
  const packed = new Uint8Array(body.length + 4);
  new DataView(packed.buffer).setUint32(0, crc32(body));
  packed.set(body, 4);
  return `#v${String(VERSION)}.${toBase64Url(packed)}`;
}

/** The state that a hash holds, or why it holds none. Never throws, whatever the hash. */
export function decodeShare(hash: string): Result<SharedState, ShareError> {
  const match = /^#?v(\d{1,9})\.(.*)$/s.exec(hash);
  if (match === null) return err(/^#?v\d/.test(hash) ? damaged("it has no content") : { kind: "none" });
  const version = Number(match[1]);
  const payload = match[2] ?? "";
  if (version > VERSION) return err({ kind: "newer", version, text: textOf(unpack(payload)) });
  if (version < VERSION) return err(damaged(`there is no format v${String(version)}`));
  const unpacked = unpack(payload);
  if (!unpacked.ok) return err(damaged(unpacked.error));
  const state = readShared(unpacked.value);
  return state === null ? err(damaged("its content is not a kubehop history")) : ok(state);
}

const damaged = (why: string): ShareError => ({ kind: "damaged", why });

/** The checked bytes as JSON. */
function unpack(payload: string): Result<unknown, string> {
  if (payload.length > MAX_HASH) return err("it is too long");
  const packed = fromBase64Url(payload);
  if (packed === null) return err("it holds characters that no link of ours has");
  if (packed.length < 5) return err("it was cut short");
  const body = packed.subarray(4);
  if (new DataView(packed.buffer).getUint32(0) !== crc32(body)) return err("it was cut short or changed on its way");
  return inflateJson(body);
}

function inflateJson(body: Uint8Array): Result<unknown, string> {
  const parts: Uint8Array[] = [];
  let total = 0;
  let finished = false;
  try {
    const inflate = new Inflate({ dictionary }, (part, final) => {
      total += part.length;
      parts.push(part);
      finished ||= final;
    });
    // In slices, so that a bomb is noticed while it is still small.
    for (let at = 0; at < body.length; at += SLICE) {
      inflate.push(body.subarray(at, at + SLICE), at + SLICE >= body.length);
      if (total > MAX_INFLATED) return err("it unpacks to more than a scenario can be");
    }
  } catch {
    return err("it could not be unpacked");
  }
  if (!finished) return err("it was cut short");
  const bytes = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  try {
    const value: unknown = JSON.parse(strFromU8(bytes));
    return ok(value);
  } catch {
    return err("its content is not JSON");
  }
}

/** The last scenario text in an unpacked value of unknown shape. */
function textOf(unpacked: Result<unknown, string>): string | null {
  if (!unpacked.ok) return null;
  let found: string | null = null;
  const look = (value: unknown, depth: number): void => {
    if (depth > 8 || typeof value !== "object" || value === null) return;
    if (Array.isArray(value)) {
      for (const item of value) look(item, depth + 1);
      return;
    }
    for (const [key, member] of Object.entries(value)) {
      if (key === "text" && typeof member === "string") found = member;
      else look(member, depth + 1);
    }
  };
  look(unpacked.value, 0);
  return found;
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const VALUES: ReadonlyMap<string, number> = new Map(ALPHABET.split("").map((char, value) => [char, value]));

function toBase64Url(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const group = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    const chars = Math.min(4, bytes.length - i + 1);
    for (let j = 0; j < chars; j++) text += ALPHABET[(group >> (18 - 6 * j)) & 63];
  }
  return text;
}

/** Null when it is no base64url. Padding is let pass, as some mail programs add nothing but take away nothing either. */
function fromBase64Url(text: string): Uint8Array | null {
  const bare = text.replace(/=+$/, "");
  const out = new Uint8Array(Math.floor((bare.length * 3) / 4));
  let buffer = 0;
  let bits = 0;
  let at = 0;
  for (const char of bare) {
    const value = VALUES.get(char);
    if (value === undefined) return null;
    buffer = ((buffer << 6) | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out[at++] = (buffer >> bits) & 255;
    }
  }
  return bare.length % 4 === 1 ? null : out;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let crc = n;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  return crc;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (CRC_TABLE[(crc ^ byte) & 255] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
