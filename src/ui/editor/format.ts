/** YAML laid out evenly: two blanks a level, lists indented below their key. A document that could lose anything by it is left alone. Pure. */
import { Composer, isAlias, isMap, isPair, isScalar, isSeq, Parser, visit, type Document } from "yaml";

/** Failsafe: every scalar stays the word that was written, so that `yes`, `0755` and `1.10` are what they were. */
const READ = {
  schema: "failsafe",
  merge: false,
  uniqueKeys: false,
  keepSourceTokens: false,
  logLevel: "silent",
} as const;
const WRITE = { indent: 2, indentSeq: true, lineWidth: 0, minContentWidth: 0 } as const;

export interface Formatted {
  readonly text: string;
  /** Documents left as they were: broken, or not to be laid out without a loss. */
  readonly left: number;
}

/** Formats a file's text. Laid out twice it is the same as once. */
export function formatYaml(text: string): Formatted {
  let left = 0;
  const parts = splitDocuments(text);
  const out = parts.map(({ head, body }) => {
    const made = formatBody(body);
    if (made === null) left++;
    return head + (made ?? body);
  });
  return { text: out.join(""), left };
}

/** Separator lines stay as they are, comments on them included; between them stand the documents. */
function splitDocuments(text: string): readonly { readonly head: string; readonly body: string }[] {
  const out: { head: string; body: string }[] = [];
  let head = "";
  let body = "";
  for (const line of text.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
    if (/^---\s*(#.*)?$/.test(line.trimEnd())) {
      out.push({ head, body });
      head = line;
      body = "";
    } else body += line;
  }
  out.push({ head, body });
  return out;
}

function compose(text: string): Document.Parsed | null {
  const documents = [...new Composer(READ).compose(new Parser().parse(text), true, text.length)];
  const [document] = documents;
  return documents.length === 1 && document !== undefined && document.errors.length === 0 ? document : null;
}

function formatBody(body: string): string | null {
  if (body.trim() === "") return body;
  const document = compose(body);
  // A directive, JSON or a text that is all comments: nothing to lay out.
  if (document === null || /^(%|\.\.\.)/m.test(body)) return null;
  if (document.contents === null || !(isMap(document.contents) || isSeq(document.contents))) return body;
  if ((document.contents as { flow?: boolean }).flow === true) return body;
  const laid = settle(document);
  if (laid === null) return null;
  const kept =
    JSON.stringify(plain(laid.document.contents)) === JSON.stringify(plain(document.contents)) &&
    commentsOf(laid.text).join("\n") === commentsOf(body).join("\n");
  return kept ? laid.text : null;
}

/** Comments move to the level that they belong to in one pass, and lie still from the next on: as often as that takes. */
function settle(first: Document.Parsed): { readonly text: string; readonly document: Document.Parsed } | null {
  let text = write(first);
  for (let pass = 0; pass < 4 && text !== null; pass++) {
    const document = compose(text);
    if (document === null) return null;
    const next = write(document);
    if (next === text) return { text, document };
    text = next;
  }
  return null;
}

/** Maps in flow have air inside, `{ a: 1 }`, lists have none: the library knows one way for both. */
function airy(node: object, padding: string): void {
  type Print = (context: object, ...rest: unknown[]) => string;
  const print = (node as { readonly toString: Print }).toString;
  const mine: Print = (context, ...rest) => print.call(node, { ...context, flowCollectionPadding: padding }, ...rest);
  Object.assign(node, { toString: mine });
}

function write(document: Document.Parsed): string | null {
  try {
    visit(document, { Map: (_, node) => airy(node, " "), Seq: (_, node) => airy(node, "") });
    const text = document.toString(WRITE);
    return text.endsWith("\n") ? text : `${text}\n`;
  } catch {
    return null;
  }
}

/** The comments of a text in their order, without their place on the line. */
export function commentsOf(text: string): readonly string[] {
  const out: string[] = [];
  for (const token of new Parser().parse(text)) {
    const stack: unknown[] = [token];
    while (stack.length > 0) {
      const one = stack.pop();
      if (typeof one !== "object" || one === null) continue;
      const { type, source } = one as { readonly type?: unknown; readonly source?: unknown };
      if (type === "comment" && typeof source === "string") out.push(source.trim());
      const inner = Array.isArray(one)
        ? one
        : Object.entries(one as object).map(([, value]: [string, unknown]) => value);
      for (let at = inner.length - 1; at >= 0; at--) stack.push(inner[at]);
    }
  }
  return out;
}

/** A node as plain data, with its anchors, aliases and tags: what must be the same before and after. */
function plain(node: unknown): unknown {
  if (isAlias(node)) return { alias: node.source };
  if (isPair(node)) return [plain(node.key), plain(node.value)];
  const { anchor, tag } = (node ?? {}) as { readonly anchor?: string; readonly tag?: string };
  const about = anchor === undefined && tag === undefined ? {} : { anchor, tag };
  if (isScalar(node)) return { ...about, scalar: node.value, plain: node.type === "PLAIN" };
  if (isMap(node) || isSeq(node))
    return { ...about, kind: isMap(node) ? "map" : "seq", items: (node.items as readonly unknown[]).map(plain) };
  return null;
}
