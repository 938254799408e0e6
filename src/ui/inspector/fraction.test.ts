import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fraction, percent } from "./fraction.ts";

describe("fraction", () => {
  test.each([
    [1 / 3, "1/3"],
    [0.5, "1/2"],
    [2 / 9, "2/9"],
    [1, "1"],
    [0, "0"],
    [1 / 3 + 1 / 3, "2/3"],
    [(1 / 3) * (1 / 7), "1/21"],
    [0.123456789123, "12.3 %"],
  ])("%f is %s", (p, text) => {
    expect(fraction(p)).toBe(text);
  });

  test("gives back every proper fraction in lowest terms", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 500 }), fc.nat(), (d, k) => {
        const n = 1 + (k % (d - 1));
        const [a = NaN, b = NaN] = fraction(n / d)
          .split("/")
          .map(Number);
        expect(a * d).toBe(b * n);
        expect(b).toBeLessThanOrEqual(d);
      }),
    );
  });
});

test("percent never rounds to impossible or certain", () => {
  expect(percent(1 / 3)).toBe("33.3 %");
  expect(percent(0.5)).toBe("50 %");
  expect(percent(1e-5)).toBe("< 0.1 %");
  expect(percent(0.99999)).toBe("> 99.9 %");
  expect(percent(1)).toBe("100 %");
});
