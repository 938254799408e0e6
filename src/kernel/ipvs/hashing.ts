import { parseIP } from "../../base/ip.ts";
import type { Destination, VirtualServer } from "./types.ts";

/** The tables by which sh, dh and mh choose: the same client (or address) always falls on the same place. */

const MASK32 = 0xffff_ffffn;

/** An address as IPVS folds it into 32 bits: itself, or the four words of an IPv6 address XORed. */
function fold(ip: string): number {
  const parsed = parseIP(ip);
  if (parsed === null) return 0;
  if (parsed.family === 4) return Number(parsed.value);
  let folded = 0n;
  for (let shift = 0n; shift < 128n; shift += 32n) folded ^= (parsed.value >> shift) & MASK32;
  return Number(folded);
}

const TABLE_BITS = 8;
const TABLE_SIZE = 1 << TABLE_BITS;

/** hash_32 of linux/hash.h: multiplication by the golden ratio, upper bits. */
function hash32(value: number): number {
  return Math.imul(value, 0x61c8_8647) >>> (32 - TABLE_BITS);
}

/** Place in the sh and dh tables (ip_vs_sh_hashkey, ip_vs_dh_hashkey). */
export function bucketOf(ip: string, port: number): number {
  return hash32((fold(ip) + port) | 0) % TABLE_SIZE;
}

/** sh fills its 256 places with each destination as many times in a row as it has weight; dh gives one to each in turn. */
export function bucketTable(destinations: readonly Destination[], weighted: boolean): readonly Destination[] {
  const table: Destination[] = [];
  for (let at = 0, given = 0; destinations.length > 0 && table.length < TABLE_SIZE;) {
    const destination = destinations[at] as Destination;
    table.push(destination);
    given += 1;
    if (!weighted || given >= destination.weight) {
      at = (at + 1) % destinations.length;
      given = 0;
    }
  }
  return table;
}

/** Prime; CONFIG_IP_VS_MH_TAB_INDEX is 12 by default. */
const MAGLEV_SIZE = 4093;
const KEY_OFFSET = 2_654_435_761n;
const KEY_SKIP = 2_654_446_892n;

const MASK64 = (1n << 64n) - 1n;
const rotl = (x: bigint, by: bigint): bigint => ((x << by) | (x >> (64n - by))) & MASK64;

/** SipHash-1-3 of one 32-bit word with a key of two equal halves, cut to 32 bits: the kernel's hsiphash on 64-bit machines. */
function hsiphash(word: number, key: bigint): number {
  let v0 = 0x736f_6d65_7073_6575n ^ key;
  let v1 = 0x646f_7261_6e64_6f6dn ^ key;
  let v2 = 0x6c79_6765_6e65_7261n ^ key;
  let v3 = 0x7465_6462_7974_6573n ^ key;
  const round = (): void => {
    v0 = (v0 + v1) & MASK64;
    v1 = rotl(v1, 13n) ^ v0;
    v0 = rotl(v0, 32n);
    v2 = (v2 + v3) & MASK64;
    v3 = rotl(v3, 16n) ^ v2;
    v0 = (v0 + v3) & MASK64;
    v3 = rotl(v3, 21n) ^ v0;
    v2 = (v2 + v1) & MASK64;
    v1 = rotl(v1, 17n) ^ v2;
    v2 = rotl(v2, 32n);
  };
  const block = (4n << 56n) | BigInt(word >>> 0);
  v3 ^= block;
  round();
  v0 ^= block;
  v2 ^= 0xffn;
  round();
  round();
  round();
  return Number((v0 ^ v1 ^ v2 ^ v3) & MASK32);
}

function maglevHash(ip: string, port: number, key: bigint): number {
  return hsiphash((fold(ip) + port) | 0, key);
}

const MAGLEV = new WeakMap<readonly Destination[], readonly (Destination | undefined)[]>();

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

/** Maglev: every destination goes through the table by a permutation of its own and takes free places, as often per turn as it weighs. */
function maglevTable(destinations: readonly Destination[]): readonly (Destination | undefined)[] {
  const known = MAGLEV.get(destinations);
  if (known !== undefined) return known;
  const usable = destinations.filter((d) => d.weight > 0);
  const unit = usable.reduce((sum, d) => gcd(sum, d.weight), 0);
  const table: (Destination | undefined)[] = Array.from({ length: MAGLEV_SIZE });
  const setups = usable.map((destination) => ({
    destination,
    at: maglevHash(destination.ip, destination.port, KEY_OFFSET) % MAGLEV_SIZE,
    skip: (maglevHash(destination.ip, destination.port, KEY_SKIP) % (MAGLEV_SIZE - 1)) + 1,
    turns: destination.weight / unit,
  }));
  let filled = 0;
  while (setups.length > 0 && filled < MAGLEV_SIZE) {
    for (const setup of setups) {
      for (let turn = 0; turn < setup.turns && filled < MAGLEV_SIZE; turn++) {
        while (table[setup.at] !== undefined) setup.at = (setup.at + setup.skip) % MAGLEV_SIZE;
        table[setup.at] = setup.destination;
        filled += 1;
      }
    }
  }
  MAGLEV.set(destinations, table);
  return table;
}

/** The destination that mh has for a client; undefined without any that takes connections. */
export function maglevChoice(server: VirtualServer, ip: string, port: number): Destination | undefined {
  return maglevTable(server.destinations)[maglevHash(ip, port, KEY_OFFSET) % MAGLEV_SIZE];
}
