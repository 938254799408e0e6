import { describe, expect, it } from "vitest";
import { parseCommandLine } from "./args.ts";

function parsed(...argv: string[]) {
  const result = parseCommandLine(argv);
  if (!result.ok) throw new Error(result.error);
  const { command, args } = result.value;
  return { command, words: args.words, flags: args.flags, rest: args.rest };
}

const refusal = (...argv: string[]): string => {
  const result = parseCommandLine(argv);
  return result.ok ? "" : result.error;
};

describe("a command line", () => {
  it.each([
    [["get", "svc", "-o", "wide"]],
    [["get", "-owide", "svc"]],
    [["get", "svc", "-o=wide"]],
    [["get", "svc", "--output", "wide"]],
    [["get", "svc", "--output=wide"]],
    [["-o", "wide", "get", "svc"].slice(2).concat("-o", "wide")],
  ])("%j asks for wide output", (argv) =>
    expect(parsed(...argv)).toEqual({ command: "get", words: ["svc"], flags: { "--output": "wide" }, rest: null }),
  );

  it("knows -A and -n, and flags before the command", () => {
    expect(parsed("-n", "shop", "get", "pods", "-A")).toMatchObject({
      command: "get",
      words: ["pods"],
      flags: { "--all-namespaces": "true", "--namespace": "shop" },
    });
  });

  it("takes clusters of short flags, and stops at --", () => {
    expect(parsed("exec", "-it", "web", "--", "cat", "-n", "/etc/resolv.conf")).toEqual({
      command: "exec",
      words: ["web"],
      flags: { "--stdin": "true", "--tty": "true" },
      rest: ["cat", "-n", "/etc/resolv.conf"],
    });
  });

  it("gives the same letter the meaning that the command has for it", () => {
    expect(parsed("logs", "web", "-f").flags).toEqual({ "--follow": "true" });
    expect(parsed("apply", "-f", "a.yaml").flags).toEqual({ "--filename": "a.yaml" });
  });

  it("takes optional values only behind =", () => {
    expect(parsed("delete", "svc", "web", "--cascade=orphan").flags).toEqual({ "--cascade": "orphan" });
    expect(parsed("delete", "--cascade", "svc", "web")).toMatchObject({
      words: ["svc", "web"],
      flags: { "--cascade": "background" },
    });
  });

  it("refuses what kubectl refuses, in its words", () => {
    expect(refusal("get", "--frobnicate")).toBe(
      "error: unknown flag: --frobnicate\nSee 'kubectl get --help' for usage.",
    );
    expect(refusal("get", "-q")).toBe("error: unknown shorthand flag: 'q' in -q\nSee 'kubectl get --help' for usage.");
    expect(refusal("get", "svc", "-o")).toBe(
      "error: flag needs an argument: 'o' in -o\nSee 'kubectl get --help' for usage.",
    );
    expect(refusal("scale", "deploy/web", "--replicas")).toBe(
      "error: flag needs an argument: --replicas\nSee 'kubectl scale --help' for usage.",
    );
  });
});
