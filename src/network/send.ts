/** One request sent through the cluster as it is. */
import { type Result, ok } from "../base/result.ts";
import { askOutside, type WalkTo } from "./lookup.ts";
import { walkByName } from "./named.ts";
import { type NamedRequest, type ResolvedRequest, plan } from "./request.ts";
import { type Topology, createTopology } from "./topology/topology.ts";
import { trip } from "./trip.ts";
import type { ClusterView, NetworkState, Request, RequestError, SendOptions, SendResult } from "./types.ts";

/**
 * Sends one request (a TCP SYN, a UDP datagram, an SCTP INIT or an ICMP echo) through the cluster as it is, and its answer back,
 * host by host, and returns the walk with the network's state afterwards. Every host runs the same packet path; nothing
 * here knows what a Service is. Retransmissions are not walked: a packet that gets no answer is a timeout, whose wait shows
 * in the symptom and not in `endedAt`. A TCP request that is answered counts as a whole short connection, so it leaves its
 * entries in TIME_WAIT; one whose server hangs stays ESTABLISHED. Refuses only what cannot be sent at all.
 */
export function send(
  view: ClusterView,
  state: NetworkState,
  request: Request,
  options: SendOptions,
): Result<SendResult, RequestError> {
  const planned = plan(view, request);
  if (!planned.ok) return planned;
  return ok(walk(view, createTopology(view), state, request, planned.value, options));
}

/**
 * {@link send} for a request that is planned already, over a topology that may be shared between walks of one moment. `to` walks to
 * an address, for a name's questions too, which are requests of their own.
 */
export function walk(
  view: ClusterView,
  topology: Topology,
  state: NetworkState,
  request: Request,
  planned: ResolvedRequest | NamedRequest,
  options: SendOptions,
  to: WalkTo = walkTo,
): SendResult {
  if (!("name" in planned)) {
    const outside = askOutside({ view, topology, options }, request, planned);
    return outside === null ? to(view, topology, state, request, planned, options) : { walk: outside, state };
  }
  return walkByName(to, { view, topology, state, request, options }, planned);
}

/** Walks to an address. */
function walkTo(
  view: ClusterView,
  topology: Topology,
  state: NetworkState,
  request: Request,
  resolved: ResolvedRequest,
  options: SendOptions,
): SendResult {
  const { walk: walked, state: after } = trip(view, topology, state, request, resolved, options);
  return { walk: walked, state: after };
}
