import { describe, expect, it } from "vitest";
import { fractionText, podTail, shortenPodName, timeText } from "./names.ts";
import { sigilDots } from "./sigil.ts";

describe("names on the map", () => {
  it.each([
    ["web-6c8b5d7f9-m4tqz", "web-…-m4tqz"],
    ["curl", "curl"],
    ["exactly-11c", "exactly-11c"],
    ["a-very-long-name-without-suffixxxxxxx", "a-ver…xxxxx"],
  ])("%s becomes %s", (name, short) => {
    expect(shortenPodName(name)).toBe(short);
    expect(short.length).toBeLessThanOrEqual(11);
  });

  it.each([
    ["web-6c8b5d7f9-m4tqz", "m4tqz"],
    ["redis-0", "redis-0"],
    ["cassandra-12", "cas…-12"],
    ["curl", "curl"],
    ["productpage", "produc…"],
    ["a-productpage", "a-prod…"],
  ])("%s is told apart by %s", (name, tail) => {
    expect(podTail(name)).toBe(tail);
    expect(tail.length).toBeLessThanOrEqual(7);
  });

  it.each([
    [1 / 3, "1/3"],
    [2 / 9, "2/9"],
    [1, "1"],
    [0, "0"],
    [0.123456, "0.123"],
  ])("%d is said as %s", (p, text) => expect(fractionText(p)).toBe(text));

  it.each([
    [0, "0 s"],
    [250, "250 µs"],
    [1_840, "1.84 ms"],
    [1_430_000, "1.43 s"],
    [90_000_000, "1.5 min"],
  ])("%d µs is shown as %s", (at, text) => expect(timeText(at)).toBe(text));
});

describe("sigil", () => {
  it("has a dot per character, as large as its base32 value", () => {
    const dots = sigilDots("A7B2ZAAAAAAAAAAA");
    expect(dots).toHaveLength(16);
    expect(dots.slice(0, 5).map((d) => Math.round(d * 31))).toEqual([0, 31, 1, 26, 25]);
  });

  it("is empty without a hash", () => {
    expect(new Set(sigilDots(""))).toEqual(new Set([0]));
  });
});
