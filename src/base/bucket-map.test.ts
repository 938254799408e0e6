import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BucketMap, LayeredMap } from "./bucket-map.ts";

const key = fc.nat(300).map((n) => `key-${n}`);
const change = fc.record({
  removed: fc.array(key, { maxLength: 20 }),
  added: fc.array(fc.tuple(key, fc.nat()), { maxLength: 40 }),
});

const sorted = <V>(map: ReadonlyMap<string, V>): [string, V][] => [...map].toSorted(([a], [b]) => (a < b ? -1 : 1));

describe("BucketMap", () => {
  it("holds what a Map holds after the same changes, and leaves the map before as it was", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(key, fc.nat())), fc.array(change), (start, changes) => {
        const plain = new Map(start);
        let map = BucketMap.of(start, start.length);
        for (const { removed, added } of changes) {
          const before = map;
          const contents = sorted(map);
          for (const name of removed) plain.delete(name);
          for (const [name, value] of added) plain.set(name, value);
          map = map.with(removed, added);
          expect(sorted(before)).toEqual(contents);
          expect(map.size).toBe(plain.size);
          expect(sorted(map)).toEqual(sorted(plain));
          for (const [name] of added) expect([map.get(name), map.has(name)]).toEqual([plain.get(name), true]);
          for (const name of removed) expect(map.has(name)).toBe(plain.has(name));
        }
      }),
    );
  });

  it("gets more buckets when it grows, so that a change copies little", () => {
    let map = BucketMap.of<number>([], 0);
    for (let i = 0; i < 5000; i++) map = map.with([], [[`key-${i}`, i]]);
    expect([map.size, map.get("key-4711")]).toEqual([5000, 4711]);
  });
});

describe("LayeredMap", () => {
  it("lists what stands first in its order", () => {
    const map = new LayeredMap(
      new Map([
        ["z", 1],
        ["a", 2],
      ]),
      BucketMap.of([["m", 3]], 1),
    );
    expect([[...map], map.size, map.get("m"), map.get("a"), map.has("q")]).toEqual([
      [
        ["z", 1],
        ["a", 2],
        ["m", 3],
      ],
      3,
      3,
      2,
      false,
    ]);
  });
});
