/** What the model says may become of a request, what the kernel made of it, and whether the two agree. */
import { seededChooser } from "../../src/base/draw.ts";
import type { Request, Walk } from "../../src/model/trace/types.ts";
import { explore } from "../../src/network/explore.ts";
import { resolve } from "../../src/network/request.ts";
import type { ResolvedRequest } from "../../src/network/request.ts";
import { type ClusterView, EMPTY_NETWORK, type NetworkState } from "../../src/network/types.ts";
import type { Said } from "./agent-types.ts";

/** Enough connections that an outcome of any weight is missed once in a billion runs, and no more than this. */
const MISS = 1e-9;
const MOST = 160;
const FEWEST = 3;

/** One possible outcome in words: `default/web-1 sees 10.244.1.1`, `refused`. */
export type Outcome = string;

interface Expected {
  readonly resolved: ResolvedRequest;
  readonly weights: ReadonlyMap<Outcome, number>;
  readonly walks: readonly Walk[];
}

export function outcomeOf(walk: Walk): Outcome {
  // A drop on the sender's own host fails its sendto() with EPERM; ping says no word of it.
  if (walk.request.protocol === "icmp" && walk.outcome === "refused" && walk.reply.length === 0) return "timeout";
  if (walk.outcome !== "delivered") return walk.outcome;
  if (walk.request.protocol === "icmp") return "answered";
  return `${walk.backend?.pod ?? "-"} sees ${walk.sourceSeen ?? "nobody"}`;
}

export function observedOf(said: Said): Outcome {
  if (said.outcome === "delivered") return said.who === "" ? "answered" : `${said.who} sees ${said.source}`;
  return said.outcome === "broken" ? `broken: ${said.who}` : said.outcome;
}

export function expect(
  view: ClusterView,
  request: Request,
  state: NetworkState = EMPTY_NETWORK,
  options = { id: 0, chooser: seededChooser(1) },
): Expected {
  const resolved = resolve(view, request);
  const explored = explore(view, state, request, options);
  if (!resolved.ok || !explored.ok)
    throw new Error(
      `${request.from} to ${request.to}: ${!resolved.ok ? resolved.error.message : !explored.ok ? explored.error.message : ""}`,
    );
  const weights = new Map<Outcome, number>();
  for (const walk of explored.value.walks)
    weights.set(outcomeOf(walk), (weights.get(outcomeOf(walk)) ?? 0) + walk.probability);
  return { resolved: resolved.value, weights, walks: explored.value.walks };
}

/** How many connections to send so that each outcome shows itself. */
export function tries(expected: Expected): number {
  const least = Math.min(...expected.weights.values());
  if (least >= 1 - MISS) return FEWEST;
  return Math.min(MOST, Math.ceil(Math.log(MISS) / Math.log(1 - least)));
}

export function tally(said: readonly Said[]): ReadonlyMap<Outcome, number> {
  const counts = new Map<Outcome, number>();
  for (const one of said) counts.set(observedOf(one), (counts.get(observedOf(one)) ?? 0) + 1);
  return counts;
}

/** In what the kernel's outcomes differ from the model's; null when they agree. */
export function difference(
  weights: ReadonlyMap<Outcome, number>,
  observed: ReadonlyMap<Outcome, number>,
): string | null {
  const sent = [...observed.values()].reduce((a, b) => a + b, 0);
  const foreign = [...observed.keys()].filter((outcome) => !((weights.get(outcome) ?? 0) > 0));
  const missing = [...weights].filter(([outcome, w]) => !observed.has(outcome) && (1 - w) ** sent <= MISS * 10);
  if (foreign.length === 0 && missing.length === 0) return null;
  return [
    ...foreign.map((outcome) => `the kernel has "${outcome}", the model has not`),
    ...missing.map(([outcome]) => `the model has "${outcome}", ${sent} connections never showed it`),
  ].join("; ");
}

export function table(outcomes: ReadonlyMap<Outcome, number>): string {
  return [...outcomes].map(([outcome, n]) => `${outcome}: ${Number.isInteger(n) ? n : n.toFixed(3)}`).join(", ");
}

/** A walk as a few lines: where the packet was, what was decided by which rule, and its header afterwards. */
export function walkText(walk: Walk): string {
  const lines = [...walk.hops, ...walk.reply].map((hop) => {
    const { src, sport, dst, dport } = hop.after;
    const rule = hop.rule === null ? "" : `  [${hop.rule.text}]`;
    return `      ${hop.place} ${hop.stage} ${hop.verdict} ${src}:${sport} > ${dst}:${dport}${rule}`;
  });
  return [`    walk (${walk.probability.toFixed(3)}) ${outcomeOf(walk)}: ${walk.summary}`, ...lines].join("\n");
}
