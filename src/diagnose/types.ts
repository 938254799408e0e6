/** What a diagnosis is made from, and what it proposes before anything is proved. */
import type { ObjectReader } from "../apiserver/types.ts";
import type { JsonValue } from "../base/json.ts";
import type { ProxyMode } from "../model/config/types.ts";
import type { IngressController } from "../model/ingress/controller.ts";
import type { Ingress } from "../model/ingress/types.ts";
import type { ObjectKey } from "../model/meta/types.ts";
import type { Pod } from "../model/pod/types.ts";
import type { Service, ServicePort } from "../model/service/types.ts";
import type { FailingHop, FindingId, Severity } from "../model/trace/finding.ts";
import type { Exploration, Hop, Request, Walk } from "../model/trace/types.ts";
import type { Route } from "../network/programs/routing.ts";
import type { ClusterView, NetworkState, RequestError } from "../network/types.ts";

/** How a request comes to its Service. */
export type Road =
  | "cluster-ip"
  | "node-port"
  | "load-balancer"
  | "external-ip"
  | "headless"
  | "external-name"
  /** By an ingress controller, which has taken the request: the Service is the one that its Ingress names. */
  | "ingress"
  /** Straight to a pod, a node or a machine outside. */
  | "direct"
  /** A name that leads nowhere. */
  | "unknown";

/** What a request dials, as the cluster knows it. */
export interface Target {
  readonly road: Road;
  readonly service: Service | null;
  /** Null where the number dialled is no port of the Service. */
  readonly port: ServicePort | null;
  /** The name as it was dialled; null: an address was. */
  readonly name: string | null;
  /** Null when no address was found. */
  readonly ip: string | null;
  /** Number dialled; 0 for ICMP. */
  readonly number: number;
  /** The node whose address was dialled. */
  readonly node: string | null;
}

/** One way that the request can go, and where it ended. */
export interface Branch {
  readonly walk: Walk;
  /** Position among the exploration's walks. */
  readonly index: number;
  /** Where it failed; null when it was delivered. */
  readonly end: Ending | null;
}

export interface Ending {
  /** The walk that failed: this one, or one made within it. */
  readonly walk: Walk;
  readonly hop: Hop;
  readonly at: FailingHop;
}

/** An ingress controller that had the last word, and what it was asked for. */
export interface Front {
  readonly branch: Branch;
  /** Its pod, and how it goes about its work. */
  readonly pod: Pod;
  readonly controller: IngressController;
  readonly status: number;
  readonly host: string;
  /** Without its query. */
  readonly path: string;
  /** Ingresses that it takes for its own. */
  readonly own: readonly Ingress[];
  /** What it does with such a request; null: nothing is there for it. */
  readonly route: Route | null;
}

/** What a node's kube-proxy is doing. */
export interface ProxyState {
  readonly node: string;
  readonly mode: ProxyMode;
  readonly running: boolean;
  /** Do its rules show every change of Services and slices that there was? */
  readonly current: boolean;
  readonly failure: string | null;
  /** Where its configuration lets node ports answer; null: it does not run, or leaves it to the mode. */
  readonly nodePortAddresses: readonly string[] | null;
}

/** One request, everything that can become of it, and the cluster that it was sent in. */
export interface Case {
  readonly request: Request;
  /** Why it could not be sent; then there is no branch. */
  readonly error: RequestError | null;
  readonly exploration: Exploration;
  readonly branches: readonly Branch[];
  /** Those that were not delivered. */
  readonly failed: readonly Branch[];
  readonly target: Target;
  readonly view: ClusterView;
  readonly network: NetworkState;
  readonly objects: ObjectReader;
  readonly proxies: readonly ProxyState[];
  /** The ingress controller that answered the request itself, because it failed there or behind it; null: none did. */
  readonly front: Front | null;
  /** The environment of a pod's container (null: its first) as it was frozen at its start; empty while it does not run. */
  envOf(pod: ObjectKey, container: string | null): readonly { readonly name: string; readonly value: string }[];
  /** Does the text hold this object? Only such can be edited. */
  isWritten(object: ObjectKey): boolean;
}

/** A change of one field of an object of the text. */
export interface ObjectEdit {
  readonly object: ObjectKey;
  readonly path: string;
  /** null removes. */
  readonly to: JsonValue;
  /** Left out where the text has no such field. */
  readonly ifThere?: true;
}

/** A change that may mend it. */
export interface Remedy {
  readonly title: string;
  readonly edits: readonly ObjectEdit[];
  /** Whole objects to add to the text. */
  readonly adds?: readonly JsonValue[];
  /** What is there already does not change by it: it counts for a cluster that is made with it. */
  readonly anew?: true;
}

export type Clue =
  | { readonly kind: "object"; readonly object: ObjectKey; readonly path: string; readonly shows: string }
  | { readonly kind: "rule"; readonly node: string; readonly rule: string; readonly shows: string }
  | { readonly kind: "walk"; readonly shows: string };

/** A finding that nothing has been proved of yet. */
export interface Suspicion {
  readonly id: FindingId;
  readonly severity: Severity;
  readonly hop: FailingHop | null;
  readonly evidence: readonly Clue[];
  readonly cause: string;
  /** The smallest first: the first that is proved is the fix. */
  readonly remedies: readonly Remedy[];
  /** Behind what its last remedy mends the same may stand again: then all of them together are one fix. */
  readonly isStepwise?: true;
  /** Why no edit mends it, said when none of the remedies does. */
  readonly otherwise: string;
  readonly command: string;
  /** How a fork shows that it is mended; absent: every branch is delivered. */
  readonly isMended?: (after: Exploration, fork: Case) => boolean;
  /** What to say of a fork in which it is mended, where it is not endpoints reached. */
  readonly proves?: (after: Exploration, fork: Case) => string;
}

/** Looks for one kind of finding. Pure; an empty list where there is nothing of it. */
export type Diagnoser = (given: Case) => readonly Suspicion[];
