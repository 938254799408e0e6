/** `sed`: substitutions, deletions and printing of lines, the forms that tutorials use. */
import { failure, type Output, success } from "../output.ts";
import { basic } from "./regex.ts";

interface Substitution {
  readonly pattern: RegExp;
  readonly by: string;
  /** 0: all. */
  readonly nth: number;
  readonly print: boolean;
}

interface Command {
  /** Lines that it is for: numbers, patterns, `$`; one or a range. */
  readonly from: Address | null;
  readonly to: Address | null;
  readonly negated: boolean;
  readonly act: Substitution | "d" | "p" | "q";
}

type Address = { readonly line: number } | { readonly pattern: RegExp } | "$";

/** Longer ones are nobody's, and can end an engine. */
const MAX_PATTERN = 10_000;

/** Thrown inside only. */
class Wrong extends Error {}

/** Runs sed on a text. What it does not know ends in one line. */
export function sed(words: readonly string[], input: string): Output {
  const scripts: string[] = [];
  let quiet = false;
  let extended = false;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    if (word === "-e" || word === "--expression") scripts.push(words[++i] ?? "");
    else if (word === "-n" || word === "--quiet") quiet = true;
    else if (word === "-E" || word === "-r") extended = true;
    else if (word.startsWith("-")) return failure(`sed: ${word} is not supported here`);
    else scripts.push(word);
  }
  if (scripts.length === 0) return failure("Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...");
  try {
    const commands = scripts.flatMap((script) => parse(script, extended));
    return success(run(commands, input, quiet));
  } catch (error) {
    if (error instanceof Wrong || error instanceof SyntaxError) {
      return failure(`sed: -e expression #1: ${error instanceof Wrong ? error.message : "Invalid regular expression"}`);
    }
    throw error;
  }
}

function parse(script: string, extended: boolean): readonly Command[] {
  const commands: Command[] = [];
  let at = 0;
  const regex = (pattern: string, flags = ""): RegExp => {
    if (pattern.length > MAX_PATTERN) throw new Wrong("Regular expression too big");
    return new RegExp(extended ? pattern : basic(pattern), flags);
  };
  /** The text up to an unescaped delimiter, which stands before `at`. */
  const until = (delimiter: string, what: string): string => {
    let text = "";
    for (; at < script.length; at++) {
      const c = script[at] as string;
      if (c === delimiter) {
        at += 1;
        return text;
      }
      if (c === "\\" && script[at + 1] === delimiter) {
        text += delimiter;
        at += 1;
      } else if (c === "\\") {
        text += c + (script[at + 1] ?? "");
        at += 1;
      } else text += c;
    }
    throw new Wrong(what);
  };
  const address = (): Address | null => {
    const number = /^\d+/.exec(script.slice(at))?.[0];
    if (number !== undefined) {
      at += number.length;
      return { line: Number(number) };
    }
    if (script[at] === "$") {
      at += 1;
      return "$";
    }
    if (script[at] !== "/") return null;
    at += 1;
    return { pattern: regex(until("/", "unterminated address regex")) };
  };
  while (at < script.length) {
    if (/[\s;]/.test(script[at] as string)) {
      at += 1;
      continue;
    }
    const from = address();
    let to: Address | null = null;
    if (from !== null && script[at] === ",") {
      at += 1;
      to = address();
      if (to === null) throw new Wrong("unexpected `,'");
    }
    const negated = script[at] === "!";
    if (negated) at += 1;
    const name = script[at] ?? "";
    at += 1;
    if (name === "d" || name === "p" || name === "q") {
      commands.push({ from, to, negated, act: name });
      continue;
    }
    if (name === "") throw new Wrong("missing command");
    if (name !== "s") throw new Wrong(`only the commands s, d, p and q are supported here, not \`${name}'`);
    const delimiter = script[at] ?? "";
    at += 1;
    if (delimiter === "") throw new Wrong("unterminated `s' command");
    const pattern = until(delimiter, "unterminated `s' command");
    const by = until(delimiter, "unterminated `s' command");
    const flags = /^[gIip\d]*/.exec(script.slice(at))?.[0] ?? "";
    at += flags.length;
    if (at < script.length && !/[\s;]/.test(script[at] as string)) throw new Wrong("unknown option to `s'");
    const nth = flags.includes("g") ? 0 : Number(/\d+/.exec(flags)?.[0] ?? 1);
    const act = { pattern: regex(pattern, /i/i.test(flags) ? "gi" : "g"), by, nth, print: flags.includes("p") };
    commands.push({ from, to, negated, act });
  }
  return commands;
}

function run(commands: readonly Command[], input: string, quiet: boolean): string {
  const lines = input.split("\n");
  if (lines.at(-1) === "") lines.pop();
  const open = new Set<Command>();
  const out: string[] = [];
  for (const [i, given] of lines.entries()) {
    let line = given;
    const is = (address: Address): boolean =>
      address === "$"
        ? i === lines.length - 1
        : "line" in address
          ? address.line === i + 1
          : address.pattern.test(line);
    const meant = (command: Command): boolean => {
      const { from, to } = command;
      if (from === null) return true;
      if (to === null) return is(from);
      if (open.has(command)) {
        if (is(to)) open.delete(command);
        return true;
      }
      if (!is(from)) return false;
      if (to === "$" || !("line" in to) || to.line > i + 1) open.add(command);
      return true;
    };
    let deleted = false;
    let last = false;
    for (const command of commands) {
      if (meant(command) === command.negated) continue;
      const { act } = command;
      if (act === "d") {
        deleted = true;
        break;
      }
      if (act === "p") out.push(line);
      else if (act === "q") {
        last = true;
        break;
      } else {
        const next = substituted(line, act);
        if (act.print && next !== line) out.push(next);
        line = next;
      }
    }
    if (!deleted && !quiet) out.push(line);
    if (last) break;
  }
  return out.map((line) => `${line}\n`).join("");
}

function substituted(line: string, { pattern, by, nth }: Substitution): string {
  let seen = 0;
  return line.replace(pattern, (...found: readonly unknown[]) => {
    seen += 1;
    if (nth > 0 && seen !== nth) return String(found[0]);
    return by.replace(/\\([\dn&])|&|\\(.)/g, (token, escaped: string | undefined, other: string | undefined) => {
      if (token === "&") return String(found[0]);
      if (other !== undefined) return other;
      if (escaped === "n") return "\n";
      if (escaped === "&") return "&";
      const group = found[Number(escaped)];
      return typeof group === "string" ? group : "";
    });
  });
}
