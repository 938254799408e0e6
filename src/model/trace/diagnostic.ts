import type { ObjectKey } from "../meta/types.ts";

/** A half-open span of the text: lines and columns from 1, as editors count, in UTF-16 units. */
export interface TextRange {
  readonly startLine: number;
  readonly startColumn: number;
  readonly endLine: number;
  readonly endColumn: number;
}

export interface TextEdit {
  readonly range: TextRange;
  readonly text: string;
}

/** A remark on the text, at the place it is about. `message` is the real server's (or YAML parser's) wording. */
export interface Diagnostic {
  readonly severity: "error" | "warning" | "info";
  /** yaml: not parsable. decode: unknown or mistyped field. admission: the API server refused. note: ours. */
  readonly source: "yaml" | "decode" | "admission" | "note";
  readonly message: string;
  readonly range: TextRange;
  /** Document in the text, from 0. */
  readonly document: number;
  readonly object: ObjectKey | null;
  /** One-click mends. */
  readonly fixes: readonly { readonly title: string; readonly edits: readonly TextEdit[] }[];
}
