/** What stands behind a pipe: grep, head, tail, wc, sort, uniq, cut, tr, awk, sed, column, tee, less. Text in, text out. */
import { failure, type Output, success } from "../output.ts";
import { basic, extended } from "./regex.ts";
import { sed } from "./sed.ts";

type Filter = (words: readonly string[], input: string) => Output;

const linesOf = (text: string): readonly string[] => {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
};
const written = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join("");

/** Short flags apart (`-vi` is `-v -i`), values of those that take one with them. */
function flagsOf(
  words: readonly string[],
  valued: string,
): { readonly flags: ReadonlyMap<string, string>; readonly rest: readonly string[] } {
  const flags = new Map<string, string>();
  const rest: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    if (!/^-[A-Za-z0-9]/.test(word) || word === "-") {
      rest.push(word);
      continue;
    }
    if (/^-\d+$/.test(word)) {
      flags.set("n", word.slice(1));
      continue;
    }
    for (let at = 1; at < word.length; at++) {
      const letter = word[at] as string;
      if (!valued.includes(letter)) {
        flags.set(letter, "");
        continue;
      }
      const inline = word.slice(at + 1);
      flags.set(letter, inline === "" ? (words[++i] ?? "") : inline);
      break;
    }
  }
  return { flags, rest };
}

/** Longer ones are nobody's, and can end an engine. */
const MAX_PATTERN = 10_000;

function matcher(patterns: readonly string[], flags: ReadonlyMap<string, string>): RegExp | null {
  const one = (pattern: string): string => {
    if (flags.has("F")) return pattern.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    return flags.has("E") || flags.has("P") ? extended(pattern) : basic(pattern);
  };
  let source = patterns.map((pattern) => `(?:${one(pattern)})`).join("|");
  if (flags.has("w")) source = `\\b(?:${source})\\b`;
  if (flags.has("x")) source = `^(?:${source})$`;
  if (source.length > MAX_PATTERN) return null;
  try {
    const pattern = new RegExp(source, `g${flags.has("i") ? "i" : ""}`);
    // What is too large is found out only when it is used.
    pattern.test("");
    return pattern;
  } catch {
    return null;
  }
}

const grep: Filter = (words, input) => {
  const color = words.filter((word) => !word.startsWith("--color"));
  const { flags, rest } = flagsOf(color, "eABCm");
  const patterns = flags.has("e") ? [flags.get("e") ?? ""] : rest.slice(0, 1);
  if (patterns.length === 0) return { stdout: "", stderr: "Usage: grep [OPTION]... PATTERNS [FILE]...\n", code: 2 };
  const pattern = matcher(patterns, flags);
  if (pattern === null) return { stdout: "", stderr: `grep: ${patterns[0]}: invalid regular expression\n`, code: 2 };
  const lines = linesOf(input);
  const hit = (line: string): boolean => {
    pattern.lastIndex = 0;
    return pattern.test(line) !== flags.has("v");
  };
  const limit = flags.has("m") ? Number(flags.get("m")) : Infinity;
  const hits = lines.flatMap((line, i) => (hit(line) ? [i] : [])).slice(0, limit);
  const code = hits.length === 0 ? 1 : 0;
  if (flags.has("q")) return { stdout: "", stderr: "", code };
  if (flags.has("c")) return { stdout: `${hits.length}\n`, stderr: "", code };
  if (flags.has("o")) {
    pattern.lastIndex = 0;
    const parts = hits.flatMap((i) => [...(lines[i] ?? "").matchAll(pattern)].map((m) => m[0]).filter((m) => m !== ""));
    return { stdout: written(parts), stderr: "", code };
  }
  const before = Number(flags.get("B") ?? flags.get("C") ?? 0);
  const after = Number(flags.get("A") ?? flags.get("C") ?? 0);
  const out: string[] = [];
  let last = -1;
  for (const i of hits) {
    const from = Math.max(last + 1, i - before);
    if ((before > 0 || after > 0) && last >= 0 && from > last + 1) out.push("--");
    for (let at = from; at <= Math.min(lines.length - 1, i + after); at++) {
      if (at <= last) continue;
      out.push(flags.has("n") ? `${at + 1}${hits.includes(at) ? ":" : "-"}${lines[at]}` : (lines[at] ?? ""));
      last = at;
    }
  }
  return { stdout: written(out), stderr: "", code };
};

const head: Filter = (words, input) => {
  const { flags } = flagsOf(words, "nc");
  const n = Number(flags.get("n") ?? 10);
  return success(written(linesOf(input).slice(0, n)));
};

const tail: Filter = (words, input) => {
  const { flags } = flagsOf(words, "nc");
  const wanted = flags.get("n") ?? "10";
  const lines = linesOf(input);
  if (wanted.startsWith("+")) return success(written(lines.slice(Math.max(0, Number(wanted) - 1))));
  return success(written(lines.slice(Math.max(0, lines.length - Number(wanted)))));
};

const wc: Filter = (words, input) => {
  const { flags } = flagsOf(words, "");
  const counts: readonly (readonly [string, number])[] = [
    ["l", (input.match(/\n/g) ?? []).length],
    ["w", (input.match(/\S+/g) ?? []).length],
    ["c", input.length],
  ];
  const shown =
    flags.size === 0 ? counts : counts.filter(([flag]) => flags.has(flag) || (flag === "c" && flags.has("m")));
  return success(
    `${shown.length === 1 ? String(shown[0]?.[1]) : shown.map(([, n]) => String(n).padStart(7)).join(" ")}\n`,
  );
};

const sort: Filter = (words, input) => {
  const { flags } = flagsOf(words, "kt");
  const column = Number((flags.get("k") ?? "0").split(/[,.]/)[0]);
  const key = (line: string): string =>
    column > 0 ? (line.trim().split(flags.get("t") ?? /\s+/)[column - 1] ?? "") : line;
  const numeric = flags.has("n") || /n/.test(flags.get("k") ?? "");
  const sorted = [...linesOf(input)].sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    return numeric ? Number.parseFloat(x) - Number.parseFloat(y) || 0 : x < y ? -1 : x > y ? 1 : 0;
  });
  if (flags.has("r")) sorted.reverse();
  return success(written(flags.has("u") ? [...new Set(sorted)] : sorted));
};

const uniq: Filter = (words, input) => {
  const { flags } = flagsOf(words, "");
  const groups: { line: string; times: number }[] = [];
  for (const line of linesOf(input)) {
    const last = groups.at(-1);
    if (last?.line === line) last.times += 1;
    else groups.push({ line, times: 1 });
  }
  return success(
    written(groups.map(({ line, times }) => (flags.has("c") ? `${String(times).padStart(7)} ${line}` : line))),
  );
};

const cut: Filter = (words, input) => {
  const { flags } = flagsOf(words, "dfc");
  const separator = flags.get("d") ?? "\t";
  const wanted = (flags.get("f") ?? "1").split(",").map(Number);
  return success(
    written(linesOf(input).map((line) => wanted.map((n) => line.split(separator)[n - 1] ?? "").join(separator))),
  );
};

/** `awk '{print $1, $3}'`, the form that tutorials use. */
const awk: Filter = (words, input) => {
  const { flags, rest } = flagsOf(words, "F");
  const match = /^\s*(?:NR\s*(>|==)\s*(\d+)\s*|\/(.+)\/\s*)?\{\s*print\s*([^}]*)\}\s*$/.exec(rest[0] ?? "");
  if (match === null) return failure("awk: only programs of the form '{print $1, $2}' are supported here");
  const [, op, bound, pattern, body = ""] = match;
  const separator = flags.get("F");
  const wanted = pattern === undefined ? null : matcher([pattern], new Map([["E", ""]]));
  if (pattern !== undefined && wanted === null) return failure(`awk: cmd. line:1: fatal: invalid regexp: /${pattern}/`);
  const chosen = linesOf(input).filter((line, i) => {
    if (op !== undefined) return op === ">" ? i + 1 > Number(bound) : i + 1 === Number(bound);
    return wanted === null || line.search(wanted) >= 0;
  });
  const out = chosen.map((line) => {
    const fields = separator === undefined ? line.trim().split(/\s+/) : line.split(separator);
    const value = (token: string): string =>
      token.startsWith('"')
        ? token.slice(1, -1)
        : token === "$NF"
          ? (fields.at(-1) ?? "")
          : token === "$0"
            ? line
            : (fields[Number(token.slice(1)) - 1] ?? "");
    if (body.trim() === "") return line;
    return body
      .split(",")
      .map((part) => (part.match(/"[^"]*"|\$\w+/g) ?? []).map(value).join(""))
      .join(" ");
  });
  return success(written(out));
};

const column: Filter = (_words, input) => {
  const rows = linesOf(input).map((line) => line.trim().split(/\s+/));
  const widths = rows.reduce<number[]>(
    (w, row) => row.map((cell, i) => Math.max(w[i] ?? 0, cell.length)).concat(w.slice(row.length)),
    [],
  );
  return success(
    written(
      rows.map((row) =>
        row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd((widths[i] ?? 0) + 2))).join(""),
      ),
    ),
  );
};

const CLASSES: Readonly<Record<string, string>> = {
  "[:space:]": " \t\n",
  "[:upper:]": "A-Z",
  "[:lower:]": "a-z",
  "[:digit:]": "0-9",
  "\\n": "\n",
  "\\t": "\t",
};

/** The characters of a set: `a-z` is its letters. */
const letters = (set: string): readonly string[] => {
  const plain = Array.from(set.replace(/\[:\w+:\]|\\[nt]/g, (token) => CLASSES[token] ?? token));
  const out: string[] = [];
  for (let i = 0; i < plain.length; i++) {
    const [from = "", dash, to] = plain.slice(i, i + 3);
    const [first, last] = [from.codePointAt(0) ?? 0, to?.codePointAt(0) ?? 0];
    // Ranges of ASCII only: a range over all of Unicode is nobody's wish.
    if (dash !== "-" || to === undefined || last < first || last > 127) {
      out.push(from);
      continue;
    }
    for (let code = first; code <= last; code++) out.push(String.fromCodePoint(code));
    i += 2;
  }
  return out;
};

/** `tr SET1 SET2`, `tr -d SET`, `tr -s SET`. */
const tr: Filter = (words, input) => {
  const { flags, rest } = flagsOf(words, "");
  const [first = "", second] = rest;
  if (first === "") return failure("tr: missing operand\nTry 'tr --help' for more information.");
  const from = letters(first);
  if (flags.has("d"))
    return success(
      Array.from(input)
        .filter((c) => !from.includes(c))
        .join(""),
    );
  const to = second === undefined ? [] : letters(second);
  if (to.length === 0 && !flags.has("s")) {
    return failure(`tr: missing operand after ‘${first}’\nTwo strings must be given when translating.`);
  }
  const squeezed = to.length > 0 ? to : from;
  const out: string[] = [];
  for (const c of input) {
    const at = to.length === 0 ? -1 : from.indexOf(c);
    const next = at < 0 ? c : (to[Math.min(at, to.length - 1)] ?? c);
    if (flags.has("s") && squeezed.includes(next) && out.at(-1) === next) continue;
    out.push(next);
  }
  return success(out.join(""));
};

const pass: Filter = (_words, input) => success(input);

/** Programs that read a pipe. */
export const FILTERS: Readonly<Record<string, Filter>> = {
  grep,
  egrep: (words, input) => grep(["-E", ...words], input),
  fgrep: (words, input) => grep(["-F", ...words], input),
  head,
  tail,
  wc,
  sort,
  uniq,
  cut,
  awk,
  sed,
  tr,
  column,
  less: pass,
  more: pass,
  tee: pass,
};
