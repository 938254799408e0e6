/** Order of strings by UTF-16 code unit, as Go's `<` orders ASCII. Never locale-dependent, so it is the same on any machine. */
export function compareStrings(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
