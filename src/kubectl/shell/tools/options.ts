/** Flags of ordinary programs, as getopt_long takes them. */
export interface Options {
  /** Values by flag, in order; a switch has "". Long flags without their dashes. */
  readonly flags: ReadonlyMap<string, readonly string[]>;
  readonly operands: readonly string[];
  /** The first flag that the program does not know, with its dashes, or that lacks its value. */
  readonly unknown: string | null;
  readonly incomplete: string | null;
}

export interface OptionSpec {
  /** Letters and long names that take a value. */
  readonly values: ReadonlySet<string>;
  readonly switches: ReadonlySet<string>;
  /** Other spellings: "max-time" is "m". */
  readonly aliases?: Readonly<Record<string, string>>;
}

export const flagNames = (text: string): ReadonlySet<string> => new Set(text.split(" ").filter((w) => w !== ""));

/** `-vs`, `-m2`, `-m 2`, `--max-time 2`, `--max-time=2`. */
export function parseOptions(words: readonly string[], { values, switches, aliases = {} }: OptionSpec): Options {
  const flags = new Map<string, string[]>();
  const operands: string[] = [];
  let unknown: string | null = null;
  let incomplete: string | null = null;
  const note = (name: string, value: string): void => {
    const canonical = Object.hasOwn(aliases, name) ? (aliases[name] as string) : name;
    flags.set(canonical, [...(flags.get(canonical) ?? []), value]);
  };
  const takesValue = (name: string): boolean =>
    values.has(Object.hasOwn(aliases, name) ? (aliases[name] as string) : name) || values.has(name);
  const isSwitch = (name: string): boolean =>
    switches.has(Object.hasOwn(aliases, name) ? (aliases[name] as string) : name) || switches.has(name);
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    if (word === "--") {
      operands.push(...words.slice(i + 1));
      break;
    }
    if (word === "-" || !word.startsWith("-")) {
      operands.push(word);
      continue;
    }
    if (word.startsWith("--")) {
      const equals = word.indexOf("=");
      const name = equals < 0 ? word.slice(2) : word.slice(2, equals);
      if (takesValue(name)) {
        const value = equals < 0 ? words[++i] : word.slice(equals + 1);
        if (value === undefined) incomplete ??= word;
        else note(name, value);
      } else if (isSwitch(name)) note(name, "");
      else unknown ??= word;
      continue;
    }
    for (let at = 1; at < word.length; at++) {
      const letter = word[at] as string;
      if (takesValue(letter)) {
        const rest = word.slice(at + 1);
        const value = rest === "" ? words[++i] : rest;
        if (value === undefined) incomplete ??= `-${letter}`;
        else note(letter, value);
        break;
      }
      if (isSwitch(letter)) note(letter, "");
      else unknown ??= `-${letter}`;
    }
  }
  return { flags, operands, unknown, incomplete };
}

export const last = ({ flags }: Options, name: string): string | undefined => flags.get(name)?.at(-1);
export const on = ({ flags }: Options, name: string): boolean => flags.has(name);

/** Seconds as `-m 2`, `-W 0.5`: in virtual µs; null when it is no number. */
export function secondsOf(text: string | undefined): number | null {
  if (text === undefined || !/^\d{0,7}(\.\d{1,6})?$/.test(text) || text === "" || text === ".") return null;
  return Math.round(Number(text) * 1_000_000);
}
