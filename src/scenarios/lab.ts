/** What the page needs to know of a scenario before any cluster runs: its title and the request that it opens with. */

export interface LabNotes {
  readonly title: string | null;
  readonly open: { readonly from: string; readonly to: string } | null;
}

const unquote = (text: string): string => text.trim().replace(/^(["'])(.*)\1$/, "$2");

/**
 * Reads `spec.title` and `spec.open` of the Lab document in block or flow style, and falls back to the first comment line for the
 * title. This is no YAML parser: it reads the scenarios that ship with the page, and finds nothing rather than guess.
 */
export function readLab(text: string): LabNotes {
  const lab = text.split(/^---.*$/m).find((document) => /^kind:\s*Lab\s*(#.*)?$/m.test(document));
  const comment = /^#\s*(\S.*)$/m.exec(text)?.[1] ?? null;
  if (lab === undefined) return { title: comment, open: null };
  // A plain scalar ends at a comma only inside braces.
  const title =
    /^\s*title:\s*("[^"]*"|'[^']*'|[^\n#]+)/m.exec(lab)?.[1] ??
    /[{,]\s*title:\s*("[^"]*"|'[^']*'|[^,}\n]+)/.exec(lab)?.[1];
  const open = /(?:^|[{,])\s*open:\s*(\{[^}]*\}|(?:\n[ ]+\S[^\n]*)+)/m.exec(lab)?.[1] ?? "";
  const from = /(?:^|[\s{,])from:\s*("[^"]*"|'[^']*'|[^\s,}]+)/.exec(open)?.[1];
  const to = /(?:^|[\s{,])to:\s*("[^"]*"|'[^']*'|[^\s,}]+)/.exec(open)?.[1];
  return {
    title: title === undefined ? comment : unquote(title),
    open: from === undefined || to === undefined ? null : { from: unquote(from), to: unquote(to) },
  };
}
