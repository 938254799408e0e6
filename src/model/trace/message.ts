import type { Micros } from "../../base/time.ts";

/** What a client says once it is connected, or in its datagram. */
export type Message = HttpRequest | DnsQuestion;

export interface HttpRequest {
  readonly kind: "http";
  readonly method: string;
  /** `https`: TLS up to whoever ends it; `host` is then also the server name (SNI). */
  readonly scheme: "http" | "https";
  /** As in the Host header, port left out where it is the scheme's own. */
  readonly host: string;
  /** With its query, from `/`. */
  readonly path: string;
  /** Beyond Host; names as on the wire. */
  readonly headers: readonly HttpHeader[];
}

export interface HttpHeader {
  readonly name: string;
  readonly value: string;
}

/**
 * What an HTTP server answers, as `curl -i` shows it. Header names are as on the wire, in order; those that differ from one request
 * to the next (Audit-Id) are left out.
 */
export interface HttpResponse {
  /** What was asked for. */
  readonly path: string;
  readonly version: "HTTP/1.1" | "HTTP/2";
  readonly status: number;
  /** "Service Unavailable"; empty in HTTP/2, which has none. */
  readonly reason: string;
  readonly headers: readonly HttpHeader[];
  readonly body: string;
}

export type DnsType = "A" | "AAAA" | "CNAME" | "SRV" | "PTR" | "TXT" | "NS" | "SOA" | "ANY";

export interface DnsQuestion {
  readonly kind: "dns";
  /** Absolute, with its trailing dot, as asked (letter case kept). */
  readonly name: string;
  readonly type: DnsType;
}

export interface DnsRecord {
  /** With its trailing dot. */
  readonly name: string;
  /** Seconds. */
  readonly ttl: number;
  readonly type: Exclude<DnsType, "ANY">;
  /** As dig prints it: `10.96.0.10`, `0 33 80 10-244-1-5.web.shop.svc.cluster.local.`. */
  readonly data: string;
}

export interface DnsResponse {
  readonly question: DnsQuestion;
  readonly rcode: "NOERROR" | "NXDOMAIN" | "SERVFAIL" | "REFUSED";
  /** As dig lists them: `qr aa rd`. */
  readonly flags: readonly ("qr" | "aa" | "tc" | "rd" | "ra")[];
  readonly answer: readonly DnsRecord[];
  readonly authority: readonly DnsRecord[];
  readonly additional: readonly DnsRecord[];
  /** How long the server took before it answered, its own questions to others included. */
  readonly took: Micros;
}
