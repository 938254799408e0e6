/** Many requests: each is walked like a single one, and only counted. */
import { type Result, err, ok } from "../base/result.ts";
import { MINUTE, type Micros, SECOND } from "../base/time.ts";
import type { Chooser } from "../base/choose.ts";
import type { Connection } from "../model/trace/connection.ts";
import type { LoadReport, LoadSpec } from "../model/trace/load.ts";
import type { Request, Walk } from "../model/trace/types.ts";
import { close, connectionAt, connectionRefusal, exchange, open, tripTo } from "./connection.ts";
import { plan } from "./request.ts";
import { type Loss, Tally, lossOf } from "./tally.ts";
import { type Topology, createTopology } from "./topology/topology.ts";
import type { ClusterView, NetworkState, RequestError, SendOptions } from "./types.ts";

/** The longest load, its greatest rate (per second), most requests and most clients. */
export const LOAD_LIMITS = { duration: 60 * MINUTE, rate: 10_000, requests: 200_000, clients: 10_000 } as const;

/** Requests of one moment are sent together, so that there are no more than this many moments in a second. */
const MOMENTS = 100;
/** A report has about this many buckets, none shorter than the least. */
const BUCKETS = 120;
const LEAST_BUCKET: Micros = 100_000;

/** net.ipv4.ip_local_port_range: Linux takes the ports of the first one's parity first. */
const FIRST_PORT = 32_768;
const PORTS = 28_232;
/** A client that has closed keeps its port from others for as long (TCP_TIMEWAIT_LEN). */
const TIME_WAIT: Micros = 60 * SECOND;

/** Why a load cannot be run, or what there is of it before the first request. */
export function beginLoad(
  view: ClusterView,
  spec: LoadSpec,
  id: number,
): Result<LoadReport, { readonly field: string; readonly message: string }> {
  const refuse = (field: string, message: string): ReturnType<typeof beginLoad> => err({ field, message });
  const { rate, duration, clients, from, keepAlive, protocol } = spec;
  if (from.length === 0) return refuse("from", "A load needs a sender.");
  if (!(rate > 0 && rate <= LOAD_LIMITS.rate))
    return refuse("rate", "The rate is between 0 and 10,000 requests a second.");
  if (!(Number.isInteger(duration) && duration > 0 && duration <= LOAD_LIMITS.duration)) {
    return refuse("duration", "The duration is a whole number of microseconds, at most one hour.");
  }
  if (!(Number.isInteger(clients) && clients >= 1 && clients <= LOAD_LIMITS.clients)) {
    return refuse("clients", "Clients are a whole number from 1 to 10,000.");
  }
  const total = Math.max(1, Math.round((rate * duration) / SECOND));
  if (total > LOAD_LIMITS.requests) return refuse("rate", "That is more than 200,000 requests.");
  if (keepAlive && protocol !== "tcp" && protocol !== "udp")
    return refuse("keepAlive", "Only TCP and UDP sockets stay open.");
  for (const sender of from) {
    const planned = plan(view, requestOf(spec, sender));
    if (!planned.ok) return refuse(planned.error.field, planned.error.message);
  }
  return ok({
    id,
    spec,
    startedAt: view.now,
    endsAt: view.now + momentOf(spec, total - 1),
    total,
    sent: 0,
    done: false,
    outcomes: {},
    backends: [],
    sources: {},
    bucket: Math.max(LEAST_BUCKET, Math.ceil(duration / BUCKETS / LEAST_BUCKET) * LEAST_BUCKET),
    buckets: [],
    reasons: [],
    losses: [],
    connections: 0,
    held: keepAlive ? Array.from({ length: clients }, () => null) : [],
    hops: 0,
  });
}

function requestOf({ to, protocol, family, says }: LoadSpec, from: string): Request {
  return { from, to, protocol, ...(family === undefined ? {} : { family }), ...(says === undefined ? {} : { says }) };
}

/** When a request is sent, counted from the start of its load; requests by number, from 0. */
function momentOf({ rate }: LoadSpec, request: number): Micros {
  const together = Math.ceil(rate / MOMENTS);
  return Math.round((Math.floor(request / together) * together * SECOND) / rate);
}

/** When the next requests of a load are due; null: all are sent. */
export function nextMoment({ spec, sent, total, startedAt }: LoadReport): Micros | null {
  return sent >= total ? null : startedAt + momentOf(spec, sent);
}

/** What one call carries along. */
interface Run {
  readonly view: ClusterView;
  readonly topology: Topology;
  readonly report: LoadReport;
  readonly chooser: Chooser;
  readonly tally: Tally;
  state: NetworkState;
  /** Where walks are kept with every hop; absent: they are only counted. */
  readonly seen?: Walk[];
}

/**
 * The walks of the requests that a load sends up to `until`, as they were sent: `state` and `report` are what they were before the
 * first of them. The same draws make the same walks, so nothing of them need be kept.
 */
export function walksOf(
  view: ClusterView,
  state: NetworkState,
  report: LoadReport,
  until: Micros,
  chooser: Chooser,
): readonly Walk[] {
  const seen: Walk[] = [];
  const run: Run = { view, topology: createTopology(view), report, chooser, tally: new Tally(report), state, seen };
  for (let k = report.sent; k < report.total && report.startedAt + momentOf(report.spec, k) <= until; k++) one(run, k);
  return seen;
}

/** Sends the requests that are due at the view's moment. */
export function sendDue(
  view: ClusterView,
  state: NetworkState,
  report: LoadReport,
  chooser: Chooser,
): { readonly report: LoadReport; readonly state: NetworkState } {
  const run: Run = { view, topology: createTopology(view), report, chooser, tally: new Tally(report), state };
  for (let k = report.sent; k < report.total && report.startedAt + momentOf(report.spec, k) <= view.now; k++)
    one(run, k);
  return { report: run.tally.report(), state: run.state };
}

/** What a request came to, and how to do it again with every hop written down. */
interface Tried {
  readonly walk: Walk;
  readonly state: NetworkState;
  readonly hops: number;
  readonly connection?: Connection | null;
}

function one(run: Run, k: number): void {
  const { spec, startedAt } = run.report;
  const client = k % spec.clients;
  const request = requestOf(spec, spec.from[client % spec.from.length] as string);
  const known = run.tally.heldBy(client);
  if (known !== null && connectionRefusal(run.view, run.state, known) === null) {
    const connection = connectionAt(run.state, known);
    if (connection?.state === "ESTAB") {
      again(run, k, client, connection);
      return;
    }
  }
  const planned = plan(run.view, request);
  if (!planned.ok) {
    failed(run, planned.error);
    return;
  }
  if (spec.protocol === "tcp" && !spec.keepAlive && spec.from.length === 1 && k >= PORTS) {
    const before = startedAt + momentOf(spec, k - PORTS);
    if (run.view.now - before < TIME_WAIT) {
      const text = `All ${PORTS} ports of ${planned.value.sender} for this address are in use or in TIME_WAIT: Cannot assign requested address.`;
      const loss: Loss = { key: "EADDRNOTAVAIL", outcome: "unreachable", place: planned.value.host, text };
      run.tally.add(run.view.now, { outcome: "unreachable", backend: null, sourceSeen: null }, loss, null);
      return;
    }
  }
  const port = portOf(run, k, planned.value.sender);
  const tried = account(run, (unseen): Tried => {
    const options = { ...optionsOf(run, k, unseen), ...(spec.protocol === "icmp" ? {} : { port }) };
    if (spec.keepAlive) return open(run.view, run.topology, run.state, request, planned.value, options);
    return tripTo(run.view, run.topology, run.state, request, planned.value, options);
  });
  const connection = tried.connection ?? null;
  if (tried.walk.outcome === "delivered" || connection !== null) run.tally.connected();
  if (spec.keepAlive) run.tally.hold(client, tried.walk.outcome === "delivered" ? (connection?.id ?? null) : null);
}

/** One more request on the connection that the client holds. One that fails is closed, and the next request opens another. */
function again(run: Run, k: number, client: number, connection: Connection): void {
  const { view, topology } = run;
  const { walk } = account(run, (unseen) =>
    exchange(view, topology, run.state, connection, run.report.spec.says, optionsOf(run, k, unseen)),
  );
  if (walk.outcome === "delivered") return;
  run.tally.hold(client, null);
  const left = connectionAt(run.state, connection.id);
  if (left === undefined || left.state === "gone") return;
  const closed = close(view, topology, run.state, left, "rst", { ...optionsOf(run, k, true), part: ["close"] });
  run.state = closed.state;
  run.tally.walked(closed.hops);
}

/** Sends, counts, and writes a loss of a new kind down: the same draws make the same walk. */
function account(run: Run, send: (unseen: boolean) => Tried): Tried {
  const tried = send(run.seen === undefined);
  run.seen?.push(tried.walk);
  const loss = lossOf(tried.walk);
  const shown = loss !== null && run.tally.isNews(loss) ? send(false).walk : null;
  run.tally.add(
    run.view.now,
    tried.walk,
    shown === null || loss === null ? loss : { ...loss, text: shown.summary },
    shown,
  );
  run.tally.walked(tried.hops);
  run.state = tried.state;
  return tried;
}

function optionsOf({ report, chooser }: Run, k: number, unseen: boolean): SendOptions {
  return { id: 0, chooser, flow: `load ${report.id} request ${k + 1}`, ...(unseen ? { unseen: true } : {}) };
}

/** Ports one after the other, as connect() takes them, from a place of the sender's own: even ones first. */
function portOf({ chooser, report }: Run, k: number, sender: string): number {
  const offset = chooser.sample(PORTS, `load ${report.id} first port of ${sender}`);
  const slot = (offset + k) % PORTS;
  const half = PORTS / 2;
  return FIRST_PORT + (slot < half ? 2 * slot : 2 * (slot - half) + 1);
}

/** A sender or target that is no longer there. */
function failed({ tally, view }: Run, { message }: RequestError): void {
  const loss: Loss = { key: `name-error ${message}`, outcome: "name-error", place: "router/underlay", text: message };
  tally.add(view.now, { outcome: "name-error", backend: null, sourceSeen: null }, loss, null);
}
