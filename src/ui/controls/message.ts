/** What a client says, from the fields of the form. */
import type { DnsType, Message } from "../../model/trace/message.ts";
import type { Protocol, Request } from "../../model/trace/types.ts";

/** The fields beneath "more" of the send form; empty ones say nothing. */
export interface Says {
  readonly kind: "nothing" | "http" | "dns";
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly name: string;
  readonly type: DnsType;
  readonly family: "any" | "4" | "6";
}

export const SAYS_NOTHING: Says = {
  kind: "nothing",
  method: "GET",
  path: "/",
  host: "",
  name: "",
  type: "A",
  family: "any",
};

/** `web.shop:80` and `10.96.0.10:80` as a Host header has them: the scheme's own port left out; empty for ends that are no address. */
export function hostOf(to: string): string {
  const name = /^[a-z]+:\/\/([^/]+)/i.exec(to)?.[1] ?? (to.includes("/") ? "" : to);
  return name.replace(/:80$/, "");
}

function messageOf(says: Says, to: string): Message | null {
  if (says.kind === "http") {
    const path = says.path.startsWith("/") ? says.path : `/${says.path}`;
    return {
      kind: "http",
      method: says.method,
      scheme: /^https:/i.test(to) ? "https" : "http",
      host: says.host.trim() || hostOf(to) || "localhost",
      path,
      headers: [],
    };
  }
  if (says.kind === "dns" && says.name.trim() !== "") {
    const name = says.name.trim();
    return { kind: "dns", name: name.endsWith(".") ? name : `${name}.`, type: says.type };
  }
  return null;
}

/** The request of the form as a whole. HTTP is said over TCP only; a question of DNS over UDP or TCP. */
export function requestOf(from: string, to: string, protocol: Protocol, says: Says): Request {
  const message = messageOf(says, to.trim());
  const fits =
    message !== null && (message.kind === "http" ? protocol === "tcp" : protocol === "udp" || protocol === "tcp");
  return {
    from: from.trim(),
    to: to.trim(),
    protocol,
    ...(says.family === "any" ? {} : { family: says.family === "4" ? (4 as const) : (6 as const) }),
    ...(fits ? { says: message } : {}),
  };
}

/** A few words on what is said, for the closed fold: `GET /cart, Host web.shop`. */
export function saysText(says: Says, to: string): string {
  const family = says.family === "any" ? "" : `IPv${says.family}`;
  const message = messageOf(says, to);
  const said =
    message === null
      ? ""
      : message.kind === "http"
        ? `${message.method} ${message.path}, Host ${message.host}`
        : `${message.type} ${message.name}`;
  return [said, family].filter((one) => one !== "").join(", ");
}

/** Requests that were sent before, newest first, each once. */
export function recentRequests(requests: readonly Request[], limit: number): readonly Request[] {
  const seen = new Set<string>();
  const recent: Request[] = [];
  for (const request of requests.toReversed()) {
    const key = JSON.stringify([
      request.from,
      request.to,
      request.protocol,
      request.family ?? null,
      request.says ?? null,
    ]);
    if (seen.has(key)) continue;
    seen.add(key);
    recent.push(request);
    if (recent.length === limit) break;
  }
  return recent;
}

/** The fold's fields as they were for a request. */
export function saysOf({ says, family }: Request): Says {
  const base: Says = { ...SAYS_NOTHING, family: family === undefined ? "any" : family === 4 ? "4" : "6" };
  if (says === undefined) return base;
  if (says.kind === "dns") return { ...base, kind: "dns", name: says.name, type: says.type };
  return { ...base, kind: "http", method: says.method, path: says.path, host: says.host };
}
