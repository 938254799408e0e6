/** The whole contract between the page and the worker, as types. Everything in it survives structuredClone. */
import type { JsonValue } from "../base/json.ts";
import type { Micros } from "../base/time.ts";
import type { ProxyMode } from "../model/config/types.ts";
import type { Goal, Mark } from "../model/lesson/types.ts";
import type { KubeObject, ObjectKey } from "../model/meta/types.ts";
import type { BalancerReport } from "../model/trace/balancer.ts";
import type { CheckReport } from "../model/trace/check.ts";
import type { Comparison } from "../model/trace/comparison.ts";
import type { Connection, ConntrackFilter, TrackedConnection } from "../model/trace/connection.ts";
import type { Diagnostic, TextRange } from "../model/trace/diagnostic.ts";
import type { Flights } from "../model/trace/flights.ts";
import type { Drift, UnderBoth } from "../model/trace/drift.ts";
import type { ClusterDiagnosis, Diagnosis, FieldEdit } from "../model/trace/finding.ts";
import type { LoadReport, LoadSpec } from "../model/trace/load.ts";
import type { RaceChange, RaceKnob, RaceLoad, RaceRun, RaceStep } from "../model/trace/race.ts";
import type { Matrix } from "../model/trace/matrix.ts";
import type { Message } from "../model/trace/message.ts";
import type { Backend, Exploration, HostId, Origin, Protocol, Request, TableName, Walk } from "../model/trace/types.ts";

export const PROTOCOL_VERSION = 2;

/** One request of kubectl to the API server that changes something. */
export type Write =
  | { readonly verb: "create" | "apply" | "update" | "updateStatus"; readonly object: KubeObject }
  | { readonly verb: "delete"; readonly key: ObjectKey; readonly force: boolean };

/** What a user can do to the cluster. Commands double as save file, replay and URL: plain data, and nothing else changes the world. */
export type Command =
  /** The scenario text. Replaces the last text command when nothing followed it, else applies with --prune at the present. */
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "send"; readonly request: Request }
  /** Opens a connection that stays: TCP's handshake, or a UDP socket's first datagram. */
  | { readonly type: "connect"; readonly request: Request }
  /** One more request, and its answer, on an open connection. */
  | { readonly type: "exchange"; readonly connection: number; readonly says?: Message }
  /** The client closes its connection: `fin` in good order, `rst` at once (SO_LINGER 0). */
  | { readonly type: "close"; readonly connection: number; readonly how: "fin" | "rst" }
  /** Many requests: from now on while time runs, or until the last of them where commands come to rest at once. */
  | ({ readonly type: "load" } & LoadSpec)
  /** `conntrack -D` on a node. */
  | { readonly type: "flush-conntrack"; readonly node: string; readonly filter: ConntrackFilter }
  /** `kubectl delete`; `force` is --grace-period=0 --force. */
  | { readonly type: "delete"; readonly key: ObjectKey; readonly force: boolean }
  /** The pod's process is killed (SIGKILL from outside, exit 137): kubelet notices, restarts it with back-off. */
  | { readonly type: "kill"; readonly pod: ObjectKey }
  | { readonly type: "scale"; readonly key: ObjectKey; readonly replicas: number }
  /** What one kubectl command line writes. All of it or, when the API server refuses any part, nothing; `title` is the line. */
  | { readonly type: "write"; readonly title: string; readonly writes: readonly Write[] }
  /** The mode is written into kube-proxy's configuration, and kube-proxy restarted on every node. */
  | { readonly type: "mode"; readonly mode: ProxyMode }
  /** Something breaks, or is mended. */
  | ({ readonly type: "fault" } & Fault)
  /**
   * How commands after this one go: `settle` (as every history begins) lets the cluster come to rest at once, `run` does only
   * what is due at that moment, and `run` commands let time do the rest.
   */
  | { readonly type: "pace"; readonly pace: "settle" | "run" }
  /** Let virtual time pass. */
  | { readonly type: "run"; readonly micros: Micros };

/** What can be broken. */
export type Fault =
  /** A container's process (null: each of the pod's) exits with 1. */
  | { readonly fault: "crash"; readonly pod: ObjectKey; readonly container: string | null }
  /** The pod's processes stop answering; readiness goes after period × failureThreshold. */
  | { readonly fault: "hang"; readonly pod: ObjectKey; readonly on: boolean }
  /** The pod's readiness endpoint says 503. */
  | { readonly fault: "unready"; readonly pod: ObjectKey; readonly on: boolean }
  /** `on` false: the node loses its power. Kubelet, kube-proxy and pods stop, packets to it vanish. */
  | { readonly fault: "node"; readonly node: string; readonly on: boolean }
  /** `on` false: kube-proxy is stopped; the rules that it wrote stay. */
  | { readonly fault: "kube-proxy"; readonly node: string; readonly on: boolean }
  /** kube-proxy of this node hears of every change this much later. 0 mends it. */
  | { readonly fault: "watch-lag"; readonly node: string; readonly micros: Micros };

/** What is broken at present: what a {@link Fault} could mend. */
export interface Broken {
  /** Nodes without power. */
  readonly nodes: readonly string[];
  /** Nodes whose kube-proxy is stopped. */
  readonly proxies: readonly string[];
  /** How much later kube-proxy hears of everything, by node. */
  readonly lag: Readonly<Record<string, Micros>>;
  readonly hung: readonly ObjectKey[];
  readonly unready: readonly ObjectKey[];
}

/** A command and the virtual time at which it was given. */
export interface CommandRecord {
  readonly at: Micros;
  readonly command: Command;
}

/** A history: replaying it gives the same journal hash on any machine. */
export interface SavedHistory {
  /** null: the seed that the text's Lab names, or 1. */
  readonly seed: number | null;
  readonly commands: readonly CommandRecord[];
}

export interface Refusal {
  /** One sentence: what is wrong and how to mend it. */
  readonly message: string;
  /** The part of the command it is about, as "from". */
  readonly field: string | null;
}

/** What admission said of the last text. `accepted` false: the cluster shown is the last good one. */
export interface TextReport {
  readonly accepted: boolean;
  readonly diagnostics: readonly Diagnostic[];
  /** Objects of the text that were admitted. */
  readonly admitted: number;
  readonly revision: number;
}

/** A line of the journal as lanes and lists show it. */
export interface JournalEntry {
  readonly seq: number;
  readonly at: Micros;
  readonly lane: "api" | "controllers" | "kubelet" | "kube-proxy" | "packets" | "user";
  /** "worker-1" for kubelet and kube-proxy lanes, else "". */
  readonly node: string;
  readonly title: string;
  readonly detail: string;
  readonly revision: number | null;
  /** seq of the entry that caused this one. */
  readonly cause: number | null;
  /** Further causes: entries whose news this one took in while it waited. */
  readonly also?: readonly number[];
  readonly objects: readonly ObjectKey[];
}

/** What a kube-proxy has done so far. */
export interface ProxyStatus {
  readonly node: string;
  readonly mode: ProxyMode;
  /** Objects up to this revision are in its rules. */
  readonly syncedRevision: number;
  readonly syncedAt: Micros;
  /** Revision of the last change that its rules show: equal numbers (and mode), equal rules. */
  readonly rulesRevision: number;
  /** Does it run? Without it the rules that it wrote stay as they are. */
  readonly running: boolean;
  /** The line of its log that says why it gave up when it was started; null: it did not. */
  readonly failure: string | null;
  /** IP families in which the node has rules, the primary one first. */
  readonly families: readonly (4 | 6)[];
}

/** Only what changed since the last frame crosses; `full` frames replace everything (load, seek, restore). */
export interface Frame {
  readonly full: boolean;
  /** `walks` and `journal` replace what was there: the history was rewritten (an edited text, a seek), though objects may still come as a diff. */
  readonly restarted: boolean;
  readonly revision: number;
  readonly now: Micros;
  /** Virtual time of the history's end: equal to `now` unless the view was sought back. */
  readonly end: Micros;
  readonly upserts: readonly KubeObject[];
  readonly removes: readonly ObjectKey[];
  readonly report: TextReport;
  /** The text in force: the last text command up to now. */
  readonly text: string;
  readonly commands: readonly CommandRecord[];
  /** Commands after the moment shown, when the view was sought back: the next command puts them aside. */
  readonly later?: readonly CommandRecord[];
  readonly seed: number;
  readonly mode: ProxyMode;
  /** Walks of sends up to now, all of them when restarted, else the new ones. */
  readonly walks: readonly Walk[];
  readonly journal: readonly JournalEntry[];
  /** Of a restarted frame that is not full: how many of the first walks and entries of the last restarted frame and of what came after it stand. */
  readonly kept?: { readonly walks: number; readonly journal: number };
  /** Events so long ago that the journal of a restarted frame does not tell of them; absent: none. */
  readonly earlier?: number;
  /** The answer to a seek: another moment of the same history. */
  readonly sought?: true;
  readonly proxies: readonly ProxyStatus[];
  /** `shop/web` and its chains' shared 16 characters, per Service port: what a sigil is drawn from. */
  readonly sigils: readonly { readonly service: ObjectKey; readonly port: string; readonly hash: string }[];
  /** Which cloud balancer stands outside, for the map. */
  readonly cloud: "nodePort" | "vip" | "pod" | "none";
  /** What has been broken on purpose and not mended, for severed links. */
  readonly broken: Broken;
}

/** How many of the first members of a frame's lists are those of the frame before it, and therefore left out. */
export interface Repeats {
  readonly commands: number;
  readonly proxies: number;
  readonly sigils: number;
}

export interface RuleRow {
  readonly id: string;
  readonly table: TableName;
  readonly chain: string;
  readonly position: number;
  readonly text: string;
  readonly origin: Origin | null;
  readonly family: 4 | 6;
  /** Packets and bytes that went through it, as `iptables -v` counts them; absent where nothing has, and for rules that do not count. */
  readonly count?: readonly [packets: number, bytes: number];
}

/** A hop of a walk whose rule, or one that it matched on its way, is among those asked for. */
export interface RuleUse {
  readonly walk: number;
  readonly leg: "request" | "reply";
  readonly index: number;
  /** Id of the rule. */
  readonly rule: string;
}

/** Where a request may come from or go to: what a form offers. */
export interface Choice {
  /** As the CLI writes it: `client/internet`, `service/shop/web:80`. */
  readonly value: string;
  readonly label: string;
  /** What its port speaks; absent for what has no port. A port of both TCP and UDP is two choices. */
  readonly protocol?: Exclude<Protocol, "icmp">;
  readonly group: "outside" | "nodes" | "pods" | "services" | "load balancers" | "names";
}

/** Queries change nothing, `console` excepted. Name → parameters and answer. */
export interface Queries {
  rules: {
    params: {
      readonly node: string;
      readonly table: TableName | null;
      readonly search: string;
      readonly offset: number;
      readonly limit: number;
      /** Id of a rule whose place in the filtered list is wanted too, so that a window can be scrolled to it. */
      readonly focus?: string;
      /** Rules of one IP family only; absent: of both. */
      readonly family?: 4 | 6;
    };
    /** `focus`: that place, from 0; null when the filter leaves the rule out. */
    answer: { readonly total: number; readonly rows: readonly RuleRow[]; readonly focus?: number | null };
  };
  /** `family` absent: what the mode's own tool prints without being asked for one. */
  rulesText: { params: { readonly node: string; readonly family?: 4 | 6 }; answer: { readonly text: string } };
  /** A pasted dump of a node's rules (iptables-save, nft list, ipvsadm-save and ipset save) against what its kube-proxy would write. */
  drift: { params: { readonly node: string; readonly dump: string }; answer: Drift | Refusal };
  /** All outcomes of a request as the node's rules are, and with the pasted ones in their place. */
  exploreWith: {
    params: { readonly node: string; readonly dump: string; readonly request: Request };
    answer: UnderBoth | Refusal;
  };
  /** All outcomes of a request with exact probabilities; leaves no trace. */
  explore: { params: { readonly request: Request }; answer: Exploration | Refusal };
  /** What becomes of a request over all branches and why, each fix proved in a fork; leaves no trace. */
  why: { params: { readonly request: Request }; answer: Diagnosis | Refusal };
  /** What is wrong with the whole cluster, by requests that are meant to arrive; leaves no trace. */
  whyAll: { params: Record<string, never>; answer: ClusterDiagnosis | Refusal };
  /**
   * One history of a change under load: a seed, and one knob turned or none. Ask once for each, so that there is a sign of progress;
   * `history` can be loaded and stepped through. `steps`: tell also what happened in it.
   */
  race: {
    params: {
      readonly change: RaceChange;
      readonly from?: string;
      readonly to?: string;
      /** Requests per second; 10 by default. */
      readonly rate?: number;
      /** 20 s by default. */
      readonly duration?: Micros;
      readonly seed: number;
      readonly knob: RaceKnob | null;
      readonly steps?: boolean;
    };
    answer:
      | {
          /** With what was left out chosen. */
          readonly load: RaceLoad;
          readonly run: RaceRun;
          readonly history: SavedHistory;
          readonly steps?: readonly RaceStep[];
        }
      | Refusal;
  };
  /** The text with the edits of a fix made, all the rest as it was; null when one of them cannot be made any more. */
  editedText: { params: { readonly edits: readonly FieldEdit[] }; answer: { readonly text: string } | null };
  /**
   * Who reaches what. A part of the table with each answer: ask again from `next` on, with a budget that keeps answers quick; cells
   * that are known from before and still hold cost nothing. Leaves no trace.
   */
  matrix: {
    params: {
      /** Absent or empty: as each node's kube-proxy runs. */
      readonly modes?: readonly ProxyMode[];
      readonly from?: number;
      /** Requests to follow at most for this answer; absent: 100. */
      readonly budget?: number;
      /** Shall each cell that fails name its finding? */
      readonly findings?: boolean;
    };
    answer: Matrix | Refusal;
  };
  /** Every Expectation of the text that was admitted last, held against what becomes of its request; leaves no trace. */
  check: { params: Record<string, never>; answer: CheckReport };
  /**
   * The request in several modes of kube-proxy, each in a fork of the present; leaves no trace. `backend`: where it is to end in
   * every mode that lets it.
   */
  compare: {
    params: { readonly request: Request; readonly modes: readonly ProxyMode[]; readonly backend: Backend | null };
    answer: Comparison | Refusal;
  };
  /** Packets of loads that are on the way at the moment shown; those that leave later are asked for later. */
  flights: { params: Record<string, never>; answer: Flights };
  /** What became of a load (null: of the last one); null when there is none. */
  loadReport: { params: { readonly id: number | null }; answer: LoadReport | null };
  /** Connections that were opened to stay, closed ones included, oldest first. */
  connections: { params: Record<string, never>; answer: readonly Connection[] };
  /** What a host's kernel ("node/worker-1", a pod's too) tracks now, as `conntrack -L` lists it. */
  conntrack: { params: { readonly host: HostId }; answer: readonly TrackedConnection[] };
  /** What has been broken on purpose and not mended. */
  faults: { params: Record<string, never>; answer: Broken };
  /** The load balancers that have an address, with their listeners and targets. */
  balancers: { params: Record<string, never>; answer: readonly BalancerReport[] };
  choices: {
    params: Record<string, never>;
    answer: { readonly from: readonly Choice[]; readonly to: readonly Choice[] };
  };
  /** Where in the text an object's field stands; null when the object is not in the text. */
  locate: {
    params: { readonly object: ObjectKey; readonly path: string };
    answer: { readonly range: TextRange } | null;
  };
  /** The text with one field of an object set to something else, all the rest as it was; null when that cannot be done there. */
  fieldEdit: {
    params: { readonly object: ObjectKey; readonly path: string; readonly to: JsonValue };
    answer: { readonly text: string } | null;
  };
  /** Rules that a line of the text made: object and field at that position, the rules whose origin names it, and hops that met those. */
  provenance: {
    params: { readonly line: number; readonly column: number };
    answer: {
      readonly object: ObjectKey;
      readonly path: string;
      readonly rules: readonly RuleRow[];
      readonly hops: readonly RuleUse[];
    } | null;
  };
  /** What a revision did to an object: as it was before and after it, null where there was none; null: this revision did not write it. */
  objectDiff: {
    params: { readonly object: ObjectKey; readonly revision: number };
    answer: {
      readonly before: KubeObject | null;
      readonly after: KubeObject | null;
      readonly writer: string;
      readonly at: Micros;
    } | null;
  };
  /** What an event (a kube-proxy's sync) changed in the rules of a node; null when there was no such event. */
  rulesDiff: {
    params: { readonly node: string; readonly event: number };
    answer: { readonly added: readonly RuleRow[]; readonly removed: readonly RuleRow[]; readonly total: number } | null;
  };
  /** A manifest that would make this Service have endpoints: "Add a Deployment that matches". */
  matchingDeployment: { params: { readonly service: ObjectKey }; answer: { readonly text: string } | null };
  /** JSON Schema of every kind the text may hold, for completion and hover. */
  schema: { params: Record<string, never>; answer: { readonly schema: unknown } };
  journalHash: { params: Record<string, never>; answer: { readonly hash: string } };
  /**
   * Which goals of a lesson are met, in order. `since`: only what was sent and done from there on counts; absent: all of it. `ran`: the
   * lines of the terminal in this step, which leave no trace of their own.
   */
  goals: {
    params: { readonly goals: readonly Goal[]; readonly since?: Mark; readonly ran?: readonly string[] };
    answer: readonly boolean[];
  };
  /**
   * kubectl and friends, as a terminal would show them. One that changes the cluster is a command of the history like any other:
   * its frame goes out before the answer.
   */
  console: { params: ConsoleLine; answer: ConsoleAnswer };
  /** What could stand at the cursor of a line of the terminal; `files` are the names of the editor's tabs. */
  complete: {
    params: { readonly line: string; readonly cursor: number; readonly files?: readonly string[] };
    /** Whole words, in order, for the word that begins at the offset `from`. */
    answer: { readonly from: number; readonly candidates: readonly string[] };
  };
}

/**
 * A line of the terminal. Every line ends with one answer. What waits (`rollout status`, `wait`, `delete`, `drain`) lets virtual
 * time pass, as `run` commands, until it is done or its time is up. `get -w` too, for 30 s or what `timeout 60s` in front of it
 * says, unless it is followed.
 */
export interface ConsoleLine {
  /** Words; a single word with blanks is a whole line, pipes included. */
  readonly argv: readonly string[];
  /** What `-f NAME` and `cat NAME` read: the editor's tabs, by name. */
  readonly files?: Readonly<Record<string, string>>;
  /**
   * For a terminal that stays with a `get -w` while time is run elsewhere. "start": it prints what is there and lets no time pass.
   * A number is `followed` of the answer before, to the same line: only what came since is printed, without a head.
   */
  readonly follow?: "start" | number;
  /** Only if it changes nothing: else nothing is done, and the answer says so with `changes`. */
  readonly readOnly?: true;
}

export interface ConsoleAnswer {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
  /** `kubectl edit`: a text to open in a tab, for there is no $EDITOR. */
  readonly tab?: { readonly name: string; readonly text: string };
  /** The line watches, and this is the revision up to which it has printed: ask again from here. Absent: it is over. */
  readonly followed?: number;
  /** The line was to be read only and would have changed the cluster, or let time pass. */
  readonly changes?: true;
}

export type QueryName = keyof Queries;

export type ToWorker =
  | { readonly kind: "hello"; readonly version: number }
  /** Start over from a saved history; `upTo` seeks after replay. */
  | {
      readonly kind: "load";
      readonly id: number;
      readonly history: SavedHistory;
      readonly upTo: Micros | null;
      readonly after?: number | null;
    }
  | { readonly kind: "command"; readonly id: number; readonly command: Command }
  /** `after`: seq of an event, to look at the place right after it within its instant; one that never was is passed over. */
  | { readonly kind: "seek"; readonly id: number; readonly at: Micros; readonly after?: number | null }
  | { readonly kind: "query"; readonly id: number; readonly name: QueryName; readonly params: unknown }
  | { readonly kind: "ping"; readonly id: number };

export type FromWorker =
  | { readonly kind: "ready"; readonly version: number }
  /** `repeats` absent: the frame's lists are whole. */
  | { readonly kind: "frame"; readonly frame: Frame; readonly repeats?: Repeats }
  /** Answer to load, command, seek and ping; a refusal when the command was not taken (the present is then untouched). */
  | { readonly kind: "done"; readonly id: number; readonly refusal: Refusal | null; readonly walk: number | null }
  | { readonly kind: "answer"; readonly id: number; readonly answer: unknown }
  /** How far a load has come, in commands of its history: any number of these come before its frame and its `done`. */
  | {
      readonly kind: "progress";
      readonly id: number;
      readonly what: "replaying";
      readonly done: number;
      readonly total: number;
    }
  /** It is at work on something long: `events` have happened so far, or the picture is being sent. Any number, at any time before a `done`. */
  | { readonly kind: "working"; readonly events: number }
  /** Objects or journal entries that the next frame would begin with, were it not too large for one message. Any number before a frame. */
  | { readonly kind: "part"; readonly upserts: readonly KubeObject[]; readonly journal: readonly JournalEntry[] }
  /** Our own bug: the worker is still alive, the history is untouched. */
  | {
      readonly kind: "fault";
      readonly id: number | null;
      readonly message: string;
      readonly revision: number;
      readonly commands: readonly CommandRecord[];
    };

/** The two ends of a pipe: a Worker, or an in-process pair in tests and the CLI. */
export interface Transport<Out, In> {
  post(message: Out): void;
  listen(handler: (message: In) => void): void;
  close(): void;
}
