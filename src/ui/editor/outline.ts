/** Where a caret stands in YAML that may be half typed: read line by line from indentation, never refused. Flow style is not looked into. */

export type Step = string | number;

export interface CaretPlace {
  /** Of the document's own fields, as written; empty when not there. */
  readonly kind: string;
  readonly apiVersion: string;
  readonly name: string;
  readonly namespace: string;
  /** Value: the field that is being given one. Key: what the key will be in. */
  readonly path: readonly Step[];
  readonly mode: "key" | "value";
  /** What is written of it so far, from `from` (a column from 1) to the end of the word. */
  readonly word: string;
  readonly from: number;
  readonly to: number;
  /** Every scalar of the document by its path, as `spec.ports.0.port`, without quotes. */
  readonly scalars: ReadonlyMap<string, string>;
}

interface Level {
  readonly column: number;
  readonly step: Step;
}

/** Key, colon, value: `  app.kubernetes.io/name: web # c`. */
const PAIR = /^("(?:[^"\\]|\\.)*"|'[^']*'|[^\s#'"[\]{},&*!|>%@`-][^#]*?|-[^\s#][^#]*?)\s*:(?:\s+(.*))?$/;

const unquoted = (word: string): string => word.replace(/^(["'])(.*)\1$/s, "$2");
const valueOf = (rest: string): string => unquoted(rest.replace(/(?:^|\s)#.*$/, "").trim());

/** The place of a caret, line and column from 1. */
export function placeAt(lines: readonly string[], line: number, column: number): CaretPlace {
  let first = line - 1;
  while (first > 0 && !/^---(\s|$)/.test(lines[first] ?? "")) first--;
  let last = line;
  while (last < lines.length && !/^(---|\.\.\.)(\s|$)/.test(lines[last] ?? "")) last++;

  const scalars = new Map<string, string>();
  let levels: Level[] = [];
  let block: number | null = null;
  let found: Pick<CaretPlace, "path" | "mode" | "word" | "from" | "to"> | null = null;

  for (let at = first; at < last; at++) {
    const text = lines[at] ?? "";
    const here = at === line - 1;
    const indent = text.length - text.trimStart().length;
    const blank = text.trim() === "";
    if (block !== null) {
      if (blank && !here) continue;
      if (indent > block && !blank) continue;
      block = null;
    }
    if (/^(---|\.\.\.)(\s|$)/.test(text) || (text.trimStart().startsWith("#") && !here)) continue;
    if (blank) {
      if (here) found = { path: within(levels, column), mode: "key", word: "", from: column, to: column };
      continue;
    }
    let start = indent;
    while (/^-(\s|$)/.test(text.slice(start))) {
      levels = item(levels, start);
      start += 1;
      start += text.slice(start).length - text.slice(start).trimStart().length;
    }
    const rest = text.slice(start);
    const pair = PAIR.exec(rest.trimEnd());
    if (pair === null) {
      if (rest !== "" && levels.at(-1) !== undefined && !here) scalars.set(keyOf(pathOf(levels)), valueOf(rest));
      if (!here) continue;
      const word = /^[^\s#]*/.exec(rest)?.[0] ?? "";
      // A list's plain item, or a key that has no colon yet.
      const parent = text.slice(indent).startsWith("-") ? levels : levels.filter((level) => level.column < start);
      found = { path: pathOf(parent), mode: "key", word: unquoted(word), from: start + 1, to: start + 1 + word.length };
      continue;
    }
    const key = unquoted(pair[1] ?? "");
    levels = [...levels.filter((level) => level.column < start), { column: start, step: key }];
    const value = pair[2] ?? "";
    if (/^[|>]/.test(value)) block = start;
    else if (value !== "" && !value.startsWith("#")) scalars.set(keyOf(pathOf(levels)), valueOf(value));
    if (!here) continue;
    const keyEnd = start + (pair[1] ?? "").length;
    if (column - 1 <= keyEnd) {
      found = { path: pathOf(levels.slice(0, -1)), mode: "key", word: key, from: start + 1, to: keyEnd + 1 };
    } else {
      const colon = text.indexOf(":", keyEnd);
      const gap = colon + 1 + (text.slice(colon + 1).length - text.slice(colon + 1).trimStart().length);
      const word = /^("[^"]*"?|'[^']*'?|[^\s#]*)/.exec(text.slice(gap))?.[0] ?? "";
      const from = Math.min(gap, Math.max(colon + 1, column - 1));
      found = { path: pathOf(levels), mode: "value", word: unquoted(word), from: from + 1, to: gap + word.length + 1 };
    }
  }
  const scalar = (path: string): string => scalars.get(path) ?? "";
  return {
    kind: scalar("kind"),
    apiVersion: scalar("apiVersion"),
    name: scalar("metadata.name"),
    namespace: scalar("metadata.namespace"),
    ...(found ?? { path: [], mode: "key", word: "", from: column, to: column }),
    scalars,
  };
}

const pathOf = (levels: readonly Level[]): readonly Step[] => levels.map(({ step }) => step);

/** `spec.ports.0.port`. A key with dots is one step, and stands there with them. */
export const keyOf = (path: readonly Step[]): string => path.join(".");

/** What a blank line's caret stands in. */
const within = (levels: readonly Level[], column: number): readonly Step[] =>
  pathOf(levels.filter((level) => level.column < column - 1));

/** A new item of a list whose dash stands in a column. A list may stand right below its key, without being indented. */
function item(levels: readonly Level[], column: number): Level[] {
  const outer = levels.filter(
    (level) => level.column < column || (level.column === column && isKeyOfList(levels, level)),
  );
  const before = levels[outer.length];
  const index =
    before !== undefined && before.column === column && typeof before.step === "number" ? before.step + 1 : 0;
  return [...outer, { column, step: index }];
}

const isKeyOfList = (levels: readonly Level[], level: Level): boolean => {
  const next = levels[levels.indexOf(level) + 1];
  return (
    typeof level.step === "string" &&
    (next === undefined || next.column !== level.column || typeof next.step === "number")
  );
};
