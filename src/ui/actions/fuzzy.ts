/** How well a text answers to what was typed: 0 not at all, else the more the better. Every word of it must be found, in any order. */
export function fuzzy(text: string, typed: string): number {
  const hay = text.toLowerCase();
  let score = 0;
  for (const word of typed.toLowerCase().split(/\s+/)) {
    if (word === "") continue;
    const one = ofWord(hay, word);
    if (one === 0) return 0;
    score += one;
  }
  // Of two that match alike the shorter one is meant.
  return score === 0 ? 1 : score + 1 / (1 + hay.length);
}

const isBoundary = (hay: string, at: number): boolean => at === 0 || !/[\p{L}\p{N}]/u.test(hay[at - 1] ?? "");

function ofWord(hay: string, word: string): number {
  let at = hay.indexOf(word);
  if (at >= 0) {
    for (let next = at; next >= 0; next = hay.indexOf(word, next + 1))
      if (isBoundary(hay, next)) return next === 0 ? 9 : 8;
    return 4;
  }
  if (word.length < 3) return 0;
  // Letters in order, the first of them at the start of a word: `dlpod` finds `delete pod`. Far apart is no match.
  for (at = hay.indexOf(word.charAt(0)); at >= 0; at = hay.indexOf(word.charAt(0), at + 1)) {
    if (!isBoundary(hay, at)) continue;
    let end = at;
    let missed = false;
    for (const letter of word.slice(1)) {
      const next = hay.indexOf(letter, end + 1);
      if (next < 0 || next - end > 12) {
        missed = true;
        break;
      }
      end = next;
    }
    if (!missed) return 1 + word.length / (end - at + 1);
  }
  return 0;
}

/** The best answers in order, at most `limit`; all of them, in their own order, when nothing was typed. */
export function best<T extends { readonly words: string }>(
  items: readonly T[],
  typed: string,
  limit: number,
): readonly T[] {
  if (typed.trim() === "") return items.slice(0, limit);
  return items
    .map((item, at) => ({ item, at, score: fuzzy(item.words, typed) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || a.at - b.at)
    .slice(0, limit)
    .map(({ item }) => item);
}
