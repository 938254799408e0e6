/** What users do with packets: commands that send, keep connections, run loads and clear connection tables. */
import { seededChooser } from "../base/draw.ts";
import { type EngineContext, NOW } from "../engine/types.ts";
import type { ConntrackEntry, HostState } from "../kernel/conntrack.ts";
import { objectKey } from "../model/meta/types.ts";
import type { ConntrackFilter } from "../model/trace/connection.ts";
import type { LoadReport, LoadSpec } from "../model/trace/load.ts";
import type { Walk } from "../model/trace/types.ts";
import { close, closedByServers, connect, connectionAt, connectionRefusal, exchange } from "../network/connection.ts";
import { send } from "../network/send.ts";
import { createTopology } from "../network/topology/topology.ts";
import { beginLoad, nextMoment, sendDue } from "../network/traffic.ts";
import type { ClusterView, NetworkState, SendOptions } from "../network/types.ts";
import type { Command, Refusal } from "../wire/protocol.ts";
import type { ObjectReader } from "../apiserver/types.ts";
import { withDeparture } from "./flights.ts";
import type { State } from "./state.ts";

/** Commands that are about packets. */
export type PacketAction = Extract<
  Command,
  { type: "send" | "connect" | "exchange" | "close" | "load" | "flush-conntrack" }
>;

const TYPES: ReadonlySet<string> = new Set<PacketAction["type"]>([
  "send",
  "connect",
  "exchange",
  "close",
  "load",
  "flush-conntrack",
]);

export function isPacketAction<T extends { readonly type: string }>(action: T): action is Extract<T, PacketAction> {
  return TYPES.has(action.type);
}

/** Does it make one walk, which is what came of it? */
export function makesWalk({ type }: { readonly type: string }): boolean {
  return type === "send" || type === "connect" || type === "exchange" || type === "close";
}

const LOAD = "load/";

/** Is this actor a load? */
export function isLoad(actor: string): boolean {
  return actor.startsWith(LOAD);
}

const refuse = (message: string, field: string | null): Refusal => ({ message, field });

function specOf({ from, to, protocol, family, rate, duration, keepAlive, clients, says }: LoadSpec): LoadSpec {
  return {
    from,
    to,
    protocol,
    rate,
    duration,
    keepAlive,
    clients,
    ...(family === undefined ? {} : { family }),
    ...(says === undefined ? {} : { says }),
  };
}

/** What there is to ask of the present. */
interface Present {
  readonly view: ClusterView;
  readonly network: NetworkState;
  readonly reader: Pick<ObjectReader, "get">;
  readonly seed: number;
  readonly walks: number;
}

/** What a packet did when its command was tried. It will do the same when the command is taken, so it is not sent twice. */
export interface Known {
  readonly sent?: ReturnType<typeof send>;
  readonly made?: ReturnType<typeof connect>;
}

/** Why the command cannot be done, or null; what became known on the way is given to `keep`. */
export function packetRefusal(
  action: PacketAction,
  { view, network, reader, seed, walks }: Present,
  keep: (known: Known) => void,
): Refusal | null {
  const options: SendOptions = { id: walks + 1, chooser: seededChooser(seed) };
  switch (action.type) {
    case "send": {
      const sent = send(view, network, action.request, options);
      keep({ sent });
      return sent.ok ? null : refuse(sent.error.message, sent.error.field);
    }
    case "connect": {
      const made = connect(view, network, action.request, options);
      keep({ made });
      return made.ok ? null : refuse(made.error.message, made.error.field);
    }
    case "exchange":
    case "close": {
      const why = connectionRefusal(view, network, action.connection);
      return why === null ? null : refuse(why, "connection");
    }
    case "load": {
      const begun = beginLoad(view, specOf(action), 0);
      return begun.ok ? null : refuse(begun.error.message, begun.error.field);
    }
    case "flush-conntrack":
      return reader.get(objectKey("Node", undefined, action.node)) === undefined
        ? refuse(`There is no node ${action.node}.`, "node")
        : null;
  }
}

/** Does the command at the present, and says what it did in a line for the journal. */
export function packetActed(
  action: PacketAction,
  view: ClusterView,
  held: State,
  engine: EngineContext,
  known: Known,
): string {
  const { network, walks, seed, loads } = held.rest;
  const options: SendOptions = { id: walks.length + 1, chooser: seededChooser(seed) };
  const keep = (made: { readonly walk: Walk | null; readonly state: NetworkState }): void => {
    held.change({ network: made.state, walks: made.walk === null ? walks : [...walks, made.walk] });
  };
  switch (action.type) {
    case "send": {
      const sent = known.sent ?? send(view, network, action.request, options);
      if (!sent.ok) return sent.error.message;
      keep(sent.value);
      return `${action.request.from} to ${action.request.to}: ${sent.value.walk.outcome}`;
    }
    case "connect": {
      const made = known.made ?? connect(view, network, action.request, options);
      if (!made.ok) return made.error.message;
      keep(made.value);
      const { connection, walk } = made.value;
      const number = connection === null ? "" : `connection ${connection.id}, `;
      return `${number}${action.request.from} to ${action.request.to}: ${walk.outcome}`;
    }
    case "exchange":
    case "close": {
      const connection = connectionAt(network, action.connection);
      if (connection === undefined) return `there is no connection ${action.connection}`;
      const topology = createTopology(view);
      const made =
        action.type === "exchange"
          ? exchange(view, topology, network, connection, action.says, options)
          : close(view, topology, network, connection, action.how, options);
      keep(made);
      const what = action.type === "exchange" ? "a request" : `closed by ${action.how.toUpperCase()}`;
      return `connection ${connection.id}, ${what}: ${made.walk?.outcome ?? "no packet"}`;
    }
    case "load": {
      const begun = beginLoad(view, specOf(action), loads.length + 1);
      if (!begun.ok) return begun.error.message;
      held.change({ loads: [...loads, begun.value] });
      engine.emit(NOW, `${LOAD}${begun.value.id}`, "requests", null);
      const { total, spec } = begun.value;
      return `load ${begun.value.id}: ${total} requests to ${spec.to}, ${spec.rate} a second`;
    }
    case "flush-conntrack":
      return flushed(action.node, action.filter, view.now, held);
  }
}

/** Sends what is due of a load and waits for the next. */
export function loadWentOn(
  actor: string,
  view: ClusterView,
  revision: number,
  held: State,
  engine: EngineContext,
): string {
  const id = Number(actor.slice(LOAD.length));
  const before = held.rest.loads[id - 1];
  if (before === undefined) return "there is no such load";
  const { report, state } = sendDue(view, held.rest.network, before, seededChooser(held.rest.seed));
  const departure = { at: view.now, revision, report: before, network: held.rest.network };
  held.change({
    network: state,
    loads: held.rest.loads.with(id - 1, report),
    departures: withDeparture(held.rest.departures, departure),
  });
  const next = nextMoment(report);
  if (next !== null) engine.emit({ class: "timer", micros: next - engine.now }, actor, "requests", null);
  return loadTitle(before, report);
}

/** `load 1: ...` where there is something to tell: its end, or a loss of a new kind. */
function loadTitle(before: LoadReport, { id, sent, total, outcomes, reasons, done }: LoadReport): string {
  const news = reasons.slice(before.reasons.length).map(({ outcome, text }) => `${outcome}: ${text}`);
  const counts = Object.entries(outcomes).map(([outcome, count]) => `${count} ${outcome}`);
  if (done) return `load ${id} has ended: ${counts.join(", ")}${news.length === 0 ? "" : `; ${news.join(" ")}`}`;
  return news.length === 0 ? `${sent} of ${total} requests sent` : `load ${id} loses a request: ${news.join(" ")}`;
}

/** Does the entry fit what `conntrack -D` was told? */
function fits({ original, reply }: ConntrackEntry, filter: ConntrackFilter): boolean {
  const { protocol, src, dst, sport, dport, replySrc, replyDst } = filter;
  const pairs = [
    [protocol, original.protocol],
    [src, original.src],
    [dst, original.dst],
    [sport, original.sport],
    [dport, original.dport],
    [replySrc, reply.src],
    [replyDst, reply.dst],
  ] as const;
  return pairs.every(([wanted, is]) => wanted === undefined || wanted === is);
}

function flushed(node: string, filter: ConntrackFilter, now: number, held: State): string {
  const { network } = held.rest;
  const id = `node/${node}` as const;
  const host: HostState | undefined = network.hosts[id];
  const kept = (host?.conntrack ?? []).filter((entry) => entry.expiresAt > now && !fits(entry, filter));
  const before = (host?.conntrack ?? []).filter((entry) => entry.expiresAt > now).length;
  if (host !== undefined) {
    held.change({ network: { ...network, hosts: { ...network.hosts, [id]: { ...host, conntrack: kept } } } });
  }
  return `conntrack -D on ${node}: ${before - kept.length} flow entries have been deleted`;
}

/** Are there connections whose server may end? */
export function hasOpenServers({ connections = [] }: NetworkState): boolean {
  return connections.some(({ server }) => server !== null && server.process !== null && server.state !== "gone");
}

/** Processes that held connections have ended between two views: their kernels close those. */
export function serversEnded(before: ClusterView, view: ClusterView, held: State): void {
  const { network, walks, seed } = held.rest;
  const chooser = seededChooser(seed);
  const closed = closedByServers(before, view, network, (n) => ({ id: walks.length + 1 + n, chooser }));
  if (closed.state !== network) held.change({ network: closed.state, walks: [...walks, ...closed.walks] });
}
