import fc from "fast-check";
import { expect, test } from "vitest";
import { draw } from "../base/draw.ts";
import type { PodTemplate } from "../model/pod/types.ts";
import { generatedName, safeEncode, templateHash } from "./names.ts";

test("digits become the ten letters that every pod-template-hash is made of", () => {
  expect(safeEncode("0123456789")).toBe("456789bcdf");
});

test("the hash depends on the template's content, not on the order of its members", () => {
  const a: PodTemplate = {
    metadata: { labels: { a: "1", b: "2" } },
    spec: { containers: [{ name: "c", image: "i" }] },
  };
  const b: PodTemplate = {
    spec: { containers: [{ image: "i", name: "c" }] },
    metadata: { labels: { b: "2", a: "1" } },
  };
  expect(templateHash(a)).toBe(templateHash(b));
  expect(templateHash({ ...a, spec: { containers: [{ name: "c", image: "j" }] } })).not.toBe(templateHash(a));
  expect(templateHash(a, 1)).not.toBe(templateHash(a));
});

test("hashes are one to ten of those letters", () => {
  fc.assert(
    fc.property(fc.string(), (image) => {
      expect(templateHash({ spec: { containers: [{ name: "c", image }] } })).toMatch(/^[456789bcdf]{1,10}$/);
    }),
  );
});

test("generated names: five letters of the 27, drawn by purpose, on a base of at most 58", () => {
  const drawn = (purpose: string): number => draw(1, purpose);
  expect(generatedName("web-", drawn, "p")).toMatch(/^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  expect(generatedName("web-", drawn, "p")).toBe(generatedName("web-", drawn, "p"));
  expect(generatedName("web-", drawn, "p")).not.toBe(generatedName("web-", drawn, "q"));
  expect(generatedName("x".repeat(80), drawn, "p")).toHaveLength(63);
});
