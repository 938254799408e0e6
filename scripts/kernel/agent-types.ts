/** What the harness and its agents say to each other. */

/** A process that listens. `owner` is `namespace/name` of its pod, or `-` for a process of the node. */
export interface ServerPlace {
  readonly protocol: "tcp" | "udp";
  /** 0.0.0.0: all addresses of both families. */
  readonly ip: string;
  readonly port: number;
  readonly owner: string;
}

export interface Dial {
  readonly protocol: "tcp" | "udp" | "icmp";
  readonly ip: string;
  readonly port: number;
  /** Milliseconds until an unanswered connection counts as timed out. */
  readonly timeout: number;
  readonly localPort?: number;
  /** Keep the socket under this name. */
  readonly hold?: string;
}

/** What became of one connection. `who` answered, and saw `source`; for errors `who` is the errno. */
export interface Said {
  readonly outcome: "delivered" | "refused" | "reset" | "timeout" | "unreachable" | "broken";
  readonly who: string;
  readonly source: string;
}

export type AgentOrder =
  /** Paths under /proc/sys and what to write there. */
  | { readonly op: "sysctls"; readonly values: Readonly<Record<string, string>> }
  | { readonly op: "listen"; readonly places: readonly ServerPlace[] }
  | { readonly op: "close" }
  /** `count` connections at once. */
  | ({ readonly op: "dial"; readonly count: number } & Dial)
  /** One more request on a kept socket. */
  | { readonly op: "again"; readonly hold: string; readonly timeout: number }
  | { readonly op: "run"; readonly command: readonly string[]; readonly input: string };

export interface AgentAnswer {
  readonly id: number;
  readonly value: unknown;
  readonly error: string | null;
}
