import type { ObjectKey } from "../model/meta/types.ts";
import type { HostId } from "../model/trace/types.ts";
import type { Rect } from "./geometry.ts";

interface CardBase {
  /** Stable between layouts. */
  readonly id: string;
  readonly rect: Rect;
  readonly object: ObjectKey | null;
  /** The host a packet meets here, or null for what is on no wire. */
  readonly host: HostId | null;
  /** Accessible name: everything the card shows, in one line. */
  readonly label: string;
}

export interface ClientCard extends CardBase {
  readonly kind: "client";
  readonly name: string;
  readonly ip: string;
  readonly small: boolean;
}

export interface BalancerCard extends CardBase {
  readonly kind: "lb";
  readonly addresses: readonly string[];
  readonly mode: "vip" | "nodePort";
}

export interface NodeCard extends CardBase {
  readonly kind: "node";
  readonly name: string;
  readonly ip: string;
  readonly imprint: { readonly name: string; readonly sigil: string; readonly synced: boolean } | null;
  /** What is out of order on the node, the worst of it; null: nothing. */
  readonly trouble: NodeTrouble | null;
}

export interface NodeTrouble {
  /** down: no power. stopped: kube-proxy does not run. lagging: it hears of changes late. old: its rules are not the Service's yet. */
  readonly kind: "down" | "stopped" | "lagging" | "old";
  /** In at most three words. */
  readonly text: string;
}

export interface PodCard extends CardBase {
  readonly kind: "pod";
  readonly name: string;
  readonly namespace: string;
  /** `ip:port`, `ip` or empty. */
  readonly address: string;
  readonly node: string;
  /** Place within the node's card, from 0: column by column, two to a column, band by band. */
  readonly slot: number;
  readonly column: number;
  /** Upper or lower of its band. */
  readonly row: number;
  readonly state: "ready" | "not ready" | "starting" | "terminating";
  /** Probability that the walk's request is answered here, when explored. */
  readonly weight: string | null;
  readonly backend: boolean;
  readonly client: boolean;
  readonly hostNetwork: boolean;
  /** Selected by a NetworkPolicy: only what some policy allows gets in, or out. */
  readonly isolated: boolean;
  /** Its node has no power, so nothing reaches it. */
  readonly cut: boolean;
}

export interface ApiCard extends CardBase {
  readonly kind: "api";
  readonly revision: number;
}

export interface SliceCard extends CardBase {
  readonly kind: "slice";
  readonly name: string | null;
  readonly more: number;
  readonly ready: number;
}

export interface StampCard extends CardBase {
  readonly kind: "stamp";
  /** `ns/name`. */
  readonly name: string;
  readonly address: string;
  readonly morePorts: number;
  readonly sigil: string;
  readonly small: boolean;
  readonly folded?: boolean;
}

/** kubelet and kube-proxy of every node. */
export interface ProxyCard extends CardBase {
  readonly kind: "proxy";
  readonly rows: readonly {
    readonly node: string;
    readonly at: string;
    readonly revision: number;
    readonly synced: boolean;
    /** Does kube-proxy run? */
    readonly running: boolean;
    /** Does the node have power, and so a kubelet? */
    readonly up: boolean;
    /** In place of the time, when something is out of order. */
    readonly note: string | null;
  }[];
}

export type Part = "etcd" | "scheduler" | "controllers" | "ccm" | "coredns";

/** A process of the control plane of which there is one to show. */
export interface PartCard extends CardBase {
  readonly kind: "part";
  readonly part: Part;
  readonly name: string;
  readonly note: string;
  /** Something waits for it, or it does not serve. */
  readonly waiting: boolean;
}

export interface MoreCard extends CardBase {
  readonly kind: "more";
  readonly text: string;
}

export type Card =
  ClientCard | BalancerCard | NodeCard | PodCard | ApiCard | SliceCard | StampCard | ProxyCard | PartCard | MoreCard;
