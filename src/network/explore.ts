import { type Result, ok } from "../base/result.ts";
import type { Exploration, Walk } from "../model/trace/types.ts";
import { minus, nextScript, ONE, scripted, toNumber, weightOfBranch } from "./branches.ts";
import { plan } from "./request.ts";
import { walk } from "./send.ts";
import { createTopology, type Topology } from "./topology/topology.ts";
import type { ClusterView, NetworkState, Request, RequestError, SendOptions } from "./types.ts";

/** More branches than any ladder worth looking at; what lies beyond is reported as unexplored weight. */
export const MAX_BRANCHES = 4_096;

/**
 * Every way that a request can go: instead of drawing, each random choice is followed both ways, depth first, with its exact
 * rational weight, so that kube-proxy's ladder 1/3, 1/2, 1 gives three walks of exactly 1/3. Only `sample` (ephemeral and
 * masquerade ports) is drawn, by the chooser in the options. Leaves no trace in the network's state. Past
 * {@link MAX_BRANCHES} walks the rest is left out and its weight reported in `unexplored`. `topology`: the one of this view, where
 * many requests of one moment are followed.
 */
export function explore(
  view: ClusterView,
  state: NetworkState,
  request: Request,
  options: SendOptions & { readonly limit?: number; readonly topology?: Topology },
): Result<Exploration, RequestError> {
  const planned = plan(view, request);
  if (!planned.ok) return planned;
  const topology = options.topology ?? createTopology(view);
  const limit = options.limit ?? MAX_BRANCHES;
  const walks: Walk[] = [];
  let left = ONE;
  let script: readonly number[] | null = [];
  while (script !== null && walks.length < limit) {
    const { chooser, made } = scripted(script, options.chooser);
    const result = walk(view, topology, state, request, planned.value, { id: options.id, chooser });
    const weight = weightOfBranch(made);
    walks.push({ ...result.walk, probability: toNumber(weight) });
    left = minus(left, weight);
    script = nextScript(made);
  }
  return ok(script === null ? { walks } : { walks, unexplored: toNumber(left) });
}
