/**
 * A pod's name short enough for its card: the random suffix is what tells pods apart, so only the middle goes
 * (`web-6c8b5d7f9-m4tqz` → `web-…-m4tqz`). Names of at most `limit` characters stay whole.
 */
export function shortenPodName(name: string, limit = 11): string {
  if (name.length <= limit) return name;
  const dash = name.lastIndexOf("-");
  const tail = dash > 0 && name.length - dash <= limit - 4 ? name.slice(dash) : name.slice(-5);
  const head = name.slice(0, Math.max(1, limit - tail.length - 1));
  return `${head}…${tail}`;
}

/** What tells a pod from its siblings in at most seven characters: the random suffix, the ordinal with what fits, or its beginning. */
export function podTail(name: string): string {
  if (name.length <= 7) return name;
  const tail = name.slice(name.lastIndexOf("-") + 1);
  if (tail === name || tail.length > 6) return `${name.slice(0, 6)}…`;
  return tail.length >= 4 ? tail : `${name.slice(0, 5 - tail.length)}…-${tail}`;
}

/** A probability as a reader says it: `1/3`, `2/5`, `1`; decimals when no small fraction fits. */
export function fractionText(p: number): string {
  if (p >= 1 - 1e-9) return "1";
  if (p <= 1e-9) return "0";
  for (let n = 2; n <= 60; n++) {
    const k = Math.round(p * n);
    if (k > 0 && Math.abs(p - k / n) < 1e-6) return `${k}/${n}`;
  }
  return p.toFixed(3);
}

/** Virtual time as the map shows it: `1.43 s`, `380 ms`, `0 s`. */
export function timeText(micros: number): string {
  if (micros === 0) return "0 s";
  if (micros >= 60_000_000) return `${(micros / 60_000_000).toFixed(1)} min`;
  if (micros >= 100_000) return `${(micros / 1_000_000).toFixed(2)} s`;
  return micros >= 1_000 ? `${(micros / 1_000).toFixed(2)} ms` : `${Math.round(micros)} µs`;
}
