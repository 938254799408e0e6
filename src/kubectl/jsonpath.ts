/** kubectl's JSONPath templates. Source: client-go/util/jsonpath. */
import { isRecord } from "../base/json.ts";
import { err, ok, type Result } from "../base/result.ts";

type Step =
  | { readonly kind: "field"; readonly name: string }
  | { readonly kind: "wildcard" }
  | { readonly kind: "recursive" }
  | { readonly kind: "index"; readonly indices: readonly number[] }
  | { readonly kind: "names"; readonly names: readonly string[] }
  | { readonly kind: "slice"; readonly from: number | null; readonly to: number | null; readonly by: number }
  | { readonly kind: "filter"; readonly left: Operand; readonly op: string | null; readonly right: Operand | null };

type Operand =
  { readonly path: readonly Step[]; readonly root: boolean } | { readonly value: string | number | boolean | null };

type Node =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "path"; readonly steps: readonly Step[]; readonly root: boolean }
  | { readonly kind: "range"; readonly steps: readonly Step[]; readonly body: readonly Node[] };

class Malformed extends Error {}

const unescape = (text: string): string =>
  text.replace(/\\(.)/g, (_, c: string) => ({ n: "\n", t: "\t", r: "\r" })[c] ?? c);

/** One bracket's or filter's end, quotes respected. */
function closing(text: string, from: number, close: string): number {
  let quote = "";
  let depth = 0;
  for (let i = from; i < text.length; i++) {
    const c = text[i] as string;
    if (quote !== "") {
      if (c === "\\") i += 1;
      else if (c === quote) quote = "";
    } else if (c === '"' || c === "'") quote = c;
    else if (c === "[" && close === "]") depth += 1;
    else if (c === close) {
      if (depth === 0) return i;
      depth -= 1;
    }
  }
  return -1;
}

function operand(text: string): Operand {
  const word = text.trim();
  if (word.startsWith("@") || word.startsWith("$"))
    return { path: parseSteps(word.slice(1)), root: word.startsWith("$") };
  if (/^(['"]).*\1$/.test(word)) return { value: unescape(word.slice(1, -1)) };
  if (/^-?\d+(\.\d+)?$/.test(word)) return { value: Number(word) };
  if (word === "true" || word === "false") return { value: word === "true" };
  if (word === "null") return { value: null };
  throw new Malformed(`unrecognized character in action: ${JSON.stringify(word)}`);
}

function bracket(text: string): Step {
  const inner = text.trim();
  if (inner === "*") return { kind: "wildcard" };
  if (inner.startsWith("?(")) {
    const body = inner.slice(2).replace(/\)$/, "");
    const match = /^(.*?)\s*(==|!=|<=|>=|<|>)\s*(.*)$/.exec(body);
    if (match === null) return { kind: "filter", left: operand(body), op: null, right: null };
    return { kind: "filter", left: operand(match[1] ?? ""), op: match[2] ?? "", right: operand(match[3] ?? "") };
  }
  if (/^['"]/.test(inner)) {
    const names = inner.split(/\s*,\s*/).map((name) => unescape(name.slice(1, -1)));
    return names.length === 1 ? { kind: "field", name: names[0] ?? "" } : { kind: "names", names };
  }
  const slice = /^(-?\d*):(-?\d*)(?::(\d+))?$/.exec(inner);
  if (slice !== null) {
    const bound = (part: string | undefined): number | null => (part ? Number(part) : null);
    return { kind: "slice", from: bound(slice[1]), to: bound(slice[2]), by: Number(slice[3] ?? "1") };
  }
  if (/^-?\d+(\s*,\s*-?\d+)*$/.test(inner)) return { kind: "index", indices: inner.split(",").map(Number) };
  throw new Malformed(`invalid array index ${inner}`);
}

function parseSteps(text: string): readonly Step[] {
  const steps: Step[] = [];
  let i = 0;
  while (i < text.length) {
    if (text.startsWith("..", i)) {
      steps.push({ kind: "recursive" });
      i += 1;
      if (text[i + 1] === "[") i += 1;
      continue;
    }
    if (text[i] === "[") {
      const end = closing(text, i + 1, "]");
      if (end < 0) throw new Malformed("unterminated array");
      steps.push(bracket(text.slice(i + 1, end)));
      i = end + 1;
      continue;
    }
    if (text[i] === ".") i += 1;
    const match = /^(?:\\.|[^.[\\\s])+/.exec(text.slice(i));
    if (match === null) {
      if (i >= text.length) break;
      throw new Malformed(
        `unrecognized character in action: U+${text.charCodeAt(i).toString(16).toUpperCase().padStart(4, "0")} '${text[i]}'`,
      );
    }
    const name = match[0].replace(/\\(.)/g, "$1");
    steps.push(name === "*" ? { kind: "wildcard" } : { kind: "field", name });
    i += match[0].length;
  }
  return steps;
}

function parseNodes(template: string): readonly Node[] {
  const stack: { steps: readonly Step[]; body: Node[] }[] = [{ steps: [], body: [] }];
  const top = (): Node[] => (stack.at(-1) as { body: Node[] }).body;
  let i = 0;
  while (i < template.length) {
    const open = template.indexOf("{", i);
    if (open < 0) {
      top().push({ kind: "text", text: template.slice(i) });
      break;
    }
    if (open > i) top().push({ kind: "text", text: template.slice(i, open) });
    const end = closing(template, open + 1, "}");
    if (end < 0) throw new Malformed("unclosed action");
    const action = template.slice(open + 1, end).trim();
    i = end + 1;
    if (/^(['"])[^]*\1$/.test(action)) top().push({ kind: "text", text: unescape(action.slice(1, -1)) });
    else if (action.startsWith("range "))
      stack.push({ steps: parseSteps(action.slice(6).trim().replace(/^[@$]/, "")), body: [] });
    else if (action === "end") {
      const done = stack.pop();
      if (done === undefined || stack.length === 0) throw new Malformed("not in range, nothing to end");
      top().push({ kind: "range", ...done });
    } else top().push({ kind: "path", steps: parseSteps(action.replace(/^[@$]/, "")), root: action.startsWith("$") });
  }
  if (stack.length > 1) throw new Malformed("unclosed range");
  return top();
}

function descend(value: unknown): readonly unknown[] {
  const inner = Array.isArray(value)
    ? (value as readonly unknown[])
    : isRecord(value)
      ? Object.keys(value)
          .sort()
          .map((key) => value[key])
      : [];
  return [value, ...inner.flatMap(descend)];
}

function holds(left: readonly unknown[], op: string | null, right: readonly unknown[]): boolean {
  if (op === null) return left.length > 0;
  const [a] = left;
  const [b] = right;
  if (a === undefined) return false;
  switch (op) {
    case "==":
      return a === b;
    case "!=":
      return a !== b;
    default: {
      if (typeof a !== typeof b || (typeof a !== "number" && typeof a !== "string")) return false;
      const [x, y] = [a, b as typeof a];
      return op === "<" ? x < y : op === ">" ? x > y : op === "<=" ? x <= y : x >= y;
    }
  }
}

function follow(value: unknown, steps: readonly Step[], root: unknown): readonly unknown[] {
  let found: readonly unknown[] = [value];
  for (const step of steps) {
    found = found.flatMap((here): readonly unknown[] => {
      const list: readonly unknown[] | null = Array.isArray(here) ? (here as readonly unknown[]) : null;
      switch (step.kind) {
        case "field":
          return isRecord(here) && Object.hasOwn(here, step.name) && here[step.name] !== undefined
            ? [here[step.name]]
            : [];
        case "names":
          return isRecord(here) ? step.names.flatMap((name) => (here[name] === undefined ? [] : [here[name]])) : [];
        case "wildcard":
          return (
            list ??
            (isRecord(here)
              ? Object.keys(here)
                  .sort()
                  .map((key) => here[key])
              : [])
          );
        case "recursive":
          return descend(here);
        case "index":
          return step.indices.flatMap((i) => {
            const at = list?.at(i);
            return at === undefined ? [] : [at];
          });
        case "slice":
          return (list ?? []).slice(step.from ?? 0, step.to ?? undefined).filter((_, i) => i % step.by === 0);
        case "filter": {
          const evaluated = (o: Operand | null, item: unknown): readonly unknown[] =>
            o === null ? [] : "value" in o ? [o.value] : follow(o.root ? root : item, o.path, root);
          return (list ?? (isRecord(here) ? [here] : [])).filter((item) =>
            holds(evaluated(step.left, item), step.op, evaluated(step.right, item)),
          );
        }
      }
    });
  }
  return found;
}

/** A value as text/template prints it: strings bare, objects and lists as JSON. */
export function printed(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value as string | number | boolean);
}

function render(nodes: readonly Node[], value: unknown, root: unknown): string {
  return nodes
    .map((node) => {
      switch (node.kind) {
        case "text":
          return node.text;
        case "path":
          return follow(node.root ? root : value, node.steps, root)
            .map(printed)
            .join(" ");
        case "range":
          return follow(value, node.steps, root)
            .map((item) => render(node.body, item, root))
            .join("");
      }
    })
    .join("");
}

/** Fills a template as `-o jsonpath=` does; the error is kubectl's whole line. */
export function jsonPath(template: string, value: unknown): Result<string, string> {
  try {
    return ok(render(parseNodes(template), value, value));
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return err(`error: error parsing jsonpath ${template}, ${error.message}`);
  }
}

/** The values of one expression as `--sort-by` and custom columns write it: `.a.b`, `{.a.b}`, `a.b`. */
export function jsonPathValues(expression: string, value: unknown): Result<readonly unknown[], string> {
  const bare = expression
    .trim()
    .replace(/^\{(.*)\}$/, "$1")
    .replace(/^\$/, "");
  try {
    return ok(follow(value, parseSteps(bare), value));
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return err(
      `error: unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'`,
    );
  }
}
