import type { Micros } from "../base/time.ts";
import type { ObjectKey } from "../model/meta/types.ts";

/** A port of the node that kube-proxy in userspace mode has opened for a Service port. */
export interface ProxySocket {
  /** `serve`: it accepts here and dials an endpoint. `hold`: it only keeps the port from others and never accepts. */
  readonly use: "serve" | "hold";
  /** Name of the Service port, `ns/name:port`. */
  readonly name: string;
  readonly service: ObjectKey;
  readonly protocol: "tcp" | "udp";
  /** `0.0.0.0`, `::`, or one address of the node. */
  readonly ip: string;
  readonly port: number;
  /** Ready endpoints; none for a port that is only held. */
  readonly endpoints: readonly ProxyEndpoint[];
  /** How long a client stays with an endpoint, in seconds; null without session affinity. */
  readonly affinitySeconds: number | null;
}

export interface ProxyEndpoint {
  /** `ip:port`, `[ip]:port` for IPv6. */
  readonly key: string;
  readonly ip: string;
  readonly port: number;
}

/** What the kube-proxy process of one node remembers of one Service port. Upstream: balancerState in roundrobin.go. */
export interface Turn {
  /** Keys of the endpoints in the order in which they take turns: shuffled once, when they last changed. */
  readonly order: readonly string[];
  /** Whose turn is next, as a place in `order`. */
  readonly next: number;
  /** Client address → the endpoint it belongs to, and when it was last there. */
  readonly clients: Readonly<Record<string, { readonly endpoint: string; readonly lastUsed: Micros }>>;
}

/** Turns by name of the Service port: plain data, part of a host's state. */
export type Turns = Readonly<Record<string, Turn>>;
