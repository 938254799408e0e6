import { describe, expect, it } from "vitest";
import { parseArgs } from "./args.ts";

describe("parseArgs", () => {
  it.each([
    [["svc", "-o", "wide"]],
    [["-owide", "svc"]],
    [["svc", "-o=wide"]],
    [["svc", "--output", "wide"]],
    [["svc", "--output=wide"]],
  ])("%j asks for wide output", (argv) =>
    expect(parseArgs(argv)).toEqual({ ok: true, value: { words: ["svc"], flags: { "--output": "wide" } } }),
  );

  it("knows -A and -n", () => {
    expect(parseArgs(["pods", "-A", "-n", "shop"])).toEqual({
      ok: true,
      value: { words: ["pods"], flags: { "--all-namespaces": "true", "--namespace": "shop" } },
    });
  });

  it("refuses what kubectl refuses, in its words", () => {
    expect(parseArgs(["--frobnicate"])).toEqual({
      ok: false,
      error: "error: unknown flag: --frobnicate\nSee 'kubectl --help' for usage.",
    });
    expect(parseArgs(["-q"])).toEqual({
      ok: false,
      error: "error: unknown shorthand flag: 'q' in -q\nSee 'kubectl --help' for usage.",
    });
    expect(parseArgs(["svc", "-o"])).toEqual({ ok: false, error: "error: flag needs an argument: 'o' in -o" });
  });
});
