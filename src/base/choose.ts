/**
 * A probability as it was meant: `1/of` for the ladder that kube-proxy writes, or a plain number for a rule that someone
 * else wrote. Keeping `of` makes "1/3, 1/3, 1/3" exact where 0.3333333333 would not be.
 */
export type Probability = { readonly of: number } | { readonly value: number };

export function probabilityValue(p: Probability): number {
  return "of" in p ? 1 / p.of : p.value;
}

/**
 * The only door to randomness in the core. A seeded chooser samples; an exploring one forces every branch in turn. `purpose`
 * names the question ("KUBE-SVC-X rule 2 for flow 10.244.1.5:40000>..."): equal purposes get equal answers, and a new question
 * elsewhere never shifts an old one.
 */
export interface Chooser {
  /** True with probability p. `draw` is the number in [0, 1) that decided it: taken ⇔ draw < p. */
  chance(p: Probability, purpose: string): { readonly taken: boolean; readonly draw: number };
  /** An index in [0, n), each equally likely. An exploring chooser follows all of them. */
  pick(n: number, purpose: string): number;
  /** An index in [0, n) whose value nobody asks about (an ephemeral port): sampled even while exploring. */
  sample(n: number, purpose: string): number;
  /**
   * A choice that state makes, not chance (whose turn it is): `next`, of options with these weights. An exploring chooser, which
   * asks for the long run, follows all of them with their shares. Absent: `next`.
   */
  turn?(weights: readonly number[], next: number, purpose: string): number;
}
