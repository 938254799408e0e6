import { sha256Hex } from "../base/hash.ts";
import { applyFieldEdits } from "../manifest/field-edits.ts";
import { isIPv6 } from "../base/ip.ts";
import { canonicalJson, deepEqual } from "../base/json.ts";
import { objectKey, splitKey } from "../model/meta/types.ts";
import type { Node } from "../model/node/types.ts";
import type { ProxyMode } from "../model/config/types.ts";
import type { Service } from "../model/service/types.ts";
import type { Origin, RuleRef, Walk } from "../model/trace/types.ts";
import { explore } from "../network/explore.ts";
import { send } from "../network/send.ts";
import { createTopology } from "../network/topology/topology.ts";
import type { RequestError } from "../network/types.ts";
import { seededChooser } from "../base/draw.ts";
import { proxyNode } from "../proxy/node.ts";
import { EMPTY_HOST } from "../kernel/conntrack.ts";
import type { Counters } from "../kernel/counters.ts";
import type { Frame, JournalEntry, Refusal, RuleRow } from "../wire/protocol.ts";
import { checkOne, checkText } from "./check.ts";
import { choices } from "./choices.ts";
import { Session } from "./commands.ts";
import { compareModes } from "./compare.ts";
import { brokenOf } from "./faults.ts";
import { flightsOf } from "./flights.ts";
import { compareDump, exploreBoth } from "./drift.ts";
import { FrameDiff, sigils } from "./frames.ts";
import { journalEntries, latestOf } from "./journal.ts";
import { matchingDeployment } from "./matching.ts";
import { MatrixCache, matrixOf } from "./matrix.ts";
import { objectDiff, ruleUses, rulesChanged } from "./explained.ts";
import { fieldAt, placeOf, withField } from "./places.ts";
import { race, raceRun } from "./race.ts";
import type { World } from "./types.ts";
import { whyAll } from "./why-all.ts";
import { why } from "./why.ts";

export interface WorldOptions {
  /** null: the seed that the text's Lab names, or 1. */
  readonly seed: number | null;
}

const refusal = (error: RequestError): Refusal => ({ message: error.message, field: error.field });

const row = ({ id, table, chain, position, text, origin, family }: RuleRef & { readonly family: 4 | 6 }): RuleRow => ({
  id,
  table,
  chain,
  position,
  text,
  origin,
  family,
});

/** A row with what its rule has counted: `iptables -v`. */
function counted(one: RuleRow, counters: Counters | undefined): RuleRow {
  const count = counters?.chains[`${one.table}/${one.chain}`]?.rules[one.id];
  return count === undefined ? one : { ...one, count };
}

/** Families in which a node's kube-proxy has a proxier: IPv4 always, IPv6 where the node has such an address. */
function familiesOf(node: Node | undefined): readonly (4 | 6)[] {
  const ips = node === undefined ? [] : proxyNode(node).ips;
  if (!ips.some(isIPv6)) return [4];
  return ips.every(isIPv6) ? [6, 4] : [4, 6];
}

/** Rules shown for one line of the text: enough to see the pattern, few enough to read. */
const PROVENANCE_ROWS = 100;

/** Events that a frame tells at most when it tells of everything: the page of a cluster of 150,000 pods must hold them. */
const MOST_EVENTS = 40_000;

/** How far log, journal and walks had come when a frame was taken, and of which history; and what was sent when all was. */
const NOTHING_SENT = {
  handled: 0,
  revision: 0,
  walks: 0,
  epoch: -1,
  all: { from: 0, journal: [] as readonly JournalEntry[], walks: [] as readonly Walk[] },
};

/** How many from the first on are the same. */
function inCommon<T>(before: readonly T[], now: readonly T[]): number {
  let count = 0;
  while (count < before.length && count < now.length && isEqual(before[count], now[count])) count += 1;
  return count;
}

const isEqual = (a: unknown, b: unknown): boolean => a === b || deepEqual(a, b);

/** A fresh cluster: a control plane, no nodes until a text names or implies some. */
export function createWorld(options: WorldOptions): World {
  let watcher: (handled: number) => void = () => {};
  const working = (handled: number): void => watcher(handled);
  let session = new Session(options.seed, undefined, working);
  let diff = new FrameDiff();
  const matrixCache = new MatrixCache();
  let sent = NOTHING_SENT;
  const cluster = (): Session["cluster"] => session.cluster;

  const noNode = (node: string): Refusal | null =>
    cluster().store.get<Node>(objectKey("Node", undefined, node)) === undefined
      ? {
          message: `There is no node ${JSON.stringify(node)}. Nodes: ${nodeNames().join(", ") || "none"}.`,
          field: "node",
        }
      : null;
  const noConfig = (node: string): Refusal => ({
    message: `kube-proxy on ${node} has never started: its configuration cannot be read.`,
    field: "node",
  });
  const nodeNames = (): readonly string[] =>
    cluster()
      .store.list<Node>("Node")
      .map((n) => n.metadata.name);

  const mode = (): ProxyMode => cluster().modeOf(nodeNames()[0] ?? "");

  const frame = (wanted: boolean): Frame => {
    const { store, state, log } = cluster();
    const restarted = wanted || session.epoch !== sent.epoch;
    const from = restarted ? latestOf(log, store.journal, MOST_EVENTS) : sent;
    const told = journalEntries(log, store.journal, from);
    const changes = diff.take(store, session.epoch, wanted);
    const walks = restarted ? state.walks : state.walks.slice(sent.walks);
    // A look at another moment of one history shares nearly all with what the receiver has.
    const kept =
      restarted && !wanted
        ? {
            walks: inCommon(sent.all.walks, state.walks),
            journal: from.handled === sent.all.from ? inCommon(sent.all.journal, told) : 0,
          }
        : null;
    sent = {
      handled: log.length,
      revision: store.revision,
      walks: state.walks.length,
      epoch: session.epoch,
      all: restarted
        ? { from: from.handled, journal: told, walks: state.walks }
        : { from: sent.all.from, journal: sent.all.journal, walks: state.walks },
    };
    const journal = kept === null ? told : told.slice(kept.journal);
    return {
      full: wanted,
      restarted,
      revision: store.revision,
      now: cluster().now,
      end: session.endOfHistory,
      ...changes,
      report: session.report,
      text: session.text,
      commands: session.commands,
      ...(session.isLookingBack ? { later: session.later } : {}),
      seed: state.seed,
      mode: mode(),
      walks: kept === null ? walks : walks.slice(kept.walks),
      journal,
      ...(kept === null ? {} : { kept }),
      ...(restarted && from.handled > 0 ? { earlier: from.handled } : {}),
      proxies: nodeNames().map((node) => {
        const { sync, config, failure } = cluster().proxyOf(node);
        return {
          node,
          mode: cluster().modeOf(node),
          syncedRevision: sync?.syncedRevision ?? 0,
          syncedAt: sync?.syncedAt ?? 0,
          rulesRevision: cluster().rulesRevision(node),
          running: config !== null,
          failure,
          families: familiesOf(store.get<Node>(objectKey("Node", undefined, node))),
        };
      }),
      sigils: sigils(store),
      cloud: state.cloud.loadBalancer,
      broken: brokenOf(state.faults),
    };
  };

  return {
    get objects() {
      return cluster().reader;
    },
    get now() {
      return cluster().now;
    },
    get report() {
      return session.report;
    },
    get commands() {
      return session.commands;
    },
    get seed() {
      return cluster().state.seed;
    },
    get mode() {
      return mode();
    },
    modeOf: (node) => cluster().modeOf(node),
    proxy: (node) => cluster().proxyOf(node),

    get config() {
      return { cluster: cluster().state.cluster };
    },
    attempt: (writes) => cluster().attempt(writes),
    commitsAfter: (revision) => cluster().store.journal.slice(revision),
    objectsAt: (revision) => cluster().store.readAt(revision),
    logOf: (actor) => cluster().log.filter((entry) => entry.actor === actor),
    env: (pod, container) => cluster().envOf(pod, container),
    get walks() {
      return cluster().state.walks;
    },
    host: (id) => createTopology(cluster().view()).host(id),
    conntrack: (host) =>
      (cluster().state.network.hosts[host]?.conntrack ?? []).filter((entry) => entry.expiresAt > cluster().now),

    faults: () => brokenOf(cluster().state.faults),
    balancers: () => cluster().balancerReports(),
    connections: () => cluster().state.network.connections ?? [],
    loadReport(id) {
      const { loads } = cluster().state;
      return (id === null ? loads.at(-1) : loads[id - 1]) ?? null;
    },

    load({ seed, commands }, upTo, after = null, tell = () => {}) {
      session = new Session(seed, undefined, working);
      diff = new FrameDiff();
      sent = NOTHING_SENT;
      let first: Refusal | null = null;
      for (const [i, { at, command }] of commands.entries()) {
        if (at > cluster().now) session.dispatch({ type: "run", micros: at - cluster().now });
        const { refusal: refused } = session.dispatch(command, commands[i + 1]?.at);
        first ??= refused;
        tell(i + 1, commands.length);
      }
      if (upTo !== null) session.seek(upTo, after);
      return first;
    },
    dispatch: (command) => session.dispatch(command),
    seek: (at, after = null) => session.seek(at, after),

    probe(request) {
      const { seed, network } = cluster().state;
      const sentWalk = send(cluster().view(), network, request, { id: 0, chooser: seededChooser(seed) });
      return sentWalk.ok ? sentWalk.value.walk : refusal(sentWalk.error);
    },
    explore(request) {
      const { seed, network } = cluster().state;
      const explored = explore(cluster().view(), network, request, { id: 0, chooser: seededChooser(seed) });
      return explored.ok ? explored.value : refusal(explored.error);
    },
    flights: () => flightsOf(cluster().view(), cluster().state, cluster().store.revision),
    compare: (options) => compareModes(cluster(), options),

    why: (request) => why(session, request),
    whyAll: () => whyAll(session),
    race: (options) => race(session, options),
    raceRun: (options, seed, knob, steps) => raceRun(session, options, seed, knob, steps),
    matrix: (options) => matrixOf(session, matrixCache, options),
    check: () => checkText(session),
    checkOne: (spec) => checkOne(session, spec),

    drift({ node, dump }) {
      const inputs = cluster().wouldWriteBy(node);
      return inputs === null ? (noNode(node) ?? noConfig(node)) : compareDump(inputs, dump);
    },
    exploreWith: ({ node, dump, request }) => noNode(node) ?? exploreBoth(cluster(), node, dump, request),

    watch: (tell) => {
      watcher = tell;
    },
    frame,

    rulesText(node, form, family) {
      const { now, state } = cluster();
      const kernel = { state: state.network.hosts[`node/${node}`] ?? EMPTY_HOST, now };
      const missing = noNode(node);
      if (missing !== null) return missing;
      const rules = cluster().rulesOf(node);
      const text = form === undefined ? rules.text(family ?? null, kernel) : rules.form(form, family ?? null, kernel);
      return text === null
        ? { message: `kube-proxy in ${cluster().modeOf(node)} mode has nothing of this kind.`, field: null }
        : { text };
    },
    ruleRows({ node, family, ...options }) {
      if (noNode(node) !== null) return { total: 0, rows: [], focus: null };
      const { total, rows, focus } = cluster()
        .rulesOf(node)
        .list(options, family ?? null);
      const counters = cluster().state.network.hosts[`node/${node}`]?.counters;
      return { total, rows: rows.map((one) => counted(row(one), counters)), focus };
    },

    choices: () => choices(cluster().store),
    locate(object, path) {
      const range = placeOf(cluster().scenario(session.text).manifest, object, path);
      return range === null ? null : { range };
    },
    fieldEdit(object, path, to) {
      const text = withField(session.text, cluster().scenario(session.text).manifest, object, path, to);
      return text === null ? null : { text };
    },
    editedText(edits) {
      const text = applyFieldEdits(session.admittedText, edits);
      return text === null ? null : { text };
    },
    provenance(line, column) {
      const found = fieldAt(cluster().scenario(session.text).manifest, line, column);
      if (found === null) return null;
      const isOf = (origin: Origin | null): boolean =>
        origin?.object === found.object && (origin.path.startsWith(found.path) || found.path.startsWith(origin.path));
      const hops = ruleUses(cluster().state.walks, isOf).slice(-PROVENANCE_ROWS);
      const node = nodeNames()[0];
      if (node === undefined) return { ...found, rules: [], hops };
      const { rows } = cluster()
        .rulesOf(node)
        .list({ search: found.object, offset: 0, limit: Number.MAX_SAFE_INTEGER }, null);
      const rules = rows.filter(({ origin }) => isOf(origin));
      return { ...found, rules: rules.slice(0, PROVENANCE_ROWS).map(row), hops };
    },
    objectDiff: (object, revision) => objectDiff(cluster().store.journal, object, revision),
    rulesDiff(node, event) {
      const { history } = cluster();
      const after = history.after(event);
      if (after === null || noNode(node) !== null) return null;
      const look = (): readonly RuleRow[] =>
        cluster()
          .rulesOf(node)
          .list({ search: "", table: null, offset: 0, limit: Number.MAX_SAFE_INTEGER }, null)
          .rows.map((one) => row(one));
      const [old, fresh] = [session.at({ ...after, handled: after.handled - 1 }, look), session.at(after, look)];
      return { ...rulesChanged(old, fresh), total: fresh.length };
    },
    matchingDeployment(key) {
      const service = cluster().store.get<Service>(key);
      if (service === undefined || splitKey(key).kind !== "Service") return null;
      const text = matchingDeployment(service);
      return text === null ? null : { text };
    },

    journalHash() {
      const { store, log, state } = cluster();
      return sha256Hex(canonicalJson({ commits: store.journal, log, walks: state.walks, proxies: state.proxies }));
    },
  };
}
