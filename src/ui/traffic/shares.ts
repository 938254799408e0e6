/** What a load should have brought each backend, and how far off it was. Exact weights come from the core; here they are only compared. */
import type { LoadReport } from "../../model/trace/load.ts";
import type { Backend, Exploration } from "../../model/trace/types.ts";

/** What tells backends apart: the pod, else the address. */
export const backendName = ({ pod, ip, port }: Backend): string => pod ?? `${ip}:${String(port)}`;

/** Weight of each backend, over senders that ask equally often. */
export function expectedShares(explorations: readonly Exploration[]): ReadonlyMap<string, number> {
  const shares = new Map<string, number>();
  for (const { walks } of explorations) {
    for (const { backend, outcome, probability } of walks) {
      if (backend === null || outcome !== "delivered") continue;
      const name = backendName(backend);
      shares.set(name, (shares.get(name) ?? 0) + probability / explorations.length);
    }
  }
  return shares;
}

export interface ShareRow {
  readonly name: string;
  readonly count: number;
  /** Weight that the rules give it now; null: none that is known. */
  readonly share: number | null;
  /** Requests that it should have had of those that were answered. */
  readonly expected: number | null;
}

export interface Fit {
  readonly chi2: number;
  readonly freedom: number;
  /** The value that chance passes once in twenty. */
  readonly limit: number;
}

/** 95 % quantile of chi², by degrees of freedom from 1. */
const LIMITS = [
  3.841, 5.991, 7.815, 9.488, 11.07, 12.592, 14.067, 15.507, 16.919, 18.307, 19.675, 21.026, 22.362, 23.685, 24.996,
  26.296, 27.587, 28.869, 30.144, 31.41,
];

/** Every backend that answered or should have, most requests first. */
export function shareRows(
  report: Pick<LoadReport, "backends">,
  shares: ReadonlyMap<string, number>,
): readonly ShareRow[] {
  const counts = new Map(report.backends.map((backend) => [backendName(backend), backend.count]));
  const answered = report.backends.reduce((sum, { count }) => sum + count, 0);
  const whole = [...shares.values()].reduce((sum, share) => sum + share, 0);
  const names = new Set([...counts.keys(), ...shares.keys()]);
  return [...names]
    .map((name): ShareRow => {
      const share = shares.get(name) ?? null;
      return {
        name,
        count: counts.get(name) ?? 0,
        share,
        expected: share === null || whole === 0 ? null : (share / whole) * answered,
      };
    })
    .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
}

/** Pearson's test of the counts against the weights; a sentence where it says nothing. */
export function fit(rows: readonly ShareRow[], keepAlive: boolean): Fit | string {
  if (keepAlive)
    return "With keep-alive the rules draw once per connection, not per request: the counts are not compared.";
  if (rows.length < 2) return "One backend: there is nothing to compare.";
  if (rows.some(({ expected }) => expected === null || expected === 0))
    return "The rules have changed since: a backend that answered has no share now.";
  if (rows.some(({ expected }) => (expected ?? 0) < 5))
    return "Too few requests for a test: each backend should have at least 5.";
  const freedom = rows.length - 1;
  const chi2 = rows.reduce((sum, { count, expected }) => sum + (count - (expected ?? 0)) ** 2 / (expected ?? 1), 0);
  const limit = LIMITS[freedom - 1];
  return limit === undefined
    ? `chi² ${chi2.toFixed(1)} with ${String(freedom)} degrees of freedom.`
    : { chi2, freedom, limit };
}
