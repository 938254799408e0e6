/** From lines of the whole text, as the core counts, to lines of the open files, as the reader sees them. */
import type { Diagnostic, TextEdit, TextRange } from "../../model/trace/diagnostic.ts";
import { firstLines, joinFiles, placeOf } from "./files.ts";
import { lineMap } from "./lines.ts";
import type { Tab } from "./tabs.ts";

export interface Spot {
  /** Id of the tab. */
  readonly tab: number;
  /** Line of that file, from 1. */
  readonly line: number;
}

/**
 * Finds lines of a text in the files as they are being edited; null for a line that was changed since. `text` is what the lines
 * speak of: the text in force, which is older than the files while something is half typed.
 */
export function spotter(tabs: readonly Tab[], text: string): (line: number) => Spot | null {
  const starts = firstLines(tabs);
  const now = lineMap(text, joinFiles(tabs));
  return (line) => {
    const here = now(line);
    if (here === null) return null;
    const { file, line: inFile } = placeOf(starts, here);
    return { tab: tabs[file]?.id ?? 0, line: inFile };
  };
}

/** A one-click mend whose edits know their files. */
export interface PlacedFix {
  readonly title: string;
  readonly edits: readonly { readonly tab: number; readonly edit: TextEdit }[];
}

/** A remark in one of the files: lines are that file's. */
export interface PlacedDiagnostic {
  readonly tab: number;
  readonly range: TextRange;
  /** The diagnostic's, with the line that it names counted in its file. */
  readonly message: string;
  readonly diagnostic: Diagnostic;
  readonly fixes: readonly PlacedFix[];
}

/** Diagnostics of a text, in the files that it has become, file by file. */
export function placeDiagnostics(
  tabs: readonly Tab[],
  text: string,
  all: readonly Diagnostic[],
): readonly PlacedDiagnostic[] {
  const starts = firstLines(tabs);
  const now = lineMap(text, joinFiles(tabs));
  const lengths = new Map<number, number>();
  const lengthOf = (file: number): number => {
    const known = lengths.get(file) ?? tabs[file]?.text.split("\n").length ?? 1;
    lengths.set(file, known);
    return known;
  };
  const place = (range: TextRange): { readonly tab: number; readonly range: TextRange } => {
    const from = placeOf(starts, now(range.startLine) ?? range.startLine);
    const last = lengthOf(from.file);
    // What reaches into the next file ends with this one.
    const reach = from.line + range.endLine - range.startLine;
    const within = reach <= last;
    return {
      tab: tabs[from.file]?.id ?? 0,
      range: {
        startLine: from.line,
        startColumn: range.startColumn,
        endLine: within ? reach : last,
        endColumn: within ? range.endColumn : Number.MAX_SAFE_INTEGER,
      },
    };
  };
  return all.map((diagnostic) => ({
    ...place(diagnostic.range),
    message: tabs.length === 1 ? diagnostic.message : inFile(diagnostic, place),
    diagnostic,
    fixes: diagnostic.fixes.map(({ title, edits }) => ({
      title,
      edits: edits.map(({ range, text }) => {
        const { tab, range: there } = place(range);
        return { tab, edit: { range: there, text } };
      }),
    })),
  }));
}

/** go-yaml's messages name a line: that of the whole text would lead nowhere in a file. */
function inFile(
  { source, message, range }: Diagnostic,
  place: (range: TextRange) => { readonly range: TextRange },
): string {
  if (source !== "yaml") return message;
  return message.replaceAll(/\bline (\d+)/g, (words, line: string) =>
    words.replace(line, String(place({ ...range, startLine: Number(line), endLine: Number(line) }).range.startLine)),
  );
}
