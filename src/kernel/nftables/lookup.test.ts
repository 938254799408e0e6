import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findElement, keyMatches, scanElements, valueMatches } from "./lookup.ts";
import type { Element, NftSet } from "./types.ts";

function set(keys: readonly string[], change: Partial<NftSet> = {}): NftSet {
  const elements = keys.map((key): [string, Element] => [
    key,
    { key, value: null, comment: null, options: "", origin: null },
  ]);
  return {
    type: "ipv4_addr . inet_proto . inet_service",
    valueType: null,
    comment: null,
    size: null,
    flags: [],
    timeoutSeconds: null,
    opaque: [],
    elements: new Map(elements),
    ...change,
  };
}

describe("valueMatches", () => {
  it.each([
    ["10.0.0.1", "10.0.0.1", true],
    ["10.0.0.1", "10.0.0.10", false],
    ["10.0.0.0/8", "10.255.0.1", true],
    ["10.0.0.0/8", "11.0.0.1", false],
    ["192.0.2.71-192.0.2.72", "192.0.2.72", true],
    ["192.0.2.71-192.0.2.72", "192.0.2.73", false],
    ["80-90", "85", true],
    ["80-90", "9", false],
    ["fd00::1-fd00::5", "fd00::3", true],
    ["fd00::/64", "fd00:0:0:1::3", false],
    ["fd00::/64", "10.0.0.1", false],
    ['"cali*"', "cali12", true],
    ['"eth0"', "eth0", true],
    ['"eth0"', "eth01", false],
    ["echo-request", "echo-reply", false],
  ])("%s takes in %s: %s", (pattern, value, expected) => {
    expect(valueMatches(pattern, value)).toBe(expected);
  });
});

describe("findElement", () => {
  const key = fc
    .tuple(fc.integer({ min: 0, max: 3 }), fc.constantFrom("tcp", "udp"), fc.integer({ min: 78, max: 82 }))
    .map(([host, protocol, port]) => `10.0.0.${host} . ${protocol} . ${port}`);

  it("finds by index what a scan finds", () => {
    let found = 0;
    fc.assert(
      fc.property(fc.uniqueArray(key, { maxLength: 30 }), key, (keys, asked) => {
        const elements = set(keys);
        const parts = asked.split(" . ");
        const hit = findElement(elements, parts);
        if (hit !== undefined) found += 1;
        expect(hit).toBe(scanElements(elements, parts));
        expect(hit?.key).toBe(keys.includes(asked) ? asked : undefined);
      }),
      { numRuns: 500 },
    );
    expect(found).toBeGreaterThan(20);
  });

  it("seeks ranges and prefixes where the set holds them, and nowhere else", () => {
    const ranges = ["10.0.0.0/24 . tcp . 80-90", "10.0.1.7 . udp . 53"];
    const interval = set(ranges, { flags: ["interval"] });
    expect(findElement(interval, ["10.0.0.9", "tcp", "88"])?.key).toBe(ranges[0]);
    expect(findElement(interval, ["10.0.0.9", "udp", "88"])).toBeUndefined();
    expect(findElement(set(ranges), ["10.0.0.9", "tcp", "88"])).toBeUndefined();
  });

  it("compares keys part by part", () => {
    expect(keyMatches("10.0.0.0/8 . 80", ["10.1.1.1", "80"])).toBe(true);
    expect(keyMatches("10.0.0.0/8 . 80", ["10.1.1.1"])).toBe(false);
  });
});
