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
  readonly errno: "ENETUNREACH" | "EHOSTUNREACH" | "EMSGSIZE" | "EPERM" | null;
  /** What would have fit, where the packet was too long. */
  readonly mtu?: number | undefined;
  /** connect() came back before the silence began. */
  readonly connected: boolean;
  /** What the server said, where that is known. */
  readonly response: HttpResponse | null;
  /** What the tool says of a connection that was closed before an answer, where it knows more than that. */
  readonly complaint?: string | null;
  /** On a connection that was open before; absent: on one of its own. */
  readonly phase?: "data" | "close" | undefined;
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
  if (e.errno === "EMSGSIZE") return `ping: local error: message too long, mtu=${e.mtu}`;
  if (e.errno === "EHOSTUNREACH") return `From ${e.source} icmp_seq=1 Destination Host Unreachable`;
  if (e.icmp === null) return lost;
  const words: Partial<Record<IcmpType, string>> = {
    "port-unreachable": "Destination Port Unreachable",
    "host-unreachable": "Destination Host Unreachable",
    "net-unreachable": "Destination Net Unreachable",
    "time-exceeded": "Time to live exceeded",
    "frag-needed": e.ip.includes(":") ? `Packet too big: mtu=${e.mtu}` : `Frag needed and DF set (mtu = ${e.mtu})`,
  };
  return `From ${e.icmp.from} icmp_seq=1 ${words[e.icmp.type] ?? e.icmp.type}`;
}

/** An error of curl: its exit code, and the line behind "curl: (28) ". */
export interface CurlError {
  readonly code: number;
  readonly text: string;
}

/** curl 8's own words. Since 8.0 it words every failed connect alike; the errno is only in its -v output. Times in milliseconds. */
export const CURL_ERRORS = {
  badUrl: { code: 3, text: "URL rejected: Malformed input to a URL function" },
  noHost: { code: 3, text: "URL rejected: No host part in the URL" },
  badPort: { code: 3, text: "URL rejected: Port number was not a decimal number between 0 and 65535" },
  protocol: (scheme: string): CurlError => ({ code: 1, text: `Protocol "${scheme}" not supported` }),
  resolve: (host: string): CurlError => ({ code: 6, text: `Could not resolve host: ${host}` }),
  resolveTime: (ms: number): CurlError => ({ code: 28, text: `Resolving timed out after ${ms} milliseconds` }),
  connect: (host: string, port: number, ms: number): CurlError => ({
    code: 7,
    text: `Failed to connect to ${host} port ${port} after ${ms} ms: Couldn't connect to server`,
  }),
  /** The kernel gave up: ETIMEDOUT. */
  connectGivenUp: (host: string, port: number, ms: number): CurlError => ({
    code: 28,
    text: `Failed to connect to ${host} port ${port} after ${ms} ms: Couldn't connect to server`,
  }),
  /** -m or --connect-timeout was shorter. */
  connectTime: (ms: number): CurlError => ({ code: 28, text: `Connection timed out after ${ms} milliseconds` }),
  answerTime: (ms: number): CurlError => ({
    code: 28,
    text: `Operation timed out after ${ms} milliseconds with 0 bytes received`,
  }),
  status: (status: number): CurlError => ({ code: 22, text: `The requested URL returned error: ${status}` }),
  notTls: { code: 35, text: "TLS connect error: error:0A00010B:SSL routines::wrong version number" },
  selfSigned: { code: 60, text: "SSL certificate problem: unable to get local issuer certificate" },
  redirects: (most: number): CurlError => ({ code: 47, text: `Maximum (${most}) redirects followed` }),
  empty: { code: 52, text: "Empty reply from server" },
  reset: { code: 56, text: "Recv failure: Connection reset by peer" },
} as const;

/** `curl: (7) Failed to connect ...`. */
export const curlLine = ({ code, text }: CurlError): string => `curl: (${code}) ${text}`;

/**
 * curl for TCP. Once connected it would wait for ever: the line of a server that hangs is that of `curl -m 130`, as patient as
 * connect() is.
 */
function curl(e: Ending): string {
  if (e.phase !== undefined) return onOpen(e, e.phase);
  if (e.outcome === "delivered" && e.response !== null) return `${e.response.version} ${statusText(e.response)}`;
  if (e.outcome === "timeout" && e.connected) return curlLine(CURL_ERRORS.answerTime(CONNECT_TIMEOUT_MS));
  if (e.outcome === "delivered") return `Connected to ${e.ip} (${e.ip}) port ${e.port}`;
  if (e.outcome === "timeout") return curlLine(CURL_ERRORS.connectGivenUp(e.ip, e.port, CONNECT_TIMEOUT_MS));
  if (e.outcome === "reset" && e.complaint) return e.complaint;
  if (e.outcome === "reset") return curlLine(CURL_ERRORS.reset);
  return curlLine(CURL_ERRORS.connect(e.ip, e.port, Math.floor(e.elapsed / 1_000)));
}

/** The same on a connection that it has kept: it names what read() said, and waits as long as the kernel keeps trying. */
function onOpen(e: Ending, phase: "data" | "close"): string {
  if (phase === "close") return "* Closing connection";
  if (e.outcome === "delivered") {
    return e.response === null
      ? `* Connection #0 to host ${e.ip} left intact`
      : `${e.response.version} ${statusText(e.response)}`;
  }
  if (e.outcome === "timeout" && e.connected) return curl({ ...e, phase: undefined });
  if (e.outcome === "reset" && e.complaint) return e.complaint;
  const words: Partial<Record<OutcomeKind, string>> = {
    reset: "Connection reset by peer",
    refused: "Connection refused",
    timeout: "Connection timed out",
  };
  return `curl: (56) Recv failure: ${words[e.outcome] ?? "No route to host"}`;
}

/** Ncat for UDP and SCTP (`ncat -v -u`, `ncat -v --sctp`). */
function ncat(e: Ending): string {
  if (e.outcome === "delivered") return `Ncat: Connected to ${joinHostPort(e.ip, e.port)}.`;
  if (e.outcome === "timeout") {
    return e.protocol === "udp" || e.connected ? "Ncat: Idle timeout expired (2000 ms)." : "Ncat: TIMEOUT.";
  }
  if (e.errno === "EPERM") return "Ncat: Operation not permitted.";
  if (e.errno === "EMSGSIZE") return "Ncat: Message too long.";
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
