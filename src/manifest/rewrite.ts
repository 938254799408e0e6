/** Edits that turn one form of an object's text into another and leave the rest of the text, comments included, as it is. */
import { isRecord } from "../base/json.ts";
import type { FieldPath } from "../model/decode.ts";
import type { TextEdit } from "../model/trace/diagnostic.ts";
import type { SourceNode } from "./compose.ts";
import type { ManifestDocument } from "./document.ts";
import { rangeOf } from "./lines.ts";
import { resolvePlain } from "./scalars.ts";

export type Rewrite =
  | { readonly op: "set"; readonly path: FieldPath; readonly value: unknown }
  /** A new member, first of the mapping at the path. */
  | { readonly op: "insert"; readonly path: FieldPath; readonly key: string; readonly value: unknown }
  | { readonly op: "remove"; readonly path: FieldPath }
  | { readonly op: "rename"; readonly path: FieldPath; readonly to: string };

function plainText(text: string): string {
  return /^[A-Za-z][\w./-]*$/.test(text) && resolvePlain(text) === text ? text : JSON.stringify(text);
}

/** A value as block YAML; lines after the first are indented by `indent`. */
function blockText(value: unknown, indent: number): string {
  const pad = " ".repeat(indent);
  if (isRecord(value)) {
    const members = Object.entries(value);
    if (members.length === 0) return "{}";
    return members.map(([key, member]) => `${plainText(key)}:${memberText(member, indent)}`).join(`\n${pad}`);
  }
  if (Array.isArray(value)) {
    return value.length === 0 ? "[]" : value.map((item) => `- ${blockText(item, indent + 2)}`).join(`\n${pad}`);
  }
  return typeof value === "string" ? plainText(value) : JSON.stringify(value ?? null);
}

/** Plain data as a block of YAML, from column 1, without a line break at its end. */
export const yamlText = (value: unknown): string => blockText(value, 0);

/** What stands after `key:` of a member whose key is indented by `indent`. */
function memberText(value: unknown, indent: number): string {
  const nested = Array.isArray(value) ? value.length > 0 : isRecord(value) && Object.keys(value).length > 0;
  return nested ? `\n${" ".repeat(indent + 2)}${blockText(value, indent + 2)}` : ` ${blockText(value, indent)}`;
}

interface Place {
  readonly node: SourceNode;
  readonly parent: SourceNode | null;
}

/** The node at a path, or null when it is not in the text or stands elsewhere, as what an alias shows. */
function placeOf(document: ManifestDocument, path: FieldPath): Place | null {
  let node = document.source;
  let parent: SourceNode | null = null;
  for (const step of path) {
    const next = typeof step === "number" ? node.items?.[step] : node.members?.get(step);
    if (next === undefined) return null;
    if ((next.key?.start ?? next.start) < node.start || next.end > node.end) return null;
    [parent, node] = [node, next];
  }
  return { node, parent };
}

/** Brackets, braces and JSON; a scalar goes into either. */
const isFlow = ({ flow, members, items }: SourceNode): boolean => flow === true || (members === null && items === null);

function editOf(document: ManifestDocument, rewrite: Rewrite): TextEdit | null {
  const place = placeOf(document, rewrite.path);
  if (place === null) return null;
  const { node, parent } = place;
  const edit = (start: number, end: number, text: string): TextEdit => ({
    range: rangeOf(document.lines, document.base + start, document.base + end),
    text,
  });
  const column = (offset: number): number => {
    const at = document.base + offset;
    return rangeOf(document.lines, at, at).startColumn - 1;
  };
  switch (rewrite.op) {
    case "set": {
      if (isFlow(node)) {
        const scalar = typeof rewrite.value === "string" && node.members === null;
        const json = parent !== null && isFlow(parent);
        return edit(node.start, node.end, scalar && !json ? plainText(rewrite.value) : JSON.stringify(rewrite.value));
      }
      return edit(node.start, node.end, blockText(rewrite.value, column(node.start)));
    }
    case "insert": {
      if (node.members === null || node.members.size === 0) return null;
      const { key, value } = rewrite;
      if (isFlow(node)) {
        const first = node.members.values().next().value?.key?.start;
        return first === undefined ? null : edit(first, first, `${JSON.stringify(key)}: ${JSON.stringify(value)}, `);
      }
      const indent = column(node.start);
      const text = `${plainText(key)}:${memberText(value, indent)}\n${" ".repeat(indent)}`;
      return edit(node.start, node.start, text);
    }
    case "remove": {
      if (parent === null || parent.members === null || node.key === null) return null;
      const siblings = [...parent.members.values()].sort((a, b) => (a.key?.start ?? 0) - (b.key?.start ?? 0));
      const at = siblings.indexOf(node);
      const next = siblings[at + 1]?.key ?? null;
      if (next !== null) return edit(node.key.start, next.start, "");
      const before = siblings[at - 1];
      return before === undefined ? null : edit(Math.max(before.end, before.key?.end ?? 0), node.end, "");
    }
    case "rename":
      return node.key === null ? null : edit(node.key.start, node.key.end, rewrite.to);
  }
}

/** The edits, in the order of the text; null when one of them cannot be made in this text. */
export function rewriteEdits(document: ManifestDocument, rewrites: readonly Rewrite[]): readonly TextEdit[] | null {
  const edits: TextEdit[] = [];
  for (const rewrite of rewrites) {
    const edit = editOf(document, rewrite);
    if (edit === null) return null;
    edits.push(edit);
  }
  edits.sort(
    ({ range: a }, { range: b }) =>
      a.startLine - b.startLine || a.startColumn - b.startColumn || a.endLine - b.endLine || a.endColumn - b.endColumn,
  );
  // Two edits at one place become one: editors differ in what they make of their order.
  const out: TextEdit[] = [];
  for (const edit of edits) {
    const last = out[out.length - 1];
    const { startLine, startColumn } = edit.range;
    if (last?.range.startLine === startLine && last.range.startColumn === startColumn) {
      out[out.length - 1] = { range: edit.range, text: last.text + edit.text };
    } else out.push(edit);
  }
  return out;
}
