/** What makes a shell of a line: loops, variables and `$(...)`, one command after another. Loops end: see the limits. */
import { err, ok, type Result } from "../../base/result.ts";
import { joined, kept, NOTHING, type Output } from "../output.ts";
import { closing, closingParenthesis, type Expansion, parseLine, type Pipeline } from "./lex.ts";

/** Runs what the script is made of. */
export interface Runner {
  readonly pipeline: (pipeline: Pipeline, stdin: string | null) => Output;
  /** A variable that the script has not set: of the container's environment; undefined: not there. */
  readonly variable: (name: string) => string | undefined;
  /** Has `timeout` in front ended it? */
  readonly isOver: () => boolean;
  /** Is there such an end at all? */
  readonly isTimed: boolean;
}

/** Rounds of a loop that nothing would end. */
const ENDLESS_ROUNDS = 10;
/** Commands that one line may run. */
const BUDGET = 1_000;
const MAX_NESTING = 20;

type After = Pipeline["after"];

type Item =
  | { readonly kind: "simple"; readonly after: After; readonly text: string }
  | {
      readonly kind: "for";
      readonly after: After;
      readonly name: string;
      readonly words: string;
      readonly body: readonly Item[];
      readonly tail: string;
    }
  | {
      readonly kind: "while";
      readonly after: After;
      readonly until: boolean;
      readonly condition: readonly Item[];
      readonly body: readonly Item[];
      readonly tail: string;
    };

/** Is there anything in the line that {@link parseLine} alone does not know? Here documents are its own. */
export const isScript = (line: string): boolean =>
  !/<</.test(line) && (/[$`]/.test(line) || /(^|[;&|\n]|\bdo)\s*(for|while|until)\s/.test(line));

interface Segment {
  readonly text: string;
  /** The operator in front. */
  readonly after: After;
}

/** Cuts at `;`, line ends, `&&` and `||` that stand in no quotes and no parentheses. */
function segmentsOf(line: string): Result<readonly Segment[], string> {
  const segments: Segment[] = [];
  let start = 0;
  let after: After = "start";
  const cut = (end: number, next: number, operator: After): void => {
    const text = line.slice(start, end).trim();
    if (text !== "") segments.push({ text, after });
    if (text !== "" || operator !== ";") after = operator;
    start = next;
  };
  for (let i = 0; i < line.length; i++) {
    const c = line[i] as string;
    if (c === "'" || c === '"') {
      const end = closing(line, i);
      if (end < 0) return err("sh: syntax error: unterminated quoted string");
      i = end;
    } else if (c === "\\") i += 1;
    else if (c === "`") {
      const end = line.indexOf("`", i + 1);
      if (end < 0) return err("sh: syntax error: EOF in backquote substitution");
      i = end;
    } else if (c === "$" && line[i + 1] === "(") {
      const end = closingParenthesis(line, i + 1);
      if (end < 0) return err("sh: syntax error: unterminated substitution");
      i = end;
    } else if (c === "#" && (i === 0 || /\s/.test(line[i - 1] as string))) {
      const end = line.indexOf("\n", i);
      line = line.slice(0, i) + (end < 0 ? "" : line.slice(end));
      i -= 1;
    } else if (c === ";" || c === "\n") cut(i, i + 1, ";");
    else if (line.startsWith("&&", i) || line.startsWith("||", i)) {
      cut(i, i + 2, c === "&" ? "&&" : "||");
      i += 1;
    }
  }
  cut(line.length, line.length, ";");
  return ok(segments);
}

const UNEXPECTED = (word: string): string =>
  `sh: syntax error: unexpected ${word === "" ? "end of file" : `"${word}"`}`;

/** Reads commands up to one of the words that end a block. */
class Reader {
  private readonly segments: Segment[];
  private at = 0;
  private depth = 0;
  constructor(segments: readonly Segment[]) {
    this.segments = [...segments];
  }

  list(ends: readonly string[]): Result<readonly Item[], string> {
    const items: Item[] = [];
    for (;;) {
      const segment = this.segments[this.at];
      if (segment === undefined) return ends.length === 0 ? ok(items) : err(UNEXPECTED(""));
      const word = /^\S+/.exec(segment.text)?.[0] ?? "";
      if (ends.includes(word)) return ok(items);
      if (/^(do|done|then|fi|else|elif|esac)$/.test(word)) return err(UNEXPECTED(word));
      if (/^(if|case|select|function)$/.test(word)) return err(`sh: ${word} is not supported here: use && and ||`);
      const item =
        word === "for" || word === "while" || word === "until" ? this.loop(segment, word) : this.simple(segment);
      if (!item.ok) return item;
      items.push(item.value);
    }
  }

  private simple(segment: Segment): Result<Item, string> {
    this.at += 1;
    return ok({ kind: "simple", after: segment.after, text: segment.text });
  }

  private loop(segment: Segment, word: "for" | "while" | "until"): Result<Item, string> {
    this.depth += 1;
    if (this.depth > MAX_NESTING) return err("sh: too many loops within loops");
    let head: { readonly name: string; readonly words: string } | null = null;
    let condition: readonly Item[] = [];
    if (word === "for") {
      const match = /^for\s+([A-Za-z_]\w*)(?:\s+in\s([^]*)|\s+in)?$/.exec(segment.text);
      if (match === null) return err("sh: syntax error: bad for loop variable");
      head = { name: match[1] ?? "", words: match[2] ?? "" };
      this.at += 1;
    } else {
      this.replace(segment, segment.text.slice(word.length).trim());
      const read = this.list(["do"]);
      if (!read.ok) return read;
      condition = read.value;
    }
    const open = this.segments[this.at];
    if (open === undefined || !/^do(\s|$)/.test(open.text)) return err(UNEXPECTED(open?.text.split(/\s/)[0] ?? ""));
    this.replace(open, open.text.slice(2).trim());
    const body = this.list(["done"]);
    if (!body.ok) return body;
    const close = this.segments[this.at];
    if (close === undefined || body.value.length === 0) return err(UNEXPECTED(close === undefined ? "" : "done"));
    const tail = close.text.slice("done".length);
    this.at += 1;
    this.depth -= 1;
    const { after } = segment;
    return head === null
      ? ok({ kind: "while", after, until: word === "until", condition, body: body.value, tail })
      : ok({ kind: "for", after, ...head, body: body.value, tail });
  }

  /** What is left of a segment once its keyword is taken off. */
  private replace({ after }: Segment, text: string): void {
    if (text === "") this.at += 1;
    else this.segments[this.at] = { text, after: after === "start" ? "start" : ";" };
  }
}

/** `for ((i=1; i<=10; i++))` in sh's own words. */
const withoutArithmetic = (line: string): string =>
  line.replace(
    /\bfor\s*\(\(\s*(\w+)\s*=\s*(\d{1,4})\s*;\s*\1\s*(<=?)\s*(\d{1,4})\s*;\s*(?:\1\+\+|\+\+\1)\s*\)\)/g,
    (_whole, name: string, from: string, less: string, to: string) =>
      `for ${name} in {${from}..${less === "<" ? Number(to) - 1 : to}}`,
  );

/** `{1..5}`; at most the budget. */
const withRanges = (words: readonly string[]): readonly string[] =>
  words.flatMap((word) => {
    const match = /^\{(\d{1,6})\.\.(\d{1,6})\}$/.exec(word);
    if (match === null) return [word];
    const [from, to] = [Number(match[1]), Number(match[2])];
    const n = Math.min(Math.abs(to - from) + 1, BUDGET);
    return Array.from({ length: n }, (_, i) => String(from + (to < from ? -i : i)));
  });

/** Runs a script. Errors of its grammar are sh's, exit 2. */
export function runScript(
  line: string,
  runner: Runner,
  depth = 0,
  known: ReadonlyMap<string, string> = new Map(),
): Output {
  const segments = segmentsOf(withoutArithmetic(line));
  const items = segments.ok ? new Reader(segments.value).list([]) : segments;
  if (!items.ok) return { stdout: "", stderr: `${items.error}\n`, code: 2 };
  const variables = new Map(known);
  let budget = BUDGET;
  let status = 0;
  let leaving: "break" | "continue" | null = null;

  const expansion: Expansion = {
    variable: (name) => (name === "?" ? String(status) : (variables.get(name) ?? runner.variable(name) ?? "")),
    command: (text) => {
      if (depth >= MAX_NESTING || budget <= 0) return "";
      budget -= 1;
      return runScript(text, runner, depth + 1, variables).stdout.replace(/\n+$/, "");
    },
  };

  function list(all: readonly Item[]): Output {
    const outputs: Output[] = [];
    for (const item of all) {
      if (leaving !== null) break;
      if ((item.after === "&&" && status !== 0) || (item.after === "||" && status === 0)) continue;
      const output = one(item);
      status = output.code;
      outputs.push(output);
    }
    return { ...joined(outputs), code: status };
  }

  function one(item: Item): Output {
    if (item.kind === "simple") return simple(item.text);
    const outputs: Output[] = [];
    let note = "";
    const round = (): boolean => {
      if (budget <= 0) {
        note = `(a line runs ${BUDGET} commands at most: stopped)\n`;
        return false;
      }
      outputs.push(list(item.body));
      const left = leaving;
      leaving = null;
      return left !== "break" && !runner.isOver();
    };
    if (item.kind === "for") {
      const words = parseLine(`for ${item.words}`, expansion);
      if (!words.ok) return { stdout: "", stderr: `${words.error}\n`, code: 2 };
      for (const value of withRanges(words.value[0]?.stages[0]?.words.slice(1) ?? [])) {
        variables.set(item.name, value);
        if (!round()) break;
      }
    } else {
      const endless = item.condition.every((c) => c.kind === "simple" && /^(true|:|\[ 1 \]|sleep\s.*)$/.test(c.text));
      for (let n = 0; ; n++) {
        const asked = list(item.condition);
        if ((asked.code === 0) === item.until || asked.code === 2) break;
        if (n >= ENDLESS_ROUNDS && (endless || item.until) && !runner.isTimed) {
          note = `(stopped after ${ENDLESS_ROUNDS} rounds; for i in $(seq 100) makes more)\n`;
          break;
        }
        if (!round()) break;
      }
    }
    const all = joined(outputs);
    const whole = { ...all, stderr: all.stderr + note, code: outputs.at(-1)?.code ?? 0 };
    return item.tail.trim() === "" ? whole : behind(whole, item.tail);
  }

  /** `done | sort | uniq -c`, `done 2>/dev/null`. */
  function behind(whole: Output, tail: string): Output {
    const parsed = parseLine(`cat ${tail}`, expansion);
    const pipeline = parsed.ok ? parsed.value[0] : undefined;
    if (!parsed.ok || pipeline === undefined)
      return { stdout: "", stderr: `${parsed.ok ? UNEXPECTED("done") : parsed.error}\n`, code: 2 };
    const { stages, stderr } = pipeline;
    const input = stderr === "joined" ? whole.stdout + whole.stderr : whole.stdout;
    const told = stderr === "shown" ? whole.stderr : "";
    if (stages.length === 1) return { ...whole, stdout: input, stderr: told };
    const filtered = runner.pipeline({ ...pipeline, stages: stages.slice(1) }, input);
    return { ...filtered, stderr: told + filtered.stderr, ...kept([whole, filtered]) };
  }

  function simple(text: string): Output {
    if (text === "break" || text === "continue") {
      leaving = text;
      return NOTHING;
    }
    if (text === ":") return NOTHING;
    if (budget <= 0) return NOTHING;
    budget -= 1;
    const assigned = /^(?:(?:export|local|readonly)\s+)?([A-Za-z_]\w*)=([^]*)$/.exec(text);
    if (assigned !== null) {
      // The right-hand side is one word, however many blanks its expansion has.
      const value = parseLine(`= ${quotedExpansions(assigned[2] ?? "")}`, expansion);
      const words = value.ok ? value.value[0]?.stages[0]?.words : undefined;
      if (words !== undefined && words.length <= 2 && value.ok && value.value[0]?.stages.length === 1) {
        variables.set(assigned[1] ?? "", words[1] ?? "");
        return NOTHING;
      }
    }
    const parsed = parseLine(text, expansion);
    if (!parsed.ok) return { stdout: "", stderr: `${parsed.error}\n`, code: 2 };
    const outputs = parsed.value.map((pipeline) => runner.pipeline(pipeline, null));
    return { ...joined(outputs), code: outputs.at(-1)?.code ?? 0 };
  }

  return list(items.value);
}

/** `$(cmd)` as `"$(cmd)"`, where it stands in no quotes: not to be split. */
function quotedExpansions(text: string): string {
  if (/^["']/.test(text) || !/^(\$|`)/.test(text)) return text;
  if (text.startsWith("$(")) {
    const end = closingParenthesis(text, 1);
    return end < 0 ? text : `"${text.slice(0, end + 1)}"${text.slice(end + 1)}`;
  }
  return /\s/.test(text) ? text : `"${text}"`;
}
