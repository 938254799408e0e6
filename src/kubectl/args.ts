import { own } from "./own.ts";
import { err, ok, type Result } from "../base/result.ts";
import { type FlagSpec, flagsOf, GLOBAL_FLAGS } from "./flags.ts";

export interface Args {
  readonly words: readonly string[];
  /** By long name; of a flag given twice the last one. */
  readonly flags: Readonly<Record<string, string>>;
  /** All values of a flag, in order; a comma does not split. */
  readonly all: (flag: string) => readonly string[];
  /** What stands behind `--`; null without one. */
  readonly rest: readonly string[] | null;
}

/** The arguments of a kubectl command line without the word kubectl: command first, flags anywhere. */
export interface CommandLine {
  readonly command: string;
  readonly args: Args;
}

const help = (command: string): string =>
  `See '${command === "" ? "kubectl" : `kubectl ${command}`} --help' for usage.`;

/**
 * kubectl's command line: words and flags in any order, `-o wide`, `-owide`, `-o=wide`, `--output=wide`, `-it`. Stops at `--`
 * (and, for exec, behind the second word, as the old form without `--` has it). The error is kubectl's own.
 */
export function parseCommandLine(argv: readonly string[]): Result<CommandLine, string> {
  const command = commandOf(argv);
  const specs = flagsOf(command) ?? GLOBAL_FLAGS;
  const words: string[] = [];
  const given: [string, string][] = [];
  let rest: readonly string[] | null = null;

  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i] as string;
    if (arg === "--") {
      rest = argv.slice(i + 1);
      break;
    }
    if (!arg.startsWith("-") || arg === "-") {
      words.push(arg);
      continue;
    }
    const equals = arg.indexOf("=");
    const head = equals < 0 ? arg : arg.slice(0, equals);
    const inline = equals < 0 ? null : arg.slice(equals + 1);
    if (arg.startsWith("--")) {
      const spec = own(specs, head);
      if (spec === undefined) return err(`error: unknown flag: ${head}\n${help(command)}`);
      const taken = valueOf(spec, inline, argv[i + 1]);
      if (taken === null) return err(`error: flag needs an argument: ${head}\n${help(command)}`);
      if (taken.next) i += 1;
      given.push([spec.name, taken.value]);
      continue;
    }
    // A cluster of short flags: the first that takes a value takes the rest of the word.
    for (let at = 1; at < arg.length; at++) {
      const letter = arg[at] as string;
      const spec = own(specs, `-${letter}`);
      if (spec === undefined) {
        return err(`error: unknown shorthand flag: '${letter}' in -${arg.slice(at)}\n${help(command)}`);
      }
      const tail = arg.slice(at + 1);
      if (spec.kind === "switch") {
        if (tail.startsWith("=")) {
          given.push([spec.name, tail.slice(1)]);
          break;
        }
        given.push([spec.name, "true"]);
        continue;
      }
      const taken = valueOf(spec, tail === "" ? null : tail.replace(/^=/, ""), argv[i + 1]);
      if (taken === null)
        return err(`error: flag needs an argument: '${letter}' in -${arg.slice(at)}\n${help(command)}`);
      if (taken.next) i += 1;
      given.push([spec.name, taken.value]);
      break;
    }
  }
  return ok({
    command: words[0] ?? "",
    args: {
      words: words.slice(1),
      flags: Object.fromEntries(given),
      all: (flag) => given.filter(([name]) => name === flag).map(([, value]) => value),
      rest,
    },
  });
}

function valueOf(
  spec: FlagSpec,
  inline: string | null,
  following: string | undefined,
): { readonly value: string; readonly next: boolean } | null {
  if (inline !== null) return { value: inline, next: false };
  switch (spec.kind) {
    case "switch":
      return { value: "true", next: false };
    case "optional":
      return { value: spec.absent, next: false };
    case "value":
      return following === undefined ? null : { value: following, next: true };
  }
}

/** The first word that is neither a global flag nor its value. */
export function commandOf(argv: readonly string[]): string {
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i] as string;
    if (arg === "--") return "";
    if (!arg.startsWith("-")) return arg;
    if (!arg.includes("=") && own(GLOBAL_FLAGS, arg)?.kind === "value") i += 1;
  }
  return "";
}

/** Is a switch on? */
export const isOn = (args: Args, flag: string): boolean => args.flags[flag] === "true" || args.flags[flag] === "1";

/** The values of a flag that may repeat and may hold several, comma-separated. */
export const listOf = (args: Args, flag: string): readonly string[] =>
  args
    .all(flag)
    .flatMap((value) => value.split(","))
    .filter((value) => value !== "");
