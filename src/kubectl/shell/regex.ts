/** POSIX regular expressions as JavaScript writes them. */

const POSIX: readonly (readonly [RegExp, string])[] = [
  [/\[:alnum:\]/g, "A-Za-z0-9"],
  [/\[:alpha:\]/g, "A-Za-z"],
  [/\[:digit:\]/g, "0-9"],
  [/\[:space:\]/g, "\\s"],
  [/\[:upper:\]/g, "A-Z"],
  [/\[:lower:\]/g, "a-z"],
  [/\\[<>]/g, "\\b"],
];

/** Classes and word boundaries of POSIX as JavaScript has them. */
export const extended = (pattern: string): string =>
  POSIX.reduce((text, [from, to]) => text.replace(from, to), pattern);

/** A basic regular expression: `\|`, `\(`, `\+` act, their bare forms are plain. */
export function basic(pattern: string): string {
  return extended(pattern).replace(/\\?[|(){}+?]|\\./g, (token) =>
    token.length === 1 ? `\\${token}` : /^\\[|(){}+?]$/.test(token) ? token.slice(1) : token,
  );
}
