/** A rolling update, a scaling or a drain under a steady load, over many seeds; each history is played in a session of its own. */
import { SECOND, type Micros } from "../base/time.ts";
import { endpointsOf, podsBehind } from "../diagnose/endpoints.ts";
import type { Deployment } from "../model/deployment/types.ts";
import type { EndpointSlice } from "../model/endpointslice/types.ts";
import { keyOf, type KubeObject, objectKey, splitKey } from "../model/meta/types.ts";
import type { Node } from "../model/node/types.ts";
import type { Pod } from "../model/pod/types.ts";
import type { Service } from "../model/service/types.ts";
import {
  KNOB_TITLES,
  type Race,
  RACE_KNOBS,
  type RaceChange,
  type RaceKnob,
  type RaceLoad,
  type RaceMoment,
  type RaceReason,
  type RaceRow,
  type RaceRun,
} from "../model/trace/race.ts";
import type { LoadReason, LoadReport } from "../model/trace/load.ts";
import { nextMoment } from "../network/traffic.ts";
import type { Command, CommandRecord, Queries, Refusal, Write } from "../wire/protocol.ts";
import { Session } from "./commands.ts";
import { lostNow } from "./flights.ts";
import { podsOf, turned } from "./race-knobs.ts";
import { type Lost, raceSteps } from "./race-steps.ts";
import type { Cluster } from "./simulation.ts";

export interface RaceOptions {
  readonly change: RaceChange;
  /** Absent: somebody else's pod, else a node, to the Service of the pods that go. */
  readonly from?: string;
  readonly to?: string;
  /** Requests per second; 10 by default. */
  readonly rate?: number;
  /** 20 s by default. */
  readonly duration?: Micros;
}

const refuse = (message: string, field: string | null = null): Refusal => ({ message, field });

/** Of the load before anything changes. */
const LEAD = SECOND;
const nameOf = ({ metadata }: KubeObject): string => `${metadata.namespace ?? "default"}/${metadata.name}`;

/** Who sends and what is dialled; a refusal when nothing leads to the pods. */
function loadOf(cluster: Cluster, options: RaceOptions): RaceLoad | Refusal {
  const { change, rate = 10, duration = 20 * SECOND } = options;
  if (change.type === "drain") {
    if (cluster.store.get<Node>(objectKey("Node", undefined, change.node)) === undefined)
      return refuse(`There is no node ${JSON.stringify(change.node)}.`, "change");
  } else if (cluster.store.get(change.deployment) === undefined || splitKey(change.deployment).kind !== "Deployment") {
    return refuse(`There is no ${change.deployment}.`, "change");
  }
  if (!(rate > 0 && rate <= 1_000)) return refuse("Requests per second are a number from 1 to 1,000.", "rate");
  const pods = podsOf(cluster, change);
  const keys = new Set(pods.map(keyOf));
  const services = cluster.store
    .list<Service>("Service")
    .filter(({ metadata }) => metadata.namespace !== "kube-system");
  const service = services.find(
    (one) =>
      podsBehind(cluster.store, one).some((pod) => keys.has(keyOf(pod))) && endpointsOf(cluster.store, one).ready > 0,
  );
  const port = service?.spec.ports?.[0];
  if (options.to === undefined && (service === undefined || port === undefined))
    return refuse("No Service leads to the pods that would go: say what to dial.", "to");
  const stranger = cluster.store
    .list<Pod>("Pod", service?.metadata.namespace)
    .find(
      (pod) =>
        !keys.has(keyOf(pod)) &&
        pod.status.podIP !== undefined &&
        (change.type !== "drain" || pod.spec.nodeName !== change.node),
    );
  const node = cluster.store
    .list<Node>("Node")
    .find(({ metadata }) => change.type !== "drain" || metadata.name !== change.node);
  const from =
    options.from ?? (stranger === undefined ? `node/${node?.metadata.name ?? ""}` : `pod/${nameOf(stranger)}`);
  const to = options.to ?? `service/${service === undefined ? "" : nameOf(service)}:${String(port?.port ?? 0)}`;
  return { from, to, protocol: port?.protocol === "UDP" ? "udp" : "tcp", rate, duration };
}

/** As `kubectl rollout restart`, `kubectl scale` and `kubectl drain --ignore-daemonsets` write it. */
function changeCommand(cluster: Cluster, change: RaceChange): Command {
  if (change.type === "scale") return { type: "scale", key: change.deployment, replicas: change.replicas };
  if (change.type === "rollout") {
    const { namespace, name } = splitKey(change.deployment);
    const deployment = cluster.store.get<Deployment>(change.deployment) as Deployment;
    const { template } = deployment.spec;
    const annotations = {
      ...template.metadata?.annotations,
      "kubectl.kubernetes.io/restartedAt": "1970-01-01T00:00:00Z",
    };
    const object = {
      ...deployment,
      spec: { ...deployment.spec, template: { ...template, metadata: { ...template.metadata, annotations } } },
    } as KubeObject;
    return {
      type: "write",
      title: `kubectl -n ${namespace} rollout restart deploy/${name}`,
      writes: [{ verb: "update", object }],
    };
  }
  const node = cluster.store.get<Node>(objectKey("Node", undefined, change.node)) as Node;
  const cordoned = { ...node, spec: { ...node.spec, unschedulable: true } } as KubeObject;
  const evicted = podsOf(cluster, change).map((pod): Write => ({ verb: "delete", key: keyOf(pod), force: false }));
  return {
    type: "write",
    title: `kubectl drain ${change.node} --ignore-daemonsets`,
    writes: [{ verb: "update", object: cordoned }, ...evicted],
  };
}

/** This history's commands with another text in the place of the last one. */
function withText(commands: readonly CommandRecord[], text: string): readonly CommandRecord[] {
  const at = commands.findLastIndex(({ command }) => command.type === "text");
  return commands.map((record, i) => (i === at ? { ...record, command: { type: "text", text } } : record));
}

interface Played {
  readonly cluster: Cluster;
  readonly commands: readonly CommandRecord[];
  /** When the change was made. */
  readonly changedAt: Micros;
  readonly report: LoadReport;
  readonly load: RaceLoad;
}

/** Plays one history up to its end. `watch` is told how it stands right after each request of the stretches of time that are named. */
function played(
  given: readonly CommandRecord[],
  seed: number,
  change: RaceChange,
  load: RaceLoad,
  stretches: readonly (readonly [from: Micros, to: Micros])[] = [],
  watch: (cluster: Cluster) => void = () => {},
): Played | Refusal {
  const session = new Session(seed);
  const { cluster } = session;
  for (const { at, command } of given) {
    if (at > cluster.now) session.dispatch({ type: "run", micros: at - cluster.now });
    const { refusal } = session.dispatch(command);
    if (refusal !== null) return refusal;
  }
  // Generated names differ from seed to seed.
  const kind = load.from.startsWith("pod/") && cluster.store.get(objectKey("Pod", ...podOf(load.from))) === undefined;
  const replaced = kind ? loadOf(cluster, { change, to: load.to, rate: load.rate, duration: load.duration }) : load;
  if ("message" in replaced) return replaced;
  const { from, ...spec } = replaced;
  const begin = (command: Command): Refusal | null => session.dispatch(command).refusal;
  const run = (to: Micros): Refusal | null =>
    to > cluster.now ? begin({ type: "run", micros: to - cluster.now }) : null;
  const until = (end: Micros): Refusal | null => {
    for (const [first, last] of stretches) {
      const refusal = run(Math.min(first, end));
      if (refusal !== null) return refusal;
      while (cluster.now < Math.min(last, end)) {
        const report = cluster.state.loads.at(-1);
        const due = report === undefined ? null : nextMoment(report);
        const stopped = run(Math.min(last, end, Math.max(due ?? end, cluster.now + 1)));
        if (stopped !== null) return stopped;
        watch(cluster);
      }
    }
    return run(end);
  };
  const changedAt = cluster.now + LEAD;
  const refusal =
    begin({ type: "pace", pace: "run" }) ??
    begin({ type: "load", from: [from], ...spec, keepAlive: false, clients: 1 }) ??
    until(changedAt) ??
    begin(changeCommand(cluster, change)) ??
    until(changedAt + load.duration);
  if (refusal !== null) return refusal;
  const report = cluster.state.loads.at(-1);
  if (report === undefined) return refuse("The load was not begun.");
  return { cluster, commands: session.commands, changedAt, report, load: replaced };
}

/** Losing walks that are kept of one history. */
const WALKS = 100;

/** The same history once more, and closely looked at where it lost requests: what was lost when, and the walks of it. */
function lostOf(
  given: readonly CommandRecord[],
  seed: number,
  change: RaceChange,
  { report, load }: Played,
): readonly Lost[] {
  const { bucket, buckets } = report;
  const stretches = buckets
    .filter(({ sent, delivered }) => delivered < sent)
    // A request of the first moment of a stretch is sent before one can look.
    .map(({ at }): [Micros, Micros] => [Math.max(0, at - 1), at + bucket - 1]);
  const lost: Lost[] = [];
  let kept = 0;
  let before: readonly LoadReason[] = [];
  played(given, seed, change, load, stretches, (cluster) => {
    const { reasons = [] } = cluster.state.loads.at(-1) ?? {};
    if (reasons === before) return;
    const walks = kept < WALKS ? [...lostNow(cluster.view(), cluster.state, cluster.store.revision)] : [];
    for (const { key, count, outcome, text } of reasons) {
      const known = before.find((one) => one.key === key)?.count ?? 0;
      for (let n = known; n < count; n++) {
        const place = walks.findIndex((walk) => walk.outcome === outcome);
        const [walk] = place < 0 ? [] : walks.splice(place, 1);
        if (walk !== undefined) kept += 1;
        lost.push({ at: cluster.now, outcome, text: walk?.summary ?? text, ...(walk === undefined ? {} : { walk }) });
      }
    }
    before = reasons;
  });
  return lost;
}

const podOf = (from: string): [string, string] => [from.split("/")[1] ?? "", from.split("/")[2] ?? ""];

/** What had been done when the first request was lost. */
function momentOf(cluster: Cluster): RaceMoment | null {
  const report = cluster.state.loads.at(-1);
  const reason = [...(report?.reasons ?? [])].sort((a, b) => a.firstAt - b.firstAt)[0];
  if (report === undefined || reason === undefined) return null;
  const at = reason.firstAt;
  const { journal } = cluster.store;
  const begun = journal.filter((commit) => commit.at >= report.startedAt);
  const isGoing = (object: KubeObject): boolean =>
    object.kind === "Pod" && object.metadata.deletionTimestamp !== undefined;
  const going = begun.filter(({ updated }) => updated.some(([old, next]) => isGoing(next) && !isGoing(old)));
  const terminating = going.findLast((commit) => commit.at <= at) ?? going[0];
  const since = terminating?.at ?? report.startedAt;
  const slice = begun.find(
    (commit) =>
      commit.at >= since && commit.updated.some(([, next]) => (next as EndpointSlice).kind === "EndpointSlice"),
  );
  const nodes = cluster.store.list<Node>("Node").map(({ metadata }) => metadata.name);
  const wrote = (node: string): Micros | null =>
    slice === undefined
      ? null
      : (cluster.log.find((entry) => entry.actor === `kube-proxy/${node}` && entry.at >= slice.at)?.at ?? null);
  return {
    at,
    outcome: reason.outcome,
    text: reason.text,
    podTerminating: terminating === undefined ? null : terminating.at - at,
    sliceUpdated: slice === undefined ? null : slice.at - at,
    rulesWritten: nodes.map((node) => {
      const written = wrote(node);
      return { node, after: written === null ? null : written - at };
    }),
  };
}

/** Has all that the change set off been done? */
function isFinished(cluster: Cluster, change: RaceChange): boolean {
  if (podsOf(cluster, change).some(({ metadata }) => metadata.deletionTimestamp !== undefined)) return false;
  if (change.type === "drain") return podsOf(cluster, change).length === 0;
  const deployment = cluster.store.get<Deployment>(change.deployment);
  if (deployment === undefined) return true;
  const { replicas, updatedReplicas, availableReplicas } = deployment.status;
  const wanted = deployment.spec.replicas;
  return (replicas ?? 0) === wanted && (updatedReplicas ?? 0) === wanted && (availableReplicas ?? 0) === wanted;
}

/** One seed with one setting, and the history to step through; with `steps` what happened in it. The given session stays as it is. */
export function raceRun(
  session: Session,
  options: RaceOptions,
  seed: number,
  knob: RaceKnob | null,
  steps = false,
): Exclude<Queries["race"]["answer"], Refusal> | Refusal {
  const load = loadOf(session.cluster, options);
  if ("message" in load) return load;
  const text = knob === null ? session.admittedText : turned(session, options.change, knob);
  if (typeof text !== "string") return text;
  const commands = withText(session.commands, text);
  const done = played(commands, seed, options.change, load);
  if ("message" in done) return done;
  const { cluster, changedAt, report } = done;
  const { outcomes, sent, bucket: width } = report;
  const reasons = report.reasons.map(({ outcome, text: why, count, firstAt, lastAt }): RaceReason => ({
    outcome,
    text: why,
    count,
    first: firstAt - changedAt,
    last: lastAt - changedAt,
  }));
  const times = report.buckets
    .filter((one) => one.delivered < one.sent)
    .map((one) => [one.at - changedAt, one.sent - one.delivered] as const);
  const run: RaceRun = {
    seed,
    knob,
    sent,
    lost: sent - (outcomes.delivered ?? 0),
    outcomes,
    first: momentOf(cluster),
    reasons,
    times: { width, lost: times },
    finished: isFinished(cluster, options.change),
  };
  return {
    load: done.load,
    run,
    history: { seed, commands: done.commands },
    ...(steps ? { steps: raceSteps(cluster, changedAt, lostOf(commands, seed, options.change, done)) } : {}),
  };
}

function rowOf(session: Session, options: RaceOptions, seeds: number, knob: RaceKnob | null): RaceRow | Refusal {
  const title = knob === null ? "as it is" : KNOB_TITLES[knob];
  const runs: RaceRun[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const one = raceRun(session, options, seed, knob);
    if ("message" in one)
      return knob === null ? one : { knob, title, runs: [], sent: 0, lost: 0, skipped: one.message };
    runs.push(one.run);
  }
  const sum = (of: (run: RaceRun) => number): number => runs.reduce((all, run) => all + of(run), 0);
  return { knob, title, runs, sent: sum(({ sent }) => sent), lost: sum(({ lost }) => lost), skipped: null };
}

/** All seeds as it is, then with each knob turned; a refusal when there is nothing to race. */
export function race(session: Session, options: RaceOptions & { readonly seeds: number }): Race | Refusal {
  const load = loadOf(session.cluster, options);
  if ("message" in load) return load;
  const rows: RaceRow[] = [];
  for (const knob of [null, ...RACE_KNOBS]) {
    const row = rowOf(session, options, options.seeds, knob);
    if ("message" in row) return row;
    rows.push(row);
    // Nothing is lost: there is nothing to close.
    if (knob === null && row.lost === 0) break;
  }
  return { load, rows };
}
