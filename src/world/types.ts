import type { Commit, ObjectReader } from "../apiserver/types.ts";
import type { JsonValue } from "../base/json.ts";
import type { Micros } from "../base/time.ts";
import type { ConntrackEntry } from "../kernel/conntrack.ts";
import type { Host } from "../kernel/host.ts";
import type { LogEntry } from "../engine/types.ts";
import type { ClusterConfig, ProxyMode } from "../model/config/types.ts";
import type { ExpectationSpec } from "../model/kubehop/expectation.ts";
import type { ObjectKey } from "../model/meta/types.ts";
import type { BalancerReport } from "../model/trace/balancer.ts";
import type { CheckReport, CheckResult } from "../model/trace/check.ts";
import type { Comparison } from "../model/trace/comparison.ts";
import type { Connection } from "../model/trace/connection.ts";
import type { TextRange } from "../model/trace/diagnostic.ts";
import type { ClusterDiagnosis, Diagnosis, FieldEdit } from "../model/trace/finding.ts";
import type { Race, RaceKnob } from "../model/trace/race.ts";
import type { Matrix } from "../model/trace/matrix.ts";
import type { Flights } from "../model/trace/flights.ts";
import type { LoadReport } from "../model/trace/load.ts";
import type { Exploration, HostId, Request, Walk } from "../model/trace/types.ts";
import type {
  Broken,
  Command,
  CommandRecord,
  Frame,
  Queries,
  Refusal,
  SavedHistory,
  TextReport,
  Write,
} from "../wire/protocol.ts";
import type { RulesForm } from "../proxy/modes.ts";
import type { CompareOptions } from "./compare.ts";
import type { RaceOptions } from "./race.ts";
import type { MatrixOptions } from "./matrix.ts";
import type { ProxyProcess } from "./proxies.ts";
import type { Answer } from "./simulation.ts";

export type { RulesForm };

/** The only facade over the core. Every method is synchronous and deterministic; none throws on user input. */
export interface World {
  /** Objects at the present. */
  readonly objects: ObjectReader;
  readonly now: Micros;
  readonly report: TextReport;
  readonly commands: readonly CommandRecord[];
  readonly seed: number;
  /** The mode of the first node's kube-proxy. */
  readonly mode: ProxyMode;
  /** The mode of a node's kube-proxy, and of the rules that it has written. */
  modeOf(node: string): ProxyMode;
  /** A node's kube-proxy: how it was started, whether it runs. */
  proxy(node: string): ProxyProcess;
  /** What kubeadm made the cluster with. */
  readonly config: { readonly cluster: ClusterConfig };
  /** What the API server would answer to these writes, each after those before it; leaves no trace. */
  attempt(writes: readonly Write[]): readonly Answer[];
  /** Commits after a revision, in order: what a watch from there sees. */
  commitsAfter(revision: number): readonly Commit[];
  /** Objects as they were at a revision of this history. */
  objectsAt(revision: number): ObjectReader;
  /** What an actor ("kube-proxy/worker-1") has done up to now. */
  logOf(actor: string): readonly LogEntry[];
  /** The environment of a running container (null: the pod's first), frozen at its start; empty when it does not run. */
  env(pod: ObjectKey, container: string | null): readonly { readonly name: string; readonly value: string }[];
  /** Walks of all sends up to now, oldest first. */
  readonly walks: readonly Walk[];
  /** A host's interfaces, routes, sysctls and sockets as they are now; undefined when there is no such host. */
  host(id: HostId): Host | undefined;
  /** The connections that a host's kernel ("node/worker-1") tracks now. */
  conntrack(host: HostId): readonly ConntrackEntry[];
  /** What has been broken on purpose and not mended. */
  faults(): Broken;
  /** Connections that were opened to stay, closed ones included, oldest first. */
  connections(): readonly Connection[];
  /** The load balancers that stand. */
  balancers(): readonly BalancerReport[];
  /** What became of a load (null: of the last one); null when there is none. */
  loadReport(id: number | null): LoadReport | null;
  /** Packets of loads that are on the way now. */
  flights(): Flights;
  /** Starts over and replays; `upTo` seeks back afterwards. */
  load(
    history: SavedHistory,
    upTo: Micros | null,
    after?: number | null,
    /** Told after each command how many of how many are replayed. */
    tell?: (done: number, total: number) => void,
  ): Refusal | null;
  dispatch(command: Command): { readonly refusal: Refusal | null; readonly walk: Walk | null };
  /**
   * Shows the world as it was at `at` (clamped to the history) or, more exactly, right after the event `after`; the next command
   * forks from there.
   */
  seek(at: Micros, after?: number | null): void;
  /** One sampled walk that leaves no trace. */
  probe(request: Request): Walk | Refusal;
  /** Every outcome with its exact probability; leaves no trace. */
  explore(request: Request): Exploration | Refusal;
  /** The same request in several modes of kube-proxy; leaves no trace. */
  compare(options: CompareOptions): Comparison | Refusal;
  /**
   * What becomes of a request over all branches, and why it does not arrive, each fix proved in a fork; leaves no trace. A refusal when
   * the request makes no sense.
   */
  why(request: Request): Diagnosis | Refusal;
  /** Who reaches what, or a part of it; what is known from before and still holds is not followed again. Leaves no trace. */
  matrix(options: MatrixOptions): Matrix | Refusal;
  /** Every Expectation of the text that was admitted last, held against what becomes of its request; leaves no trace. */
  check(): CheckReport;
  /** One that need not be in the text. */
  checkOne(spec: ExpectationSpec): CheckResult;
  /** What is wrong with the whole cluster, by requests that are meant to arrive; leaves no trace. */
  whyAll(): ClusterDiagnosis | Refusal;
  /** A change under load over seeds 1 to `seeds`, and with what may close the race; played elsewhere, the present stays. */
  race(options: RaceOptions & { readonly seeds: number }): Race | Refusal;
  /** One of its histories, to step through. */
  raceRun(options: RaceOptions, seed: number, knob: RaceKnob | null, steps?: boolean): Queries["race"]["answer"];
  /** A pasted dump of the node's rules held against what its kube-proxy would write now. */
  drift(params: Queries["drift"]["params"]): Queries["drift"]["answer"];
  /** Every outcome of a request under our rules of a node and under pasted ones; leaves no trace. */
  exploreWith(params: Queries["exploreWith"]["params"]): Queries["exploreWith"]["answer"];
  /** `tell` is called now and then during whatever takes long, with the number of events that have happened; it must change nothing. */
  watch(tell: (handled: number) => void): void;
  /** What changed since the last frame taken, or everything. */
  frame(full: boolean): Frame;
  /** The node's rules as its kernel has them now, in the wording of its mode's own tool or of another that knows a part of them;
   * a refusal when there is no such node, or the mode has nothing for that tool. */
  rulesText(node: string, form?: RulesForm, family?: 4 | 6): { readonly text: string } | Refusal;
  ruleRows(params: Queries["rules"]["params"]): Queries["rules"]["answer"];
  choices(): Queries["choices"]["answer"];
  locate(object: ObjectKey, path: string): { readonly range: TextRange } | null;
  /** The text in force with one field of an object set; null when the object is not in it, or not so that it can be edited. */
  fieldEdit(object: ObjectKey, path: string, to: JsonValue): { readonly text: string } | null;
  /** The text that was admitted last with a fix's edits made; null when one of them cannot be made. */
  editedText(edits: readonly FieldEdit[]): { readonly text: string } | null;
  provenance(line: number, column: number): Queries["provenance"]["answer"];
  objectDiff(object: ObjectKey, revision: number): Queries["objectDiff"]["answer"];
  rulesDiff(node: string, event: number): Queries["rulesDiff"]["answer"];
  matchingDeployment(service: ObjectKey): { readonly text: string } | null;
  /** SHA-256 over journal, events and walks: equal histories, equal hash, on any machine. */
  journalHash(): string;
}
