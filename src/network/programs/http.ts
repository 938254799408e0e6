/** Small parts of HTTP that the programs in pods share. */
import { isIPv6 } from "../../base/ip.ts";
import { type Micros, timestamp } from "../../base/time.ts";
import type { HttpHeader, HttpRequest, HttpResponse } from "../../model/trace/message.ts";

const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  301: "Moved Permanently",
  302: "Found",
  307: "Temporary Redirect",
  308: "Permanent Redirect",
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  413: "Request Entity Too Large",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

export function reasonOf(status: number): string {
  return REASONS[status] ?? "";
}

/** The `Date` header's form. */
export function httpDate(now: Micros): string {
  return new Date(timestamp(now)).toUTCString();
}

/** A request's header by name, whatever its letters' case; Host is the request's own field. */
export function headerNamed(request: HttpRequest, name: string): string | undefined {
  const wanted = name.toLowerCase();
  return wanted === "host" ? request.host : request.headers.find((h) => h.name.toLowerCase() === wanted)?.value;
}

/** The headers with these instead of those of the same names. */
export function withHeaders(headers: readonly HttpHeader[], set: readonly HttpHeader[]): readonly HttpHeader[] {
  const names = new Set(set.map((h) => h.name.toLowerCase()));
  return [...headers.filter((h) => !names.has(h.name.toLowerCase())), ...set];
}

/** The name in a Host header: lower case, without port and final dot. */
export function hostOf(request: HttpRequest): string {
  const text = request.host.toLowerCase();
  const bracket = /^\[([^\]]*)\]/.exec(text);
  if (bracket !== null) return bracket[1] ?? "";
  return (isIPv6(text) ? text : text.replace(/:\d*$/, "")).replace(/\.$/, "");
}

/** The path without its query, and the query with its question mark (or nothing). */
export function splitPath(path: string): { readonly path: string; readonly query: string } {
  const at = path.search(/[?#]/);
  return at < 0 ? { path, query: "" } : { path: path.slice(0, at), query: path.slice(at).replace(/#.*$/s, "") };
}

/** Length in UTF-8. */
export function byteLength(text: string): number {
  let length = 0;
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    length += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return length;
}

/** An answer with what every server sends along. A HEAD gets no body. */
export function respond(
  request: Pick<HttpRequest, "path" | "method">,
  now: Micros,
  status: number,
  content: {
    readonly body: string;
    readonly type: string;
    readonly headers?: readonly HttpHeader[];
    readonly server?: string;
  },
): HttpResponse {
  return {
    path: request.path,
    version: "HTTP/1.1",
    status,
    reason: reasonOf(status),
    headers: [
      ...(content.server === undefined ? [] : [{ name: "Server", value: content.server }]),
      { name: "Date", value: httpDate(now) },
      { name: "Content-Type", value: content.type },
      { name: "Content-Length", value: String(byteLength(content.body)) },
      ...(content.headers ?? []),
    ],
    body: request.method === "HEAD" ? "" : content.body,
  };
}

/** The page that nginx makes of a status. `server` is what it says of itself below the line. */
export function nginxPage(status: number, server = "nginx"): string {
  const title = `${status} ${status === 503 ? "Service Temporarily Unavailable" : status === 504 ? "Gateway Time-out" : reasonOf(status)}`;
  return `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>${server}</center>\r\n</body>\r\n</html>\r\n`;
}

/** What the HTTP/2 client of a connection that ends here shows: no reason, header names in lower case. */
export function asHttp2(response: HttpResponse, more: readonly HttpHeader[] = []): HttpResponse {
  const headers = [...response.headers, ...more].map(({ name, value }) => ({ name: name.toLowerCase(), value }));
  return { ...response, version: "HTTP/2", reason: "", headers };
}
