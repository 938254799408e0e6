/** From an object's field to its place in the text, and back. */
import { documentKey, findDocument, locate, locateMark, type Manifest, pathAt } from "../manifest/manifest.ts";
import type { JsonValue } from "../base/json.ts";
import { applyFieldEdits } from "../manifest/field-edits.ts";
import type { ObjectKey } from "../model/meta/types.ts";
import type { TextRange } from "../model/trace/diagnostic.ts";

const TOP: TextRange = { startLine: 1, startColumn: 1, endLine: 1, endColumn: 1 };

/** Where an object's field stands, falling back to the nearest part of it that is written; null when the object is not in the text. */
export function placeOf(manifest: Manifest, object: ObjectKey, path: string): TextRange | null {
  const document = findDocument(manifest, object);
  return document === undefined ? null : locate(document, path);
}

/** Where to mark a remark on a document's field; the top of the text when there is no such document. */
export function markOf(manifest: Manifest, index: number, path: string): TextRange {
  const document = manifest.documents.find((d) => d.index === index);
  return document === undefined ? TOP : locateMark(document, path);
}

/** The object and field under a position of the text. */
export function fieldAt(
  manifest: Manifest,
  line: number,
  column: number,
): { readonly object: ObjectKey; readonly path: string } | null {
  const found = pathAt(manifest, line, column);
  if (found === null) return null;
  const object = documentKey(found.document);
  return object === null ? null : { object, path: found.path };
}

/** The text with an object's field set; null when the object is not in it, or its document cannot be edited. */
export function withField(
  text: string,
  manifest: Manifest,
  object: ObjectKey,
  path: string,
  to: JsonValue,
): string | null {
  const document = findDocument(manifest, object);
  return document === undefined ? null : applyFieldEdits(text, [{ document: document.index, path, from: null, to }]);
}
