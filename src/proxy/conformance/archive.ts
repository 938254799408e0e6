import type { CaseFiles } from "./case.ts";

const HEADER = /^-- (\S+) --$/;

/** Reads several files from one text: each begins with a line `-- name --` and holds the lines up to the next one. */
export function readArchive(text: string): CaseFiles {
  const files: Record<string, string> = {};
  let name: string | null = null;
  for (const line of text.split(/(?<=\n)/)) {
    const header = HEADER.exec(line.trimEnd());
    if (header) {
      name = header[1] as string;
      files[name] = "";
    } else if (name !== null) files[name] += line;
  }
  return files;
}
