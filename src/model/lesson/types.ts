/** Lessons: what a learner reads, does and reaches. Plain data that both the page and the core see; goals are checked by the core alone. */
import type { JsonValue } from "../../base/json.ts";
import type { ProxyMode } from "../config/types.ts";
import type { FindingId } from "../trace/finding.ts";
import type { OutcomeKind, Protocol } from "../trace/types.ts";

/** What becomes of a request over all its branches, with their exact weights. */
export interface OutcomeGoal {
  /** As in a request. */
  readonly from: string;
  readonly to: string;
  readonly protocol?: Protocol;
  /** "not-sent": it cannot even be sent. Absent: any. */
  readonly outcome?: OutcomeKind | "not-sent";
  /** Share of the requests that end so: exactly this, as 0.5 or "2/3". Absent: all of them. */
  readonly share?: number | string;
  /** The address that servers see in those that end so; `*` stands for any characters. */
  readonly sourceSeen?: string;
  /** How many different pods answer. */
  readonly backends?: number;
  /** The HTTP status that answers. */
  readonly status?: number;
  /** The id of the first finding about it. */
  readonly because?: FindingId;
}

/** A field of an object, or of every object whose key fits. */
export interface ObjectGoal {
  /** `Kind/namespace/name`; `*` stands for any characters but a slash. Some object that fits must pass all that follows. */
  readonly object: string;
  /** As `spec.ports[0].targetPort`; absent: the whole object. */
  readonly path?: string;
  readonly equals?: JsonValue;
  /** A regular expression that the field, as text, has somewhere. */
  readonly matches?: string;
  /** Whether the field (without a path: the object) is there. */
  readonly exists?: boolean;
  /** How many objects pass. Absent: one or more. */
  readonly count?: number;
}

/** Walks that were sent. `*` in words stands for any characters. */
export interface SentGoal {
  readonly from?: string;
  readonly to?: string;
  readonly protocol?: Protocol;
  readonly outcome?: OutcomeKind;
  /** `namespace/name` of the pod that answered. */
  readonly backend?: string;
  readonly sourceSeen?: string;
  readonly status?: number;
  /** How many questions were asked of name servers first. */
  readonly questions?: number;
  /** Part of a connection that stays. */
  readonly phase?: "open" | "data" | "close";
  /** A hop of the request that it came by; `dst`: where the packet went from there, as `10.244.2.2:8080`. */
  readonly hop?: { readonly place?: string; readonly stage?: string; readonly verdict?: string; readonly dst?: string };
  /** How many; absent: one. */
  readonly times?: number;
}

/** Commands that were given. */
export interface GivenGoal {
  /** The command's type; of a fault `fault:hang`; `write` is what kubectl writes. */
  readonly command: string;
  /** Part of the command as canonical JSON that a regular expression finds; absent: any command of the type. */
  readonly matches?: string;
  readonly times?: number;
}

/** What a step wants to be so. */
export type Goal =
  | { readonly all: readonly Goal[] }
  | { readonly any: readonly Goal[] }
  | { readonly not: Goal }
  | { readonly expect: OutcomeGoal }
  | ObjectGoal
  | { readonly sent: SentGoal }
  | { readonly given: GivenGoal }
  | { readonly mode: ProxyMode }
  /** A line of a node's rules, as its mode's own tool prints them, has this regular expression; `count`: so many lines. */
  | { readonly rules: { readonly node: string; readonly matches: string; readonly count?: number } }
  /** Entries of a host's conntrack table that, as `udp 10.244.1.2:40000>10.96.0.10:53 reply 10.244.2.2:53>10.244.1.2:40000`, match. */
  | { readonly conntrack: { readonly host: string; readonly matches: string; readonly count?: number } }
  /** The last load is over; `lost`: whether it lost any request; `backends`: how many pods answered. */
  | { readonly load: { readonly lost?: boolean; readonly backends?: number; readonly connections?: number } }
  /** A line of the terminal, in this step, has this regular expression. */
  | { readonly ran: string }
  /** A running pod's first container was started with this variable. */
  | { readonly env: { readonly pod: string; readonly name: string } }
  /** What would be so had this been done too: sends, edits, modes, commands and time. It is done elsewhere, the present stays. */
  | { readonly after: { readonly do: readonly Action[]; readonly goal: Goal } };

/** Where a step began: what was sent and done before does not count for it. */
export interface Mark {
  readonly walks: number;
  readonly commands: number;
}

/** What a button or the solution does, in the page's own ways. `label` is the button's. */
export type Action = { readonly label?: string } & (
  | { readonly send: { readonly from: string; readonly to: string; readonly protocol?: Protocol } }
  /** One field of the text; `to` null removes it. */
  | { readonly edit: { readonly object: string; readonly path: string; readonly to: JsonValue } }
  /** Replaces a passage of the text, which stands there once. */
  | { readonly replace: string; readonly with: string }
  /** One more document at the end of the text. */
  | { readonly append: string }
  /** A line of the terminal. */
  | { readonly console: string }
  | { readonly mode: ProxyMode }
  /** Seconds of virtual time. */
  | { readonly run: number }
  /** A command as it stands in a history. */
  | { readonly command: { readonly type: string; readonly [member: string]: JsonValue } }
);

/** What a step points at, once its goal is met or the learner asks "show me". */
export interface Look {
  readonly view:
    "map" | "ladder" | "trace" | "rules" | "timeline" | "conntrack" | "console" | "compare" | "outcomes" | "editor";
  /** An object to select. */
  readonly object?: string;
  /** With an object: the field to mark in the editor. */
  readonly path?: string;
  /** A hop of the last walk of this step, by place (`node/worker-1`; `*` any), stage and verdict. */
  readonly hop?: {
    readonly leg?: "request" | "reply";
    readonly place?: string;
    readonly stage?: string;
    readonly verdict?: string;
  };
  /** In the rules view: whose rules, and what to search them for. */
  readonly node?: string;
  readonly search?: string;
}

export interface PredictOption {
  readonly text: string;
  /** The one right answer has this. */
  readonly right?: true;
  /** What makes it right or wrong, shown with the answer. */
  readonly why: string;
  /** What the simulation says: must hold for the right option and must not for a wrong one. */
  readonly check?: Goal;
}

export interface Prediction {
  readonly ask: string;
  readonly options: readonly PredictOption[];
  /** When `check` is asked: as the step begins, or when its goal is met. Absent: when it is met. */
  readonly when?: "begun" | "met";
}

export interface LessonStep {
  /** Heading of its section in lesson.md. */
  readonly heading: string;
  /** Markdown of that section. */
  readonly prose: string;
  /** What to do, in one sentence. */
  readonly task: string;
  readonly goal: Goal;
  /** From a nudge to nearly the answer. */
  readonly hints: readonly string[];
  /** Asked before the learner acts. */
  readonly predict: Prediction | null;
  readonly look: readonly Look[];
  /** What does the step, one action a button. */
  readonly solution: readonly Action[];
}

export interface Lesson {
  /** `04-selector`. */
  readonly slug: string;
  readonly number: number;
  readonly title: string;
  readonly minutes: number;
  readonly concepts: readonly string[];
  /** The scenario's text, and what is done before the first step. */
  readonly text: string;
  readonly begin: readonly Action[];
  /** Markdown before the first step's section, and after the last one's. */
  readonly intro: string;
  readonly closing: string;
  readonly steps: readonly LessonStep[];
}
