import { err, ok, type Result } from "../base/result.ts";

/** Flags that take a value, short form → long form. A flag not listed here and not in SWITCHES is unknown. */
const VALUED: Readonly<Record<string, string>> = {
  "-n": "--namespace",
  "-o": "--output",
  "-l": "--selector",
  "-f": "--filename",
};
const VALUED_LONG = new Set(["--namespace", "--output", "--selector", "--filename", "--replicas", "--grace-period"]);
const SWITCHES: Readonly<Record<string, string>> = { "-A": "--all-namespaces" };
const SWITCHES_LONG = new Set(["--all-namespaces", "--show-labels", "--no-headers", "--force"]);

export interface Args {
  readonly words: readonly string[];
  readonly flags: Readonly<Record<string, string>>;
}

/** kubectl's command line: words and flags in any order, `-o wide`, `-owide`, `--output=wide`. The error is kubectl's. */
export function parseArgs(argv: readonly string[]): Result<Args, string> {
  const words: string[] = [];
  const flags: Record<string, string> = {};
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i] as string;
    if (!arg.startsWith("-") || arg === "-") {
      words.push(arg);
      continue;
    }
    const equals = arg.indexOf("=");
    const head = equals < 0 ? arg : arg.slice(0, equals);
    const short = arg.slice(0, 2);
    const name = VALUED[head] ?? SWITCHES[head] ?? head;
    if (SWITCHES_LONG.has(name)) {
      flags[name] = equals < 0 ? "true" : arg.slice(equals + 1);
    } else if (VALUED_LONG.has(name)) {
      const value = equals < 0 ? argv[++i] : arg.slice(equals + 1);
      if (value === undefined) {
        return err(
          head.startsWith("--")
            ? `error: flag needs an argument: ${head}`
            : `error: flag needs an argument: '${head.slice(1)}' in ${head}`,
        );
      }
      flags[name] = value;
    } else if (!arg.startsWith("--") && VALUED[short] !== undefined) {
      flags[VALUED[short]] = arg.slice(2).replace(/^=/, "");
    } else {
      return err(
        arg.startsWith("--")
          ? `error: unknown flag: ${head}\nSee 'kubectl --help' for usage.`
          : `error: unknown shorthand flag: '${arg.slice(1, 2)}' in ${arg}\nSee 'kubectl --help' for usage.`,
      );
    }
  }
  return ok({ words, flags });
}
