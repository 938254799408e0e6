/** Who reaches what: every kind of client against every address of every Service port. */
import type { ProxyMode } from "../config/types.ts";
import type { ObjectKey } from "../meta/types.ts";
import type { FindingId } from "./finding.ts";
import type { OutcomeKind, Protocol, Request } from "./types.ts";

/** Clients that nothing tells apart: one of them stands for all. */
export interface MatrixRow {
  /** The one that sends: `client/internet`, `node/worker-1`, `pod/shop/curl`. */
  readonly from: string;
  readonly kind: "client" | "node" | "pod";
  /** "internet", "worker-1", "shop/curl on worker-1". */
  readonly label: string;
  /** How many it stands for, itself included, and the first few of them by name. */
  readonly count: number;
  readonly members: readonly string[];
}

/** How a column's Service is addressed. */
export type MatrixRoad = "cluster-ip" | "node-port" | "load-balancer" | "external-ip" | "headless";

export interface MatrixColumn {
  readonly service: ObjectKey;
  /** Name of the port; empty when it has none. */
  readonly portName: string;
  readonly port: number;
  readonly protocol: Exclude<Protocol, "icmp">;
  readonly road: MatrixRoad;
  /** As a request has it. */
  readonly to: string;
  readonly family?: 4 | 6;
  /** "shop/web:80", "shop/web:80 worker-1:30080". */
  readonly label: string;
}

/** Requests of a cell that end alike. */
export interface MatrixShare {
  readonly outcome: OutcomeKind | "not-sent";
  /** Exact share of all requests. */
  readonly share: number;
  /** One of them: position among the walks of the request's exploration; null when nothing was sent. */
  readonly branch: number | null;
  /** What the client's terminal shows. */
  readonly symptom: string;
}

export interface MatrixCell {
  /** Positions among the rows and columns. */
  readonly row: number;
  readonly column: number;
  /** null: as each node's kube-proxy runs. */
  readonly mode: ProxyMode | null;
  readonly request: Request;
  /** The largest first. */
  readonly shares: readonly MatrixShare[];
  /** Weight of branches that were too many to follow. */
  readonly unexplored: number;
  /** The most specific error of the diagnosis; null where there is none; absent where nobody asked. */
  readonly finding?: FindingId | null;
}

/** A part of the table; `next` tells where to go on. */
export interface Matrix {
  readonly rows: readonly MatrixRow[];
  readonly columns: readonly MatrixColumn[];
  /** null: as each node's kube-proxy runs. */
  readonly modes: readonly (ProxyMode | null)[];
  /** From the cell asked for on, mode by mode, row by row. */
  readonly cells: readonly MatrixCell[];
  /** Number of the next cell; null: these were the last. */
  readonly next: number | null;
  readonly total: number;
  /** What was left out because there are too many: rows and columns that are in no cell. */
  readonly omitted: { readonly rows: number; readonly columns: number };
  /** Requests followed for this answer; all other cells were known already. */
  readonly explored: number;
}
