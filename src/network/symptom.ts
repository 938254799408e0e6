import { joinHostPort } from "../base/ip.ts";
import type { HttpResponse } from "../model/trace/message.ts";
import type { IcmpType, OutcomeKind, Protocol } from "../model/trace/types.ts";
import { CONNECT_TIMEOUT_MS } from "./timing.ts";

/** What is known at the end of a walk when the client's tool prints its line. */
export interface Ending {
  readonly outcome: OutcomeKind;
  readonly protocol: Protocol;
  readonly ip: string;
  readonly port: number;
  /** The client's own address. */
  readonly source: string;
  /** Virtual microseconds from the client's system call to the end. */
  readonly elapsed: number;
  /** TTL of the answer, for ping. */
  readonly ttl: number;
  /** The ICMP error that came back, and from whom; null when something else ended the walk. */
  readonly icmp: { readonly type: IcmpType; readonly from: string } | null;
  /** The client's own system call failed before anything left. */
  readonly errno: "ENETUNREACH" | "EHOSTUNREACH" | "EPERM" | null;
  /** connect() came back before the silence began. */
  readonly connected: boolean;
  /** What the server said, where that is known. */
  readonly response: HttpResponse | null;
  /** What the tool says of a connection that was closed before an answer, where it knows more than that. */
  readonly complaint?: string | null;
}

/** `503 Service Unavailable`. */
export function statusText({ status, reason }: HttpResponse): string {
  return reason === "" ? String(status) : `${status} ${reason}`;
}

function ping(e: Ending): string {
  const lost = "1 packets transmitted, 0 received, 100% packet loss, time 0ms";
  if (e.outcome === "delivered") {
    const time = (e.elapsed / 1_000).toPrecision(3);
    return `64 bytes from ${e.ip}: icmp_seq=1 ttl=${e.ttl} time=${time} ms`;
  }
  if (e.errno === "ENETUNREACH") return "ping: connect: Network is unreachable";
  if (e.errno === "EPERM") return "ping: sendmsg: Operation not permitted";
  if (e.errno === "EHOSTUNREACH") return `From ${e.source} icmp_seq=1 Destination Host Unreachable`;
  if (e.icmp === null) return lost;
  const words: Partial<Record<IcmpType, string>> = {
    "port-unreachable": "Destination Port Unreachable",
    "host-unreachable": "Destination Host Unreachable",
    "net-unreachable": "Destination Net Unreachable",
    "time-exceeded": "Time to live exceeded",
  };
  return `From ${e.icmp.from} icmp_seq=1 ${words[e.icmp.type] ?? e.icmp.type}`;
}

/**
 * curl for TCP. Since 8.0 it words every failed connect alike; the errno is only in its -v output. Once connected it would wait
 * for ever: the line of a server that hangs is that of `curl -m 130`, as patient as connect() is.
 */
function curl(e: Ending): string {
  if (e.outcome === "delivered" && e.response !== null) return `${e.response.version} ${statusText(e.response)}`;
  if (e.outcome === "timeout" && e.connected)
    return `curl: (28) Operation timed out after ${CONNECT_TIMEOUT_MS} milliseconds with 0 bytes received`;
  if (e.outcome === "delivered") return `Connected to ${e.ip} (${e.ip}) port ${e.port}`;
  if (e.outcome === "timeout") {
    return `curl: (28) Failed to connect to ${e.ip} port ${e.port} after ${CONNECT_TIMEOUT_MS} ms: Couldn't connect to server`;
  }
  if (e.outcome === "reset" && e.complaint) return e.complaint;
  if (e.outcome === "reset") return "curl: (56) Recv failure: Connection reset by peer";
  const ms = Math.floor(e.elapsed / 1_000);
  return `curl: (7) Failed to connect to ${e.ip} port ${e.port} after ${ms} ms: Couldn't connect to server`;
}

/** Ncat for UDP and SCTP (`ncat -v -u`, `ncat -v --sctp`). */
function ncat(e: Ending): string {
  if (e.outcome === "delivered") return `Ncat: Connected to ${joinHostPort(e.ip, e.port)}.`;
  if (e.outcome === "timeout") {
    return e.protocol === "udp" || e.connected ? "Ncat: Idle timeout expired (2000 ms)." : "Ncat: TIMEOUT.";
  }
  if (e.errno === "EPERM") return "Ncat: Operation not permitted.";
  if (e.errno === "ENETUNREACH" || e.icmp?.type === "net-unreachable") return "Ncat: Network is unreachable.";
  if (e.outcome === "unreachable") return "Ncat: No route to host.";
  return "Ncat: Connection refused.";
}

/** The line that the client's terminal shows: curl for TCP, Ncat for UDP and SCTP, ping for ICMP. */
export function symptom(e: Ending): string {
  if (e.protocol === "icmp") return ping(e);
  return e.protocol === "tcp" ? curl(e) : ncat(e);
}

/** What kube-proxy in userspace mode logs of a connection that it makes: Go's words for what connect() said. */
export function dialText(
  { ip, port, protocol }: { readonly ip: string; readonly port: number; readonly protocol: string },
  outcome: OutcomeKind,
  { errno, icmp }: Pick<Ending, "errno" | "icmp">,
  connected: boolean,
): string {
  const to = joinHostPort(ip, port);
  if (connected) return `Connected to ${to}`;
  const call = protocol === "tcp" ? "connect" : "read";
  const said = ((): string => {
    if (outcome === "timeout") return "i/o timeout";
    if (outcome === "refused") return `${call}: connection refused`;
    const net = errno === "ENETUNREACH" || icmp?.type === "net-unreachable";
    return `${call}: ${net ? "network is unreachable" : "no route to host"}`;
  })();
  return protocol === "tcp" ? `Dial failed: dial tcp ${to}: ${said}` : `Read failed: read udp ${to}: ${said}`;
}
