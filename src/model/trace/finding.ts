/** Why a packet did not arrive, or arrived otherwise than expected; and the edit that mends it. */
import type { JsonValue } from "../../base/json.ts";
import type { ProxyMode } from "../config/types.ts";
import type { ObjectKey } from "../meta/types.ts";
import type { TextRange } from "./diagnostic.ts";
import type { OutcomeKind, Request } from "./types.ts";

/** Every finding there is, the most specific first: where several hold, this is their order among equals in severity. */
export const FINDING_IDS = [
  "CIDR-OVERLAP",
  "EXTERNALIP-HIJACK",
  "ENV-CLASH",
  "SLICE-NOT-LINKED",
  "SVC-NAMED-PORT-MISSING",
  "SVC-SELECTOR-NO-MATCH",
  "SVC-ENDPOINTS-NOT-READY",
  "STATEFULSET-DNS",
  "DNS-SEARCH-PATH",
  "DNS-DOWN",
  "EXTERNALNAME-LIMITS",
  "INGRESS-BACKEND",
  "LB-PENDING",
  "LB-SOURCE-RANGES",
  "LB-IP-SHORT-CIRCUIT",
  "OUTSIDE-CLUSTERIP",
  "NODEPORT-LOCALHOST",
  "NODEPORT-FIREWALLED",
  "NODEPORT-REJECTED",
  "REMOTE-NODEPORT-LOCAL",
  "LOCAL-EXTERNAL-NO-ENDPOINT",
  "LOCAL-INTERNAL-NO-ENDPOINT",
  "POLICY-DENIES",
  "HAIRPIN",
  "LISTENER-LOOPBACK",
  "UDP-STALE-CONNTRACK",
  "ROLLOUT-RULES-LAG",
  "RULES-STALE",
  "SVC-TARGET-PORT-CLOSED",
  "SVC-ICMP",
  "SVC-NO-ENDPOINTS",
  "AFFINITY-CLIENTS-MERGED",
  "KEEPALIVE-PINNED",
  "SOURCE-IP-SNAT",
  "DNS-NDOTS",
] as const;

export type FindingId = (typeof FINDING_IDS)[number];

/** error: it does not arrive. warning, note: it arrives, but otherwise than expected. */
export type Severity = "error" | "warning" | "note";

/** A change of one field of the text. */
export interface FieldEdit {
  /** Document in the text, Lists taken apart, from 0; the number of documents: a new one at the end. */
  readonly document: number;
  /** As `spec.selector.app` or `metadata.labels[app.kubernetes.io/name]`; empty: the whole document. */
  readonly path: string;
  /** What stands there; null when nothing does. */
  readonly from: JsonValue;
  /** What shall stand there; null removes it. */
  readonly to: JsonValue;
}

export interface Fix {
  /** What to do, in a few words: "Select app=web". */
  readonly title: string;
  readonly edits: readonly FieldEdit[];
  /** How it was proved: "every branch followed, in a fork: 3 of 3 endpoints reached". */
  readonly proof: string;
  /**
   * Objects of which the API server lets nobody change what is edited: they are deleted and created anew with it, as
   * `kubectl replace --force` does. Absent: none.
   */
  readonly replaces?: readonly ObjectKey[];
}

export type Evidence =
  | {
      readonly kind: "object";
      readonly object: ObjectKey;
      /** Field it is about; empty: the object as such. */
      readonly path: string;
      /** What it shows, in a few words: "app=web-frontend". */
      readonly shows: string;
      /** Where that stands in the text; null when it does not. */
      readonly range: TextRange | null;
    }
  | { readonly kind: "rule"; readonly node: string; readonly rule: string; readonly shows: string }
  | { readonly kind: "walk"; readonly shows: string };

/** Where a walk failed: the hop of a walk of the exploration, or of one that was made within it. */
export interface FailingHop {
  /** Position among the exploration's walks. */
  readonly walk: number;
  /** Positions among `children`, from the outermost walk inwards; empty: the walk itself. */
  readonly child: readonly number[];
  readonly leg: "request" | "reply";
  readonly index: number;
  /** `node/worker-2`, and the hop's own label and sentence. */
  readonly place: string;
  readonly label: string;
  readonly note: string;
}

export interface Finding {
  readonly id: FindingId;
  readonly severity: Severity;
  readonly hop: FailingHop | null;
  readonly evidence: readonly Evidence[];
  /** One plain sentence. */
  readonly cause: string;
  readonly fix: Fix | null;
  /** Why there is no edit that is proved to mend it; null when there is one. */
  readonly unfixed: string | null;
  /** What shows it on a real cluster. */
  readonly command: string;
}

/** A document that the API server does not take, as `kubectl apply` would report it while it applies the others. */
export interface RefusedDocument {
  /** Position in the text, Lists taken apart, from 0. */
  readonly document: number;
  /** Null when it cannot be told which object it is. */
  readonly object: ObjectKey | null;
  /** In the server's words. */
  readonly messages: readonly string[];
  readonly range: TextRange;
}

/** What became of a request over all branches, and why. */
export interface Diagnosis {
  readonly request: Request;
  readonly mode: ProxyMode;
  /** The worst outcome there is: that of the likeliest branch that does not arrive, "delivered" when all do, "not-sent" when it cannot even be sent. */
  readonly outcome: OutcomeKind | "not-sent";
  /** Share of requests that arrive. */
  readonly delivered: number;
  /** What the client's terminal shows in that outcome. */
  readonly symptom: string;
  /** Errors first, then warnings, then notes; the most specific first among each. */
  readonly findings: readonly Finding[];
  /** Documents that were refused: it is the rest of the text that is looked at. Absent: none. */
  readonly refused?: readonly RefusedDocument[];
}

/** A finding about the cluster as a whole, and a request that shows it. */
export interface ClusterFinding extends Finding {
  readonly request: Request;
}

/** What is wrong with a whole cluster. */
export interface ClusterDiagnosis {
  /** How the request of the first error ends; "delivered" when there is no error. */
  readonly outcome: OutcomeKind | "not-sent";
  /** Requests that were followed. */
  readonly asked: number;
  /** Errors first; one for each id and object. */
  readonly findings: readonly ClusterFinding[];
  /** Documents that were refused: it is the rest of the text that is looked at. Absent: none. */
  readonly refused?: readonly RefusedDocument[];
}
