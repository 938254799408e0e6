/** A shell line taken apart: words with their quotes resolved, and pipes, `;` and `&&` between commands. */
import { err, ok, type Result } from "../../base/result.ts";

/** One command of a line. */
export interface Stage {
  readonly words: readonly string[];
  /** The text as typed, for the history. */
  readonly text: string;
  /** What `<<EOF` gives it to read. */
  readonly heredoc: string | null;
}

/** Commands joined by pipes, and what stands before them: the next after `&&` runs only when the last succeeded. */
export interface Pipeline {
  readonly stages: readonly Stage[];
  readonly after: "start" | "&&" | "||" | ";";
  /** `> FILE` is refused, `2>/dev/null` drops standard error, `2>&1` joins it. */
  readonly stderr: "shown" | "dropped" | "joined";
}

/** What `$NAME` and `$(...)` stand for; trailing line ends of a command's output are dropped already. */
export interface Expansion {
  readonly variable: (name: string) => string;
  readonly command: (text: string) => string;
}

/** Splits a line; the error is what sh says. Without an expansion `$NAME` stays as it is and `$(...)` is refused. */
export function parseLine(line: string, expansion: Expansion | null = null): Result<readonly Pipeline[], string> {
  const pipelines: Pipeline[] = [];
  let stages: Stage[] = [];
  let words: string[] = [];
  let word: string | null = null;
  let heredoc: string | null = null;
  let start = 0;
  let after: Pipeline["after"] = "start";
  let stderr: Pipeline["stderr"] = "shown";

  const endWord = (): void => {
    if (word !== null) words.push(word);
    word = null;
  };
  const endStage = (at: number): boolean => {
    endWord();
    if (words.length === 0) return false;
    stages.push({ words, text: line.slice(start, at).trim(), heredoc });
    words = [];
    heredoc = null;
    return true;
  };
  const endPipeline = (next: Pipeline["after"]): void => {
    if (stages.length > 0) pipelines.push({ stages, after, stderr });
    stages = [];
    stderr = "shown";
    after = next;
  };

  for (let i = 0; i < line.length; i++) {
    const c = line[i] as string;
    const dollar = expansion === null ? null : expandedAt(line, i, expansion);
    if (dollar !== null) {
      if (dollar.end < 0) return err("sh: syntax error: unterminated substitution");
      // Fields: what an unquoted expansion yields is split at blanks.
      const fields = dollar.text.split(/\s+/);
      fields.forEach((field, n) => {
        if (n > 0) endWord();
        if (field !== "") word = (word ?? "") + field;
      });
      i = dollar.end;
    } else if (c === "'" || c === '"') {
      const end = closing(line, i);
      if (end < 0) return err(`sh: syntax error: unterminated quoted string`);
      const inner = line.slice(i + 1, end);
      word = (word ?? "") + (c === '"' && expansion !== null ? expandedText(inner, expansion) : unquoted(inner, c));
      i = end;
    } else if (c === "\\" && i + 1 < line.length) {
      i += 1;
      if (line[i] !== "\n") word = (word ?? "") + (line[i] as string);
    } else if (c === "#" && word === null) {
      const end = line.indexOf("\n", i);
      line = line.slice(0, i) + (end < 0 ? "" : line.slice(end));
      i -= 1;
    } else if (/\s/.test(c)) {
      endWord();
      if (c === "\n") {
        endStage(i);
        endPipeline(";");
        start = i + 1;
      }
    } else if (word === null && line.startsWith("2>/dev/null", i)) {
      stderr = "dropped";
      i += "2>/dev/null".length - 1;
    } else if (word === null && line.startsWith("2>&1", i)) {
      stderr = "joined";
      i += 3;
    } else if (line.startsWith("<<", i) && !line.startsWith("<<<", i)) {
      const here = hereDocument(line, i);
      if (here === null) return err("sh: syntax error near unexpected token `newline'");
      endWord();
      heredoc = here.body;
      line = here.line;
      i -= 1;
    } else if (c === ">" || c === "<" || c === "`" || (c === "$" && line[i + 1] === "(")) {
      const what = c === "`" || c === "$" ? "command substitution" : "redirection to files";
      return err(`sh: ${what} is not supported here`);
    } else if (c === "|" || c === ";" || c === "&") {
      const two = line.slice(i, i + 2);
      if (c === "&" && two !== "&&") return err("sh: running in the background is not supported here");
      if (!endStage(i))
        return err(`sh: syntax error near unexpected token \`${two === "||" || two === "&&" ? two : c}'`);
      if (two === "||" || two === "&&") {
        endPipeline(two);
        i += 1;
      } else if (c === ";") endPipeline(";");
      start = i + 1;
    } else word = (word ?? "") + c;
  }
  const dangling = stages.length > 0;
  if (!endStage(line.length) && dangling) return err("sh: syntax error: unexpected end of file");
  endPipeline(";");
  return ok(pipelines);
}

/** `<<EOF`: takes the word and the lines up to it out of the line. Without such a line it reads to the end, as sh does. */
function hereDocument(line: string, at: number): { readonly body: string; readonly line: string } | null {
  const head = /^<<(-?)\s*(?:'([^'\n]*)'|"([^"\n]*)"|([\w.!-]+))/.exec(line.slice(at));
  if (head === null) return null;
  const until = head[2] ?? head[3] ?? head[4] ?? "";
  const rest = line.slice(at + head[0].length);
  const [first = "", ...lines] = rest.split("\n");
  const tabs = head[1] === "-";
  const shown = tabs ? lines.map((one) => one.replace(/^\t+/, "")) : lines;
  const end = shown.indexOf(until);
  const body = end < 0 ? shown : shown.slice(0, end);
  const after = end < 0 ? [] : lines.slice(end + 1);
  return { body: body.map((one) => `${one}\n`).join(""), line: [line.slice(0, at) + first, ...after].join("\n") };
}

/** The expansion that begins here: its text, and where it ends (-1: nowhere); null when none begins. */
function expandedAt(
  line: string,
  at: number,
  { variable, command }: Expansion,
): { readonly text: string; readonly end: number } | null {
  if (line[at] === "`") {
    const end = line.indexOf("`", at + 1);
    return end < 0 ? { text: "", end } : { text: command(line.slice(at + 1, end)), end };
  }
  if (line[at] !== "$") return null;
  if (line[at + 1] === "(") {
    const end = closingParenthesis(line, at + 1);
    return end < 0 ? { text: "", end } : { text: command(line.slice(at + 2, end)), end };
  }
  const match = /^\$(?:(\?|[A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?::?-([^}]*))?\})/.exec(line.slice(at, at + 1000));
  if (match === null) return null;
  const value = variable(match[1] ?? match[2] ?? "");
  return { text: value === "" ? (match[3] ?? "") : value, end: at + match[0].length - 1 };
}

/** What stands in double quotes: expanded, and never split. */
function expandedText(text: string, expansion: Expansion): string {
  let out = "";
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as string;
    if (c === "\\" && /["\\$`]/.test(text[i + 1] ?? "")) {
      out += text[i + 1] as string;
      i += 1;
      continue;
    }
    const found = expandedAt(text, i, expansion);
    if (found === null || found.end < 0) out += c;
    else {
      out += found.text;
      i = found.end;
    }
  }
  return out;
}

/** The parenthesis that closes this one, quotes and further ones left out; -1 without any. */
export function closingParenthesis(line: string, open: number): number {
  let depth = 0;
  for (let i = open; i < line.length; i++) {
    const c = line[i];
    if (c === "'" || c === '"') {
      const end = closing(line, i);
      if (end < 0) return -1;
      i = end;
    } else if (c === "\\") i += 1;
    else if (c === "(") depth += 1;
    else if (c === ")" && --depth === 0) return i;
  }
  return -1;
}

/** The quote that closes this one; -1 without any. */
export function closing(line: string, open: number): number {
  const quote = line[open];
  for (let i = open + 1; i < line.length; i++) {
    if (line[i] === "\\" && quote === '"') i += 1;
    else if (quote === '"' && line.startsWith("$(", i)) {
      const end = closingParenthesis(line, i + 1);
      if (end > 0) i = end;
    } else if (line[i] === quote) return i;
  }
  return -1;
}

const unquoted = (text: string, quote: string): string => (quote === "'" ? text : text.replace(/\\(["\\$`])/g, "$1"));
