/** What a learner's HTTP tool gets to see of a server. */
import { rfc1123 } from "../../describe/lines.ts";
import { timestamp } from "../../../base/time.ts";
import type { HttpHeader, HttpRequest, HttpResponse } from "../../../model/trace/message.ts";
import type { Attempt } from "./reach.ts";

export interface Url {
  readonly scheme: "http" | "https" | "telnet";
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  /** Was the port written? */
  readonly explicit: boolean;
  /** With its query. */
  readonly path: string;
}

const PORTS = { http: 80, https: 443, telnet: 23 } as const;

/** Takes a URL apart; the error names what is wrong with it. */
export function parseUrl(
  text: string,
): Url | { readonly error: "url" | "host" | "port" | "protocol"; readonly scheme: string } {
  const match = /^(?:([A-Za-z][A-Za-z0-9+.-]*):\/\/)?(?:[^/@?#]*@)?(\[[^\]]*\]|[^/:?#]*)(?::([^/?#]*))?([^#]*)/.exec(
    text,
  );
  if (match === null || /\s/.test(text) || text.includes("\u0000")) return { error: "url", scheme: "" };
  const [, given = "http", host = "", port, rest = ""] = match;
  const scheme = given.toLowerCase();
  if (scheme !== "http" && scheme !== "https" && scheme !== "telnet") return { error: "protocol", scheme };
  if (host === "" || host === "[]") return { error: "host", scheme };
  const number = port === undefined || port === "" ? PORTS[scheme] : Number(port);
  if (!Number.isInteger(number) || number < 1 || number > 65_535 || !/^\d*$/.test(port ?? ""))
    return { error: "port", scheme };
  const path = rest === "" ? "/" : rest.startsWith("?") ? `/${rest}` : rest;
  return {
    scheme,
    host: host.replace(/^\[|\]$/g, ""),
    port: number,
    explicit: port !== undefined && port !== "",
    path,
  };
}

/** As it stands in the Host header. */
export function hostHeader({ scheme, host, port }: Url): string {
  const name = host.includes(":") ? `[${host}]` : host;
  return port === PORTS[scheme] ? name : `${name}:${port}`;
}

/** Ports on which servers speak TLS: those of https and of the API server, the kubelet and webhooks. */
const TLS_PORTS: ReadonlySet<number> = new Set([443, 4443, 6443, 8443, 9443, 10250, 10257, 10259]);

/**
 * Does the server that took the connection speak TLS there? A process in a pod that has an answer has taken the request as it came;
 * of others the version or the port tells.
 */
export function speaksTls({ walk, port }: Attempt, scheme: Url["scheme"]): boolean {
  const { response, backend } = walk;
  if (response?.version === "HTTP/2") return true;
  if (response === undefined) return TLS_PORTS.has(backend?.port ?? port);
  return backend?.pod !== null && scheme === "https";
}

/**
 * The server's answer. Where the process behind the socket says none of its own, it answers as demonstration servers do, with the name
 * of the pod that answered, so that a loop of requests shows the spread.
 */
export function answerOf({ walk }: Attempt, { method, path }: Pick<HttpRequest, "method" | "path">): HttpResponse {
  if (walk.response !== undefined) return walk.response;
  const date: HttpHeader = { name: "Date", value: rfc1123(timestamp(walk.endedAt)).replace(/ \+0000$/, " GMT") };
  const name = walk.backend?.pod?.split("/").at(-1);
  const body = name === undefined ? "404 page not found\n" : `${name}\n`;
  return {
    path,
    version: "HTTP/1.1",
    status: name === undefined ? 404 : 200,
    reason: name === undefined ? "Not Found" : "OK",
    headers: [
      date,
      { name: "Content-Length", value: String(bytes(body)) },
      { name: "Content-Type", value: "text/plain; charset=utf-8" },
    ],
    body: method === "HEAD" ? "" : body,
  };
}

/** Length in UTF-8. */
export function bytes(text: string): number {
  let n = 0;
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    n += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return n;
}

/** `HTTP/1.1 200 OK`, as it came. */
export const statusLine = ({ version, status, reason }: HttpResponse): string =>
  version === "HTTP/2" ? `HTTP/2 ${status} ` : `${version} ${status}${reason === "" ? "" : ` ${reason}`}`;

export const headerOf = ({ headers }: HttpResponse, name: string): string | undefined =>
  headers.find((header) => header.name.toLowerCase() === name)?.value;
