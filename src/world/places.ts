/** From an object's field to its place in the text, and back. */
import { locate, type Manifest, type ManifestDocument, pathAt } from "../manifest/manifest.ts";
import { kindInfo } from "../model/kinds.ts";
import { objectKey, type ObjectKey } from "../model/meta/types.ts";
import type { TextRange } from "../model/trace/diagnostic.ts";

const TOP: TextRange = { startLine: 1, startColumn: 1, endLine: 1, endColumn: 1 };

/** The object that a document of the text stands for. */
export function documentKey(document: ManifestDocument): ObjectKey | null {
  const { apiVersion, kind, name, namespace } = document;
  if (kind === undefined || name === undefined) return null;
  const namespaced = kindInfo(apiVersion ?? "", kind)?.namespaced ?? true;
  return objectKey(kind, namespaced ? (namespace ?? "default") : undefined, name);
}

/** Where an object's field stands, falling back to the nearest part of it that is written; null when the object is not in the text. */
export function placeOf(manifest: Manifest, object: ObjectKey, path: string): TextRange | null {
  const document = manifest.documents.find((d) => documentKey(d) === object);
  return document === undefined ? null : locate(document, path);
}

/** Like {@link placeOf} by document number, for refusals: the whole document, or the top of the text, when there is nothing nearer. */
export function refusalRange(manifest: Manifest, index: number, path: string): TextRange {
  const document = manifest.documents.find((d) => d.index === index);
  if (document === undefined) return TOP;
  return locate(document, path) ?? document.range;
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
