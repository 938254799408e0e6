/**
 * A probability as people say it: "1/3", "2/9", "1". Finds the fraction with the smallest denominator (up to 10,000) that is
 * the number to nine digits; anything else is written in percent.
 */
export function fraction(p: number): string {
  if (!Number.isFinite(p) || p < 0) return "?";
  if (Math.abs(p - Math.round(p)) < 1e-9) return String(Math.round(p));
  // Continued fraction: convergents are the best approximations, so the first one close enough is the intended n/d.
  let [numerator, previousNumerator] = [Math.floor(p), 1];
  let [denominator, previousDenominator] = [1, 0];
  let rest = p - Math.floor(p);
  while (rest > 1e-12) {
    const inverse = 1 / rest;
    const whole = Math.floor(inverse + 1e-9);
    rest = inverse - whole;
    [numerator, previousNumerator] = [whole * numerator + previousNumerator, numerator];
    [denominator, previousDenominator] = [whole * denominator + previousDenominator, denominator];
    if (denominator > 10_000) break;
    if (Math.abs(numerator / denominator - p) < 1e-9) return `${numerator}/${denominator}`;
  }
  return percent(p);
}

/** "33.3 %", with one decimal unless it is whole; never rounds a possible outcome to 0 or an uncertain one to 100. */
export function percent(p: number): string {
  const value = p * 100;
  if (value > 0 && value < 0.1) return "< 0.1 %";
  if (value < 100 && value > 99.9) return "> 99.9 %";
  const text = value.toFixed(1);
  return `${text.endsWith(".0") ? text.slice(0, -2) : text} %`;
}
