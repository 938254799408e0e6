/** One word of a rule line, with its place so that what is not understood can be kept to the letter. */
export interface Word {
  readonly text: string;
  /** Was it, or a part of it, in quotes? Then it is never an option. */
  readonly quoted: boolean;
  readonly start: number;
  readonly end: number;
}

/** Splits a line as iptables-restore does: blanks separate, double or single quotes group, a backslash in double quotes escapes. */
export function splitWords(line: string): readonly Word[] {
  const words: Word[] = [];
  let i = 0;
  while (i < line.length) {
    if (line[i] === " " || line[i] === "\t") {
      i += 1;
      continue;
    }
    const start = i;
    let text = "";
    let quoted = false;
    while (i < line.length && line[i] !== " " && line[i] !== "\t") {
      const quote = line[i];
      if (quote !== '"' && quote !== "'") {
        text += line[i++];
        continue;
      }
      quoted = true;
      i += 1;
      while (i < line.length && line[i] !== quote) {
        if (quote === '"' && line[i] === "\\" && i + 1 < line.length) i += 1;
        text += line[i++];
      }
      i += 1;
    }
    words.push({ text, quoted, start, end: Math.min(i, line.length) });
  }
  return words;
}
