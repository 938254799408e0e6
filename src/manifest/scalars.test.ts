import { expect, test } from "vitest";
import { resolvePlain, resolveTagged } from "./scalars.ts";

test.each([
  ["", null],
  ["~", null],
  ["null", null],
  ["yes", true],
  ["Yes", true],
  ["on", true],
  ["ON", true],
  ["y", true],
  ["True", true],
  ["no", false],
  ["Off", false],
  ["N", false],
  ["yEs", "yEs"],
  ["tRUE", "tRUE"],
  ["0", 0],
  ["-0", 0],
  ["80", 80],
  ["+80", 80],
  ["-1", -1],
  ["1_000", 1000],
  ["0x1F", 31],
  ["0b101", 5],
  ["0o17", 15],
  ["0755", 493],
  ["08", 8],
  ["1.5", 1.5],
  [".5", 0.5],
  ["1e3", 1000],
  ["1.", 1],
  ["22:22", "22:22"],
  ["2026-01-01", "2026-01-01"],
  ["10.96.0.1", "10.96.0.1"],
  ["10.96.0.0/12", "10.96.0.0/12"],
  ["1m", "1m"],
  ["25%", "25%"],
  ["-", "-"],
  [".", "."],
  ["<none>", "<none>"],
  ["__proto__", "__proto__"],
])("%s", (text, value) => {
  expect(resolvePlain(text)).toBe(value);
});

test("tags", () => {
  expect(resolveTagged("str", "80")).toBe("80");
  expect(resolveTagged("int", "80")).toBe(80);
  expect(resolveTagged("int", "x")).toBeUndefined();
  expect(resolveTagged("bool", "yes")).toBe(true);
});
