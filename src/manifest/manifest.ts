/** Text → documents with their places in the text. YAML and JSON (which is YAML), several documents, Lists taken apart. */
import { isRecord } from "../base/json.ts";
import type { Diagnostic } from "../model/trace/diagnostic.ts";
import { type ComposedDocument, composeChunk, type SourceNode, type YamlProblem } from "./compose.ts";
import type { Manifest, ManifestDocument } from "./document.ts";
import { composeItems, turnItems } from "./items.ts";
import { MAX_DIAGNOSTICS, MAX_DOCUMENTS, MAX_TEXT } from "./limits.ts";
import { lineAt, lineStarts, rangeOf } from "./lines.ts";

type Chunks = Map<string, readonly ComposedDocument[]>;

/** Chunks of the last two texts: an edit leaves all but one as they were, and undoing it finds that one too. */
let last: Chunks = new Map();
let current: Chunks = new Map();

function compose(chunk: string): readonly ComposedDocument[] {
  let composed = current.get(chunk) ?? last.get(chunk);
  if (composed === undefined) {
    const list = composeItems(chunk);
    composed = list === null ? composeChunk(chunk) : [list];
  }
  current.set(chunk, composed);
  return composed;
}

/**
 * Offsets at which chunks begin. Like kubectl, the text is cut at `---` lines before anything is parsed, so that one broken
 * document leaves the others alone. A head of comments and directives stays with the document that follows it.
 */
function chunkStarts(text: string, starts: readonly number[]): readonly number[] {
  const out = [0];
  let content = false;
  for (const start of starts) {
    if (text.startsWith("---", start) && /^---(\s|$)/.test(text.slice(start, start + 4))) {
      if (content) out.push(start);
      content = true;
    } else if (!content) {
      const end = text.indexOf("\n", start);
      content = !/^\s*([#%].*)?$/.test(text.slice(start, end < 0 ? text.length : end));
    }
  }
  return out;
}

/**
 * Reads a manifest. Never throws: what is wrong with the text is said in `diagnostics`, at its place, and every document that is
 * not broken is there.
 */
export function parseManifest(text: string): Manifest {
  const lines = lineStarts(text);
  const diagnostics: Diagnostic[] = [];
  const documents: ManifestDocument[] = [];
  const refuse = (message: string, start: number, end: number): void => {
    if (diagnostics.length >= MAX_DIAGNOSTICS) return;
    diagnostics.push({
      severity: "error",
      source: "yaml",
      message,
      range: rangeOf(lines, start, end),
      document: documents.length,
      object: null,
      fixes: [],
    });
  };
  if (text.length > MAX_TEXT) {
    refuse(`the text is larger than ${MAX_TEXT / 1024 / 1024} MiB: split it up`, MAX_TEXT, MAX_TEXT);
    return { documents, diagnostics, length: text.length, lines };
  }
  last = current;
  current = new Map();
  turnItems(text);
  const starts = chunkStarts(text, lines);
  for (const [i, base] of starts.entries()) {
    for (const composed of compose(text.slice(base, starts[i + 1] ?? text.length))) {
      if (composed.problem !== null) {
        const { start, end } = composed.problem;
        refuse(problemText(composed.problem, base, lines), base + start, base + end);
      }
      for (const part of takeApart(composed)) {
        if (documents.length >= MAX_DOCUMENTS) {
          refuse(
            `more than ${MAX_DOCUMENTS} documents: split the text up`,
            base + part.source.start,
            base + part.source.start,
          );
          return { documents, diagnostics, length: text.length, lines };
        }
        documents.push(document(documents.length, part, composed.problem === null, base, lines));
      }
    }
  }
  return { documents, diagnostics, length: text.length, lines };
}

/** `error converting YAML to JSON: yaml: line 5: did not find expected key`. Lines are those of the whole text, where kubectl counts from the last `---`. */
function problemText(problem: YamlProblem, base: number, lines: readonly number[]): string {
  const line = 1 + lineAt(lines, base + problem.start);
  const message = problem.message.replace(/^( {2})line \d+: /m, `$1line ${line}: `);
  return `error converting YAML to JSON: yaml: ${problem.withLine ? `line ${line}: ` : ""}${message}`;
}

interface Part {
  readonly value: unknown;
  readonly source: SourceNode;
}

/** `kind: List` (and typed lists, as PodList) stands for its items. */
function takeApart(part: Part): readonly Part[] {
  if (!isRecord(part.value)) return [part];
  const { kind, items } = part.value;
  if (typeof kind !== "string" || !kind.endsWith("List") || !(Array.isArray(items) || items === null)) return [part];
  const sources = part.source.members?.get("items")?.items ?? [];
  return ((items ?? []) as readonly unknown[]).flatMap((value, i) => {
    const source = sources[i];
    return source === undefined ? [] : takeApart({ value, source });
  });
}

function document(index: number, part: Part, valid: boolean, base: number, lines: readonly number[]): ManifestDocument {
  const root = isRecord(part.value) ? part.value : {};
  const metadata = isRecord(root["metadata"]) ? root["metadata"] : {};
  const text = (value: unknown): string => (typeof value === "string" ? value : "");
  const namespace = text(metadata["namespace"]);
  return {
    index,
    apiVersion: text(root["apiVersion"]),
    kind: text(root["kind"]),
    name: text(metadata["name"]),
    namespace: namespace === "" ? null : namespace,
    value: part.value,
    range: rangeOf(lines, base + part.source.start, base + part.source.end),
    valid,
    base,
    source: part.source,
    lines,
  };
}

/** The public face of this folder. */
export { type DecodedManifest, decodeManifest } from "./decode.ts";
export { statusDiagnostics } from "./diagnostics.ts";
export { documentKey, findDocument, type Manifest, type ManifestDocument } from "./document.ts";
export { locate, locateKey, locateMark, pathAt } from "./locate.ts";
