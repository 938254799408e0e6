/** Choices as branches with exact weights: what an exploration follows instead of drawing. */
import type { Chooser, Probability } from "../base/choose.ts";

/** An exact weight. */
export interface Fraction {
  readonly num: bigint;
  readonly den: bigint;
}

export const ONE: Fraction = { num: 1n, den: 1n };

function gcd(a: bigint, b: bigint): bigint {
  while (b !== 0n) [a, b] = [b, a % b];
  return a;
}

function reduce(num: bigint, den: bigint): Fraction {
  const d = gcd(num, den);
  return d === 0n ? { num: 0n, den: 1n } : { num: num / d, den: den / d };
}

export function times(a: Fraction, b: Fraction): Fraction {
  return reduce(a.num * b.num, a.den * b.den);
}

export function minus(a: Fraction, b: Fraction): Fraction {
  return reduce(a.num * b.den - b.num * a.den, a.den * b.den);
}

/** The nearest double: exact operands are divided as doubles, longer ones as integers with 64 bits to spare. */
export function toNumber(f: Fraction): number {
  if (f.num === 0n) return 0;
  const exact = 1n << 53n;
  if (f.num <= exact && f.den <= exact) return Number(f.num) / Number(f.den);
  const shift = f.den.toString(2).length - f.num.toString(2).length + 64;
  const quotient = shift >= 0 ? (f.num << BigInt(shift)) / f.den : f.num / (f.den << BigInt(-shift));
  return Number(quotient) * 2 ** -shift;
}

/** A probability as a fraction: 1/of exactly, any other number as the binary fraction that a double is. */
function weightOf(p: Probability): Fraction {
  if ("of" in p && Number.isInteger(p.of) && p.of > 0) return { num: 1n, den: BigInt(p.of) };
  const value = "of" in p ? 1 / p.of : p.value;
  const scale = 2 ** 52;
  return reduce(BigInt(Math.round(Math.min(1, Math.max(0, value)) * scale)), BigInt(scale));
}

interface Decision {
  readonly purpose: string;
  readonly options: readonly Fraction[];
  readonly taken: number;
}

/** A chooser that answers from a script and, past its end, takes the first branch that can happen; it notes every decision. */
export function scripted(
  script: readonly number[],
  sampler: Chooser,
): { readonly chooser: Chooser; readonly made: Decision[] } {
  const made: Decision[] = [];
  const decide = (purpose: string, options: readonly Fraction[]): number => {
    // Equal purposes get equal answers within a walk too.
    const before = made.find((d) => d.purpose === purpose);
    if (before !== undefined) return before.taken;
    const taken = script[made.length] ?? options.findIndex((o) => o.num > 0n);
    made.push({ purpose, options, taken });
    return taken;
  };
  return {
    made,
    chooser: {
      chance(p, purpose) {
        const yes = weightOf(p);
        const taken = decide(purpose, [yes, minus(ONE, yes)]) === 0;
        const threshold = toNumber(yes);
        return { taken, draw: taken ? threshold / 2 : (threshold + 1) / 2 };
      },
      pick: (n, purpose) =>
        decide(
          purpose,
          Array.from({ length: n }, () => ({ num: 1n, den: BigInt(n) })),
        ),
      sample: (n, purpose) => sampler.sample(n, purpose),
      turn(weights, next, purpose) {
        const sum = weights.reduce((a, b) => a + b, 0);
        return sum === 0
          ? next
          : decide(
              purpose,
              weights.map((weight) => reduce(BigInt(weight), BigInt(sum))),
            );
      },
    },
  };
}

/** The script of the next branch, depth first, or null after the last. */
export function nextScript(made: readonly Decision[]): readonly number[] | null {
  for (let i = made.length - 1; i >= 0; i--) {
    const decision = made[i] as Decision;
    const next = decision.options.findIndex((o, at) => at > decision.taken && o.num > 0n);
    if (next >= 0) return [...made.slice(0, i).map((d) => d.taken), next];
  }
  return null;
}

/** The exact weight of the branch that these decisions make. */
export function weightOfBranch(made: readonly Decision[]): Fraction {
  return made.reduce((w, d) => times(w, d.options[d.taken] ?? ONE), ONE);
}
