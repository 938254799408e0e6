/** One chunk of text → documents: plain values and, beside them, where every part of them stands. */
import { Composer, type Document, isAlias, isMap, isScalar, isSeq, Lexer, type Node, type Pair, Parser } from "yaml";
import { MAX_ALIASED, MAX_DEPTH } from "./limits.ts";
import { yamlMessage } from "./messages.ts";
import { keyText, resolvePlain, resolveTagged, type Scalar } from "./scalars.ts";

/** Half-open offsets in UTF-16 units, relative to the chunk. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Where a value stands. */
export interface SourceNode extends Span {
  /** The key, when it is a member of a mapping. */
  readonly key: Span | null;
  readonly members: ReadonlyMap<string, SourceNode> | null;
  readonly items: readonly SourceNode[] | null;
  /** Written in brackets or braces. */
  readonly flow?: true;
  /** A bare word that stands for something else than itself (`yes`, `0755`): as it was written. */
  readonly raw?: string;
}

/** A YAML error; `message` without the "yaml: line N: " that go-yaml puts before it. */
export interface YamlProblem extends Span {
  readonly message: string;
  /** go-yaml names no line for some errors. */
  readonly withLine: boolean;
}

export interface ComposedDocument {
  readonly value: unknown;
  readonly source: SourceNode;
  readonly problem: YamlProblem | null;
}

const OPTIONS = {
  schema: "failsafe",
  uniqueKeys: false,
  merge: false,
  strict: true,
  prettyErrors: false,
  logLevel: "silent",
} as const;

/** A converted node: `size` counts values with aliases written out. */
interface Converted {
  readonly value: unknown;
  readonly source: SourceNode;
  readonly size: number;
}

/** Documents of a chunk, empty ones left out. Never throws, whatever the text. */
export function composeChunk(text: string): readonly ComposedDocument[] {
  const parser = new Parser();
  const composer = new Composer(OPTIONS);
  const documents: Document.Parsed[] = [];
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) documents.push(...composer.next(token));
    // The composer is recursive: a text that is nothing but brackets must not reach it.
    if (parser.stack.length > 3 * MAX_DEPTH) return [tooDeep(text, parser.offset)];
  }
  for (const token of parser.end()) documents.push(...composer.next(token));
  documents.push(...composer.end(false, text.length));
  const out: ComposedDocument[] = [];
  for (const document of documents) {
    const composed = convertDocument(document, text);
    if (composed !== null) out.push(composed);
  }
  return out;
}

function tooDeep(text: string, at: number): ComposedDocument {
  const start = Math.min(at, Math.max(0, text.length - 1));
  return {
    value: null,
    source: { start: 0, end: text.length, key: null, members: null, items: null },
    problem: {
      start,
      end: Math.min(text.length, start + 1),
      message: `exceeded max depth of ${MAX_DEPTH}`,
      withLine: true,
    },
  };
}

/** null for a document without content and without errors. */
function convertDocument(document: Document.Parsed, text: string): ComposedDocument | null {
  const converter = new Converter(text);
  const contents = document.contents as Node | null;
  const error = document.errors[0];
  if (contents === null || (isScalar(contents) && contents.source === "" && contents.type === "PLAIN")) {
    if (error === undefined) return null;
  }
  const range = contents?.range ?? document.range;
  const converted = contents === null ? null : converter.convert(contents, null, 0);
  const problem = error === undefined ? converter.problem : yamlMessage(error, text);
  return {
    value: converted?.value ?? null,
    source: converted?.source ?? { start: range[0], end: range[1], key: null, members: null, items: null },
    problem: problem === null ? null : clamp(problem, text),
  };
}

/** An error at the very end of the chunk is shown where the text stops, not on the next document's first line. */
function clamp(problem: YamlProblem, text: string): YamlProblem {
  const stop = text.trimEnd().length;
  const start = Math.max(0, Math.min(problem.start, problem.start >= stop ? stop - 1 : problem.start));
  const end = Math.max(start, Math.min(Math.max(problem.end, start + 1), Math.max(stop, start)));
  return { ...problem, start, end };
}

class Converter {
  /** The first thing wrong with the document. */
  problem: YamlProblem | null = null;
  private readonly text: string;
  private readonly anchors = new Map<string, Converted | "open">();
  private aliased = 0;

  constructor(text: string) {
    this.text = text;
  }

  convert(node: Node, key: Span | null, depth: number): Converted {
    const anchor = isAlias(node) ? undefined : (node as { readonly anchor?: string }).anchor;
    if (anchor !== undefined) this.anchors.set(anchor, "open");
    const out = this.convertNode(node, key, depth);
    if (anchor !== undefined) this.anchors.set(anchor, out);
    return out;
  }

  private fail(node: Span | Node, message: string, withLine = true): void {
    const span = "start" in node ? node : spanOf(node as Node, this.text);
    this.problem ??= { start: span.start, end: Math.max(span.end, span.start + 1), message, withLine };
  }

  private leaf(node: Node, key: Span | null, value: unknown): Converted {
    return { value, source: { ...spanOf(node, this.text), key, members: null, items: null }, size: 1 };
  }

  private convertNode(node: Node, key: Span | null, depth: number): Converted {
    if (isAlias(node)) return this.convertAlias(node, key);
    if (isScalar(node)) {
      const leaf = this.leaf(node, key, this.scalar(node));
      const raw = node.source;
      if (raw === undefined || typeof leaf.value === "string" || leaf.value === null) return leaf;
      return { ...leaf, source: { ...leaf.source, raw } };
    }
    if (depth >= MAX_DEPTH) {
      this.fail(node, `exceeded max depth of ${MAX_DEPTH}`);
      return this.leaf(node, key, null);
    }
    if (isSeq(node)) {
      const parts = node.items.map((item) =>
        isNode(item) ? this.convert(item, null, depth + 1) : this.pairInSequence(item, node, depth + 1),
      );
      return {
        value: parts.map((part) => part.value),
        source: {
          ...spanOf(node, this.text),
          key,
          members: null,
          items: parts.map((part) => part.source),
          ...(node.flow === true && { flow: true }),
        },
        size: 1 + parts.reduce((sum, part) => sum + part.size, 0),
      };
    }
    if (isMap(node)) {
      const made = this.convertMap(
        node.items as readonly Pair<unknown, unknown>[],
        spanOf(node, this.text),
        key,
        depth,
      );
      return node.flow === true ? { ...made, source: { ...made.source, flow: true } } : made;
    }
    return this.leaf(node, key, null);
  }

  /** `[a: b]` holds a mapping of one pair. */
  private pairInSequence(item: unknown, sequence: Node, depth: number): Converted {
    const pair = item as Pair<unknown, unknown>;
    const at = isNode(pair?.key) ? spanOf(pair.key, this.text) : spanOf(sequence, this.text);
    const to = isNode(pair?.value) ? spanOf(pair.value, this.text) : at;
    return this.convertMap([pair], { start: at.start, end: Math.max(at.end, to.end) }, null, depth);
  }

  private convertMap(pairs: readonly Pair<unknown, unknown>[], span: Span, key: Span | null, depth: number): Converted {
    const values = new Map<string, unknown>();
    const members = new Map<string, SourceNode>();
    const merged: Converted[] = [];
    let size = 1;
    for (const pair of pairs) {
      if (!isNode(pair?.key)) continue;
      const keySpan = spanOf(pair.key, this.text);
      const value = isNode(pair.value)
        ? this.convert(pair.value, keySpan, depth + 1)
        : {
            value: null,
            source: { start: keySpan.end, end: keySpan.end, key: keySpan, members: null, items: null },
            size: 1,
          };
      size += value.size;
      if (isScalar(pair.key) && pair.key.type === "PLAIN" && pair.key.source === "<<") {
        merged.push(...this.mergeSources(value, keySpan));
        continue;
      }
      const name = this.key(pair.key, keySpan);
      if (name === undefined) continue;
      if (values.has(name)) {
        const line = 1 + countNewlines(this.text, keySpan.start);
        this.fail(keySpan, `unmarshal errors:\n  line ${line}: key ${JSON.stringify(name)} already set in map`, false);
      }
      values.set(name, value.value);
      members.set(name, value.source);
    }
    for (const source of merged) {
      for (const [name, member] of source.source.members ?? []) {
        // What is written out wins over what is merged in, and the earlier source over the later.
        if (values.has(name)) continue;
        values.set(name, (source.value as Readonly<Record<string, unknown>>)[name]);
        members.set(name, member);
      }
    }
    // fromEntries defines members, so that a key "__proto__" is a key like any other.
    return { value: Object.fromEntries(values), source: { ...span, key, members, items: null }, size };
  }

  private mergeSources(value: Converted, at: Span): readonly Converted[] {
    if (value.source.members !== null) return [value];
    const items = value.source.items;
    if (items !== null && items.every((item) => item.members !== null)) {
      return items.map((source, i) => ({ value: (value.value as readonly unknown[])[i], source, size: 0 }));
    }
    this.fail(at, "map merge requires map or sequence of maps as the value", false);
    return [];
  }

  private key(node: Node, span: Span): string | undefined {
    if (!isScalar(node)) {
      this.fail(span, `invalid map key: ${this.text.slice(span.start, Math.min(span.end, span.start + 60))}`, false);
      return undefined;
    }
    const name = keyText(this.scalar(node));
    if (name === undefined) this.fail(span, "did not find expected key");
    return name;
  }

  private scalar(node: Node & { readonly source?: string; readonly type?: unknown; readonly value?: unknown }): Scalar {
    const text = typeof node.value === "string" ? node.value : (node.source ?? "");
    const tag = node.tag;
    if (tag !== undefined && tag.startsWith("tag:yaml.org,2002:")) {
      const name = tag.slice("tag:yaml.org,2002:".length);
      const value = resolveTagged(name, text);
      if (value === undefined) {
        this.fail(node, `cannot decode !!str \`${text.slice(0, 60)}\` as a !!${name}`, false);
        return text;
      }
      return this.finite(node, value);
    }
    if (tag !== undefined || node.type !== "PLAIN") return text;
    return this.finite(node, resolvePlain(text));
  }

  private finite(node: Node, value: Scalar): Scalar {
    if (typeof value !== "number" || Number.isFinite(value)) return value;
    this.fail(node, `json: unsupported value: ${Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf"}`, false);
    return null;
  }

  private convertAlias(node: Node & { readonly source: string }, key: Span | null): Converted {
    const target = this.anchors.get(node.source);
    if (target === undefined) {
      this.fail(node, `unknown anchor '${node.source}' referenced`, false);
      return this.leaf(node, key, null);
    }
    if (target === "open") {
      this.fail(node, `anchor '${node.source}' value contains itself`, false);
      return this.leaf(node, key, null);
    }
    this.aliased += target.size;
    if (this.aliased > MAX_ALIASED) {
      this.fail(node, "document contains excessive aliasing", false);
      return this.leaf(node, key, null);
    }
    return { value: target.value, source: { ...target.source, ...spanOf(node, this.text), key }, size: target.size };
  }
}

function isNode(value: unknown): value is Node {
  return isScalar(value) || isMap(value) || isSeq(value) || isAlias(value);
}

/** Blocks end where their last character stands, not after the blank lines that follow. */
function spanOf(node: Node, text: string): Span {
  const range = node.range;
  if (range === null || range === undefined) return { start: 0, end: 0 };
  let end = range[1];
  while (end > range[0] && " \n\r\t".includes(text.charAt(end - 1))) end -= 1;
  return { start: range[0], end };
}

function countNewlines(text: string, end: number): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0 && at < end; at = text.indexOf("\n", at + 1)) count += 1;
  return count;
}
