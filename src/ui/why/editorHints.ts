/** Findings at their places in the text, with their edits as quick fixes. Pure. */
import type { Diagnostic, TextEdit } from "../../model/trace/diagnostic.ts";
import { minimalEdit } from "../editor/minimalEdit.ts";
import type { Answer } from "./state.ts";

/** The one replacement between two texts, as an edit at lines and columns of the first; null when they are equal. */
export function textEdit(before: string, after: string): TextEdit | null {
  const edit = minimalEdit(before, after);
  if (edit === null) return null;
  const at = (offset: number): readonly [line: number, column: number] => {
    const lines = before.slice(0, offset).split("\n");
    return [lines.length, (lines.at(-1) ?? "").length + 1];
  };
  const [[startLine, startColumn], [endLine, endColumn]] = [at(edit.from), at(edit.to)];
  return { range: { startLine, startColumn, endLine, endColumn }, text: edit.insert };
}

/** Each finding once, where its first evidence stands in the text; one that is about nothing in the text has no place in it. */
export function hintsOf({ told, text }: Answer): readonly Diagnostic[] {
  return told.flatMap(({ finding, edited }): readonly Diagnostic[] => {
    const evidence = finding.evidence.find((one) => one.kind === "object" && one.range !== null);
    if (evidence?.kind !== "object" || evidence.range === null) return [];
    const edit = edited === null ? null : textEdit(text, edited);
    return [
      {
        severity: finding.severity === "note" ? "info" : "warning",
        source: "note",
        message: `${finding.id}: ${finding.cause}`,
        range: evidence.range,
        document: 0,
        object: evidence.object,
        fixes: edit === null || finding.fix === null ? [] : [{ title: finding.fix.title, edits: [edit] }],
      },
    ];
  });
}
