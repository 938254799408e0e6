/** What a connection leaves behind on the hosts that it passes: packets that nobody looks at, and conntrack entries that stay. */
import { type ConntrackEntry, TIMEOUTS, withEntry } from "../kernel/conntrack.ts";
import type { HostId } from "../model/trace/types.ts";
import { packetAlong } from "./along.ts";
import { fly } from "./flight.ts";
import { type Along, type Flight, type Journey, keep, stateOf } from "./journey.ts";
import { createCounter } from "./recorder.ts";
import type { NetworkState } from "./types.ts";

/** The rest of a handshake, before the proxy that accepts dials on: it takes its time and leaves its mark on conntrack. */
export function handshake(journey: Journey, answer: Flight): boolean {
  const recorder = createCounter(journey.recorder.now);
  recorder.turn();
  const shadow: Journey = { ...journey, recorder, listener: null };
  if (fly(shadow, answer).outcome !== "delivered") return false;
  journey.hosts = shadow.hosts;
  stand(journey);
  // There and, with the client's ACK, back.
  journey.recorder.wait(2 * (recorder.now - journey.recorder.now));
  return true;
}

/** What a proxy has accepted outlives its long waits for others: the hosts on the way keep it as they keep what is established. */
function stand(journey: Journey): void {
  const { now } = journey.env;
  for (const id of Object.keys(journey.hosts) as HostId[]) {
    const state = stateOf(journey, id);
    let kept = state;
    // What this walk has opened stands at the end of the list.
    for (let place = state.conntrack.length - 1; place >= 0; place--) {
      const entry = state.conntrack[place] as ConntrackEntry;
      if (entry.createdAt < now) break;
      if (entry.state !== "SYN_RECV") continue;
      kept = withEntry(kept, { ...entry, expiresAt: now + TIMEOUTS.ESTABLISHED }, now);
    }
    keep(journey, id, kept);
  }
}

/** The last word of a close: the client acknowledges the server's FIN, and nobody looks. */
export function acknowledge(journey: Journey, { connection, phase, packet }: Along, delivered: boolean): void {
  if (phase !== "close" || packet.flags !== "FIN,ACK" || !delivered) return;
  unheard(journey, { host: connection.host, packet: packetAlong(connection, "ACK"), frame: null });
}

/** A packet that nobody looks at: it only leaves its mark on the hosts that it passes. */
function unheard(journey: Journey, flight: Flight): void {
  const shadow: Journey = { ...journey, recorder: createCounter(journey.recorder.now), listener: null };
  fly(shadow, flight);
  journey.hosts = shadow.hosts;
}

/** After the answer the client finishes its handshake; then it talks and closes (TIME_WAIT) or waits (ESTABLISHED). */
export function settle(journey: Journey, before: NetworkState, to: "TIME_WAIT" | "ESTABLISHED"): void {
  for (const id of Object.keys(journey.hosts) as HostId[]) {
    const state = journey.hosts[id];
    if (state === undefined || state === before.hosts[id]) continue;
    const known = before.hosts[id]?.conntrack ?? [];
    let settled = state;
    // What this walk has opened stands at the end of the list.
    for (let place = state.conntrack.length - 1; place >= 0; place--) {
      const entry = state.conntrack[place] as ConntrackEntry;
      if (entry.createdAt < journey.env.now && entry.state !== "SYN_RECV") break;
      if (entry.state !== "SYN_RECV" || (place < known.length && known.lastIndexOf(entry) >= 0)) continue;
      const expiresAt = journey.env.now + TIMEOUTS[to];
      settled = withEntry(settled, { ...entry, state: to, expiresAt }, journey.env.now);
    }
    keep(journey, id, settled);
  }
}
