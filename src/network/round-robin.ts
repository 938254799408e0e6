import type { Chooser } from "../base/choose.ts";
import { compareStrings } from "../base/compare.ts";
import { SECOND, type Micros } from "../base/time.ts";
import type { HostState } from "../kernel/conntrack.ts";
import type { ProxyEndpoint, ProxySocket, Turn } from "../kernel/proxy-socket.ts";
import type { NetworkState } from "./types.ts";

/** How kube-proxy in userspace mode picks an endpoint. Upstream: LoadBalancerRR in pkg/proxy/userspace/roundrobin.go of 1.25. */

/** Whom there is to choose from, under a name. */
type Balanced = Pick<ProxySocket, "name" | "endpoints" | "affinitySeconds"> & {
  /** They take turns in the order in which they are given. */
  readonly ordered?: boolean;
};

export interface Question {
  readonly client: string;
  /** After a failed dial: the client's endpoint is forgotten and the next one takes its place (sessionAffinityReset). */
  readonly reset: boolean;
  readonly now: Micros;
  readonly chooser: Chooser;
  /** Names the connection, for an exploration that follows every endpoint. */
  readonly flow: string;
  /** Names the kube-proxy, whose order of endpoints is its own. */
  readonly place: string;
}

export interface Picked {
  /** null: the Service port has no endpoints. */
  readonly endpoint: ProxyEndpoint | null;
  readonly turn: Turn;
  /** In a few words, why this one. */
  readonly because: string;
}

/** New endpoints are shuffled once (ShuffleStrings), so that the proxies of many nodes do not all begin with the same. */
function shuffled(keys: readonly string[], { chooser, place }: Question, name: string): readonly string[] {
  const order = [...keys];
  for (let i = order.length - 1; i > 0; i--) {
    const j = chooser.sample(i + 1, `${place} shuffles ${name} ${keys.join(" ")} ${i}`);
    [order[i], order[j]] = [order[j] as string, order[i] as string];
  }
  return order;
}

/** The turn as of now: when endpoints came or went they are shuffled anew, and clients of those that went are free. */
function current(turn: Turn | undefined, socket: Balanced, question: Question): Turn {
  const keys = socket.endpoints.map((e) => e.key).sort(compareStrings);
  const known = [...(turn?.order ?? [])].sort(compareStrings);
  if (turn !== undefined && known.length === keys.length && known.every((key, i) => key === keys[i])) return turn;
  const kept = Object.entries(turn?.clients ?? {}).filter(([, { endpoint }]) => keys.includes(endpoint));
  return {
    order: socket.ordered === true ? socket.endpoints.map((e) => e.key) : shuffled(keys, question, socket.name),
    next: 0,
    clients: Object.fromEntries(kept),
  };
}

/** The endpoint for a connection of a client, and the turn afterwards. */
export function nextEndpoint(before: Turn | undefined, socket: Balanced, question: Question): Picked {
  const turn = current(before, socket, question);
  const byKey = (key: string | undefined): ProxyEndpoint | null => socket.endpoints.find((e) => e.key === key) ?? null;
  const { affinitySeconds } = socket;
  const { client, now, reset, chooser, flow } = question;
  if (turn.order.length === 0) return { endpoint: null, turn, because: "it has no endpoints" };
  const withClient = (endpoint: string): Turn["clients"] =>
    affinitySeconds === null ? turn.clients : { ...turn.clients, [client]: { endpoint, lastUsed: now } };
  const mine = affinitySeconds === null || reset ? undefined : turn.clients[client];
  if (mine !== undefined && Math.floor((now - mine.lastUsed) / SECOND) < (affinitySeconds ?? 0)) {
    return {
      endpoint: byKey(mine.endpoint),
      turn: { ...turn, clients: withClient(mine.endpoint) },
      because: `sessionAffinity ClientIP: ${client} was there less than ${affinitySeconds} s ago`,
    };
  }
  const count = turn.order.length;
  // A retry takes whoever is next; only the first choice is one that an exploration follows to every endpoint.
  const equal = turn.order.map(() => 1);
  const at = reset ? turn.next : (chooser.turn?.(equal, turn.next, `${flow} turn of ${socket.name}`) ?? turn.next);
  const key = turn.order[at] as string;
  return {
    endpoint: byKey(key),
    turn: { ...turn, next: (at + 1) % count, clients: withClient(key) },
    because: `round robin, ${at + 1} of ${count}`,
  };
}

/** Turns are in the memory of the kube-proxy process: one that stops, or all of them, has forgotten them when it starts again. */
export function forgetTurns(network: NetworkState, node: string | null): NetworkState {
  const hosts = Object.entries(network.hosts).map(([id, state]): [string, HostState] => {
    if (state.turns === undefined || (node !== null && id !== `node/${node}`)) return [id, state];
    const { turns: _, ...rest } = state;
    return [id, rest];
  });
  return { ...network, hosts: Object.fromEntries(hosts) };
}
