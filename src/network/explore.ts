import type { Chooser, Probability } from "../base/choose.ts";
import { type Result, ok } from "../base/result.ts";
import type { Exploration, Walk } from "../model/trace/types.ts";
import { resolve } from "./request.ts";
import { walk } from "./send.ts";
import { createTopology } from "./topology/topology.ts";
import type { ClusterView, NetworkState, Request, RequestError, SendOptions } from "./types.ts";

/** More branches than any ladder worth looking at; what lies beyond is reported as unexplored weight. */
export const MAX_BRANCHES = 4_096;

/** An exact weight. */
export interface Fraction {
  readonly num: bigint;
  readonly den: bigint;
}

const ONE: Fraction = { num: 1n, den: 1n };

function gcd(a: bigint, b: bigint): bigint {
  while (b !== 0n) [a, b] = [b, a % b];
  return a;
}

function reduce(num: bigint, den: bigint): Fraction {
  const d = gcd(num, den);
  return d === 0n ? { num: 0n, den: 1n } : { num: num / d, den: den / d };
}

function times(a: Fraction, b: Fraction): Fraction {
  return reduce(a.num * b.num, a.den * b.den);
}

function minus(a: Fraction, b: Fraction): Fraction {
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
function scripted(
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
function nextScript(made: readonly Decision[]): readonly number[] | null {
  for (let i = made.length - 1; i >= 0; i--) {
    const decision = made[i] as Decision;
    const next = decision.options.findIndex((o, at) => at > decision.taken && o.num > 0n);
    if (next >= 0) return [...made.slice(0, i).map((d) => d.taken), next];
  }
  return null;
}

/**
 * Every way that a request can go: instead of drawing, each random choice is followed both ways, depth first, with its exact
 * rational weight, so that kube-proxy's ladder 1/3, 1/2, 1 gives three walks of exactly 1/3. Only `sample` (ephemeral and
 * masquerade ports) is drawn, by the chooser in the options. Leaves no trace in the network's state. Past
 * {@link MAX_BRANCHES} walks the rest is left out and its weight reported in `unexplored`.
 */
export function explore(
  view: ClusterView,
  state: NetworkState,
  request: Request,
  options: SendOptions & { readonly limit?: number },
): Result<Exploration, RequestError> {
  const resolved = resolve(view, request);
  if (!resolved.ok) return resolved;
  const topology = createTopology(view);
  const limit = options.limit ?? MAX_BRANCHES;
  const walks: Walk[] = [];
  let left = ONE;
  let script: readonly number[] | null = [];
  while (script !== null && walks.length < limit) {
    const { chooser, made } = scripted(script, options.chooser);
    const result = walk(view, topology, state, request, resolved.value, { id: options.id, chooser });
    const weight = made.reduce((w, d) => times(w, d.options[d.taken] ?? ONE), ONE);
    walks.push({ ...result.walk, probability: toNumber(weight) });
    left = minus(left, weight);
    script = nextScript(made);
  }
  return ok(script === null ? { walks } : { walks, unexplored: toNumber(left) });
}
