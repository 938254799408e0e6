/** ACLs and conditions of haproxy.cfg: read. */
import type { Condition, Term, Test } from "./haproxy-config.ts";

/** Tests that an ACL may make. */
const TESTS: ReadonlySet<string> = new Set([
  "src",
  "dst",
  "dst_port",
  "path",
  "path_beg",
  "path_end",
  "path_sub",
  "path_dir",
  "path_reg",
  "hdr",
  "hdr_beg",
  "hdr_end",
  "hdr_dom",
  "hdr_sub",
  "hdr_reg",
  "method",
  "ssl_fc",
  "ssl_fc_sni",
  "ssl_sni",
  "always_true",
  "always_false",
]);

/** Words of a line: quotes and escapes as haproxy reads them, comments cut off. */
export function wordsOf(line: string): readonly string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote = "";
  for (let i = 0; i < line.length; i++) {
    const char = line[i] as string;
    if (quote !== "") {
      if (char === quote) quote = "";
      else if (char === "\\" && quote === '"' && i + 1 < line.length) word = (word ?? "") + (line[++i] as string);
      else word = (word ?? "") + char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= "";
    } else if (char === "\\" && i + 1 < line.length) word = (word ?? "") + (line[++i] as string);
    else if (char === "#") break;
    else if (/\s/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? "") + char;
  }
  if (word !== null) words.push(word);
  return words;
}

/** The words of an ACL after its name; text when they are not understood. */
export function testOf(words: readonly string[]): Test | string {
  const [criterion = "", ...rest] = words;
  const match = /^(?:req(?:\.|_))?([a-z_]+)(?:\(([^)]*)\))?(?:,.*)?$/.exec(criterion.replace(/^capture\.req\./, ""));
  let what = match?.[1] ?? "";
  const of = (match?.[2] ?? "").toLowerCase();
  if (what === "uri") what = "path";
  if (!TESTS.has(what)) return `the test "${criterion}" is not understood and never true`;
  let ignoreCase = criterion.includes(",lower") || what === "ssl_sni" || what === "ssl_fc_sni";
  const values: string[] = [];
  for (let i = 0; i < rest.length; i++) {
    const word = rest[i] as string;
    if (word === "-i") ignoreCase = true;
    else if (word === "-m") {
      const how = rest[++i] ?? "";
      const joined = { beg: "_beg", end: "_end", sub: "_sub", dom: "_dom", dir: "_dir", reg: "_reg", str: "" }[how];
      if (joined === undefined || !TESTS.has(what + joined)) return `the match "-m ${how}" is not understood`;
      what += joined;
    } else if (word === "--") {
      values.push(...rest.slice(i + 1));
      break;
    } else if (/^-[a-zA-Z]$/.test(word)) return `the flag "${word}" of an ACL is not understood`;
    else values.push(word);
  }
  return { what, of, ignoreCase, values };
}

/** What follows `if` or `unless`. */
export function conditionOf(words: readonly string[]): Condition | string {
  if (words.length === 0) return { unless: false, any: [] };
  const [head, ...rest] = words;
  if (head !== "if" && head !== "unless") return `"${words.join(" ")}" is not understood`;
  const any: Term[][] = [[]];
  for (let i = 0; i < rest.length; i++) {
    let word = rest[i] as string;
    let not = false;
    while (word.startsWith("!")) {
      not = !not;
      word = word.slice(1);
      if (word === "") word = rest[++i] ?? "";
    }
    if (word === "or" || word === "||") any.push([]);
    else if (word === "{") {
      const end = rest.indexOf("}", i);
      if (end < 0) return "a condition in braces has no end";
      const test = testOf(rest.slice(i + 1, end));
      if (typeof test === "string") return test;
      any.at(-1)?.push({ not, acl: test });
      i = end;
    } else any.at(-1)?.push({ not, acl: word });
  }
  return { unless: head === "unless", any };
}

/** Where a condition begins in a line; its length when there is none. */
export function conditionAt(words: readonly string[]): number {
  const at = words.findIndex((word, i) => i > 0 && (word === "if" || word === "unless"));
  return at < 0 ? words.length : at;
}
