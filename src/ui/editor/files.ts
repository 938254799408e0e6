/**
 * Several files in one text. The scenario stays one text for links, history and the CLI; a file begins at a marker line,
 *
 *     --- # file: web.yaml
 *
 * which is a document separator with a comment: kubectl, prettier and every YAML reader take it for that, and it ends the document
 * above it. What stands before the first marker is `scenario.yaml`, so a text without markers is that one file.
 */

export interface SourceFile {
  readonly name: string;
  readonly text: string;
}

export const FIRST_FILE = "scenario.yaml";

/** Longest file name, in characters. */
const LONGEST_NAME = 80;

const MARKER = /^--- # file: ([^\s/\\](?:[^\n\r\\]{0,78}[^\s/\\])?)$/gm;

const markerOf = (name: string): string => `--- # file: ${name}\n`;

/** A text's files in their order. Their texts, put together by {@link joinFiles}, are the text again, whatever it is. Never empty. */
export function filesOf(text: string): readonly SourceFile[] {
  const out: SourceFile[] = [];
  let name = FIRST_FILE;
  let from = 0;
  for (const match of text.matchAll(MARKER)) {
    const end = match.index + match[0].length;
    // A marker is a whole line: at the end of the text it has no line to end yet.
    if (text[end] !== "\n") continue;
    // To a regular expression U+2028 begins a line; to YAML 1.1's readers, as to us, it does not.
    if (match.index > 0 && text[match.index - 1] !== "\n") continue;
    // At the very start the first file's own name says nothing new: it stays in the text.
    if (match.index === 0 && match[1] === FIRST_FILE) continue;
    if (match.index > 0) out.push({ name, text: text.slice(from, match.index) });
    name = match[1] ?? "";
    from = end + 1;
  }
  out.push({ name, text: text.slice(from) });
  return out;
}

/** One text that holds these files. All but the last end with a line break in it: one that lacks it gets it, and nothing else changes. */
export function joinFiles(files: readonly SourceFile[]): string {
  return files
    .map(({ name, text }, at) => {
      const head = at === 0 && name === FIRST_FILE ? "" : markerOf(name);
      const unmarked = head === "" && text === "";
      const open = at < files.length - 1 && (unmarked || (text !== "" && !text.endsWith("\n")));
      return head + text + (open ? "\n" : "");
    })
    .join("");
}

/** A text's files by name, as the console's `-f NAME` and `cat NAME` read them; of two with one name the later. */
export const filesByName = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(filesOf(text).map((file) => [file.name, file.text]));

/** Why a name cannot be a file's, as a sentence; null when it can. */
export function nameProblem(name: string, others: readonly string[]): string | null {
  if (name === "") return "A file needs a name.";
  if (name.length > LONGEST_NAME) return `A name has at most ${String(LONGEST_NAME)} characters.`;
  // oxlint-disable-next-line no-control-regex -- those are what is meant
  if (/[\\\u0000-\u001f\u007f\u2028\u2029]/.test(name)) return "A name has no backslash, tab or line break.";
  if (/^[\s/]|[\s/]$/.test(name)) return "A name begins and ends with neither a blank nor a slash.";
  if (others.includes(name)) return `There is a ${name} already.`;
  return null;
}

/** The name itself when it is free, else with the first free number: `web.yaml`, `web-2.yaml`. */
export function freeName(wanted: string, others: readonly string[]): string {
  // oxlint-disable-next-line no-control-regex -- those are what is meant
  const plain = wanted.replace(/[\\\u0000-\u001f\u007f\u2028\u2029]+/g, " ").replace(/^[\s/]+|[\s/]+$/g, "");
  const named = plain === "" ? "file.yaml" : plain;
  const dot = named.lastIndexOf(".");
  const [stem, ending] = dot > 0 ? [named.slice(0, dot), named.slice(dot)] : [named, ""];
  for (let n = 1; ; n++) {
    const tail = `${n === 1 ? "" : `-${String(n)}`}${ending}`.slice(-LONGEST_NAME);
    const name = stem.slice(0, Math.max(0, LONGEST_NAME - tail.length)).trimEnd() + tail;
    if (!others.includes(name)) return name;
  }
}

/** A place in one of the files: lines from 1, as in that file. */
export interface FilePlace {
  readonly file: number;
  readonly line: number;
}

/** Where each file's first line stands in the whole text, from 1. */
export function firstLines(files: readonly SourceFile[]): readonly number[] {
  const out: number[] = [];
  let line = 1;
  for (const [at, { name, text }] of files.entries()) {
    const marked = at > 0 || name !== FIRST_FILE;
    if (marked) line++;
    out.push(line);
    const breaks = countBreaks(text);
    line += breaks + (text !== "" && !text.endsWith("\n") ? 1 : text === "" && !marked ? 1 : 0);
  }
  return out;
}

/** A line of the whole text as a line of a file. A marker's line is the first line of the file that it begins. */
export function placeOf(starts: readonly number[], line: number): FilePlace {
  let file = starts.findLastIndex((start) => start <= line + 1);
  if (file < 0) file = 0;
  // The line above a file's first is its marker, unless there is none.
  if ((starts[file] ?? 1) === line + 1 && file > 0 && line < (starts[file] ?? 1)) return { file, line: 1 };
  return { file, line: Math.max(1, line - (starts[file] ?? 1) + 1) };
}

/** A line of a file as a line of the whole text. */
export const lineOf = (starts: readonly number[], { file, line }: FilePlace): number => (starts[file] ?? 1) + line - 1;

function countBreaks(text: string): number {
  let n = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) n++;
  return n;
}
