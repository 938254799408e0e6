/** Changes of single fields, made in the text so that the rest of it, comments included, stays as it is. */
import { type JsonValue, isRecord } from "../base/json.ts";
import type { FieldPath } from "../model/decode.ts";
import type { TextEdit } from "../model/trace/diagnostic.ts";
import type { FieldEdit } from "../model/trace/finding.ts";
import type { ManifestDocument } from "./document.ts";
import { offsetAt } from "./lines.ts";
import { parsePath } from "./locate.ts";
import { parseManifest } from "./manifest.ts";
import { type Rewrite, rewriteEdits, yamlText } from "./rewrite.ts";

/** What stands at a path of plain data; undefined when nothing does. */
export function valueAt(value: unknown, path: FieldPath): unknown {
  let at: unknown = value;
  for (const step of path) {
    if (Array.isArray(at)) at = typeof step === "number" ? (at as readonly unknown[])[step] : undefined;
    else if (isRecord(at)) at = at[String(step)];
    else return undefined;
  }
  return at;
}

/** `value` with `to` at a path below it; a list grows by one when the path names the place behind its last item. */
function changed(value: unknown, path: FieldPath, to: JsonValue): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return to;
  const inner = (old: unknown): unknown => changed(old, rest, to);
  const gone = rest.length === 0 && to === null;
  if (typeof step === "number") {
    const list: readonly unknown[] = Array.isArray(value) ? (value as readonly unknown[]) : [];
    if (gone) return list.filter((_, i) => i !== step);
    return step >= list.length ? [...list, inner(undefined)] : list.map((item, i) => (i === step ? inner(item) : item));
  }
  const record = isRecord(value) ? value : {};
  if (!gone) return { ...record, [step]: inner(record[step]) };
  return Object.fromEntries(Object.entries(record).filter(([key]) => key !== step));
}

/** The smallest rewrite of the text that puts `to` at the path. */
function rewriteOf(document: ManifestDocument, path: FieldPath, to: JsonValue): Rewrite | null {
  // As much of the path as is there.
  let depth = 0;
  while (depth < path.length && valueAt(document.value, path.slice(0, depth + 1)) !== undefined) depth += 1;
  const isThere = depth === path.length;
  if (to === null && !isThere) return null;
  const last = path.at(-1);
  if (isThere && to !== null) return { op: "set", path, value: to };
  if (isThere && typeof last === "string") {
    const parent = valueAt(document.value, path.slice(0, -1));
    // The last member of a mapping leaves an empty one behind.
    return isRecord(parent) && Object.keys(parent).length === 1
      ? { op: "set", path: path.slice(0, -1), value: {} }
      : { op: "remove", path };
  }
  const at = path.slice(0, isThere ? -1 : depth);
  const rest = path.slice(at.length);
  const there = valueAt(document.value, at);
  const key = rest[0];
  if (typeof key === "string" && isRecord(there) && Object.keys(there).length > 0) {
    return { op: "insert", path: at, key, value: changed(undefined, rest.slice(1), to) };
  }
  return { op: "set", path: at, value: changed(there, rest, to) };
}

function applied(text: string, lines: readonly number[], edits: readonly TextEdit[]): string {
  let out = text;
  for (const { range, text: put } of [...edits].reverse()) {
    const start = offsetAt(lines, text.length, range.startLine, range.startColumn);
    const end = offsetAt(lines, text.length, range.endLine, range.endColumn);
    out = out.slice(0, start) + put + out.slice(end);
  }
  return out;
}

function oneEdit(text: string, { document, path, to }: FieldEdit): string | null {
  const manifest = parseManifest(text);
  if (document === manifest.documents.length && path === "" && to !== null) {
    const gap = text === "" || text.endsWith("\n") ? "" : "\n";
    return `${text}${gap}${text.trim() === "" ? "" : "---\n"}${yamlText(to)}\n`;
  }
  const found = manifest.documents[document];
  if (found === undefined || !found.valid) return null;
  if (path === "") {
    const start = found.base + found.source.start;
    const end = found.base + found.source.end;
    return text.slice(0, start) + (to === null ? "" : yamlText(to)) + text.slice(end);
  }
  const rewrite = rewriteOf(found, parsePath(path), to);
  const edits = rewrite === null ? null : rewriteEdits(found, [rewrite]);
  return edits === null ? null : applied(text, manifest.lines, edits);
}

/**
 * The text with all edits made, one after the other: indices of documents are those of the given text, so that a document is
 * removed by an edit that leaves nothing in its place. Null when one of them cannot be made (no such document, broken YAML, an alias).
 */
export function applyFieldEdits(text: string, edits: readonly FieldEdit[]): string | null {
  let out: string | null = text;
  // A removed document's index is taken by the next one: later documents first.
  for (const edit of [...edits].sort((a, b) => b.document - a.document)) {
    if (out === null) return null;
    out = oneEdit(out, edit);
  }
  return out;
}
