/** The first line that differs, with its number, or null when the texts are equal to the byte. */
export function firstDifference(wanted: string, got: string): string | null {
  if (wanted === got) return null;
  const a = wanted.split("\n");
  const b = got.split("\n");
  const length = Math.max(a.length, b.length);
  for (let i = 0; i < length; i++) {
    if (a[i] !== b[i]) return `line ${i + 1}\n  wanted: ${a[i] ?? "(end)"}\n  got:    ${b[i] ?? "(end)"}`;
  }
  return "texts differ";
}
